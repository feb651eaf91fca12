use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use pool_core::strategy::*;
use pool_core::*;

#[derive(Default)]
pub struct Lifo;

#[derive(Default)]
struct Shared {
    /// The jobs, and whether the inlet is gone.
    state: Mutex<(Vec<Job>, bool)>,
    changed: Condvar,
}

pub struct Top(Arc<Shared>);

impl Inlet for Top {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        self.0.state.lock().unwrap().0.push(job);
        self.0.changed.notify_one();
        Push::Queued
    }
}

impl Drop for Top {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().1 = true;
        self.0.changed.notify_all();
    }
}

pub struct Taker(Arc<Shared>);

impl Outlet for Taker {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        let mut state = self.0.state.lock().unwrap();
        loop {
            match state.0.pop() {
                Some(job) => return Pop::Job(job),
                None if state.1 => return Pop::Closed,
                None => {}
            }
            if idle.begin() {
                return Pop::TimedOut; // there is something else to do than to wait
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            state = match left {
                None => self.0.changed.wait(state).unwrap(),
                Some(left) if left.is_zero() => return Pop::TimedOut,
                Some(left) => self.0.changed.wait_timeout(state, left).unwrap().0,
            };
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.0.state.lock().unwrap().0.drain(..).rev());
    }
}

impl Strategy for Lifo {
    type Inlet = Top;
    type Outlet = Taker;
    const NAME: &'static str = "lifo";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        let shared = Arc::new(Shared::default());
        Ok(Ends {
            inlet: Top(shared.clone()),
            outlets: (0..seats).map(|_| Taker(shared.clone())).collect(),
            spare: Taker(shared),
        })
    }
}
