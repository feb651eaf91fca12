//! An iterator through a parallel map.
//!
//! The jobs lie in a scope's queue, the oldest first: past the limit and the policy of the pool's own, so that none is lost, and where
//! the thread that waits for the first result finds that job and runs it, if no worker has. For a pool the scope is one that nobody
//! waits for, as its jobs borrow nothing.

use std::collections::VecDeque;
use std::fmt;
use std::iter::{Fuse, FusedIterator};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::in_scope::TicketInScope;
use super::state::ScopeState;
use super::{Scope, ScopedHandle};
use crate::job::task::{Task, TaskRef};
use crate::panic::drop_quietly;
use crate::sync::Arc;
use crate::{Job, JobOrder, Pool, Submit};

/// The results of a parallel map, in the order of the items. From [`PoolExt::map_ordered`](crate::PoolExt::map_ordered), or from
/// [`Scope::map_ordered`], where it may borrow.
///
/// Dropped early, it drops the jobs that have not started; those that run go on, and it does not wait for them.
#[must_use = "it starts nothing before it is asked for a result"]
pub struct MapOrdered<'a, I: Iterator, R> {
    items: Fuse<I>,
    most: usize,
    start: Box<Start<'a, I::Item, R>>,
    /// The jobs whose results are still to be taken, the oldest first.
    started: VecDeque<ScopedHandle<'a, R>>,
}

/// Starts a job for an item.
type Start<'a, T, R> = dyn FnMut(T) -> ScopedHandle<'a, R> + Send + 'a;

/// See [`PoolExt::map_ordered`](crate::PoolExt::map_ordered).
pub(crate) fn map_ordered<P, I, F, R>(pool: &P, items: I, most: usize, f: F) -> MapOrdered<'_, I::IntoIter, R>
where
    P: Pool + ?Sized,
    I: IntoIterator<Item: Send + 'static>,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
{
    let state = ScopeState::detached(pool.context(), JobOrder::OldestFirst);
    let f = Arc::new(f);
    let start = move |item| {
        let f = f.clone();
        let (ours, theirs) = TaskRef::pair(Task::counted(move || f(item), None));
        if let Some(ticket) = state.push(|| Job::from_task(TicketInScope(theirs))) {
            // A refused ticket is dropped, and its drop says so to the scope.
            drop(pool.submit(ticket, Submit::ticket()));
        }
        ScopedHandle { task: ours.erased(), state: state.clone() }
    };
    MapOrdered::new(items, most, start)
}

impl<'scope> Scope<'scope, '_> {
    /// As [`PoolExt::map_ordered`](crate::PoolExt::map_ordered), with items and a closure that may borrow. The scope waits for the jobs
    /// that still run when the iterator is dropped.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// fn shout(pool: &dyn Pool, lines: &[String], suffix: &str) {
    ///     pool.scope(|scope| {
    ///         let loud = scope.map_ordered(lines, 16, |line| line.to_uppercase() + suffix);
    ///         loud.for_each(|line| println!("{line}"));
    ///     });
    /// }
    /// ```
    pub fn map_ordered<I, F, R>(
        &'scope self,
        items: I,
        most: usize,
        f: F,
    ) -> MapOrdered<'scope, I::IntoIter, R>
    where
        I: IntoIterator<Item: Send + 'scope>,
        F: Fn(I::Item) -> R + Send + Sync + 'scope,
        R: Send + 'scope,
    {
        let f = Arc::new(f);
        let start = move |item| {
            let f = f.clone();
            self.spawn(move || f(item))
        };
        MapOrdered::new(items, most, start)
    }
}

impl<'a, I: Iterator, R> MapOrdered<'a, I, R> {
    fn new(
        items: impl IntoIterator<IntoIter = I, Item = I::Item>,
        most: usize,
        start: impl FnMut(I::Item) -> ScopedHandle<'a, R> + Send + 'a,
    ) -> Self {
        let (items, started) = (items.into_iter().fuse(), VecDeque::new());
        MapOrdered { items, most: most.max(1), start: Box::new(start), started }
    }
}

impl<I: Iterator, R> Iterator for MapOrdered<'_, I, R> {
    type Item = R;

    /// Starts jobs until the most are under way, and waits for the first of them. A worker of the pool runs that one itself, if it has
    /// not started.
    fn next(&mut self) -> Option<R> {
        while self.started.len() < self.most
            && let Some(item) = self.items.next()
        {
            self.started.push_back((self.start)(item));
        }
        let first = self.started.pop_front()?;
        Some(first.join().unwrap_or_else(|error| error.resume()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.items.size_hint();
        let started = self.started.len();
        (least.saturating_add(started), most.and_then(|most| most.checked_add(started)))
    }
}

impl<I: Iterator, R> FusedIterator for MapOrdered<'_, I, R> {}

impl<I: ExactSizeIterator, R> ExactSizeIterator for MapOrdered<'_, I, R> {}

impl<I: Iterator, R> Drop for MapOrdered<'_, I, R> {
    fn drop(&mut self) {
        // From the last on, or workers would start some meanwhile.
        for job in self.started.iter().rev() {
            // What an item's destructor panics with must not keep the others from being cancelled.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| job.cancel())) {
                drop_quietly(payload);
            }
        }
    }
}

impl<I: Iterator, R> fmt::Debug for MapOrdered<'_, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapOrdered")
            .field("most", &self.most)
            .field("started", &self.started.len())
            .finish_non_exhaustive()
    }
}
