//! A worker's spells of work, and how others see that it waits between them: to bring it its mail (`mail`), and to find out
//! whether a pool that scales is short of workers (`staffing`).

use crate::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// When the current spell began, in nanoseconds since the ledger's epoch, plus one; 0 while the worker waits.
#[derive(Default)]
pub(crate) struct Spell(AtomicU64);

impl Spell {
    /// The worker has something to do. For the worker alone.
    pub(crate) fn begin(&self, now: u64) {
        self.0.store(now + 1, Release);
    }

    /// The worker is about to wait: returns when the spell began, if there was one. For the worker alone.
    pub(crate) fn end(&self) -> Option<u64> {
        let began = self.0.load(Relaxed).checked_sub(1);
        if began.is_some() {
            self.0.store(0, Relaxed);
        }
        began
    }

    /// When the current spell began, if the worker does not wait.
    pub(crate) fn began(&self) -> Option<u64> {
        self.0.load(Acquire).checked_sub(1)
    }

    /// Whether the worker waits, or has not begun. Means something after a fence, provided that the worker fences as well when
    /// it has [begun](Spell::begin) or [ended](Spell::end) its spell.
    pub(crate) fn is_over(&self) -> bool {
        self.0.load(Relaxed) == 0
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::{Arc, Condvar, Mutex};

    use crate::rest::Rest;
    use crate::spell::Spell;
    use crate::sync::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
        fence, lock, thread,
    };

    /// How a worker comes by its mail, with the channel as a count of messages behind a lock.
    #[derive(Default)]
    struct Pool {
        nudges: Mutex<usize>,
        pushed: Condvar,
        mail: AtomicUsize,
        spell: Spell,
        rest: Rest,
    }

    impl Pool {
        fn push_nudge(&self) {
            *lock(&self.nudges) += 1;
            self.pushed.notify_one();
        }

        /// Waits for a message; this is where the model hangs if it is not woken.
        fn pop_nudge(&self) {
            let mut nudges = lock(&self.nudges);
            while *nudges == 0 {
                nudges = self.pushed.wait(nudges).unwrap();
            }
            *nudges -= 1;
        }

        /// `Idle::begin`.
        fn is_to_look_up(&self) -> bool {
            self.spell.end();
            self.rest.settle(|| false);
            self.mail.load(SeqCst) != 0
        }

        /// The worker that the mail is for: it has just found its mailbox empty.
        fn read(&self) {
            while !self.is_to_look_up() {
                self.pop_nudge();
                self.spell.begin(0);
            }
            self.mail.fetch_sub(1, SeqCst);
        }
    }

    #[test]
    fn mail_is_read_though_another_comes_by_the_nudge() {
        loom::model(|| {
            let pool = Arc::new(Pool::default());
            pool.spell.begin(0);
            let addressee = thread::spawn({
                let pool = pool.clone();
                move || pool.read()
            });
            pool.mail.fetch_add(1, SeqCst);
            // The nudge comes to another worker first, which is this thread. A message that goes round is left out.
            fence(SeqCst);
            if pool.spell.is_over() {
                pool.push_nudge();
            }
            addressee.join().unwrap();
            assert_eq!(pool.mail.load(SeqCst), 0);
        });
    }

    #[test]
    fn a_job_that_finds_the_worker_idle_is_noticed_by_the_worker() {
        loom::model(|| {
            let pool = Arc::new((Spell::default(), AtomicUsize::new(0)));
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
            let is_idle = pool.0.is_over();
            assert!(worker.join().unwrap() || !is_idle, "nobody has the pool grow");
        });
    }
}
