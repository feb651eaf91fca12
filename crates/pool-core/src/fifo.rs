//! The smallest strategy, for the unit tests.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use crate::{BuildError, Caller, Ends, Idle, Inlet, Job, Outlet, Pop, Push, Strategy, Submit};

/// A queue behind a mutex.
pub(crate) struct Fifo;

#[derive(Default)]
struct Shared {
    /// The jobs, and whether the inlet is gone.
    state: Mutex<(VecDeque<Job>, bool)>,
    changed: Condvar,
}

pub(crate) struct Tail(Arc<Shared>);

impl Inlet for Tail {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        self.0.state.lock().unwrap().0.push_back(job);
        self.0.changed.notify_one();
        Push::Queued
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().1 = true;
        self.0.changed.notify_all();
    }
}

pub(crate) struct Head(Arc<Shared>);

impl Outlet for Head {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        let mut state = self.0.state.lock().unwrap();
        loop {
            match state.0.pop_front() {
                Some(job) => return Pop::Job(job),
                None if state.1 => return Pop::Closed,
                None => {}
            }
            if idle.begin() || until.is_some_and(|until| until <= Instant::now()) {
                return Pop::TimedOut;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.0.changed.wait(state).unwrap(),
                Some(left) => self.0.changed.wait_timeout(state, left).unwrap().0,
            };
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.0.state.lock().unwrap().0.drain(..));
    }
}

impl Strategy for Fifo {
    type Inlet = Tail;
    type Outlet = Head;
    const NAME: &'static str = "fifo";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        let shared = Arc::new(Shared::default());
        let outlets = (0..seats).map(|_| Head(shared.clone())).collect();
        Ok(Ends { inlet: Tail(shared.clone()), outlets, spare: Head(shared) })
    }
}
