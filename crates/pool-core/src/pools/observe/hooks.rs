//! What a pool calls on its way: at a worker's start and stop, around each job, and when a job panics.

use std::any::Any;
use std::backtrace::Backtrace;
use std::sync::Arc;

/// A job that panicked, as the panic handler sees it.
#[non_exhaustive]
pub struct PanicInfo<'a> {
    /// The pool's name.
    pub pool: &'a str,
    /// The number of the worker that ran the job; `None` when it is no worker
    /// that calls the handler: the submitter ran the job, or the handle was dropped after it.
    pub worker: Option<usize>,
    /// The job's name, when it has one.
    pub name: Option<&'a str>,
    /// The text of the panic, when it has one.
    pub message: Option<&'a str>,
    /// Where the panic began, as `file:line:column`; only with [`Builder::backtraces`](crate::Builder::backtraces),
    /// which says when.
    pub location: Option<&'a str>,
    /// How the thread got there; as for `location`.
    pub backtrace: Option<&'a Backtrace>,
    /// The payload. If dropping it panics, the handler has panicked.
    pub payload: Box<dyn Any + Send>,
}

/// A job that starts or has ended, as the hooks around jobs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobInfo<'a> {
    /// The pool's name.
    pub pool: &'a str,
    /// The number of the worker that runs the job; `None` when no worker does: its submitter, or a thread that waits for its
    /// scope.
    pub worker: Option<usize>,
    /// The job's name, when it has one.
    pub name: Option<&'a str>,
}

/// How a job that ran has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobOutcome {
    /// It ran to its end.
    Completed,
    /// It panicked.
    Panicked,
}

pub(crate) type BeforeFn = dyn Fn(JobInfo<'_>) + Send + Sync;
pub(crate) type AfterFn = dyn Fn(JobInfo<'_>, JobOutcome) + Send + Sync;
type PanicFn = dyn Fn(PanicInfo<'_>) + Send + Sync;
type WorkerFn = dyn Fn(usize) + Send + Sync;

/// What hears of the panics of detached jobs. std's own panic hook has already printed the message, so by default
/// the payload is dropped and nothing more happens.
#[derive(Clone, Default)]
pub(crate) struct PanicHandler(Option<Arc<PanicFn>>);

impl PanicHandler {
    pub(crate) fn new(handler: impl Fn(PanicInfo<'_>) + Send + Sync + 'static) -> Self {
        PanicHandler(Some(Arc::new(handler)))
    }

    pub(crate) fn call(&self, info: PanicInfo<'_>) {
        match &self.0 {
            Some(handler) => handler(info),
            None => drop(info),
        }
    }
}

/// A hook that gets the number of a worker.
#[derive(Clone, Default)]
pub(crate) struct WorkerHook(Option<Arc<WorkerFn>>);

impl WorkerHook {
    pub(crate) fn new(hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        WorkerHook(Some(Arc::new(hook)))
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn call(&self, index: usize) {
        if let Some(hook) = &self.0 {
            hook(index);
        }
    }
}
