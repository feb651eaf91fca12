//! The gate under loom: the inlet is dropped, and not used afterwards.

use loom::sync::atomic::AtomicUsize;
use loom::thread;

use super::*;
use crate::sync::model::{bounded, refuse_fences};

/// Counts its drops, and fails when it is used after one.
struct Inlet {
    alive: Arc<AtomicUsize>,
}

impl Drop for Inlet {
    fn drop(&mut self) {
        assert_eq!(self.alive.fetch_sub(1, SeqCst), 1);
    }
}

fn use_inlet(inside: Option<Inside<'_, Inlet>>) {
    if let Some(inlet) = inside {
        assert_eq!(inlet.alive.load(SeqCst), 1);
    }
}

/// Closes the gate while these submitters pass it.
///
/// Light fences are full ones here, so that the heavy one is not needed; for that see [`asymmetric`](super::asymmetric).
fn close_under<const N: usize>(submitters: [fn(&Gate<Inlet>); N]) {
    // Each deleted fence is found with two switches.
    bounded(3, move || {
        let alive = Arc::new(AtomicUsize::new(1));
        let entry_counters = Arc::new(EntryCounters::new(2));
        let gate = Arc::new(Gate::new(entry_counters, Inlet { alive: alive.clone() }, unheard()));
        // The first entry on a worker's stripe is a locked one; those that follow are not.
        OWN.into_iter().for_each(|stripe| use_inlet(gate.enter_as(stripe, true)));
        let submitters = submitters.map(|submit| {
            let gate = gate.clone();
            thread::spawn(move || submit(&gate))
        });
        gate.close();
        for submitter in submitters {
            submitter.join().unwrap();
        }
        assert_eq!(alive.load(SeqCst), 0, "the inlet is dropped");
    });
}

const SHARED: usize = 0;
const OWN: [usize; 2] = [1, 2];

#[test]
fn the_inlet_is_dropped_exactly_once_and_never_under_a_submitter() {
    close_under([|gate| use_inlet(gate.enter(SHARED)), |gate| use_inlet(gate.enter(SHARED))]);
}

#[test]
fn nor_under_a_worker_that_submits() {
    close_under([
        |gate| use_inlet(gate.enter_as(OWN[0], true)),
        |gate| use_inlet(gate.enter_as(OWN[1], true)),
    ]);
}

#[test]
fn nor_under_a_worker_beside_a_submitter_from_outside() {
    close_under([|gate| use_inlet(gate.enter_as(OWN[0], true)), |gate| use_inlet(gate.enter(SHARED))]);
}

#[test]
fn nor_where_there_are_no_heavy_fences() {
    bounded(3, || {
        refuse_fences(true);
        close_under_two_workers(|| (), CLOSED);
        refuse_fences(false);
    });
}

#[test]
fn nor_where_the_heavy_fence_fails() {
    bounded(3, || {
        close_under_two_workers(|| refuse_fences(true), UNFENCED);
        refuse_fences(false);
    });
}

/// Once the gate is made this `happens`, and when it is closed its state is that.
fn close_under_two_workers(happens: impl FnOnce(), state: u8) {
    let alive = Arc::new(AtomicUsize::new(1));
    let inlet = Inlet { alive: alive.clone() };
    let gate = Arc::new(Gate::new(Arc::new(EntryCounters::new(2)), inlet, unheard()));
    OWN.into_iter().for_each(|stripe| use_inlet(gate.enter_as(stripe, true)));
    happens();
    let workers = OWN.map(|stripe| {
        let gate = gate.clone();
        thread::spawn(move || use_inlet(gate.enter_as(stripe, true)))
    });
    gate.close();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert_eq!(gate.state.load(SeqCst), state);
    assert_eq!(alive.load(SeqCst), usize::from(state == UNFENCED), "it is dropped, or stays until now");
    drop(gate);
    assert_eq!(alive.load(SeqCst), 0);
}

#[test]
fn a_worker_that_begins_to_count_lightly_is_not_overlooked() {
    loom::model(|| {
        let alive = Arc::new(AtomicUsize::new(1));
        let gate =
            Arc::new(Gate::new(Arc::new(EntryCounters::new(1)), Inlet { alive: alive.clone() }, unheard()));
        let worker = {
            let gate = gate.clone();
            thread::spawn(move || (0..2).for_each(|_| use_inlet(gate.enter_as(OWN[0], true))))
        };
        gate.close();
        worker.join().unwrap();
        assert_eq!(alive.load(SeqCst), 0, "the inlet is dropped");
    });
}
