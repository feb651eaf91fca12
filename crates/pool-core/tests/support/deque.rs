//! The smallest strategy that there is, a deque behind a mutex, with what else a strategy may do: take from either
//! end, and have a limit with something to be done about it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use pool_core::strategy::{Caller, Ends, Inlet, Outlet, Parking, Patience, Pop, Push, Search, Strategy};
use pool_core::{BuildError, Job, Reason, Submit};

/// Which job runs first.
#[derive(Clone, Copy)]
pub enum End {
    Oldest,
    Newest,
}

/// What to do about a full queue.
#[derive(Clone, Copy, PartialEq)]
pub enum Full {
    Wait,
    Refuse,
    RunHere,
    DropOldest,
    DropNewest,
    /// Take it, and shed the oldest when it is popped.
    Shed,
}

/// A deque of jobs.
#[derive(Clone, Copy)]
pub struct Deque {
    end: End,
    capacity: usize,
    full: Full,
}

impl Deque {
    pub fn taking_from(end: End) -> Self {
        Deque { end, capacity: usize::MAX, full: Full::Refuse }
    }

    pub fn holding(capacity: usize, full: Full) -> Self {
        Deque { end: End::Oldest, capacity, full }
    }
}

struct Shared {
    settings: Deque,
    state: Mutex<State>,
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn next(&self, state: &mut State) -> Option<Job> {
        let job = match self.settings.end {
            End::Oldest => state.jobs.pop_front(),
            End::Newest => state.jobs.pop_back(),
        };
        self.emptied.notify_one();
        job
    }

    fn queue(&self, state: &mut State, job: Job, submit: Submit) -> Push {
        match self.settings.end {
            // Behind what others have queued: newest first, that is before all of it.
            End::Newest if submit.goes_on() => state.jobs.push_front(job),
            End::Newest | End::Oldest => state.jobs.push_back(job),
        }
        Push::Queued
    }
}

pub struct DequeInlet(Arc<Shared>);

impl DequeInlet {
    fn wait_for_room<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let capacity = self.0.settings.capacity;
        self.0.emptied.wait_while(state, |state| state.jobs.len() >= capacity).unwrap()
    }

    fn push_full(&self, mut state: MutexGuard<'_, State>, job: Job, submit: Submit, full: Full) -> Push {
        match full {
            Full::Wait => {
                let mut state = self.wait_for_room(state);
                self.0.queue(&mut state, job, submit)
            }
            Full::Refuse => Push::Refused(job, Reason::Full),
            Full::RunHere => Push::RunHere(job),
            Full::DropNewest => Push::Displaced(job),
            Full::DropOldest => {
                let oldest = state.jobs.pop_front().expect("a full queue has one");
                let _ = self.0.queue(&mut state, job, submit);
                Push::Displaced(oldest)
            }
            Full::Shed => self.0.queue(&mut state, job, submit),
        }
    }
}

impl Inlet for DequeInlet {
    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        let mut state = self.0.lock();
        if state.jobs.len() < self.0.settings.capacity {
            return self.0.queue(&mut state, job, submit);
        }
        let full = match (submit.patience(), caller) {
            _ if submit.is_ticket() => Full::Refuse,
            (Patience::Policy, Caller::Worker(_)) if self.0.settings.full == Full::Wait => Full::RunHere,
            (Patience::Policy, _) => self.0.settings.full,
            _ => Full::Refuse,
        };
        self.push_full(state, job, submit, full)
    }
}

pub struct DequeOutlet(Arc<Shared>);

impl Outlet for DequeOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        let mut state = self.0.lock();
        let too_many = state.jobs.len() > self.0.settings.capacity;
        match self.0.next(&mut state) {
            Some(job) if too_many => Pop::Shed(job, Reason::Displaced),
            Some(job) => Pop::Job(job),
            None => Pop::Empty,
        }
    }

    fn has_work(&self) -> bool {
        !self.0.lock().jobs.is_empty()
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        let mut state = self.0.lock();
        jobs.extend(std::iter::from_fn(|| self.0.next(&mut state)));
        self.0.emptied.notify_all();
    }
}

impl Strategy for Deque {
    type Inlet = DequeInlet;
    type Outlet = DequeOutlet;
    const NAME: &'static str = "deque";

    fn open(&self, slots: usize, _: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let (state, emptied) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { settings: *self, state, emptied });
        let outlets = (0..slots).map(|_| DequeOutlet(shared.clone())).collect();
        Ok(Ends { inlet: DequeInlet(shared.clone()), outlets, spare: DequeOutlet(shared) })
    }
}
