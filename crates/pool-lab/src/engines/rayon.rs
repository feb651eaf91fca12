//! rayon: a work-stealing pool of its own, never the global one.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::row::Row;
use crate::engine::{Jobs, Joins, Loops, Scopes, Spec, SpecError, Start, Survives};

pub(super) fn row() -> Row {
    Row::peer("rayon", "rayon", "work stealing, fork-join")
        .jobs_and_joins::<Rayon>()
        .survives::<Rayon>()
        .scopes::<Rayon>()
        .loops::<Rayon>()
        .remarks(&[(
            "lifecycle/start-stop",
            "neither waits until its threads run, nor at the end until they have ended",
        )])
        .counted()
        .adapted::<Rayon>()
}

pub(crate) struct Rayon {
    pool: ThreadPool,
}

impl Rayon {
    /// Runs this on a worker.
    pub(super) fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        self.pool.install(f)
    }
}

impl Start for Rayon {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        // Without a handler, the panic of a detached job ends the process.
        let pool = ThreadPoolBuilder::new().num_threads(spec.threads()).panic_handler(drop).build();
        Ok(Rayon { pool: pool.map_err(|error| spec.build_error(error))? })
    }

    /// rayon ends its threads when the pool is dropped, and does not let one wait for that.
    fn stop(self) {}
}

impl Jobs for Rayon {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.pool.spawn(job);
    }
}

impl Survives for Rayon {}

impl Joins for Rayon {
    type Context<'c> = ();

    fn enter<R: Send>(&self, root: impl FnOnce(&mut ()) -> R + Send) -> R {
        self.pool.install(|| root(&mut ()))
    }

    fn join<A, B, RA, RB>(_: &mut (), a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut ()) -> RA + Send,
        B: FnOnce(&mut ()) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        rayon::join(|| a(&mut ()), || b(&mut ()))
    }
}

impl Scopes for Rayon {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        let job = &job;
        self.pool.scope(|scope| (0..jobs).for_each(|i| scope.spawn(move |_| job(i))));
    }
}

impl Loops for Rayon {
    fn for_each<T: Sync, F: Fn(&T) + Send + Sync>(&self, items: &[T], f: F) {
        self.pool.install(|| items.par_iter().for_each(f));
    }
}
