//! Advice that follows from measurements of which all is known.

use std::time::Duration;

use pool_advice::{Advice, Doubt, Observation};
use pool_core::Timings;
use pool_core::stats::{Distribution, ProcessorTime};

/// As many as are timed.
const TIMED: u32 = 2_000;

/// Exponentially distributed.
fn exponential(mean: Duration) -> Distribution {
    let mut times = Distribution::default();
    let tails = (0..TIMED).map(|i| (f64::from(i) + 0.5) / f64::from(TIMED));
    tails.for_each(|tail| times.record(mean.mul_f64(-tail.ln())));
    times
}

/// Hardly any but one in 50, which is this long.
fn p99(wait: Duration) -> Distribution {
    let mut times = Distribution::default();
    (0..TIMED).for_each(|i| times.record(if i % 50 == 0 { wait } else { Duration::ZERO }));
    times
}

/// For 100 s on 2 CPUs: so many jobs of exponential length, which compute for a share of that.
fn observation(threads: usize, jobs: u64, mean: Duration, computing: f64) -> Observation {
    let mut timings = Timings::default();
    (timings.run_time, timings.queue_wait) = (exponential(mean), p99(Duration::ZERO));
    let mut observation = Observation::default();
    let busy = mean.mul_f64(jobs as f64);
    let mut time = ProcessorTime::default();
    (time.used, time.waited) = (busy.mul_f64(computing), Some(Duration::ZERO));
    (observation.elapsed, observation.cpus, observation.threads) = (Duration::from_secs(100), 2, threads);
    (observation.jobs, observation.ran, observation.busy) = (jobs, jobs, busy);
    (observation.most_running, observation.processor_time) = (threads as u64, Some(time));
    observation.timings = Some(timings);
    observation
}

/// Four workers that have 2.8 of 4 to do, and compute for a tenth of it.
fn sleepy() -> Observation {
    observation(4, 70_000, Duration::from_millis(4), 0.1)
}

fn with_waits(mut observation: Observation, p99_of_waits: Duration) -> Observation {
    observation.timings.as_mut().unwrap().queue_wait = p99(p99_of_waits);
    observation
}

fn expected_wait(advice: &Advice, index: usize) -> Duration {
    advice.forecasts[index].expected.unwrap().wait.p99
}

#[test]
fn jobs_that_sleep_get_more_workers_than_cpus() {
    let advice = sleepy().advice();
    assert_eq!(advice.forecasts.iter().map(|forecast| forecast.threads).collect::<Vec<_>>(), [4, 8, 12, 16]);
    // M/M/4: Erlang C of 2.8 is 0.43, and of those who wait one in 43 does so for longer than 12.5 ms.
    let today = expected_wait(&advice, 0);
    assert!((11..14).contains(&today.as_millis()), "{today:?}");
    // Then they wait for a CPU at most.
    assert!(expected_wait(&advice, 1) < today / 10 && expected_wait(&advice, 2) < today / 20);
    let recommended = advice.recommended.unwrap();
    assert!((5..=7).contains(&recommended.threads), "{recommended:?}");
    let blocking = advice.blocking.unwrap();
    assert_eq!(blocking.size, 20, "that keeps the CPUs busy, with more jobs");
    assert!((blocking.cpus_in_use - 0.28).abs() < 1e-6, "{blocking:?}");
    assert!((advice.busy_on_average - 2.8).abs() < 1e-6 && (advice.rate() - 700.0).abs() < 1e-6);
    assert_eq!(advice, sleepy().advice(), "the same follows from the same");
}

#[test]
fn jobs_that_compute_get_a_worker_for_each_cpu_or_one_more() {
    let advice = observation(8, 100_000, Duration::from_micros(1_200), 1.0).advice();
    let recommended = advice.recommended.unwrap().threads;
    assert!((2..=3).contains(&recommended), "{recommended}");
    assert_eq!(advice.blocking.unwrap().size, 2);
}

#[test]
fn more_than_the_cpus_can_compute_is_said() {
    let advice = observation(2, 300_000, Duration::from_millis(1), 1.0).advice();
    assert!(advice.forecasts.iter().all(|forecast| forecast.expected.is_none()), "{advice:?}");
    let recommended = advice.recommended.unwrap();
    assert_eq!((recommended.threads, recommended.expected), (2, None));
    assert!((1_900.0..2_100.0).contains(&recommended.capacity), "{recommended:?}");
    let said = advice.to_string();
    assert!(said.contains("Advice: 2 workers, and fewer jobs: 2 CPUs cannot run more than "), "{said}");
    assert!(said.contains("2 workers without end, for they can run "), "{said}");
}

