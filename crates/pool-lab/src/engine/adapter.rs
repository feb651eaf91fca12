//! A peer's pool as a [`Pool`], so that handles, scopes, joins and counts work on it as on ours.
//!
//! It is for experiments that swap engines at run time. Measurements never go through it: a job of an adapter costs
//! what ours costs (an erased job, the counting) on top of what the engine costs.
//!
//! The engine sees plain closures. Each runs its job through the pool's [`Recorder`], which counts it, catches its panic
//! and marks the thread as a worker of this pool while the job runs, so that a job which waits for another of the same
//! pool runs that one in its own place instead of blocking.
//!
//! # Shutdown
//!
//! The state is behind one lock. A submission reads it, and is counted as accepted before it releases the lock; so the
//! thread that has set the state to "shutting down" finds all accepted jobs counted, waits until they have ended, and then
//! stops the engine. A shutdown from inside a job leaves that to a thread made for it. After
//! `shutdown_now` each job that comes up is put aside instead of run: for the calls that are under way, or, if there is none,
//! it is discarded, since no call may ever ask for it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

use pool_core::adapter::PoolContext;
use pool_core::adapter::Recorder;
use pool_core::{Job, Pool, PoolId, PoolState, Reason, Rejected, Shutdown, Submit, drop_quietly};

use crate::engine::Jobs;
use crate::engine::{Spec, SpecError};

/// Starts the engine and makes it a [`Pool`].
pub(crate) fn build<E: Jobs>(spec: &Spec) -> Result<Arc<dyn Pool>, SpecError> {
    E::check(spec)?;
    let engine = Arc::new(E::start(spec)?);
    let recorder = Recorder::new(spec.engine().name, spec.threads());
    let intake = RwLock::new(Intake::Open(engine));
    Ok(Arc::new(Adapter {
        core: Arc::new(Core { recorder, intake, end: End::default(), workers_seen: AtomicUsize::new(0) }),
    }))
}

struct Adapter<E: Jobs> {
    core: Arc<Core<E>>,
}

impl<E: Jobs> Pool for Adapter<E> {
    fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
        if submit.is_ticket() {
            return self.core.queue(job).map_err(|job| Rejected::new(job, Reason::ShutDown));
        }
        self.core.submit(job)
    }

    fn context(&self) -> &Arc<PoolContext> {
        self.core.recorder.context()
    }

    fn state(&self) -> PoolState {
        match (&*read(&self.core.intake), self.core.end.lock().reached) {
            (_, true) => PoolState::Terminated,
            (Intake::Open(_), false) => PoolState::Running,
            (Intake::Closed { .. }, false) => PoolState::ShuttingDown,
        }
    }

    fn shutdown(&self) -> Shutdown {
        self.core.shutdown(false)
    }

    fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
        self.core.end.lock().collectors += 1;
        let shutdown = self.core.shutdown(true);
        let mut end = self.core.end.lock();
        end.collectors -= 1;
        (std::mem::take(&mut end.returned), shutdown)
    }
}

impl<E: Jobs> Drop for Adapter<E> {
    fn drop(&mut self) {
        // Pending means that this is one of the pool's own jobs; a thread of its own ends the pool.
        let _ = self.core.shutdown(false);
    }
}

/// What the adapter and the jobs that are under way share.
struct Core<E: Jobs> {
    recorder: Recorder,
    intake: RwLock<Intake<E>>,
    end: End,
    /// Threads of the engine that have run a job so far.
    workers_seen: AtomicUsize,
}

/// Whether jobs come in, and if not, whether those that are queued still run.
enum Intake<E> {
    Open(Arc<E>),
    Closed { give_back: bool },
}

/// Where those wait who wait for the engine's end, and what is handed to them.
#[derive(Default)]
struct End {
    state: Mutex<EndState>,
    changed: Condvar,
}

#[derive(Default)]
struct EndState {
    reached: bool,
    /// Calls of `shutdown_now` that have not returned, and the jobs kept for them.
    collectors: usize,
    returned: Vec<Job>,
}

