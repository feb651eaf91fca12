//! The levels behind a mutex, and which workers are woken: see the crate's documentation for the rules.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pool_core::strategy::{
    CachePadded, Caller, Inlet, Look, Outlet, Parking, Pop, Push, Search, ShrinkTimer, Urgency,
    try_lock_spinning,
};
use pool_core::{Job, Submit};

use crate::level_queue::LevelQueue;

pub(crate) struct Queue {
    // Apart from the rest, which threads read without the mutex.
    state: CachePadded<Mutex<State>>,
    parking: Arc<Parking>,
    /// There are express workers.
    has_express: bool,
    /// The levels that have jobs, for those who look without the mutex. It may be behind.
    urgency: Urgency,
}

struct State {
    level_queue: LevelQueue,
    /// The levels that have jobs, as [`Queue::urgency`] was last told.
    noted: u64,
    /// Regular workers that are there, parked or not, and have not turned to anything else.
    regulars: usize,
    /// When the room is given back that a burst has left.
    shrink: ShrinkTimer,
}

/// What a worker serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Every level.
    Regular,
    /// The top levels, and tickets; everything while no regular worker is there.
    Express,
}

impl State {
    fn take(&mut self, kind: Kind) -> Option<Job> {
        match kind {
            Kind::Express if self.regulars > 0 => self.level_queue.pop_express(),
            _ => self.level_queue.pop(),
        }
    }

    fn has_jobs_for(&self, kind: Kind) -> bool {
        match kind {
            Kind::Express if self.regulars > 0 => self.level_queue.has_express(),
            _ => !self.level_queue.is_empty(),
        }
    }
}

