//! A worker: a thread in a seat.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::attention::Matter;
use super::core::Core;
use super::seat::{MOST_FAILED_STARTS, Sitting};
use super::staffing::Next;
use super::waiting::{Waited, Waiter};
use crate::current;
use crate::error::drop_quietly;
use crate::strategy::{Outlet, Pop, Search, Strategy};
use crate::workforce::join_workforce;

/// Whether the thread that starts another may run where the pool's threads do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Starter {
    AtHome,
    Anyone,
}

/// Starts a thread for this seat. Whoever sat here before is joined at the end.
pub(super) fn start<S: Strategy>(core: &Arc<Core<S>>, index: usize, starter: Starter) -> io::Result<()> {
    core.seats[index].start(|| spawn(core, index, starter), |predecessor| core.life.bury(predecessor))
}

fn spawn<S: Strategy>(core: &Arc<Core<S>>, index: usize, starter: Starter) -> io::Result<JoinHandle<()>> {
    let mut builder = thread::Builder::new().name(format!("{}-{index}", core.ledger().name()));
    if let Some(size) = core.settings.stack_size {
        builder = builder.stack_size(size);
    }
    let core = core.clone();
    builder.spawn(move || {
        if let (Starter::Anyone, Some(cpus)) = (starter, &core.settings.cpu_set) {
            cpus.move_here();
        }
        live(&core, index);
    })
}

/// A worker's whole life. When it is over, the seat is free and the thread is no worker any more, so that its
/// thread-local destructors run as those of any other thread.
fn live<S: Strategy>(core: &Arc<Core<S>>, index: usize) {
    current::become_member(core.ledger().id());
    #[cfg(feature = "affinity")]
    super::pinning::bind(&core.settings.cpus, index);
    loop {
        let payload = match catch_unwind(AssertUnwindSafe(|| sit(core, index))) {
            Ok(Left::ForGood) => break,
            Ok(Left::TooEarly) => continue,
            Err(payload) => payload,
        };
        // The dead are neither busy nor waiting; and whoever waits for rest learns of their last job.
        Search::of_worker(core.ledger(), &core.parking, index).absent();
        match core.life.worker_died(payload) {
            None => break,
            Some(payload) => drop_quietly(payload),
        }
        match replace(core, index) {
            Successor::Another => return,
            Successor::Nobody => return core.seat_is_deserted(index),
            Successor::Myself => {}
        }
    }
    core.worker_is_gone();
}

/// How a worker has got up from its seat.
enum Left {
    ForGood,
    /// The pool is ending, and the others may have gone before they could see what this one held privately.
    TooEarly,
}

fn sit<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> Left {
    let leaves = {
        let seat = &core.seats[index];
        let _worker = current::enter(core.ledger().id(), index);
        let _member = join_workforce(core.ledger().workforce().get(), index);
        let start = || {
            let sitting = seat.sit();
            core.settings.on_start.call(index);
            sitting
        };
        let mut sitting = catch_unwind(AssertUnwindSafe(start)).unwrap_or_else(|payload| {
            seat.note(|record| record.failed_starts += 1);
            core.life.direct(|roster| roster.count_failed_start());
            std::panic::resume_unwind(payload)
        });
        seat.note(|record| record.failed_starts = 0);
        core.mail.open(index);
        let leavers = core.life.worker_is_ready(index);
        core.call(&leavers);
        let leaves = work(core, index, &mut sitting);
        // The worker is at its end anyway. To replace it for this would only have the next one panic, and so on.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| core.settings.on_stop.call(index))) {
            drop_quietly(payload);
            core.ledger().count_handler_panic();
        }
        leaves
    };
    if leaves {
        if core.life.comes_back(index) {
            return Left::TooEarly;
        }
        core.seat_is_free(index);
    }
    Left::ForGood
}

