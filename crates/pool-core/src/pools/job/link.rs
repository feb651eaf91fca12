//! The way from what jobs and handles see of a pool to its queue.

use std::sync::{OnceLock, Weak};

use crate::sync::Arc;

/// Empty under an adapter.
pub(crate) struct Link<T: ?Sized>(OnceLock<Weak<T>>);

impl<T: ?Sized> Link<T> {
    pub(crate) fn set(&self, queue: Weak<T>) {
        // A second one changes nothing.
        let _ = self.0.set(queue);
    }

    /// The link itself, which does not keep the pool.
    pub(crate) fn weak(&self) -> Option<Weak<T>> {
        self.0.get().cloned()
    }

    /// `None` also when the pool is gone.
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.get()?.upgrade()
    }
}

impl<T: ?Sized> Default for Link<T> {
    fn default() -> Self {
        Link(OnceLock::new())
    }
}
