//! The table of engines, and what an engine can do.
//!
//! An engine is a thread pool (ours, a peer's, or a baseline) as a user of it would drive it. What it can do it
//! says by the traits that it implements: [`Jobs`], [`Survives`], [`Handles`], [`Joins`], [`Scopes`], all on top of [`Start`].
//! Workloads are written once over these traits, and the compiler makes each pair of engine and workload, so that
//! every engine runs on its own static path: a peer's job is boxed only where the peer itself boxes it.
//!
//! To add one: a file in `engines/` that implements the traits and has an `entry()`, and one line in [`engines`].

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;

use pool_core::Pool;

use crate::contender::Binding;
use crate::engines;
use crate::settings::Rule;
use crate::spec::{Spec, SpecError};
use crate::workload::{self, About, Workload};

/// Something that can be started with N threads, and stopped.
pub trait Start: Sized + Send + Sync + 'static {
    /// Starts it, and returns when its threads run, as far as it lets one know.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when the options do not go together or the system refuses threads.
    fn start(spec: &Spec) -> Result<Self, SpecError>;

    /// Asked before it is started for the first time, and measured by nobody: whether starting it could go wrong in a way
    /// from which there is no return.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when it should not be tried.
    fn check(_spec: &Spec) -> Result<(), SpecError> {
        Ok(())
    }

    /// Stops it, and returns when its threads have ended, as far as it lets one know.
    fn stop(self);

    /// The number of queued jobs beyond which it may lose some; `None` when it never does.
    fn loses_beyond(&self) -> Option<usize> {
        None
    }
}

/// [`Start::check`] for an engine that does not come back in order where the system refuses it a thread: whether as many
/// threads can be started, which live at the same time.
pub(crate) fn check_threads(spec: &Spec) -> Result<(), SpecError> {
    let gate = Mutex::new(());
    let started = thread::scope(|scope| {
        // Dropped, and so opened, before the scope waits for its threads, also when one cannot be started.
        let _closed = gate.lock();
        (0..spec.threads()).try_for_each(|_| {
            let wait = || drop(gate.lock());
            thread::Builder::new().spawn_scoped(scope, wait).map(drop)
        })
    });
    started.map_err(|error| spec.build_error(error))
}

/// Runs detached jobs.
pub trait Jobs: Start {
    /// Submits a job, from any thread, its own workers included.
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F);

    /// Submits a job that is to run before all others. An engine without priorities submits it like any other.
    fn execute_urgent<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.execute(job);
    }
}

/// Has as many threads as before when a job has panicked: the panic is caught, or the thread replaced.
pub trait Survives: Jobs {}

/// Runs jobs whose result one can wait for.
pub trait Handles: Start {
    /// What stands for the result to come.
    type Handle<T: Send + 'static>;

    /// Submits a job.
    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> Self::Handle<T>;

    /// Waits for the result, on a thread that is none of its workers.
    fn wait<T: Send + 'static>(&self, handle: Self::Handle<T>) -> T;
}

/// Runs two closures, perhaps at the same time, and waits for both.
pub trait Joins: Start {
    /// What a closure needs in order to join in turn. Nothing for those that find their worker through a
    /// thread-local variable.
    type Context<'c>;

