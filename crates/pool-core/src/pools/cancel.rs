//! Cooperative cancellation: a flag that a job is asked to look at.
//!
//! A token is a flag and a list of the flags above it, to which only their own tokens can write. When the last clone of a
//! token is gone, its flag says so, and if it is not set by then, it never will be: the lists of further tokens leave it out. So
//! a job that submits its next step with its own token, and that with its own, has a short list at every step.
//!
//! That needs no order between two places: both facts are bits of one word, and the last clone's drop comes after whatever
//! was done by means of any clone.

mod waiters;
mod waiting;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::*};

pub(crate) use self::waiters::Wakers;
use self::waiters::{Waiter, Waiters};
pub use self::waiting::Cancelled;

/// A flag that says: stop, this is not wanted any more.
///
/// No job is stopped by force. A job whose token is set before it starts does not start
/// ([`JoinError::Cancelled`](crate::JoinError::Cancelled)); a job that runs looks at its token now and then, by
/// [`current_token`] or by a clone in its closure, and returns early. One that has nothing to do may also
/// [wait](CancelToken::wait_timeout) for it, and a future may [await](CancelToken::cancelled) it.
///
/// # What a token stops
///
/// Clones share one flag, and [`cancel`](CancelToken::cancel) sets it for all that look at it: every job that was given this
/// token by [`Attributes::token`](crate::Attributes::token), and every [child](CancelToken::child) of it.
///
/// Each of these jobs has a child of its own. [`JobHandle::cancel`](crate::JobHandle::cancel), a
/// [run limit](crate::Attributes::run_limit) and [`current_token`]`.cancel()` in the job set that, and stop this job alone, with
/// what it was handed down to.
///
/// To set a token is to set a flag and no more. A job in the queue learns of it when a worker comes across it, and holds what
/// it has captured until then: 96 queued jobs that have captured 1 MiB each keep 96 MiB when their token is set
/// (measured). [`JobHandle::cancel`](crate::JobHandle::cancel) gives that back at once.
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
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Own>);

/// What the clones of a token share.
#[derive(Default)]
struct Own {
    flag: Arc<Flag>,
    above: Option<Arc<Link>>,
}

#[derive(Default)]
struct Flag {
    word: AtomicU8,
    waiters: Waiters,
}

const SET: u8 = 1;
/// No token is left that could set it.
const UNREACHABLE: u8 = 2;
/// A waiter was listed at some time.
const AWAITED: u8 = 4;

/// A flag, and those above it.
struct Link {
    flag: Arc<Flag>,
    above: Option<Arc<Link>>,
}

impl Flag {
    fn is_set(&self) -> bool {
        self.word.load(Acquire) & SET != 0
    }

    /// It is not set, and never will be.
    fn is_dead(&self) -> bool {
        self.word.load(Acquire) & (SET | UNREACHABLE) == UNREACHABLE
    }

    /// Returns who is to be woken.
    fn set(&self) -> Option<Wakers> {
        let before = self.word.fetch_or(SET, AcqRel);
        (before & AWAITED != 0).then(|| self.waiters.take())
    }

    /// Lists a waiter, who is to look afterwards whether the flag is set.
    fn list(&self, waiter: &Arc<Waiter>) {
        if !self.is_dead() {
            self.waiters.add(waiter);
            self.word.fetch_or(AWAITED, AcqRel);
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
        let Own { flag, above } = &*self.0;
        let mut above = above;
        while let Some(link) = above.as_ref().filter(|link| link.flag.is_dead()) {
            above = &link.above;
        }
        let link = Link { flag: flag.clone(), above: above.clone() };
        CancelToken(Arc::new(Own { flag: Arc::default(), above: Some(Arc::new(link)) }))
    }

    /// Sets the token, for good, and with it every child. What happens before it is visible to a thread that finds the token set.
    /// All that [wait](CancelToken::wait) for it have been woken when this returns.
    pub fn cancel(&self) {
        if let Some(wakers) = self.set() {
            wakers.wake();
        }
    }

    /// As [`cancel`](CancelToken::cancel), but leaves it to the caller to wake those who wait: their wakers are foreign code,
    /// which must not run while a lock of the pool's is held.
    pub(crate) fn set(&self) -> Option<Wakers> {
        self.0.flag.set()
    }

    /// Whether they are clones of one token.
    pub(crate) fn is(&self, other: &CancelToken) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the token, or one that it is a child of, is set. A load for each generation whose tokens are not gone.
    pub fn is_cancelled(&self) -> bool {
        self.flags().any(Flag::is_set)
    }

    /// Its own, and those above.
    fn flags(&self) -> impl Iterator<Item = &Flag> {
        let above = std::iter::successors(self.0.above.as_deref(), |link| link.above.as_deref());
        std::iter::once(&*self.0.flag).chain(above.map(|link| &*link.flag))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.flag.word.fetch_or(UNREACHABLE, Release);
    }
}

impl Drop for Link {
    /// Link by link: a long line of children, dropped each inside the next, would take as much stack.
    fn drop(&mut self) {
        let mut next = self.above.take();
        while let Some(mut link) = next.and_then(Arc::into_inner) {
            next = link.above.take();
        }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelToken").field(&self.is_cancelled()).finish()
    }
}

thread_local! {
    static TOKEN: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
}

/// The token of the job that this thread runs, which is its own: a child of the one that it was
/// [given](crate::Attributes::token), or the one that comes with a run limit. `None` outside a job, in a job without either, and while thread-local values are being dropped. Half of a join that another
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

pub(crate) fn has_token() -> bool {
    TOKEN.try_with(|token| token.borrow().is_some()).unwrap_or(false)
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

    fn links(token: &CancelToken) -> usize {
        std::iter::successors(token.0.above.as_ref(), |link| link.above.as_ref()).count()
    }

    #[test]
    fn a_long_line_of_children_ends_without_a_deep_stack() {
        let mut line = vec![CancelToken::new()];
        (0..200_000).for_each(|last| line.push(line[last].child()));
        let last = line[200_000].clone();
        assert_eq!(links(&last), 200_000, "each may still be set");
        line[0].cancel();
        assert!(last.is_cancelled() && line[100_000].is_cancelled());
        drop(line);
        assert!(last.child().is_cancelled());
        drop(last);
    }

    #[test]
    fn tokens_that_are_gone_take_no_place() {
        let first = CancelToken::new();
        let mut token = first.clone();
        for _ in 0..1000 {
            token = token.child();
            assert!(links(&token) <= 3);
        }
        assert!(!token.is_cancelled());
        first.cancel();
        assert!(token.is_cancelled());
    }

    #[test]
    fn a_token_that_is_set_and_gone_stays_set_for_those_below() {
        let middle = CancelToken::new().child();
        let below = middle.child();
        middle.cancel();
        drop(middle);
        assert!(below.is_cancelled() && below.child().child().is_cancelled());
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
