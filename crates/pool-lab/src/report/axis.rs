//! Scales and their ticks.

/// More than this between the shortest and the longest, and bars on a linear scale no longer show the short ones.
const WIDEST_LINEAR: f64 = 16.0;

/// Maps values to shares of the axis, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// From 0 to `max`.
    Linear { max: f64 },
    /// From `min` to `max`, both above 0.
    Log { min: f64, max: f64 },
}

impl Scale {
    /// A scale for positive values: linear if that shows all of them. `reach` is a value up to which whiskers go; it
    /// widens the axis, but not by more than half.
    pub(crate) fn for_values(values: &[f64], reach: f64) -> Self {
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(0.0, f64::max);
        let top = reach.clamp(max, max * 1.5).max(f64::MIN_POSITIVE) * 1.02;
        if max > min * WIDEST_LINEAR {
            Scale::Log { min: min / 1.6, max: top * 1.1 }
        } else {
            Scale::Linear { max: top }
        }
    }

    pub(crate) fn is_log(self) -> bool {
        matches!(self, Scale::Log { .. })
    }

    pub(crate) fn share(self, value: f64) -> f64 {
        let share = match self {
            Scale::Linear { max } => value / max,
            Scale::Log { min, max } => (value / min).ln() / (max / min).ln(),
        };
        share.clamp(0.0, 1.0)
    }

    /// Round values within the axis.
    pub(crate) fn ticks(self) -> Vec<f64> {
        match self {
            Scale::Linear { max } => {
                let step = round_step(max / 5.0);
                (0..).map(|i| f64::from(i) * step).take_while(|tick| *tick <= max).collect()
            }
            Scale::Log { min, max } => {
                let decades = (max / min).log10();
                let within: &[f64] = if decades < 3.0 { &[1.0, 3.0] } else { &[1.0] };
                let first = min.log10().floor() as i32;
                let powers = (first..first + decades.ceil() as i32 + 2).map(|power| 10_f64.powi(power));
                let ticks = powers.flat_map(|power| within.iter().map(move |factor| factor * power));
                ticks.filter(|tick| (min..=max).contains(tick)).collect()
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_until_the_short_bars_vanish() {
        let linear = Scale::for_values(&[10.0, 100.0], 0.0);
        assert_eq!(linear, Scale::Linear { max: 102.0 });
        assert_eq!(linear.ticks(), [0.0, 50.0, 100.0]);
        assert_eq!(linear.share(51.0), 0.5);
        assert!(Scale::for_values(&[10.0, 1_000.0], 0.0).is_log());
    }

    #[test]
    fn one_long_whisker_does_not_squeeze_the_bars() {
        assert_eq!(Scale::for_values(&[10.0], 1_000.0), Scale::Linear { max: 15.0 * 1.02 });
    }

    #[test]
    fn log_ticks_are_powers_of_ten() {
        let scale = Scale::Log { min: 5.0, max: 20_000.0 };
        assert_eq!(scale.ticks(), [10.0, 100.0, 1_000.0, 10_000.0]);
        assert_eq!((scale.share(5.0), scale.share(20_000.0)), (0.0, 1.0));
        let short = Scale::Log { min: 8.0, max: 400.0 };
        assert_eq!(short.ticks(), [10.0, 30.0, 100.0, 300.0]);
    }
}
