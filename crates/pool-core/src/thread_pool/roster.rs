//! Who works, how many are wanted, and which seats are free. Plain data; `Life` keeps it behind its mutex.
//!
//! One rule covers resizing, scaling and compensation: let *effective* be the workers that there are, less those that
//! are blocked in their jobs. While effective is less than the *target*, a worker is started in the first seat that nobody
//! sits in. While it is more, those with the highest numbers leave, each when it looks up: whoever they are, and
//! whatever made them too many. The target moves between `least` and `most`; what the pool has in seats beyond `most`
//! is for those who stand in for blocked workers.
//!
//! # Which numbers the workers have
//!
//! When nobody is blocked, comes or leaves, the workers are those of the first seats: 0 to target. Seats are taken from the
//! first on and left from the last on, and a worker that is about to leave keeps its seat until it has gone; whoever is
//! wanted meanwhile waits for that seat. A worker that is blocked does not leave, so that others with lower numbers
//! may have to; when it is blocked no more it is one too many itself, and the highest. Three things make a gap that
//! stays: a seat where workers cannot start ([`Roster::desert`]), a thread that the system refused while another for a higher
//! seat was on its way, and seats whose workers [stay](Roster::set_staying) among those of others.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::stats::Staff;

/// After a failed start nobody tries again for so long, unless told to by a resize. Then the next to submit does.
const HOLD_OFF: Duration = Duration::from_millis(100);

