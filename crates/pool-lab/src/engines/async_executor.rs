//! async-executor, driven by N threads: a job is a task that never waits.

use std::future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};

use async_executor::{Executor, Task};
use futures_lite::future::block_on;

use super::row::Row;
use crate::engine::{Handles, Jobs, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::peer("async-executor", "async-executor", "work stealing of tasks, as in smol")
        .jobs::<AsyncExecutor>()
        .handles::<AsyncExecutor>()
        .adapted::<AsyncExecutor>()
}

pub(crate) struct AsyncExecutor {
    executor: Arc<Executor<'static>>,
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

impl Start for AsyncExecutor {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let (executor, stop) = (Arc::new(Executor::new()), Arc::new(Stop::default()));
        let mut engine = AsyncExecutor { executor, stop, threads: Vec::new() };
        for _ in 0..spec.threads() {
            let (executor, stop) = (Arc::clone(&engine.executor), Arc::clone(&engine.stop));
            let thread = thread::Builder::new().spawn(move || block_on(executor.run(stop.requested())));
            match thread {
                Ok(thread) => engine.threads.push(thread),
                Err(error) => {
                    engine.stop();
                    return Err(spec.build_error(error));
                }
            }
        }
        Ok(engine)
    }

    fn stop(self) {
        self.stop.request();
        for thread in self.threads {
            // Had the thread panicked, that would have been a job's fault, and told by the missing answer.
            let _ = thread.join();
        }
    }
}

impl Jobs for AsyncExecutor {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.executor.spawn(async move { job() }).detach();
    }
}

impl Handles for AsyncExecutor {
    type Handle<T: Send + 'static> = Task<T>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> Task<T> {
        self.executor.spawn(async move { job() })
    }

    fn wait<T: Send + 'static>(&self, handle: Task<T>) -> T {
        block_on(handle)
    }
}

/// A request to stop, which threads await beside their tasks.
#[derive(Default)]
struct Stop {
    state: Mutex<StopState>,
}

#[derive(Default)]
struct StopState {
    requested: bool,
    /// The threads to wake.
    waiting: Vec<Waker>,
}

impl Stop {
    fn request(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requested = true;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    async fn requested(&self) {
        future::poll_fn(|context| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.requested {
                return Poll::Ready(());
            }
            if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                state.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
