//! What the tests share.
#![allow(dead_code, reason = "each test target uses a part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::{Pool, PoolExt};
use pool_fair::FairPool;
use pool_mpsc::MpscPool;
use pool_priority::PriorityPool;
use pool_stealing::StealingPool;

/// One of each strategy, with so many workers.
pub fn pools(threads: usize) -> Vec<Arc<dyn Pool>> {
    vec![
        Arc::new(StealingPool::builder().threads(threads).build().unwrap()),
        Arc::new(MpscPool::builder().threads(threads).build().unwrap()),
        Arc::new(PriorityPool::builder().threads(threads).build().unwrap()),
        Arc::new(FairPool::builder().threads(threads).build().unwrap()),
        Arc::new(BoundedPool::with(Bounded::new(4)).threads(threads).build().unwrap()),
        Arc::new(
            BoundedPool::with(Bounded::new(4).overflow(Overflow::CallerRuns))
                .threads(threads)
                .build()
                .unwrap(),
        ),
    ]
}

/// Makes a worker busy until the sender is dropped. It is by the time this returns.
pub fn hold(pool: &dyn Pool) -> Sender<()> {
    let (release, released): (_, Receiver<()>) = channel();
    let (started, running) = channel();
    let job = move || {
        started.send(()).unwrap();
        let _ = released.recv();
    };
    pool.execute(job).unwrap();
    running.recv().unwrap();
    release
}

/// Counts drops.
#[derive(Clone, Default)]
pub struct Drops(Arc<AtomicUsize>);

pub struct OnDrop(Drops);

impl Drops {
    pub fn guard(&self) -> OnDrop {
        OnDrop(self.clone())
    }

    pub fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}