pub(super) struct Roster {
    bounds: RangeInclusive<usize>,
    /// The most that the target is raised to now.
    ceiling: usize,
    target: usize,
    seats: Box<[Place]>,
    working: usize,
    /// Those of them that were hired and have not sat down yet.
    coming: usize,
    /// In how many ways the worker in each seat is blocked: an overdue job may also say that it blocks.
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
enum Place {
    Free,
    /// Somebody who was hired is on the way.
    Awaited,
    Taken,
    /// The worker has got up and is about to go.
    Vacating,
    /// Workers died here again and again; nobody sits down here any more.
    Deserted,
}

impl Roster {
    /// A pool of so many workers, all in the first seats, or about to be.
    pub(super) fn new(workers: usize, bounds: RangeInclusive<usize>, seats: usize) -> Self {
        let place = |seat| if seat < workers { Place::Taken } else { Place::Free };
        Roster {
            ceiling: *bounds.end(),
            bounds,
            target: workers,
            seats: (0..seats).map(place).collect(),
            working: workers,
            coming: 0,
            blocked: vec![0; seats].into(),
            stays: vec![false; seats].into(),
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

    pub(super) fn staff(&self) -> Staff {
        Staff {
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

    pub(super) fn block(&mut self, seat: usize) {
        self.blocked[seat] += 1;
    }

    pub(super) fn unblock(&mut self, seat: usize) {
        self.blocked[seat] -= 1;
    }

    /// Whether the worker in this seat is to leave.
    pub(super) fn dismisses(&self, seat: usize) -> bool {
        self.leavers().any(|leaver| leaver == seat)
    }

    /// The seats whose workers are to leave, the highest first.
    pub(super) fn leavers(&self) -> impl Iterator<Item = usize> {
        let may_leave = |seat: &usize| {
            self.seats[*seat] == Place::Taken && self.blocked[*seat] == 0 && !self.stays[*seat]
        };
        (0..self.seats.len()).rev().filter(may_leave).take(self.surplus())
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

    /// Takes a seat for one who is wanted.
    pub(super) fn hire(&mut self) -> Option<usize> {
        if !self.is_short() || self.is_held_off() {
            return None;
        }
        let seat = self.free_seat()?;
        self.seats[seat] = Place::Awaited;
        self.refused = false;
        self.working += 1;
        self.coming += 1;
        Some(seat)
    }

    /// A worker sits down.
    pub(super) fn arrive(&mut self, seat: usize) {
        self.expect_no_more(seat);
        self.seats[seat] = Place::Taken;
        self.highest = self.highest.max(self.working - self.coming);
    }

    /// The one who was hired cannot start.
    pub(super) fn start_failed(&mut self, seat: usize) {
        self.expect_no_more(seat);
        self.seats[seat] = Place::Free;
        self.working -= 1;
        self.refused = true;
        self.hold_off = Instant::now().checked_add(HOLD_OFF);
        self.count_failed_start();
    }

    fn expect_no_more(&mut self, seat: usize) {
        if self.seats[seat] == Place::Awaited {
            self.coming -= 1;
        }
    }

    pub(super) fn count_failed_start(&mut self) {
        self.failed_starts += 1;
    }

    /// A worker gets up; its seat is not free yet.
    pub(super) fn leave(&mut self, seat: usize) {
        self.seats[seat] = Place::Vacating;
        self.count_leaver();
    }

    fn count_leaver(&mut self) {
        self.working -= 1;
        self.lowest = self.lowest.min(self.working);
    }

    /// One who had got up sits down again in its seat.
    pub(super) fn come_back(&mut self, seat: usize) {
        self.seats[seat] = Place::Taken;
        self.working += 1;
    }

    /// Whoever sat here is gone.
    pub(super) fn vacate(&mut self, seat: usize) {
        self.seats[seat] = Place::Free;
    }

    /// Nobody is to sit here any more.
    pub(super) fn desert(&mut self, seat: usize) {
        self.count_leaver();
        self.expect_no_more(seat);
        self.seats[seat] = Place::Deserted;
    }

    /// Whether there is a worker, be it a blocked one, or one to come. One who is about to go has another start in its seat,
    /// if one is wanted.
    pub(super) fn is_manned(&self) -> bool {
        self.working > 0 || self.target > 0 && self.seats.contains(&Place::Vacating)
    }

    /// Whether there is no worker, and none can be had.
    pub(super) fn is_stranded(&self) -> bool {
        !self.is_manned() && (self.refused || self.is_deserted())
    }

    /// Whether workers have died in every seat until nobody sat down there any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.seats.iter().all(|place| *place == Place::Deserted)
    }

    /// Workers that are there or on their way, and not blocked.
    pub(super) fn effective(&self) -> usize {
        self.working.saturating_sub(self.blocked())
    }

    pub(super) fn is_short(&self) -> bool {
        self.effective() < self.target && self.free_seat().is_some()
    }

    /// The first seat that can be taken, if it is free by now: no later one is taken in its place.
    fn free_seat(&self) -> Option<usize> {
        let first = |place: &Place| matches!(place, Place::Free | Place::Vacating);
        self.seats.iter().position(first).filter(|seat| self.seats[*seat] == Place::Free)
    }

    fn is_held_off(&mut self) -> bool {
        self.hold_off = self.hold_off.filter(|until| Instant::now() < *until);
        self.hold_off.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leavers(roster: &Roster) -> Vec<usize> {
        roster.leavers().collect()
    }

    #[test]
    fn a_blocked_worker_is_stood_in_for_while_seats_are_free() {
        let mut roster = Roster::new(2, 1..=2, 3);
        assert_eq!(roster.hire(), None);
        roster.block(0);
        assert_eq!((roster.hire(), roster.hire()), (Some(2), None));
        roster.arrive(2);
        roster.block(1);
        assert_eq!(roster.hire(), None, "the seats are taken");
        assert!(roster.is_settled());
        roster.unblock(1);
        assert_eq!(roster.surplus(), 0);
        roster.unblock(0);
        assert_eq!(leavers(&roster), [2]);
        roster.leave(2);
        assert!(roster.is_settled());
        roster.vacate(2);
        assert!(roster.is_settled());
        let Staff { now, lowest, highest, .. } = roster.staff();
        assert_eq!((now, lowest, highest), (2, 2, 3));
    }

    #[test]
    fn those_with_the_highest_numbers_leave() {
        let mut roster = Roster::new(4, 1..=4, 4);
        assert!(leavers(&roster).is_empty());
        roster.aim(2);
        assert_eq!(leavers(&roster), [3, 2]);
        assert_eq!([0, 1, 2, 3].map(|seat| roster.dismisses(seat)), [false, false, true, true]);
        // The one that is not the highest may look up first.
        roster.leave(2);
        assert_eq!(leavers(&roster), [3]);
        roster.aim(3);
        assert_eq!((leavers(&roster), roster.is_settled()), (vec![], true), "three are left");
        roster.aim(1);
        assert_eq!(leavers(&roster), [3, 1]);
    }

    #[test]
    fn who_was_to_leave_is_wanted_again_when_the_pool_grows() {
        let mut roster = Roster::new(3, 1..=5, 5);
        roster.aim(1);
        assert_eq!(leavers(&roster), [2, 1]);
        roster.aim_higher();
        assert_eq!((roster.target(), leavers(&roster), roster.hire()), (4, vec![], Some(3)));
    }

    #[test]
    fn when_one_arrives_another_may_have_to_leave() {
        let mut roster = Roster::new(1, 1..=3, 3);
        roster.aim(3);
        assert_eq!((roster.hire(), roster.hire()), (Some(1), Some(2)));
        roster.arrive(2);
        roster.aim(2);
        assert!(leavers(&roster).is_empty(), "the other may not arrive");
        roster.arrive(1);
        assert_eq!(leavers(&roster), [2]);
    }

    #[test]
    fn a_seat_is_taken_only_when_all_before_it_are() {
        let mut roster = Roster::new(3, 1..=4, 4);
        roster.aim(1);
        roster.leave(2);
        roster.leave(1);
        roster.vacate(2);
        roster.aim(3);
        assert_eq!((roster.hire(), roster.is_short()), (None, false), "the first is about to be free");
        roster.vacate(1);
        assert_eq!((roster.hire(), roster.hire(), roster.hire()), (Some(1), Some(2), None));
    }

    #[test]
    fn a_blocked_worker_leaves_when_it_is_so_no_more() {
        let mut roster = Roster::new(4, 1..=4, 4);
        roster.block(3);
        roster.aim(2);
        assert_eq!(leavers(&roster), [2]);
        roster.leave(2);
        roster.vacate(2);
        assert!(roster.is_settled());
        roster.unblock(3);
        assert_eq!(leavers(&roster), [3]);
    }

    #[test]
    fn whose_worker_stays_is_passed_over() {
        let mut roster = Roster::new(3, 1..=3, 3);
        roster.set_staying([true, false, true].into_iter());
        roster.aim(1);
        assert_eq!(leavers(&roster), [1], "there is no other");
        roster.leave(1);
        assert_eq!((leavers(&roster), roster.surplus(), roster.is_settled()), (vec![], 1, true));
    }

    #[test]
    fn a_pool_may_be_empty() {
        let mut roster = Roster::new(0, 0..=2, 2);
        assert!(roster.is_settled());
        roster.aim_lower();
        assert_eq!((roster.target(), roster.hire()), (0, None));
        roster.aim_higher();
        let seat = roster.hire().unwrap();
        roster.start_failed(seat);
        assert!(roster.is_stranded());
        roster.aim(1);
        assert_eq!(roster.hire(), Some(0));
        assert!(!roster.is_stranded(), "it is on its way");
        roster.arrive(0);
        roster.aim_lower();
        roster.leave(0);
        assert!(!roster.is_stranded(), "one can be had");
        roster.aim_higher();
        assert_eq!((roster.hire(), roster.is_stranded()), (None, false), "the seat is about to be free");
        roster.vacate(0);
        assert_eq!(roster.hire(), Some(0));
        roster.desert(0);
        assert!(!roster.is_deserted());
        assert_eq!(roster.hire(), Some(1));
        roster.desert(1);
        assert!(roster.is_deserted() && roster.is_stranded());
    }

    #[test]
    fn a_worker_that_is_blocked_in_two_ways_counts_once() {
        let mut roster = Roster::new(2, 1..=2, 4);
        roster.block(0);
        roster.block(0);
        assert_eq!((roster.staff().blocked, roster.hire(), roster.hire()), (1, Some(2), None));
        roster.arrive(2);
        roster.unblock(0);
        assert_eq!((roster.staff().blocked, roster.surplus()), (1, 0));
        roster.unblock(0);
        assert_eq!((roster.staff().blocked, roster.surplus()), (0, 1));
    }

    #[test]
    fn a_failed_start_holds_off_the_next_one_until_a_resize() {
        let mut roster = Roster::new(1, 1..=3, 3);
        roster.aim(2);
        let seat = roster.hire().unwrap();
        roster.start_failed(seat);
        assert!(roster.is_settled());
        assert_eq!(roster.hire(), None);
        roster.aim(3);
        assert_eq!((roster.hire(), roster.hire()), (Some(1), Some(2)));
        roster.arrive(2);
        assert_eq!(roster.staff().highest, 2, "one is still on the way");
        roster.arrive(1);
        let Staff { failed_starts, highest, .. } = roster.staff();
        assert_eq!((failed_starts, highest), (1, 3));
    }

    #[test]
    fn when_the_time_is_over_the_next_start_is_tried() {
        let mut roster = Roster::new(1, 1..=2, 2);
        roster.aim(2);
        let seat = roster.hire().unwrap();
        roster.start_failed(seat);
        assert_eq!((roster.hire(), roster.is_short()), (None, true));
        roster.hold_off = Some(Instant::now());
        assert_eq!(roster.hire(), Some(seat));
        roster.arrive(seat);
        let Staff { now, failed_starts, .. } = roster.staff();
        assert_eq!((now, failed_starts, roster.is_settled()), (2, 1, true));
    }

    #[test]
    fn nobody_leaves_to_one_who_may_not_arrive() {
        let mut roster = Roster::new(1, 1..=1, 2);
        roster.block(0);
        let seat = roster.hire().unwrap();
        roster.unblock(0);
        assert_eq!(roster.surplus(), 0);
        roster.arrive(seat);
        assert_eq!(roster.surplus(), 1);
    }

    #[test]
    fn a_cap_lowers_the_target_and_keeps_it_from_growing() {
        let mut roster = Roster::new(3, 2..=4, 4);
        roster.cap(2);
        assert_eq!((roster.target(), roster.can_grow(), roster.surplus()), (2, false, 1));
        roster.aim_higher();
        assert_eq!(roster.target(), 2);
        roster.cap(1);
        assert_eq!(roster.target(), 2, "the least");
        roster.cap(usize::MAX);
        roster.leave(2);
        roster.aim_higher();
        assert_eq!(roster.target(), 3);
    }

    #[test]
    fn the_target_stays_within_bounds() {
        let mut roster = Roster::new(2, 2..=3, 3);
        roster.aim_lower();
        assert_eq!(roster.target(), 2);
        roster.aim_higher();
        assert_eq!((roster.target(), roster.hire()), (3, Some(2)));
        roster.aim_higher();
        assert_eq!(roster.target(), 3);
    }
}
