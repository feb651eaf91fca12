//! The processor time of a worker's threads. Costs a worker two readings of its clock in its life, and a job nothing.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::os::{self, cpu_time::CpuTime};

/// How much processor time the workers of a pool have had. From [`Metrics::processor_time`](crate::Metrics::processor_time).
///
/// What is left of their [busy time](crate::stats::WorkerStats::busy) they were blocked in jobs: on a lock, a disk, a network, or a
/// sleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessorTime {
    /// For so long they were on a CPU, in jobs and between them.
    pub used: Duration,
    /// For so long they could have run and waited for a CPU that others had: those that there are now, each since its thread
    /// began. `None` where the system does not tell.
    pub waited: Option<Duration>,
}

impl ProcessorTime {
    pub(crate) fn add(self, other: ProcessorTime) -> ProcessorTime {
        let waited = self.waited.zip(other.waited).map(|(one, other)| one + other);
        ProcessorTime { used: self.used + other.used, waited }
    }
}

/// What the worker in one slot, and those before it, have had.
#[derive(Default)]
pub(crate) struct WorkerProcessorTime {
    /// Taken at a worker's start and end, and by those who read it.
    worker: Mutex<Worker>,
    /// This process is a fork: the lock may be held for ever, and the thread is not there.
    is_forked: AtomicBool,
}

#[derive(Default)]
struct Worker {
    /// Of the threads that have ended.
    past: Duration,
    thread: Option<Thread>,
}

struct Thread {
    clock: CpuTime,
    /// What it had used when it became a worker.
    before: Duration,
    number: u32,
}

impl Thread {
    /// The calling one.
    fn current() -> Option<Self> {
        let (clock, number) = (CpuTime::of_this_thread()?, os::thread_number()?);
        Some(Thread { clock, before: clock.read()?, number })
    }

    fn used(&self) -> Duration {
        self.clock.read().unwrap_or(self.before).saturating_sub(self.before)
    }
}

impl WorkerProcessorTime {
    /// The calling thread is the worker, until this is dropped.
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.lock().thread = Thread::current();
        Entered(self)
    }

    /// `None` where the system does not tell, and before the first worker.
    pub(crate) fn read(&self) -> Option<ProcessorTime> {
        if self.is_forked.load(Relaxed) {
            return None;
        }
        let worker = self.lock();
        match &worker.thread {
            Some(thread) => Some(ProcessorTime {
                used: worker.past + thread.used(),
                waited: os::cpu_time::waited_for_cpu(thread.number),
            }),
            None if worker.past.is_zero() => None,
            None => Some(ProcessorTime { used: worker.past, waited: Some(Duration::ZERO) }),
        }
    }

    pub(crate) fn forked(&self) {
        self.is_forked.store(true, Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Worker> {
        // Nothing of the user's runs under this lock.
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, a thread is the worker.
#[must_use]
pub(crate) struct Entered<'a>(&'a WorkerProcessorTime);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut worker = self.0.lock();
        let thread = worker.thread.take();
        worker.past += thread.map_or(Duration::ZERO, |thread| thread.used());
    }
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use super::*;

    /// Computes until the calling thread has used so much.
    fn compute(time: Duration) {
        let clock = CpuTime::of_this_thread().unwrap();
        let start = clock.read().unwrap();
        while clock.read().unwrap() - start < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn what_a_thread_uses_counts_while_it_is_the_worker_and_stays() {
        const STEP: Duration = Duration::from_millis(2);
        let time = WorkerProcessorTime::default();
        assert_eq!(time.read(), None, "no worker has come");
        std::thread::scope(|threads| {
            let worker = threads.spawn(|| {
                compute(10 * STEP);
                let entered = time.enter();
                compute(STEP);
                let during = time.read().unwrap().used;
                drop(entered);
                let after = time.read().unwrap().used;
                compute(10 * STEP);
                (during, after)
            });
            let (during, after) = worker.join().unwrap();
            assert!(STEP <= during && during < 10 * STEP, "{during:?}");
            assert!(during <= after && after < 10 * STEP, "{after:?}");
            let left = ProcessorTime { used: after, waited: Some(Duration::ZERO) };
            assert_eq!(time.read(), Some(left));
            drop(time.enter());
            assert!(time.read().unwrap().used >= after);
        });
        time.forked();
        assert_eq!(time.read(), None);
    }

    #[test]
    fn a_wait_that_one_does_not_know_nobody_knows() {
        let of = |used, waited: Option<u64>| ProcessorTime {
            used: Duration::from_secs(used),
            waited: waited.map(Duration::from_secs),
        };
        assert_eq!(of(1, Some(2)).add(of(3, Some(4))), of(4, Some(6)));
        assert_eq!(of(1, Some(2)).add(of(3, None)), of(4, None));
    }
}
