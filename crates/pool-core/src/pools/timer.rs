//! Jobs that run later, once or again and again.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::job::attributed::{Attributed, RareAttributes};
use crate::job::pool_context::PoolContext;
use crate::job::timers::Timers;
use crate::panic::drop_quietly;
use crate::{CancelToken, Job, Reason, Rejected};

/// A job that waits for its time, to be cancelled. From [`PoolExt::execute_after`](crate::PoolExt::execute_after) and
/// [`PoolExt::execute_every`](crate::PoolExt::execute_every). Dropping it changes nothing.
pub struct Timer {
    context: Arc<PoolContext>,
    number: u64,
    token: CancelToken,
}

impl Timer {
    /// Drops the job if it still waits for its time, and has it run no more. Returns whether it waited.
    ///
    /// If not, it was due: one that is queued does not start any more, and one that runs finds its
    /// [token](crate::current_token) set. It counts as cancelled unless it had started.
    pub fn cancel(&self) -> bool {
        self.token.cancel();
        // In a forked child some thread may have held the lock.
        if self.context.is_forked() {
            return false;
        }
        let Some(job) = self.context.timers().remove(self.number) else { return false };
        drop_quietly(job);
        self.context.admit_scoped();
        self.context.count_cancelled();
        true
    }

    /// Whether the job waits for its time.
    pub fn is_waiting(&self) -> bool {
        !self.context.is_forked() && self.context.timers().has(self.number)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("pool", &self.context.name()).finish_non_exhaustive()
    }
}

/// See [`PoolExt::execute_after`](crate::PoolExt::execute_after).
pub(crate) fn execute_after(
    context: &Arc<PoolContext>,
    delay: Duration,
    f: impl FnOnce() + Send + 'static,
) -> Result<Timer, Rejected> {
    start(context, delay, |_, _, token| with_token(f, token))
}

/// See [`PoolExt::execute_every`](crate::PoolExt::execute_every).
pub(crate) fn execute_every(
    context: &Arc<PoolContext>,
    period: Duration,
    f: impl FnMut() + Send + 'static,
) -> Result<Timer, Rejected> {
    assert!(!period.is_zero(), "a period is longer than nothing");
    let timers = Arc::downgrade(context.timers());
    start(context, period, |due, number, token| {
        Every { f: Box::new(f), due, period, number, token: token.clone(), timers }.into_job()
    })
}

fn start(
    context: &Arc<PoolContext>,
    delay: Duration,
    job: impl FnOnce(Instant, u64, &CancelToken) -> Job,
) -> Result<Timer, Rejected> {
    let token = CancelToken::new();
    let refusal = if context.is_forked() {
        Some(Reason::Forked)
    } else if context.boost().get().is_none() {
        Some(Reason::Unsupported)
    } else {
        None
    };
    let due = after(Instant::now(), delay);
    // In a forked child some thread may have held the lock.
    let number = if refusal.is_none() { context.timers().next_number() } else { 0 };
    let job = job(due, number, &token);
    let kept = match refusal {
        Some(reason) => Err((job, reason)),
        None => context.timers().add((due, number), job, &token),
    };
    match kept {
        Ok(()) => Ok(Timer { context: context.clone(), number, token }),
        Err((job, reason)) => {
            context.admit_scoped();
            Err(context.reject(job, reason))
        }
    }
}

/// A delay that reaches past the end of the clock is as good as one of a century.
fn after(now: Instant, delay: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    now + delay.min(CENTURY)
}

fn with_token(f: impl FnOnce() + Send + 'static, token: &CancelToken) -> Job {
    let rare = RareAttributes { token: Some(token.clone()), ..RareAttributes::default() };
    Job::from_task(Attributed { f, rare })
}

/// A closure that is called again and again.
struct Every {
    f: Box<dyn FnMut() + Send>,
    due: Instant,
    period: Duration,
    number: u64,
    token: CancelToken,
    timers: Weak<Timers>,
}

/// One call of it. Dropped, it sees to the next, whether it has run, panicked, or was given up by the pool.
struct Call(Option<Every>);

impl Every {
    fn into_job(self) -> Job {
        // What asks the jobs that run to stop means this call, not those that follow.
        let token = self.token.child();
        let mut call = Call(Some(self));
        let call = move || call.0.iter_mut().for_each(|every| (every.f)());
        with_token(call, &token)
    }

    /// Has it called at the next of its moments that is still to come.
    fn again(mut self) {
        let Some(timers) = self.timers.upgrade().filter(|_| !self.token.is_cancelled()) else { return };
        let (token, number) = (self.token.clone(), self.number);
        let late = Instant::now().saturating_duration_since(self.due);
        let missed = late.as_nanos() / self.period.as_nanos();
        let periods = u32::try_from(missed + 1).unwrap_or(u32::MAX);
        self.due = after(self.due, self.period.saturating_mul(periods));
        let due = self.due;
        if let Err((job, _)) = timers.add((due, number), self.into_job(), &token) {
            // Or dropping it would try again.
            token.cancel();
            drop_quietly(job);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(every) = self.0.take() {
            every.again();
        }
    }
}
