//! The books of a pool: who it is, what it has counted, and who waits for it to be at rest.
//!
//! The counters themselves are in `book`, the waiting in `rest`.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*, fence};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::admission::{Admission, Work};
use crate::attributed::enter_plain;
use crate::book::{Book, Desk, RareBook, WorkerBook};
use crate::counts::{Counts, Staff, Stats, WorkerStats};
use crate::cpu_set::CpuSet;
use crate::current::{self, PoolId, current, current_name, outside_stripe};
use crate::error::{Panic, drop_quietly, payload_message};
use crate::gate::{OUTSIDE_STRIPES, Passages};
use crate::hooks::{PanicHandler, PanicInfo};
use crate::name::Name;
use crate::observer::Watch;
use crate::raise::RaiseSlot;
use crate::rest::Rest;
use crate::strategy::Urgency;
use crate::sync::Arc;
use crate::timed;
use crate::timing::{Timing, Timings};
use crate::watchdog::{OverdueHook, Watchdog};
use crate::workforce::WorkforceSlot;
use crate::{Job, Reason, Rejected};

/// What a pool has counted, and who it is. For others than the pool it is there to be read, so that no count can be
/// spoilt:
///
/// ```compile_fail,E0624
/// use pool_core::{Job, Pool, Reason};
/// fn spoil(pool: &dyn Pool) {
///     pool.ledger().discard(Job::new(|| ()), Reason::Full); // private
/// }
/// ```
///
/// [`ThreadPool`](crate::ThreadPool) keeps its own. An adapter of somebody else's pool gets one from a
/// [`Recorder`](crate::adapter::Recorder).
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
    /// See [`is_forked`](Ledger::is_forked).
    is_forked: AtomicBool,
    epoch: Instant,
    on_panic: PanicHandler,
    timing: Timing,
    watchdog: Watchdog,
    workforce: WorkforceSlot,
    urgency: Urgency,
    raise: RaiseSlot,
    admission: Option<Admission>,
    /// Whatever starts from now on is told to stop.
    cancels_late: AtomicBool,
}

impl Ledger {
    /// The books of a pool that pool-core does not run.
    pub(crate) fn for_adapter(name: &str, workers: usize) -> Self {
        let mut ledger = Ledger::new(name, workers, PanicHandler::default(), &Watch::default(), false);
        ledger.watch_limits(None, CpuSet::of_process().map(|(cpus, _)| cpus));
        ledger
    }

    /// `exclusive`: each worker alone writes its book. Not so under an adapter, whose workers we do not number.
    pub(crate) fn new(
        name: &str,
        workers: usize,
        on_panic: PanicHandler,
        watch: &Watch,
        exclusive: bool,
    ) -> Self {
        let pool = std::sync::Arc::from(name);
        let worker = |index| WorkerBook::new(exclusive, watch.observer(&pool, Some(index)));
        let outside = || Book::shared(watch.observer(&pool, None));
        Ledger {
            id: PoolId::next(),
            name: name.to_owned(),
            passages: Arc::new(Passages::new(workers)),
            scoped: (0..OUTSIDE_STRIPES + workers).map(|_| CachePadded::default()).collect(),
            workers: (0..workers).map(|index| CachePadded::new(worker(index))).collect(),
            outside: (0..OUTSIDE_STRIPES).map(|_| CachePadded::new(outside())).collect(),
            rare: RareBook::default(),
            rest: Rest::default(),
            is_forked: AtomicBool::new(false),
            epoch: Instant::now(),
            on_panic,
            timing: watch.timing,
            watchdog: Watchdog::new(name, None, None),
            workforce: WorkforceSlot::default(),
            urgency: Urgency::default(),
            raise: RaiseSlot::default(),
            admission: None,
            cancels_late: AtomicBool::new(false),
        }
    }

    pub(crate) fn set_urgency(&mut self, urgency: Urgency) {
        self.urgency = urgency;
    }

    pub(crate) fn admit_within(&mut self, limit: Option<Duration>) {
        self.admission = limit.map(Admission::within);
    }

    /// Whether a job that has just been counted is turned away, since it would have to wait too long for one of so many
    /// workers.
    #[inline]
    pub(crate) fn turns_away(&self, workers: impl FnOnce() -> usize) -> bool {
        self.admission.as_ref().is_some_and(|admission| !self.admits(admission, workers()))
    }

    #[cold]
    fn admits(&self, admission: &Admission, workers: usize) -> bool {
        let work = self.read_workers().fold(Work::default(), |sum, worker| Work {
            jobs: sum.jobs + worker.jobs(),
            busy: sum.busy + worker.busy.as_nanos(),
        });
        // The job itself is counted as queued.
        admission.admits(self.counts().queued.saturating_sub(1), workers, work)
    }

