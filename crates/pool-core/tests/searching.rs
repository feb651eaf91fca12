//! How often a worker looks for a job before it parks.

use std::sync::{Arc, mpsc};

use pool_core::strategy::{Caller, Ends, Inlet, Look, Outlet, Parking, Pop, Push, Search, Strategy};
use pool_core::{BuildError, Helping, Job, Reason, Submit, ThreadPool};

/// A channel without jobs, whose outlets look at so many places.
struct Barren {
    places: usize,
    /// How often an outlet was looked at before the last look.
    pops: mpsc::SyncSender<usize>,
}

struct Closed;

struct BarrenOutlet {
    places: usize,
    pops: usize,
    sender: mpsc::SyncSender<usize>,
}

impl Inlet for Closed {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        Push::Refused(job, Reason::Full)
    }
}

impl Outlet for BarrenOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        self.pops += 1;
        Pop::Empty
    }

    fn has_work(&self) -> bool {
        false
    }

    fn look(&mut self) -> Look {
        // There is room for the first look only, and nobody receives when the pool ends.
        let _ = self.sender.try_send(self.pops);
        Look::Nothing
    }

    fn places(&self) -> usize {
        self.places
    }

    fn drain(&mut self, _: &mut Vec<Job>) {}
}

impl Strategy for Barren {
    type Inlet = Closed;
    type Outlet = BarrenOutlet;
    const NAME: &'static str = "barren";

    fn open(&self, slots: usize, _: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let outlet = || BarrenOutlet { places: self.places, pops: 0, sender: self.pops.clone() };
        Ok(Ends { inlet: Closed, outlets: (0..slots).map(|_| outlet()).collect(), spare: outlet() })
    }
}

/// How often the only worker of a new pool pops before its last look.
fn pops_before_parking(places: usize, helping: Helping) -> usize {
    let (pops, parked) = mpsc::sync_channel(1);
    let pool = ThreadPool::with(Barren { places, pops }).threads(1).helping(helping).build().unwrap();
    let pops = parked.recv().unwrap();
    drop(pool);
    pops
}

#[test]
fn a_worker_looks_less_often_where_each_look_is_at_many_places() {
    for helping in [Helping::Own, Helping::Any] {
        let few = pops_before_parking(1, helping);
        assert_eq!(pops_before_parking(64, helping), few, "in a pool of up to 64 nothing changes");
        for places in [128, 1_000, 4_000, 1_000_000] {
            let pops = pops_before_parking(places, helping);
            // The pop that found nothing, then the same number of places, and at least one look with and without a pause.
            let most = 1 + 2 + few * 64 / places;
            assert!((2..=most).contains(&pops), "{pops} pops at {places} places, {few} at one");
        }
    }
}
