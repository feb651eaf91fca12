//! paralight: loops over what has an index, on a pool that runs one loop at a time.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use paralight::prelude::*;

use super::row::Row;
use crate::engine::{Loops, Scopes, Spec, SpecError, Start, check_threads};

pub(super) fn row() -> Row {
    Row::peer("paralight", "paralight", "parallel loops whose ranges are stolen")
        .scopes::<Paralight>()
        .loops::<Paralight>()
        .remarks(&[("scope/flat", "a loop: no job is queued, a thread has a range of them")])
        .not_a_pool("it has loops only")
}

pub(crate) struct Paralight {
    pool: Mutex<ThreadPool>,
}

impl Start for Paralight {
    /// Where the system refuses a thread it panics, and those that it has started stay.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        check_threads(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let threads = NonZeroUsize::new(spec.threads()).expect("a spec has at least one thread");
        let builder = ThreadPoolBuilder {
            num_threads: ThreadCount::Count(threads),
            range_strategy: RangeStrategy::WorkStealing,
            cpu_pinning: CpuPinningPolicy::No,
        };
        Ok(Paralight { pool: Mutex::new(builder.build()) })
    }

    /// Dropping the pool joins its threads.
    fn stop(self) {}
}

impl Scopes for Paralight {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        (0..jobs).into_par_iter().with_thread_pool(&mut *pool).for_each(job);
    }
}

impl Loops for Paralight {
    fn for_each<T: Sync, F: Fn(&T) + Send + Sync>(&self, items: &[T], f: F) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        items.par_iter().with_thread_pool(&mut *pool).for_each(f);
    }
}
