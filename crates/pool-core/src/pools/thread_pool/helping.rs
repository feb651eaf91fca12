//! What a worker does that waits in the midst of a job and helps meanwhile: it runs other work, and parks as an idle worker does
//! when there is none. See [`Helping`], and [`parking`](crate::sync::parking) for the protocol.

use std::sync::PoisonError;
use std::thread;

use super::core::Core;
use super::signals::Signal;
use crate::helping::{Awaited, Reach};
use crate::os::process_fork::refuse_to_wait;
use crate::strategy::{Look, Outlet, Pop, Search, Strategy, Taken};
use crate::sync::parking::{Group, Woken};
use crate::{Helping, Job, Reason};

/// How often a worker looks around before it parks. In between it gives its CPU away, as rayon's do: the thread that it waits for may
/// need that one. A worker that paused instead had to be woken each time where it shared a CPU with that thread. An empty `install`
/// into another pool, with two pools of 1 or 2 workers on 2 CPUs that others used as well, as a ratio to rayon's time:
///
/// | before a worker parks | wall time | processor time |
/// |---|---|---|
/// | 16 looks with pauses | 3.4 to 3.9, 1.7 to 2.2 | 4.0, 2.0 |
/// | 32 looks with yields | 2.0 to 2.2, 1.0 to 1.7 | 2.1, 1.1 |
/// | the same, and [so](super::waiting) where it finds no job | 1.1 to 1.3, 0.5 to 0.6 | 1.1, 0.6 |
const LOOKS: usize = 32;

impl<S: Strategy> Core<S> {
    /// Whether the worker in this slot runs work that it does not wait for.
    pub(super) fn may_help(&self, slot: usize) -> bool {
        self.settings.helping == Helping::Any && self.serves_all(slot) && !self.lifecycle.is_forked()
    }

    /// The search of a worker in the midst of a job.
    pub(super) fn search_of(&self, slot: usize) -> Search<'_> {
        Search::of_worker(self.context(), &self.parking, slot)
    }

    /// Runs work on the worker in this slot until that is over.
    pub(super) fn help_until(&self, slot: usize, awaited: &dyn Awaited) {
        let mut search = self.search_of(slot);
        let mut looks = 0;
        while !awaited.is_over() {
            if awaited.run_own(&mut || search.end(|| self.has_help_work()))
                || self.help_once(slot, Reach::Own, &mut search)
                || self.help_once(slot, Reach::Any, &mut search)
            {
                looks = 0;
            } else if looks < LOOKS {
                looks += 1;
                thread::yield_now();
            } else {
                self.park_helping(slot, awaited, &mut search);
            }
            if self.lifecycle.is_forked() {
                refuse_to_wait("a job");
            }
        }
        search.end(|| self.has_help_work());
    }

    /// Runs one piece of work, if there is any within reach and jobs may start.
    pub(super) fn help_once(&self, slot: usize, reach: Reach, search: &mut Search<'_>) -> bool {
        let seen = self.lifecycle.signals.now();
        if seen.has(Signal::PAUSED) || seen.has(Signal::FORKED) {
            return false;
        }
        if reach == Reach::Any
            && seen.has(Signal::MAIL)
            && let Some(mail) = self.mailboxes.take(slot, &self.lifecycle.signals)
        {
            self.run_helping(slot, mail, search);
            return true;
        }
        match self.take_work(slot, reach, search) {
            Taken::Ran => {}
            Taken::Popped(Pop::Job(job)) => self.run_helping(slot, job, search),
            Taken::Popped(Pop::Shed(job, reason)) if job.is_job() => {
                search.end(|| self.has_help_work());
                self.context().discard(job, reason);
            }
            // Whatever a discipline sheds, it cannot mean a ticket.
            Taken::Popped(Pop::Shed(ticket, _)) => self.run_helping(slot, ticket, search),
            Taken::Popped(Pop::Empty) => {
                if reach == Reach::Own {
                    return false;
                }
                let Some(kept) = self.side_queue.take_one(&self.lifecycle.signals) else { return false };
                self.run_helping(slot, kept, search);
            }
        }
        if reach == Reach::Any && self.lifecycle.signals.now().has(Signal::ROOM_OR_SIDE_QUEUE) {
            // The pop may have made room.
            self.offer_room();
        }
        true
    }

    fn take_work(&self, slot: usize, reach: Reach, search: &mut Search<'_>) -> Taken {
        match (&self.helper, reach) {
            (Some(helper), _) => helper.take(slot, reach, search),
            (None, Reach::Own) => Taken::Popped(Pop::Empty),
            (None, Reach::Any) => Taken::Popped(self.at_spare(|outlet| {
                let popped = outlet.pop(&mut Search::detached());
                // No worker is there.
                outlet.turn_away();
                popped
            })),
        }
    }

    fn at_spare<R>(&self, look: impl FnOnce(&mut S::Outlet) -> R) -> R {
        look(&mut self.spare.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a worker that helps may find something.
    fn has_help_work(&self) -> bool {
        self.helper
            .as_ref()
            .map_or_else(|| self.at_spare(|outlet| outlet.has_work()), |helper| helper.has_work())
            || self.lifecycle.signals.now().has(Signal::SIDE_QUEUE)
    }

    /// Runs a job inside another. What it panics with goes no further than the panic handler.
    fn run_helping(&self, slot: usize, job: Job, search: &mut Search<'_>) {
        search.end(|| self.has_help_work());
        if self.lifecycle.gives_back() && job.is_job() {
            return self.set_aside(vec![job], Reason::ShutDown);
        }
        if let Some(ticket) = self.context().run_in_passing(job, self.context().worker_cx(slot)) {
            // A refused ticket is dropped, and a thread that waits behind it learns so.
            drop(self.queue_ticket(ticket));
        }
    }

    /// Parks until there may be work, or until what the worker waits for is ready.
    #[cold]
    fn park_helping(&self, slot: usize, awaited: &dyn Awaited, search: &mut Search<'_>) {
        awaited.announce();
        self.parking.announce(slot, search.set_searcher(false), Group::General);
        let look = self.look_helping(slot);
        if look == Look::Work || awaited.is_ready() {
            search.set_searcher(self.parking.retract(slot));
            return;
        }
        let look_again = if let Look::NothingUntil(then) = look { Some(then) } else { None };
        let until = look_again.into_iter().chain(awaited.until()).min();
        let woken = self.parking.park_unless(slot, until, || awaited.is_ready());
        search.set_searcher(woken == Woken::ToSearch);
    }

    /// The last look before parking. In a pause there is nothing to start, and its end wakes all who sleep.
    fn look_helping(&self, slot: usize) -> Look {
        let seen = self.lifecycle.signals.now();
        if seen.has(Signal::PAUSED) {
            return Look::Nothing;
        }
        if seen.has(Signal::SIDE_QUEUE) || self.mailboxes.has_mail(slot) {
            return Look::Work;
        }
        match &self.helper {
            Some(helper) => helper.look(slot),
            None => self.at_spare(|outlet| if outlet.has_work() { Look::Work } else { Look::Nothing }),
        }
    }

    pub(super) fn resume(&self) {
        self.lifecycle.resume();
        self.wake_helpers();
    }

    /// A pause has ended. Workers that wait in the midst of a job sleep where a push would find them.
    pub(super) fn wake_helpers(&self) {
        if self.settings.helping == Helping::Any && !self.lifecycle.is_forked() {
            self.parking.wake_all();
        }
    }
}
