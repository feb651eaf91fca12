//! What the tests share.

use std::time::{Duration, Instant};

use pool_bounded::{Bounded, BoundedPool};
use pool_core::CancelToken;
use postgres::Client;
use postgres_consumer::{Queue, Settings, Tally, consume};

pub const WORKERS: usize = 2;
pub const PLACES: usize = 6;

/// Leases that do not run out, and failures that are tried again at once.
pub const SETTINGS: Settings = Settings {
    places: PLACES,
    lease: Duration::from_secs(3600),
    poll: Duration::from_millis(20),
    attempts: 3,
    retry_after: Duration::ZERO,
};

pub fn pool() -> BoundedPool {
    BoundedPool::with(Bounded::new(PLACES)).threads(WORKERS).build().unwrap()
}

/// Consumes with a pool of its own, which never has to reject a job.
pub fn consume_alone(
    queue: &mut Queue,
    stop: &CancelToken,
    work: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
) -> Tally {
    let pool = pool();
    let tally = consume(queue, &pool, SETTINGS, stop, work).unwrap();
    assert_eq!(pool.counts().rejected, 0, "there was room for each");
    tally
}

pub fn put(queue: &mut Queue, jobs: impl IntoIterator<Item = usize>) {
    jobs.into_iter().for_each(|job| queue.put(&job.to_string()).unwrap());
}

/// How many jobs there are of which this is true.
pub fn count(client: &mut Client, condition: &str) -> usize {
    let query = format!("SELECT count(*) FROM jobs WHERE {condition}");
    client.query_one(&query, &[]).unwrap().get::<_, i64>(0).try_into().unwrap()
}

pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(60), "in vain: {what}");
        std::thread::yield_now();
    }
}

/// Waits until so many jobs meet the condition.
pub fn wait_for_count(client: &mut Client, condition: &str, jobs: usize) {
    wait_until(&format!("{jobs} jobs with {condition}"), || count(client, condition) == jobs);
}
