//! How long a thief asks before it takes by force.

use std::time::{Duration, Instant};

/// How long a thief waits for an owner that has forks and does not answer.
///
/// A heavy fence takes about 20 microseconds and disturbs all threads; an owner that forks answers within one.
const GRACE: Duration = if cfg!(loom) { Duration::ZERO } else { Duration::from_micros(50) };

/// Which owner a thief has asked in vain, and since when.
#[derive(Default)]
pub(crate) struct Demand(Option<(usize, Instant)>);

impl Demand {
    /// This slot has forks and gives none. Returns whether that has been so for long enough.
    pub(crate) fn is_overdue_at(&mut self, slot: usize) -> bool {
        match self.0 {
            Some((refuser, since)) if refuser == slot => since.elapsed() >= GRACE,
            // One at a time: this one's turn comes when the other has no forks left, or one was taken by force.
            Some(_) => false,
            None => {
                self.0 = Some((slot, Instant::now()));
                false
            }
        }
    }

    /// The slot has no forks left, or has given one.
    pub(crate) fn end_at(&mut self, slot: usize) {
        if self.0.is_some_and(|(refuser, _)| refuser == slot) {
            self.0 = None;
        }
    }
}
