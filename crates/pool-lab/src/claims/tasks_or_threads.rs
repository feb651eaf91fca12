//! Tasks of a runtime, against threads, against jobs of a pool.

use crate::claim::{Claim, Figures, Found, written};
use crate::workload::CaseError;

pub(super) static CLAIM: Claim = Claim {
    name: "tasks-or-threads",
    says: "Tasks of an asynchronous runtime are much cheaper than threads.",
    measure,
    sentence,
};

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let cores = num_cpus::get();
    for engine in ["thread-per-job", "tokio", "tokio-blocking", "stealing", "bounded"] {
        figures.time(&format!("{engine}:{cores}"), "spawn/external:jobs=500")?;
    }
    Ok(())
}

fn sentence(found: &Found) -> Option<String> {
    let of = |name: &str| found.records().iter().find(|record| record.engine.starts_with(name)).copied();
    let (thread, task, job) = (of("thread-per-job:")?, of("tokio:")?, of("bounded:")?);
    Some(format!(
        "A thread a job costs {}, a task of tokio {}, a job of a bounded pool {}: what makes the difference is the reuse of threads, \
         and not whether a job may wait.",
        written(thread),
        written(task),
        written(job)
    ))
}
