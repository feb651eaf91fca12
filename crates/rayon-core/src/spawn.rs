//! Tasks that are not waited for.

use crate::registry::open_here;

/// Runs the closure on the pool, some time. A worker runs the newest of what it has spawned first.
pub fn spawn<F>(func: F)
where
    F: FnOnce() + Send + 'static,
{
    match open_here() {
        Some(open) => open.spawn(func),
        None => func(),
    }
}

/// As [`spawn`]; a worker runs the oldest first of what it has spawned so.
pub fn spawn_fifo<F>(func: F)
where
    F: FnOnce() + Send + 'static,
{
    match open_here() {
        Some(open) => open.spawn_fifo(func),
        None => func(),
    }
}
