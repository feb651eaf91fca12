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
    assert!(table.is_balanced());
    table.unblock(1);
    assert_eq!(table.surplus(), 0);
    table.unblock(0);
    assert_eq!(leavers(&table), [2]);
    table.leave(2);
    assert!(table.is_balanced());
    table.vacate(2);
    assert!(table.is_balanced());
    let WorkerCounts { now, lowest, highest, .. } = table.worker_counts();
    assert_eq!((now, lowest, highest), (2, 2, 3));
}

#[test]
fn the_workers_with_the_highest_numbers_leave() {
    let mut table = WorkerTable::new(4, 1..=4, 4);
    assert!(leavers(&table).is_empty());
    table.set_target(2);
    assert_eq!(leavers(&table), [3, 2]);
    assert_eq!([0, 1, 2, 3].map(|slot| table.must_leave(slot)), [false, false, true, true]);
    // Another than the highest may leave first.
    table.leave(2);
    assert_eq!(leavers(&table), [3]);
    table.set_target(3);
    assert_eq!((leavers(&table), table.is_balanced()), (vec![], true), "three are left");
    table.set_target(1);
    assert_eq!(leavers(&table), [3, 1]);
}

#[test]
fn a_leaver_is_wanted_again_when_the_pool_grows() {
    let mut table = WorkerTable::new(3, 1..=5, 5);
    table.set_target(1);
    assert_eq!(leavers(&table), [2, 1]);
    table.raise_target();
    assert_eq!((table.target(), leavers(&table), table.reserve_slot()), (4, vec![], Some(3)));
}

#[test]
fn when_one_arrives_another_may_have_to_leave() {
    let mut table = WorkerTable::new(1, 1..=3, 3);
    table.set_target(3);
    assert_eq!((table.reserve_slot(), table.reserve_slot()), (Some(1), Some(2)));
    table.arrive(2);
    table.set_target(2);
    assert!(leavers(&table).is_empty(), "the other may not arrive");
    table.arrive(1);
    assert_eq!(leavers(&table), [2]);
}

#[test]
fn a_slot_is_taken_only_when_all_before_it_are() {
    let mut table = WorkerTable::new(3, 1..=4, 4);
    table.set_target(1);
    table.leave(2);
    table.leave(1);
    table.vacate(2);
    table.set_target(3);
    assert_eq!((table.reserve_slot(), table.is_short()), (None, false), "the first is about to be free");
    table.vacate(1);
    assert_eq!((table.reserve_slot(), table.reserve_slot(), table.reserve_slot()), (Some(1), Some(2), None));
}

#[test]
fn a_blocked_worker_leaves_when_it_is_so_no_more() {
    let mut table = WorkerTable::new(4, 1..=4, 4);
    table.block(3);
    table.set_target(2);
    assert_eq!(leavers(&table), [2]);
    table.leave(2);
    table.vacate(2);
    assert!(table.is_balanced());
    table.unblock(3);
    assert_eq!(leavers(&table), [3]);
}

#[test]
fn whose_worker_stays_is_passed_over() {
    let mut table = WorkerTable::new(3, 1..=3, 3);
    table.set_reserved([true, false, true].into_iter());
    table.set_target(1);
    assert_eq!(leavers(&table), [1], "there is no other");
    table.leave(1);
    assert_eq!((leavers(&table), table.surplus(), table.is_balanced()), (vec![], 1, true));
}

#[test]
fn a_pool_may_be_empty() {
    let mut table = WorkerTable::new(0, 0..=2, 2);
    assert!(table.is_balanced());
    table.lower_target();
    assert_eq!((table.target(), table.reserve_slot()), (0, None));
    table.raise_target();
    let slot = table.reserve_slot().unwrap();
    table.start_failed(slot);
    assert!(table.is_out_of_workers());
    table.set_target(1);
    assert_eq!(table.reserve_slot(), Some(0));
    assert!(!table.is_out_of_workers(), "it is starting");
    table.arrive(0);
    table.lower_target();
    table.leave(0);
    assert!(!table.is_out_of_workers(), "one can be had");
    table.raise_target();
    assert_eq!(
        (table.reserve_slot(), table.is_out_of_workers()),
        (None, false),
        "the slot is about to be free"
    );
    table.vacate(0);
    assert_eq!(table.reserve_slot(), Some(0));
    table.disable(0);
    assert!(!table.all_slots_disabled());
    assert_eq!(table.reserve_slot(), Some(1));
    table.disable(1);
    assert!(table.all_slots_disabled() && table.is_out_of_workers());
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
    table.set_target(2);
    let slot = table.reserve_slot().unwrap();
    table.start_failed(slot);
    assert!(table.is_balanced());
    assert_eq!(table.reserve_slot(), None);
    table.set_target(3);
    assert_eq!((table.reserve_slot(), table.reserve_slot()), (Some(1), Some(2)));
    table.arrive(2);
    assert_eq!(table.worker_counts().highest, 2, "one is still starting");
    table.arrive(1);
    let WorkerCounts { failed_starts, highest, .. } = table.worker_counts();
    assert_eq!((failed_starts, highest), (1, 3));
}

#[test]
fn when_the_time_is_over_the_next_start_is_tried() {
    let mut table = WorkerTable::new(1, 1..=2, 2);
    table.set_target(2);
    let slot = table.reserve_slot().unwrap();
    table.start_failed(slot);
    assert_eq!((table.reserve_slot(), table.is_short()), (None, true));
    table.hold_off = Some(Instant::now());
    assert_eq!(table.reserve_slot(), Some(slot));
    table.arrive(slot);
    let WorkerCounts { now, failed_starts, .. } = table.worker_counts();
    assert_eq!((now, failed_starts, table.is_balanced()), (2, 1, true));
}

#[test]
fn no_worker_leaves_for_one_that_may_not_start() {
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
    table.set_ceiling(2);
    assert_eq!((table.target(), table.can_grow(), table.surplus()), (2, false, 1));
    table.raise_target();
    assert_eq!(table.target(), 2);
    table.set_ceiling(1);
    assert_eq!(table.target(), 2, "the least");
    table.set_ceiling(usize::MAX);
    table.leave(2);
    table.raise_target();
    assert_eq!(table.target(), 3);
}

#[test]
fn the_target_stays_within_bounds() {
    let mut table = WorkerTable::new(2, 2..=3, 3);
    table.lower_target();
    assert_eq!(table.target(), 2);
    table.raise_target();
    assert_eq!((table.target(), table.reserve_slot()), (3, Some(2)));
    table.raise_target();
    assert_eq!(table.target(), 3);
}
