//! The queues behind a mutex, and the clock that jobs are charged by.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pool_core::strategy::{
    CachePadded, Caller, Inlet, Look, Outlet, Parking, Patience, Pop, Push, Search, ShrinkTimer,
    try_lock_spinning,
};
use pool_core::{Job, Reason, Submit};

use crate::clock::Clock;
use crate::queue::Queue;
use crate::scheduler::{Scheduler, Started};

pub(crate) struct Shared {
    state: CachePadded<Mutex<State>>,
    /// Submitters wait here for room.
    room: Condvar,
    clock: Clock,
    parking: Arc<Parking>,
}

struct State {
    scheduler: Scheduler<Job>,
    /// How many submitters wait for room.
    waiting: usize,
    shrink: ShrinkTimer,
}

impl Shared {
    pub(crate) fn new(
        queues: &[Queue],
        quantum: Duration,
        clock: Clock,
        parking: &Arc<Parking>,
    ) -> Arc<Self> {
        let scheduler = Scheduler::new(queues, quantum);
        Arc::new(Shared {
            state: CachePadded::new(Mutex::new(State {
                scheduler,
                waiting: 0,
                shrink: ShrinkTimer::default(),
            })),
            room: Condvar::new(),
            clock,
            parking: parking.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock, a failed allocation aside.
        try_lock_spinning(&self.state)
            .unwrap_or_else(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for room in a queue; `None` if there is none at the deadline.
    fn wait_for_room<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        queue: usize,
        deadline: Instant,
    ) -> Option<MutexGuard<'a, State>> {
        state.waiting += 1;
        while state.scheduler.is_full(queue) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return None;
            }
            state = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting -= 1;
        Some(state)
    }

    /// Unlocks after jobs have left a queue.
    fn unlock_with_room(&self, state: MutexGuard<'_, State>) {
        let waits = state.waiting > 0;
        drop(state);
        if waits {
            self.room.notify_all();
        }
    }
}

/// Where jobs enter a [`FairPool`](crate::FairPool).
pub struct FairInlet(Arc<Shared>);

impl FairInlet {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        FairInlet(shared.clone())
    }
}

impl Inlet for FairInlet {
    /// The mutex that the last look takes makes a fence of the pool's needless.
    const WAKES: bool = true;

    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        let mut state = self.0.lock();
        let scheduler = &state.scheduler;
        let queue = match submit.is_ticket() {
            true => scheduler.tickets(),
            false => scheduler.queue_or_first(submit.queue_id().index()),
        };
        if scheduler.is_full(queue) {
            let room = match (submit.patience(), caller) {
                (Patience::Until(deadline), Caller::Outside) => self.0.wait_for_room(state, queue, deadline),
                _ => None,
            };
            let Some(locked) = room else { return Push::Refused(job, Reason::Full) };
            state = locked;
        }
        state.scheduler.push(queue, job);
        drop(state);
        self.0.parking.notify_ordered(submit.is_awaited());
        Push::Queued
    }
}

/// Where jobs leave a [`FairPool`](crate::FairPool), at one slot.
pub struct FairOutlet {
    shared: Arc<Shared>,
    /// The job that the worker has taken last, and when, until it comes back.
    started: Option<(Started, Duration)>,
}

impl FairOutlet {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        FairOutlet { shared: shared.clone(), started: None }
    }

    /// Charges the job that the worker has come back from. Returns whether another may start now for it.
    fn settle(&mut self, state: &mut State, now: Duration) -> bool {
        let Some((started, since)) = self.started.take() else { return false };
        state.scheduler.end(started, now.saturating_sub(since))
    }

    /// The worker takes nothing for now.
    fn leave(&mut self) {
        if self.started.is_none() {
            return;
        }
        let shared = self.shared.clone();
        let now = shared.clock.now();
        let frees_another = self.settle(&mut shared.lock(), now);
        if frees_another {
            shared.parking.notify();
        }
    }
}

impl Outlet for FairOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        let shared = self.shared.clone();
        let now = shared.clock.now();
        let mut state = shared.lock();
        let frees_another = self.settle(&mut state, now);
        let Some((started, job)) = state.scheduler.pop() else { return Pop::Empty };
        self.started = Some((started, now));
        // The push of what may start now has woken a worker that could not take it.
        let wakes = frees_another && state.scheduler.has_next();
        shared.unlock_with_room(state);
        if wakes {
            shared.parking.notify();
        }
        Pop::Job(job)
    }

    /// Behind the mutex, since a push relies on it for its order against the look of a worker that ends its search.
    fn has_work(&self) -> bool {
        self.shared.lock().scheduler.has_next()
    }

    fn look(&mut self) -> Look {
        let state = self.shared.lock();
        if state.scheduler.has_next() {
            return Look::Work;
        }
        state.shrink.limit(None).map_or(Look::Nothing, Look::NothingUntil)
    }

    /// Gives back the room that a burst has left.
    fn prepare_to_park(&mut self, search: &mut Search<'_>) {
        let mut state = self.shared.lock();
        let State { scheduler, shrink, .. } = &mut *state;
        if shrink.is_due(scheduler.needs_room()) {
            let room = scheduler.take_room();
            drop(state);
            // Others need not wait for this one to find something meanwhile.
            search.end(|| self.has_work());
            drop(room);
        }
    }

    fn turn_away(&mut self) {
        self.leave();
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        let mut state = self.shared.lock();
        jobs.extend(state.scheduler.drain());
        self.shared.unlock_with_room(state);
    }

    fn detach(&mut self) {
        self.leave();
    }
}
