//! The books of a pool: who it is, what it has counted, and who waits for it to be at rest.
//!
//! Workers count on a cache line of their own with plain loads and stores, since nobody else writes there; threads
//! outside use shared stripes. No job costs a read-modify-write on a line that another worker uses.
//!
//! # At rest
//!
//! A thread in [`Ledger::wait_idle`] must learn that the last job has finished without each job asking whether
//! someone waits. A worker therefore asks only when it is about to wait itself ([`Idle::begin`]):
//!
//! - waiter: announce (`watchers += 1`); fence; look at the counters; if not at rest, sleep.
//! - worker: count the job; ...; about to wait: fence; read `watchers`; if any, look at the counters; if at rest, wake.
//!
//! With sequentially consistent fences on both sides, either the worker sees the announcement or the waiter sees the
//! count; of two workers that finish at once, the one whose fence comes later sees both counts. Whoever ends a job
//! without being a worker (a cancellation, a rejection) settles at once in the same way.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*, fence};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::counts::{Counts, Staff, Stats, WorkerStats};
use crate::current::{self, PoolId, current, outside_stripe};
use crate::error::{drop_quietly, payload_message};
use crate::gate::{OUTSIDE_STRIPES, Passages};
use crate::hooks::PanicHandler;
use crate::sync::Arc;
use crate::workforce::WorkforceSlot;
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
    workforce: WorkforceSlot,
    /// Whether each worker alone writes its book. Not so under an adapter, whose workers we do not number.
    exclusive: bool,
}

/// What is counted wherever jobs run.
#[derive(Default)]
pub(crate) struct Book {
    started: AtomicU64,
    completed: AtomicU64,
    panicked: AtomicU64,
}

/// What is counted for a worker: its jobs, and how it spends its time.
#[derive(Default)]
struct WorkerBook {
    jobs: Book,
    parks: AtomicU64,
    /// Nanoseconds between being woken and waiting again, of all such spells that are over.
    busy: AtomicU64,
    /// When the current spell began, in nanoseconds since the ledger's epoch, plus one; 0 while the worker waits.
    spell: AtomicU64,
    replaced: AtomicU64,
}

/// What happens rarely enough to be counted in one place.
#[derive(Default)]
struct RareBook {
    cancelled: AtomicU64,
    rejected: AtomicU64,
    discarded: AtomicU64,
    longest_queue: AtomicU64,
}

#[derive(Default)]
struct Rest {
    watchers: AtomicUsize,
    lock: Mutex<()>,
    reached: Condvar,
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
            workforce: WorkforceSlot::default(),
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

    /// As [`reject`](Ledger::reject), in a process that was forked: whoever waited for rest is not in it.
    pub(crate) fn reject_forked(&self, job: Job) -> Rejected {
        if job.release() {
            self.rare.rejected.fetch_add(1, SeqCst);
        }
        Rejected::new(job, Reason::Forked)
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
        let staff = Staff::constant(self.workers());
        Stats { counts, longest_queue: self.rare.longest_queue.load(Relaxed), staff, workers }
    }

