//! The inlet as the pool sees it: a push that wakes a worker, and a drop that tells the workers of the end.

use std::sync::Arc;

use crate::strategy::{Caller, Inlet, Push};
use crate::sync::parking::Parking;
use crate::{Job, Submit};

/// The strategy's inlet, and where the workers wait for what comes through it.
pub(super) struct Intake<I> {
    inlet: I,
    // Dropped after the inlet: workers that find it closed find all that was pushed.
    parking: ClosedOnDrop,
}

struct ClosedOnDrop(Arc<Parking>);

impl Drop for ClosedOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<I: Inlet> Intake<I> {
    pub(super) fn new(inlet: I, parking: Arc<Parking>) -> Self {
        Intake { inlet, parking: ClosedOnDrop(parking) }
    }

    /// Puts a job into the channel, and wakes a worker for it if one is needed.
    // Always inlined, so that the job is not moved once more.
    #[inline(always)]
    pub(super) fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        if I::WAKES {
            return self.inlet.push(job, submit, caller);
        }
        let push = self.inlet.push(job, submit, caller);
        if let Push::Queued = push {
            let parking = &*self.parking.0;
            if submit.is_awaited() { parking.notify_and_wait() } else { parking.notify() }
        }
        push
    }

    /// Returns the ticket if there is no room for it.
    pub(super) fn push_ticket(&self, ticket: Job, submit: Submit) -> Option<Job> {
        match self.push(ticket, submit, Caller::Outside) {
            Push::Queued => None,
            // Apart, or the compiler moves what there is none of: 20 instructions.
            other => Some(refused_ticket(other)),
        }
    }
}

#[cold]
#[inline(never)]
fn refused_ticket(push: Push) -> Job {
    match push {
        Push::Displaced(ticket) | Push::RunHere(ticket) | Push::Refused(ticket, _) => ticket,
        Push::MadeRoom { .. } => unreachable!("a strategy displaces nothing for a ticket"),
        Push::Queued => unreachable!("it was not queued"),
    }
}
