//! Who works, how many are wanted, and which slots are free. Plain data; `Lifecycle` keeps it behind its mutex.
//!
//! One rule covers resizing, scaling and compensation: let *effective* be the workers that there are, less those that
//! are blocked in their jobs. While effective is less than the *target*, a worker is started in the first slot that nobody
//! is in. While it is more, those with the highest numbers leave, each when it looks up: whoever they are, and
//! whatever made them too many. The target moves between `least` and `most`; what the pool has in slots beyond `most`
//! is for those who stand in for blocked workers.
//!
//! # Which numbers the workers have
//!
//! When nobody is blocked, comes or leaves, the workers are those of the first slots: 0 to target. Slots are taken from the
//! first on and left from the last on, and a worker that is about to leave keeps its slot until it has gone; whoever is
//! wanted meanwhile waits for that slot. A worker that is blocked does not leave, so that others with lower numbers
//! may have to; when it is blocked no more it is one too many itself, and the highest. Three things make a gap that
//! stays: a slot where workers cannot start ([`WorkerTable::desert`]), a thread that the system refused while another for a higher
//! slot was on its way, and slots whose workers [stay](WorkerTable::set_staying) among those of others.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::stats::WorkerCounts;

/// After a failed start nobody tries again for so long, unless told to by a resize. Then the next to submit does.
const HOLD_OFF: Duration = Duration::from_millis(100);

pub(super) struct WorkerTable {
    bounds: RangeInclusive<usize>,
    /// The most that the target is raised to now.
    ceiling: usize,
    target: usize,
    slots: Box<[SlotState]>,
    working: usize,
    /// Those of them that were hired and have not started yet.
    coming: usize,
    /// In how many ways the worker in each slot is blocked: an overdue job may also say that it blocks.
    blocked: Box<[u32]>,
    /// Whose worker serves what no other does, and never leaves.
    stays: Box<[bool]>,
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
    /// Somebody who was hired is on the way.
    Awaited,
    Taken,
    /// The worker has left and is about to go.
    Vacating,
    /// Workers died here again and again; nobody starts here any more.
    Deserted,
}

impl WorkerTable {
    /// A pool of so many workers, all in the first slots, or about to be.
    pub(super) fn new(workers: usize, bounds: RangeInclusive<usize>, slots: usize) -> Self {
        let place = |slot| if slot < workers { SlotState::Taken } else { SlotState::Free };
        WorkerTable {
            ceiling: *bounds.end(),
            bounds,
            target: workers,
            slots: (0..slots).map(place).collect(),
            working: workers,
            coming: 0,
            blocked: vec![0; slots].into(),
            stays: vec![false; slots].into(),
            lowest: workers,
            highest: workers,
            failed_starts: 0,
            hold_off: None,
            refused: false,
        }
    }

    /// Says which workers never leave.
    pub(super) fn set_staying(&mut self, stays: impl Iterator<Item = bool>) {
        self.stays = stays.collect();
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
    pub(super) fn aim(&mut self, target: usize) {
        self.target = target.clamp(*self.bounds.start(), *self.bounds.end());
        self.hold_off = None;
    }

    /// Wants no more than these, as far as the bounds allow it.
    pub(super) fn cap(&mut self, ceiling: usize) {
        self.ceiling = ceiling.clamp(*self.bounds.start(), *self.bounds.end());
        self.target = self.target.min(self.ceiling);
    }

    /// Wants one more than there are, if the bounds allow it and the last one that was wanted is there. Those that were to leave
    /// and have not found the time are wanted again.
    pub(super) fn aim_higher(&mut self) {
        if self.can_grow() && self.effective() >= self.target && !self.is_held_off() {
            self.target = self.ceiling.min(self.effective() + 1);
        }
    }

    /// Wants one less, if the bounds allow it.
    pub(super) fn aim_lower(&mut self) {
        self.target = self.target.saturating_sub(1).max(*self.bounds.start());
    }

    pub(super) fn coming(&self) -> usize {
        self.coming
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
            self.slots[*slot] == SlotState::Taken && self.blocked[*slot] == 0 && !self.stays[*slot]
        };
        (0..self.slots.len()).rev().filter(may_leave).take(self.surplus())
    }