    /// Waits until no job is queued or running, at most this long. Returns whether that was so at some moment.
    pub fn wait_idle(&self, limit: Option<Duration>) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.rest.watchers.fetch_add(1, SeqCst);
        fence(SeqCst);
        let mut guard = self.rest.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let at_rest = loop {
            if self.is_at_rest() {
                break true;
            }
            guard = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.rest.reached.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break false,
                Some(left) => {
                    self.rest.reached.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        drop(guard);
        self.rest.watchers.fetch_sub(1, SeqCst);
        at_rest
    }

    /// Whether the calling thread is a worker of this pool.
    pub fn is_current(&self) -> bool {
        current().is_some_and(|worker| worker.pool == self.id)
    }

    pub(crate) fn passages(&self) -> &Arc<Passages> {
        &self.passages
    }

    pub(crate) fn workforce(&self) -> &WorkforceSlot {
        &self.workforce
    }

    /// Whether this worker waits for a job, or has not looked for one yet.
    pub(crate) fn is_waiting(&self, worker: usize) -> bool {
        self.workers[worker].spell.load(SeqCst) == 0
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
        fence(SeqCst);
        if self.rest.watchers.load(SeqCst) != 0 && self.is_at_rest() {
            // The lock is what a watcher holds between looking and sleeping.
            drop(self.rest.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.rest.reached.notify_all();
        }
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

    /// The stripe of the calling thread.
    pub(crate) fn stripe(&self) -> usize {
        match current().filter(|worker| worker.pool == self.id) {
            Some(worker) => self.passages.of_seat(worker.index),
            None => outside_stripe(),
        }
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }
}

#[derive(Default)]
struct Ended {
    completed: u64,
    panicked: u64,
}

impl RareBook {
    fn read(&self) -> (u64, u64, u64) {
        (self.cancelled.load(SeqCst), self.rejected.load(SeqCst), self.discarded.load(SeqCst))
    }
}

impl WorkerBook {
    fn read(&self, now: u64) -> WorkerStats {
        let spell = self.spell.load(Acquire);
        let current = if spell == 0 { 0 } else { (now + 1).saturating_sub(spell) };
        WorkerStats {
            completed: self.jobs.completed.load(Acquire),
            panicked: self.jobs.panicked.load(Acquire),
            busy: Duration::from_nanos(self.busy.load(Acquire) + current),
            parks: self.parks.load(Relaxed),
            replaced: self.replaced.load(Relaxed),
        }
    }
}

/// Where a thread counts the jobs that it runs.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    book: &'a Book,
    exclusive: bool,
}

impl<'a> Desk<'a> {
    #[inline]
    pub(crate) fn start(self) -> Running<'a> {
        self.add(&self.book.started);
        Running(self)
    }

    #[inline]
    fn add(self, counter: &AtomicU64) {
        if self.exclusive {
            // Only the worker at this desk writes here, so a load and a store are as good as an addition, and
            // cheaper. The release makes what the job did visible to whoever reads the count.
            counter.store(counter.load(Relaxed) + 1, Release);
        } else {
            counter.fetch_add(1, Release);
        }
    }
}

/// A job that has started and not ended.
pub(crate) struct Running<'a>(Desk<'a>);

impl Running<'_> {
    #[inline]
    pub(crate) fn finish(self, panicked: bool) {
        let book = self.0.book;
        self.0.add(if panicked { &book.panicked } else { &book.completed });
    }
}

/// A worker's way of saying that it is about to wait: see [`Outlet::pop`](crate::Outlet::pop).
pub struct Idle<'a> {
    worker: Option<(&'a Ledger, &'a WorkerBook)>,
    /// How many jobs lie in the worker's own mailbox.
    mail: Option<&'a AtomicUsize>,
    begun: bool,
}

impl<'a> Idle<'a> {
    /// For tests of a discipline, without a pool: it only remembers whether [`begin`](Idle::begin) was called.
    pub fn unobserved() -> Idle<'static> {
        Idle { worker: None, mail: None, begun: false }
    }

    pub(crate) fn of_worker(ledger: &'a Ledger, index: usize, mail: &'a AtomicUsize) -> Self {
        Idle { worker: Some((ledger, &ledger.workers[index])), mail: Some(mail), begun: false }
    }

    /// The worker is about to wait. Returns whether it is to look up instead, since there is work for it elsewhere: then
    /// the pop returns [`Pop::TimedOut`](crate::Pop::TimedOut).
    ///
    /// Costs a clock reading and a fence. Calling it again before the pop returns, which a discipline does before each
    /// wait, only asks again whether to wait.
    #[must_use = "a worker that waits nevertheless does not learn of its mail"]
    pub fn begin(&mut self) -> bool {
        if !self.begun {
            self.begun = true;
            self.end_spell();
        }
        // After the fence in `settle`: see the protocol of mailboxes.
        self.mail.is_some_and(|mail| mail.load(SeqCst) != 0)
    }

    fn end_spell(&self) {
        if let Some((ledger, book)) = self.worker {
            let spell = book.spell.load(Relaxed);
            let worked = (ledger.now() + 1).saturating_sub(spell);
            book.spell.store(0, Relaxed);
            book.busy.store(book.busy.load(Relaxed) + worked, Release);
            book.parks.store(book.parks.load(Relaxed) + 1, Relaxed);
            ledger.settle();
        }
    }

    /// Whether the worker has waited.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// The pop has returned.
    pub(crate) fn end(&mut self) {
        if std::mem::take(&mut self.begun) {
            self.start_spell();
        }
    }

    pub(crate) fn start_spell(&self) {
        if let Some((ledger, book)) = self.worker {
            book.spell.store(ledger.now() + 1, Release);
        }
    }
}