impl Queue {
    pub(crate) fn new(levels: usize, aging: Option<u64>, top: usize, parking: &Arc<Parking>) -> Arc<Self> {
        let urgency = Urgency::of_levels(levels);
        let ticket_level = urgency.level_of(Submit::default().urgency());
        Arc::new(Queue {
            state: CachePadded::new(Mutex::new(State {
                level_queue: LevelQueue::new(levels, aging).with_express(top, ticket_level),
                noted: 0,
                regulars: 0,
                shrink: ShrinkTimer::default(),
            })),
            parking: parking.clone(),
            has_express: top > 0,
            urgency,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock, a failed allocation aside.
        try_lock_spinning(&self.state)
            .unwrap_or_else(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Unlocks, and tells those who look without the mutex if the levels that have jobs have changed. They mostly have not, and then
    /// the cache line stays where it is.
    #[inline]
    fn unlock(&self, mut state: MutexGuard<'_, State>) {
        let waiting = state.level_queue.waiting();
        if state.noted != waiting {
            state.noted = waiting;
            self.urgency.note(waiting);
        }
        drop(state);
    }

    /// Unlocks, and wakes a worker for what was pushed: an express worker, if it is for one and one sleeps. Whether the queue
    /// has something else for express workers does not matter: a worker was woken for that.
    #[inline]
    fn unlock_and_notify(&self, state: MutexGuard<'_, State>, level: usize, submit: Submit) {
        let for_express = self.has_express
            && (submit.is_ticket() || state.regulars == 0 || state.level_queue.is_express_level(level));
        self.unlock(state);
        if for_express && self.parking.notify_reserved() {
            return;
        }
        self.parking.notify_ordered(submit.is_awaited());
    }
}

/// Where jobs enter a [`PriorityPool`](crate::PriorityPool).
pub struct PriorityInlet(Arc<Queue>);

impl PriorityInlet {
    pub(crate) fn new(queue: &Arc<Queue>) -> Self {
        PriorityInlet(queue.clone())
    }
}

impl Inlet for PriorityInlet {
    /// There are two kinds of workers.
    const WAKES: bool = true;

    fn push(&self, job: Job, submit: Submit, _: Caller) -> Push {
        let level = self.0.urgency.level_of(submit.urgency());
        let mut state = self.0.lock();
        if submit.is_ticket() {
            state.level_queue.push_ticket(job);
        } else {
            state.level_queue.push(level, job);
        }
        self.0.unlock_and_notify(state, level, submit);
        Push::Queued
    }

    fn urgency(&self) -> Urgency {
        self.0.urgency.clone()
    }
}

/// Where jobs leave a [`PriorityPool`](crate::PriorityPool), at one slot.
pub struct PriorityOutlet {
    queue: Arc<Queue>,
    kind: Kind,
    /// It counts among the regular workers that are there.
    counted: bool,
    /// The last pop found no job. The next one first looks without the mutex; a worker that is busy does not, since that is one more cache
    /// line to wait for (1.2 to 1.4 times the time of `spawn/external`, `contended` and `nested`).
    found_nothing: bool,
}

impl PriorityOutlet {
    pub(crate) fn new(queue: &Arc<Queue>, kind: Kind) -> Self {
        PriorityOutlet { queue: queue.clone(), kind, counted: false, found_nothing: false }
    }

    /// Whether this is a regular worker that others may leave jobs to.
    #[inline(always)]
    fn count(&mut self, counts: bool) {
        if self.kind == Kind::Regular && self.counted != counts {
            self.recount(counts);
        }
    }

    #[cold]
    fn recount(&mut self, counts: bool) {
        self.counted = counts;
        let mut state = self.queue.lock();
        state.regulars = if counts { state.regulars + 1 } else { state.regulars - 1 };
        if state.regulars == 0 && !state.level_queue.is_empty() {
            // The last one leaves its jobs to the express workers.
            drop(state);
            self.queue.parking.notify_reserved();
        }
    }
}

impl Outlet for PriorityOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        self.count(true);
        if self.found_nothing && !self.queue.has_express && !self.queue.urgency.waits() {
            return Pop::Empty;
        }
        let mut state = self.queue.lock();
        let job = state.take(self.kind);
        self.found_nothing = job.is_none();
        let Some(job) = job else { return Pop::Empty };
        let is_alone = self.kind == Kind::Express && state.regulars == 0 && !state.level_queue.is_empty();
        self.queue.unlock(state);
        if is_alone {
            self.queue.parking.notify_reserved();
        }
        Pop::Job(job)
    }

    /// Behind the mutex, since a push relies on it for its order against the look of a worker that ends its search.
    fn has_work(&self) -> bool {
        !self.queue.lock().level_queue.is_empty()
    }

    fn look(&mut self) -> Look {
        let state = self.queue.lock();
        if state.has_jobs_for(self.kind) {
            return Look::Work;
        }
        state.shrink.limit(None).map_or(Look::Nothing, Look::NothingUntil)
    }

    /// Gives back the room that a burst has left.
    fn prepare_to_park(&mut self, search: &mut Search<'_>) {
        let mut state = self.queue.lock();
        let State { level_queue, shrink, .. } = &mut *state;
        if shrink.is_due(level_queue.needs_room()) {
            let room = level_queue.take_room();
            drop(state);
            // Others need not wait for this one to find something meanwhile.
            search.end(|| self.has_work());
            drop(room);
        }
    }

    fn turn_away(&mut self) {
        self.count(false);
        if self.kind == Kind::Express && self.queue.lock().has_jobs_for(Kind::Express) {
            // It may have been woken for them, and a regular worker may sleep.
            let parking = &self.queue.parking;
            if !parking.notify_reserved() {
                parking.notify();
            }
        }
    }

    fn is_reserved(&self) -> bool {
        self.kind == Kind::Express
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        let mut state = self.queue.lock();
        jobs.extend(state.level_queue.drain());
        self.queue.unlock(state);
    }

    fn attach(&mut self) {
        self.count(true);
    }

    fn detach(&mut self) {
        self.count(false);
        let mut state = self.queue.lock();
        if state.regulars == 0 && state.level_queue.needs_room().is_some() {
            // There may be no worker left to do it later.
            let room = state.level_queue.take_room();
            drop(state);
            drop(room);
        }
    }
}
