//! A pool for each request, against one that all share.

use std::sync::Arc;
use std::time::Instant;

use pool_core::{Pool, PoolExt};

use crate::claim::{Claim, Figures, Found, nanoseconds};
use crate::engines;
use crate::metrics::TIME_PER_OP;
use crate::numbers::units;
use crate::workload::{CaseError, check};

pub(super) static CLAIM: Claim = Claim {
    name: "pool-per-request",
    says: "A pool is for the life of a program: one for each request defeats its purpose.",
    measure,
    sentence,
};

const JOBS: u64 = 8;
const OWN: &str = "a pool a request";
const SHARED: &str = "one pool";

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let (spec, threads) = ("mpsc", num_cpus::get());
    let shared = engines::build(spec)?;
    let (mut own_times, mut shared_times) = (Vec::new(), Vec::new());
    for _ in 0..figures.size(300, 5) {
        let start = Instant::now();
        let own = engines::build(spec)?;
        check(request(&own), JOBS * (JOBS - 1) / 2)?;
        let _ = own.shutdown();
        own_times.push(nanoseconds(start.elapsed()));
        let start = Instant::now();
        check(request(&shared), JOBS * (JOBS - 1) / 2)?;
        shared_times.push(nanoseconds(start.elapsed()));
    }
    figures.add(OWN, "time per request", threads, &TIME_PER_OP, &own_times);
    figures.add(SHARED, "time per request", threads, &TIME_PER_OP, &shared_times);
    Ok(())
}

fn request(pool: &Arc<dyn Pool>) -> u64 {
    let handles: Vec<_> =
        (0..JOBS).map(|number| pool.spawn(move || number).expect("the pool runs")).collect();
    handles.into_iter().map(|handle| handle.join().expect("no job panics")).sum()
}

fn sentence(found: &Found) -> Option<String> {
    let ratio = found.value(OWN, "time")? / found.value(SHARED, "time")?;
    Some(format!(
        "A request of {JOBS} small jobs takes {} with a pool of its own and {} on a shared one: {} slower.",
        found.text(OWN, "time")?,
        found.text(SHARED, "time")?,
        units::ratio(ratio)
    ))
}