    /// Who hears of jobs that overrun their limits, and where the thread runs that sees to them.
    pub(crate) fn watch_limits(&mut self, hook: OverdueHook, cpus: Option<CpuSet>) {
        self.watchdog = Watchdog::new(&self.name, hook, cpus);
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

    /// Counts a job that is handed back, and wraps it.
    pub(crate) fn reject(&self, mut job: Job, reason: Reason) -> Rejected {
        if job.release() {
            self.rare.rejected.fetch_add(1, SeqCst);
            self.settle();
        }
        Rejected::new(job, reason)
    }

    /// Gives up a job that the pool had accepted: counts it and tells its handle. If dropping what it held panics, the
    /// panic handler hears of it.
    pub(crate) fn discard(&self, job: Job, reason: Reason) {
        let dropped = catch_unwind(AssertUnwindSafe(|| job.discard_at(reason, Some(self))));
        if let Err(payload) = dropped {
            self.report_quietly(Panic::caught(payload));
        }
        self.settle();
    }

    pub(crate) fn count_discarded(&self) {
        self.rare.discarded.fetch_add(1, SeqCst);
    }

    /// Takes a job out of the pool to be handed back, and counts it; `None` if there is no job left to hand back.
    pub(crate) fn give_up(&self, mut job: Job) -> Option<Job> {
        self.release(&mut job).then_some(job)
    }

    /// As [`give_up`](Ledger::give_up), where the job lies. Returns whether it is one to hand back.
    pub(crate) fn release(&self, job: &mut Job) -> bool {
        let is_live = job.release();
        if is_live {
            self.count_discarded();
            self.settle();
        }
        is_live
    }

    /// Runs a job as the worker with this number of somebody else's pool.
    pub(crate) fn run_as(&self, job: Job, index: usize) -> Option<Job> {
        let desk = self.worker_desk(index);
        let _marked = current::enter(self.id, index);
        self.run_in_passing(job, desk)
    }

    /// Runs a job on a thread that is not ours to lose: no panic comes out, and whoever waits for rest is told.
    pub(crate) fn run_in_passing(&self, job: Job, desk: Desk<'_>) -> Option<Job> {
        // The job is no part of one that this thread may be running.
        let _plain = enter_plain();
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run_at(Some(desk)))).flatten();
        let ticket = outcome.unwrap_or_else(|payload| {
            self.report_quietly(Panic::caught(payload));
            None
        });
        self.settle();
        ticket
    }

    /// Sets the tokens of the jobs that run, and returns how many there were. `late`: also of those that start from now on.
    ///
    /// Each list is behind a lock: a job that is not found in it is listed later, and then sees `late`.
    pub(crate) fn cancel_running(&self, late: bool) -> usize {
        self.cancels_late.fetch_or(late, Relaxed);
        self.books().map(|book| book.running.cancel()).sum()
    }

    pub(crate) fn cancels_late(&self) -> bool {
        self.cancels_late.load(Relaxed)
    }

    /// What the pool has counted so far. At rest it adds up, and `submitted` is never less than the rest.
    pub fn counts(&self) -> Counts {
        // Outcomes are read first and submissions last, so that whatever has an outcome is seen as submitted.
        let ended = self.ended();
        let books = || self.books();
        let started = books().map(|book| book.started.load(Acquire)).sum::<u64>();
        let unrun = self.rare.read();
        let submitted = self.submitted();
        Counts {
            submitted,
            completed: ended.completed,
            panicked: ended.panicked,
            cancelled: unrun.cancelled,
            expired: unrun.expired,
            rejected: unrun.rejected,
            discarded: unrun.discarded,
            // In this order neither falls below zero, unless an adapter counts what it has not admitted.
            queued: submitted.saturating_sub(started + unrun.all()),
            running: started.saturating_sub(ended.completed + ended.panicked),
        }
    }

    /// [`counts`](Ledger::counts), the longest queue seen, and what each worker did.
    pub fn stats(&self) -> Stats {
        let workers = self.read_workers().collect();
        let counts = self.counts();
        self.note_queue(counts.queued);
        Stats {
            counts,
            longest_queue: self.rare.longest_queue.load(Relaxed),
            handler_panics: self.handler_panics(),
            staff: Staff::constant(self.workers()),
            workers,
        }
    }

    fn read_workers(&self) -> impl Iterator<Item = WorkerStats> {
        self.workers.iter().map(|book| book.read(|| self.now()))
    }

    fn handler_panics(&self) -> u64 {
        let observers = self.books().filter_map(|book| book.observer.as_ref());
        let around_jobs = observers.map(|observer| observer.hook_panics()).sum::<u64>();
        self.rare.handler_panics.load(Relaxed) + around_jobs + self.watchdog.hook_panics()
    }

    /// How long jobs have waited and run, if the pool [times](Timing) them.
    ///
    /// Merges the histograms of each worker: tens of microseconds a worker. A worker that ends a job meanwhile may wait
    /// for a part of that.
    pub fn timings(&self) -> Option<Timings> {
        if self.timing == Timing::Off {
            return None;
        }
        let mut sum = Timings::default();
        self.books().filter_map(|book| book.observer.as_ref()).for_each(|observer| observer.add_to(&mut sum));
        Some(sum)
    }

    /// This process is a fork: from now on no lock is taken here that another thread may have held.
    pub(crate) fn forked(&self) {
        self.is_forked.store(true, SeqCst);
        self.rest.forked();
        self.books().filter_map(|book| book.observer.as_ref()).for_each(|observer| observer.forked());
    }

    /// Whether this process is a fork of the one that has the pool's threads.
    pub(crate) fn is_forked(&self) -> bool {
        self.is_forked.load(SeqCst)
    }

    /// Whether some jobs are turned away or timed, which takes more than to queue them.
    pub(crate) fn is_careful(&self) -> bool {
        self.admission.is_some() || self.timing != Timing::Off
    }

    /// The job that is to be queued for this one: it carries the time from here on, if the pool wants to know.
    pub(crate) fn stamped(&self, job: Job) -> Job {
        if self.timing == Timing::Off { job } else { timed::stamp(job, self.timing) }
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

    /// Which urgencies wait.
    pub fn urgency(&self) -> &Urgency {
        &self.urgency
    }

    pub(crate) fn raise(&self) -> &RaiseSlot {
        &self.raise
    }

    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    pub(crate) fn workforce(&self) -> &WorkforceSlot {
        &self.workforce
    }

    /// Those of these workers that wait for a job, or have not looked for one yet. One that does not, and waits later, then
    /// finds what the caller has done before.
    pub(crate) fn waiting(&self, workers: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
        // Against the one in `settle`, where a worker ends its spell.
        fence(SeqCst);
        workers.filter(|worker| self.workers[*worker].spell.is_over())
    }

    /// The desk of the calling thread if it is one of the pool's workers.
    pub(crate) fn desk_here(&self) -> Option<Desk<'_>> {
        current().filter(|worker| worker.pool == self.id).map(|worker| self.worker_desk(worker.index))
    }

    /// The desk of the calling thread, whoever it is.
    pub(crate) fn desk_anywhere(&self) -> Desk<'_> {
        self.desk_here().unwrap_or_else(|| Desk { ledger: self, book: &self.outside[outside_stripe()] })
    }

    pub(crate) fn worker_desk(&self, index: usize) -> Desk<'_> {
        Desk { ledger: self, book: &self.workers[index].jobs }
    }

    /// Runs the job in this slot and hands the payload of its panic to the handler.
    #[inline(always)]
    pub(crate) fn run_at(&self, slot: &mut Option<Job>, desk: Desk<'_>) -> Option<Job> {
        match Job::run_in_place(slot, Some(desk)) {
            Ok(ticket) => ticket,
            Err(payload) => {
                self.report(Panic::caught(payload));
                None
            }
        }
    }

    /// Tells the panic handler. What it panics with comes out, and so does what dropping the payload panics with.
    #[cold]
    pub(crate) fn report(&self, panic: Panic) {
        let worker = current().filter(|worker| worker.pool == self.id).map(|worker| worker.index);
        let (payload, trace) = panic.into_parts();
        let message = payload_message(&*payload).map(str::to_owned);
        let name = current_name();
        let info = PanicInfo {
            pool: &self.name,
            worker,
            name: name.as_ref().map(Name::as_str),
            message: message.as_deref(),
            location: trace.as_ref().and_then(|trace| trace.location.as_deref()),
            backtrace: trace.as_ref().map(|trace| &trace.backtrace),
            payload,
        };
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| self.on_panic.call(info))) {
            self.count_handler_panic();
            resume_unwind(second);
        }
    }

    /// As `report`, where no panic may come out.
    #[cold]
    pub(crate) fn report_quietly(&self, panic: Panic) {
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| self.report(panic))) {
            drop_quietly(second);
        }
    }

    pub(crate) fn count_handler_panic(&self) {
        self.rare.handler_panics.fetch_add(1, Relaxed);
    }

    /// Counts a job that enters a scope.
    pub(crate) fn admit_scoped(&self) {
        self.scoped[self.stripe()].fetch_add(1, SeqCst);
    }

    pub(crate) fn count_cancelled(&self) {
        self.rare.cancelled.fetch_add(1, SeqCst);
        self.settle();
    }

    /// A job that the pool had accepted will not start, since its time to do so has passed.
    pub(crate) fn count_expired(&self) {
        self.rare.expired.fetch_add(1, SeqCst);
        self.settle();
    }

    pub(crate) fn count_replaced(&self, index: usize) {
        let book = &self.workers[index];
        book.replaced.fetch_add(1, Relaxed);
        if let Some(observer) = &book.jobs.observer {
            observer.spare_successor();
        }
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
        let unrun = self.rare.read().all();
        ended.completed + ended.panicked + unrun == self.submitted()
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

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger")
            .field("name", &self.name)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Ended {
    completed: u64,
    panicked: u64,
}
