//! Cooperative cancellation: a flag that a job is asked to look at.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};

/// A flag that says: stop, nobody wants this any more. Clones share it.
///
/// Nobody is stopped by force. A job whose token is set before it starts does not start
/// ([`JoinError::Cancelled`](crate::JoinError::Cancelled)); a job that runs looks at its token now and then, by
/// [`current_token`] or by a clone in its closure, and returns early. Give it to a job with
/// [`Attributes::token`](crate::Attributes::token).
///
/// The token is also set when the job overruns its [run limit](crate::Attributes::run_limit), and by
/// [`JobHandle::cancel`](crate::JobHandle::cancel). Where several jobs are to be stopped together and each
/// also alone, give each a [child](CancelToken::child) of one token.
///
/// ```
/// use pool_core::CancelToken;
/// let group = CancelToken::new();
/// let (one, other) = (group.child(), group.child());
/// one.cancel();
/// assert!(one.is_cancelled() && !other.is_cancelled() && !group.is_cancelled());
/// group.cancel();
/// assert!(other.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    set: AtomicBool,
    parent: Option<CancelToken>,
}

impl Drop for Flag {
    /// Link by link: a long line of children, dropped each inside the next, would take as much stack.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut flag) = next.and_then(|parent| Arc::into_inner(parent.0)) {
            next = flag.parent.take();
        }
    }
}

impl CancelToken {
    /// A token that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token that is set when this one is, and can be set alone.
    pub fn child(&self) -> Self {
        CancelToken(Arc::new(Flag { set: AtomicBool::new(false), parent: Some(self.clone()) }))
    }

    /// Sets the token, for good. What happens before it is visible to whoever finds the token set.
    pub fn cancel(&self) {
        self.0.set.store(true, Release);
    }

    /// Whether the token, or one that it is a child of, is set. A load for each generation.
    pub fn is_cancelled(&self) -> bool {
        let mut token = self;
        loop {
            if token.0.set.load(Acquire) {
                return true;
            }
            match &token.0.parent {
                Some(parent) => token = parent,
                None => return false,
            }
        }
    }
}

thread_local! {
    static TOKEN: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
}

/// The token of the job that this thread runs: the one that it was given, or the one that comes with a run limit.
/// `None` outside a job, in a job without either, and while thread-local values are being dropped. Half of a join that another
/// worker has taken is no job, and has none: capture a clone there.
///
/// ```
/// use pool_core::current_token;
/// /// Stops early when the job that it is called in is cancelled.
/// fn sum(numbers: &[u64]) -> Option<u64> {
///     let token = current_token();
///     let mut total = 0;
///     for chunk in numbers.chunks(1024) {
///         if token.as_ref().is_some_and(|token| token.is_cancelled()) {
///             return None;
///         }
///         total += chunk.iter().sum::<u64>();
///     }
///     Some(total)
/// }
/// assert_eq!(sum(&[20, 22]), Some(42));
/// ```
pub fn current_token() -> Option<CancelToken> {
    TOKEN.try_with(|token| token.borrow().clone()).ok().flatten()
}

/// Makes this the token of the job that this thread runs until the guard is dropped.
pub(crate) fn enter_token(token: Option<CancelToken>) -> WithToken {
    WithToken { before: replace(token) }
}

pub(crate) struct WithToken {
    before: Option<CancelToken>,
}

impl Drop for WithToken {
    fn drop(&mut self) {
        replace(self.before.take());
    }
}

fn replace(token: Option<CancelToken>) -> Option<CancelToken> {
    // Where thread-local values are being dropped, there is no job to ask for its token.
    TOKEN.try_with(|current| current.replace(token)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_of_children_ends_without_a_deep_stack() {
        let first = CancelToken::new();
        let last = (0..200_000).fold(first.clone(), |token, _| token.child());
        first.cancel();
        assert!(last.is_cancelled());
        drop(last);
        assert_eq!(Arc::strong_count(&first.0), 1);
    }

    #[test]
    fn the_token_before_comes_back() {
        let (outer, inner) = (CancelToken::new(), CancelToken::new());
        let outside = enter_token(Some(outer.clone()));
        let nested = enter_token(Some(inner.clone()));
        current_token().unwrap().cancel();
        assert!(inner.is_cancelled() && !outer.is_cancelled());
        drop(nested);
        let plain = enter_token(None);
        assert!(current_token().is_none());
        drop(plain);
        current_token().unwrap().cancel();
        assert!(outer.is_cancelled());
        drop(outside);
        assert!(current_token().is_none());
    }
}