    /// How many workers are blocked, in however many ways.
    fn blocked(&self) -> usize {
        self.blocked.iter().filter(|ways| **ways > 0).count()
    }

    /// How many may leave. Nobody leaves to one who is still on the way, and may not arrive.
    pub(super) fn surplus(&self) -> usize {
        self.effective().saturating_sub(self.coming + self.target)
    }

    /// Whether a worker that looks up has nothing to do about it.
    pub(super) fn is_settled(&self) -> bool {
        self.leavers().next().is_none() && (!self.is_short() || self.hold_off.is_some())
    }

    /// Takes a slot for one who is wanted.
    pub(super) fn reserve_slot(&mut self) -> Option<usize> {
        if !self.is_short() || self.is_held_off() {
            return None;
        }
        let slot = self.free_slot()?;
        self.slots[slot] = SlotState::Awaited;
        self.refused = false;
        self.working += 1;
        self.coming += 1;
        Some(slot)
    }

    /// A worker starts.
    pub(super) fn arrive(&mut self, slot: usize) {
        self.expect_no_more(slot);
        self.slots[slot] = SlotState::Taken;
        self.highest = self.highest.max(self.working - self.coming);
    }

    /// The one who was hired cannot start.
    pub(super) fn start_failed(&mut self, slot: usize) {
        self.expect_no_more(slot);
        self.slots[slot] = SlotState::Free;
        self.working -= 1;
        self.refused = true;
        self.hold_off = Instant::now().checked_add(HOLD_OFF);
        self.count_failed_start();
    }

