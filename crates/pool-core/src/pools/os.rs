//! What is asked of the operating system without std.

pub(crate) mod cpu_limit;
pub(crate) mod cpu_set;
pub(crate) mod cpu_time;
pub mod process_fork;

/// Has these called at every fork of this process: by the thread that forks, before, and then in the parent and in the
/// child. Does nothing where there is no fork.
pub(crate) fn at_fork(before: extern "C" fn(), in_parent: extern "C" fn(), in_child: extern "C" fn()) {
    #[cfg(all(unix, not(miri)))]
    {
        let (before, in_parent, in_child) =
            (into_handler(before), into_handler(in_parent), into_handler(in_child));
        // SAFETY: the three are functions of this program, which is never unloaded, and take no arguments.
        let result = unsafe { libc::pthread_atfork(before, in_parent, in_child) };
        // It fails for want of memory only, and then a forked child goes without.
        debug_assert_eq!(result, 0);
    }
    #[cfg(not(all(unix, not(miri))))]
    let _ = (before, in_parent, in_child);
}

/// Writes this without taking a lock, as well as it can.
pub(crate) fn write_to_stderr(text: &str) {
    #[cfg(unix)]
    {
        // SAFETY: the text is valid for the read.
        let _ = unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    }
    #[cfg(not(unix))]
    eprint!("{text}");
}

/// As libc's declaration wants it.
#[cfg(all(unix, not(miri)))]
fn into_handler(handler: extern "C" fn()) -> Option<unsafe extern "C" fn()> {
    Some(handler)
}

/// One word of a set of CPUs, as the system has it.
#[cfg(all(target_os = "linux", not(miri)))]
type CpuWord = libc::c_ulong;
#[cfg(not(all(target_os = "linux", not(miri))))]
type CpuWord = u64;

/// How many CPUs a word stands for.
pub(crate) const CPU_WORD: usize = CpuWord::BITS as usize;

/// A bit for each of 1,024 CPUs.
pub(crate) type CpuBits = [CpuWord; 1024 / CPU_WORD];

/// Where the calling thread may be scheduled. On Linux; `None` elsewhere, and where there are more than 1,024 CPUs.
pub(crate) fn thread_cpus() -> Option<CpuBits> {
    cpus_of(0)
}

/// Where the process's main thread may be scheduled, as in [`thread_cpus`].
pub(crate) fn main_thread_cpus() -> Option<CpuBits> {
    cpus_of(std::process::id())
}

fn cpus_of(thread: u32) -> Option<CpuBits> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        let mut cpus = CpuBits::default();
        let thread = libc::pid_t::try_from(thread).ok()?;
        // SAFETY: `cpus` is valid for the write of its size, and as aligned as a `cpu_set_t`, which is such an array.
        let result = unsafe { libc::sched_getaffinity(thread, size_of::<CpuBits>(), (&raw mut cpus).cast()) };
        (result == 0).then_some(cpus)
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        let _ = thread;
        None
    }
}

/// Has the calling thread be scheduled on these CPUs only. On Linux, if the system allows it.
pub(crate) fn set_thread_cpus(cpus: &CpuBits) {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: `cpus` is valid for the read of its size, and as aligned as a `cpu_set_t`, which is such an array.
        let _ = unsafe { libc::sched_setaffinity(0, size_of::<CpuBits>(), (&raw const *cpus).cast()) };
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = cpus;
}

/// The CPU that the calling thread runs on, or has just run on. On Linux; `None` elsewhere.
pub fn current_cpu() -> Option<usize> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: it takes nothing, and touches no memory of ours.
        usize::try_from(unsafe { libc::sched_getcpu() }).ok()
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    None
}

/// What the CPU time of a thread is read from.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) type Clock = libc::clockid_t;
#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) type Clock = ();

/// The clock of the calling thread's CPU time. On Linux; `None` elsewhere.
pub(crate) fn clock_of_this_thread() -> Option<Clock> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        let mut clock = 0;
        // SAFETY: it takes nothing, and touches no memory of ours.
        let me = unsafe { libc::pthread_self() };
        // SAFETY: `me` is the calling thread, which lives, and `clock` is valid for the write.
        (unsafe { libc::pthread_getcpuclockid(me, &raw mut clock) } == 0).then_some(clock)
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    None
}

/// The CPU time that a thread has taken so far; `None` if it has ended.
pub(crate) fn read_clock(clock: Clock) -> Option<std::time::Duration> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is valid for the write.
        if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
            return None;
        }
        Some(std::time::Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        let () = clock;
        None
    }
}

/// The number of the calling thread in the system. On Linux; `None` elsewhere.
pub(crate) fn thread_number() -> Option<u32> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: it takes nothing, and touches no memory of ours.
        u32::try_from(unsafe { libc::syscall(libc::SYS_gettid) }).ok()
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    None
}

