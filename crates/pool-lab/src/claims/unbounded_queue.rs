//! A queue without a bound, whose producers are faster than its workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use pool_core::{Pool, PoolExt};

use crate::claim::{Claim, Figures, Found, bytes};
use crate::engines;
use crate::metrics::{AMOUNT, BYTES};
use crate::system::os;
use crate::workload::{CaseError, check};

pub(super) static CLAIM: Claim = Claim {
    name: "unbounded-queue",
    says: "An unbounded queue grows without end when producers are faster than workers.",
    measure,
    sentence,
};

/// What a job captures besides what it counts in.
type Payload = [u64; 6];

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let jobs = figures.size(1_000_000, 2_000);
    for spec in ["mpsc:1", "bounded:1:capacity=1024:overflow=reject"] {
        let pool = engines::build(spec)?;
        let (accepted, memory) = flood(&pool, jobs as u64)?;
        figures.one(spec, "queued", 1, &AMOUNT, accepted as f64);
        figures.one(spec, "memory", 1, &BYTES, memory as f64);
    }
    Ok(())
}

/// Submits while the worker is held up, then lets it go. How many jobs were accepted, and the memory they took; all must run.
fn flood(pool: &Arc<dyn Pool>, jobs: u64) -> Result<(u64, u64), CaseError> {
    let (release, released) = channel::<()>();
    let (started, running) = channel();
    let plug = pool.execute(move || {
        let _ = started.send(());
        let _ = released.recv();
    });
    plug.unwrap_or_else(|_| unreachable!("the queue is empty"));
    let _ = running.recv();
    let sum = Arc::new(AtomicU64::new(0));
    let resident = || os::memory_of("self").map_or(0, |memory| memory.resident);
    let before = resident();
    let submit = |number: u64| {
        let (sum, payload): (_, Payload) = (Arc::clone(&sum), [number; 6]);
        pool.execute(move || {
            sum.fetch_add(payload[5], Ordering::Relaxed);
        })
    };
    let accepted = (0..jobs).filter(|number| submit(*number).is_ok()).count() as u64;
    let memory = resident().saturating_sub(before);
    drop(release);
    let _ = pool.shutdown();
    // The first ones were accepted.
    check(sum.load(Ordering::Relaxed), accepted * (accepted - 1) / 2)?;
    Ok((accepted, memory))
}

fn sentence(found: &Found) -> Option<String> {
    let (unbounded, bounded) = ("mpsc:1", "bounded:1:capacity=1024:overflow=reject");
    let (queued, memory) = (found.value(unbounded, "queued")?, found.value(unbounded, "memory")?);
    Some(format!(
        "With its worker held up an unbounded queue took all {queued:.0} jobs and {} ({} a job); a bounded one took {:.0} and gave \
         back the rest.",
        bytes(memory),
        bytes(memory / queued),
        found.value(bounded, "queued")?
    ))
}
