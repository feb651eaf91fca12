//! The discipline as pool-core sees it.

use std::sync::Arc;

use pool_core::strategy::{Ends, Helper, Parking, Strategy};
use pool_core::{BuildError, JobOrder, Pool, ThreadPool};

use crate::channel::Channel;
use crate::current_worker;
use crate::pool::helper::StealingHelper;
use crate::pool::inlet::StealingInlet;
use crate::pool::outlet::StealingOutlet;
use crate::worker::{self, Worker};

/// The work-stealing discipline.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Stealing {
    order: JobOrder,
}

impl Default for Stealing {
    fn default() -> Self {
        Stealing { order: JobOrder::NewestFirst }
    }
}

impl Stealing {
    /// In which order a worker runs the jobs that it has spawned, and the jobs of a scope that it has started: the newest first
    /// (the default), or the oldest. Thieves take the oldest in either case.
    ///
    /// Newest first, jobs that spawn jobs run depth first, and few are queued at a time; but a job may wait for as long as those
    /// that its worker spawned later keep spawning. Oldest first, none waits for long, and a whole generation is queued at once.
    /// Jobs from outside run in their order either way.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use pool_core::JobOrder;
    /// use pool_stealing::{Stealing, StealingPool};
    ///
    /// // One worker, and a job that spawns three.
    /// let run = |stealing| {
    ///     let pool = Arc::new(StealingPool::with(stealing).threads(1).build()?);
    ///     let (order, spawner) = (Arc::new(Mutex::new(Vec::new())), pool.clone());
    ///     let noted = order.clone();
    ///     pool.spawn(move || {
    ///         for n in 1..=3 {
    ///             let noted = noted.clone();
    ///             spawner.execute(move || noted.lock().unwrap().push(n)).unwrap();
    ///         }
    ///     })?.join()?;
    ///     pool.wait_idle(None);
    ///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(std::mem::take(&mut *order.lock().unwrap()))
    /// };
    /// assert_eq!(run(Stealing::default())?, [3, 2, 1]);
    /// assert_eq!(run(Stealing::default().order(JobOrder::OldestFirst))?, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn order(mut self, order: JobOrder) -> Self {
        self.order = order;
        self
    }
}

/// A work-stealing pool.
pub type StealingPool = ThreadPool<Stealing>;

/// Runs the closure on a worker of the pool, with the worker's handle, waits, and returns its result.
///
/// On a worker of this pool it runs in place. If the pool takes nothing more, it runs on the caller, and the handle's joins
/// run their halves one after the other.
///
/// # Panics
///
/// With what the closure panics with.
pub fn with_worker<F, R>(pool: &StealingPool, f: F) -> R
where
    F: FnOnce(Worker<'_>) -> R + Send,
    R: Send,
{
    crate::join::on_worker(pool, f)
}

/// Runs the closure with the handle of the worker that the calling thread is, of whichever pool of this kind, if it is one.
///
/// For code that joins wherever it is called: one thread-local read finds both the pool and the worker.
///
/// ```
/// use pool_stealing::{StealingPool, with_current_worker};
///
/// fn join_anywhere(a: impl FnOnce() -> u32 + Send, b: impl FnOnce() -> u32 + Send) -> u32 {
///     with_current_worker(|worker| match worker {
///         Some(worker) => {
///             let (a, b) = worker.join(|_| a(), |_| b());
///             a + b
///         }
///         None => a() + b(),
///     })
/// }
/// assert_eq!(join_anywhere(|| 20, || 22), 42);
/// assert_eq!(StealingPool::new()?.install(|| join_anywhere(|| 20, || 22)), 42);
/// # Ok::<(), pool_core::BuildError>(())
/// ```
#[inline(always)]
pub fn with_current_worker<F, R>(f: F) -> R
where
    F: FnOnce(Option<Worker<'_>>) -> R,
{
    // SAFETY: a worker leaves its slot only when its outlet is dropped, further up on the stack than any code that gets here.
    f(unsafe { current_worker::worker_of_pool() })
}

impl Strategy for Stealing {
    type Inlet = StealingInlet;
    type Outlet = StealingOutlet;
    const NAME: &'static str = "stealing";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        worker::prepare();
        let channel = Arc::new(Channel::new(slots, parking, self.order));
        Ok(Ends {
            inlet: StealingInlet::new(channel.clone()),
            outlets: (0..slots).map(|index| StealingOutlet::new(channel.clone(), index)).collect(),
            spare: StealingOutlet::new(channel, slots),
        })
    }

    fn job_order(&self) -> JobOrder {
        self.order
    }

    fn helper(ends: &Ends<Self>) -> Option<Box<dyn Helper>> {
        Some(Box::new(StealingHelper(ends.spare.channel().clone())))
    }

    #[inline]
    fn join<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
    where
        P: Pool + ?Sized,
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        crate::join::join(pool, a, b)
    }
}
