//! The recursion of `join/fib` through `Arc<dyn Pool>`, as a program holds a pool that it chooses at run time.

use std::marker::PhantomData;
use std::sync::Arc;

use pool_core::{Pool, PoolExt};

use super::join_fib::Fib;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::engine::{IsPool, Joins, Spec, SpecError, Start};
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `join/dyn`.
pub(crate) struct Dyn(Fib);

impl Prepare for Dyn {
    const ABOUT: &'static About = &About {
        name: "join/dyn",
        models: "join/fib through `Arc<dyn Pool>`: what choosing the pool at run time costs",
        operation: "join",
        parameters: &[Rule::new("n", Allowed::Number { min: 2, max: 45 }, "27", "which number").quick("10")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Fib::prepare(parameters).map(Dyn)
    }

    fn operations(&self) -> u64 {
        self.0.operations()
    }
}

impl<E: Joins> Workload<E> for Dyn {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.0.iterate(engine, watch)
    }
}

/// An engine that is a `Pool`, joined through the trait object.
pub(crate) struct Dynamic<E> {
    pool: Arc<dyn Pool>,
    engine: PhantomData<fn() -> E>,
}

impl<E: IsPool> Start for Dynamic<E> {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(Dynamic { pool: E::build(spec)?, engine: PhantomData })
    }

    /// Dropping the pool stops it.
    fn stop(self) {}
}

impl<E: IsPool> Joins for Dynamic<E> {
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
