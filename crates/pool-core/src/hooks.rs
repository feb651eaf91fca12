//! What a pool calls on its way: at a worker's start and stop, and when a job panics.

use std::any::Any;
use std::sync::Arc;

use crate::error::drop_quietly;

/// A job that panicked, as the panic handler sees it.
#[non_exhaustive]
pub struct PanicInfo<'a> {
    /// The pool's name.
    pub pool: &'a str,
    /// The number of the worker that ran the job; `None` when it is no worker
    /// that calls the handler: the submitter ran the job, or the handle was dropped after it.
    pub worker: Option<usize>,
    /// The text of the panic, when it has one.
    pub message: Option<&'a str>,
    /// The payload. If dropping it panics, the handler has panicked.
    pub payload: Box<dyn Any + Send>,
}

type PanicFn = dyn Fn(PanicInfo<'_>) + Send + Sync;
type WorkerFn = dyn Fn(usize) + Send + Sync;

/// What hears of the panics of detached jobs. std's own panic hook has already printed the message, so by default
/// nothing more happens.
#[derive(Clone, Default)]
pub(crate) struct PanicHandler(Option<Arc<PanicFn>>);

impl PanicHandler {
    pub(crate) fn new(handler: impl Fn(PanicInfo<'_>) + Send + Sync + 'static) -> Self {
        PanicHandler(Some(Arc::new(handler)))
    }

    pub(crate) fn call(
        &self,
        pool: &str,
        worker: Option<usize>,
        message: Option<&str>,
        payload: Box<dyn Any + Send>,
    ) {
        match &self.0 {
            Some(handler) => handler(PanicInfo { pool, worker, message, payload }),
            None => drop_quietly(payload),
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

    pub(crate) fn call(&self, index: usize) {
        if let Some(hook) = &self.0 {
            hook(index);
        }
    }
}
