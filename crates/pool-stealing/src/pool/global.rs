//! A pool for code that is handed none.

use std::sync::{Arc, OnceLock};

use pool_core::os::process_fork::without_forks;

use crate::StealingPool;

/// A work-stealing pool with default settings, one for the whole process, built at the first call.
///
/// If the process has no other global pool by then, it is also [`pool_core::global`]. It is never dropped: see there.
///
/// ```
/// let (a, b) = pool_stealing::global().join(|| 20, || 22);
/// assert_eq!(a + b, 42);
/// ```
///
/// # Panics
///
/// If its threads cannot be started. A program that would rather go on builds a pool of its own.
pub fn global() -> &'static StealingPool {
    static GLOBAL: OnceLock<Arc<StealingPool>> = OnceLock::new();
    if let Some(pool) = GLOBAL.get() {
        return pool;
    }
    let build = || {
        let builder = StealingPool::builder().name("global");
        let pool = Arc::new(builder.build().unwrap_or_else(|error| panic!("no global pool: {error}")));
        // If another was set before, this one serves the callers of this function.
        let _ = pool_core::set_global(pool.clone());
        pool
    };
    // A child that was forked amid this would wait for it in vain.
    without_forks(|| GLOBAL.get_or_init(build))
}
