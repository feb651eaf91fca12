//! The pool under test: how to build it, and what it claims.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pool_core::strategy::Strategy;
use pool_core::{
    BuildError, JobInfo, JobOutcome, Observer, OverdueInfo, PanicInfo, Pool, Scaling, ThreadPool, Timing,
};

use crate::Case;
use crate::cases::discipline::Rules;
use crate::cases::{self, static_path};

/// A contract that some pools keep and others cannot.
///
/// What is not listed here every pool keeps: jobs run once, handles and scopes deliver, closures of every shape
/// are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// A pool of N runs N jobs at once.
    Parallel,
    /// A pool of N never runs more.
    Limit,
    /// Jobs start in the order in which they were submitted.
    Fifo,
    /// A full queue makes the submitter wait or run the job; no job is refused or displaced while the pool runs.
    TakesAll,
    /// The panic of a job without a handle is caught and counted, and the worker goes on.
    Panics,
    /// Jobs are conserved in `counts`.
    Counts,
    /// `wait_idle` returns when nothing is queued or running.
    WaitIdle,
    /// Submit-and-wait may be nested 1,000 deep, also with one worker.
    NestedWaits,
    /// A job may wait for the jobs of a scope and for the halves of a join, also with one worker.
    NestedForks,
    /// A worker that waits for a scope runs the jobs of the scopes that its jobs have opened.
    NestedScopes,
    /// `current` and thread names tell the worker.
    Identity,
    /// `shutdown` runs what is queued, waits for the workers, and refuses later jobs with the job.
    Shutdown,
    /// `shutdown` has waited for the workers' thread-local destructors.
    ThreadLocals,
    /// A shutdown from inside a job, and the drop of a pool inside its own job, are begun and do not wait.
    InnerShutdown,
    /// `shutdown_now` gives back the jobs that have not started.
    ShutdownNow,
    /// The hooks of [`Setup`] are called, and its name and stack size are heeded.
    Hooks,
    /// A worker that dies is replaced.
    Replacement,
    /// It can be resized, scales if told to, and has others stand in for blocked workers.
    Workforce,
    /// When it scales from 0, it has no workers at rest.
    Empty,
    /// It can be paused, takes work for given workers, and may be shut down with a limit.
    Lifecycle,
    /// Work that it has taken once [comes back](pool_core::reentry) past a full queue, behind what waits.
    Reentry,
}

impl Claim {
    /// All of them, in the order of their declaration.
    pub const ALL: [Claim; 21] = [
        Claim::Parallel,
        Claim::Limit,
        Claim::Fifo,
        Claim::TakesAll,
        Claim::Panics,
        Claim::Counts,
        Claim::WaitIdle,
        Claim::NestedWaits,
        Claim::NestedForks,
        Claim::NestedScopes,
        Claim::Identity,
        Claim::Shutdown,
        Claim::ThreadLocals,
        Claim::InnerShutdown,
        Claim::ShutdownNow,
        Claim::Hooks,
        Claim::Replacement,
        Claim::Workforce,
        Claim::Empty,
        Claim::Lifecycle,
        Claim::Reentry,
    ];
}

