//! A job whose own jobs another worker has to steal.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use pool_core::{PoolExt, current};
use pool_stealing::StealingPool;

/// Long enough for the slowest machine: reaching it means that something hangs.
const FOREVER: Duration = Duration::from_secs(60);

/// Runs a job that spawns three others and waits for them. They lie in its worker's deque meanwhile, so another worker has to
/// steal them. Returns which worker was robbed.
pub fn have_three_stolen(pool: &Arc<StealingPool>) -> usize {
    let inner = pool.clone();
    let robbed = pool.spawn(move || {
        let (done, finished) = mpsc::channel();
        for _ in 0..3 {
            let done = done.clone();
            inner.execute(move || done.send(()).unwrap()).unwrap();
        }
        let next = || finished.recv_timeout(FOREVER).expect("jobs behind a blocked worker were not stolen");
        (0..3).for_each(|_| next());
        current().unwrap().index
    });
    robbed.unwrap().join().unwrap()
}
