//! A job: one erased `FnOnce() + Send`, 32 bytes, and the only place where closures are erased.
//!
//! Three words of storage and a pointer to a table of functions. What fits in 24 bytes at an alignment of at most 8
//! lies in the storage itself, so submitting it allocates nothing; anything else is boxed once.
//!
//! What is erased is a [`Runnable`]: a plain closure, the ticket of a [`JobHandle`](crate::JobHandle), or the ticket of
//! a scope. Each counts itself at the [`RunContext`] of the worker that runs it, because only it knows whether there
//! was still something to run.

pub(crate) mod abort_on_unwind;
pub(crate) mod accounting;
pub(crate) mod attributed;
mod block;
pub(crate) mod boost;
pub(crate) mod boosted;
pub(crate) mod context;
pub(crate) mod in_place;
pub(crate) mod link;
pub(crate) mod pool_context;
pub(crate) mod reenter;
pub(crate) mod rejected;
pub(crate) mod room;
pub(crate) mod task;
pub(crate) mod timed;
pub(crate) mod timers;
pub(crate) mod unrun;

use std::fmt;
use std::mem::{MaybeUninit, align_of, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use crate::Reason;
use crate::job::context::{JobContext, RunContext};

/// A unit of work: an erased `FnOnce() + Send + 'static`.
///
/// A job that is dropped without being run completes its handle, if it has one, with an error; no waiter hangs.
///
/// A `Job` takes 32 bytes. A closure of at most 24 bytes and an alignment of at most 8 is stored inline; any other is
/// boxed, once.
///
/// ```
/// use pool_core::Job;
/// let job = Job::new(|| println!("hello"));
/// assert_eq!(std::mem::size_of_val(&job), 32);
/// job.run();
/// ```
pub struct Job {
    storage: Storage,
    table: &'static Table,
}

// Pointers, so that an address kept here keeps its provenance; uninitialised, so that any task may lie here.
type Storage = [MaybeUninit<*mut ()>; 3];

/// What can be erased into a job.
pub(crate) trait Runnable: Send {
    /// Not so for messages of pool-core's own, which lead a worker to work that is kept elsewhere.
    const IS_JOB: bool = true;
    /// It carries the time of its submission.
    const IS_TIMED: bool = false;

    /// It carries the time since which it waits, or [is timed](Runnable::IS_TIMED) around one that may.
    const IS_STAMPED: bool = Self::IS_TIMED;

    /// Runs the job, counting it at the run context if there was still something to run. Returns a ticket that is to be
    /// queued, if there is more to do. The error is the payload of a panic that no handle will hear of.
    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>>;

    /// Drops the job unrun, telling a thread that waits for it why. If a job of the pool's ends by it, that is counted, after
    /// what it held is dropped and before anybody hears of it. A destructor's panic comes out at the end.
    fn discard(self, reason: Reason, context: Option<&JobContext>);

    /// The pool gives the job out of its hands: from here on it must not count at any run context. Returns whether there
    /// was still a job of the pool's.
    fn release(&mut self) -> bool;

    /// It is a ticket that leads nowhere any more, and never will. Then to drop it does nothing.
    fn is_spent(&mut self) -> bool {
        false
    }
}

struct Table {
    run: unsafe fn(*mut Storage, Option<RunContext<'_>>) -> thread::Result<Option<Job>>,
    discard: unsafe fn(*mut Storage, Reason, Option<&JobContext>),
    release: unsafe fn(*mut Storage) -> bool,
    is_spent: unsafe fn(*mut Storage) -> bool,
    is_job: bool,
    is_timed: bool,
    is_stamped: bool,
}

// SAFETY: a job owns its task, and `Runnable: Send`.
unsafe impl Send for Job {}
// SAFETY: nothing that can be done with `&Job` reaches the task.
unsafe impl Sync for Job {}

impl Job {
    /// A job that runs this closure.
    pub fn new<F: FnOnce() + Send + 'static>(f: F) -> Self {
        Job::from_task(Closure(f))
    }

    pub(crate) fn from_task<T: Runnable + 'static>(task: T) -> Self {
        // SAFETY: a `'static` task may be kept for as long as anyone likes.
        unsafe { Job::from_borrowing_task(task) }
    }

    /// Erases a task together with its lifetime.
    ///
    /// # Safety
    ///
    /// Either the job is run or dropped before anything that the task borrows ends, or the task no longer reaches
    /// what it borrowed by then.
    pub(crate) unsafe fn from_borrowing_task<T: Runnable>(task: T) -> Self {
        let mut storage = [MaybeUninit::uninit(); 3];
        if fits_inline::<T>() {
            let place = storage.as_mut_ptr().cast::<T>();
            // SAFETY: `fits_inline` says that the storage is large enough and aligned for `T`.
            unsafe { place.write(task) };
        } else {
            storage[0].write(block::store(task).cast());
        }
        Job { storage, table: const { &table_of::<T>() } }
    }

    /// Runs the job here and now.
    ///
    /// The pool that gave it back has counted it already. A job of a handle completes its handle.
    ///
    /// # Panics
    ///
    /// With whatever the closure panics with, unless the panic goes to a handle.
    pub fn run(self) {
        match self.run_at(None) {
            Ok(None) => {}
            // Tickets are not handed out, so there is nothing to go on with; dropping it tells its owner.
            Ok(Some(ticket)) => drop(ticket),
            Err(payload) => resume_unwind(payload),
        }
    }

    /// Whether this is a job, and not a message of pool-core's own.
    pub(crate) fn is_job(&self) -> bool {
        self.table.is_job
    }

    /// Whether it carries the time of its submission.
    pub(crate) fn is_timed(&self) -> bool {
        self.table.is_timed
    }

    /// Whether the job is stamped, so that one which is handed back and submitted again is not wrapped again and again.
    pub(crate) fn is_stamped(&self) -> bool {
        self.table.is_stamped
    }

    /// Marks the job as given back to its submitter: it was counted for the last time, and running it, cancelling
    /// it or dropping it counts no more, unless it is submitted anew. Returns `false` when there is no job to give back, because its handle has
    /// cancelled it or run it in place, or because this is only a ticket.
    pub(crate) fn release(&mut self) -> bool {
        // SAFETY: the storage holds the task that the table was made for; `self` is not consumed yet.
        unsafe { (self.table.release)(&raw mut self.storage) }
    }

    /// Whether this is a ticket that leads nowhere any more. Then it is to be dropped.
    pub(crate) fn is_spent(&mut self) -> bool {
        // SAFETY: the storage holds the task that the table was made for; `self` is not consumed yet.
        unsafe { (self.table.is_spent)(&raw mut self.storage) }
    }

    /// Drops the job unrun. If it has a handle, [`join`](crate::JobHandle::join) returns
    /// [`JoinError::Unrun`](crate::JoinError::Unrun) with this reason.
    pub fn discard(self, reason: Reason) {
        self.discard_at(reason, None);
    }

    /// As [`discard`](Job::discard), on behalf of the pool with this context.
    pub(crate) fn discard_at(self, reason: Reason, context: Option<&JobContext>) {
        // The task is moved out of the storage, so the job's own drop must not see it again.
        let mut job = MaybeUninit::new(self);
        // SAFETY: it was initialised a line above, and `MaybeUninit` never drops it.
        let job = unsafe { job.assume_init_mut() };
        // SAFETY: the storage holds the task that the table was made for, and nobody uses it afterwards.
        unsafe { (job.table.discard)(&raw mut job.storage, reason, context) }
    }

    /// Runs the job in this slot, if there is one, where it lies; then the slot is empty.
    ///
    /// A job that is moved is copied in wider pieces than it was written in, and a processor waits for the writes to leave its
    /// store buffer first. With the copies that follow, from one layer to the next, that took a third of a
    /// worker's time for a small job.
    #[inline(always)]
    pub(crate) fn run_in_place(
        place: &mut Option<Job>,
        cx: Option<RunContext<'_>>,
    ) -> thread::Result<Option<Job>> {
        let place: *mut Option<Job> = place;
        // SAFETY: the pointer is a reference that nobody else uses meanwhile.
        let Some(job) = (unsafe { &mut *place }) else { return Ok(None) };
        let (run, storage) = (job.table.run, &raw mut job.storage);
        // Also if a panic comes out: the task is gone from the storage.
        let _emptied = Emptied(place);
        // SAFETY: the storage holds the task that the table was made for, and nobody uses it afterwards.
        unsafe { run(storage, cx) }
    }

    #[inline]
    pub(crate) fn run_at(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        Job::run_in_place(&mut Some(self), cx)
    }
}

