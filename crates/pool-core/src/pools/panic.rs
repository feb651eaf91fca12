//! Panics as values, and how to drop what may panic.

use std::any::Any;
use std::backtrace::Backtrace;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use crate::panic_location::{self, PanicLocation};

/// What a job panicked with.
///
/// It is `Sync`, unlike a bare payload, so that errors that carry one pass through `?` into any error type.
pub struct Panic {
    // The lock is never contended. It is here because a payload is `Send` and not `Sync`.
    payload: Mutex<Box<dyn Any + Send>>,
    trace: Option<Box<PanicLocation>>,
}

impl Panic {
    /// Wraps a payload as `std::panic::catch_unwind` returns it.
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        Panic { payload: Mutex::new(payload), trace: None }
    }

    /// Wraps what the calling thread has just caught, with its place and backtrace if its pool
    /// [takes them](crate::Builder::backtraces).
    pub fn caught(payload: Box<dyn Any + Send>) -> Self {
        Panic { trace: panic_location::take(), ..Panic::new(payload) }
    }

    /// The payload, for a thread that hands it on to be [`caught`](Panic::caught) on this thread, which finds the trace again.
    pub(crate) fn thrown_again(self) -> Box<dyn Any + Send> {
        let (payload, trace) = self.into_parts();
        panic_location::put_back(trace);
        payload
    }

    /// The payload, for `std::panic::resume_unwind` or for a closer look.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.into_parts().0
    }

    /// The message, when the panic had one (`panic!` with text does).
    pub fn message(&self) -> Option<String> {
        let payload = self.payload.lock().unwrap_or_else(PoisonError::into_inner);
        payload_message(&**payload).map(str::to_owned)
    }

    /// Where the panic began, as `file:line:column`; only with
    /// [`Builder::backtraces`](crate::Builder::backtraces), which says when.
    pub fn location(&self) -> Option<&str> {
        self.trace.as_ref()?.location.as_deref()
    }

    /// How the thread got there; as for [`location`](Panic::location).
    pub fn backtrace(&self) -> Option<&Backtrace> {
        Some(&self.trace.as_ref()?.backtrace)
    }

    pub(crate) fn into_parts(self) -> (Box<dyn Any + Send>, Option<Box<PanicLocation>>) {
        (self.payload.into_inner().unwrap_or_else(PoisonError::into_inner), self.trace)
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().as_deref().unwrap_or("(a payload without text)"))
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

/// A payload that stands for a panic whose own payload a handle has.
pub(crate) struct KnownToHandle;

/// Drops what is not wanted. Its destructor may panic, and what it panics with is dropped in the same way. After
/// eight panics in a row the next payload is leaked: destructors that panic again and again would never end.
#[doc(hidden)]
pub fn drop_quietly<T>(value: T) {
    let mut outcome = catch_unwind(AssertUnwindSafe(|| drop(value)));
    for _ in 1..MOST_PANICS {
        let Err(payload) = outcome else { return };
        outcome = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
    if let Err(payload) = outcome {
        std::mem::forget(payload);
    }
}

/// How many destructors in a row may panic before [`drop_quietly`] gives up.
const MOST_PANICS: usize = 8;

/// Goes on with a panic when what is left has been dropped: in the course of the unwinding, a destructor that panics would
/// abort.
pub(crate) fn unwind_without<T>(left: T, payload: Box<dyn Any + Send>) -> ! {
    drop_quietly(left);
    resume_unwind(payload)
}

/// The text of a panic payload, when it has one.
pub(crate) fn payload_message(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<&'static str>() {
        Some(text) => Some(text),
        None => payload.downcast_ref::<String>().map(String::as_str),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Panics when it is dropped, with another of its kind, for ever.
    struct Endless(Arc<()>);

    impl Drop for Endless {
        fn drop(&mut self) {
            resume_unwind(Box::new(Endless(self.0.clone())));
        }
    }

    #[test]
    fn a_destructor_that_panics_for_ever_leaks_one_payload() {
        let held = Arc::new(());
        drop_quietly(Endless(held.clone()));
        assert_eq!(Arc::strong_count(&held), 2, "all but the last are gone");
    }
}
