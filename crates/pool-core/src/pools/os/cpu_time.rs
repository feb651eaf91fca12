//! Whether another thread has been off its CPU: a fence against one thread, where [heavy ones](crate::sync::fences) fail.
//!
//! A system that takes a thread off its CPU, because it blocks or for another's sake, issues a full fence on the way, and
//! another when it puts it back. So who has written something and then learns that a given thread has been off its CPU
//! since stands to that thread as after a heavy fence: it sees all that the thread did before, and the thread will see what it
//! has written.
//!
//! A thread's CPU time tells. While the thread runs, its time goes on; so if it has stood still for longer than the coarsest
//! clock takes to advance, the thread was off its CPU at some moment in between. (On a virtual machine it may also
//! be the whole CPU that was taken away; that is no less of a fence.) A thread that keeps running cannot be told so.

use std::thread;
use std::time::{Duration, Instant};

use crate::os;

/// Longer than the coarsest clock of a scheduler takes to advance, which is 10 ms.
const WINDOW: Duration = Duration::from_millis(30);

/// How soon the first look tells that the thread runs, and each later one.
const STEP: Duration = Duration::from_millis(1);

/// The CPU time of one thread. Compare it while that thread lives.
#[derive(Clone, Copy, Debug)]
pub struct CpuTime(os::Clock);

impl CpuTime {
    /// Of the calling thread; `None` where the system has no such thing.
    pub fn of_this_thread() -> Option<Self> {
        os::clock_of_this_thread().map(CpuTime)
    }

    /// What the thread has taken so far; `None` if it has ended.
    pub(crate) fn read(self) -> Option<Duration> {
        os::read_clock(self.0)
    }

    /// Waits until it is certain whether the thread has been off its CPU since this call, as far as its clock tells: some 30
    /// milliseconds, or one if it runs.
    pub fn stands_still(self) -> bool {
        let begin = Instant::now();
        let Some(first) = os::read_clock(self.0) else { return false };
        while begin.elapsed() < WINDOW {
            thread::sleep(STEP);
            if os::read_clock(self.0) != Some(first) {
                return false;
            }
        }
        true
    }
}

/// How long a thread of this process has waited for a CPU, by its number. On Linux, if the kernel keeps account of it.
pub(crate) fn waited_for_cpu(thread: u32) -> Option<Duration> {
    if cfg!(not(target_os = "linux")) {
        return None;
    }
    waited_in(&std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?)
}

/// Reads a `schedstat`: nanoseconds on a CPU, nanoseconds of waiting for one, and how often it was put on one.
fn waited_in(schedstat: &str) -> Option<Duration> {
    schedstat.split_ascii_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_wait_for_a_cpu_is_the_second_number() {
        assert_eq!(waited_in("123 4567 8\n"), Some(Duration::from_nanos(4567)));
        assert_eq!((waited_in(""), waited_in("1 x 2")), (None, None));
        assert_eq!(waited_for_cpu(u32::MAX), None, "there is no such thread");
    }

    #[test]
    fn a_thread_that_waits_is_off_its_cpu_and_one_that_computes_is_not() {
        let (send, receive) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let stop = AtomicBool::new(false);
        thread::scope(|threads| {
            threads.spawn(|| {
                send.send(CpuTime::of_this_thread().unwrap()).unwrap();
                released.into_iter().for_each(drop);
            });
            // It may not have gone to wait yet.
            let waiting = receive.recv().unwrap();
            assert!((0..1000).any(|_| waiting.stands_still()));
            drop(release);
            threads.spawn(|| {
                send.send(CpuTime::of_this_thread().unwrap()).unwrap();
                while !stop.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
            let computing = receive.recv().unwrap();
            // Others may take its CPU away for as long once, but hardly each time.
            assert!((0..100).any(|_| !computing.stands_still()));
            stop.store(true, Relaxed);
        });
    }
}
