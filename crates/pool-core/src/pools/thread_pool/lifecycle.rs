//! The life of a pool: how many workers it has, whether it is ending, and what it gives back at the end.
//!
//! All of it is behind one mutex that no job ever takes. What is often looked at is mirrored.

use std::any::Any;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::mailbox::Mailboxes;
use super::returned_jobs::ReturnedJobs;
use super::signals::{Signal, Signals};
use super::table_mirror::TableMirror;
use super::worker_table::WorkerTable;
use crate::panic::drop_quietly;
use crate::stats::WorkerCounts;
use crate::{Job, PoolState, Reason};

pub(super) struct Lifecycle {
    pub(super) signals: Signals,
    inner: Mutex<Inner>,
    changed: Condvar,
    /// Written under the mutex.
    state: AtomicU8,
    /// This process is a fork, and the pool's threads are not in it. The mutex may be locked for ever.
    forked: AtomicBool,
    pub(super) workers: TableMirror,
}

struct Inner {
    table: WorkerTable,
    /// How many wait for a change.
    waiting: usize,
    /// Workers that exist, or are about to; and the builder, which keeps the pool from ending under it, or the pool itself,
    /// if it may be without workers.
    alive: usize,
    /// The pool itself is one of these.
    is_kept_open: bool,
    /// Workers that have started, while the pool is being built.
    ready: usize,
    /// The pool is built; from now on lost workers are replaced.
    built: bool,
    start_panic: Option<Box<dyn Any + Send>>,
    /// The pool ends because its last worker could not be replaced.
    out_of_workers: bool,
    /// The channel is closed, and workers are ending.
    drains: bool,
    returned: ReturnedJobs,
}

impl Inner {
    /// Whether every expected worker has started or gone. The builder itself is one of those alive.
    fn have_all_started(&self) -> bool {
        self.ready + 1 >= self.alive
    }
}

impl Lifecycle {
    pub(super) fn new(table: WorkerTable) -> Self {
        let workers = TableMirror::of(&table);
        Lifecycle {
            signals: Signals::default(),
            inner: Mutex::new(Inner {
                table,
                waiting: 0,
                alive: 0,
                is_kept_open: false,
                ready: 0,
                built: false,
                start_panic: None,
                out_of_workers: false,
                drains: false,
                returned: ReturnedJobs::default(),
            }),
            changed: Condvar::new(),
            state: AtomicU8::new(0),
            forked: AtomicBool::new(false),
            workers,
        }
    }

    /// A worker is about to be started, or the builder begins.
    pub(super) fn add_alive(&self) {
        self.lock().alive += 1;
    }

    /// The pool does not end while it is open, whether it has workers or not. It takes the place of the builder among those alive.
    pub(super) fn keep_open(&self) {
        self.lock().is_kept_open = true;
    }

    /// The pool is closed, or can have no workers any more. Returns whether nothing else was alive.
    pub(super) fn release_kept_open(&self) -> bool {
        let was_kept = std::mem::take(&mut self.lock().is_kept_open);
        was_kept && self.remove_alive()
    }

    /// A worker has ended, or the builder. Returns whether it was the last.
    pub(super) fn remove_alive(&self) -> bool {
        let mut inner = self.lock();
        inner.alive -= 1;
        let was_last = inner.alive == 0;
        self.tell_builder(inner);
        was_last
    }

    /// A worker has started. Returns the slots of the workers that are to leave now: none left for one that was still starting.
    pub(super) fn worker_is_ready(&self, slot: usize) -> Vec<usize> {
        let mut inner = self.lock();
        inner.ready += 1;
        inner.table.arrive(slot);
        self.mirror(&inner);
        let leavers = inner.table.leavers().collect();
        self.tell_builder(inner);
        leavers
    }

    /// Wakes the builder if it has nothing more to wait for; waking it for each worker costs more than the starting.
    fn tell_builder(&self, inner: MutexGuard<'_, Inner>) {
        if !inner.built && inner.have_all_started() {
            self.announce(inner);
        }
    }

    /// A worker died. Returns its payload if it is to be replaced; one that dies while the pool is being built is not,
    /// and the builder hears of it.
    pub(super) fn worker_died(&self, payload: Box<dyn Any + Send>) -> Option<Box<dyn Any + Send>> {
        let before = {
            let mut inner = self.lock();
            if inner.built {
                return Some(payload);
            }
            inner.start_panic.replace(payload)
        };
        // The builder hears of one alone. Without the lock, since a destructor may do anything.
        drop_quietly(before);
        None
    }

    /// From now on workers are replaced.
    pub(super) fn finish_building(&self) {
        self.lock().built = true;
    }

    /// Waits until every expected worker has started or died in the attempt, whose payload is then the error.
    pub(super) fn wait_started(&self) -> Result<(), Box<dyn Any + Send>> {
        let mut inner = self.lock();
        while !inner.have_all_started() {
            inner = self.wait(inner, None);
        }
        inner.built = true;
        inner.start_panic.take().map_or(Ok(()), Err)
    }

