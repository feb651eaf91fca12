//! CoDel: which jobs to give up when a queue does not get shorter.
//!
//! A queue that empties now and then is doing its work: it takes up bursts. A queue that stays is only delay. CoDel ("controlled
//! delay", Kathleen Nichols and Van Jacobson, *Controlling Queue Delay*, ACM Queue 10(5), 2012; RFC 8289) tells the two apart
//! by the *least* time that anything has waited during an interval, and needs no more to go by than that.
//!
//! What is done about it follows Facebook's folly (`folly/executors/Codel.cpp`), which has it for requests to a server
//! instead of packets: while the last interval was bad, jobs that have waited for more than twice the target are given up. The
//! original gives up one at growing rates until senders slow down, which submitters of jobs do not.

use std::time::{Duration, Instant};

/// When a standing queue is too long, and for how long it must have been so.
///
/// ```
/// use pool_bounded::{Bounded, CoDel, Overflow};
/// use std::time::Duration;
/// let codel = CoDel::default().target(Duration::from_millis(20));
/// let strategy = Bounded::new(10_000).overflow(Overflow::Shed(codel));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoDel {
    pub(crate) target: Duration,
    pub(crate) interval: Duration,
}

impl CoDel {
    /// The wait that is acceptable. 5 ms by default. While the pool is overloaded, jobs that have waited for twice as long
    /// are given up.
    pub const fn target(mut self, target: Duration) -> Self {
        self.target = target;
        self
    }

    /// If no job has waited for less than the target during such an interval, the pool is overloaded during the next.
    /// 100 ms by default. Longer than the target, and longer than a burst that is to be waited out.
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }
}

impl Default for CoDel {
    /// As folly has it: a target of 5 ms and an interval of 100 ms.
    fn default() -> Self {
        CoDel { target: Duration::from_millis(5), interval: Duration::from_millis(100) }
    }
}

/// What has been seen so far.
pub(crate) struct Control {
    settings: CoDel,
    /// When the interval began that is under way.
    began: Option<Instant>,
    /// The least wait of the interval.
    least: Duration,
    /// Whether the last interval was bad.
    overloaded: bool,
}

impl Control {
    pub(crate) fn new(settings: CoDel) -> Self {
        Control { settings, began: None, least: Duration::ZERO, overloaded: false }
    }

    /// Whether to give up a job that leaves the queue now and has waited for so long.
    pub(crate) fn sheds(&mut self, waited: Duration, now: Instant) -> bool {
        let interval = self.settings.interval;
        let age = self.began.map_or(Duration::MAX, |began| now.saturating_duration_since(began));
        if age >= interval {
            // An interval that ended long ago says nothing about this one.
            self.overloaded = age < interval.saturating_mul(2) && self.least > self.settings.target;
            self.began = Some(now);
            self.least = waited;
            // The first of an interval always goes through, so that something gets done however bad it is.
            return false;
        }
        self.least = self.least.min(waited);
        self.overloaded && waited > self.settings.target.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that goes only when it is told to.
    struct Clock {
        control: Control,
        now: Instant,
    }

    impl Clock {
        fn new() -> Self {
            Clock { control: Control::new(CoDel::default()), now: Instant::now() }
        }

        /// A job leaves so much later, having waited for so long. In milliseconds.
        fn after(&mut self, pause: u64, waited: u64) -> bool {
            self.now += Duration::from_millis(pause);
            self.control.sheds(Duration::from_millis(waited), self.now)
        }
    }

    #[test]
    fn a_burst_is_waited_out() {
        let mut clock = Clock::new();
        assert!(!(0..99).any(|_| clock.after(1, 1000)), "no interval is over");
        // It ends with a short wait, so the interval was not bad.
        assert!(!clock.after(1, 5));
        assert!(!(0..50).any(|_| clock.after(1, 1000)));
    }

    #[test]
    fn a_standing_queue_is_cut_down_to_twice_the_target() {
        let mut clock = Clock::new();
        assert!(!(0..100).any(|_| clock.after(1, 50)));
        assert!(!clock.after(1, 50), "the first of an interval goes through");
        assert!(clock.after(1, 50));
        assert!(clock.after(1, 11));
        assert!(!clock.after(1, 10), "no more than twice the target");
        assert!(clock.after(1, 50));
    }

    #[test]
    fn it_is_over_one_good_interval_later() {
        let mut clock = Clock::new();
        assert!(!(0..101).any(|_| clock.after(1, 50)));
        assert!(clock.after(1, 50), "bad");
        assert!(!clock.after(1, 4), "a short wait in a bad interval");
        assert!(clock.after(1, 50), "which makes the next one good:");
        assert!(!clock.after(100, 50));
        assert!(!(0..90).any(|_| clock.after(1, 50)));
        // This one was bad again.
        assert!(!clock.after(100, 50));
        assert!(clock.after(1, 50));
    }

    #[test]
    fn at_rest_time_is_nothing_to_worry_about() {
        let mut clock = Clock::new();
        for _ in 0..1000 {
            assert!(!clock.after(60_000, 0));
            assert!(!clock.after(1, 4));
        }
    }
}
