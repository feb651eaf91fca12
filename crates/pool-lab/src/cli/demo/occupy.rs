//! Keeping a worker busy until the main thread says so.

use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use pool_core::{Pool, PoolExt, Rejected, Submit};

/// For a job that waits for the main thread, which therefore must not run it in place at a full queue.
pub(super) fn elsewhere() -> Submit {
    Submit::default().wait_at_most(Duration::from_secs(10))
}

/// Keeps a worker busy until the sender is dropped. Returns when it is.
pub(super) fn occupy(pool: &dyn Pool) -> Result<Sender<()>, Rejected> {
    let (starts, started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    pool.execute_with(elsewhere(), move || {
        // The receiver waits for it.
        let _ = starts.send(());
        // An error is what it waits for.
        let _ = released.recv();
    })?;
    // An error means that the job was given up.
    let _ = started.recv();
    Ok(release)
}
