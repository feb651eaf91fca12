//! How much CPU time the operating system allows this process: cgroup v2, on Linux.
//!
//! A container's limit is a quota of microseconds in each period, in the file `cpu.max` of the process's control group or
//! of one above it; the strictest counts. A quota of one and a half periods is rounded up to two CPUs, as at a pool's start.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How often the limit is read, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// Where a process is told where it is.
#[derive(Clone)]
pub(crate) struct Source {
    mounts: PathBuf,
    groups: PathBuf,
}

/// Notices when the limit changes.
pub(crate) struct Follower {
    source: Source,
    epoch: Instant,
    /// When it is to be read next, in nanoseconds since the epoch.
    next: AtomicU64,
    /// What was read last; 0 when there is no limit.
    last: AtomicUsize,
}

impl Source {
    /// Where Linux does.
    pub(crate) fn system() -> Self {
        Source { mounts: "/proc/self/mountinfo".into(), groups: "/proc/self/cgroup".into() }
    }

    /// The limit in whole CPUs, if there is one: the strictest on the way from the process's group to the root.
    pub(crate) fn limit(&self) -> Option<usize> {
        let mounts = fs::read_to_string(&self.mounts).ok()?;
        let groups = fs::read_to_string(&self.groups).ok()?;
        let (mount, group) = group_in(mounts.lines().find_map(unified_mount)?, unified_group(&groups)?)?;
        let ancestors = group.ancestors().take_while(|directory| directory.starts_with(&mount));
        ancestors.filter_map(|directory| cpus(&fs::read_to_string(directory.join("cpu.max")).ok()?)).min()
    }
}

impl Follower {
    /// One who has found this limit.
    pub(crate) fn new(source: Source, limit: Option<usize>) -> Self {
        let next = AtomicU64::new(INTERVAL.as_nanos() as u64);
        Follower { source, epoch: Instant::now(), next, last: AtomicUsize::new(limit.unwrap_or(0)) }
    }

    /// The limit, if it is time to look and it has changed. The inner `None` means that there is none.
    pub(crate) fn poll(&self) -> Option<Option<usize>> {
        let elapsed = self.epoch.elapsed();
        let due = self.next.load(Relaxed);
        if u128::from(due) > elapsed.as_nanos() {
            return None;
        }
        let next = (elapsed + INTERVAL).as_nanos() as u64;
        // One of those who come now reads.
        self.next.compare_exchange(due, next, Relaxed, Relaxed).ok()?;
        let limit = self.source.limit();
        let known = limit.unwrap_or(0);
        (self.last.swap(known, Relaxed) != known).then_some(limit)
    }
}

/// What a line of mountinfo says of a cgroup v2 file system: which part of the hierarchy it shows, and where.
fn unified_mount(line: &str) -> Option<(&str, &str)> {
    let (place, kind) = line.split_once(" - ")?;
    if kind.split(' ').next() != Some("cgroup2") {
        return None;
    }
    let mut fields = place.split(' ').skip(3);
    Some((fields.next()?, fields.next()?))
}

/// The path of the process's group in the unified hierarchy.
fn unified_group(groups: &str) -> Option<&str> {
    groups.lines().find_map(|line| line.strip_prefix("0::"))
}

/// Where the hierarchy is mounted, and the directory of the group in it.
fn group_in((root, mount): (&str, &str), group: &str) -> Option<(PathBuf, PathBuf)> {
    let below = Path::new(group).strip_prefix(root).ok()?;
    Some((PathBuf::from(mount), Path::new(mount).join(below)))
}

