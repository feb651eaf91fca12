//! When a queue gives back the memory that a burst has made it take.

use std::time::{Duration, Instant};

/// For how many jobs a queue may keep room for good: 32 KiB.
pub const KEPT_JOBS: usize = 1024;

/// How long a queue is at rest before it gives room back.
const REST: Duration = Duration::from_secs(1);

/// Tells when a queue that grows by reallocating is to give back the room that a burst has left.
///
/// Neither at once nor never: steady bursts would allocate their room anew each time, out of pages that the system has to
/// clear first (a job that spawns 100,000 others then costs 55 ns for each of them, where 27 do), and an idle pool would keep
/// what its longest queue took. So room is given back by a worker that has waited for work for one second, in which the
/// room was not needed. Room for [`KEPT_JOBS`] is always kept.
///
/// For disciplines. A worker that is about to wait asks [`is_due`](ShrinkTimer::is_due), and waits no longer than
/// [`limit`](ShrinkTimer::limit) says. No other thread pays for it.
#[derive(Debug, Default)]
pub struct ShrinkTimer {
    due: Option<Instant>,
}

impl ShrinkTimer {
    /// Whether to give the room back now; then the timer starts anew.
    ///
    /// `was_needed`: whether the queue has held enough since this was last asked to justify its room. A quarter of it will do.
    /// `None` if there is nothing to give back, as the queue is not empty or has no more room than it keeps: then the timer stops.
    pub fn is_due(&mut self, was_needed: Option<bool>) -> bool {
        let Some(was_needed) = was_needed else {
            self.due = None;
            return false;
        };
        let now = Instant::now();
        match self.due {
            Some(due) if !was_needed => {
                let is_due = due <= now;
                if is_due {
                    self.due = None;
                }
                is_due
            }
            _ => {
                self.due = Some(now + REST);
                false
            }
        }
    }

    /// How long to wait for work, when it is to be until then at most.
    pub fn limit(&self, until: Option<Instant>) -> Option<Instant> {
        match (until, self.due) {
            (Some(until), Some(due)) => Some(until.min(due)),
            (until, due) => until.or(due),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired() -> ShrinkTimer {
        ShrinkTimer { due: Some(Instant::now()) }
    }

    #[test]
    fn it_is_due_once_and_only_if_the_room_was_not_needed_meanwhile() {
        let mut timer = ShrinkTimer::default();
        assert!(
            !timer.is_due(Some(false)) && timer.due.is_some(),
            "a queue that has just come to rest waits"
        );
        let mut timer = expired();
        assert!(!timer.is_due(Some(true)), "the room was needed, so the wait begins anew");
        assert!(timer.due.is_some_and(|due| due > Instant::now()));
        let mut timer = expired();
        assert!(timer.is_due(Some(false)) && timer.due.is_none());
    }

    #[test]
    fn it_stops_when_there_is_nothing_to_give_back() {
        let mut timer = expired();
        assert!(!timer.is_due(None));
        assert_eq!(timer.limit(None), None);
    }

    #[test]
    fn nobody_waits_for_longer_than_the_earlier_of_both_limits() {
        let now = Instant::now();
        let timer = ShrinkTimer { due: Some(now) };
        let later = now.checked_add(REST);
        assert_eq!((timer.limit(None), timer.limit(later)), (Some(now), Some(now)));
        let timer = ShrinkTimer { due: later };
        assert_eq!(timer.limit(Some(now)), Some(now));
        assert_eq!(ShrinkTimer::default().limit(None), None);
    }
}