/// Takes jobs and runs them until the channel is closed, or until there are too many workers; returns whether it is
/// that.
fn work<S: Strategy>(core: &Core<S>, index: usize, sitting: &mut Sitting<'_, S::Outlet>) -> bool {
    let ledger = &**core.ledger();
    let desk = ledger.worker_desk(index);
    let attention = &core.life.attention;
    let mut search = Search::of_worker(ledger, &core.parking, index);
    search.start();
    let mut jobs: u64 = 0;
    let (mut open, mut leaves, mut drains) = (true, false, false);
    while open {
        // Asked before the pop: a job that was taken before somebody wanted it back has as good as started. Asked after
        // it, that job would be put behind those that are taken out of the queue meanwhile.
        let before = attention.now();
        if !before.is_nothing() && core.attend(index, sitting.outlet(), &mut search, before) == Next::Leave {
            leaves = true;
            break;
        }
        let asks = before.is_nothing() && !search.is_searcher();
        let mut slot = if asks { sitting.outlet().at_hand() } else { None };
        let mut no_job = None;
        if slot.is_none() {
            match sitting.outlet().pop(&mut search) {
                Pop::Job(job) => slot = Some(job),
                Pop::Shed(job, reason) => no_job = Some(Pop::Shed(job, reason)),
                Pop::Empty => match core.look_around(sitting.outlet(), &mut search) {
                    Pop::Job(job) => slot = Some(job),
                    other => no_job = Some(other),
                },
            }
            if search.is_searcher() && !matches!(no_job, Some(Pop::Empty)) {
                search.end(|| core.has_work(sitting.outlet()));
            }
        }
        let after = attention.now();
        if after.has(Matter::LANE) {
            // The pop has made room, and an idle worker may take what this one would come to only after its job.
            core.requeue_lane();
        }
        if slot.is_some() {
            // See `Stats::longest_queue`.
            if jobs < 64 || jobs.is_multiple_of(64) {
                ledger.sample_queue();
            }
            if after.or(before).is_nothing() {
                core.run(&mut slot, desk);
            } else if let Some(job) = slot.take() {
                core.run_attentively(job, desk, &search, before);
            }
            if jobs == 0 && !attention.now().has(Matter::FORKED) {
                core.seats[index].note(|record| record.losses = 0);
            }
            jobs += 1;
        }
        match no_job {
            None => {}
            Some(Pop::Job(_)) => unreachable!("it is in the slot"),
            Some(Pop::Shed(job, reason)) if job.is_job() => ledger.discard(job, reason),
            // Whatever a discipline sheds, it cannot mean a ticket.
            Some(Pop::Shed(ticket, _)) => core.run(&mut Some(ticket), desk),
            Some(Pop::Empty) => match core.park(index, sitting.outlet(), &mut search, Waiter::Worker) {
                Waited::Again => {}
                // Another may have left its seat, and in it what it held, just after this one looked. From here on
                // a worker that leaves comes back, so it is looked for once more.
                Waited::Closed if !drains => {
                    core.life.drains();
                    drains = true;
                }
                Waited::Closed => open = false,
            },
        }
        if attention.now().has(Matter::LANE) {
            core.serve_lane(index, sitting.outlet(), &search, !open);
        }
    }
    search.end(|| core.has_work(sitting.outlet()));
    // Nobody who came before the channel was closed is forgotten.
    core.read_mail(index);
    search.begin_wait();
    leaves
}

/// Who sits in a seat after a worker has died there.
enum Successor {
    Another,
    /// No thread could be started, so the one that there is goes on.
    Myself,
    /// Workers do not get past their start.
    Nobody,
}

/// Finds a successor for a worker that died, which is the calling thread.
fn replace<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> Successor {
    let seat = &core.seats[index];
    let record = seat.note(|record| record.losses += 1);
    if record.failed_starts >= MOST_FAILED_STARTS {
        return Successor::Nobody;
    }
    // One that did not get past its start was no worker yet, and is counted as a failed start.
    if record.failed_starts == 0 {
        core.ledger().count_replaced(index);
    }
    // What it held privately lies where only a pop finds it.
    core.parking.notify();
    core.life.back_off(record.back_off());
    match start(core, index, Starter::Anyone) {
        Ok(()) => Successor::Another,
        Err(_) => {
            core.life.direct(|roster| roster.count_failed_start());
            Successor::Myself
        }
    }
}
