use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::ready::{Key, Ready};
use crate::block_on::{block_on, waker};
use crate::current::current;
use crate::help::wait_helping;
use crate::helping::Awaited;
use crate::os::process_fork::forks;
use crate::panic::drop_quietly;
use crate::{Attributes, JobHandle, JoinError, Pool, PoolExt, Rejected};

/// Jobs whose results are taken as they come, in whatever order they end.
///
/// The jobs may be of different pools, behind `Arc<dyn Pool>` or not. A wait costs the same however many jobs there are.
///
/// Dropping the set cancels its jobs, as [`cancel_all`](JoinSet::cancel_all) does, and waits for none;
/// [`detach_all`](JoinSet::detach_all) lets them run.
///
/// ```
/// # use pool_core::{JoinSet, Pool, Rejected};
/// # use std::sync::Arc;
/// fn total(pool: &Arc<dyn Pool>, parts: Vec<Vec<u64>>) -> Result<u64, Rejected> {
///     let mut set = JoinSet::new();
///     for part in parts {
///         set.spawn(pool, move || part.iter().sum::<u64>())?;
///     }
///     let mut total = 0;
///     while let Some(sum) = set.join_next() {
///         total += sum.unwrap_or_else(|error| error.resume());
///     }
///     Ok(total)
/// }
/// ```
///
/// # Waiting inside a job
///
/// As with [`JobHandle::join`], a worker that has to wait runs jobs of the set in place, if they are of its own pool and no thread
/// has started them. So [`join_next`](JoinSet::join_next) never deadlocks within one pool. In a pool whose workers
/// [help](crate::Helping), it runs other work, too, when there is none of these. The waits with a limit and
/// [`poll_join_next`](JoinSet::poll_join_next) run nothing. None of them makes a job [more urgent](JobHandle::boost).
pub struct JoinSet<T> {
    members: BTreeMap<Key, JobHandle<T>>,
    /// Those that are to start by some moment.
    deadlines: BTreeSet<(Instant, Key)>,
    ready: Arc<Ready>,
    pushed: u64,
    /// In which process of a line of forks this is.
    forks: usize,
}

impl<T> JoinSet<T> {
    /// Without jobs.
    pub fn new() -> Self {
        JoinSet {
            members: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            ready: Arc::default(),
            pushed: 0,
            forks: forks(),
        }
    }

