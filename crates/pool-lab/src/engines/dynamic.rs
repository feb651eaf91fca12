//! Any of our pools behind `Arc<dyn Pool>`, as a program holds it that chooses its pool at run time.

use std::sync::Arc;

use pool_core::{Pool, PoolExt};

use crate::engine::{Joins, Start, build_pool};
use crate::spec::{Spec, SpecError};

pub(crate) struct Dynamic {
    pool: Arc<dyn Pool>,
}

impl Start for Dynamic {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(Dynamic { pool: build_pool(spec)? })
    }

    /// Dropping the pool stops it.
    fn stop(self) {}
}

impl Joins for Dynamic {
    type Context<'c> = &'c dyn Pool;

    fn enter<R: Send>(&self, root: impl FnOnce(&mut &dyn Pool) -> R + Send) -> R {
        self.pool.install(|| root(&mut &*self.pool))
    }

    fn join<A, B, RA, RB>(context: &mut &dyn Pool, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut &dyn Pool) -> RA + Send,
        B: FnOnce(&mut &dyn Pool) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let pool = *context;
        pool.join(move || a(&mut { pool }), move || b(&mut { pool }))
    }
}
