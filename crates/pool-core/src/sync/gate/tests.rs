//! The gate in use by one thread, and by several.

use super::*;

#[test]
fn a_closed_gate_lets_no_thread_in_and_drops_the_inlet_once() {
    let inlet = Arc::new(());
    let entry_counters = Arc::new(EntryCounters::new(1));
    let gate = Gate::new(entry_counters.clone(), inlet.clone(), unheard());
    drop(gate.enter_as(0, true).unwrap());
    drop(gate.enter(entry_counters.uncounted()).unwrap());
    assert_eq!(entry_counters.submitted(), 1);
    assert!(gate.close());
    assert!(!gate.close());
    assert_eq!(Arc::strong_count(&inlet), 1);
    assert!(gate.enter(0).is_none());
    assert_eq!(entry_counters.submitted(), 2, "a submission that is turned away still counts as one");
}

#[test]
fn an_owner_is_counted_and_turned_away_however_often_it_has_entered() {
    for own in [0, OWN_STRIPES, EntryCounters::new(1).of_slot(0)] {
        enter_often_and_close(own);
    }
}

fn enter_often_and_close(own: usize) {
    let inlet = Arc::new(());
    let entry_counters = Arc::new(EntryCounters::new(1));
    let gate = Gate::new(entry_counters.clone(), inlet.clone(), unheard());
    for entries in 1..=3 * FEW {
        drop(gate.enter_as(own, true).unwrap());
        assert_eq!(entry_counters.submitted(), entries);
    }
    let inside = gate.enter_as(own, true).unwrap();
    gate.close();
    assert!(gate.enter_as(own, true).is_none());
    assert_eq!(Arc::strong_count(&inlet), 2);
    drop(inside);
    assert_eq!(Arc::strong_count(&inlet), 1);
}

#[test]
fn a_thread_inside_keeps_the_inlet_alive() {
    let inlet = Arc::new(());
    let gate = Gate::new(Arc::new(EntryCounters::new(0)), inlet.clone(), unheard());
    let inside = gate.enter(0).unwrap();
    gate.close();
    assert_eq!(Arc::strong_count(&inside), 2);
    drop(inside);
    assert_eq!(Arc::strong_count(&inlet), 1);
}
