//! The smallest strategy that there is: a deque behind a mutex.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use pool_core::{BuildError, Caller, Ends, Idle, Inlet, Job, Outlet, Pop, Push, Strategy, Submit};

/// Which job runs first.
#[derive(Clone, Copy)]
pub enum End {
    Oldest,
    Newest,
}

/// Jobs in a deque, taken from one end.
#[derive(Clone, Copy)]
pub struct Deque(End);

impl Deque {
    pub fn taking_from(end: End) -> Self {
        Deque(end)
    }
}

struct Shared {
    end: End,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Shared {
    fn next(&self, state: &mut State) -> Option<Job> {
        match self.end {
            End::Oldest => state.jobs.pop_front(),
            End::Newest => state.jobs.pop_back(),
        }
    }
}

pub struct Tail(Arc<Shared>);

impl Inlet for Tail {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        self.0.state.lock().unwrap().jobs.push_back(job);
        self.0.changed.notify_one();
        Push::Queued
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().closed = true;
        self.0.changed.notify_all();
    }
}

pub struct Head(Arc<Shared>);

impl Outlet for Head {
    fn pop(&mut self, _: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        let mut state = self.0.state.lock().unwrap();
        loop {
            match self.0.next(&mut state) {
                Some(job) => return Pop::Job(job),
                None if state.closed => return Pop::Closed,
                None => {}
            }
            idle.begin();
            state = self.0.changed.wait(state).unwrap();
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        let mut state = self.0.state.lock().unwrap();
        jobs.extend(std::iter::from_fn(|| self.0.next(&mut state)));
    }
}

impl Strategy for Deque {
    type Inlet = Tail;
    type Outlet = Head;
    const NAME: &'static str = "deque";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { end: self.0, state, changed: Condvar::new() });
        let outlets = (0..seats).map(|_| Head(shared.clone())).collect();
        Ok(Ends { inlet: Tail(shared.clone()), outlets, spare: Head(shared) })
    }
}