    /// Waits before a lost worker is replaced, unless the pool is ending: then what is queued needs it now.
    pub(super) fn back_off(&self, delay: Duration) {
        let deadline = Instant::now() + delay;
        let mut inner = self.lock();
        while self.state() == PoolState::Running {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            inner = self.wait(inner, Some(left));
        }
    }

    pub(super) fn state(&self) -> PoolState {
        match self.state.load(SeqCst) {
            0 => PoolState::Running,
            1 => PoolState::ShuttingDown,
            _ => PoolState::Terminated,
        }
    }

    /// Ends a pause as well: what is queued is to run.
    pub(super) fn begin_end(&self) {
        let inner = self.lock();
        self.state.fetch_max(1, SeqCst);
        self.signals.put(Signal::PAUSED, false);
        self.announce(inner);
    }

    /// All workers are gone, and none can be started.
    pub(super) fn set_out_of_workers(&self) {
        self.lock().out_of_workers = true;
    }

    pub(super) fn terminate(&self) {
        let inner = self.lock();
        self.state.store(2, SeqCst);
        self.announce(inner);
    }

    /// Waits until the last worker has left, at most until then. Returns whether it has.
    pub(super) fn wait_terminated(&self, deadline: Option<Instant>) -> bool {
        let mut inner = self.lock();
        while self.state() != PoolState::Terminated {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return false;
            }
            inner = self.wait(inner, left);
        }
        true
    }

    pub(super) fn forked(&self) {
        self.forked.store(true, SeqCst);
        self.state.store(2, SeqCst);
        self.signals.forked();
    }

    pub(super) fn is_forked(&self) -> bool {
        self.forked.load(SeqCst)
    }

    /// Has no job started, unless the pool is ending.
    pub(super) fn pause(&self) {
        if self.is_forked() {
            return;
        }
        let _inner = self.lock();
        if self.state() == PoolState::Running {
            self.signals.put(Signal::PAUSED, true);
        }
    }

    pub(super) fn resume(&self) {
        if self.is_forked() {
            return;
        }
        let inner = self.lock();
        self.signals.put(Signal::PAUSED, false);
        self.announce(inner);
    }

    /// Waits for the end of a pause, with a job in hand.
    pub(super) fn wait_while_paused(&self) {
        let mut inner = self.lock();
        while self.is_paused() {
            inner = self.wait(inner, None);
        }
    }

    /// Waits for the end of a pause between jobs. Returns whether the worker is to leave its slot meanwhile.
    pub(super) fn wait_while_paused_or_leave(
        &self,
        slot: usize,
        mailboxes: &Mailboxes,
        may_leave: bool,
    ) -> bool {
        let mut inner = self.lock();
        while self.is_paused() {
            if may_leave && self.leave_if_surplus(&mut inner, slot, mailboxes) {
                return true;
            }
            inner = self.wait(inner, None);
        }
        false
    }

    fn is_paused(&self) -> bool {
        self.signals.now().has(Signal::PAUSED)
    }

    pub(super) fn worker_counts(&self) -> WorkerCounts {
        if self.is_forked() {
            return WorkerCounts::default();
        }
        let inner = self.lock();
        let worker_counts = inner.table.worker_counts();
        // Workers that leave at the end stay in the worker table, or others would be started in their place.
        WorkerCounts {
            now: worker_counts.now.min(inner.alive - usize::from(inner.is_kept_open)),
            ..worker_counts
        }
    }

    /// See [`WorkerTable::has_worker`].
    pub(super) fn has_worker(&self) -> bool {
        self.lock().table.has_worker()
    }

    /// See [`WorkerTable::is_out_of_workers`]. So is a pool that has ended.
    pub(super) fn is_out_of_workers(&self) -> bool {
        let inner = self.lock();
        inner.alive == 0 || inner.table.is_out_of_workers()
    }

    /// See [`WorkerTable::all_slots_disabled`].
    pub(super) fn all_slots_disabled(&self) -> bool {
        self.lock().table.all_slots_disabled()
    }

    pub(super) fn bounds(&self) -> RangeInclusive<usize> {
        self.lock().table.bounds().clone()
    }

    /// Changes what the worker table wants or counts. Returns the slots of the workers that are to leave then.
    pub(super) fn update_table(&self, change: impl FnOnce(&mut WorkerTable)) -> Vec<usize> {
        let mut inner = self.lock();
        change(&mut inner.table);
        self.mirror(&inner);
        let leavers = inner.table.leavers().collect();
        // Workers that wait in a pause may be too many now.
        self.announce(inner);
        leavers
    }

    /// Takes a slot for a worker that is wanted and is to be started. It counts as alive from now on.
    pub(super) fn reserve_slot(&self) -> Option<usize> {
        let mut inner = self.lock();
        // Once the last worker has ended the pool has as well.
        let slot = if inner.alive == 0 { None } else { inner.table.reserve_slot() };
        inner.alive += usize::from(slot.is_some());
        self.mirror(&inner);
        slot
    }

    /// Whether a slot is taken for a worker whose thread does not exist yet, so that its mailbox takes no mail.
    pub(super) fn has_unexpected_worker(&self, mailboxes: &Mailboxes) -> bool {
        self.lock().table.starting_slots().any(|slot| !mailboxes.takes_mail(slot))
    }

    /// A worker asks whether it is to leave its slot. It stays while it has mail.
    pub(super) fn leave_surplus(&self, slot: usize, mailboxes: &Mailboxes) -> bool {
        self.leave_if_surplus(&mut self.lock(), slot, mailboxes)
    }

    /// A worker has found the channel closed, and is about to end. The workers that are left run what only they can reach, and
    /// none of them is one too many, although the worker table still counts the others.
    pub(super) fn begin_drain(&self) {
        self.lock().drains = true;
    }

    /// Whether a worker has found the channel closed.
    pub(super) fn is_draining(&self) -> bool {
        self.lock().drains
    }

    /// A worker has left its slot. While the pool drains, no other worker is sure to run what it held. Returns whether
    /// it is to start again.
    pub(super) fn restart_if_draining(&self, slot: usize) -> bool {
        let drains = self.lock().drains;
        if drains {
            self.restart(slot);
        }
        drains
    }

    /// A worker that has left starts again.
    pub(super) fn restart(&self, slot: usize) {
        let mut inner = self.lock();
        inner.table.restart(slot);
        self.mirror(&inner);
    }

    fn leave_if_surplus(&self, inner: &mut Inner, slot: usize, mailboxes: &Mailboxes) -> bool {
        let leaves = !inner.drains && inner.table.must_leave(slot) && mailboxes.close(slot);
        if leaves {
            inner.table.leave(slot);
        }
        self.mirror(inner);
        leaves
    }

    fn mirror(&self, inner: &Inner) {
        self.workers.update(&inner.table);
        // Last: a worker that sees the signal finds the cause.
        self.signals.put(Signal::WORKERS, !inner.table.is_balanced());
    }

    /// Why the pool takes no more jobs.
    pub(super) fn why_closed(&self) -> Reason {
        if self.lock().out_of_workers { Reason::NoWorkers } else { Reason::ShutDown }
    }

    /// A call of `shutdown_now` begins. [`take_returned`](Lifecycle::take_returned) ends it.
    pub(super) fn give_back(&self) {
        let mut inner = self.lock();
        inner.returned.begin_call();
        if self.is_paused() {
            self.signals.put(Signal::GIVES_BACK_HELD, true);
        }
        self.signals.put(Signal::GIVES_BACK, true);
    }

    pub(super) fn gives_back(&self) -> bool {
        self.signals.now().has(Signal::GIVES_BACK)
    }

    /// Keeps those of these jobs that are still `live` for the calls of `shutdown_now` that are under way, and returns the
    /// rest. If there is no such call, all come back as the error.
    pub(super) fn put_aside(
        &self,
        jobs: Vec<Job>,
        live: impl FnMut(&mut Job) -> bool,
    ) -> Result<Vec<Job>, Vec<Job>> {
        self.lock().returned.keep(jobs, live)
    }

    /// A call of `shutdown_now` is about to return, with what is kept now.
    pub(super) fn take_returned(&self) -> Vec<Job> {
        self.lock().returned.end_call()
    }

    /// Waits until something has changed, at most so long, or for no reason.
    fn wait<'a>(&self, mut inner: MutexGuard<'a, Inner>, limit: Option<Duration>) -> MutexGuard<'a, Inner> {
        inner.waiting += 1;
        let mut inner = match limit {
            None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => self.changed.wait_timeout(inner, limit).unwrap_or_else(PoisonError::into_inner).0,
        };
        inner.waiting -= 1;
        inner
    }

    /// Something has changed. The lock is released first, or the threads that wake would wait for it.
    fn announce(&self, inner: MutexGuard<'_, Inner>) {
        let is_awaited = inner.waiting > 0;
        drop(inner);
        if is_awaited {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn of_the_workers_that_die_at_the_start_the_builder_hears_of_one() {
        let lifecycle = Lifecycle::new(WorkerTable::new(3, 1..=3, 3));
        let payload = Arc::new(());
        (0..3).for_each(|_| assert!(lifecycle.worker_died(Box::new(payload.clone())).is_none()));
        assert_eq!(Arc::strong_count(&payload), 2, "the others were dropped");
        drop(lifecycle.wait_started());
        assert_eq!(Arc::strong_count(&payload), 1);
    }
}
