//! A worker: a thread in a slot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::{io, mem};

use super::core::Core;
use super::resizing::Next;
use super::signals::Signal;
use super::slot::{MOST_FAILED_STARTS, SlotGuard};
use super::spawning::{Lost, Outcome, WorkerThread};
use super::waiting::{ParkingThread, Waited};
use crate::blocking::enter_worker_manager;
use crate::current;
use crate::os::process_fork;
use crate::panic::drop_quietly;
use crate::strategy::{Outlet, Pop, Search, Strategy};

/// Whether the thread that starts another may run where the pool's threads do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Starter {
    OnPoolCpus,
    OnAnyCpu,
}

/// As [`start`], from any thread.
pub(super) fn start_from_anywhere<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> io::Result<()> {
    start(core, index, Starter::OnAnyCpu)
}

/// Starts a thread for this slot, which takes mail from now on. The thread of the worker before is joined at the end.
pub(super) fn start<S: Strategy>(core: &Arc<Core<S>>, index: usize, starter: Starter) -> io::Result<()> {
    let spawn_expected = || {
        let thread = spawn(core, index, starter)?;
        // The worker gets no further before this has returned.
        core.mailboxes.expect(index);
        Ok(thread)
    };
    core.slots[index].start(spawn_expected, |predecessor| core.retired.add(predecessor))
}

fn spawn<S: Strategy>(
    core: &Arc<Core<S>>,
    index: usize,
    starter: Starter,
) -> io::Result<Option<JoinHandle<()>>> {
    let settings = &core.settings;
    let name = match &settings.thread_names {
        Some(names) => names(index),
        None => format!("{}-{index}", core.context().name()),
    };
    if let Some(handler) = &settings.spawn_handler {
        let Lost(is_lost) = offer(core, index, name).offer(&**handler)?;
        return if is_lost {
            Err(io::Error::other("the spawn handler has dropped the worker"))
        } else {
            Ok(None)
        };
    }
    let mut builder = thread::Builder::new().name(name);
    if let Some(size) = core.settings.stack_size {
        builder = builder.stack_size(size);
    }
    let core = core.clone();
    let thread = process_fork::spawn(builder, move || {
        current::become_member(core.context().id());
        if let (Starter::OnAnyCpu, Some(cpus)) = (starter, &core.settings.cpu_set) {
            cpus.move_here();
        }
        run_worker(&core, index);
    })?;
    Ok(Some(thread))
}

/// The worker of this slot, for a thread that the program makes.
fn offer<S: Strategy>(core: &Arc<Core<S>>, index: usize, name: String) -> WorkerThread {
    let (stack_size, pool, core) = (core.settings.stack_size, core.context().id(), core.clone());
    let worker = move |outcome| match outcome {
        Outcome::Runs => run_worker(&core, index),
        Outcome::Lost => {
            core.lifecycle.update_table(|table| table.count_failed_start());
            core.disable_slot(index);
        }
    };
    WorkerThread { index, name, stack_size, pool, worker: Some(Box::new(worker)), owner: Arc::default() }
}

/// Makes the calling thread the worker of this slot, for good. It is not counted as alive: the pool ends without it.
pub(super) fn enroll<S: Strategy>(core: &Arc<Core<S>>, index: usize) {
    current::become_member(core.context().id());
    mem::forget(current::enter(core.context().id(), index));
    mem::forget(enter_worker_manager(core.context().worker_manager().get(), index));
    // The outlet stays out of its place.
    mem::forget(core.slots[index].occupy());
    core.mailboxes.open(index);
}

/// A worker's whole life. When it is over, the slot is free and the thread is no worker any more, so that its
/// thread-local destructors run as those of any other thread.
fn run_worker<S: Strategy>(core: &Arc<Core<S>>, index: usize) {
    #[cfg(feature = "affinity")]
    super::pinning::bind(&core.settings.cpus, index);
    loop {
        let payload = match catch_unwind(AssertUnwindSafe(|| run_in_slot(core, index))) {
            Ok(Left::ForGood) => break,
            Ok(Left::ToRestart) => continue,
            Err(payload) => payload,
        };
        let mut search = Search::of_worker(core.context(), &core.parking, index);
        // It may have died in its last look, and is not to be woken in place of another.
        search.set_searcher(core.parking.retract(index));
        // A dead worker is neither busy nor waiting; and a thread in `wait_idle` learns of its last job.
        search.absent();
        drop(search);
        match core.lifecycle.worker_died(payload) {
            None => break,
            Some(payload) => drop_quietly(payload),
        }
        match replace(core, index) {
            Successor::Another => return,
            Successor::Nothing => return core.disable_slot(index),
            Successor::Same => {}
        }
    }
    core.worker_has_ended();
}

/// How a worker has left its slot.
enum Left {
    ForGood,
    /// The pool is ending, and the others may have left before they could see what this one held privately.
    ToRestart,
}

