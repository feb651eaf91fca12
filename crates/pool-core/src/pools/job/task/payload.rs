//! The place of a claimable job's closure, and later of its result. All unsafe code of the task is here.

use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;

use crate::JoinError;

/// Holds the closure, or the result, or nothing; [`TaskState`](crate::sync::task_state::TaskState) says which, and whose it is.
pub(super) struct Payload<F, T>(UnsafeCell<Content<F, T>>);

union Content<F, T> {
    closure: ManuallyDrop<F>,
    result: ManuallyDrop<Result<T, JoinError>>,
}

// SAFETY: the content is moved in and out by one thread at a time, whom the state names, and never shared; the state's
// changes order these accesses. So it is enough that both may be sent.
unsafe impl<F: Send, T: Send> Sync for Payload<F, T> {}

impl<F, T> Payload<F, T> {
    pub(super) fn new(closure: F) -> Self {
        Payload(UnsafeCell::new(Content { closure: ManuallyDrop::new(closure) }))
    }

    /// Moves the closure out.
    ///
    /// # Safety
    ///
    /// The caller has claimed the closure, and calls this once; or the slot is the caller's alone and no thread has.
    pub(super) unsafe fn take_closure(&self) -> F {
        // SAFETY: the caller has claimed, so nobody else looks at the content.
        let content = unsafe { &mut *self.0.get() };
        // SAFETY: until somebody claims, the content is a closure.
        let closure = unsafe { &mut content.closure };
        // SAFETY: it is taken once.
        unsafe { ManuallyDrop::take(closure) }
    }

    /// Leaves the result.
    ///
    /// # Safety
    ///
    /// The caller has claimed and taken the closure, and the state does not say yet that the job is done.
    pub(super) unsafe fn put_result(&self, result: Result<T, JoinError>) {
        // SAFETY: the content is the claimer's until the job is done.
        let content = unsafe { &mut *self.0.get() };
        content.result = ManuallyDrop::new(result);
    }

    /// Moves the result out.
    ///
    /// # Safety
    ///
    /// The result was left, is the caller's by the state's word, and is taken once.
    pub(super) unsafe fn take_result(&self) -> Result<T, JoinError> {
        // SAFETY: the result is the caller's, so nobody else looks at the content.
        let content = unsafe { &mut *self.0.get() };
        // SAFETY: it was left.
        let result = unsafe { &mut content.result };
        // SAFETY: it is taken once.
        unsafe { ManuallyDrop::take(result) }
    }
}
