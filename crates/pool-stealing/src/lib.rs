//! A work-stealing pool.

#![cfg_attr(loom, allow(dead_code, unused_imports))]

mod calls;
mod sleep;
mod split;
mod sync;

#[cfg(all(test, loom))]
mod model;

#[cfg(not(loom))]
mod fork;
#[cfg(not(loom))]
mod frame;
#[cfg(not(loom))]
mod global;
#[cfg(not(loom))]
mod here;
#[cfg(not(loom))]
mod inlet;
#[cfg(not(loom))]
mod outlet;
#[cfg(not(loom))]
mod seat;
#[cfg(not(loom))]
mod shared;
#[cfg(not(loom))]
mod theft;

#[cfg(not(loom))]
mod strategy {
    use std::sync::Arc;

    use pool_core::{BuildError, Ends, Strategy, ThreadPool};

    use crate::inlet::StealingInlet;
    use crate::outlet::StealingOutlet;
    use crate::shared::Shared;

    /// The work-stealing discipline.
    #[derive(Clone, Copy, Debug, Default)]
    #[non_exhaustive]
    pub struct Stealing;

    /// A work-stealing pool.
    pub type StealingPool = ThreadPool<Stealing>;

    impl Strategy for Stealing {
        type Inlet = StealingInlet;
        type Outlet = StealingOutlet;
        const NAME: &'static str = "stealing";

        fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
            let shared = Arc::new(Shared::new(seats));
            Ok(Ends {
                inlet: StealingInlet::new(shared.clone()),
                outlets: (0..seats).map(|index| StealingOutlet::new(shared.clone(), index)).collect(),
                spare: StealingOutlet::new(shared, seats),
            })
        }

        #[inline]
        fn join<A, B, RA, RB>(pool: &ThreadPool<Self>, a: A, b: B) -> (RA, RB)
        where
            A: FnOnce() -> RA + Send,
            B: FnOnce() -> RB + Send,
            RA: Send,
            RB: Send,
        {
            crate::fork::join(pool, a, b)
        }
    }
}

#[cfg(not(loom))]
pub use crate::{
    global::global,
    inlet::StealingInlet,
    outlet::StealingOutlet,
    strategy::{Stealing, StealingPool},
};