fn run_in_slot<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> Left {
    let leaves = {
        let slot = &core.slots[index];
        let _processor_time = core.context().metrics().worker_counters(index).processor_time.enter();
        let _worker = current::enter(core.context().id(), index);
        let _member = enter_worker_manager(core.context().worker_manager().get(), index);
        let start = || {
            let guard = slot.occupy();
            core.settings.on_start.call(index);
            guard
        };
        let mut guard = catch_unwind(AssertUnwindSafe(start)).unwrap_or_else(|payload| {
            slot.note(|record| record.failed_starts += 1);
            core.lifecycle.update_table(|table| table.count_failed_start());
            std::panic::resume_unwind(payload)
        });
        slot.note(|record| record.failed_starts = 0);
        core.mailboxes.open(index);
        let leavers = core.lifecycle.worker_is_ready(index);
        core.wake_workers(&leavers);
        let leaves = run_loop(core, index, &mut guard);
        // The worker is at its end anyway. To replace it for this would only have the next one panic, and so on.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| core.settings.on_stop.call(index))) {
            drop_quietly(payload);
            core.context().count_handler_panic();
        }
        leaves
    };
    if leaves {
        if core.lifecycle.restart_if_draining(index) {
            return Left::ToRestart;
        }
        core.vacate_slot(index);
    }
    Left::ForGood
}

/// Takes jobs and runs them until the channel is closed, or until there are too many workers; returns whether it is
/// that.
fn run_loop<S: Strategy>(core: &Core<S>, index: usize, guard: &mut SlotGuard<'_, S::Outlet>) -> bool {
    let context = &**core.context();
    let cx = context.worker_cx(index);
    let signals = &core.lifecycle.signals;
    let mut search = Search::of_worker(context, &core.parking, index);
    search.start();
    let (mut jobs, mut before_search): (u64, u64) = (0, 0);
    let (mut open, mut leaves, mut drains) = (true, false, false);
    while open {
        // Read before the pop: a job that was taken before a `shutdown_now` has as good as started. Read after
        // it, that job would be put behind those that are taken out of the queue meanwhile.
        let before = signals.now();
        if !before.is_nothing()
            && core.handle_signals(index, guard.outlet(), &mut search, before) == Next::Leave
        {
            leaves = true;
            break;
        }
        let asks = before.is_nothing() && !search.is_searcher();
        let mut place = if asks { guard.outlet().at_hand() } else { None };
        let mut no_job = None;
        if place.is_none() {
            match guard.outlet().pop(&mut search) {
                Pop::Job(job) => place = Some(job),
                Pop::Shed(job, reason) => no_job = Some(Pop::Shed(job, reason)),
                Pop::Empty => {
                    let since_search = jobs - mem::replace(&mut before_search, jobs);
                    match core.search_before_parking(index, guard.outlet(), &mut search, since_search) {
                        Pop::Job(job) => place = Some(job),
                        other => no_job = Some(other),
                    }
                }
            }
            if search.is_searcher() && !matches!(no_job, Some(Pop::Empty)) {
                search.end(|| core.has_work(guard.outlet()));
            }
        }
        let after = signals.now();
        if after.has(Signal::ROOM_OR_SIDE_QUEUE) {
            // The pop has made room, and an idle worker may take what this one would come to only after its job.
            core.offer_room();
        }
        if place.is_some() {
            // See `Stats::longest_queue` and `Stats::most_running`.
            if jobs < 64 || jobs.is_multiple_of(64) {
                context.sample_load();
            }
            if after.or(before).is_nothing() {
                core.run(&mut place, cx);
            } else if let Some(job) = place.take() {
                core.run_checked(job, cx, &search, before);
            }
            if jobs == 0 && !signals.now().has(Signal::FORKED) {
                core.slots[index].note(|record| record.losses = 0);
            }
            jobs += 1;
        }
        match no_job {
            None => {}
            Some(Pop::Job(_)) => unreachable!("it is in the slot"),
            Some(Pop::Shed(job, reason)) if job.is_job() => context.discard(job, reason),
            // Whatever a discipline sheds, it cannot mean a ticket.
            Some(Pop::Shed(ticket, _)) => core.run(&mut Some(ticket), cx),
            // It has come while the worker looked around.
            Some(Pop::Empty) if core.mailboxes.has_mail(index) => {}
            Some(Pop::Empty) => {
                match core.park(index, guard.outlet(), &mut search, ParkingThread::Worker { jobs }) {
                    Waited::Again => {}
                    // Another may have left its slot, and in it what it held, just after this one looked. From here on
                    // a worker that leaves comes back, so it is looked for once more.
                    Waited::Closed if !drains => {
                        core.lifecycle.begin_drain();
                        drains = true;
                    }
                    Waited::Closed => open = false,
                }
            }
        }
        if signals.now().has(Signal::SIDE_QUEUE) {
            core.run_side_queue(index, guard.outlet(), &mut search, !open);
        }
    }
    search.end(|| core.has_work(guard.outlet()));
    // All mail that came before the channel was closed is read.
    core.read_mailbox(index);
    search.leave();
    leaves
}

/// Which thread goes on in a slot after a worker has died there.
enum Successor {
    Another,
    /// No thread could be started, so the calling thread goes on.
    Same,
    /// None: workers do not get past their start.
    Nothing,
}

/// Finds a successor for a worker that died, which is the calling thread.
fn replace<S: Strategy>(core: &Arc<Core<S>>, index: usize) -> Successor {
    let slot = &core.slots[index];
    let record = slot.note(|record| record.losses += 1);
    if record.failed_starts >= MOST_FAILED_STARTS {
        return Successor::Nothing;
    }
    // One that did not get past its start was no worker yet, and is counted as a failed start.
    if record.failed_starts == 0 {
        core.context().count_replaced(index);
    }
    // What it held privately lies where only a pop finds it.
    core.parking.notify();
    core.lifecycle.back_off(record.back_off());
    match start_from_anywhere(core, index) {
        Ok(()) => Successor::Another,
        Err(_) => {
            core.lifecycle.update_table(|table| table.count_failed_start());
            Successor::Same
        }
    }
}
