use super::*;
use crate::numbers::verdict::Verdict;

/// Blocks of samples whose true geometric mean is `truth`: each block has a shift of its own, as pools have, and each
/// sample a small one.
fn simulate(
    random: &mut fastrand::Rng,
    blocks: usize,
    truth: f64,
    between: f64,
    within: f64,
) -> Vec<Vec<f64>> {
    let block = |random: &mut fastrand::Rng| {
        let shift = between * normal(random);
        (0..3).map(|_| truth * (shift + within * normal(random)).exp()).collect()
    };
    (0..blocks).map(|_| block(random)).collect()
}

/// The sum of twelve uniform draws is close to a normal one.
fn normal(random: &mut fastrand::Rng) -> f64 {
    (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
}

fn holds(estimate: Estimate, truth: f64) -> bool {
    estimate.low <= truth && truth <= estimate.high
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say_with_few_blocks_as_with_many() {
    const EXPERIMENTS: usize = 400;
    for blocks in [3, 4, 5, 8, 16, 32] {
        let mut random = fastrand::Rng::with_seed(blocks as u64);
        let held = (0..EXPERIMENTS).filter(|_| {
            let data = simulate(&mut random, blocks, 50.0, 0.1, 0.02);
            holds(positive(&data, Looks::ONE).unwrap(), 50.0)
        });
        let held = held.count();
        // Three standard errors below 95 %, and not all of them.
        assert!((367..EXPERIMENTS).contains(&held), "{blocks} blocks: {held} of {EXPERIMENTS}");
    }
}

#[test]
fn samples_taken_for_blocks_would_be_wrong_far_too_often() {
    let mut random = fastrand::Rng::with_seed(3);
    let held = (0..200).filter(|_| {
        let data = simulate(&mut random, 4, 50.0, 0.1, 0.01);
        let samples: Vec<Vec<f64>> = data.concat().into_iter().map(|sample| vec![sample]).collect();
        holds(positive(&samples, Looks::ONE).unwrap(), 50.0)
    });
    assert!(held.count() < 170);
}

#[test]
fn a_measurement_that_ends_when_it_likes_what_it_sees_is_wrong_in_at_most_one_of_twenty() {
    let looks = [4, 8, 16, 32, 64];
    let wrong = |each: Looks, seed: u64| {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..400)
            .filter(|_| {
                let data = simulate(&mut random, 64, 1.0, 0.2, 0.02);
                looks.iter().any(|blocks| !holds(positive(&data[..*blocks], each).unwrap(), 1.0))
            })
            .count()
    };
    assert!(wrong(Looks(looks.len()), 11) <= 20, "{} of 400", wrong(Looks(looks.len()), 11));
    assert!(wrong(Looks::ONE, 11) > 20, "uncorrected looks would be wrong more often");
}

#[test]
fn verdicts_of_simulated_truths() {
    let mut random = fastrand::Rng::with_seed(5);
    let mut verdict = |truth, between| {
        let data = simulate(&mut random, 9, truth, between, 0.01);
        Verdict::of(positive(&data, Looks(5)).unwrap(), data.len())
    };
    assert_eq!(verdict(1.0, 0.01), Verdict::Equal);
    assert_eq!(verdict(1.3, 0.02), Verdict::Slower);
    assert_eq!(verdict(0.7, 0.02), Verdict::Faster);
    assert_eq!(verdict(1.02, 0.3), Verdict::Undecided);
}

#[test]
fn a_drift_that_both_engines_see_is_paired_away() {
    let drift: Vec<Vec<f64>> = (1..6).map(|i| vec![f64::from(i), f64::from(i) * 1.5]).collect();
    let a: Vec<Vec<f64>> = drift.iter().map(|block| block.iter().map(|d| 30.0 * d).collect()).collect();
    let b: Vec<Vec<f64>> = drift.iter().map(|block| block.iter().map(|d| 10.0 * d).collect()).collect();
    let found = ratio(&a, &b, Looks::ONE, Prior::NONE).unwrap();
    assert!((found.low - 3.0).abs() < 1e-9 && (found.high - 3.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn blocks_that_one_side_lacks_do_not_count() {
    let a = [vec![2.0], vec![], vec![4.0], vec![6.0]];
    let b = [vec![1.0], vec![5.0], vec![2.0]];
    let found = ratio(&a, &b, Looks::ONE, Prior::NONE).unwrap();
    assert!((found.low - 2.0).abs() < 1e-9 && (found.high - 2.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn one_block_spoils_no_result() {
    let mut blocks = vec![vec![10.0]; 11];
    blocks.push(vec![400.0]);
    let found = positive(&blocks, Looks::ONE).unwrap();
    assert!((found.median - 10.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn one_block_is_a_point_and_none_is_nothing() {
    assert_eq!(
        positive(&[vec![3.0, 5.0]], Looks::ONE).map(|e| (e.low, e.high)),
        Some((4.0_f64.ln().exp(), 4.0_f64.ln().exp()))
    );
    assert_eq!(positive(&[], Looks::ONE), None);
    assert_eq!(counts(&[vec![], vec![0.0], vec![0.0]], Looks::ONE), Some(Estimate::exact(0.0)));
    assert_eq!(pooled_quantile(&[], 0.5, Looks::ONE), None);
}

#[test]
fn a_quantile_is_of_all_values_and_its_interval_of_blocks() {
    let block = |shift: u32| (1..=100).map(|i| f64::from(i + shift)).collect::<Vec<f64>>();
    let found = pooled_quantile(&[block(0), block(0), block(0)], 0.5, Looks::ONE).unwrap();
    assert!(found.median == 50.5 && found.high - found.low < 1e-9, "{found:?}");
    let apart = pooled_quantile(&[block(0), block(50), block(100)], 0.5, Looks::ONE).unwrap();
    assert!(apart.low < 60.0 && apart.high > 140.0, "{apart:?}");
}

#[test]
fn engines_that_vary_alike_make_the_interval_of_few_blocks_narrower_and_it_holds_the_truth_as_often() {
    let mut random = fastrand::Rng::with_seed(9);
    let (mut held, mut alone, mut together) = (0, 0.0, 0.0);
    for _ in 0..200 {
        let base = simulate(&mut random, 3, 50.0, 0.1, 0.0);
        let others: Vec<Vec<Vec<f64>>> = (0..20).map(|_| simulate(&mut random, 3, 50.0, 0.1, 0.0)).collect();
        let variances: Vec<(f64, usize)> =
            others.iter().filter_map(|other| log_variance(other, &base)).collect();
        let found = ratio(&others[0], &base, Looks::ONE, Prior::of(&variances)).unwrap();
        held += usize::from(holds(found, 1.0));
        together += found.high / found.low;
        let own = ratio(&others[0], &base, Looks::ONE, Prior::NONE).unwrap();
        alone += own.high / own.low;
    }
    assert!((180..200).contains(&held), "{held} of 200");
    assert!(together < 0.8 * alone, "{together} against {alone}");
}

#[test]
fn an_engine_that_varies_more_than_the_others_shows_it_by_its_own_blocks() {
    let base = vec![vec![10.0]; 9];
    let wild: Vec<Vec<f64>> = (0..9).map(|i| vec![if i % 2 == 0 { 10.0 } else { 30.0 }]).collect();
    let calm = Prior { variance: 1e-6, freedom: 4.0 };
    let found = ratio(&wild, &base, Looks::ONE, calm).unwrap();
    assert!(found.low < 1.2 && found.high > 2.0, "{found:?}");
}
