//! Where jobs leave: a worker's search for the next one.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use pool_core::Job;
use pool_core::strategy::{Idle, Outlet, Pop, ShrinkTimer};

use crate::calls;
use crate::here;
use crate::seat::Owner;
use crate::shared::{Shared, retry};
use crate::sleep::Woken;
use crate::split::POLL;
use crate::theft::{Fork, Hunger};

/// How often a worker looks into the injector before its own deque, so that jobs which keep spawning jobs do not
/// lock out the rest of the world.
const FAIRNESS: u32 = 64;

/// How often the searcher looks around before it sleeps, and how long it pauses in between: a few microseconds in all.
const LOOKS: usize = 8;
const PAUSE: usize = 16;

/// Where jobs leave a [`StealingPool`](crate::StealingPool), at one seat.
pub struct StealingOutlet {
    shared: Arc<Shared>,
    /// The number of the seat; one beyond the last for an outlet that has none.
    index: usize,
    /// This thread has the searcher's role.
    searching: bool,
    pops: u32,
    hunger: Hunger,
    shrink: ShrinkTimer,
}

impl StealingOutlet {
    pub(crate) fn new(shared: Arc<Shared>, index: usize) -> Self {
        let (hunger, shrink) = (Hunger::default(), ShrinkTimer::default());
        StealingOutlet { shared, index, searching: false, pops: 0, hunger, shrink }
    }

    #[inline]
    fn owner(&self) -> Option<Owner<'_>> {
        let seat = self.shared.seats.get(self.index)?;
        // SAFETY: the seat is left in `detach` only, which borrows `self` exclusively; the result borrows it shared.
        unsafe { here::owner_of(seat) }
    }

    /// A job for which this worker need not go far.
    #[inline]
    fn near(&mut self) -> Option<Job> {
        self.pops = self.pops.wrapping_add(1);
        if self.pops.is_multiple_of(FAIRNESS) {
            return self.injected().or_else(|| self.own());
        }
        let in_hand = self.owner().and_then(Owner::pop_hand);
        in_hand.or_else(|| self.own()).or_else(|| self.injected())
    }

    #[inline(never)]
    fn own(&self) -> Option<Job> {
        match self.owner() {
            Some(owner) => owner.pop().or_else(|| self.with_hand(owner, || owner.pop_batch())),
            None => self.shared.seats.get(self.index)?.steal(),
        }
    }

    fn injected(&self) -> Option<Job> {
        let injector = &self.shared.injector;
        if injector.is_empty() {
            return None;
        }
        match self.owner() {
            Some(owner) => self.with_hand(owner, || owner.take_injected(injector)),
            None => retry(|| injector.steal()),
        }
    }

    /// A job out of another worker's deques, and more of them for later.
    fn stolen(&self, idle: &Idle<'_>) -> Option<Job> {
        let job = self.steal()?;
        // Its own hand was empty. What others have stolen back by now is left out.
        let more = self.owner().map_or(0, |owner| owner.hand_len());
        idle.stole(1 + more);
        Some(job)
    }

    fn steal(&self) -> Option<Job> {
        let seats = &self.shared.seats;
        others(self.index, seats.len()).find_map(|seat| match self.owner() {
            Some(owner) => self.with_hand(owner, || seats[seat].steal_batch(owner)),
            None => seats[seat].steal(),
        })
    }

    /// Takes a job in a way that may fill the worker's hand, and calls for those left there as a push does: while they
    /// were on their way nobody could see them, and who looked at that moment may have gone to sleep. A searcher
    /// calls when it ends its search.
    #[inline]
    fn with_hand(&self, owner: Owner<'_>, take: impl FnOnce() -> Option<Job>) -> Option<Job> {
        let job = take();
        if job.is_some() && !self.searching && owner.has_hand() {
            self.shared.sleep.notify();
        }
        job
    }

    /// A fork of another worker.
    fn forked(&mut self) -> Option<Fork> {
        let StealingOutlet { shared, index, hunger, .. } = self;
        // Whoever waits for the thief of its fork looks for the thief's seat.
        shared.seats.get(*index)?;
        others(*index, shared.seats.len()).find_map(|seat| shared.steal_fork(seat, *index, hunger, || true))
    }

    fn look(&mut self, idle: &Idle<'_>) -> Find {
        if let Some(job) = self.near().or_else(|| self.stolen(idle)) {
            Find::Job(job)
        } else if idle.has_begun() && self.shared.has_visible_work() {
            Find::LaterForks
        } else {
            self.forked().map_or(Find::Nothing, Find::Fork)
        }
    }

    /// Looks around for a while, as the searcher, or once.
    fn search(&mut self, idle: &Idle<'_>) -> Find {
        self.searching = self.searching || self.shared.sleep.try_search();
        if !self.searching {
            return self.look(idle);
        }
        for _ in 0..LOOKS {
            match self.look(idle) {
                Find::Nothing => (0..PAUSE).for_each(|_| std::hint::spin_loop()),
                find => return find,
            }
        }
        // Whoever is about to submit may be waiting for this very core: one who sends a job whenever the last has
        // ended saves the sleep and the waking (2.2 us a job instead of 3.8, half the CPU time). More than once is no
        // better, and takes longer to return where cores are short.
        thread::yield_now();
        self.look(idle)
    }

    #[inline]
    fn stop_search(&mut self) {
        if self.searching {
            self.searching = false;
            self.shared.sleep.stop_search(|| self.shared.has_visible_work());
        }
    }

    #[cold]
    fn pop_slowly(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        // Whom it asked in vain before it found something else has long answered.
        self.hunger = Hunger::default();
        if let Some(seat) = self.shared.seats.get(self.index) {
            idle.stole_forks(seat.take_stolen_forks());
        }
        loop {
            match self.search(idle) {
                Find::Job(job) => {
                    self.stop_search();
                    return Pop::Job(job);
                }
                Find::Fork(fork) => {
                    self.stop_search();
                    idle.stole_forks(1);
                    fork.run(&self.shared);
                }
                // The pool counts the time from here on as idle, until this call returns. So it returns, and the
                // next one runs the fork. The role is kept, for it is about to be used.
                Find::LaterForks => return Pop::TimedOut,
                Find::Nothing => {
                    if let Some(pop) = self.rest(until, idle) {
                        return pop;
                    }
                }
            }
        }
    }

    /// Sleeps, unless there is something to do.
    fn rest(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Option<Pop> {
        if self.has_given_room_back() {
            return None;
        }
        let shared = &*self.shared;
        if let Some(owner) = self.owner() {
            // It has nothing there, and nobody need ask, nor issue a heavy fence for it.
            owner.stack().stay_asked();
        }
        shared.sleep.lie_down(self.index, std::mem::take(&mut self.searching));
        let sure =
            calls::ask_all(others(self.index, shared.seats.len()).map(|seat| &shared.seats[seat].stack));
        let (closed, work) = (shared.is_closed(), shared.has_work_for_sleeper());
        if closed || work {
            self.searching = shared.sleep.get_up(self.index);
            if work {
                return None;
            }
            self.stop_search();
            return Some(Pop::Closed);
        }
        if idle.begin() {
            self.searching = shared.sleep.get_up(self.index);
            return Some(Pop::TimedOut);
        }
        // If an owner may have missed that it was asked, or keeps what nobody else can take, this worker looks again after
        // a while.
        let limit = self.shrink.limit(until);
        let poll = (!sure || shared.has_stranded()).then(|| Instant::now() + POLL);
        let polls = poll.is_some_and(|poll| limit.is_none_or(|limit| poll < limit));
        match shared.sleep.sleep(self.index, if polls { poll } else { limit }) {
            Woken::ToSearch => self.searching = true,
            Woken::WithAll => {}
            Woken::ByClock if until.is_some_and(|until| until <= Instant::now()) => {
                return Some(Pop::TimedOut);
            }
            Woken::ByClock if polls => self.run_stranded(idle),
            // There is room to be given back, which this comes to if it still finds nothing else to do.
            Woken::ByClock => {}
        }
        None
    }

    /// Gives back the room that a burst has left in the deque of this worker, which is about to sleep, if it is time to do so.
    fn has_given_room_back(&mut self) -> bool {
        let was_needed = self.owner().and_then(Owner::needs_room);
        let is_due = was_needed.is_some_and(|was_needed| self.shrink.is_due(was_needed));
        if is_due {
            // It takes milliseconds, in which others need not wait for this one to find something.
            self.stop_search();
            self.owner().into_iter().for_each(Owner::give_room_back);
        }
        is_due
    }

    /// As [`has_given_room_back`](StealingOutlet::has_given_room_back), for a worker that leaves: nobody may sit here later. So jobs
    /// that lie in that room go elsewhere first.
    fn leave_no_room(&self) {
        let Some(owner) = self.owner() else { return };
        // Nobody may have taken anything yet.
        owner.note_length();
        if owner.needs_room().is_none() {
            return;
        }
        // What is left when the pool ends goes with it.
        if self.shared.is_closed() {
            return;
        }
        if owner.hand_over(&self.shared.injector) {
            self.shared.sleep.notify();
        }
        owner.give_room_back();
    }
}

