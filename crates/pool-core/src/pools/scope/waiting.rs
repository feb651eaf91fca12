//! Running the jobs of a scope, by the thread that waits for them.

use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::nesting::TurnLeft;
use super::state::{ScopeState, Turn};
use crate::Job;
use crate::help::wait_helping;
use crate::helping::Awaited;
use crate::job::attributed::enter_plain;
use crate::job::context::RunContext;
use crate::panic::Panic;
use crate::sync::Arc;

/// How often a worker looks again before it sleeps, and how long it pauses in between: a few microseconds in all.
const LOOKS: usize = 16;
const PAUSE: usize = 16;

impl ScopeState {
    /// Waits until this is so, helping where the caller may. Before the caller sleeps it is announced to the thread that
    /// makes it so, unless that is the end of the last job.
    pub(super) fn wait_until(self: &Arc<Self>, done: impl Fn() -> bool, announce: impl Fn(thread::Thread)) {
        if done() {
            return;
        }
        let here = self.context.index_here();
        // Its jobs are no part of the job that waits here.
        let _plain = enter_plain();
        let may_run = || self.may_be_run_by(here);
        let run_some = || {
            self.refuse_after_fork();
            may_run() && self.run_some(here, &done, &mut || ())
        };
        // What is the scope's own comes first, also for a caller that helps: most often there is nothing else to do.
        while run_some() {
            if done() {
                return;
            }
        }
        if wait_helping(&Waiting { state: self, here, done: &done, announce: &announce }) {
            return self.progress.retract();
        }
        let mut looks = 0;
        while !done() {
            if run_some() {
                looks = 0;
                continue;
            }
            // What others run may soon start more that a worker may run.
            if here.is_some() && looks < LOOKS {
                looks += 1;
                (0..PAUSE).for_each(|_| spin_loop());
                continue;
            }
            announce(thread::current());
            self.progress.sleep(here.is_some(), || done() || may_run() && self.has_jobs());
        }
    }

    /// Whether this worker, or a thread outside, may run jobs while it waits. Such a thread does where no worker may come any more; for a
    /// scope inside another, whose tickets the pool does not see, that is so when the pool is closed.
    fn may_be_run_by(&self, here: Option<usize>) -> bool {
        let is_closed = || self.context.boost().get().is_none_or(|queue| queue.is_closed());
        here.is_some() || self.progress.is_abandoned() || self.parent.is_some() && is_closed()
    }

    /// Runs jobs in place of the thread that waits, until that is over or for a turn. Returns whether there was one; if so, `found` was
    /// called before the first.
    fn run_some(
        self: &Arc<Self>,
        here: Option<usize>,
        done: &dyn Fn() -> bool,
        found: &mut dyn FnMut(),
    ) -> bool {
        let cx = here.map_or_else(|| self.context.current_cx(), |worker| self.context.worker_cx(worker));
        let _turn = Turn::of(self);
        let mut left = TurnLeft::new();
        let mut ran = 0;
        while !left.is_over() {
            let mut slot = None;
            if !self.pop(here, &mut slot) {
                break;
            }
            if ran == 0 {
                found();
            }
            self.run(&mut slot, cx, &mut left);
            ran += 1;
            // A worker waits for the end of the scope alone, which does not come before its own jobs are counted.
            if here.is_none() {
                self.context.settle();
                if done() {
                    break;
                }
            }
        }
        self.progress.end(ran, self.is_at_home(here));
        ran > 0
    }

    /// Runs the job or the ticket of a nested scope in this slot. Its end is still to be told to [`Progress::end`].
    // Always inlined, and so is `pop`: apart they cost a job of a scope 20 instructions.
    #[inline(always)]
    pub(super) fn run(self: &Arc<Self>, slot: &mut Option<Job>, cx: RunContext<'_>, left: &mut TurnLeft) {
        if slot.as_ref().is_some_and(|job| !job.is_job()) {
            return self.run_ticket(slot, cx, left);
        }
        left.ran_one();
        // What escapes from the run itself is a destructor's panic (of a result that nobody wants): the job's, too.
        // Only its payload comes out: what little a job that has ended well leaves is not worth moving (5 ns a job).
        let run = || Job::run_in_place(slot, Some(cx)).err();
        let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(Some);
        self.refuse_after_fork();
        if let Some(payload) = panic {
            // The scope rethrows the payload, and its trace goes no further.
            self.keep_panic(Panic::caught(payload));
        }
    }

    /// Runs the ticket of a nested scope, and queues it again if that has more jobs.
    #[cold]
    fn run_ticket(self: &Arc<Self>, slot: &mut Option<Job>, cx: RunContext<'_>, left: &mut TurnLeft) {
        let goes_on = left.lend(|| Job::run_in_place(slot, Some(cx)));
        if let Ok(Some(ticket)) = goes_on
            && self.put_ticket(ticket)
        {
            self.send_and_queue_ticket();
        }
        left.ran_one();
    }
}

/// A scope as a worker waits for it that helps.
struct Waiting<'a> {
    state: &'a Arc<ScopeState>,
    here: Option<usize>,
    done: &'a dyn Fn() -> bool,
    announce: &'a dyn Fn(thread::Thread),
}

impl Waiting<'_> {
    fn may_run(&self) -> bool {
        self.state.may_be_run_by(self.here)
    }
}

impl Awaited for Waiting<'_> {
    fn is_over(&self) -> bool {
        (self.done)()
    }

    fn announce(&self) {
        (self.announce)(thread::current());
        self.state.progress.announce(self.here.is_some());
    }

    fn run_own(&self, found: &mut dyn FnMut()) -> bool {
        self.state.refuse_after_fork();
        self.may_run() && self.state.run_some(self.here, self.done, found)
    }

    fn is_ready(&self) -> bool {
        self.is_over() || self.may_run() && self.state.has_jobs()
    }
}
