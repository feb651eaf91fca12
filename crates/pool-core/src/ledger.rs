//! The books of a pool: who it is, what it has counted, and who waits for it to be at rest.
//!
//! The counters themselves are in `book`, the waiting in `rest`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::book::{Book, Desk, RareBook, WorkerBook};
use crate::counts::{Counts, Stats};
use crate::current::{self, PoolId, current, outside_stripe};
use crate::error::{drop_quietly, payload_message};
use crate::gate::{OUTSIDE_STRIPES, Passages};
use crate::hooks::PanicHandler;
use crate::rest::Rest;
use crate::sync::Arc;
use crate::{Job, Reason, Rejected};

/// The books of a pool.
///
/// [`ThreadPool`](crate::ThreadPool) keeps its own. It is public for adapters that make somebody else's pool a
/// [`Pool`](crate::Pool): [`Ledger::for_adapter`] says how.
pub struct Ledger {
    id: PoolId,
    name: String,
    passages: Arc<Passages>,
    /// Jobs that entered a scope; they do not pass the gate.
    scoped: Box<[CachePadded<AtomicU64>]>,
    workers: Box<[CachePadded<WorkerBook>]>,
    outside: Box<[CachePadded<Book>]>,
    rare: RareBook,
    rest: Rest,
    epoch: Instant,
    on_panic: PanicHandler,
    /// Whether each worker alone writes its book. Not so under an adapter, whose workers we do not number.
    exclusive: bool,
}

impl Ledger {
    /// The books for an adapter of a pool that pool-core does not run.
    ///
    /// The adapter calls [`admit`](Ledger::admit) for each job that is submitted to it (not for
    /// [tickets](crate::Submit::is_ticket)), has the pool run [`Ledger::run`] with it, and hands back with
    /// [`reject`](Ledger::reject) what it cannot take. Everything of [`PoolExt`](crate::PoolExt) then works.
    pub fn for_adapter(name: &str, workers: usize) -> Arc<Ledger> {
        Arc::new(Ledger::new(name, workers, PanicHandler::default(), false))
    }

    pub(crate) fn new(name: &str, workers: usize, on_panic: PanicHandler, exclusive: bool) -> Self {
        Ledger {
            id: PoolId::next(),
            name: name.to_owned(),
            passages: Arc::new(Passages::new(workers)),
            scoped: (0..OUTSIDE_STRIPES + workers).map(|_| CachePadded::default()).collect(),
            workers: (0..workers).map(|_| CachePadded::default()).collect(),
            outside: (0..OUTSIDE_STRIPES).map(|_| CachePadded::default()).collect(),
            rare: RareBook::default(),
            rest: Rest::default(),
            epoch: Instant::now(),
            on_panic,
            exclusive,
        }
    }

    /// The pool's identity.
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// The pool's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many workers the pool has.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Counts one submission.
    pub fn admit(&self) {
        self.passages.enter(self.stripe());
    }

    /// Counts a job that is handed back, and wraps it.
    pub fn reject(&self, job: Job, reason: Reason) -> Rejected {
        if job.release() {
            self.rare.rejected.fetch_add(1, SeqCst);
            self.settle();
        }
        Rejected::new(job, reason)
    }

    /// Gives up a job that the pool had accepted: counts it and tells its handle. If dropping what it held panics, the
    /// panic handler hears of it.
    pub fn discard(&self, job: Job, reason: Reason) {
        let dropped = catch_unwind(AssertUnwindSafe(|| job.discard_at(reason, Some(self))));
        if let Err(payload) = dropped {
            self.report_quietly(payload);
        }
        self.settle();
    }

    pub(crate) fn count_discarded(&self) {
        self.rare.discarded.fetch_add(1, SeqCst);
    }

    /// Takes a job out of the pool to be handed back, and counts it; `None` if there is no job left to hand back.
    pub fn give_up(&self, job: Job) -> Option<Job> {
        if !job.release() {
            return None;
        }
        self.count_discarded();
        self.settle();
        Some(job)
    }

    /// Runs a job as the worker with this number, and catches what it panics with. Returns a ticket that the
    /// adapter is to queue again, if there is more to do behind this one.
    pub fn run(&self, job: Job, index: usize) -> Option<Job> {
        let _marked = current::enter(self.id, index);
        self.run_in_passing(job, self.worker_desk(index))
    }

    /// Runs a job on a thread that is not ours to lose: no panic comes out, and whoever waits for rest is told.
    pub(crate) fn run_in_passing(&self, job: Job, desk: Desk<'_>) -> Option<Job> {
        let ticket = job.run_at(Some(desk)).unwrap_or_else(|payload| {
            self.report_quietly(payload);
            None
        });
        self.settle();
        ticket
    }

    /// What the pool has counted so far. At rest it adds up, and `submitted` is never less than the rest.
    pub fn counts(&self) -> Counts {
        // Outcomes are read first and submissions last, so that whatever has an outcome is seen as submitted.
        let ended = self.ended();
        let books = || self.books();
        let started = books().map(|book| book.started.load(Acquire)).sum::<u64>();
        let (cancelled, rejected, discarded) = self.rare.read();
        let submitted = self.submitted();
        Counts {
            submitted,
            completed: ended.completed,
            panicked: ended.panicked,
            cancelled,
            expired: 0,
            rejected,
            discarded,
            queued: submitted - started - cancelled - rejected - discarded,
            running: started - ended.completed - ended.panicked,
        }
    }

