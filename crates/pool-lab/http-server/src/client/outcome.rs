//! What became of requests, as counts and percentiles.

use std::fmt;
use std::time::Duration;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a whole answer of this status.
    Answered(u16),
    /// No connection was to be had.
    Refused,
    /// The connection ended, or much time passed, before a byte of the answer came.
    Unanswered,
    /// The connection ended in the midst of the answer.
    CutOff,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// How it ended.
    pub end: End,
    /// From the moment when it was to leave until then.
    pub latency: Duration,
    /// How much later it left.
    pub lag: Duration,
}

/// All requests of a load.
#[derive(Clone, Debug)]
pub struct Outcome {
    requests: Vec<Request>,
    /// Of those with status 200, ascending.
    latencies: Vec<Duration>,
    lags: Vec<Duration>,
}

impl Outcome {
    /// Of these requests.
    pub fn of(requests: Vec<Request>) -> Self {
        let good = requests.iter().filter(|request| request.end == End::Answered(200));
        let mut latencies: Vec<Duration> = good.map(|request| request.latency).collect();
        let mut lags: Vec<Duration> = requests.iter().map(|request| request.lag).collect();
        latencies.sort_unstable();
        lags.sort_unstable();
        Outcome { requests, latencies, lags }
    }

    /// How many ended like this.
    pub fn count(&self, is_such: impl Fn(End) -> bool) -> usize {
        self.requests.iter().filter(|request| is_such(request.end)).count()
    }

    /// How many have a whole answer, of whatever status.
    pub fn answers(&self) -> usize {
        self.count(|end| matches!(end, End::Answered(_)))
    }

    /// The names of the columns.
    pub const HEADER: &str = "    sent     200     503     504   other  refused  unanswered  cut off       p50       p99     p99.9   lag p99";
}

/// The line below [`Outcome::HEADER`]. The percentiles are of answers with status 200, in milliseconds.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = |wanted: u16| self.count(|end| end == End::Answered(wanted));
        let other = self.answers() - status(200) - status(503) - status(504);
        write!(
            f,
            "{:>8}{:>8}{:>8}{:>8}{other:>8}",
            self.requests.len(),
            status(200),
            status(503),
            status(504)
        )?;
        let unanswered = self.count(|end| end == End::Unanswered);
        let (refused, cut_off) =
            (self.count(|end| end == End::Refused), self.count(|end| end == End::CutOff));
        write!(f, "{refused:>9}{unanswered:>12}{cut_off:>9}")?;
        let percentiles = [0.5, 0.99, 0.999].map(|share| percentile(&self.latencies, share));
        percentiles.into_iter().chain([percentile(&self.lags, 0.99)]).try_for_each(|time| match time {
            Some(time) => write!(f, "{:>10.2}", 1e3 * time.as_secs_f64()),
            None => write!(f, "{:>10}", "-"),
        })
    }
}

/// What this share of them is not longer than.
fn percentile(ascending: &[Duration], share: f64) -> Option<Duration> {
    let rank = (share * ascending.len() as f64).ceil() as usize;
    ascending.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_good_answers_and_all_are_counted() {
        let request = |end, millis| Request {
            end,
            latency: Duration::from_millis(millis),
            lag: Duration::from_micros(10 * millis),
        };
        let good = (1..=100).map(|millis| request(End::Answered(200), millis));
        let ends = [End::Answered(503), End::Answered(504), End::Answered(500), End::Refused, End::CutOff];
        let outcome = Outcome::of(good.chain(ends.map(|end| request(end, 1_000))).collect());
        assert_eq!(outcome.answers(), 103);
        let line = outcome.to_string();
        assert_eq!(line.len(), Outcome::HEADER.len());
        let fields: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(fields[..8], ["105", "100", "1", "1", "1", "1", "0", "1"]);
        assert_eq!(fields[8..], ["50.00", "99.00", "100.00", "10.00"]);
        assert!(Outcome::of(Vec::new()).to_string().ends_with("         -         -         -         -"));
    }
}