    /// Submits a job, as [`PoolExt::spawn`] does, and adds it.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job, which is not in the set then.
    pub fn spawn<P, F>(&mut self, pool: &P, f: F) -> Result<(), Rejected>
    where
        P: Pool + ?Sized,
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        pool.spawn(f).map(|handle| self.push(handle))
    }

    /// As [`spawn`](JoinSet::spawn), with [`Attributes`]: see [`PoolExt::spawn_with`].
    ///
    /// # Errors
    ///
    /// As for `spawn`.
    pub fn spawn_with<P, F>(
        &mut self,
        pool: &P,
        attributes: impl Into<Attributes>,
        f: F,
    ) -> Result<(), Rejected>
    where
        P: Pool + ?Sized,
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        pool.spawn_with(attributes, f).map(|handle| self.push(handle))
    }

    /// Adds the job of this handle, which may have ended.
    ///
    /// # Panics
    ///
    /// If the handle was polled until it gave its result.
    pub fn push(&mut self, handle: JobHandle<T>) {
        self.see_to_fork();
        let key = Key { pool: handle.pool(), worker: handle.worker(), number: self.pushed };
        self.pushed += 1;
        self.deadlines.extend(handle.start_by().map(|start_by| (start_by, key)));
        self.announce(key, &handle);
        self.members.insert(key, handle);
    }

    /// How many jobs there are whose results were not taken.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Waits for the next job that ends, and takes its result; `None` if the set is empty.
    ///
    /// # Errors
    ///
    /// The inner error is that of [`JobHandle::join`].
    pub fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.join_next_numbered().map(|(_, result)| result)
    }

    /// As [`join_next`](JoinSet::join_next), but does not wait: `None` if no job has ended whose result was not taken.
    ///
    /// # Errors
    ///
    /// As for `join_next`.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_next().map(|(_, result)| result)
    }

    /// As [`join_next`](JoinSet::join_next), but waits at most this long and never runs a job: `None` if the set is empty or the
    /// time was over first.
    ///
    /// # Errors
    ///
    /// As for `join_next`.
    pub fn join_next_timeout(&mut self, limit: Duration) -> Option<Result<T, JoinError>> {
        // A limit beyond the end of the clock is no limit.
        self.wait(Instant::now().checked_add(limit)).map(|(_, result)| result)
    }

    /// As [`join_next`](JoinSet::join_next), for an executor: if no job has ended, the waker is called when the next does. Of
    /// several wakers, only the last is.
    ///
    /// ```
    /// # use pool_core::{JoinSet, Pool, Rejected};
    /// # use std::sync::Arc;
    /// use std::future::poll_fn;
    /// async fn longest(pool: &Arc<dyn Pool>, lines: Vec<String>) -> Result<usize, Rejected> {
    ///     let mut set = JoinSet::new();
    ///     for line in lines {
    ///         set.spawn(pool, move || line.trim().len())?;
    ///     }
    ///     let mut longest = 0;
    ///     while let Some(length) = poll_fn(|context| set.poll_join_next(context)).await {
    ///         longest = longest.max(length.unwrap_or(0));
    ///     }
    ///     Ok(longest)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for `join_next`.
    pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_next(context).map(|next| next.map(|(_, result)| result))
    }

    /// [Cancels](JobHandle::cancel) every job: those that have not started never will, those that run are told, if they have a
    /// token. Returns how many of the former there were. The results are still to be taken.
    ///
    /// # Panics
    ///
    /// If a destructor of what a job has captured panics: with the first payload, when all jobs are cancelled.
    pub fn cancel_all(&mut self) -> usize {
        self.see_to_fork();
        let (mut cancelled, mut first_panic) = (0, None);
        for handle in self.members.values() {
            match catch_unwind(AssertUnwindSafe(|| handle.cancel())) {
                Ok(is_cancelled) => cancelled += usize::from(is_cancelled),
                Err(payload) if first_panic.is_some() => drop_quietly(payload),
                Err(payload) => first_panic = Some(payload),
            }
        }
        if let Some(payload) = first_panic {
            resume_unwind(payload);
        }
        cancelled
    }

    /// Empties the set and lets its jobs run, as dropping their handles does.
    pub fn detach_all(&mut self) {
        drop(self.take_members());
    }

    /// The result of the next job that ends, and how many were pushed before that.
    pub(super) fn join_next_numbered(&mut self) -> Option<(u64, Result<T, JoinError>)> {
        loop {
            let next = self.try_next();
            if next.is_some() {
                return next;
            }
            if !self.run_one_here() {
                return self.wait(None);
            }
        }
    }

    /// The handles that are left, in the order in which they were pushed.
    pub(super) fn into_handles(mut self) -> Vec<JobHandle<T>> {
        let mut members: Vec<_> = self.take_members().into_iter().collect();
        members.sort_unstable_by_key(|(key, _)| key.number);
        members.into_iter().map(|(_, handle)| handle).collect()
    }

    fn take_members(&mut self) -> BTreeMap<Key, JobHandle<T>> {
        self.see_to_fork();
        self.deadlines.clear();
        let members = mem::take(&mut self.members);
        members.values().for_each(JobHandle::clear_waker);
        members
    }

    fn try_next(&mut self) -> Option<(u64, Result<T, JoinError>)> {
        self.see_to_fork();
        self.give_up_late();
        while let Some(key) = self.ready.pop() {
            let next = self.take(key);
            if next.is_some() {
                return next;
            }
        }
        None
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<(u64, Result<T, JoinError>)>> {
        self.see_to_fork();
        self.give_up_late();
        while !self.members.is_empty() {
            let Some(key) = self.ready.pop_or_wait(context.waker()) else { return Poll::Pending };
            let next = self.take(key);
            if next.is_some() {
                return Poll::Ready(next);
            }
        }
        Poll::Ready(None)
    }

    /// Blocks until a job has ended, or the deadline has passed, and gives up those that have not started in time.
    fn wait(&mut self, deadline: Option<Instant>) -> Option<(u64, Result<T, JoinError>)> {
        loop {
            let start_by = self.deadlines.first().map(|&(start_by, _)| start_by);
            let until = start_by.into_iter().chain(deadline).min();
            if deadline.is_none()
                && !self.is_empty()
                && wait_helping(&AnyEnd { ready: &self.ready, waker: waker(), until })
            {
                match self.try_next() {
                    None => continue,
                    next => return next,
                }
            }
            if let Some(next) = block_on(until, |context| self.poll_next(context)) {
                return next;
            }
            if until == deadline {
                self.ready.clear_waker();
                return self.try_next();
            }
        }
    }

    /// The result of a job that has ended; `None` if it was taken.
    fn take(&mut self, key: Key) -> Option<(u64, Result<T, JoinError>)> {
        let handle = self.members.remove(&key)?;
        if let Some(start_by) = handle.start_by() {
            self.deadlines.remove(&(start_by, key));
        }
        Some((key.number, handle.join()))
    }

    /// Runs a job in place that has not started, if the caller is a worker that may. Returns whether it tried.
    fn run_one_here(&self) -> bool {
        let Some(here) = current() else { return false };
        [None, Some(here.index)].into_iter().any(|worker| {
            let [first, last] = [0, u64::MAX].map(|number| Key { pool: here.pool, worker, number });
            self.members.range(first..=last).any(|(_, handle)| handle.run_here())
        })
    }

    fn give_up_late(&mut self) {
        while let Some(&(start_by, key)) = self.deadlines.first()
            && start_by <= Instant::now()
        {
            self.deadlines.pop_first();
            if let Some(handle) = self.members.get(&key) {
                handle.expire();
            }
        }
    }

    /// Has the job put into the queue when it has ended.
    fn announce(&self, key: Key, handle: &JobHandle<T>) {
        // In a forked child it is as good as ended, and nobody would.
        if handle.is_forked() || handle.wake_when_done(self.ready.waker(key)) {
            self.ready.push(key);
        }
    }

    /// In a forked child, some thread of the parent's may have held the lock of the queue.
    fn see_to_fork(&mut self) {
        if self.forks == forks() {
            return;
        }
        self.forks = forks();
        self.ready = Arc::default();
        for (key, handle) in &self.members {
            handle.clear_waker();
            self.announce(*key, handle);
        }
    }
}

/// The end of any job of a set, or the moment by which one of them is to start.
struct AnyEnd<'a> {
    ready: &'a Ready,
    waker: Waker,
    until: Option<Instant>,
}

impl Awaited for AnyEnd<'_> {
    fn is_over(&self) -> bool {
        self.ready.has_ended() || self.until.is_some_and(|until| until <= Instant::now())
    }

    fn announce(&self) {
        self.ready.wait(&self.waker);
    }

    fn until(&self) -> Option<Instant> {
        self.until
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.take_members().values().for_each(JobHandle::cancel_quietly);
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<JobHandle<T>> for JoinSet<T> {
    fn extend<I: IntoIterator<Item = JobHandle<T>>>(&mut self, handles: I) {
        handles.into_iter().for_each(|handle| self.push(handle));
    }
}

impl<T> FromIterator<JobHandle<T>> for JoinSet<T> {
    fn from_iter<I: IntoIterator<Item = JobHandle<T>>>(handles: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(handles);
        set
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}