    /// [`counts`](Ledger::counts), the longest queue seen, and what each worker did.
    pub fn stats(&self) -> Stats {
        let workers = self.workers.iter().map(|book| book.read(self.now())).collect();
        let counts = self.counts();
        self.note_queue(counts.queued);
        Stats { counts, longest_queue: self.rare.longest_queue.load(Relaxed), workers }
    }

    /// Waits until no job is queued or running, at most this long. Returns whether that was so at some moment.
    pub fn wait_idle(&self, limit: Option<Duration>) -> bool {
        self.rest.wait(limit, || self.is_at_rest())
    }

    /// Whether the calling thread is a worker of this pool.
    pub fn is_current(&self) -> bool {
        current().is_some_and(|worker| worker.pool == self.id)
    }

    pub(crate) fn passages(&self) -> &Arc<Passages> {
        &self.passages
    }

    /// The desk of the calling thread if it is one of the pool's workers.
    pub(crate) fn desk_here(&self) -> Option<Desk<'_>> {
        current().filter(|worker| worker.pool == self.id).map(|worker| self.worker_desk(worker.index))
    }

    /// The desk of the calling thread, whoever it is.
    pub(crate) fn desk_anywhere(&self) -> Desk<'_> {
        self.desk_here().unwrap_or_else(|| Desk { book: &self.outside[outside_stripe()], exclusive: false })
    }

    pub(crate) fn worker_desk(&self, index: usize) -> Desk<'_> {
        Desk { book: &self.workers[index].jobs, exclusive: self.exclusive }
    }

    /// Runs a job and hands the payload of its panic to the handler.
    #[inline]
    pub(crate) fn run_at(&self, job: Job, desk: Desk<'_>) -> Option<Job> {
        match job.run_at(Some(desk)) {
            Ok(ticket) => ticket,
            Err(payload) => {
                self.report(payload);
                None
            }
        }
    }

    #[cold]
    fn report(&self, payload: Box<dyn Any + Send>) {
        let worker = current().filter(|worker| worker.pool == self.id).map(|worker| worker.index);
        let message = payload_message(&*payload).map(str::to_owned);
        self.on_panic.call(&self.name, worker, message.as_deref(), payload);
    }

    /// As `report`, where no panic of the handler's may come out.
    #[cold]
    pub(crate) fn report_quietly(&self, payload: Box<dyn Any + Send>) {
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| self.report(payload))) {
            drop_quietly(second);
        }
    }

    /// Counts a job that enters a scope.
    pub(crate) fn admit_scoped(&self) {
        self.scoped[self.stripe()].fetch_add(1, SeqCst);
    }

    pub(crate) fn count_cancelled(&self) {
        self.rare.cancelled.fetch_add(1, SeqCst);
        self.settle();
    }

    pub(crate) fn count_replaced(&self, index: usize) {
        self.workers[index].replaced.fetch_add(1, Relaxed);
    }

    /// Looks at the length of the queue, now and then, and keeps the longest.
    pub(crate) fn sample_queue(&self) {
        self.note_queue(self.counts().queued);
    }

    fn note_queue(&self, queued: u64) {
        if queued > self.rare.longest_queue.load(Relaxed) {
            self.rare.longest_queue.fetch_max(queued, Relaxed);
        }
    }

    /// Wakes those who wait for the pool to be at rest, if it is.
    pub(crate) fn settle(&self) {
        self.rest.settle(|| self.is_at_rest());
    }

    fn is_at_rest(&self) -> bool {
        let ended = self.ended();
        let (cancelled, rejected, discarded) = self.rare.read();
        ended.completed + ended.panicked + cancelled + rejected + discarded == self.submitted()
    }

    fn ended(&self) -> Ended {
        self.books().fold(Ended::default(), |sum, book| Ended {
            completed: sum.completed + book.completed.load(Acquire),
            panicked: sum.panicked + book.panicked.load(Acquire),
        })
    }

    fn submitted(&self) -> u64 {
        let scoped = self.scoped.iter().map(|stripe| stripe.load(SeqCst)).sum::<u64>();
        self.passages.submitted() + scoped
    }

    fn books(&self) -> impl Iterator<Item = &Book> {
        self.workers.iter().map(|worker| &worker.jobs).chain(self.outside.iter().map(|book| &**book))
    }

    pub(crate) fn worker_book(&self, index: usize) -> &WorkerBook {
        &self.workers[index]
    }

    /// The stripe of the calling thread.
    pub(crate) fn stripe(&self) -> usize {
        match current().filter(|worker| worker.pool == self.id) {
            Some(worker) => self.passages.of_seat(worker.index),
            None => outside_stripe(),
        }
    }

    /// Nanoseconds since the ledger was opened.
    pub(crate) fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }
}

#[derive(Default)]
struct Ended {
    completed: u64,
    panicked: u64,
}