type WorkerHook = Arc<dyn Fn(usize) + Send + Sync>;
type PanicHook = Arc<dyn Fn(PanicInfo<'_>) + Send + Sync>;
type OverdueHook = Arc<dyn Fn(OverdueInfo<'_>) + Send + Sync>;
type BeforeHook = Arc<dyn Fn(JobInfo<'_>) + Send + Sync>;
type AfterHook = Arc<dyn Fn(JobInfo<'_>, JobOutcome) + Send + Sync>;

/// How a case wants its pool. A pool that does not claim [`Claim::Hooks`] heeds `threads` alone.
#[derive(Clone)]
#[non_exhaustive]
pub struct Setup {
    /// How many workers.
    pub threads: usize,
    /// How many workers there may be later.
    pub max_threads: Option<usize>,
    /// How many may stand in for blocked ones.
    pub spare_threads: usize,
    /// Whether it grows and shrinks by itself.
    pub scaling: Option<Scaling>,
    /// The pool's name.
    pub name: Option<String>,
    /// The stack of each worker, in bytes.
    pub stack_size: Option<usize>,
    /// Called at a worker's start.
    pub on_start: Option<WorkerHook>,
    /// Called at a worker's end.
    pub on_stop: Option<WorkerHook>,
    /// Called when a job without a handle has panicked.
    pub on_panic: Option<PanicHook>,
    /// Called when a job has overrun its limit.
    pub on_overdue: Option<OverdueHook>,
    /// Jobs that would have to wait for longer are turned away.
    pub admit_within: Option<Duration>,
    /// Called before each job.
    pub before_job: Option<BeforeHook>,
    /// Called after each job.
    pub after_job: Option<AfterHook>,
    /// Which jobs are timed.
    pub timing: Timing,
    /// Whether panics come with their place.
    pub backtraces: bool,
    /// What hears of what the threads do.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Setup {
    pub(crate) fn threads(threads: usize) -> Self {
        Setup {
            threads,
            max_threads: None,
            spare_threads: 0,
            scaling: None,
            name: None,
            stack_size: None,
            on_start: None,
            on_stop: None,
            on_panic: None,
            on_overdue: None,
            admit_within: None,
            before_job: None,
            after_job: None,
            timing: Timing::Off,
            backtraces: false,
            observer: None,
        }
    }

    pub(crate) fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    pub(crate) fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    pub(crate) fn on_start(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_start = Some(Arc::new(hook));
        self
    }

    pub(crate) fn on_stop(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_stop = Some(Arc::new(hook));
        self
    }

    pub(crate) fn on_panic(mut self, hook: impl Fn(PanicInfo<'_>) + Send + Sync + 'static) -> Self {
        self.on_panic = Some(Arc::new(hook));
        self
    }

    pub(crate) fn on_overdue(mut self, hook: impl Fn(OverdueInfo<'_>) + Send + Sync + 'static) -> Self {
        self.on_overdue = Some(Arc::new(hook));
        self
    }

    pub(crate) fn admit_within(mut self, wait: Duration) -> Self {
        self.admit_within = Some(wait);
        self
    }

    pub(crate) fn before_job(mut self, hook: impl Fn(JobInfo<'_>) + Send + Sync + 'static) -> Self {
        self.before_job = Some(Arc::new(hook));
        self
    }

    pub(crate) fn after_job(
        mut self,
        hook: impl Fn(JobInfo<'_>, JobOutcome) + Send + Sync + 'static,
    ) -> Self {
        self.after_job = Some(Arc::new(hook));
        self
    }

    pub(crate) fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    pub(crate) fn backtraces(mut self) -> Self {
        self.backtraces = true;
        self
    }

    pub(crate) fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }
}

type Build = dyn Fn(Setup) -> Result<Arc<dyn Pool>, BuildError> + Send + Sync;

/// A pool under test.
#[derive(Clone)]
pub struct Subject {
    name: String,
    build: Arc<Build>,
    claims: Vec<Claim>,
    room: usize,
    own: Vec<Case>,
    /// What its strategy owes, if it has one.
    rules: Option<Arc<Rules>>,
}

impl Subject {
    /// A [`ThreadPool`] around the strategy that `make` makes. It claims everything but [`Claim::Fifo`], and
    /// an unbounded queue.
    pub fn strategy<S: Strategy>(name: &str, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        let make = Arc::new(make);
        let rules = Rules::of(make.clone());
        let own = [rules.cases(), static_path::cases(make.clone())].concat();
        let claims = Claim::ALL.into_iter().filter(|claim| *claim != Claim::Fifo).collect();
        let build: Arc<Build> = Arc::new(move |setup| Ok(Arc::new(thread_pool(make(), setup)?)));
        Subject { name: name.to_owned(), build, claims, room: usize::MAX, own, rules: Some(rules) }
    }

    /// Any pool: `build` gets the number of workers. It claims nothing yet, and an unbounded queue.
    pub fn pool(name: &str, build: impl Fn(usize) -> Arc<dyn Pool> + Send + Sync + 'static) -> Self {
        let build: Arc<Build> = Arc::new(move |setup: Setup| Ok(build(setup.threads)));
        Subject {
            name: name.to_owned(),
            build,
            claims: Vec::new(),
            room: usize::MAX,
            own: Vec::new(),
            rules: None,
        }
    }

    /// It also claims these.
    pub fn claiming(mut self, claims: &[Claim]) -> Self {
        self.claims.extend_from_slice(claims);
        self
    }

    /// It does not claim these.
    pub fn without(mut self, claims: &[Claim]) -> Self {
        self.claims.retain(|claim| !claims.contains(claim));
        self
    }

    /// Its queue holds this many jobs. Cases that queue more are not run.
    pub fn queue_of(mut self, jobs: usize) -> Self {
        self.room = jobs;
        self
    }

    /// Its name in reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it claims this.
    pub fn claims(&self, claim: Claim) -> bool {
        self.claims.contains(&claim)
    }

    /// Every case, whether claimed or not.
    pub fn cases(&self) -> Vec<Case> {
        [self.own.clone(), cases::cases()].concat()
    }

    /// The first rule that its strategy breaks is the error.
    pub(crate) fn check_rules(&self) -> Result<(), String> {
        self.rules.as_ref().map_or(Ok(()), |rules| rules.check(self.room))
    }

    pub(crate) fn room(&self) -> usize {
        self.room
    }

    pub(crate) fn pool_of(&self, threads: usize) -> Arc<dyn Pool> {
        self.build(Setup::threads(threads))
    }

    pub(crate) fn build(&self, setup: Setup) -> Arc<dyn Pool> {
        self.try_build(setup).expect("the pool can be built")
    }

    pub(crate) fn try_build(&self, setup: Setup) -> Result<Arc<dyn Pool>, BuildError> {
        (self.build)(setup)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

fn thread_pool<S: Strategy>(strategy: S, setup: Setup) -> Result<ThreadPool<S>, BuildError> {
    let Setup { threads, name, stack_size, on_start, on_stop, on_panic, .. } = setup;
    let mut builder = ThreadPool::with(strategy)
        .threads(threads)
        .spare_threads(setup.spare_threads)
        .timing(setup.timing)
        .backtraces(setup.backtraces);
    if let Some(most) = setup.max_threads {
        builder = builder.max_threads(most);
    }
    if let Some(scaling) = setup.scaling {
        builder = builder.scaling(scaling);
    }
    if let Some(name) = name {
        builder = builder.name(name);
    }
    if let Some(bytes) = stack_size {
        builder = builder.stack_size(bytes);
    }
    if let Some(hook) = on_start {
        builder = builder.on_start(move |index| hook(index));
    }
    if let Some(hook) = on_stop {
        builder = builder.on_stop(move |index| hook(index));
    }
    if let Some(hook) = on_panic {
        builder = builder.on_panic(move |info| hook(info));
    }
    if let Some(wait) = setup.admit_within {
        builder = builder.admit_within(wait);
    }
    if let Some(hook) = setup.on_overdue {
        builder = builder.on_overdue(move |info| hook(info));
    }
    if let Some(hook) = setup.before_job {
        builder = builder.before_job(move |job| hook(job));
    }
    if let Some(hook) = setup.after_job {
        builder = builder.after_job(move |job, outcome| hook(job, outcome));
    }
    if let Some(observer) = setup.observer {
        builder = builder.observer(observer);
    }
    builder.build()
}
