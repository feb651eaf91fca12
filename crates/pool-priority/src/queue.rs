//! The shelves behind a mutex, and who is woken when: see the crate's documentation for the rules.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pool_core::strategy::{Caller, Idle, Inlet, Outlet, Pop, Push, ShrinkTimer, Urgency, try_lock_patiently};
use pool_core::{Job, Submit};

use crate::shelves::Shelves;

pub(crate) struct Queue {
    state: Mutex<State>,
    call: Condvar,
    call_express: Condvar,
    /// The levels that have jobs, for those who look without the mutex. It may be behind.
    urgency: Urgency,
}

struct State {
    shelves: Shelves,
    open: bool,
    /// Regular workers that are there, asleep or not, and have not turned to anything else.
    regulars: usize,
    /// Regular workers that sleep, or are waking and have not had the mutex yet.
    asleep: usize,
    /// The same of express workers.
    express_asleep: usize,
    /// One of all these has been called.
    called: bool,
    /// A worker looks out for a job without the mutex.
    searching: bool,
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
    /// Whether a sleeper may have to be called now.
    #[inline]
    fn may_call(&self) -> bool {
        let asleep = self.asleep + self.express_asleep;
        asleep != 0 && !self.called && !self.searching && !self.shelves.is_empty()
    }

    /// Whom to call, if it comes to that; then that one counts as called.
    fn choose(&mut self) -> Option<Kind> {
        let for_express = self.regulars == 0 || self.shelves.has_express();
        let kind = if self.express_asleep > 0 && for_express {
            Kind::Express
        } else if self.asleep > 0 {
            Kind::Regular
        } else {
            return None;
        };
        self.called = true;
        Some(kind)
    }

    fn take(&mut self, kind: Kind) -> Option<Job> {
        match kind {
            Kind::Express if self.regulars > 0 => self.shelves.pop_express(),
            _ => self.shelves.pop(),
        }
    }

    /// Whether a worker that is about to sleep is to give back room instead.
    fn is_shrink_due(&mut self) -> bool {
        self.shelves.needs_room().is_some_and(|was_needed| self.shrink.is_due(was_needed))
    }

    fn asleep(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Regular => &mut self.asleep,
            Kind::Express => &mut self.express_asleep,
        }
    }
}

impl Queue {
    pub(crate) fn new(levels: usize, aging: Option<u64>, top: usize) -> Arc<Self> {
        let urgency = Urgency::of_levels(levels);
        let ticket_level = urgency.level_of(Submit::default().urgency());
        Arc::new(Queue {
            state: Mutex::new(State {
                shelves: Shelves::new(levels, aging).with_express(top, ticket_level),
                open: true,
                regulars: 0,
                asleep: 0,
                express_asleep: 0,
                called: false,
                searching: false,
                shrink: ShrinkTimer::default(),
            }),
            call: Condvar::new(),
            call_express: Condvar::new(),
            urgency,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock, a failed allocation aside.
        try_lock_patiently(&self.state)
            .unwrap_or_else(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Unlocks, and calls a sleeper if one is needed.
    #[inline]
    fn leave(&self, state: MutexGuard<'_, State>) {
        self.urgency.note(state.shelves.waiting());
        if state.may_call() {
            self.leave_and_call(state);
        }
    }

    /// The call comes last, or the sleeper would run into the lock.
    #[cold]
    fn leave_and_call(&self, mut state: MutexGuard<'_, State>) {
        let chosen = state.choose();
        drop(state);
        if let Some(kind) = chosen {
            self.call(kind).notify_one();
        }
    }

    fn call(&self, kind: Kind) -> &Condvar {
        match kind {
            Kind::Regular => &self.call,
            Kind::Express => &self.call_express,
        }
    }

    /// Looks out for about the time that waking a sleeper would take.
    fn search<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        const LOOKS: usize = 128;
        state.searching = true;
        drop(state);
        for _ in 0..LOOKS {
            if self.urgency.waits() {
                break;
            }
            std::hint::spin_loop();
        }
        let mut state = self.lock();
        state.searching = false;
        state
    }

    /// Gives back the room that a burst has left.
    #[cold]
    fn shrink<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let room = state.shelves.take_room();
        drop(state);
        drop(room);
        self.lock()
    }

    fn sleep<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        kind: Kind,
        until: Option<Instant>,
    ) -> MutexGuard<'a, State> {
        // An express worker that was called may find nothing for it, and must not take the call to sleep with it.
        if state.may_call()
            && let Some(kind) = state.choose()
        {
            self.call(kind).notify_one();
        }
        *state.asleep(kind) += 1;
        let call = self.call(kind);
        let mut state = match state.shrink.limit(until) {
            None => call.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                call.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        *state.asleep(kind) -= 1;
        state.called = false;
        state
    }
}

/// Where jobs enter.
pub struct Counter {
    queue: Arc<Queue>,
}

impl Counter {
    pub(crate) fn new(queue: &Arc<Queue>) -> Self {
        Counter { queue: queue.clone() }
    }
}

impl Inlet for Counter {
    fn push(&self, job: Job, submit: Submit, _: Caller) -> Push {
        let level = self.queue.urgency.level_of(submit.urgency());
        let mut state = self.queue.lock();
        if submit.is_ticket() {
            state.shelves.push_ticket(job);
        } else {
            state.shelves.push(level, job);
        }
        self.queue.leave(state);
        Push::Queued
    }