impl<E: Jobs> Core<E> {
    fn submit(self: &Arc<Self>, job: Job) -> Result<(), Rejected> {
        let intake = read(&self.intake);
        self.recorder.admit();
        let Intake::Open(engine) = &*intake else {
            drop(intake);
            return Err(self.recorder.reject(job, Reason::ShutDown));
        };
        // The engine may run the job right here, and the job may submit; so the lock must not be held.
        let engine = Arc::clone(engine);
        drop(intake);
        self.hand_over(&engine, job);
        Ok(())
    }

    /// Queues a ticket, which is not counted.
    fn queue(self: &Arc<Self>, ticket: Job) -> Result<(), Job> {
        let engine = match &*read(&self.intake) {
            Intake::Open(engine) => Arc::clone(engine),
            Intake::Closed { .. } => return Err(ticket),
        };
        self.hand_over(&engine, ticket);
        Ok(())
    }

    fn hand_over(self: &Arc<Self>, engine: &E, job: Job) {
        let core = Arc::clone(self);
        engine.execute(move || {
            // The books catch what a job panics with. What its payload or result panics with when dropped gets here, and
            // would end the thread of many an engine.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| core.run(job))) {
                drop_quietly(payload);
            }
        });
    }

    fn run(self: Arc<Self>, job: Job) {
        if let Intake::Closed { give_back: true } = *read(&self.intake) {
            // The lock of the returned jobs is held throughout, so that a thread that sees the pool at rest finds the job.
            let mut end = self.end.lock();
            if end.collectors > 0 {
                end.returned.extend(self.recorder.give_up(job));
            } else {
                drop(end);
                self.recorder.discard(job, Reason::ShutDown);
            }
            return;
        }
        if let Some(ticket) = self.recorder.run(job, self.worker_index()) {
            // A refused ticket is dropped, which tells the thread that waits for it.
            drop(self.queue(ticket));
        }
    }

    /// A number for this thread of the engine. Engines do not number their threads; those that they replace
    /// share a number with others, which the counters allow.
    fn worker_index(&self) -> usize {
        thread_local! {
            static INDEX: Cell<Option<(PoolId, usize)>> = const { Cell::new(None) };
        }
        match INDEX.get() {
            Some((pool, index)) if pool == self.recorder.context().id() => index,
            _ => {
                let index =
                    self.workers_seen.fetch_add(1, Ordering::Relaxed) % self.recorder.context().workers();
                INDEX.set(Some((self.recorder.context().id(), index)));
                index
            }
        }
    }

    fn shutdown(self: &Arc<Self>, give_back: bool) -> Shutdown {
        let engine = self.close(give_back);
        if self.recorder.context().is_current() && !self.end.lock().reached {
            let counts = self.recorder.context().counts();
            if let Some(engine) = engine {
                let core = Arc::clone(self);
                thread::spawn(move || core.finish(engine));
            }
            return Shutdown::Pending { queued: counts.queued, running: counts.running };
        }
        match engine {
            Some(engine) => self.finish(engine),
            None => self.end.wait(),
        }
        Shutdown::Terminated
    }

    /// Takes no more jobs. A caller that gets the engine must call `finish`.
    fn close(&self, give_back: bool) -> Option<Arc<E>> {
        let mut intake = self.intake.write().unwrap_or_else(PoisonError::into_inner);
        let gave_back = matches!(*intake, Intake::Closed { give_back: true });
        match std::mem::replace(&mut *intake, Intake::Closed { give_back: give_back || gave_back }) {
            Intake::Open(engine) => Some(engine),
            Intake::Closed { .. } => None,
        }
    }

    /// Waits for the jobs and stops the engine.
    fn finish(&self, mut engine: Arc<E>) {
        self.recorder.context().wait_idle(None);
        // A submitter outside holds the engine until its `execute` returns, which is soon: its job has run.
        let engine = loop {
            match Arc::try_unwrap(engine) {
                Ok(engine) => break engine,
                Err(shared) => engine = shared,
            }
            thread::yield_now();
        };
        engine.stop();
        self.end.lock().reached = true;
        self.end.changed.notify_all();
    }
}

impl End {
    fn lock(&self) -> MutexGuard<'_, EndState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let mut state = self.lock();
        while !state.reached {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
