//! A job with rare attributes: what they mean when it is about to run.
//!
//! A plain job knows nothing of them. One that has some is wrapped, in an [`Attributed`] task or in its
//! [`Task`](crate::job::task::Task), and the thread that runs it, a worker or a waiter, calls
//! [`RareAttributes::run`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use crate::cancel::{WithToken, enter_token, has_token};
use crate::current::{Named, current, enter_named, has_name};
use crate::job::context::{JobContext, RunContext};
use crate::job::unrun::UnrunHook;
use crate::job::{Runnable, count_discarded, discard_closure, run_counted};
use crate::name::Name;
use crate::observe::watchdog::{Limited, Watched};
use crate::os::process_fork::refuse_to_wait;
use crate::{CancelToken, Job, JoinError, Panic, Reason};

/// The attributes that hardly any job has.
#[derive(Clone, Debug, Default)]
pub(crate) struct RareAttributes {
    pub(crate) name: Option<Name>,
    pub(crate) start_by: Option<Instant>,
    pub(crate) run_limit: Option<Duration>,
    pub(crate) token: Option<CancelToken>,
    pub(crate) on_unrun: Option<UnrunHook>,
}

/// What became of a closure.
pub(crate) enum Outcome<T> {
    Ran(thread::Result<T>),
    /// It was dropped, since it was too late to start it. The second is the panic of a destructor.
    Missed(JoinError, thread::Result<()>),
}

impl RareAttributes {
    pub(crate) fn is_empty(&self) -> bool {
        let RareAttributes { name, start_by, run_limit, token, on_unrun } = self;
        name.is_none() && start_by.is_none() && run_limit.is_none() && token.is_none() && on_unrun.is_none()
    }

    /// Runs the closure as the attributes say, or drops it if it must not start any more. Counts it at the run context.
    pub(crate) fn run<T>(&self, f: impl FnOnce() -> T, cx: Option<RunContext<'_>>) -> Outcome<T> {
        let Some(missed) = self.missed() else {
            self.disarm_unrun();
            return Outcome::Ran(self.run_in_time(f, cx));
        };
        let _named = enter_named(self.name.clone());
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(f)));
        self.tell_unrun(missed);
        match cx.map(RunContext::context) {
            None => {}
            Some(context) if missed == Reason::Cancelled => context.count_cancelled(),
            Some(context) => context.count_expired(),
        }
        Outcome::Missed(JoinError::unrun(missed), dropped)
    }

    /// The job has ended unrun. What it held is dropped; it is not counted yet, and its handle does not know.
    pub(crate) fn tell_unrun(&self, reason: Reason) {
        if let Some(hook) = &self.on_unrun {
            hook.tell(reason);
        }
    }

    /// The job starts, or its submitter has it back.
    pub(crate) fn disarm_unrun(&self) {
        if let Some(hook) = &self.on_unrun {
            hook.disarm();
        }
    }

    fn run_in_time<T>(&self, f: impl FnOnce() -> T, cx: Option<RunContext<'_>>) -> thread::Result<T> {
        // First, so that whoever hears of the job at the run context finds its name.
        let _named = enter_named(self.name.clone());
        let _token = enter_token(self.token.clone());
        let watched = self.watch(cx);
        let listed = cx.zip(self.token.as_ref()).map(|(cx, token)| cx.list(token));
        let context = cx.filter(|_| watched.is_some() || listed.is_some()).map(RunContext::context);
        // They are for the job alone, not for what is called when it is counted. Dropped in this order.
        let f = move || {
            let _guards = (context.map(RefuseAfterFork), watched, listed);
            f()
        };
        run_counted(f, cx)
    }

    /// Hands a panic that no handle will hear of to the pool while the job's name holds. What the handler panics with
    /// comes out.
    pub(crate) fn report(
        &self,
        outcome: thread::Result<()>,
        cx: Option<RunContext<'_>>,
    ) -> thread::Result<()> {
        match (outcome, cx) {
            (Err(payload), Some(cx)) => {
                let _named = enter_named(self.name.clone());
                cx.context().report(Panic::caught(payload));
                Ok(())
            }
            (outcome, _) => outcome,
        }
    }

    pub(crate) fn has_expired(&self) -> bool {
        self.start_by.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Why it is too late to start, if it is.
    fn missed(&self) -> Option<Reason> {
        if self.token.as_ref().is_some_and(CancelToken::is_cancelled) {
            Some(Reason::Cancelled)
        } else if self.has_expired() {
            Some(Reason::Expired)
        } else {
            None
        }
    }

    fn watch(&self, cx: Option<RunContext<'_>>) -> Option<Watched> {
        let (limit, context) = (self.run_limit?, cx?.context());
        let worker = current().filter(|worker| worker.pool == context.id()).map(|worker| worker.index);
        let job = Limited {
            worker,
            name: self.name.clone(),
            token: self.token.clone(),
            started: Instant::now(),
            worker_manager: context.worker_manager().get(),
        };
        context.watchdog().watch(job, limit)
    }
}

/// Aborts a forked child in which the job ends: what comes next takes locks that a thread of the parent may have held.
struct RefuseAfterFork<'a>(&'a JobContext);

impl Drop for RefuseAfterFork<'_> {
    fn drop(&mut self) {
        if self.0.is_forked() {
            refuse_to_wait("a job");
        }
    }
}

/// What a job runs under that has no attributes, wherever it is run in place of another that may have some.
pub(crate) fn enter_plain() -> Option<(Named, WithToken)> {
    // Most often there is nothing to put aside.
    (has_name() || has_token()).then(|| (enter_named(None), enter_token(None)))
}

/// A closure with rare attributes: fire and forget.
pub(crate) struct Attributed<F> {
    pub(crate) f: F,
    pub(crate) rare: RareAttributes,
}

impl<F: FnOnce() + Send> Runnable for Attributed<F> {
    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        let Attributed { f, rare } = self;
        let unheard = match rare.run(f, cx) {
            Outcome::Ran(outcome) | Outcome::Missed(_, outcome) => outcome,
        };
        rare.report(unheard, cx).map(|()| None)
    }

    fn discard(self, reason: Reason, context: Option<&JobContext>) {
        let Attributed { f, rare } = self;
        discard_closure(f, || {
            rare.tell_unrun(reason);
            count_discarded(context);
        });
    }

    fn release(&mut self) -> bool {
        true
    }
}
