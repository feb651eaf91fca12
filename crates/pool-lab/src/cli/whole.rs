//! Arguments that are whole numbers.

use std::ops::RangeInclusive;

/// What reads a whole number of this range, and says what else it must be.
pub(super) fn whole<N: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static {
    move |text: &str| {
        let number = text.parse::<u64>().ok().filter(|number| range.contains(number));
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }
}

/// A day has so many seconds.
pub(super) const DAY: u64 = 24 * 60 * 60;
