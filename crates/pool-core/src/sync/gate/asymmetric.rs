//! The gate with light fences that are none, and a heavy one that [interrupts](crate::sync::model).

use loom::cell::UnsafeCell;
use loom::thread;

use super::*;
use crate::sync::model::{asymmetric, bounded};

/// loom sees who uses it and who drops it.
struct Inlet(UnsafeCell<u32>);

// SAFETY: loom checks that it is not used while it is dropped.
unsafe impl Sync for Inlet {}

impl Drop for Inlet {
    fn drop(&mut self) {
        // SAFETY: no thread is inside, as the models are to show.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }
}

fn use_inlet(inside: Option<Inside<'_, Inlet>>) {
    if let Some(inlet) = inside {
        // SAFETY: it is not dropped, as the models are to show.
        inlet.0.with(|value| assert_eq!(unsafe { *value }, 0, "it has been dropped"));
    }
}

const SHARED: usize = 0;
const OWN: [usize; 2] = [1, 2];

/// Closes the gate while these submitters pass it, `entries` after each owner's first.
fn close_under<const N: usize>(entries: usize, submitters: [fn(&Gate<Inlet>); N]) {
    let check = move || {
        bounded(3, move || {
            let gate =
                Arc::new(Gate::new(Arc::new(EntryCounters::new(2)), Inlet(UnsafeCell::new(0)), unheard()));
            for own in OWN {
                (0..entries).for_each(|_| use_inlet(gate.enter_as(own, true)));
            }
            let submitters = submitters.map(|submit| {
                let gate = gate.clone();
                thread::spawn(move || submit(&gate))
            });
            gate.close();
            for submitter in submitters {
                submitter.join().unwrap();
            }
            // SAFETY: all others have ended, and none of them kept what it was given.
            let is_dropped = gate.inlet.with(|inlet| unsafe { (*inlet).is_none() });
            assert!(is_dropped, "the inlet is dropped");
        });
    };
    asymmetric(check);
}

#[test]
fn a_worker_that_counts_lightly_is_not_overlooked() {
    close_under(1, [|gate| use_inlet(gate.enter_as(OWN[0], true))]);
}

#[test]
fn nor_is_one_that_begins_to_count_lightly() {
    close_under(0, [|gate| (0..2).for_each(|_| use_inlet(gate.enter_as(OWN[0], true)))]);
}

#[test]
fn nor_is_one_of_two_workers() {
    close_under(
        1,
        [|gate| use_inlet(gate.enter_as(OWN[0], true)), |gate| use_inlet(gate.enter_as(OWN[1], true))],
    );
}

#[test]
fn nor_is_a_worker_beside_a_submitter_from_outside() {
    close_under(1, [|gate| use_inlet(gate.enter_as(OWN[0], true)), |gate| use_inlet(gate.enter(SHARED))]);
}
