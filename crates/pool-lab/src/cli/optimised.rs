//! Numbers of a build without optimisation.

use crate::system::terminal;

/// Says that the numbers that follow mean nothing, where this program was built without optimisation.
pub(super) fn warn() {
    if cfg!(debug_assertions) {
        terminal::say(
            "This program was built without optimisation: its numbers mean nothing. Build it with --release.",
        );
    }
}
