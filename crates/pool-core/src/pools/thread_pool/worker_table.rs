//! Which slots have workers, how many are wanted, and which are free. Plain data; `Lifecycle` keeps it behind its mutex.
//!
//! One rule covers resizing, scaling and compensation: let *effective* be the workers that there are, less those that
//! are blocked in their jobs. While effective is less than the *target*, a worker is started in the first free slot. While it is
//! more, the workers with the highest numbers leave, each when it is between two jobs, whatever made them too many. The target
//! moves between `least` and `most`; what the pool has in slots beyond `most` is for stand-ins of blocked workers.
//!
//! # Which numbers the workers have
//!
//! When no worker is blocked, starts or leaves, the workers are those of the first slots: 0 to target. Slots are taken from the
//! first on and left from the last on, and a worker that is about to leave keeps its slot until it has ended; a worker
//! that is wanted meanwhile waits for that slot. A worker that is blocked does not leave, so that others with lower numbers
//! may have to; when it is blocked no more it is one too many itself, and the highest. Three things make a gap that
//! stays: a slot where workers cannot start ([`WorkerTable::disable`]), a thread that the system refused while another for a higher
//! slot was starting, and slots whose workers are [reserved](WorkerTable::set_reserved) among those of others.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::stats::WorkerCounts;

/// After a failed start the pool does not try again for so long, unless it is resized. Then the next submission does.
const HOLD_OFF: Duration = Duration::from_millis(100);

pub(super) struct WorkerTable {
    bounds: RangeInclusive<usize>,
    /// The most that the target is raised to now.
    ceiling: usize,
    target: usize,
    slots: Box<[SlotState]>,
    working: usize,
    /// Those of them that have not started yet.
    starting: usize,
    /// In how many ways the worker in each slot is blocked: a job that says so may be overdue as well.
    blocked: Box<[u32]>,
    /// Whose worker serves what no other does, and never leaves.
    reserved: Box<[bool]>,
    lowest: usize,
    highest: usize,
    failed_starts: u64,
    hold_off: Option<Instant>,
    /// The last thread that was to be started was refused.
    refused: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum SlotState {
    Free,
    /// A worker is starting.
    Starting,
    Occupied,
    /// The worker has left and is about to end.
    Vacating,
    /// Workers could not start here again and again; no more are started.
    Disabled,
}

impl WorkerTable {
    /// A pool of so many workers, all in the first slots, or about to be.
    pub(super) fn new(workers: usize, bounds: RangeInclusive<usize>, slots: usize) -> Self {
        let place = |slot| if slot < workers { SlotState::Occupied } else { SlotState::Free };
        WorkerTable {
            ceiling: *bounds.end(),
            bounds,
            target: workers,
            slots: (0..slots).map(place).collect(),
            working: workers,
            starting: 0,
            blocked: vec![0; slots].into(),
            reserved: vec![false; slots].into(),
            lowest: workers,
            highest: workers,
            failed_starts: 0,
            hold_off: None,
            refused: false,
        }
    }

    /// Says which workers never leave.
    pub(super) fn set_reserved(&mut self, reserved: impl Iterator<Item = bool>) {
        self.reserved = reserved.collect();
    }

    pub(super) fn worker_counts(&self) -> WorkerCounts {
        WorkerCounts {
            now: self.working,
            wanted: self.target,
            blocked: self.blocked(),
            lowest: self.lowest,
            highest: self.highest,
            failed_starts: self.failed_starts,
        }
    }

    pub(super) fn bounds(&self) -> &RangeInclusive<usize> {
        &self.bounds
    }

    pub(super) fn target(&self) -> usize {
        self.target
    }

    /// Wants so many workers, and has a failed start forgotten.
    pub(super) fn set_target(&mut self, target: usize) {
        self.target = target.clamp(*self.bounds.start(), *self.bounds.end());
        self.hold_off = None;
    }

    /// Wants no more than these, as far as the bounds allow it.
    pub(super) fn set_ceiling(&mut self, ceiling: usize) {
        self.ceiling = ceiling.clamp(*self.bounds.start(), *self.bounds.end());
        self.target = self.target.min(self.ceiling);
    }

    /// Wants one more than there are, if the bounds allow it and the last one that was wanted is there. Workers that were
    /// to leave and are still there are wanted again.
    pub(super) fn raise_target(&mut self) {
        if self.can_grow() && self.effective() >= self.target && !self.is_held_off() {
            self.target = self.ceiling.min(self.effective() + 1);
        }
    }

    /// Wants one less, if the bounds allow it.
    pub(super) fn lower_target(&mut self) {
        self.target = self.target.saturating_sub(1).max(*self.bounds.start());
    }

    pub(super) fn starting(&self) -> usize {
        self.starting
    }

    pub(super) fn starting_slots(&self) -> impl Iterator<Item = usize> {
        (0..self.slots.len()).filter(|slot| self.slots[*slot] == SlotState::Starting)
    }

    pub(super) fn can_grow(&self) -> bool {
        self.target < self.ceiling
    }

