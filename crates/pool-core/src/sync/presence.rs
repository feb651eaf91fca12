//! Whether a pool that may be without workers has one: how a submitter and the last worker do not miss each other.
//!
//! - submitter: push; fence; look whether there is a worker; if not, start one.
//! - the last worker: say that there is none; fence; look into the queue; come back if there is something.
//!
//! The fences are sequentially consistent. If the submitter's comes first, the worker finds what was pushed; if the
//! worker's does, the submitter finds that there is no worker. The same holds between a submitter and a thread that could not
//! start the only worker, and then gives up what is queued.

use crate::sync::{AtomicUsize, Ordering::*, fence};

/// How many workers there are or are about to be, those that are blocked left out.
#[derive(Default)]
pub(crate) struct Presence(AtomicUsize);

impl Presence {
    pub(crate) fn of(workers: usize) -> Self {
        Presence(AtomicUsize::new(workers))
    }

    /// Called by one thread at a time.
    pub(crate) fn set(&self, workers: usize) {
        self.0.store(workers, Relaxed);
    }

    /// How many there were a moment ago.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// For a submitter that has pushed.
    pub(crate) fn is_seen(&self) -> bool {
        fence(SeqCst);
        self.0.load(Relaxed) > 0
    }

    /// Whether there is no worker. Called after one was taken off, before the look into the queue.
    pub(crate) fn has_ended(&self) -> bool {
        fence(SeqCst);
        self.0.load(Relaxed) == 0
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::sync::thread;

    /// The queue is a counter: a real one has more order.
    #[test]
    fn the_last_worker_or_the_submitter_sees_to_a_job() {
        loom::model(|| {
            let pool = Arc::new((Presence::of(1), AtomicUsize::new(0)));
            let worker = thread::spawn({
                let pool = pool.clone();
                move || {
                    pool.0.set(0);
                    pool.0.has_ended() && pool.1.load(Relaxed) > 0
                }
            });
            pool.1.store(1, Relaxed);
            let starts_one = !pool.0.is_seen();
            assert!(worker.join().unwrap() || starts_one, "the job is left lying");
        });
    }
}