#[cfg(all(test, unix, not(miri)))]
mod tests {
    use std::sync::{Arc, Barrier};
    use std::time::Duration;

    use crate::error::ResizeError;
    use crate::fifo::Fifo;
    use crate::*;

    /// Forks; the child runs the body and tells whether it came to its end. A child that hangs is killed by a signal.
    fn in_child(body: impl FnOnce()) {
        // SAFETY: the child runs nothing but `body`, which uses no lock of this process's other threads, and exits.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "{}", std::io::Error::last_os_error());
        if child == 0 {
            // SAFETY: no pointers; the default action of the signal ends the process.
            unsafe { libc::alarm(20) };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            // SAFETY: no pointers; the exit runs no destructors, which might wait for threads that are not there.
            unsafe { libc::_exit(i32::from(outcome.is_err())) };
        }
        let mut status = 0;
        // SAFETY: `status` is valid for the write.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((waited, status), (child, 0), "the child failed, or hung");
    }

    fn pool(threads: usize) -> ThreadPool<Fifo> {
        ThreadPool::with(Fifo).threads(threads).build().unwrap()
    }

    #[test]
    fn in_a_child_a_scaling_pool_starts_no_worker() {
        let builder = ThreadPool::with(Fifo);
        let pool = builder.scaling(Scaling::between(1, 3)).build().unwrap();
        let (starts, started) = std::sync::mpsc::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let held = pool.spawn(move || {
            starts.send(()).unwrap();
            released.recv().unwrap();
        });
        started.recv().unwrap();
        in_child(|| {
            assert_eq!(pool.join(|| 3, || 4), (3, 4));
            assert_eq!(pool.scope(|scope| scope.spawn(|| 5).join().unwrap()), 5);
            assert_eq!(pool.broadcast(|worker| worker).unwrap_err().reason(), Reason::Forked);
            let threads = std::fs::read_dir("/proc/self/task").map(|threads| threads.count());
            assert!(threads.is_ok_and(|threads| threads == 1) || cfg!(not(target_os = "linux")));
        });
        release.send(()).unwrap();
        held.unwrap().join().unwrap();
    }

    #[test]
    fn in_a_child_the_pool_is_dead_and_says_so() {
        let (pool, meet) = (pool(2), Arc::new(Barrier::new(3)));
        for _ in 0..2 {
            let meet = meet.clone();
            pool.execute(move || {
                meet.wait();
                meet.wait();
            })
            .unwrap();
        }
        meet.wait();
        let queued = pool.spawn(|| 1).unwrap();
        in_child(|| {
            let rejected = pool.spawn(|| 2).unwrap_err();
            assert_eq!(rejected.reason(), Reason::Forked);
            rejected.into_job().run();
            assert_eq!(pool.execute_on(0, || ()).unwrap_err().reason(), Reason::Forked);
            assert_eq!(pool.state(), PoolState::Terminated);
            assert!(!pool.wait_idle(None), "what was queued stays so");
            assert_eq!(pool.resize(1), Err(ResizeError::ShutDown));
            assert_eq!((pool.pause(), pool.resume()), (Ok(()), Ok(())));
            assert_eq!(pool.stats().worker_counts.now, 0);
            assert!(pool.timings().is_none());
            assert_eq!(pool.join(|| 3, || 4), (3, 4));
            assert_eq!(pool.scope(|scope| scope.spawn(|| 5).join().unwrap()), 5);
            assert_eq!(pool.shutdown_now_timeout(Duration::MAX).unwrap().1, Shutdown::Terminated);
            assert_eq!(pool.shutdown(), Shutdown::Terminated);
            assert!(!queued.is_finished());
        });
        meet.wait();
        assert_eq!(queued.join().unwrap(), 1);
        assert_eq!(pool.spawn(|| 6).unwrap().join().unwrap(), 6);
    }

    /// Whatever the pool's locks are in the middle of.
    #[test]
    fn a_fork_amid_work_leaves_a_usable_child() {
        let builder = ThreadPool::with(Fifo).threads(2);
        let pool: Arc<dyn Pool> = Arc::new(builder.timing(Timing::Every).build().unwrap());
        std::thread::scope(|threads| {
            let busy = threads.spawn(|| {
                for number in 0..20_000 {
                    assert_eq!(pool.spawn(move || number).unwrap().join().unwrap(), number);
                    pool.wait_idle(Some(Duration::ZERO));
                    if number % 1000 == 0 {
                        assert!(pool.timings().is_some());
                    }
                }
            });
            while !busy.is_finished() {
                in_child(|| {
                    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::Forked);
                    pool.wait_idle(None);
                    assert!(pool.timings().is_none());
                    assert_eq!(pool.scope(|scope| scope.spawn(|| 5).join().unwrap()), 5);
                    assert_eq!(pool.shutdown(), Shutdown::Terminated);
                });
            }
        });
    }
}
