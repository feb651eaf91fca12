//! Which sleeper is woken, and what a wake-up says.

use super::*;

fn sleepers(cpus: &[Option<usize>]) -> Vec<Sleeper> {
    let sleeper =
        |(worker, cpu): (usize, &Option<usize>)| Sleeper { worker, cpu: *cpu, thread: thread::current() };
    cpus.iter().enumerate().map(sleeper).collect()
}

#[test]
fn a_thread_that_goes_on_wakes_the_last_that_ran_elsewhere() {
    let chosen = |cpus: &[_]| Which::Elsewhere.among(&sleepers(cpus), Some(7));
    assert_eq!(chosen(&[Some(1), Some(2), Some(7), Some(7)]), 1);
    assert_eq!(chosen(&[Some(7), Some(2), Some(3)]), 2);
    assert_eq!(chosen(&[Some(7), Some(7)]), 1);
}

#[test]
fn a_thread_that_waits_wakes_the_last_that_ran_here() {
    let chosen = |cpus: &[_]| Which::Here.among(&sleepers(cpus), Some(7));
    assert_eq!(chosen(&[Some(7), Some(7), Some(1)]), 1);
    assert_eq!(chosen(&[Some(1), Some(2)]), 1);
}

#[test]
fn where_the_system_does_not_tell_the_last_is_woken() {
    for which in [Which::Here, Which::Elsewhere] {
        assert_eq!(which.among(&sleepers(&[None, None, None]), None), 2);
    }
}

#[test]
fn each_wake_up_is_for_one_worker() {
    let parking = Parking::new(3, Order::LastInFirstOut);
    parking.announce(0, false, Group::General);
    parking.announce(1, false, Group::General);
    parking.announce(2, false, Group::Reserved);
    parking.notify();
    assert!(parking.is_searched() && parking.has_sleepers());
    parking.notify();
    assert_eq!(parking.park(1, None), Woken::ToSearch, "the last to come");
    parking.wake(0);
    parking.wake(0);
    assert_eq!(parking.park(0, None), Woken::ByName);
    assert!(!parking.has_sleepers());
    assert!(parking.notify_reserved());
    assert!(!parking.notify_reserved());
    assert_eq!(parking.park(2, None), Woken::ByName);
}

#[test]
fn a_worker_that_retracts_learns_whether_it_was_made_the_searcher() {
    let parking = Parking::new(1, Order::ByCpu);
    parking.announce(0, false, Group::General);
    assert!(!parking.retract(0));
    assert!(parking.try_search());
    parking.announce(0, true, Group::General);
    parking.notify();
    assert!(parking.retract(0));
    assert!(!parking.try_search());
    parking.stop_search(|| true);
    assert!(!parking.is_searched());
    parking.announce(0, false, Group::General);
    assert_eq!(parking.park(0, Some(Instant::now())), Woken::Retracted);
    assert!(!parking.has_sleepers());
}
