//! Quantiles of Student's t distribution.

/// The value that a t-distributed variable with so many degrees of freedom exceeds, in absolute value, with
/// probability `alpha`.
///
/// # Panics
///
/// Without a degree of freedom, or when `alpha` is not between 0 and 1.
pub(super) fn two_sided(alpha: f64, freedom: usize) -> f64 {
    assert!(freedom > 0 && 0.0 < alpha && alpha < 1.0, "alpha {alpha}, {freedom} degrees of freedom");
    // In the angle with tan(angle) = t / sqrt(freedom) the probability is a finite sum.
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..60 {
        let angle = f64::midpoint(low, high);
        if within(angle, freedom) < 1.0 - alpha { low = angle } else { high = angle }
    }
    low.tan() * (freedom as f64).sqrt()
}

/// The probability of a value between `-t` and `t` (Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964,
/// 26.7.3 and 26.7.4).
fn within(angle: f64, freedom: usize) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let mut term = if is_odd { cos } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    let mut k = if is_odd { 2 } else { 1 };
    while k + 2 < freedom + usize::from(!is_odd) {
        term *= cos * cos * k as f64 / (k + 1) as f64;
        sum += term;
        k += 2;
    }
    if is_odd { (angle + sin * sum) * std::f64::consts::FRAC_2_PI } else { sin * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_printed_tables() {
        let table = [
            (0.05, 1, 12.706),
            (0.05, 2, 4.303),
            (0.05, 3, 3.182),
            (0.05, 4, 2.776),
            (0.05, 5, 2.571),
            (0.01, 3, 5.841),
            (0.01, 8, 3.355),
            (0.01, 13, 3.012),
            (0.01, 19, 2.861),
            (0.05, 120, 1.980),
        ];
        for (alpha, freedom, expected) in table {
            let found = two_sided(alpha, freedom);
            assert!((found - expected).abs() < 6e-4, "{alpha} {freedom}: {found}, not {expected}");
        }
    }
}