    fn urgency(&self) -> Urgency {
        self.queue.urgency.clone()
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.queue.lock().open = false;
        self.queue.call.notify_all();
        self.queue.call_express.notify_all();
    }
}

/// Where jobs leave, at one seat.
pub struct Window {
    queue: Arc<Queue>,
    kind: Kind,
    /// It counts among the regular workers that are there.
    counted: bool,
}

impl Window {
    pub(crate) fn new(queue: &Arc<Queue>, kind: Kind) -> Self {
        Window { queue: queue.clone(), kind, counted: false }
    }

    /// Whether this is a regular worker that others may leave jobs to.
    fn count(&mut self, counts: bool) {
        if self.kind == Kind::Regular && self.counted != counts {
            self.counted = counts;
            let mut state = self.queue.lock();
            state.regulars = if counts { state.regulars + 1 } else { state.regulars - 1 };
            // The last one leaves its jobs to the express workers.
            self.queue.leave(state);
        }
    }
}

impl Outlet for Window {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        self.count(true);
        let Window { queue, kind, .. } = self;
        let mut state = queue.lock();
        // What an express worker would see without the mutex need not be for it.
        let mut searched = *kind == Kind::Express;
        loop {
            if let Some(job) = state.take(*kind) {
                queue.leave(state);
                return Pop::Job(job);
            }
            if !state.open {
                return Pop::Closed;
            }
            if !searched && !state.searching {
                searched = true;
                state = queue.search(state);
                continue;
            }
            if until.is_some_and(|until| until <= Instant::now()) || idle.begin() {
                // It may have been called for a job that is not for it.
                queue.leave(state);
                return Pop::TimedOut;
            }
            if state.is_shrink_due() {
                state = queue.shrink(state);
                continue;
            }
            state = queue.sleep(state, *kind, until);
        }
    }

    fn turn_away(&mut self) {
        self.count(false);
    }

    fn may_leave(&self) -> bool {
        self.kind == Kind::Regular
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        let mut state = self.queue.lock();
        jobs.extend(state.shelves.drain());
        self.queue.leave(state);
    }

    fn attach(&mut self) {
        self.count(true);
    }

    fn detach(&mut self) {
        self.count(false);
        let mut state = self.queue.lock();
        if state.regulars == 0 && state.shelves.needs_room().is_some() {
            // There may be nobody left to do it later.
            drop(self.queue.shrink(state));
        }
    }
}
