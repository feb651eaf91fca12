//! What an engine can do: one trait for each kind of work, all on top of [`Start`].

use std::sync::{Arc, Mutex};
use std::thread;

use pool_core::Pool;

use super::spec::{Spec, SpecError};

/// Something that can be started with N threads, and stopped.
pub trait Start: Sized + Send + Sync + 'static {
    /// Starts it, and returns when its threads run, as far as it lets one know.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when the options do not go together or the system refuses threads.
    fn start(spec: &Spec) -> Result<Self, SpecError>;

    /// Called before it is started for the first time, outside of any measurement: whether starting it could leave the
    /// process in a state that cannot be undone.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when it should not be tried.
    fn check(_spec: &Spec) -> Result<(), SpecError> {
        Ok(())
    }

    /// Stops it, and returns when its threads have ended, as far as it lets one know.
    fn stop(self);

    /// The number of queued jobs beyond which it may lose some; `None` when it never does.
    fn loses_beyond(&self) -> Option<usize> {
        None
    }
}

/// [`Start::check`] for an engine that does not come back in order where the system refuses it a thread: whether as many
/// threads can be started, which live at the same time.
pub(crate) fn check_threads(spec: &Spec) -> Result<(), SpecError> {
    let gate = Mutex::new(());
    let started = thread::scope(|scope| {
        // Dropped, and so opened, before the scope waits for its threads, also when one cannot be started.
        let _closed = gate.lock();
        (0..spec.threads()).try_for_each(|_| {
            let wait = || drop(gate.lock());
            thread::Builder::new().spawn_scoped(scope, wait).map(drop)
        })
    });
    started.map_err(|error| spec.build_error(error))
}

/// Runs detached jobs.
pub trait Jobs: Start {
    /// Submits a job, from any thread, its own workers included.
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F);

    /// Submits a job that is to run before all others. An engine without priorities submits it like any other.
    fn execute_urgent<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.execute(job);
    }

    /// Submits a job of a tenant, numbered from 0. An engine that does not know tenants, or not so many, submits it like any other.
    fn execute_of<F: FnOnce() + Send + 'static>(&self, tenant: u16, job: F) {
        let _ = tenant;
        self.execute(job);
    }

    /// Submits a job that the engine may drop unrun instead, where its options say so. Any other engine runs it.
    fn offer<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.execute(job);
    }
}

/// Has as many threads as before when a job has panicked: the panic is caught, or the thread replaced.
pub trait Survives: Jobs {}

/// Runs jobs whose result one can wait for.
pub trait Handles: Start {
    /// What stands for the result to come.
    type Handle<T: Send + 'static>;

    /// Submits a job.
    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> Self::Handle<T>;

    /// Waits for the result, on a thread that is none of its workers.
    fn wait<T: Send + 'static>(&self, handle: Self::Handle<T>) -> T;
}

/// Runs two closures, perhaps at the same time, and waits for both.
pub trait Joins: Start {
    /// What a closure needs in order to join in turn. Nothing for those that find their worker through a
    /// thread-local variable.
    type Context<'c>;

    /// Takes a computation from the calling thread, which is none of the workers, to where it can join.
    fn enter<R: Send>(&self, root: impl FnOnce(&mut Self::Context<'_>) -> R + Send) -> R;

    /// Runs both closures.
    fn join<A, B, RA, RB>(context: &mut Self::Context<'_>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut Self::Context<'_>) -> RA + Send,
        B: FnOnce(&mut Self::Context<'_>) -> RB + Send,
        RA: Send,
        RB: Send;
}

/// Runs jobs that borrow from the stack of the thread that waits for them.
pub trait Scopes: Start {
    /// Opens a scope, spawns a job in it for each number below `jobs`, and returns when all have ended.
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F);
}

/// Runs loops over what lies in memory, in parallel, and divides them itself.
pub trait Loops: Start {
    /// Calls the function for each item, in any order, and returns when all calls have.
    fn for_each<T: Sync, F: Fn(&T) + Send + Sync>(&self, items: &[T], f: F);
}

/// Is a [`Pool`] of its own, not through an adapter.
pub trait IsPool: Start {
    /// Builds the pool.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when the options do not go together or the system refuses threads.
    fn build(spec: &Spec) -> Result<Arc<dyn Pool>, SpecError>;
}

/// Takes rayon-core's place under programs that use rayon: each program is built with it, and runs as a process of its own.
pub trait UnderRayon: Start {
    /// The folder of the programs that are built with it.
    const BUILD: &'static str;

    /// The variable of the environment by which a program learns which pool to use, or how many threads.
    fn variable(&self) -> (&'static str, String);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_the_system_has_can_be_started_at_once() {
        check_threads(&"tokio:8".parse().unwrap()).unwrap();
    }
}
