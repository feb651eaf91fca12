//! Workers that the operating system refuses, and limits that it sets: each in a process of its own, so that the limit
//! is nobody else's.

// They take a shell and `ulimit`.
#![cfg(unix)]

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use pool_core::{
    Attributes, BuildError, JoinError, Reason, Scaling, Shutdown, ThreadPool, Threads, block_in_place,
    current, current_token,
};

use self::deque::{Deque, End, Full};

/// Set in a child process, to what its test needs to know.
const CHILD: &str = "POOL_CORE_TEST_CHILD";

/// A stack of which only a few fit into the address space that [`limited`] leaves.
const STACK: usize = 1 << 30;

fn pool() -> pool_core::Builder<Deque> {
    ThreadPool::with(Deque::taking_from(End::Oldest)).stack_size(STACK)
}

/// Runs one test of this file again, in a shell that sets a limit first.
fn again(test: &str, limit: &str, child: &Path) -> Output {
    let command = format!("{limit}; exec \"$0\" --exact {test} --nocapture --test-threads=1");
    let program = env::current_exe().expect("a test knows its program");
    Command::new("sh")
        .arg("-c")
        .arg(command)
        .arg(program)
        .env(CHILD, child)
        .output()
        .expect("there is a shell")
}

fn check(output: Output) {
    let told = String::from_utf8_lossy(&output.stdout);
    let one_passed = output.status.success() && told.contains("1 passed");
    assert!(one_passed, "{told}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the body in a process with an address space of 4 GiB.
fn limited(test: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return body();
    }
    check(again(test, "ulimit -v 4194304", Path::new("limited")));
}

/// Spins until this is so. For states that nobody announces.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

#[test]
fn a_thread_that_is_refused_is_a_build_error() {
    limited("a_thread_that_is_refused_is_a_build_error", || {
        let error = pool().threads(8).build().unwrap_err();
        let BuildError::Spawn { index, source } = error else { panic!("{error}") };
        assert!((1..8).contains(&index), "{index}: {source}");
        // Those that had started are gone, and have left room.
        assert_eq!(pool().threads(1).build().unwrap().spawn(|| 1).unwrap().join().unwrap(), 1);
    });
}

#[test]
fn a_resize_goes_as_far_as_threads_can_be_had() {
    limited("a_resize_goes_as_far_as_threads_can_be_had", || {
        let pool = pool().threads(1).max_threads(8).build().unwrap();
        pool.resize(8).unwrap();
        let worker_counts = pool.stats().worker_counts;
        assert!((1..8).contains(&worker_counts.now), "{worker_counts:?}");
        // A worker that looks up at the same time may have been refused one, too.
        assert!(worker_counts.wanted == 8 && worker_counts.failed_starts > 0, "{worker_counts:?}");
        let jobs: Vec<_> = (0..100).map(|number| pool.spawn(move || number).unwrap()).collect();
        assert!(jobs.into_iter().map(|job| job.join().unwrap()).eq(0..100));
        pool.resize(8).unwrap();
        until(|| pool.stats().worker_counts.failed_starts > worker_counts.failed_starts);
        pool.resize(1).unwrap();
        until(|| pool.stats().worker_counts.now == 1);
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    });
}

#[test]
fn scaling_and_standing_in_do_without_refused_threads() {
    limited("scaling_and_standing_in_do_without_refused_threads", || {
        let scaling = pool().scaling(Scaling::between(1, 8)).spare_threads(2).build().unwrap();
        let jobs: Vec<_> = (0..200)
            .map(|number| {
                scaling
                    .spawn(move || {
                        block_in_place(|| {
                            thread::yield_now();
                            number
                        })
                    })
                    .unwrap()
            })
            .collect();
        assert!(jobs.into_iter().map(|job| job.join().unwrap()).eq(0..200));
        let (release, released) = std::sync::mpsc::channel::<()>();
        let released = std::sync::Arc::new(std::sync::Mutex::new(released));
        for _ in 0..16 {
            let released = released.clone();
            scaling.execute(move || released.lock().unwrap().recv().unwrap()).unwrap();
        }
        until(|| scaling.stats().worker_counts.failed_starts > 0);
        (0..16).for_each(|_| release.send(()).unwrap());
        assert!(scaling.wait_idle(None));
        assert_eq!(scaling.counts().completed, 216);
    });
}

/// What is refused once may be had later, and submissions go on trying.
#[test]
fn a_refused_thread_is_started_when_there_is_room() {
    limited("a_refused_thread_is_started_when_there_is_room", || {
        let pool = pool().scaling(Scaling::between(1, 2)).build().unwrap();
        // Nothing is written there; it only takes what a second stack would need.
        let hog = Vec::<u8>::with_capacity(5 << 29);
        let (release, released) = std::sync::mpsc::channel::<()>();
        let held = pool.spawn(move || released.recv().unwrap()).unwrap();
        until(|| {
            pool.execute(|| ()).unwrap();
            pool.stats().worker_counts.failed_starts > 0
        });
        assert_eq!(pool.stats().worker_counts.now, 1);
        drop(hog);
        until(|| {
            pool.execute(|| ()).unwrap();
            pool.stats().worker_counts.now == 2
        });
        pool.spawn(|| ()).unwrap().join().unwrap();
        release.send(()).unwrap();
        held.join().unwrap();
        assert!(pool.wait_idle(None));
        assert_eq!(pool.counts().completed, pool.counts().submitted);
    });
}

/// It has no worker that could do without the others.
#[test]
fn an_empty_pool_says_so_when_its_first_thread_is_refused() {
    limited("an_empty_pool_says_so_when_its_first_thread_is_refused", || {
        let rule = Scaling::between(0, 2).keep_alive(Duration::from_millis(1));
        let pool = pool().scaling(rule).build().unwrap();
        // Nothing is written there; it only takes what a stack would need.
        let hog = Vec::<u8>::with_capacity(7 << 29);
        let ran = pool.spawn(|| ()).unwrap_err();
        assert_eq!(ran.reason(), Reason::NoWorkers);
        ran.into_job().run();
        assert_eq!(
            (pool.join(|| 1, || 2), pool.scope(|scope| scope.spawn(|| 3).join().unwrap())),
            ((1, 2), 3)
        );
        // Some may rely on a thread that another is trying to start. The pool tries again after a while each time.
        let failed_starts = || pool.stats().worker_counts.failed_starts;
        thread::scope(|threads| {
            let submitters = [(); 3].map(|()| {
                threads.spawn(|| {
                    while failed_starts() < 4 {
                        match pool.spawn(|| ()) {
                            Err(rejected) => assert_eq!(rejected.reason(), Reason::NoWorkers),
                            Ok(handle) => {
                                assert!(matches!(handle.join(), Err(JoinError::Unrun(Reason::NoWorkers))));
                            }
                        }
                        assert!(pool.install(|| current().is_none()), "here, since there is no worker");
                    }
                })
            });
            submitters.into_iter().for_each(|submitter| submitter.join().unwrap());
        });
        let worker_counts = pool.stats().worker_counts;
        assert_eq!((worker_counts.now, worker_counts.highest), (0, 0), "{worker_counts:?}");
        assert!(pool.wait_idle(None));
        drop(hog);
        until(|| pool.spawn(|| 4).is_ok_and(|handle| handle.join().is_ok_and(|answer| answer == 4)));
        assert_eq!(pool.counts().accounted(), pool.counts().submitted);
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    });
}

/// The thread that watches run limits has std's stack, which is as large here, and finds no room.
#[test]
fn without_a_watchdog_a_job_runs_without_its_limit() {
    const NAME: &str = "without_a_watchdog_a_job_runs_without_its_limit";
    if env::var_os(CHILD).is_none() {
        let limit = format!("export RUST_MIN_STACK={STACK}; ulimit -v 4194304");
        return check(again(NAME, &limit, Path::new("limited")));
    }
    let pool = pool().stack_size(1 << 20).threads(1).build().unwrap();
    // Nothing is written there; it only takes room.
    let hog = Vec::<u8>::with_capacity(5 << 29);
    let limited = || Attributes::new().run_limit(Duration::from_millis(1));
    let token = pool.spawn_with(limited(), || current_token().unwrap().is_cancelled()).unwrap();
    assert!(!token.join().unwrap());
    assert_eq!(pool.stats().worker_counts.failed_starts, 1);
    drop(hog);
    // The next one brings the thread.
    let told = pool.spawn_with(limited(), || {
        let token = current_token().unwrap();
        until(|| token.is_cancelled());
    });
    told.unwrap().join().unwrap();
    assert_eq!(pool.stats().worker_counts.failed_starts, 1);
}

/// Its successor would need a second stack, for which there is no room while the first is still there.
#[test]
fn a_dying_worker_carries_on_if_it_can_have_no_successor() {
    limited("a_dying_worker_carries_on_if_it_can_have_no_successor", || {
        std::panic::set_hook(Box::new(|_| ()));
        let pool = pool().stack_size(5 << 29).threads(1).on_panic(|_| panic!("on purpose")).build().unwrap();
        for deaths in 1..=2 {
            pool.execute(|| panic!("on purpose")).unwrap();
            assert_eq!(pool.spawn(move || deaths).unwrap().join().unwrap(), deaths);
            assert_eq!(pool.stats().workers[0].replaced, deaths);
        }
        assert_eq!(pool.stats().worker_counts.failed_starts, 2);
    });
}

#[test]
fn bounds_that_make_no_sense_are_errors() {
    let small = || ThreadPool::with(Deque::holding(1, Full::Wait));
    let error = small().threads(3).max_threads(2).build().unwrap_err();
    assert!(matches!(error, BuildError::BeyondMax { threads: 3, max: 2 }), "{error}");
    for (min, max) in [(0, 0), (2, 1)] {
        let error = small().scaling(Scaling::between(min, max)).build().unwrap_err();
        assert_eq!(error.to_string(), BuildError::Scaling { min, max }.to_string());
    }
    let error = small().threads(1).spare_threads(usize::MAX).build().unwrap_err();
    let BuildError::TooManyThreads { asked: usize::MAX, most } = error else { panic!("{error}") };
    // As many slots as there can be.
    let pool = small().threads(1).max_threads(most).build().unwrap();
    assert_eq!(pool.spawn(|| 7).unwrap().join().unwrap(), 7);
}

/// A control group of our own, removed in the end.
struct Group(PathBuf);

impl Group {
    /// Why there is none is the error.
    fn new() -> Result<Self, String> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").map_err(|error| error.to_string())?;
        let mount =
            mounts.lines().find(|line| line.contains(" - cgroup2 ")).ok_or("cgroup v2 is not mounted")?;
        let mount = Path::new(mount.split(' ').nth(4).ok_or("a mount without a place")?);
        // Where the machine allows it, and nobody has done it yet. If it fails, the group says so.
        let _ = fs::write(mount.join("cgroup.subtree_control"), "+cpu");
        let group = Group(mount.join(format!("pool-core-{}", std::process::id())));
        fs::create_dir(&group.0).map_err(|error| format!("no group can be made: {error}"))?;
        group.limit("100000 100000").map_err(|error| format!("the group has no CPU controller: {error}"))?;
        Ok(group)
    }

    fn limit(&self, quota: &str) -> std::io::Result<()> {
        if !self.0.join("cpu.max").exists() {
            return Err(std::io::Error::other("there is no cpu.max"));
        }
        fs::write(self.0.join("cpu.max"), quota)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn the_cpu_limit_is_followed() {
    if let Some(group) = env::var_os(CHILD) {
        return follow_the_limit(Path::new(&group));
    }
    let group = match Group::new() {
        Ok(group) => group,
        Err(why) => return println!("skipped: {why}"),
    };
    check(again("the_cpu_limit_is_followed", "true", &group.0));
}

/// In a process of the group, whose limit is one CPU at first.
fn follow_the_limit(group: &Path) {
    fs::write(group.join("cgroup.procs"), std::process::id().to_string()).unwrap();
    assert_eq!(Threads::cpu_bound().get(), 1);
    let pool =
        ThreadPool::with(Deque::taking_from(End::Oldest)).threads(2).follow_cpu_limit(true).build().unwrap();
    assert_eq!(pool.threads(), 1);
    for (quota, threads) in [("max 100000", 2), ("50000 100000", 1), ("150000 100000", 2)] {
        fs::write(group.join("cpu.max"), quota).unwrap();
        // It looks between two jobs, once a second.
        until(|| {
            pool.spawn(|| ()).unwrap().join().unwrap();
            pool.threads() == threads
        });
    }
}
