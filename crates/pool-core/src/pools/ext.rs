//! Everything generic that a pool can do, built once on the object-safe trait.

use std::time::Duration;

use crate::broadcast::broadcast;
use crate::error::BroadcastError;
use crate::handle::returnable::Returnable;
use crate::job::attributed::Attributed;
use crate::join::install;
use crate::loops::{for_each, for_each_chunk_mut, for_each_mut, map, map_reduce};
use crate::scope::{MapOrdered, Scope, SharedScope, map_ordered, scope, shared_scope};
use crate::spawn_async::SpawnAsync;
use crate::spawn_error::SpawnError;
use crate::timer::{Timer, execute_after, execute_every};
use crate::worker_local::WorkerLocal;
use crate::{Attributes, Job, JobHandle, JobOrder, Pool, Reason, Rejected, Submit};

/// What every [`Pool`] can do, also behind `Arc<dyn Pool>`.
///
/// ```
/// # use pool_core::{Pool, PoolExt};
/// # use std::sync::Arc;
/// fn total(pool: &Arc<dyn Pool>, numbers: &[u64]) -> u64 {
///     let (left, right) = numbers.split_at(numbers.len() / 2);
///     let (a, b) = pool.join(|| left.iter().sum::<u64>(), || right.iter().sum::<u64>());
///     a + b
/// }
/// ```
pub trait PoolExt: Pool {
    /// Submits a closure and forgets it.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job, when the pool is shut down or its overflow policy says so.
    fn execute<F>(&self, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        self.submit(Job::new(f), Submit::default())
    }

    /// As [`execute`](PoolExt::execute), with [`Attributes`]: a priority, a name, a deadline, a limit.
    ///
    /// # Errors
    ///
    /// As for `execute`.
    fn execute_with<F>(&self, attributes: impl Into<Attributes>, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        match attributes.into().split() {
            (submit, None) => self.submit(Job::new(f), submit),
            (submit, Some(rare)) => self.submit(Job::from_task(Attributed { f, rare }), submit),
        }
    }

    /// As [`execute`](PoolExt::execute), but never waits and never displaces: a full queue refuses the job, whatever
    /// the pool's overflow policy.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job and the reason.
    fn try_execute<F>(&self, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        self.submit(Job::new(f), Submit::default().no_wait())
    }

    /// As [`execute`](PoolExt::execute), but waits for room at most this long, whatever the pool's overflow
    /// policy.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job and the reason.
    fn execute_timeout<F>(&self, wait: Duration, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        self.submit(Job::new(f), Submit::default().wait_at_most(wait))
    }