#[test]
fn too_small_a_pool_is_told_from_too_few_cpus() {
    let advice = observation(2, 70_000, Duration::from_millis(4), 0.1).advice();
    assert_eq!(advice.forecasts[0].expected, None);
    let recommended = advice.recommended.unwrap();
    assert!((5..=7).contains(&recommended.threads), "{recommended:?}");
}

#[test]
fn what_fits_is_not_doubted_and_what_does_not_is() {
    let expected = expected_wait(&sleepy().advice(), 0);
    let sure = with_waits(sleepy(), expected).advice();
    assert_eq!(sure.doubts, []);
    assert!(sure.to_string().ends_with("Nothing that was measured speaks against it."), "{sure}");
    let measured = with_waits(sleepy(), 3 * expected).advice();
    let [Doubt::OtherWaits { measured, expected: of_model }] = measured.doubts[..] else {
        panic!("{:?}", measured.doubts)
    };
    assert_eq!(of_model, expected);
    assert!(measured > 2 * expected, "{measured:?}");
}

#[test]
fn what_is_missing_is_named_with_what_gives_it() {
    let mut untimed = sleepy();
    untimed.timings = None;
    let untimed = untimed.advice();
    assert_eq!(
        untimed.to_string(),
        "Of 4 workers on 2 CPUs 2.8 were of use on average and 4 at the peak, with 700.0 jobs a second. A job is blocked for 90 % of \
         its time, and 0.28 CPUs were in use; 20 workers of such jobs keep 2 CPUs busy. Not sure, since jobs are not timed, so nothing is \
         known of waits: build the pool with `Builder::timing(Timing::Sampled(..))`."
    );
    assert_eq!(
        (untimed.recommended, untimed.forecasts.len(), &untimed.doubts[..]),
        (None, 0, &[Doubt::Untimed][..])
    );

    let mut few = sleepy();
    let timings = few.timings.as_mut().unwrap();
    (timings.run_time, timings.queue_wait) = Default::default();
    timings.run_time.record(Duration::from_millis(4));
    few.processor_time = None;
    few.queue_growth = 10_000;
    let doubts = few.advice().doubts;
    let expected = [
        Doubt::FewJobs { timed: 1, enough: 1_000 },
        Doubt::InnerJobs { share: 1.0 },
        Doubt::NoProcessorTime,
        Doubt::Overload { queue_growth: 10_000 },
    ];
    assert_eq!(doubts, expected);
    let said: String = doubts.iter().map(ToString::to_string).collect();
    assert!(said.contains("Timing::Every") && said.contains("100 % of the jobs"), "{said}");
    few.processor_time = Some(ProcessorTime::default());
    assert!(few.advice().doubts.contains(&Doubt::NoProcessorWait));
}

#[test]
fn of_a_pool_that_did_nothing_nothing_follows() {
    let advice = Observation::default().advice();
    assert_eq!((advice.recommended, advice.blocking, advice.forecasts.len()), (None, None, 0));
    assert_eq!(advice.doubts, [Doubt::Untimed, Doubt::NoProcessorTime]);
    assert!(advice.to_string().starts_with("Of 0 workers on 0 CPUs 0.0 were of use"), "{advice}");
}

#[test]
fn a_part_of_the_time_is_observed_by_itself() {
    let mut later = sleepy();
    later.elapsed *= 2;
    (later.jobs, later.ran, later.busy) = (100_000, 100_000, Duration::from_secs(300));
    later.queue_growth = 7;
    later.processor_time.as_mut().unwrap().used = Duration::from_secs(30);
    let timings = later.timings.as_mut().unwrap();
    timings.run_time.merge(&exponential(Duration::from_millis(1)));
    let part = later.since(&sleepy());
    assert_eq!((part.elapsed, part.busy), (Duration::from_secs(100), Duration::from_secs(20)));
    assert_eq!((part.jobs, part.ran, part.queue_growth, part.threads), (30_000, 30_000, 7, 4));
    assert_eq!(part.processor_time.unwrap().used, Duration::from_secs(2));
    let run_time = part.timings.unwrap().run_time;
    assert_eq!(run_time.count(), u64::from(TIMED));
    assert!((run_time.mean().as_secs_f64() / 1e-3 - 1.0).abs() < 0.02, "{run_time}");
}
