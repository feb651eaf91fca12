//! What is urgent goes first, for a pool that makes a difference.

use std::io::Write;
use std::sync::mpsc;

use pool_core::{Pool, PoolExt, Priority};

use super::error::DemoError;
use super::occupy::occupy;

/// Two jobs meet in the queue while the only worker is busy, and the less urgent one is raised above the other.
pub(super) fn show(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    if pool.urgency().levels() == 1 {
        return Ok(());
    }
    let busy = occupy(pool)?;
    let (say, said) = mpsc::channel();
    let speak = |word| {
        let say = say.clone();
        move || {
            // The main thread listens until all senders are gone.
            let _ = say.send(word);
        }
    };
    let mut idle = pool.spawn_with(Priority::IDLE, speak("idle"))?;
    pool.execute_with(Priority::NORMAL, speak("normal"))?;
    let waits = if pool.urgency().waits_above(Priority::IDLE) { "something" } else { "nothing" };
    let raised = if idle.boost(Priority::URGENT) { "raised" } else { "not raised" };
    drop((busy, say));
    let place = if said.iter().next() == Some("idle") { "first" } else { "last" };
    writeln!(out, "  {waits} more urgent than an idle job waits; {raised}, that job runs {place}")?;
    Ok(())
}