    pub(super) fn block(&mut self, slot: usize) {
        self.blocked[slot] += 1;
    }

    pub(super) fn unblock(&mut self, slot: usize) {
        self.blocked[slot] -= 1;
    }

    /// Whether the worker in this slot is to leave.
    pub(super) fn must_leave(&self, slot: usize) -> bool {
        self.leavers().any(|leaver| leaver == slot)
    }

    /// The slots whose workers are to leave, the highest first.
    pub(super) fn leavers(&self) -> impl Iterator<Item = usize> {
        let may_leave = |slot: &usize| {
            self.slots[*slot] == SlotState::Occupied && self.blocked[*slot] == 0 && !self.reserved[*slot]
        };
        (0..self.slots.len()).rev().filter(may_leave).take(self.surplus())
    }

    /// How many workers are blocked, in however many ways.
    fn blocked(&self) -> usize {
        self.blocked.iter().filter(|ways| **ways > 0).count()
    }

    /// How many may leave. No worker leaves for one that is still starting, and may fail to.
    pub(super) fn surplus(&self) -> usize {
        self.effective().saturating_sub(self.starting + self.target)
    }

    /// Whether no worker is to leave, and none is to be started now.
    pub(super) fn is_balanced(&self) -> bool {
        self.leavers().next().is_none() && (!self.is_short() || self.hold_off.is_some())
    }

    /// Takes a slot for a worker that is wanted.
    pub(super) fn reserve_slot(&mut self) -> Option<usize> {
        if !self.is_short() || self.is_held_off() {
            return None;
        }
        let slot = self.free_slot()?;
        self.slots[slot] = SlotState::Starting;
        self.refused = false;
        self.working += 1;
        self.starting += 1;
        Some(slot)
    }

    /// A worker starts.
    pub(super) fn arrive(&mut self, slot: usize) {
        self.stop_expecting(slot);
        self.slots[slot] = SlotState::Occupied;
        self.highest = self.highest.max(self.working - self.starting);
    }

    /// The worker for this slot cannot start.
    pub(super) fn start_failed(&mut self, slot: usize) {
        self.stop_expecting(slot);
        self.slots[slot] = SlotState::Free;
        self.working -= 1;
        self.refused = true;
        self.hold_off = Instant::now().checked_add(HOLD_OFF);
        self.count_failed_start();
    }

    fn stop_expecting(&mut self, slot: usize) {
        if self.slots[slot] == SlotState::Starting {
            self.starting -= 1;
        }
    }

    pub(super) fn count_failed_start(&mut self) {
        self.failed_starts += 1;
    }

    /// A worker leaves; its slot is not free yet.
    pub(super) fn leave(&mut self, slot: usize) {
        self.slots[slot] = SlotState::Vacating;
        self.count_leaver();
    }

    fn count_leaver(&mut self) {
        self.working -= 1;
        self.lowest = self.lowest.min(self.working);
    }

    /// A worker that had left starts again in its slot.
    pub(super) fn restart(&mut self, slot: usize) {
        self.slots[slot] = SlotState::Occupied;
        self.working += 1;
    }

    /// The worker that has left has ended.
    pub(super) fn vacate(&mut self, slot: usize) {
        self.slots[slot] = SlotState::Free;
    }

    /// No worker is to start here any more.
    pub(super) fn disable(&mut self, slot: usize) {
        self.count_leaver();
        self.stop_expecting(slot);
        self.slots[slot] = SlotState::Disabled;
    }

    /// Whether there is a worker, blocked or starting. In the slot of one that is about to end another starts, if one is wanted.
    pub(super) fn has_worker(&self) -> bool {
        self.working > 0 || self.target > 0 && self.slots.contains(&SlotState::Vacating)
    }

    /// Whether there is no worker, and none can be had.
    pub(super) fn is_out_of_workers(&self) -> bool {
        !self.has_worker() && (self.refused || self.all_slots_disabled())
    }

    /// Whether every slot is [disabled](WorkerTable::disable).
    pub(super) fn all_slots_disabled(&self) -> bool {
        self.slots.iter().all(|place| *place == SlotState::Disabled)
    }

    /// Workers that have started or are starting, and are not blocked.
    pub(super) fn effective(&self) -> usize {
        self.working.saturating_sub(self.blocked())
    }

    pub(super) fn is_short(&self) -> bool {
        self.effective() < self.target && self.free_slot().is_some()
    }

    /// The first slot that can be taken, if it is free by now: no later one is taken in its place.
    fn free_slot(&self) -> Option<usize> {
        let first = |place: &SlotState| matches!(place, SlotState::Free | SlotState::Vacating);
        self.slots.iter().position(first).filter(|slot| self.slots[*slot] == SlotState::Free)
    }

    fn is_held_off(&mut self) -> bool {
        self.hold_off = self.hold_off.filter(|until| Instant::now() < *until);
        self.hold_off.is_some()
    }
}

#[cfg(test)]
mod tests;
