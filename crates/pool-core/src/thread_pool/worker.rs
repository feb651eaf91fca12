//! A worker: a thread in a seat.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::core::Core;
use super::seat::{MOST_FAILED_STARTS, Record, Sitting};
use crate::current;
use crate::error::drop_quietly;
use crate::{Idle, Outlet, Pop, Strategy};

/// Starts a thread for this seat. Whoever sat here before is joined by a later worker, or at the end.
pub(super) fn start<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> io::Result<()> {
    core.seats[index].start(|| spawn(core, index), |predecessor| core.life.bury(predecessor))
}

fn spawn<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> io::Result<JoinHandle<()>> {
    let mut builder = thread::Builder::new().name(format!("{}-{index}", core.ledger().name()));
    if let Some(size) = core.stack_size {
        builder = builder.stack_size(size);
    }
    let core = core.clone();
    builder.spawn(move || live(&core, index))
}

/// A worker's whole life. When it is over, the seat is free and the thread is no worker any more, so that its
/// thread-local destructors run as those of any other thread.
fn live<S: Strategy>(core: &Arc<Core<S>>, index: usize) {
    current::become_member(core.ledger().id());
    core.life.join_buried();
    match catch_unwind(AssertUnwindSafe(|| sit(core, index))) {
        Ok(()) => core.worker_is_gone(),
        Err(payload) => match core.life.worker_died(payload) {
            None => core.worker_is_gone(),
            Some(payload) => {
                drop_quietly(payload);
                replace(core, index);
            }
        },
    }
}

fn sit<S: Strategy>(core: &Core<S>, index: usize) {
    let seat = &core.seats[index];
    let _worker = current::enter(core.ledger().id(), index);
    let mut sitting = seat.sit();
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| core.on_start.call(index))) {
        seat.note(|record| record.failed_starts += 1);
        std::panic::resume_unwind(payload);
    }
    seat.note(|record| record.failed_starts = 0);
    core.life.worker_is_ready();
    work(core, index, &mut sitting);
    // The worker is at its end anyway. To replace it for this would only have the next one panic, and so on.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| core.on_stop.call(index))) {
        drop_quietly(payload);
    }
}

/// Takes jobs and runs them until the channel is closed.
fn work<S: Strategy>(core: &Core<S>, index: usize, sitting: &mut Sitting<'_, S::Outlet>) {
    let ledger = &**core.ledger();
    let desk = ledger.worker_desk(index);
    let mut idle = Idle::of_worker(ledger, index);
    idle.start_spell();
    let mut jobs: u64 = 0;
    let mut open = true;
    while open {
        // Asked before the pop: a job that was taken before somebody wanted it back has as good as started. Asked after
        // it, that job would be put behind those that are taken out of the queue meanwhile.
        let gives_back = core.life.gives_back();
        if gives_back {
            core.set_aside_queued();
        }
        let popped = sitting.outlet().pop(None, &mut idle);
        idle.end();
        // The pop has made room, and an idle worker may take what this one would come to only after its job.
        core.requeue_lane();
        match popped {
            Pop::Job(job) => {
                // See `Stats::longest_queue`.
                if jobs < 64 || jobs.is_multiple_of(64) {
                    ledger.sample_queue();
                }
                if gives_back {
                    core.set_aside(job);
                } else {
                    core.run(job, desk);
                }
                if jobs == 0 {
                    core.seats[index].note(|record| record.losses = 0);
                }
                jobs += 1;
            }
            Pop::Shed(job, reason) if job.is_job() => ledger.discard(job, reason),
            // Whatever a discipline sheds, it cannot mean a ticket.
            Pop::Shed(ticket, _) => core.run(ticket, desk),
            Pop::TimedOut => {}
            Pop::Closed => open = false,
        }
        while let Some(ticket) = core.lane.take_one() {
            // This one may take long, and the others need not wait for it.
            core.requeue_lane();
            core.run(ticket, desk);
        }
    }
    idle.begin();
}

/// Finds a successor for a worker that died, which is the calling thread.
fn replace<S: Strategy>(core: &Arc<Core<S>>, index: usize) {
    let seat = &core.seats[index];
    core.ledger().count_replaced(index);
    let mut record = seat.note(|record| record.losses += 1);
    while record.failed_starts < MOST_FAILED_STARTS {
        core.life.back_off(record.back_off());
        match start(core, index) {
            Ok(()) => return,
            Err(_) => {
                record = seat.note(|Record { losses, failed_starts }| {
                    *losses += 1;
                    *failed_starts += 1;
                });
            }
        }
    }
    core.seat_is_deserted(index);
}