/// The whole CPUs that the content of a `cpu.max` stands for; `None` for no limit, or for what cannot be read.
fn cpus(content: &str) -> Option<usize> {
    let mut fields = content.split_ascii_whitespace();
    let quota: u64 = fields.next()?.parse().ok()?;
    let period: u64 = fields.next()?.parse().ok()?;
    let cpus = quota.div_ceil(Some(period).filter(|period| *period != 0)?);
    Some(usize::try_from(cpus).ok()?.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fifo::Fifo;
    use crate::{Scaling, ThreadPool, Threads};

    #[test]
    fn a_quota_is_rounded_up_to_whole_cpus() {
        let read =
            ["max 100000\n", "150000 100000\n", "200000 100000", "1000 100000", "0 100000", "5 0", "", "x y"];
        let expected = [None, Some(2), Some(2), Some(1), Some(1), None, None, None];
        assert_eq!(read.map(cpus), expected);
    }

    /// A hierarchy in a directory of its own, removed in the end.
    struct Hierarchy(PathBuf);

    impl Hierarchy {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("pool-core-{}-{name}", std::process::id()));
            fs::create_dir_all(&root).unwrap();
            Hierarchy(root)
        }

        fn write(&self, path: &str, content: &str) -> PathBuf {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            path
        }

        /// The limit of a process in this group, where the mount shows the hierarchy from `root` on.
        fn limit(&self, root: &str, group: &str) -> Option<usize> {
            self.source(root, group).limit()
        }

        fn source(&self, root: &str, group: &str) -> Source {
            let mount = self.0.join("cgroup");
            let other = "25 1 0:20 / /proc rw - proc proc rw";
            let line =
                format!("{other}\n30 25 0:26 {root} {} rw shared:4 - cgroup2 cgroup2 rw\n", mount.display());
            let mounts = self.write("mountinfo", &line);
            let groups = self.write("groups", &format!("3:cpu:/old\n0::{group}\n"));
            Source { mounts, groups }
        }
    }

    impl Drop for Hierarchy {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_strictest_limit_above_the_process_counts() {
        let hierarchy = Hierarchy::new("strictest");
        hierarchy.write("cpu.max", "1 1"); // above the mount, and none of ours
        hierarchy.write("cgroup/a/cpu.max", "300000 100000");
        hierarchy.write("cgroup/a/b/cpu.max", "max 100000");
        hierarchy.write("cgroup/c/cpu.max", "400000 100000");
        assert_eq!(hierarchy.limit("/", "/a/b"), Some(3));
        assert_eq!(hierarchy.limit("/", "/c"), Some(4));
        assert_eq!(hierarchy.limit("/", "/"), None);
        hierarchy.write("cgroup/a/b/cpu.max", "100000 100000");
        assert_eq!(hierarchy.limit("/", "/a/b"), Some(1));
    }

    #[test]
    fn a_mount_may_show_a_part_of_the_hierarchy() {
        let hierarchy = Hierarchy::new("part");
        hierarchy.write("cgroup/inner/cpu.max", "200000 100000");
        assert_eq!(hierarchy.limit("/container", "/container/inner"), Some(2));
        assert_eq!(hierarchy.limit("/container", "/elsewhere"), None);
    }

    #[test]
    fn without_cgroups_there_is_no_limit() {
        assert_eq!(Source { mounts: "/nowhere".into(), groups: "/nowhere".into() }.limit(), None);
    }

    #[test]
    fn it_looks_once_and_then_not_for_a_while() {
        let system = Source::system();
        let follower = Follower::new(system.clone(), Some(77_777));
        assert_eq!(follower.poll(), None, "the limit was just read");
        follower.next.store(0, Relaxed);
        assert_eq!(follower.poll(), Some(system.limit()));
        assert_eq!((0..100).filter(|_| follower.poll().is_some()).count(), 0);
    }

    /// How many workers a pool has under each of these quotas, one after the other.
    fn follow(name: &str, threads: Threads, quotas: &[(&str, usize)]) {
        let hierarchy = Hierarchy::new(name);
        let quota = |content| hierarchy.write("cgroup/box/cpu.max", content);
        let [(content, first), later @ ..] = quotas else { unreachable!("there is a quota to begin with") };
        quota(content);
        let builder = ThreadPool::with(Fifo).threads(threads);
        let pool = builder.cpu_limit_from(hierarchy.source("/", "/box")).build().unwrap();
        assert_eq!(pool.threads(), *first);
        for (content, threads) in later {
            quota(content);
            // It looks between two jobs, once a second.
            let deadline = Instant::now() + Duration::from_secs(60);
            while pool.threads() != *threads {
                assert!(Instant::now() < deadline, "{content:?} is not heeded");
                pool.spawn(|| ()).unwrap().join().unwrap();
            }
        }
    }

    #[test]
    fn a_pool_follows_the_files() {
        let quotas = [("100000 100000", 1), ("max 100000", 2), ("50000 100000", 1), ("150000 100000", 2)];
        follow("pool", 2.into(), &quotas);
    }

    #[test]
    fn a_scaling_pool_grows_up_to_the_limit() {
        let hierarchy = Hierarchy::new("scaling");
        let quota = |content| hierarchy.write("cgroup/box/cpu.max", content);
        quota("100000 100000");
        let builder = ThreadPool::with(Fifo).scaling(Scaling::between(1, 2));
        let pool = builder.cpu_limit_from(hierarchy.source("/", "/box")).build().unwrap();
        // How many workers it wants when a job comes in and nobody is idle.
        let wanted = || {
            let (release, released) = std::sync::mpsc::channel::<()>();
            let (starts, started) = std::sync::mpsc::channel();
            let held = pool.spawn(move || {
                starts.send(()).unwrap();
                let _ = released.recv();
            });
            started.recv().unwrap();
            let other = pool.spawn(|| ()).unwrap();
            let wanted = pool.threads();
            drop(release);
            held.unwrap().join().unwrap();
            other.join().unwrap();
            wanted
        };
        for (content, expected) in [("100000 100000", 1), ("max 100000", 2), ("50000 100000", 1)] {
            quota(content);
            let deadline = Instant::now() + Duration::from_secs(60);
            while wanted() != expected {
                assert!(Instant::now() < deadline, "{content:?} is not heeded");
            }
        }
    }

    #[test]
    fn without_a_number_the_pool_grows_to_what_the_machine_has() {
        for (name, threads) in [("cpu", Threads::cpu_bound()), ("io", Threads::io_bound())] {
            let (one, all) = (threads.per_cpu(), threads.at_most());
            follow(name, threads, &[("100000 100000", one), ("max 100000", all), ("1000 100000", one)]);
        }
    }
}
