//! Where a request computes: in a bounded pool, or in `spawn_blocking` behind semaphores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::{Attributes, BuildError, CancelToken, JoinError, Reason, Timing, current_token};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout_at;

use crate::settings::{Kind, Settings};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many wait.
    Overloaded,
    /// The deadline has come.
    TooLate,
    /// It has panicked.
    Failed,
}

/// What computes.
pub enum Backend {
    /// A bounded pool.
    Pool(Arc<BoundedPool>),
    /// tokio's threads.
    Blocking(Blocking),
}

/// `spawn_blocking` alone takes any number, and runs up to 512 at once.
pub struct Blocking {
    /// For all that are there, whether they wait or run.
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Backend {
    /// As the settings say.
    ///
    /// # Errors
    ///
    /// [`BuildError`] of the pool.
    pub fn new(settings: &Settings) -> Result<Self, BuildError> {
        let (workers, queue) = (usize::from(settings.workers), usize::from(settings.queue));
        Ok(match settings.backend {
            Kind::Pool => {
                let bounded = Bounded::new(queue).overflow(Overflow::Reject);
                let pool = BoundedPool::with(bounded).threads(workers).name("requests").timing(Timing::Every);
                Backend::Pool(Arc::new(pool.build()?))
            }
            Kind::Blocking => Backend::Blocking(Blocking {
                admitted: Arc::new(Semaphore::new(workers + queue)),
                running: Arc::new(Semaphore::new(workers)),
            }),
        })
    }

    /// Runs this, unless too many wait. It starts before the deadline or never, and is told to stop when the deadline has come.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says why there is no answer.
    pub async fn run<F, T>(&self, deadline: Instant, f: F) -> Result<T, Refusal>
    where
        F: FnOnce(&dyn Fn() -> bool) -> Option<T> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Backend::Pool(pool) => run_in_pool(pool, deadline, f).await,
            Backend::Blocking(blocking) => blocking.run(deadline, f).await,
        }
    }
}

/// Has the job told to stop when the request is given up: at its deadline, or because its client has gone.
struct StopOnDrop(CancelToken);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn run_in_pool<F, T>(pool: &BoundedPool, deadline: Instant, f: F) -> Result<T, Refusal>
where
    F: FnOnce(&dyn Fn() -> bool) -> Option<T> + Send + 'static,
    T: Send + 'static,
{
    let stop = StopOnDrop(CancelToken::new());
    let attributes = Attributes::new().name("request").start_by(deadline).token(&stop.0);
    let job = move || f(&|| current_token().is_some_and(|token| token.is_cancelled()));
    let handle = pool.try_spawn_with(attributes, job).map_err(|_| Refusal::Overloaded)?;
    match timeout_at(deadline.into(), handle).await {
        Ok(Ok(Some(answer))) => Ok(answer),
        Err(_) | Ok(Ok(None) | Err(JoinError::Cancelled | JoinError::Unrun(Reason::Expired))) => {
            Err(Refusal::TooLate)
        }
        Ok(Err(JoinError::Unrun(_))) => Err(Refusal::Overloaded),
        Ok(Err(_)) => Err(Refusal::Failed),
    }
}

/// The same for a flag.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

impl Blocking {
    async fn run<F, T>(&self, deadline: Instant, f: F) -> Result<T, Refusal>
    where
        F: FnOnce(&dyn Fn() -> bool) -> Option<T> + Send + 'static,
        T: Send + 'static,
    {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| Refusal::Overloaded)?;
        let waited = timeout_at(deadline.into(), self.running.clone().acquire_owned()).await;
        let running = waited.map_err(|_| Refusal::TooLate)?.expect("nobody closes the semaphore");
        let stop = SetOnDrop(Arc::default());
        let stopped = stop.0.clone();
        let job = spawn_blocking(move || {
            // A closure that has started runs on when its request is given up, and holds its permits.
            let _permits = (admitted, running);
            f(&|| stopped.load(Relaxed))
        });
        match timeout_at(deadline.into(), job).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) | Err(_) => Err(Refusal::TooLate),
            Ok(Err(_)) => Err(Refusal::Failed),
        }
    }
}
