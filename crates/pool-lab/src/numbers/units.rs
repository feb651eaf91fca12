//! Numbers as people read them: three significant digits and the unit that suits their size.

/// A time given in nanoseconds, with three significant digits: `4.65 ns`, `51.0 ns`, `12.3 us`, `5.10 ms`, `1.20 s`.
///
/// ```
/// use pool_lab::numbers::units::time;
///
/// assert_eq!(time(51.04), "51.0 ns");
/// assert_eq!(time(999.7), "1.00 us");
/// assert_eq!(time(5_104_000.0), "5.10 ms");
/// ```
pub fn time(ns: f64) -> String {
    let unit = time_unit(ns);
    format!("{} {}", three_digits(ns / unit.nanoseconds), unit.name)
}

/// A ratio with three significant digits and a multiplication sign: `1.00x`, `12.3x`.
///
/// ```
/// assert_eq!(pool_lab::numbers::units::ratio(3.14159), "3.14x");
/// ```
pub fn ratio(value: f64) -> String {
    format!("{}x", three_digits(value))
}

/// An amount of memory with three significant digits: `12.0 KiB`, `3.50 MiB`.
///
/// ```
/// use pool_lab::numbers::units::memory;
///
/// assert_eq!(memory(0.0), "0 KiB");
/// assert_eq!(memory(3_670_016.0), "3.50 MiB");
/// ```
pub fn memory(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    match bytes {
        few if few < KIB * KIB => format!("{} KiB", three_digits(few / KIB)),
        many => format!("{} MiB", three_digits(many / KIB / KIB)),
    }
}

/// A share of a whole as a percentage with three significant digits: `12.3 %`.
///
/// ```
/// assert_eq!(pool_lab::numbers::units::percent(0.1234), "12.3 %");
/// ```
pub fn percent(share: f64) -> String {
    format!("{} %", three_digits(100.0 * share))
}

/// A plain number with three significant digits; large ones without a fraction: `0.0312`, `4.65`, `51.0`, `1234`.
pub fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value:.0}");
    }
    // Rounding first decides the number of digits before the point: 99.96 is 100, not 100.0.
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    let exponent = rounded.abs().log10().floor();
    let decimals = (2.0 - exponent).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnit {
    /// `ns`, `us`, `ms` or `s`.
    pub name: &'static str,
    /// How many nanoseconds it has.
    pub nanoseconds: f64,
}

const UNITS: [TimeUnit; 4] = [
    TimeUnit { name: "s", nanoseconds: 1e9 },
    TimeUnit { name: "ms", nanoseconds: 1e6 },
    TimeUnit { name: "us", nanoseconds: 1e3 },
    TimeUnit { name: "ns", nanoseconds: 1.0 },
];

/// The largest unit in which this time, rounded to three digits, is at least 1; nanoseconds for anything less.
pub fn time_unit(ns: f64) -> TimeUnit {
    let rounds_to_one = |unit: &TimeUnit| ns.abs() / unit.nanoseconds >= 0.9995;
    UNITS.into_iter().find(rounds_to_one).unwrap_or(UNITS[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_in_every_decade() {
        let cases = [
            (0.0, "0 ns"),
            (0.512, "0.512 ns"),
            (4.654, "4.65 ns"),
            (51.0, "51.0 ns"),
            (99.96, "100 ns"),
            (720.4, "720 ns"),
            (999.4, "999 ns"),
            (999.6, "1.00 us"),
            (12_345.0, "12.3 us"),
            (5_100_000.0, "5.10 ms"),
            (61_200_000_000.0, "61.2 s"),
        ];
        for (ns, text) in cases {
            assert_eq!(time(ns), text, "{ns}");
        }
    }

    #[test]
    fn plain_numbers() {
        assert_eq!(three_digits(0.03124), "0.0312");
        assert_eq!(three_digits(1_234.4), "1234");
        assert_eq!(three_digits(-2.0), "-2.00");
        assert_eq!(ratio(1.0), "1.00x");
    }
}