    /// Submits a closure and returns a handle to its result. Allocates once; twice for a closure of more than 256 bytes.
    ///
    /// # Errors
    ///
    /// As for [`execute`](PoolExt::execute).
    fn spawn<F, T>(&self, f: F) -> Result<JobHandle<T>, Rejected>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = JobHandle::new(self.context(), f, Submit::default(), None);
        self.submit(job, Submit::default())?;
        Ok(handle)
    }

    /// As [`spawn`](PoolExt::spawn), with [`Attributes`]: a priority, a name, a deadline, a limit.
    ///
    /// ```
    /// # use pool_core::{Attributes, JoinError, Pool, PoolExt, Reason, Rejected};
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # fn demo(pool: &Arc<dyn Pool>) -> Result<(), Rejected> {
    /// let quote = pool.spawn_with(Attributes::new().start_within(Duration::from_millis(20)), || 42)?;
    /// match quote.join() {
    ///     Ok(quote) => println!("{quote}"),
    ///     Err(JoinError::Unrun(Reason::Expired)) => println!("too busy for quotes"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`execute`](PoolExt::execute).
    fn spawn_with<F, T>(&self, attributes: impl Into<Attributes>, f: F) -> Result<JobHandle<T>, Rejected>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (submit, rare) = attributes.into().split();
        let (job, handle) = JobHandle::new(self.context(), f, submit, rare);
        self.submit(job, submit)?;
        Ok(handle)
    }

    /// As [`spawn`](PoolExt::spawn), but never waits and never displaces, whatever the pool's overflow policy; and what is not taken
    /// comes back as the closure that it was.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// # use std::sync::Arc;
    /// /// Here and now if the pool has no room, whatever the reason.
    /// fn on_some_thread<T: Send + 'static>(pool: &Arc<dyn Pool>, f: impl FnOnce() -> T + Send + 'static) -> T {
    ///     match pool.try_spawn(f) {
    ///         Ok(handle) => handle.join().unwrap_or_else(|error| error.resume()),
    ///         Err(error) => error.into_closure()(),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SpawnError`] with the closure: [`Reason::Full`](crate::Reason::Full) when the queue has no room, or as for
    /// [`execute`](PoolExt::execute).
    fn try_spawn<F, T>(&self, f: F) -> Result<JobHandle<T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.try_spawn_with(Attributes::new(), f)
    }

    /// As [`try_spawn`](PoolExt::try_spawn), with [`Attributes`]: a priority, a queue, a deadline. How long its submitter would wait
    /// is of no account. [`Attributes::on_unrun`] is not called for a closure that comes back.
    ///
    /// # Errors
    ///
    /// As for `try_spawn`.
    fn try_spawn_with<F, T>(
        &self,
        attributes: impl Into<Attributes>,
        f: F,
    ) -> Result<JobHandle<T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (submit, rare) = attributes.into().split();
        let submit = submit.no_wait();
        let (job, returnable) = Returnable::new(self.context(), f, submit, rare);
        returnable.settle(self.submit(job, submit))
    }

    /// As [`spawn`](PoolExt::spawn), from a task: waits for room without blocking the thread, whatever the pool's overflow policy, and
    /// then gives the handle, which is a future as well.
    ///
    /// Nothing is submitted before the first poll. For how long it waits is up to the caller: a future that is dropped cancels the
    /// job. Those that wait are tried in the order in which they came, queue by queue, but threads and tasks that come later may be
    /// faster. Meanwhile the job counts as queued, as that of a thread that waits, and so [`wait_idle`](Pool::wait_idle) waits for
    /// it. When the pool is closed, all who wait hear of it at once.
    ///
    /// Not for a job that blocks on it in the pool itself: that job's worker is one that would make room.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// # use std::sync::Arc;
    /// /// In an executor of any kind. A full queue keeps this task waiting, and no other.
    /// async fn checksum(pool: &Arc<dyn Pool>, data: Vec<u8>) -> Result<u64, Box<dyn std::error::Error>> {
    ///     let handle = pool.spawn_async(move || data.iter().map(|byte| u64::from(*byte)).sum()).await?;
    ///     Ok(handle.await?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SpawnError`] with the closure when the pool is or was shut down, or turns the job away because it would wait too
    /// [long](crate::Builder::admit_within). An adapter of another crate's pool never says that there is room; so there a full
    /// queue is an error at once, [`Reason::Full`](crate::Reason::Full).
    fn spawn_async<F, T>(&self, f: F) -> SpawnAsync<'_, Self, F, T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_async_with(Attributes::new(), f)
    }

    /// As [`spawn_async`](PoolExt::spawn_async), with [`Attributes`]: a priority, a queue, a deadline. How long its submitter would
    /// wait is of no account. [`Attributes::on_unrun`] is called with [`Reason::Cancelled`](crate::Reason::Cancelled) if the future is
    /// dropped while it waits, and not for a closure that comes back.
    ///
    /// # Errors
    ///
    /// As for `spawn_async`.
    fn spawn_async_with<F, T>(&self, attributes: impl Into<Attributes>, f: F) -> SpawnAsync<'_, Self, F, T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        SpawnAsync::new(self, attributes.into(), f)
    }

    /// Submits a closure for one given worker and forgets it.
    ///
    /// It lies in that worker's mailbox (32 bytes, given back when the mailbox has been emptied, but for 1,024 jobs), past the
    /// queue and its limit, and runs when the worker has finished what it does,
    /// before anything that is queued. It is a job like any other: counted, waited for by a shutdown, given back by
    /// [`shutdown_now`](Pool::shutdown_now). A worker that the pool has too many of stays until its mailbox is empty; one
    /// that dies leaves it to its successor.
    ///
    /// Workers are numbered from 0 to [`threads`](Pool::threads). After a [resize](Pool::resize) it takes a while until that
    /// is so again, so for work that belongs together there is [`execute_keyed`](PoolExt::execute_keyed).
    ///
    /// ```
    /// # use std::cell::RefCell;
    /// # use std::sync::Arc;
    /// use pool_core::{Pool, PoolExt, Rejected};
    /// thread_local!(static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });
    ///
    /// fn flush(pool: &Arc<dyn Pool>, worker: usize) -> Result<(), Rejected> {
    ///     pool.execute_on(worker, || LOG.take().into_iter().for_each(|line| println!("{line}")))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job: [`Reason::NoSuchWorker`](crate::Reason::NoSuchWorker) when no worker has this number
    /// now, [`Reason::Unsupported`](crate::Reason::Unsupported) by an adapter of another crate's pool, or as for
    /// [`execute`](PoolExt::execute).
    fn execute_on<F>(&self, worker: usize, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        self.submit_to(worker, Job::new(f))
    }

    /// Submits a closure for the worker that the jobs of this key go to, and forgets it.
    ///
    /// Jobs of one key run on one worker, one after the other, in the order in which they were submitted, for as long as the
    /// number of workers does not change. Different keys share workers. While a [resize](Pool::resize) is under way and after
    /// it a key may have another worker, and while the pool has no worker at all ([`Scaling`](crate::Scaling) from 0) the job
    /// is queued for any. It is never rejected for want of a worker of some number. Otherwise it is as
    /// [`execute_on`](PoolExt::execute_on), mailbox included. Costs a lock.
    ///
    /// The key is taken modulo the number of workers, so keys that are multiples of something should be hashed first.
    ///
    /// ```
    /// # use std::cell::RefCell;
    /// # use std::collections::HashMap;
    /// # use std::sync::Arc;
    /// use pool_core::{Pool, PoolExt, Rejected};
    /// // One connection to each address, used by one worker alone.
    /// thread_local!(static CONNECTIONS: RefCell<HashMap<u32, Vec<String>>> = RefCell::default());
    ///
    /// fn send(pool: &Arc<dyn Pool>, address: u32, line: String) -> Result<(), Rejected> {
    ///     pool.execute_keyed(address.into(), move || {
    ///         CONNECTIONS.with_borrow_mut(|all| all.entry(address).or_default().push(line));
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job: [`Reason::Unsupported`](crate::Reason::Unsupported) by an adapter of another crate's pool, or
    /// as for [`execute`](PoolExt::execute).
    fn execute_keyed<F>(&self, key: u64, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        self.submit_keyed(key, Job::new(f))
    }

    /// As [`execute_on`](PoolExt::execute_on), and returns a handle to the result.
    ///
    /// A thread that joins the handle waits for that worker; another worker does not run the job in place of itself. **So two
    /// jobs that wait for each other's worker wait for ever**, and so does one that waits for a worker whose job waits for it.
    ///
    /// # Errors
    ///
    /// As for `execute_on`.
    fn spawn_on<F, T>(&self, worker: usize, f: F) -> Result<JobHandle<T>, Rejected>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = JobHandle::new(self.context(), f, Submit::default(), None);
        self.submit_to(worker, job)?;
        Ok(handle.bound_to(worker))
    }

    /// Runs the closure once on every worker that there is now or that is starting, as after a [resize](Pool::resize), with the worker's
    /// number, waits, and returns the results in the order of the numbers. It may borrow.
    ///
    /// Each worker runs its part between two jobs, before anything that is queued; so this waits for the jobs that run, and for
    /// the end of a [pause](Pool::pause). The parts are no jobs: they are not counted, and no hook is called for them. A worker that
    /// comes or leaves meanwhile may be left out; one that dies leaves its part to its successor. Costs an allocation, a lock and a
    /// wake-up for each worker.
    ///
    /// In a job, the calling worker runs its own part. While it waits for the others it also runs the parts of other
    /// broadcasts, so that jobs may broadcast at once; hold no lock here that those may want. It never ends if another worker
    /// waits, in some other way, for the job that calls this.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// # use pool_core::error::BroadcastError;
    /// # use std::sync::Arc;
    /// # use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// fn empty_caches(pool: &Arc<dyn Pool>) -> Result<usize, BroadcastError> {
    ///     let freed = AtomicUsize::new(0);
    ///     pool.broadcast(|worker| {
    ///         println!("worker {worker} empties its cache");
    ///         freed.fetch_add(100, Relaxed);
    ///     })?;
    ///     Ok(freed.into_inner())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`BroadcastError`] when a worker does not run its part: because the pool is or was shut down, lost its last worker, is an
    /// adapter, or is one of the process that this one was forked from. Parts that had begun have ended by then, and the others never begin.
    ///
    /// # Panics
    ///
    /// With the payload of the first part (in the order of the numbers) that panicked, after all have ended.
    fn broadcast<F, R>(&self, f: F) -> Result<Vec<R>, BroadcastError>
    where
        F: Fn(usize) -> R + Sync,
        R: Send,
    {
        broadcast(self, f)
    }

    /// Submits the closure once for every worker that there is now or that is starting, with the worker's number, and returns the
    /// handles in the order of the numbers. Each is a job as of [`spawn_on`](PoolExt::spawn_on).
    ///
    /// **A job that joins these handles waits for the other workers and runs nothing meanwhile.** Two jobs that do so on two
    /// workers wait for ever; [`broadcast`](PoolExt::broadcast) is for that.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt, Rejected};
    /// # use std::sync::Arc;
    /// fn warm_up(pool: &Arc<dyn Pool>) -> Result<usize, Rejected> {
    ///     let parts = pool.spawn_broadcast(|worker| println!("worker {worker} reads its tables"))?;
    ///     // Something else in the meantime, and then:
    ///     Ok(parts.into_iter().filter_map(|part| part.join().ok()).count())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for `execute_on`, except that a worker which leaves meanwhile is left out. What was submitted before runs
    /// nevertheless.
    fn spawn_broadcast<F, T>(&self, f: F) -> Result<Vec<JobHandle<T>>, Rejected>
    where
        F: Fn(usize) -> T + Clone + Send + 'static,
        T: Send + 'static,
    {
        let mut handles = Vec::new();
        for worker in self.present_workers() {
            let f = f.clone();
            match self.spawn_on(worker, move || f(worker)) {
                Ok(handle) => handles.push(handle),
                Err(rejected) if rejected.reason() == Reason::NoSuchWorker(worker) => {}
                Err(rejected) => return Err(rejected),
            }
        }
        Ok(handles)
    }

    /// Runs `body` here, lets it start jobs that borrow from what outlives the scope, and waits for them all.
    ///
    /// A job of a scope passes the pool's overflow policy by: it lies in the scope's own queue. In pool-stealing a worker runs the
    /// newest first of those that it has started, and takes the oldest of others, unless the pool is built to run the oldest first;
    /// in other pools the oldest runs first. [`scope_fifo`](PoolExt::scope_fifo) and [`shared_scope`](PoolExt::shared_scope) choose.
    ///
    /// # Panics
    ///
    /// With the body's payload if it panics, else with that of the first job without a handle that did; in any case
    /// after every job has run. All other payloads are dropped; what their destructors panic with is dropped as well, so that of
    /// a payload that panics for ever, each time with another, one is leaked.
    fn scope<'env, F, R>(&self, body: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        scope(self, None, body)
    }

    /// As [`scope`](PoolExt::scope), with the oldest job first, also in a pool whose jobs run depth first: for jobs that are to start about
    /// in the order in which they were started, or of which none may wait for long.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// fn answer(pool: &dyn Pool, requests: &[String]) {
    ///     pool.scope_fifo(|scope| {
    ///         requests.iter().for_each(|request| scope.execute(move || println!("answer to {request}")));
    ///     });
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// As for `scope`.
    fn scope_fifo<'env, F, R>(&self, body: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        scope(self, Some(JobOrder::OldestFirst), body)
    }

    /// As [`scope`](PoolExt::scope), for jobs that start more jobs in the scope, in the order that is given.
    ///
    /// ```
    /// # use pool_core::{JobOrder, Pool, PoolExt, SharedScope};
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// fn count<'env>(depth: u32, leaves: &'env AtomicUsize, scope: &SharedScope<'env>) {
    ///     if depth == 0 {
    ///         leaves.fetch_add(1, Relaxed);
    ///         return;
    ///     }
    ///     (0..4).for_each(|_| scope.execute(move |scope| count(depth - 1, leaves, scope)));
    /// }
    /// # fn demo(pool: &dyn Pool) {
    /// let leaves = AtomicUsize::new(0);
    /// pool.shared_scope(JobOrder::NewestFirst, |scope| count(5, &leaves, scope));
    /// assert_eq!(leaves.into_inner(), 1024);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As for `scope`.
    fn shared_scope<'env, F, R>(&self, order: JobOrder, body: F) -> R
    where
        F: FnOnce(&SharedScope<'env>) -> R,
    {
        shared_scope(self, order, body)
    }

    /// Runs both closures, possibly at once, and returns both results.
    ///
    /// A caller that is no worker of the pool has the join run on one, and blocks.
    ///
    /// # Panics
    ///
    /// Both closures run exactly once, whatever panics; a panic is rethrown after both have finished, the first
    /// closure's first.
    fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let (mut a, mut b) = (Some(a), Some(b));
        let (mut left, mut right) = (None, None);
        self.join_erased(&mut || left = a.take().map(|a| a()), &mut || right = b.take().map(|b| b()));
        (left.expect(BOTH_RAN), right.expect(BOTH_RAN))
    }

    /// Runs the closure on a worker of the pool, waits, and returns its result; in place if the caller is one.
    ///
    /// Fork-join code that starts here pays the way into the pool once.
    ///
    /// # Panics
    ///
    /// With what the closure panics with.
    fn install<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R + Send,
        R: Send,
    {
        install(self, f)
    }

    /// Applies `f` to each item, in parallel, and returns the results in the items' order. A result may borrow from its item.
    ///
    /// The slice is cut into a few pieces for each worker, so items may be small; one handle a piece. Results are written where they
    /// stay. More than loops over slices (filters, sorting, other collections) is in the crate pool-orx, which has
    /// orx-parallel's parallel iterators run on any pool.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// # use std::sync::Arc;
    /// fn first_words<'a>(pool: &Arc<dyn Pool>, lines: &'a [String]) -> Vec<&'a str> {
    ///     pool.map(lines, |line| line.split(' ').next().unwrap_or(""))
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// With the payload of the first piece (in the slice's order) whose `f` panicked, after all have finished.
    fn map<'items, T, R, F>(&self, items: &'items [T], f: F) -> Vec<R>
    where
        T: Sync,
        R: Send,
        F: Fn(&'items T) -> R + Sync,
    {
        map(self, items, f)
    }

    /// Calls `f` with each item, in parallel. Cut into pieces as by [`map`](PoolExt::map).
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// fn words(pool: &dyn Pool, lines: &[String]) -> usize {
    ///     let words = AtomicUsize::new(0);
    ///     pool.for_each(lines, |line| {
    ///         words.fetch_add(line.split_whitespace().count(), Relaxed);
    ///     });
    ///     words.into_inner()
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// As for `map`.
    fn for_each<'items, T, F>(&self, items: &'items [T], f: F)
    where
        T: Sync,
        F: Fn(&'items T) + Sync,
    {
        for_each(self, items, f);
    }

    /// Calls `f` with each item, in parallel, to change it.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// fn brighten(pool: &dyn Pool, pixels: &mut [u8]) {
    ///     pool.for_each_mut(pixels, |pixel| *pixel = pixel.saturating_add(16));
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// As for [`map`](PoolExt::map).
    fn for_each_mut<'items, T, F>(&self, items: &'items mut [T], f: F)
    where
        T: Send,
        F: Fn(&'items mut T) + Sync,
    {
        for_each_mut(self, items, f);
    }

    /// Cuts the slice into chunks of this size, the last of which may be shorter, and calls `f` with the number of each and its
    /// items, in parallel.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// /// An image, row by row.
    /// fn draw(pool: &dyn Pool, width: usize, pixels: &mut [u8]) {
    ///     pool.for_each_chunk_mut(pixels, width, |y, row| {
    ///         row.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = (x ^ y) as u8);
    ///     });
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// If the size is 0, and as for [`map`](PoolExt::map).
    fn for_each_chunk_mut<'items, T, F>(&self, items: &'items mut [T], size: usize, f: F)
    where
        T: Send,
        F: Fn(usize, &'items mut [T]) + Sync,
    {
        for_each_chunk_mut(self, items, size, f);
    }

    /// Applies `f` to each item, in parallel, and combines all results into one, neighbours in the items' order; `None` if there are
    /// no items. `combine` should be associative, since what is combined first depends on the number of workers.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// fn longest<'a>(pool: &dyn Pool, lines: &'a [String]) -> Option<&'a str> {
    ///     let longer = |a: &'a str, b: &'a str| if b.len() > a.len() { b } else { a };
    ///     pool.map_reduce(lines, String::as_str, longer)
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// As for [`map`](PoolExt::map), and with what `combine` panics with.
    fn map_reduce<'items, T, R, F, C>(&self, items: &'items [T], f: F, combine: C) -> Option<R>
    where
        T: Sync,
        R: Send,
        F: Fn(&'items T) -> R + Sync,
        C: Fn(R, R) -> R + Sync,
    {
        map_reduce(self, items, f, combine)
    }

    /// Applies `f` to what an iterator yields, in parallel, and yields the results in the same order.
    ///
    /// At most `most` results are under way at once (or one, if that is 0): jobs in the queue, jobs that run, and results that wait
    /// for one before them. An item is asked for only when a result is, and when there is room for one more; so a slow consumer
    /// holds the iterator back, and an endless one may be mapped. Twice as many as workers keep them busy where jobs are about as
    /// long as each other.
    ///
    /// The items and the closure may not borrow here; in a scope they may: [`Scope::map_ordered`](crate::Scope::map_ordered).
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// use std::io::{self, BufRead, Write};
    /// /// Line by line, in parallel, in order, with little in memory.
    /// fn filter(pool: &dyn Pool, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    ///     for line in pool.map_ordered(input.lines(), 64, |line| line.map(|line| line.to_uppercase())) {
    ///         writeln!(output, "{}", line?)?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// The jobs pass the pool's limit and overflow policy by. A worker of the pool that asks for a result runs that job itself if none
    /// has, so maps nest. If the pool takes nothing more, the thread that asks runs them.
    ///
    /// # Panics
    ///
    /// [`next`](Iterator::next) panics with what `f` has panicked with for the item whose turn it is; the next call goes on with the item
    /// after it. What `f` panics with after the iterator was dropped goes to the panic handler.
    fn map_ordered<I, F, R>(&self, items: I, most: usize, f: F) -> MapOrdered<'_, I::IntoIter, R>
    where
        I: IntoIterator<Item: Send + 'static>,
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        R: Send + 'static,
    {
        map_ordered(self, items, most, f)
    }

    /// A value for each worker, made by `make` when the worker first asks for it, and read together at the end.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt};
    /// use std::collections::HashMap;
    /// /// Counts words, without a lock that workers contend for.
    /// fn count(pool: &dyn Pool, lines: &[String]) -> HashMap<String, usize> {
    ///     let counts = pool.worker_local(HashMap::<String, usize>::new);
    ///     pool.for_each(lines, |line| {
    ///         counts.with(|counts| {
    ///             line.split_whitespace().for_each(|word| *counts.entry(word.to_owned()).or_default() += 1);
    ///         });
    ///     });
    ///     let mut total = HashMap::new();
    ///     for (word, count) in counts.into_iter().flatten() {
    ///         *total.entry(word).or_default() += count;
    ///     }
    ///     total
    /// }
    /// ```
    fn worker_local<T, F>(&self, make: F) -> WorkerLocal<T, F>
    where
        F: Fn() -> T,
    {
        WorkerLocal::new(self.id(), self.metrics().workers(), make)
    }

    /// Submits a closure when so much time has passed, and forgets it. The [`Timer`] can cancel it before.
    ///
    /// The pool has one thread that waits for all of its timed jobs, while it has some and up to a second longer. It submits a job
    /// that is due, as [`execute`](PoolExt::execute) does: the job counts from then on, takes its turn in the queue, and is
    /// dropped if the pool rejects it. Where a full queue makes submitters wait, later timed jobs of this pool wait as well. The
    /// pool is not kept from being [idle](Pool::wait_idle) by jobs that are not due.
    ///
    /// No form of [`shutdown`](Pool::shutdown) waits for jobs that are not due. They count as submitted and discarded, and
    /// [`shutdown_now`](Pool::shutdown_now) gives them back behind the jobs of the queue.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt, Rejected};
    /// # use std::time::Duration;
    /// fn answer_or_apologise(pool: &dyn Pool, answer: impl FnOnce()) -> Result<(), Rejected> {
    ///     let apology = pool.execute_after(Duration::from_secs(2), || println!("sorry, this takes a while"))?;
    ///     answer();
    ///     apology.cancel();
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job: [`Reason::NoTimer`](crate::Reason::NoTimer) when the thread cannot be started,
    /// [`Reason::Unsupported`](crate::Reason::Unsupported) by an adapter of another crate's pool, or as for `execute` when the
    /// pool is shut down.
    fn execute_after<F>(&self, delay: Duration, f: F) -> Result<Timer, Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        execute_after(self.context(), delay, f)
    }

    /// Submits a closure again and again, first after one period, until its [`Timer`] is cancelled or the pool is shut down.
    ///
    /// Each call is a job as of [`execute_after`](PoolExt::execute_after). No two calls are queued or run at once: the next is due at
    /// the first multiple of the period that comes after the end of the one before. One that panics is a job that has panicked, and
    /// the next comes all the same, as it does after one that the pool has rejected or given up.
    ///
    /// ```
    /// # use pool_core::{Pool, PoolExt, Rejected};
    /// # use pool_core::Timer;
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// fn report(pool: &Arc<dyn Pool>) -> Result<Timer, Rejected> {
    ///     // Not the pool itself, which a job of its own would keep from being dropped.
    ///     let watched = Arc::downgrade(pool);
    ///     pool.execute_every(Duration::from_secs(10), move || {
    ///         watched.upgrade().iter().for_each(|pool| println!("{} jobs wait", pool.counts().queued));
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for `execute_after`.
    ///
    /// # Panics
    ///
    /// If the period is zero.
    fn execute_every<F>(&self, period: Duration, f: F) -> Result<Timer, Rejected>
    where
        F: FnMut() + Send + 'static,
    {
        execute_every(self.context(), period, f)
    }
}

const BOTH_RAN: &str = "a join runs both of its closures";

impl<P: Pool + ?Sized> PoolExt for P {}
