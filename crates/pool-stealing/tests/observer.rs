//! What an observer hears of steals.

#[path = "support/robbed.rs"]
mod robbed;

use std::sync::{Arc, Barrier, Mutex};

use pool_core::{Observer, Pool, current};
use pool_stealing::StealingPool;

use self::robbed::have_three_stolen;

#[derive(Default)]
struct Steals {
    /// The thief, and how many jobs it took.
    jobs: Mutex<Vec<(usize, usize)>>,
    /// The thief, and whether that was the end.
    forks: Mutex<Vec<(usize, bool)>>,
}

impl Observer for Steals {
    fn after_steal(&self, worker: usize, jobs: usize) {
        self.jobs.lock().unwrap().push((worker, jobs));
    }

    fn before_fork(&self, worker: usize) {
        self.forks.lock().unwrap().push((worker, false));
    }

    fn after_fork(&self, worker: usize) {
        self.forks.lock().unwrap().push((worker, true));
    }
}

fn observed() -> (StealingPool, Arc<Steals>) {
    let steals = Arc::new(Steals::default());
    (StealingPool::builder().threads(2).observer(steals.clone()).build().unwrap(), steals)
}

#[test]
fn stolen_jobs_are_told_with_their_number() {
    let (pool, steals) = observed();
    let pool = Arc::new(pool);
    let robbed = have_three_stolen(&pool);
    let jobs = steals.jobs.lock().unwrap();
    assert!(jobs.iter().all(|(thief, _)| *thief == 1 - robbed), "{jobs:?}");
    assert_eq!(jobs.iter().map(|(_, jobs)| jobs).sum::<usize>(), 3, "{jobs:?}");
    assert_eq!(jobs.len() as u64, pool.stats().steals());
    assert_eq!(*steals.forks.lock().unwrap(), []);
}

#[test]
fn the_stolen_half_of_a_join_begins_and_ends_on_its_thief() {
    let (pool, steals) = observed();
    let both = Barrier::new(2);
    let half = || {
        both.wait();
        current().unwrap().index
    };
    let (first, second) = pool.install(|| pool.join(half, half));
    assert_ne!(first, second);
    let _ = pool.shutdown();
    assert_eq!(*steals.forks.lock().unwrap(), [(second, false), (second, true)]);
    assert_eq!(*steals.jobs.lock().unwrap(), []);
}
