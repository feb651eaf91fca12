//! The contract of `Pool`, on this strategy, with and without express workers.

use std::process::ExitCode;
use std::sync::Arc;

use pool_conformance::{Claim, Subject};
use pool_core::BuildError;
use pool_core::strategy::{Ends, Parking, Strategy};
use pool_priority::{Levels, PriorityInlet, PriorityOutlet};

/// One express worker, wherever there is a second one to do the rest.
struct OneExpress;

impl Strategy for OneExpress {
    type Inlet = PriorityInlet;
    type Outlet = PriorityOutlet;
    const NAME: &'static str = "priority-express";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let levels = Levels::new(4);
        let levels = if slots > 1 { levels.express(1, 3) } else { levels };
        let Ends { inlet, outlets, spare } = levels.open(slots, parking)?;
        Ok(Ends { inlet, outlets, spare })
    }
}

fn main() -> ExitCode {
    pool_conformance::main([
        // Jobs of one level are first in, first out.
        Subject::strategy("priority", Levels::default).claiming(&[Claim::Fifo]),
        Subject::strategy("priority-1-strict", || Levels::new(1).strict()).claiming(&[Claim::Fifo]),
        // Express workers never leave.
        Subject::strategy("priority-express", || OneExpress).without(&[Claim::Empty]),
    ])
}
