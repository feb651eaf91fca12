//! orx-parallel: loops. It starts N threads for each loop by default.

use orx_parallel::*;

use super::row::Row;
use crate::engine::{Loops, Scopes, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::peer("orx-parallel", "orx-parallel", "parallel loops over a concurrent iterator")
        .scopes::<OrxParallel>()
        .loops::<OrxParallel>()
        .remarks(&[(
            "scope/flat",
            "a loop: jobs are taken in chunks, and by threads that are started for it",
        )])
        .not_a_pool("it has loops only")
}

pub(crate) struct OrxParallel {
    threads: usize,
}

impl Start for OrxParallel {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(OrxParallel { threads: spec.threads() })
    }

    fn stop(self) {}
}

impl Scopes for OrxParallel {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        // What it takes has to be `Copy`.
        let job = &job;
        (0..jobs).into_par().num_threads(self.threads).for_each(job);
    }
}

impl Loops for OrxParallel {
    fn for_each<T: Sync, F: Fn(&T) + Send + Sync>(&self, items: &[T], f: F) {
        self.scope_each(items.len(), |i| f(&items[i]));
    }
}
