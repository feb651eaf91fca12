//! What our pools allocate, counted. Everything is one test, since the count is the process's.

use pool_lab::workload::{Task, Watch};
use pool_lab::{engines, metrics};

#[global_allocator]
static COUNTING: pool_lab::system::Counting = pool_lab::system::Counting;

/// What a batch may allocate besides: for going in and coming out, and where a thread waits for the first time.
const AROUND: u64 = 20;

/// Operations, and allocations that they made.
fn count(engine: &str, workload: &str) -> (u64, u64) {
    let (spec, task): (_, Task) = (engine.parse().unwrap(), workload.parse().unwrap());
    let mut case = engines::case(&spec, &task).unwrap();
    // The first time, queues and threads get what they keep.
    case.iterate(&mut Watch::new()).unwrap();
    let mut watch = Watch::new();
    case.iterate(&mut watch).unwrap();
    (case.operations(), watch.count(&metrics::ALLOCS_PER_OP).unwrap())
}

#[test]
fn joins_and_small_jobs_hardly_allocate() {
    for threads in [1, 2] {
        let (joins, allocations) = count(&format!("stealing:{threads}"), "join/fib:n=20");
        assert!(joins > 10_000 && allocations <= AROUND, "{allocations} allocations in {joins} joins");
        for workload in ["spawn/external:jobs=30000", "spawn/nested:jobs=30000"] {
            let (_, allocations) = count(&format!("bounded:{threads}"), workload);
            assert!(allocations <= AROUND, "{workload} on bounded: {allocations}");
            for engine in ["mpsc", "priority", "stealing"] {
                let (jobs, allocations) = count(&format!("{engine}:{threads}"), workload);
                // Queues grow by blocks of some thirty jobs.
                assert!(allocations <= jobs / 30 + AROUND, "{workload} on {engine}: {allocations}");
            }
        }
    }
}
