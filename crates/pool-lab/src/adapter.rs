//! Somebody else's pool as a [`Pool`], so that handles, scopes, joins and counts work on it as on ours.
//!
//! It is for experiments that swap engines at run time. Measurements never go through it: a job of an adapter costs
//! what ours costs (an erased job, the counting) on top of what the engine costs.
//!
//! The engine sees plain closures. Each runs its job through the pool's [`Ledger`], which counts it, catches its panic
//! and marks the thread as a worker of this pool while the job runs, so that a job which waits for another of the same
//! pool runs that one in its own place instead of blocking.
//!
//! # Shutdown
//!
//! The state is behind one lock. A submission reads it, and is admitted to the books before it lets go; so whoever
//! has set the state to "shutting down" finds all accepted jobs in the books, waits until they have
//! ended, and then stops the engine. A shutdown from inside a job leaves that to a thread made for it. After
//! `shutdown_now` each job that comes up is put aside instead of run.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

use pool_core::{Job, Ledger, Pool, PoolState, Reason, Rejected, Shutdown, Submit, join_claimable};

use crate::engine::Jobs;
use crate::spec::{Spec, SpecError};

/// Starts the engine and makes it a [`Pool`].
pub(crate) fn build<E: Jobs>(spec: &Spec) -> Result<Arc<dyn Pool>, SpecError> {
    let engine = E::start(spec)?;
    Ok(Arc::new(Adapter { core: Arc::new(Core::new(engine, spec.engine().name, spec.threads())) }))
}

struct Adapter<E: Jobs> {
    core: Arc<Core<E>>,
}
