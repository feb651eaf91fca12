//! What is called for a job that does not run: see [`Attributes::on_unrun`](crate::Attributes::on_unrun).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Reason;
use crate::panic::drop_quietly;

/// The submitter's closure, for one job. It is taken out when the job starts or ends, by the thread that has the job to itself.
///
/// So the lock is never contended. In a forked child it may be held for ever, by a thread of the parent that was at it: there
/// nothing is called, as nothing is dropped.
pub(crate) struct UnrunHook(Mutex<Option<Hook>>);

type Hook = Arc<dyn Fn(Reason) + Send + Sync>;

impl UnrunHook {
    pub(crate) fn new(hook: impl Fn(Reason) + Send + Sync + 'static) -> Self {
        UnrunHook(Mutex::new(Some(Arc::new(hook))))
    }

    /// The job has ended unrun, and what it held is dropped.
    pub(crate) fn tell(&self, reason: Reason) {
        let Some(hook) = self.take() else { return };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| hook(reason))) {
            drop_quietly(payload);
        }
        drop_quietly(hook);
    }

    /// The job starts, or its submitter has it back.
    pub(crate) fn disarm(&self) {
        drop_quietly(self.take());
    }

    fn take(&self) -> Option<Hook> {
        self.0.try_lock().ok()?.take()
    }
}

/// For another job.
impl Clone for UnrunHook {
    fn clone(&self) -> Self {
        UnrunHook(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

impl fmt::Debug for UnrunHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnrunHook(..)")
    }
}
