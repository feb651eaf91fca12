//! What an interval says of two engines.

use super::stats::Estimate;

/// Times that differ by less than this factor are equal for every purpose.
pub const EQUAL_WITHIN: f64 = 1.05;

/// What is known of an engine's time against another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes less time.
    Faster,
    /// It takes more time.
    Slower,
    /// They differ by less than 5 %, whichever way.
    Equal,
    /// The interval allows for more than one of the others: it takes more blocks to know.
    Undecided,
    /// There is one block only, and so no interval.
    Single,
}

impl Verdict {
    /// What the interval of a ratio, which comes from so many blocks, says.
    ///
    /// Engines are equal when the whole interval is between `1 / 1.05` and `1.05`: two one-sided tests (D. J. Schuirmann,
    /// "A comparison of the two one-sided tests procedure", 1987), each at half the interval's level. This comes first: a
    /// difference of 1 % that is known exactly is of no use to anybody.
    ///
    /// ```
    /// use pool_lab::numbers::stats::Estimate;
    /// use pool_lab::numbers::verdict::Verdict;
    ///
    /// let ratio = |low, high| Estimate { median: (low + high) / 2.0, low, high };
    /// assert_eq!(Verdict::of(ratio(0.98, 1.03), 5), Verdict::Equal);
    /// assert_eq!(Verdict::of(ratio(1.02, 1.2), 5), Verdict::Slower);
    /// assert_eq!(Verdict::of(ratio(0.98, 1.2), 5), Verdict::Undecided);
    /// assert_eq!(Verdict::of(ratio(3.0, 3.0), 1), Verdict::Single);
    /// ```
    pub fn of(ratio: Estimate, blocks: usize) -> Self {
        if blocks < 2 {
            Verdict::Single
        } else if ratio.low >= 1.0 / EQUAL_WITHIN && ratio.high <= EQUAL_WITHIN {
            Verdict::Equal
        } else if ratio.low > 1.0 {
            Verdict::Slower
        } else if ratio.high < 1.0 {
            Verdict::Faster
        } else {
            Verdict::Undecided
        }
    }

    /// Whether more blocks could change it.
    pub fn is_open(self) -> bool {
        matches!(self, Verdict::Undecided | Verdict::Single)
    }

    /// The word for it in tables.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Equal => "equal",
            Verdict::Undecided => "undecided",
            Verdict::Single => "n=1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(low: f64, high: f64, blocks: usize) -> Verdict {
        Verdict::of(Estimate { median: f64::midpoint(low, high), low, high }, blocks)
    }

    #[test]
    fn each_verdict_has_its_intervals() {
        assert_eq!(of(1.2, 1.3, 2), Verdict::Slower);
        assert_eq!(of(0.7, 0.96, 2), Verdict::Faster);
        assert_eq!(of(0.96, 1.04, 2), Verdict::Equal);
        assert_eq!(of(1.01, 1.04, 9), Verdict::Equal, "a small difference that is known is none");
        assert_eq!(of(0.9, 1.01, 9), Verdict::Undecided);
        assert_eq!(of(1.0, 1.5, 9), Verdict::Undecided);
        assert_eq!(of(5.0, 5.0, 1), Verdict::Single);
    }

    #[test]
    fn only_what_more_blocks_could_change_is_open() {
        let all = [Verdict::Faster, Verdict::Slower, Verdict::Equal, Verdict::Undecided, Verdict::Single];
        let open: Vec<&str> =
            all.into_iter().filter(|verdict| verdict.is_open()).map(Verdict::word).collect();
        assert_eq!(open, ["undecided", "n=1"]);
    }
}
