//! One pool for a whole process.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::Pool;
use crate::os::process_fork::without_forks;

static GLOBAL: OnceLock<Arc<dyn Pool>> = OnceLock::new();

/// The process's pool, if one was [set](set_global).
///
/// For code that is handed no pool. pool-core has no strategy to build one with; `pool_stealing::global` does, at the first
/// call.
///
/// The global pool is never dropped. What is queued when the process ends does not run; to have it run, end with
/// [`Pool::shutdown`], after which the global pool takes nothing more. In a forked child it is as dead as any other
/// pool of the parent's.
pub fn global() -> Option<&'static Arc<dyn Pool>> {
    GLOBAL.get()
}

/// Makes this the process's pool, once for all.
///
/// ```
/// use pool_core::{Pool, PoolExt};
/// use std::sync::Arc;
/// # use pool_core::{*, adapter::PoolContext};
/// # struct Alone(adapter::Recorder);
/// # impl Pool for Alone {
/// #     fn submit(&self, job: Job, _: Submit) -> Result<(), Rejected> {
/// #         self.0.admit();
/// #         self.0.run(job, 0);
/// #         Ok(())
/// #     }
/// #     fn context(&self) -> &Arc<PoolContext> { self.0.context() }
/// #     fn state(&self) -> PoolState { PoolState::Running }
/// #     fn shutdown(&self) -> Shutdown { Shutdown::Terminated }
/// #     fn shutdown_now(&self) -> (Vec<Job>, Shutdown) { (Vec::new(), Shutdown::Terminated) }
/// # }
/// # let pool: Arc<dyn Pool> = Arc::new(Alone(adapter::Recorder::new("alone", 1)));
/// assert!(pool_core::global().is_none());
/// pool_core::set_global(pool)?;
/// let global = pool_core::global().unwrap();
/// assert_eq!(global.spawn(|| 6 * 7)?.join()?, 42);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// # Errors
///
/// [`AlreadySet`] with the pool, when there is one already.
pub fn set_global(pool: Arc<dyn Pool>) -> Result<(), AlreadySet> {
    without_forks(|| GLOBAL.set(pool)).map_err(AlreadySet)
}

/// There is a global pool already. The one that came too late is inside.
#[derive(thiserror::Error)]
#[error("the process has a global pool already: {}", global().map_or("", |pool| pool.name()))]
pub struct AlreadySet(pub Arc<dyn Pool>);

impl fmt::Debug for AlreadySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AlreadySet").field(&self.0.name()).finish()
    }
}
