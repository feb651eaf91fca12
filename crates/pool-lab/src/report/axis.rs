//! Scales and their ticks.

/// A bar this many times as long as the shortest that matters still leaves that one visible.
const LONGEST: f64 = 20.0;

/// Up to this share of the bars may run out of the axis before the scale becomes logarithmic.
const MOST_CUT: f64 = 0.25;

/// Maps values to shares of the axis, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// From 0 to `max`.
    Linear { max: f64 },
    /// From `min` to `max`, both above 0.
    Log { min: f64, max: f64 },
}

impl Scale {
    /// A scale for these positive values: linear if that shows most of them, and then a few that are far longer than
    /// `shortest` (or than the axis) run out of it. `reach` is a value up to which whiskers go; it widens the axis, but
    /// not by more than half.
    pub(crate) fn for_values(values: &[f64], shortest: f64, reach: f64) -> Self {
        let within: Vec<f64> = values.iter().copied().filter(|value| *value <= shortest * LONGEST).collect();
        if (values.len() - within.len()) as f64 > values.len() as f64 * MOST_CUT {
            let min = values.iter().copied().fold(f64::INFINITY, f64::min);
            let max = values.iter().copied().fold(0.0, f64::max);
            return Scale::Log { min: min / 1.6, max: reach.clamp(max, max * 1.5) * 1.1 };
        }
        let max = within.iter().copied().fold(0.0, f64::max);
        Scale::Linear { max: reach.clamp(max, max * 1.5) * 1.02 }
    }

    /// Whether the axis ends before this value.
    pub(crate) fn cuts(self, value: f64) -> bool {
        let (Scale::Linear { max } | Scale::Log { max, .. }) = self;
        value > max
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
    fn linear_while_most_bars_can_be_seen() {
        let linear = Scale::for_values(&[10.0, 100.0], 10.0, 0.0);
        assert_eq!(linear, Scale::Linear { max: 102.0 });
        assert_eq!(linear.ticks(), [0.0, 50.0, 100.0]);
        assert_eq!(linear.share(51.0), 0.5);
        assert!(Scale::for_values(&[10.0, 1_000.0], 10.0, 0.0).is_log());
    }

    #[test]
    fn one_far_longer_bar_is_cut() {
        let scale = Scale::for_values(&[10.0, 20.0, 30.0, 40.0, 5_000.0], 10.0, 0.0);
        assert_eq!(scale, Scale::Linear { max: 40.0 * 1.02 });
        assert!(scale.cuts(5_000.0) && !scale.cuts(40.0));
        assert_eq!(scale.share(5_000.0), 1.0);
    }

    #[test]
    fn one_long_whisker_does_not_squeeze_the_bars() {
        assert_eq!(Scale::for_values(&[10.0], 10.0, 1_000.0), Scale::Linear { max: 15.0 * 1.02 });
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