    /// Takes a computation from the calling thread, which is none of the workers, to where it can join.
    fn enter<R: Send>(&self, root: impl FnOnce(&mut Self::Context<'_>) -> R + Send) -> R;

    /// Runs both closures.
    fn join<A, B, RA, RB>(context: &mut Self::Context<'_>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut Self::Context<'_>) -> RA + Send,
        B: FnOnce(&mut Self::Context<'_>) -> RB + Send,
        RA: Send,
        RB: Send;
}

/// Runs jobs that borrow from the stack of the thread that waits for them.
pub trait Scopes: Start {
    /// Opens a scope, spawns a job in it for each number below `jobs`, and returns when all have ended.
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F);
}

/// What an engine can do, as `list` shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Detached jobs.
    pub jobs: bool,
    /// Detached jobs that may panic.
    pub panics: bool,
    /// Jobs with a result.
    pub handles: bool,
    /// Fork-join.
    pub joins: bool,
    /// Jobs that borrow.
    pub scopes: bool,
    /// Urgent jobs before others.
    pub priorities: bool,
    /// Some of its options let it lose jobs.
    pub may_lose_jobs: bool,
}

impl Capabilities {
    /// Each capability with its name.
    pub fn named(self) -> [(&'static str, bool); 7] {
        [
            ("jobs", self.jobs),
            ("panics", self.panics),
            ("handles", self.handles),
            ("joins", self.joins),
            ("scopes", self.scopes),
            ("priorities", self.priorities),
            ("may lose jobs", self.may_lose_jobs),
        ]
    }
}

/// Builds an engine as a `Pool`.
pub(crate) type BuildPool = fn(&Spec) -> Result<Arc<dyn Pool>, SpecError>;

/// One row of the table of engines.
pub struct Engine {
    /// The name, as specs use it.
    pub name: &'static str,
    /// The version, exact.
    pub version: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The options that its spec takes.
    pub options: &'static [Rule],
    /// What it can do.
    pub can: Capabilities,
    /// Whether others are compared with it when it is the fastest. Not so when it does nothing in parallel: then it
    /// shows what the work itself costs.
    pub is_reference: bool,
    pub(crate) build_pool: Result<BuildPool, &'static str>,
    /// A workload's name, and what is to be known about the engine in it.
    remarks: &'static [(&'static str, &'static str)],
    pub(crate) bindings: Vec<Binding>,
}

impl Engine {
    /// A row with nothing in it yet.
    pub(crate) fn new(name: &'static str, version: &'static str, about: &'static str) -> Self {
        let can = Capabilities::default();
        let (options, bindings): (&[Rule], _) = (&[], Vec::new());
        let build_pool = Err("nobody said how");
        Engine { name, version, about, options, can, is_reference: true, build_pool, remarks: &[], bindings }
    }

    pub(crate) fn options(self, options: &'static [Rule]) -> Self {
        Engine { options, ..self }
    }

    /// It runs detached jobs; `E` is how.
    pub(crate) fn jobs<E: Jobs>(mut self) -> Self {
        self.can.jobs = true;
        self.bindings.extend(workload::for_jobs::<E>());
        self
    }

    /// It runs detached jobs, which may panic; `E` is how.
    pub(crate) fn survives<E: Survives>(mut self) -> Self {
        self.can.panics = true;
        self.bindings.extend(workload::for_survivors::<E>());
        self
    }

    /// It runs jobs with results; `E` is how.
    pub(crate) fn handles<E: Handles>(mut self) -> Self {
        self.can.handles = true;
        self.bindings.extend(workload::for_handles::<E>());
        self
    }

    /// It joins; `E` is how.
    pub(crate) fn joins<E: Joins>(mut self) -> Self {
        self.can.joins = true;
        self.bindings.extend(workload::for_joins::<E>());
        self
    }

    /// It runs detached jobs and joins, on the same threads; `E` is how.
    pub(crate) fn jobs_and_joins<E: Jobs + Joins>(mut self) -> Self {
        self.bindings.extend(workload::for_jobs_and_joins::<E>());
        self.jobs::<E>().joins::<E>()
    }

    /// It has scopes; `E` is how.
    pub(crate) fn scopes<E: Scopes>(mut self) -> Self {
        self.can.scopes = true;
        self.bindings.extend(workload::for_scopes::<E>());
        self
    }

    /// It does this workload, for which it may need nothing that the others have; `E` is how.
    pub(crate) fn does<E: Start, W: Workload<E>>(mut self) -> Self {
        self.bindings.push(Binding::new::<E, W>());
        self
    }

    /// It is no pool: it shows what a part of the work costs without one.
    pub(crate) fn no_reference(mut self) -> Self {
        self.is_reference = false;
        self
    }

    /// What is to be known about it in single workloads.
    pub(crate) fn remarks(self, remarks: &'static [(&'static str, &'static str)]) -> Self {
        Engine { remarks, ..self }
    }

    /// It serves urgent jobs first.
    pub(crate) fn priorities(mut self) -> Self {
        self.can.priorities = true;
        self
    }

