//! The discipline as pool-core sees it.

use std::sync::Arc;

use pool_core::strategy::{Ends, Helper, Parking, Strategy};
use pool_core::{BuildError, Pool, ThreadPool};

use crate::channel::Channel;
use crate::pool::helper::StealingHelper;
use crate::pool::inlet::StealingInlet;
use crate::pool::outlet::StealingOutlet;
use crate::worker::{self, Worker};

/// The work-stealing discipline.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Stealing;

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

impl Strategy for Stealing {
    type Inlet = StealingInlet;
    type Outlet = StealingOutlet;
    const NAME: &'static str = "stealing";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        worker::prepare();
        let channel = Arc::new(Channel::new(slots, parking));
        Ok(Ends {
            inlet: StealingInlet::new(channel.clone()),
            outlets: (0..slots).map(|index| StealingOutlet::new(channel.clone(), index)).collect(),
            spare: StealingOutlet::new(channel, slots),
        })
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
