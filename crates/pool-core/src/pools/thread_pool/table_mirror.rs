//! What the pool often asks about its [`WorkerTable`], mirrored outside the mutex.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::worker_table::WorkerTable;
use crate::sync::presence::Presence;

pub(super) struct TableMirror {
    /// The target is never less.
    least: usize,
    target: AtomicUsize,
    effective: Presence,
    starting: AtomicUsize,
    /// The lowest slot with a worker that is to leave.
    leavers_from: AtomicUsize,
    can_grow: AtomicBool,
    is_short: AtomicBool,
}

impl TableMirror {
    pub(super) fn of(table: &WorkerTable) -> Self {
        let mirror = TableMirror {
            least: *table.bounds().start(),
            target: AtomicUsize::new(0),
            effective: Presence::of(table.effective()),
            starting: AtomicUsize::new(0),
            leavers_from: AtomicUsize::new(usize::MAX),
            can_grow: AtomicBool::new(false),
            is_short: AtomicBool::new(false),
        };
        mirror.update(table);
        mirror
    }

    /// The table has changed. The caller holds its lock.
    pub(super) fn update(&self, table: &WorkerTable) {
        self.target.store(table.target(), SeqCst);
        self.effective.set(table.effective());
        self.starting.store(table.starting(), SeqCst);
        self.leavers_from.store(table.leavers().last().unwrap_or(usize::MAX), SeqCst);
        self.can_grow.store(table.can_grow(), SeqCst);
        self.is_short.store(table.is_short(), SeqCst);
    }

    pub(super) fn target(&self) -> usize {
        self.target.load(SeqCst)
    }

    /// Workers that have started or are about to, and are not blocked.
    pub(super) fn effective(&self) -> &Presence {
        &self.effective
    }

    /// Whether the worker in this slot may have to leave, and is to ask.
    pub(super) fn may_be_surplus(&self, slot: usize) -> bool {
        slot >= self.leavers_from.load(SeqCst)
    }

    /// Workers that have not started yet.
    pub(super) fn starting(&self) -> usize {
        self.starting.load(SeqCst)
    }

    pub(super) fn can_grow(&self) -> bool {
        self.can_grow.load(SeqCst)
    }

    pub(super) fn can_shrink(&self) -> bool {
        self.target() > self.least
    }

    /// Whether there are more workers than the least, wanted or not.
    pub(super) fn exceeds_least(&self) -> bool {
        self.effective.count() > self.least
    }

    /// Whether there are fewer workers than are wanted, though a slot is free.
    pub(super) fn is_short(&self) -> bool {
        self.is_short.load(SeqCst)
    }
}
