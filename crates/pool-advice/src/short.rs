//! Durations in words.

use std::time::Duration;

/// With three digits: `12.3ms`.
pub(crate) fn short(time: Duration) -> String {
    let nanos = time.as_nanos();
    let digits = nanos.checked_ilog10().unwrap_or(0);
    let unit = 10_u128.pow(digits.saturating_sub(2));
    let rounded = (nanos + unit / 2) / unit * unit;
    format!("{:?}", Duration::from_nanos(u64::try_from(rounded).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let cases = [
            (0, "0ns"),
            (7, "7ns"),
            (1_234, "1.23µs"),
            (99_960, "100µs"),
            (12_345_678, "12.3ms"),
            (123_456_789_000, "123s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(short(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(short(Duration::MAX), "18446744073.709551615s");
    }
}