/// A slot whose job has been run; empty when this is dropped.
struct Emptied(*mut Option<Job>);

impl Drop for Emptied {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `run_in_place` made it of a reference that it has to itself, and the job in the slot needs no drop.
        unsafe { self.0.write(None) };
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // SAFETY: the storage holds the task that the table was made for, and a dropped job is used no more.
        unsafe { (self.table.discard)(&raw mut self.storage, Reason::Dropped, None) };
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job(..)")
    }
}

const fn fits_inline<T>() -> bool {
    size_of::<T>() <= size_of::<Storage>() && align_of::<T>() <= align_of::<Storage>()
}

const fn table_of<T: Runnable>() -> Table {
    Table {
        run: run::<T>,
        discard: discard::<T>,
        release: release::<T>,
        is_spent: is_spent::<T>,
        is_job: T::IS_JOB,
        is_timed: T::IS_TIMED,
        is_stamped: T::IS_STAMPED,
    }
}

/// # Safety
///
/// `storage` holds a task written by `Job::from_borrowing_task::<T>`, which is not used afterwards.
unsafe fn run<T: Runnable>(storage: *mut Storage, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
    // SAFETY: passed on from the caller.
    let task = unsafe { take::<T>(storage) };
    task.run(cx)
}

/// # Safety
///
/// As for [`run`].
unsafe fn discard<T: Runnable>(storage: *mut Storage, reason: Reason, context: Option<&JobContext>) {
    // SAFETY: passed on from the caller.
    let task = unsafe { take::<T>(storage) };
    task.discard(reason, context);
}

