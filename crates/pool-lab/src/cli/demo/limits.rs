//! What a job may ask for: not to start late, to be told to stop, not to run for longer than so.

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use pool_core::{Attributes, CancelToken, JobHandle, Pool, PoolExt, current_token};

use super::error::DemoError;
use super::occupy::elsewhere;

/// Shows one job of each kind.
pub(super) fn show(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    writeln!(out, "\nJobs with limits:")?;
    let attributes = |name| Attributes::new().name(name);

    let late = pool.spawn_with(attributes("late").start_by(Instant::now()), || "runs")?;
    tell(out, "whose time to start has passed", late)?;

    let stop = CancelToken::new();
    let (starts, started) = mpsc::channel();
    let patient = pool.spawn_with(attributes("patient").submit(elsewhere()).token(&stop), move || {
        // The receiver waits for it.
        let _ = starts.send(());
        until_told()
    })?;
    // An error means that it never ran, and its handle says why.
    let _ = started.recv();
    stop.cancel();
    tell(out, "whose token is set", patient)?;

    let limit = Duration::from_millis(2);
    let endless = pool.spawn_with(attributes("endless").run_limit(limit), until_told)?;
    tell(out, "that overran its limit", endless)
}

/// A job without an end, which looks at its token.
fn until_told() -> &'static str {
    let token = current_token().unwrap_or_default();
    while !token.is_cancelled() {
        thread::yield_now();
    }
    "told to stop, and stopped"
}

fn tell(out: &mut dyn Write, which: &str, handle: JobHandle<&'static str>) -> Result<(), DemoError> {
    match handle.join() {
        Ok(result) => writeln!(out, "  a job {which}: {result}")?,
        Err(error) => writeln!(out, "  a job {which}: {error}")?,
    }
    Ok(())
}