    /// Some of its options let it lose jobs.
    pub(crate) fn may_lose_jobs(mut self) -> Self {
        self.can.may_lose_jobs = true;
        self
    }

    /// It can stand behind the `Pool` trait; `build` is how.
    pub(crate) fn pool(mut self, build: BuildPool) -> Self {
        self.build_pool = Ok(build);
        self
    }

    /// It cannot stand behind the `Pool` trait, for this reason.
    pub(crate) fn no_pool(mut self, why: &'static str) -> Self {
        self.build_pool = Err(why);
        self
    }

    /// It is a `Pool` by itself, not through an adapter, so joining through the trait says something about it.
    pub(crate) fn dynamic_joins(mut self) -> Self {
        self.bindings.extend(workload::for_dyn_pools());
        self
    }

    /// Whether it can do this workload.
    pub fn can_do(&self, workload: &About) -> bool {
        self.bindings.iter().any(|binding| binding.about.name == workload.name)
    }

    /// What is to be known about it in this workload: a difference from the others that the number does not show. Mostly
    /// nothing.
    pub fn remark(&self, workload: &About) -> &'static str {
        self.remarks.iter().find(|(name, _)| *name == workload.name).map_or("", |(_, remark)| remark)
    }

    /// Whether [`build`] can make a `Pool` of it.
    pub fn is_pool(&self) -> bool {
        self.build_pool.is_ok()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The table: our four, peers, baselines.
pub fn engines() -> &'static [Engine] {
    static TABLE: LazyLock<Vec<Engine>> = LazyLock::new(|| {
        vec![
            engines::mpsc::entry(),
            engines::bounded::entry(),
            engines::priority::entry(),
            engines::stealing::entry(),
            engines::stealing_worker::entry(),
            engines::rayon::entry(),
            engines::threadpool::entry(),
            engines::rusty_pool::entry(),
            engines::tokio::entry(),
            engines::tokio_blocking::entry(),
            engines::async_executor::entry(),
            engines::chili::entry(),
            engines::mpsc_naive::entry(),
            engines::channel_naive::entry(),
            engines::thread_per_job::entry(),
            engines::serial::entry(),
            engines::serial_call::entry(),
            engines::futex::entry(),
            engines::threads_bare::entry(),
            engines::greedy_model::entry(),
        ]
    });
    &TABLE
}

/// The engine of this name.
pub fn find(name: &str) -> Option<&'static Engine> {
    engines().iter().find(|engine| engine.name == name)
}

/// The names of all engines, in a list.
pub fn names() -> String {
    engines().iter().map(|engine| engine.name).collect::<Vec<_>>().join(", ")
}

/// The names of the engines that can be a `Pool`, in a list.
pub fn pool_names() -> String {
    engines()
        .iter()
        .filter(|engine| engine.is_pool())
        .map(|engine| engine.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Builds any engine that runs detached jobs as a `Pool`: the one line that an experiment of one's own needs.
///
/// The spec string says which engine, how many threads (one a core unless it says), and which options. See
/// [`crate::spec`].
///
/// # Errors
///
/// [`SpecError`], in one line that names what is known or allowed.
///
/// # Examples
///
/// ```
/// use pool_core::PoolExt;
///
/// let pool = pool_lab::build("stealing:2")?;
/// assert_eq!(pool.spawn(|| 6 * 7)?.join()?, 42);
///
/// let mistake = pool_lab::build("bounded:2:capacity=0").err().unwrap();
/// assert!(mistake.to_string().contains("capacity must be a whole number from 1 to 4194304"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build(spec: &str) -> Result<Arc<dyn Pool>, SpecError> {
    build_pool(&spec.parse()?)
}

/// The same from a spec that was read already.
///
/// # Errors
///
/// [`SpecError`] when the engine is no pool, or cannot be built.
pub fn build_pool(spec: &Spec) -> Result<Arc<dyn Pool>, SpecError> {
    let engine = spec.engine();
    let build = engine.build_pool.map_err(|why| SpecError::NotAPool { engine: engine.name, why })?;
    spec.try_build(|| build(spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_the_system_has_can_be_started_at_once() {
        check_threads(&"tokio:8".parse().unwrap()).unwrap();
    }
}