    fn expect_no_more(&mut self, slot: usize) {
        if self.slots[slot] == SlotState::Awaited {
            self.coming -= 1;
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

    /// One who had left starts again in its slot.
    pub(super) fn come_back(&mut self, slot: usize) {
        self.slots[slot] = SlotState::Taken;
        self.working += 1;
    }

    /// Whoever was here is gone.
    pub(super) fn vacate(&mut self, slot: usize) {
        self.slots[slot] = SlotState::Free;
    }

    /// Nobody is to be here any more.
    pub(super) fn desert(&mut self, slot: usize) {
        self.count_leaver();
        self.expect_no_more(slot);
        self.slots[slot] = SlotState::Deserted;
    }

    /// Whether there is a worker, be it a blocked one, or one to come. One who is about to go has another start in its slot,
    /// if one is wanted.
    pub(super) fn is_manned(&self) -> bool {
        self.working > 0 || self.target > 0 && self.slots.contains(&SlotState::Vacating)
    }

    /// Whether there is no worker, and none can be had.
    pub(super) fn is_stranded(&self) -> bool {
        !self.is_manned() && (self.refused || self.is_deserted())
    }

    /// Whether workers have died in every slot until nobody started there any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.slots.iter().all(|place| *place == SlotState::Deserted)
    }

    /// Workers that are there or on their way, and not blocked.
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
mod tests {
    use super::*;

    fn leavers(table: &WorkerTable) -> Vec<usize> {
        table.leavers().collect()
    }

    #[test]
    fn a_blocked_worker_is_stood_in_for_while_slots_are_free() {
        let mut table = WorkerTable::new(2, 1..=2, 3);
        assert_eq!(table.reserve_slot(), None);
        table.block(0);
        assert_eq!((table.reserve_slot(), table.reserve_slot()), (Some(2), None));
        table.arrive(2);
        table.block(1);
        assert_eq!(table.reserve_slot(), None, "the slots are taken");
        assert!(table.is_settled());
        table.unblock(1);
        assert_eq!(table.surplus(), 0);
        table.unblock(0);
        assert_eq!(leavers(&table), [2]);
        table.leave(2);
        assert!(table.is_settled());
        table.vacate(2);
        assert!(table.is_settled());
        let WorkerCounts { now, lowest, highest, .. } = table.worker_counts();
        assert_eq!((now, lowest, highest), (2, 2, 3));
    }

    #[test]
    fn those_with_the_highest_numbers_leave() {
        let mut table = WorkerTable::new(4, 1..=4, 4);
        assert!(leavers(&table).is_empty());
        table.aim(2);
        assert_eq!(leavers(&table), [3, 2]);
        assert_eq!([0, 1, 2, 3].map(|slot| table.must_leave(slot)), [false, false, true, true]);
        // The one that is not the highest may look up first.
        table.leave(2);
        assert_eq!(leavers(&table), [3]);
        table.aim(3);
        assert_eq!((leavers(&table), table.is_settled()), (vec![], true), "three are left");
        table.aim(1);
        assert_eq!(leavers(&table), [3, 1]);
    }

    #[test]
    fn who_was_to_leave_is_wanted_again_when_the_pool_grows() {
        let mut table = WorkerTable::new(3, 1..=5, 5);
        table.aim(1);
        assert_eq!(leavers(&table), [2, 1]);
        table.aim_higher();
        assert_eq!((table.target(), leavers(&table), table.reserve_slot()), (4, vec![], Some(3)));
    }

    #[test]
    fn when_one_arrives_another_may_have_to_leave() {
        let mut table = WorkerTable::new(1, 1..=3, 3);
        table.aim(3);
        assert_eq!((table.reserve_slot(), table.reserve_slot()), (Some(1), Some(2)));
        table.arrive(2);
        table.aim(2);
        assert!(leavers(&table).is_empty(), "the other may not arrive");
        table.arrive(1);
        assert_eq!(leavers(&table), [2]);
    }

    #[test]
    fn a_slot_is_taken_only_when_all_before_it_are() {
        let mut table = WorkerTable::new(3, 1..=4, 4);
        table.aim(1);
        table.leave(2);
        table.leave(1);
        table.vacate(2);
        table.aim(3);
        assert_eq!((table.reserve_slot(), table.is_short()), (None, false), "the first is about to be free");
        table.vacate(1);
        assert_eq!(
            (table.reserve_slot(), table.reserve_slot(), table.reserve_slot()),
            (Some(1), Some(2), None)
        );
    }

    #[test]
    fn a_blocked_worker_leaves_when_it_is_so_no_more() {
        let mut table = WorkerTable::new(4, 1..=4, 4);
        table.block(3);
        table.aim(2);
        assert_eq!(leavers(&table), [2]);
        table.leave(2);
        table.vacate(2);
        assert!(table.is_settled());
        table.unblock(3);
        assert_eq!(leavers(&table), [3]);
    }

    #[test]
    fn whose_worker_stays_is_passed_over() {
        let mut table = WorkerTable::new(3, 1..=3, 3);
        table.set_staying([true, false, true].into_iter());
        table.aim(1);
        assert_eq!(leavers(&table), [1], "there is no other");
        table.leave(1);
        assert_eq!((leavers(&table), table.surplus(), table.is_settled()), (vec![], 1, true));
    }

    #[test]
    fn a_pool_may_be_empty() {
        let mut table = WorkerTable::new(0, 0..=2, 2);
        assert!(table.is_settled());
        table.aim_lower();
        assert_eq!((table.target(), table.reserve_slot()), (0, None));
        table.aim_higher();
        let slot = table.reserve_slot().unwrap();
        table.start_failed(slot);
        assert!(table.is_stranded());
        table.aim(1);
        assert_eq!(table.reserve_slot(), Some(0));
        assert!(!table.is_stranded(), "it is on its way");
        table.arrive(0);
        table.aim_lower();
        table.leave(0);
        assert!(!table.is_stranded(), "one can be had");
        table.aim_higher();
        assert_eq!(
            (table.reserve_slot(), table.is_stranded()),
            (None, false),
            "the slot is about to be free"
        );
        table.vacate(0);
        assert_eq!(table.reserve_slot(), Some(0));
        table.desert(0);
        assert!(!table.is_deserted());
        assert_eq!(table.reserve_slot(), Some(1));
        table.desert(1);
        assert!(table.is_deserted() && table.is_stranded());
    }

    #[test]
    fn a_worker_that_is_blocked_in_two_ways_counts_once() {
        let mut table = WorkerTable::new(2, 1..=2, 4);
        table.block(0);
        table.block(0);
        assert_eq!(
            (table.worker_counts().blocked, table.reserve_slot(), table.reserve_slot()),
            (1, Some(2), None)
        );
        table.arrive(2);
        table.unblock(0);
        assert_eq!((table.worker_counts().blocked, table.surplus()), (1, 0));
        table.unblock(0);
        assert_eq!((table.worker_counts().blocked, table.surplus()), (0, 1));
    }

    #[test]
    fn a_failed_start_holds_off_the_next_one_until_a_resize() {
        let mut table = WorkerTable::new(1, 1..=3, 3);
        table.aim(2);
        let slot = table.reserve_slot().unwrap();
        table.start_failed(slot);
        assert!(table.is_settled());
        assert_eq!(table.reserve_slot(), None);
        table.aim(3);
        assert_eq!((table.reserve_slot(), table.reserve_slot()), (Some(1), Some(2)));
        table.arrive(2);
        assert_eq!(table.worker_counts().highest, 2, "one is still on the way");
        table.arrive(1);
        let WorkerCounts { failed_starts, highest, .. } = table.worker_counts();
        assert_eq!((failed_starts, highest), (1, 3));
    }

    #[test]
    fn when_the_time_is_over_the_next_start_is_tried() {
        let mut table = WorkerTable::new(1, 1..=2, 2);
        table.aim(2);
        let slot = table.reserve_slot().unwrap();
        table.start_failed(slot);
        assert_eq!((table.reserve_slot(), table.is_short()), (None, true));
        table.hold_off = Some(Instant::now());
        assert_eq!(table.reserve_slot(), Some(slot));
        table.arrive(slot);
        let WorkerCounts { now, failed_starts, .. } = table.worker_counts();
        assert_eq!((now, failed_starts, table.is_settled()), (2, 1, true));
    }

    #[test]
    fn nobody_leaves_to_one_who_may_not_arrive() {
        let mut table = WorkerTable::new(1, 1..=1, 2);
        table.block(0);
        let slot = table.reserve_slot().unwrap();
        table.unblock(0);
        assert_eq!(table.surplus(), 0);
        table.arrive(slot);
        assert_eq!(table.surplus(), 1);
    }

    #[test]
    fn a_cap_lowers_the_target_and_keeps_it_from_growing() {
        let mut table = WorkerTable::new(3, 2..=4, 4);
        table.cap(2);
        assert_eq!((table.target(), table.can_grow(), table.surplus()), (2, false, 1));
        table.aim_higher();
        assert_eq!(table.target(), 2);
        table.cap(1);
        assert_eq!(table.target(), 2, "the least");
        table.cap(usize::MAX);
        table.leave(2);
        table.aim_higher();
        assert_eq!(table.target(), 3);
    }

    #[test]
    fn the_target_stays_within_bounds() {
        let mut table = WorkerTable::new(2, 2..=3, 3);
        table.aim_lower();
        assert_eq!(table.target(), 2);
        table.aim_higher();
        assert_eq!((table.target(), table.reserve_slot()), (3, Some(2)));
        table.aim_higher();
        assert_eq!(table.target(), 3);
    }
}
