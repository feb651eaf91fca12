use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use pool_lab::engine::{Jobs, Spec, SpecError, Start};

/// A thread for each job; `stop` waits until all have ended.
#[derive(Default)]
pub struct MyThreads(Arc<(Mutex<usize>, Condvar)>);

impl Start for MyThreads {
    fn start(_: &Spec) -> Result<Self, SpecError> {
        Ok(MyThreads::default())
    }

    fn stop(self) {
        let (running, ended) = &*self.0;
        drop(ended.wait_while(running.lock().unwrap(), |running| *running > 0));
    }
}

impl Jobs for MyThreads {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        let shared = self.0.clone();
        *shared.0.lock().unwrap() += 1;
        thread::spawn(move || {
            job();
            *shared.0.lock().unwrap() -= 1;
            shared.1.notify_all();
        });
    }
}
