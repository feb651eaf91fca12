//! How a pool ends: it first waits a little, and then as long as it takes.

use std::io::Write;
use std::time::Duration;

use pool_core::{Pool, PoolExt, Shutdown};

use super::error::DemoError;
use super::occupy::occupy;

/// Shuts the pool down while a job runs.
pub(super) fn show(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    let busy = occupy(pool)?;
    writeln!(out, "\nShutting down: no more jobs come in, queued ones still run.")?;
    let limit = Duration::from_millis(1);
    match pool.shutdown_timeout(limit) {
        Ok(Shutdown::Pending { queued, running }) => {
            writeln!(out, "After {limit:?} {running} job still runs, and {queued} wait.")?
        }
        Ok(Shutdown::Terminated) => writeln!(out, "It took less than {limit:?}.")?,
        Err(why) => writeln!(out, "Not with a limit: {why}.")?,
    }
    drop(busy);
    // This thread is no worker, so the shutdown is complete when the call returns.
    let _ = pool.shutdown();
    let refused = pool.execute(|| {}).is_err();
    let answer = if refused { "refused" } else { "accepted" };
    writeln!(out, "All workers have ended; a late job is {answer}.\n")?;
    Ok(())
}
