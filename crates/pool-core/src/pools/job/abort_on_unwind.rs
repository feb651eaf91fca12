//! Where a panic must not unwind: another thread still holds a pointer into this stack.

use std::process::abort;

/// Ends the process when it is dropped, and so when a panic passes by; [`disarm`](AbortOnUnwind::disarm) it where the danger
/// is over.
///
/// Nothing between the two is expected to panic: closures that run there are caught. What is left is std
/// itself, as when a thread waits whose thread-local values are gone.
pub(crate) struct AbortOnUnwind {
    what: &'static str,
}

impl AbortOnUnwind {
    pub(crate) fn arm(what: &'static str) -> Self {
        AbortOnUnwind { what }
    }

    pub(crate) fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("pool-core: {} cannot end before those who use its stack; giving up", self.what);
        abort();
    }
}
