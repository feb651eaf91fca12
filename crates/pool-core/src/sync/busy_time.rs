//! A worker's busy time: how long it is, and how others see that it waits between them, to find out whether a pool
//! that scales is short of workers (`resizing`).

use crate::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// A worker's time, in nanoseconds: the sum of the busy times that are over, less the beginning of the current one while the
/// worker has something to do. In one word, so that no reader counts a busy time twice or not at all.
#[derive(Default)]
pub(crate) struct BusyTime(AtomicU64);

/// The worker has something to do.
const BUSY: u64 = 1 << 63;
/// There is no worker, for the time being.
const ABSENT: u64 = 1 << 62;
/// The rest: time, modulo 146 years.
const TIME: u64 = ABSENT - 1;

impl BusyTime {
    /// The worker has something to do, now. For the worker alone.
    pub(crate) fn begin(&self, now: u64) {
        let total = sum(self.0.load(Relaxed), now);
        self.0.store(BUSY | total.wrapping_sub(now) & TIME, Release);
    }

    /// The worker is about to wait. For the worker alone.
    pub(crate) fn end(&self, now: u64) {
        self.0.store(sum(self.0.load(Relaxed), now), Relaxed);
    }

    /// The worker is gone, and its successor has not come. For the worker alone.
    pub(crate) fn leave(&self, now: u64) {
        self.0.store(ABSENT | sum(self.0.load(Relaxed), now), Relaxed);
    }

    /// The sum of the busy times, the current one included.
    pub(crate) fn busy(&self, now: impl Fn() -> u64) -> u64 {
        loop {
            let word = self.0.load(Acquire);
            let sum = sum(word, now());
            // A busy time that ended between the two was shorter than this.
            if self.0.load(Acquire) == word {
                return sum;
            }
        }
    }

    /// Whether the worker waits, or has not begun. Means something after a fence, provided that the worker fences as well when
    /// it has [begun](BusyTime::begin) or [ended](BusyTime::end) its busy time.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.load(Relaxed) & (BUSY | ABSENT) == 0
    }
}

fn sum(word: u64, now: u64) -> u64 {
    let time = word & TIME;
    if word & BUSY == 0 { time } else { time.wrapping_add(now) & TIME }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn spells_add_up_at_every_moment() {
        let busy_time = BusyTime::default();
        assert_eq!((busy_time.busy(|| 7), busy_time.is_idle()), (0, true));
        busy_time.begin(10);
        assert_eq!((busy_time.busy(|| 15), busy_time.is_idle()), (5, false));
        busy_time.end(20);
        assert_eq!((busy_time.busy(|| 25), busy_time.is_idle()), (10, true));
        busy_time.begin(30);
        busy_time.begin(31);
        assert_eq!(busy_time.busy(|| 33), 13);
        busy_time.leave(34);
        assert_eq!(
            (busy_time.busy(|| 50), busy_time.is_idle()),
            (14, false),
            "no worker waits, and none is busy"
        );
        busy_time.begin(60);
        assert_eq!((busy_time.busy(|| 61), busy_time.is_idle()), (15, false));
        busy_time.end(62);
        assert_eq!((busy_time.busy(|| 70), busy_time.is_idle()), (16, true));
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use crate::sync::Ordering::{Relaxed, SeqCst};
    use crate::sync::busy_time::BusyTime;
    use crate::sync::{AtomicUsize, fence, thread};

    #[test]
    fn a_job_that_finds_the_worker_idle_is_noticed_by_the_worker() {
        loom::model(|| {
            let pool = Arc::new((BusyTime::default(), AtomicUsize::new(0)));
            let worker = thread::spawn({
                let pool = pool.clone();
                // It has come by an earlier job, and looks whether there are more than idle workers.
                move || {
                    pool.0.begin(0);
                    fence(SeqCst);
                    pool.1.load(Relaxed) > 0
                }
            });
            pool.1.fetch_add(1, Relaxed);
            fence(SeqCst);
            let is_idle = pool.0.is_idle();
            assert!(worker.join().unwrap() || !is_idle, "no worker has the pool grow");
        });
    }
}