/// # Safety
///
/// `storage` holds a task written by `Job::from_borrowing_task::<T>`, and is the caller's alone.
unsafe fn release<T: Runnable>(storage: *mut Storage) -> bool {
    // SAFETY: passed on from the caller; the reference ends here.
    unsafe { task_at::<T>(storage) }.release()
}

/// # Safety
///
/// As for [`release`].
unsafe fn is_spent<T: Runnable>(storage: *mut Storage) -> bool {
    // SAFETY: passed on from the caller; the reference ends here.
    unsafe { task_at::<T>(storage) }.is_spent()
}

/// # Safety
///
/// As for [`release`]; the result is used no longer than the caller has the storage to itself.
unsafe fn task_at<'a, T: Runnable>(storage: *mut Storage) -> &'a mut T {
    let place = if fits_inline::<T>() {
        storage.cast::<T>()
    } else {
        // SAFETY: a task that does not fit inline has its address in the first word.
        unsafe { storage.cast::<*mut T>().read() }
    };
    // SAFETY: the place holds an initialised `T`, which the job owns, and the caller has the job to itself.
    unsafe { &mut *place }
}

/// Moves the task out.
///
/// # Safety
///
/// As for [`run`].
unsafe fn take<T: Runnable>(storage: *mut Storage) -> T {
    if fits_inline::<T>() {
        // SAFETY: the storage holds an initialised `T` that nobody uses afterwards.
        unsafe { storage.cast::<T>().read() }
    } else {
        // SAFETY: a task that does not fit inline has its address in the first word.
        let address = unsafe { storage.cast::<*mut T>().read() };
        // SAFETY: the address came from `block::store` and is given back once.
        unsafe { block::take(address) }
    }
}

/// Runs the closure of a job, counting it at the run context if there is one.
#[inline(always)]
pub(crate) fn run_counted<T>(f: impl FnOnce() -> T, cx: Option<RunContext<'_>>) -> thread::Result<T> {
    let run = || catch_unwind(AssertUnwindSafe(f));
    match cx {
        None => run(),
        Some(cx) => cx.run(run),
    }
}

/// Drops the closure of a job without a handle, and does then what else there is to do, also if a destructor panics.
pub(crate) fn discard_closure<F>(f: F, after: impl FnOnce()) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(f)));
    after();
    dropped.unwrap_or_else(|payload| resume_unwind(payload));
}

/// Counts a job that ends unrun on behalf of a pool, if it does.
pub(crate) fn count_discarded(context: Option<&JobContext>) {
    if let Some(context) = context {
        context.count_discarded();
    }
}

/// A plain closure: fire and forget.
pub(crate) struct Closure<F>(pub(crate) F);

impl<F: FnOnce() + Send> Runnable for Closure<F> {
    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        run_counted(self.0, cx).map(|()| None)
    }

    fn discard(self, _: Reason, context: Option<&JobContext>) {
        discard_closure(self.0, || count_discarded(context));
    }

    fn release(&mut self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
