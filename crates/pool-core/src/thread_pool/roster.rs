//! Who works, how many are wanted, and which seats are free. Plain data; `Life` keeps it behind its mutex.
//!
//! One rule covers resizing, scaling and compensation: let *effective* be the workers that there are, less those that
//! are blocked in their jobs. Whoever looks up may start a worker in a free seat while effective is less than the
//! *target*; a worker that looks up while it is more leaves its seat, but those go first whose place was taken because
//! their jobs were overdue. The target moves between `least` and `most`; what
//! the pool has in seats beyond `most` is for those who stand in for blocked workers.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::Staff;

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
    /// Whose worker has ended an overdue job, and is to leave before others do.
    retiring: Box<[bool]>,
    lowest: usize,
    highest: usize,
    failed_starts: u64,
    hold_off: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Free,
    /// Somebody who was hired is on the way.
    Awaited,
    Taken,
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
            retiring: vec![false; seats].into(),
            lowest: workers,
            highest: workers,
            failed_starts: 0,
            hold_off: None,
        }
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

    /// Wants one more, if the bounds allow it and the last one that was wanted is there.
    pub(super) fn aim_higher(&mut self) {
        if self.can_grow() && self.effective() >= self.target && !self.is_held_off() {
            self.target += 1;
        }
    }

    /// Wants one less, if the bounds allow it.
    pub(super) fn aim_lower(&mut self) {
        self.target = (self.target - 1).max(*self.bounds.start());
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

    /// The worker is not blocked any more, and the next to leave, if somebody has taken its place when it looks up.
    pub(super) fn retire(&mut self, seat: usize) {
        self.unblock(seat);
        self.retiring[seat] = true;
    }

    /// Whether the worker in this seat, which looks up, is to leave.
    pub(super) fn dismisses(&mut self, seat: usize) -> bool {
        if std::mem::take(&mut self.retiring[seat]) {
            return self.surplus() > 0;
        }
        // Those that are blocked again do not count as surplus either.
        let retire =
            self.retiring.iter().zip(&self.blocked).filter(|(retires, ways)| **retires && **ways == 0);
        self.surplus() > retire.count()
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
        self.surplus() == 0 && !self.retiring.contains(&true) && (!self.is_short() || self.hold_off.is_some())
    }

    /// Takes a seat for one who is wanted.
    pub(super) fn hire(&mut self) -> Option<usize> {
        if !self.is_short() || self.is_held_off() {
            return None;
        }
        let seat = self.free_seat()?;
        self.seats[seat] = Place::Awaited;
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
    pub(super) fn leave(&mut self) {
        self.working -= 1;
        self.lowest = self.lowest.min(self.working);
    }

    /// One who had got up sits down again in its seat.
    pub(super) fn come_back(&mut self) {
        self.working += 1;
    }

    /// Whoever sat here is gone.
    pub(super) fn vacate(&mut self, seat: usize) {
        self.seats[seat] = Place::Free;
        self.retiring[seat] = false;
    }

    /// Nobody is to sit here any more.
    pub(super) fn desert(&mut self, seat: usize) {
        self.leave();
        self.expect_no_more(seat);
        self.seats[seat] = Place::Deserted;
        self.retiring[seat] = false;
    }

    fn effective(&self) -> usize {
        self.working.saturating_sub(self.blocked())
    }

    pub(super) fn is_short(&self) -> bool {
        self.effective() < self.target && self.free_seat().is_some()
    }

    fn free_seat(&self) -> Option<usize> {
        self.seats.iter().position(|place| *place == Place::Free)
    }

    fn is_held_off(&mut self) -> bool {
        self.hold_off = self.hold_off.filter(|until| Instant::now() < *until);
        self.hold_off.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(roster.surplus(), 1);
        roster.leave();
        roster.vacate(0);
        assert!(roster.is_settled());
        let Staff { now, lowest, highest, .. } = roster.staff();
        assert_eq!((now, lowest, highest), (2, 2, 3));
    }

    #[test]
    fn whoever_was_overdue_leaves_first() {
        let mut roster = Roster::new(2, 1..=2, 3);
        roster.block(1);
        let seat = roster.hire().unwrap();
        roster.arrive(seat);
        roster.retire(1);
        assert_eq!([0, seat, 1].map(|seat| roster.dismisses(seat)), [false, false, true]);
        roster.leave();
        roster.vacate(1);
        assert!(roster.is_settled() && !roster.dismisses(0));
    }

    #[test]
    fn whoever_was_overdue_and_stays_keeps_nobody() {
        let mut roster = Roster::new(2, 1..=2, 3);
        // Nobody stood in for it.
        roster.block(0);
        roster.retire(0);
        assert!(!roster.is_settled(), "it is to look up");
        assert!(!roster.dismisses(0));
        roster.aim(1);
        assert!(roster.dismisses(1), "it is one of two now");
        roster.aim(2);
        // Its successor is on the way, and may not arrive.
        roster.block(0);
        let seat = roster.hire().unwrap();
        roster.retire(0);
        assert!(!roster.dismisses(0));
        roster.arrive(seat);
        assert!(roster.dismisses(seat));
        // It is blocked once more before it looks up.
        roster.block(0);
        roster.retire(0);
        roster.block(0);
        assert!(!roster.dismisses(1), "there are two now that work");
        roster.aim(1);
        assert!(roster.dismisses(1));
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
        roster.leave();
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
