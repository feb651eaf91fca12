//! What a job may ask for.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::job::attributed::RareAttributes;
use crate::job::unrun::UnrunHook;
use crate::name::Name;
use crate::{CancelToken, Priority, QueueId, Reason, Submit};

/// What a job asks for: how urgent it is, and rarer things such as a name, a deadline, a run limit.
///
/// [`PoolExt::execute_with`](crate::PoolExt::execute_with) and [`spawn_with`](crate::PoolExt::spawn_with) take it, or
/// anything that turns into it: a [`Priority`], a [`Submit`]. A job with one of the rarer attributes costs one
/// allocation more; any other costs what it costs without.
///
/// ```
/// # use pool_core::{Attributes, CancelToken, Pool, PoolExt, Priority, Rejected};
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// fn refresh(pool: &Arc<dyn Pool>, stop: &CancelToken) -> Result<(), Rejected> {
///     let attributes = Attributes::new()
///         .priority(Priority::IDLE)
///         .name("refresh")
///         .start_within(Duration::from_secs(10))
///         .run_limit(Duration::from_secs(60))
///         .token(stop);
///     pool.execute_with(attributes, || println!("refreshing"))
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    submit: Submit,
    rare: RareAttributes,
}

impl Attributes {
    /// Nothing in particular.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this priority.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.submit = self.submit.priority(priority);
        self
    }

    /// In this queue of a pool that has several, as pool-fair does; other pools ignore it.
    pub fn queue(mut self, queue: QueueId) -> Self {
        self.submit = self.submit.queue(queue);
        self
    }

    /// With this priority and this patience at a full queue, in this queue if the pool has several.
    pub fn submit(mut self, submit: Submit) -> Self {
        self.submit = submit;
        self
    }

    /// The job's name, which the panic handler and the hooks get. An owned one costs an allocation more.
    ///
    /// ```
    /// # use pool_core::{Attributes, Pool, PoolExt, Rejected};
    /// # use std::sync::Arc;
    /// fn fetch(pool: &Arc<dyn Pool>, page: u32) -> Result<(), Rejected> {
    ///     pool.execute_with(Attributes::new().name(format!("page {page}")), move || println!("fetching {page}"))
    /// }
    /// ```
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.rare.name = Some(Name::from(name.into()));
        self
    }

    /// It starts before this moment or never: then its handle has
    /// [`JoinError::Unrun`](crate::JoinError::Unrun) with [`Reason::Expired`](crate::Reason::Expired), and it counts
    /// as expired.
    ///
    /// No thread watches the clock for it. That it is too late is found out by the worker that takes the job, and
    /// by a thread that waits for it, at the deadline.
    pub fn start_by(mut self, deadline: Instant) -> Self {
        self.rare.start_by = Some(deadline);
        self
    }

    /// As [`start_by`](Attributes::start_by), this long from now.
    pub fn start_within(mut self, limit: Duration) -> Self {
        // A deadline beyond the end of the clock is none.
        self.rare.start_by = Instant::now().checked_add(limit);
        self
    }

    /// At any time, whatever [`start_by`](Attributes::start_by) said.
    pub fn start_any_time(mut self) -> Self {
        self.rare.start_by = None;
        self
    }

    /// It is overdue when it has run for this long. Then its token is set (it gets one if it has none), the pool's
    /// [`on_overdue`](crate::Builder::on_overdue) hook is called, and the pool may start another worker meanwhile, in a spare
    /// slot. It is up to the job to look at its token and return. When it does and another has come, there is one
    /// worker too many, and the one that ran it leaves. (If it was an express worker of pool-priority, or the other is still on
    /// its way, the first to end a job leaves.)
    ///
    /// Holds while a pool runs the job, not when it is run by hand. Costs two readings of the clock, and the use of a
    /// timer thread that is there while jobs with a limit run, and up to a second longer. If the system refuses that thread,
    /// it is counted in [`WorkerCounts::failed_starts`](crate::stats::WorkerCounts::failed_starts), and the job runs without a limit, unless a later
    /// one brings the thread.
    pub fn run_limit(mut self, limit: Duration) -> Self {
        self.rare.run_limit = Some(limit);
        self
    }

    /// It does not start once this token is set, and can look at it while it runs, by [`current_token`](crate::current_token).
    ///
    /// Several jobs may be given one token, which then stops them all. What is the job's own is a
    /// [child](CancelToken::child) of it, made at each submission: what sets that ([`JobHandle::cancel`](crate::JobHandle::cancel),
    /// a run limit, the job itself) stops no other.
    pub fn token(mut self, token: &CancelToken) -> Self {
        self.rare.token = Some(token.clone());
        self
    }

    /// Called once with the reason if the job does not run, and never if it has started: for a server that answers all the same.
    ///
    /// A job is over for the pool, and this called, when
    ///
    /// - its time to start has passed ([`Reason::Expired`]), or it was cancelled ([`Reason::Cancelled`]): as soon as a worker or
    ///   a thread that waits for it finds that out, or at once by [`JobHandle::cancel`](crate::JobHandle::cancel);
    /// - it has made way in a full queue ([`Reason::Displaced`]) or was shed ([`Reason::Overloaded`]);
    /// - the pool ends without it ([`Reason::ShutDown`], [`Reason::NoWorkers`]).
    ///
    /// A job that comes back by value may still run. It ends, and this is called, when it is dropped: the pool has not taken it,
    /// and its [`Rejected`](crate::Rejected) is dropped, for the reason in that ([`Reason::Full`], [`Reason::Overloaded`] ...); or
    /// [`shutdown_now`](crate::Pool::shutdown_now) has given it back, and it is dropped ([`Reason::Dropped`]) or
    /// [discarded](crate::Job::discard) for another reason. Run by hand it has started.
    ///
    /// What the job has captured is dropped by then. It is counted, and its handle ends, afterwards: so a thread that finds the pool
    /// [idle](crate::Pool::wait_idle) or has the handle's error finds this done, and this must not wait for either. It runs on the
    /// thread that ends the job, often a worker, and should be quick. A panic in it goes no further.
    ///
    /// Jobs that were given the same attributes are told of one by one. Costs an allocation when it is set, and a few instructions
    /// when the job starts.
    ///
    /// ```
    /// # use pool_core::{Attributes, Pool, PoolExt, Reason};
    /// # use std::io::Write;
    /// # use std::net::TcpStream;
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// fn serve(pool: &dyn Pool, socket: TcpStream, answer: fn(&TcpStream)) {
    ///     let socket = Arc::new(socket);
    ///     let client = socket.clone();
    ///     let attributes = Attributes::new().start_within(Duration::from_millis(500)).on_unrun(move |reason| {
    ///         let status = match reason {
    ///             Reason::Expired => "504 Gateway Timeout",
    ///             _ => "503 Service Unavailable\r\nRetry-After: 1",
    ///         };
    ///         // The client may have gone.
    ///         let _ = write!(&*client, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    ///     });
    ///     // A job that the pool does not take is dropped here, and the client hears of it.
    ///     drop(pool.execute_with(attributes, move || answer(&socket)));
    /// }
    /// ```
    pub fn on_unrun(mut self, hook: impl Fn(Reason) + Send + Sync + 'static) -> Self {
        self.rare.on_unrun = Some(UnrunHook::new(hook));
        self
    }

    /// What the strategy needs to know, and the rest, if there is any.
    pub(crate) fn split(mut self) -> (Submit, Option<RareAttributes>) {
        if self.rare.is_empty() {
            return (self.submit, None);
        }
        self.rare.token = match &self.rare.token {
            Some(token) => Some(token.child()),
            None => self.rare.run_limit.map(|_| CancelToken::new()),
        };
        (self.submit, Some(self.rare))
    }
}

impl From<Submit> for Attributes {
    fn from(submit: Submit) -> Self {
        Attributes { submit, rare: RareAttributes::default() }
    }
}

impl From<Priority> for Attributes {
    fn from(priority: Priority) -> Self {
        Submit::default().priority(priority).into()
    }
}

impl From<QueueId> for Attributes {
    fn from(queue: QueueId) -> Self {
        Submit::default().queue(queue).into()
    }
}
