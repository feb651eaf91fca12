//! No pool: as many threads as a pool would have, started, and joined again. The least that a pool's life can cost.

use std::sync::Arc;
use std::thread;

use super::row::Row;
use crate::engine::{Spec, SpecError, Start};
use crate::workload::{Failure, Watch, Workload, check};
use crate::workloads::lifecycle_start_stop::StartStop;

pub(super) fn row() -> Row {
    Row::no_pool(
        "threads-bare",
        "no pool: the same threads, spawned and joined",
        "handing over jobs; waiting until all threads run",
    )
    .does::<ThreadsBare, StartStop>()
    .not_a_pool("its threads end at once")
}

pub(crate) struct ThreadsBare {
    spec: Spec,
}

impl Start for ThreadsBare {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(ThreadsBare { spec: spec.clone() })
    }

    fn stop(self) {}
}

/// The first thread runs the job, the others have nothing to do.
impl Workload<ThreadsBare> for StartStop {
    fn iterate(&mut self, engine: &Arc<ThreadsBare>, watch: &mut Watch) -> Result<(), Failure> {
        let (spec, tally) = (&engine.spec, self.tally());
        watch.run(|| {
            for cycle in 0..self.cycles() {
                tally.begin(1);
                let job = move |thread| {
                    if thread == 0 {
                        tally.add(cycle);
                    }
                };
                let spawn = |i| thread::Builder::new().spawn(move || job(i));
                let threads: Result<Vec<_>, _> = (0..spec.threads()).map(spawn).collect();
                for thread in threads.map_err(|error| Failure::Start(spec.build_error(error)))? {
                    // Had the job panicked, the tally would tell.
                    let _ = thread.join();
                }
                check(tally.wait()?, cycle)?;
            }
            Ok(())
        })
    }
}