/// What a worker does when it has slept for a while and heavy fences fail.
impl StealingOutlet {
    /// Runs forks whose owner blocks.
    #[cold]
    fn run_stranded(&self, idle: &Idle<'_>) {
        let shared = &*self.shared;
        if self.index < shared.seats.len() {
            let seats = others(self.index, shared.seats.len());
            let forks = seats.filter_map(|seat| shared.steal_stranded(seat, self.index, || true));
            forks.for_each(|fork| {
                idle.stole_forks(1);
                fork.run(shared);
            });
        }
    }
}

/// What a look around has shown.
enum Find {
    Job(Job),
    Fork(Fork),
    /// There are forks, to be taken after this pop.
    LaterForks,
    Nothing,
}

/// All seats but this one, those after it first.
fn others(index: usize, seats: usize) -> impl Iterator<Item = usize> + Clone {
    (index + 1..seats).chain(0..index.min(seats))
}

impl Outlet for StealingOutlet {
    #[inline]
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        match self.near() {
            Some(job) => {
                self.stop_search();
                Pop::Job(job)
            }
            None => self.pop_slowly(until, idle),
        }
    }

    #[inline(always)]
    fn at_hand(&mut self) -> Option<Job> {
        if self.searching || self.pops.wrapping_add(1).is_multiple_of(FAIRNESS) {
            return None;
        }
        let job = self.owner()?.pop_hand();
        if job.is_some() {
            self.pops = self.pops.wrapping_add(1);
        }
        job
    }

    fn turn_away(&mut self) {
        self.stop_search();
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        self.shared.drain(jobs);
    }

    fn attach(&mut self) {
        if self.index < self.shared.seats.len() {
            here::sit(&self.shared, self.index);
        }
    }

    fn detach(&mut self) {
        self.leave_no_room();
        if let Some(seat) = self.shared.seats.get(self.index) {
            here::leave(seat);
        }
        self.stop_search();
    }
}
