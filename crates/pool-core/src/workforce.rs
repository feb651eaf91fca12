//! What the books know of a pool's workforce: that a worker is stuck, and that it is so no more.

use std::sync::{OnceLock, Weak};

/// Who keeps up the number of workers that get on with their work.
pub(crate) trait Workforce: Send + Sync {
    /// A worker is stuck in its job.
    fn blocked(&self) {}

    /// One that was is so no more. Called once for each [`blocked`](Workforce::blocked), after it.
    fn unblocked(&self) {}
}

/// The place of the workforce in the books. Empty, nobody stands in for a worker that is stuck.
#[derive(Default)]
pub(crate) struct WorkforceSlot(OnceLock<Weak<dyn Workforce>>);

impl WorkforceSlot {
    /// Fills the place, once for all.
    #[expect(dead_code, reason = "no pool has spare seats yet")]
    pub(crate) fn set(&self, workforce: Weak<dyn Workforce>) {
        // A second one changes nothing.
        let _ = self.0.set(workforce);
    }

    pub(crate) fn get(&self) -> Weak<dyn Workforce> {
        struct Nobody;
        impl Workforce for Nobody {}
        self.0.get().cloned().unwrap_or_else(|| Weak::<Nobody>::new())
    }
}
