//! What came of the check, as text.

use std::time::Duration;

use super::finding::{Check, Pair, Trial, Verdict};
use crate::engine::Spec;
use crate::numbers::units;
use crate::record::machine::Machine;

/// Waits that are shorter than this share of the time to the end matter little.
const MATTERS: f64 = 0.1;

/// What came out, in a few lines: also what a terminal shows.
pub(super) fn summary(checks: &[Check]) -> Vec<String> {
    let pairs: Vec<_> = checks.iter().flat_map(|check| &check.trials).filter_map(Trial::pairs).collect();
    let waits = || pairs.iter().map(|[wait, _]| *wait);
    let long = pairs.iter().filter(|[wait, response]| wait.measured > response.measured.mul_f64(MATTERS));
    let sizes = checks.iter().filter_map(|check| Some(check.recommended()?.abs_diff(check.best()?)));
    let near_sizes = sizes.clone().filter(|apart| *apart <= 1).count();
    vec![
        format!(
            "The p99 from submission to end is within 30 % in {}.",
            near(pairs.iter().map(|pair| pair[1]))
        ),
        format!("The p99 of the wait is within 30 % in {}.", near(waits())),
        format!(
            "Of waits that are longer than a tenth of the time to the end: {}.",
            near(long.map(|pair| pair[0]))
        ),
        disturbed(checks),
        format!(
            "The recommended size is within one worker of the best in {near_sizes} of {}.",
            sizes.count()
        ),
    ]
}

/// How much was left out.
fn disturbed(checks: &[Check]) -> String {
    let of = |rounds: fn(&Trial) -> usize| {
        checks.iter().flat_map(|check| &check.trials).map(rounds).sum::<usize>()
    };
    let (quiet, disturbed) = (of(|trial| trial.quiet.len()), of(|trial| trial.disturbed.len()));
    format!(
        "Other programs disturbed {:.0} % of the rounds.",
        100.0 * disturbed as f64 / (quiet + disturbed).max(1) as f64
    )
}

fn near(pairs: impl Iterator<Item = Pair>) -> String {
    let verdicts: Vec<Verdict> = pairs.map(|pair| pair.verdict()).collect();
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (near, undecided) = (count(Verdict::Near), count(Verdict::Undecided));
    let of_them = format!("{near} of {}", verdicts.len());
    if undecided == 0 {
        of_them
    } else {
        format!("{of_them}, and may be in {undecided} more, where the rounds differ")
    }
}

const HEADER: &str = "sleep,at,threads,threads_today,blocking_coefficient,recommended,best,\
    wait_p99_expected_ns,wait_p99_measured_ns,wait_p99_least_ns,wait_p99_greatest_ns,\
    response_p99_expected_ns,response_p99_measured_ns,response_p99_least_ns,response_p99_greatest_ns\n";

/// A line for each size of each situation; fields are empty where a size is too small.
pub(super) fn csv(checks: &[Check]) -> String {
    let lines = checks.iter().flat_map(|check| check.trials.iter().map(|trial| line(check, trial)));
    std::iter::once(HEADER.to_owned()).chain(lines).collect()
}

fn line(check: &Check, trial: &Trial) -> String {
    let coefficient =
        check.advice.blocking.map_or(String::new(), |found| format!("{:.4}", found.coefficient));
    let size = |size: Option<usize>| size.map_or(String::new(), |size| size.to_string());
    let times = match trial.pairs() {
        Some(pairs) => pairs
            .map(|pair| {
                let times = [pair.expected, pair.measured, pair.least, pair.greatest];
                times.map(|time| time.as_nanos().to_string()).join(",")
            })
            .join(","),
        None => ",".repeat(7),
    };
    format!(
        "{},{},{},{},{coefficient},{},{},{times}\n",
        check.sleep,
        check.at,
        trial.forecast.threads,
        check.advice.threads,
        size(check.recommended()),
        size(check.best()),
    )
}

/// A table for each situation.
pub(super) fn markdown(machine: &Machine, spec: &Spec, time: Duration, checks: &[Check]) -> String {
    let cpu = machine.cpu.as_deref().unwrap_or(&machine.architecture);
    let mut text = format!(
        "# Advice, put to the test\n\n\
         `pool-lab advise --check` wrote this on {cpu}, {} cores, {}, with {}. Jobs arrive independently of each other; each sleeps and \
         computes for known shares of a length that is exponentially distributed. A pool of today's size is observed and advises; \
         then each size runs the load for {:.1} s in rounds; those that other programs disturbed are left out. What is measured is the median \
         of the rounds, with the least and the greatest. Times are from the moment when a job was to arrive.\n\n",
        machine.cores,
        machine.date,
        spec.label(),
        time.as_secs_f64(),
    );
    summary(checks).iter().for_each(|line| text.extend(["- ", line, "\n"]));
    checks.iter().for_each(|check| text.push_str(&section(check)));
    text
}

fn section(check: &Check) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let coefficient = check.advice.blocking.map_or("unknown".to_owned(), |found| percent(found.coefficient));
    let size = |size: Option<usize>| size.map_or("none".to_owned(), |size| size.to_string());
    let rows: String = check.trials.iter().map(row).collect();
    format!(
        "\n## {} sleep, {} threads used to {}\n\n\
         Blocked: {coefficient}. Recommended: {}; best found: {}.\n\n\
         | threads | p99 of the wait: expected | measured | | p99 to the end: expected | measured | |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n{rows}\n> {}\n",
        percent(check.sleep),
        check.advice.threads,
        percent(check.at),
        size(check.recommended()),
        size(check.best()),
        check.advice,
    )
}

fn row(trial: &Trial) -> String {
    let time = |time: Duration| units::time(time.as_nanos() as f64);
    let cells = match trial.pairs() {
        Some(pairs) => pairs
            .map(|pair| {
                let [expected, measured, least, greatest] =
                    [pair.expected, pair.measured, pair.least, pair.greatest].map(time);
                let mark = match pair.verdict() {
                    Verdict::Near => "",
                    Verdict::Undecided => " ?",
                    Verdict::Far => " !",
                };
                format!(
                    "{expected} | {measured} ({least} - {greatest}) | {:+.0} %{mark}",
                    100.0 * pair.excess()
                )
            })
            .join(" | "),
        None => "without end | | | without end | |".to_owned(),
    };
    format!("| {} | {cells} |\n", trial.forecast.threads)
}

#[cfg(test)]
mod tests {
    use super::super::finding::tests::check;
    use super::*;

    #[test]
    fn the_summary_counts_what_is_near() {
        // Ten milliseconds are to be expected of one that hardly ever waits, and more of one worker.
        let checks = [check(&[(1, None), (2, Some(10)), (3, Some(20))])];
        let summary = summary(&checks);
        assert_eq!(summary[0], "The p99 from submission to end is within 30 % in 1 of 2.");
        assert!(summary[4].ends_with("within one worker of the best in 1 of 1."), "{}", summary[4]);
    }

    #[test]
    fn a_line_has_as_many_fields_as_the_header() {
        let text = csv(&[check(&[(1, None), (2, Some(10))])]);
        let fields: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(fields, [15; 3], "{text}");
        assert!(text.contains(",2,2,"), "{text}");
    }

    #[test]
    fn a_section_says_sizes_that_are_too_small() {
        let section = section(&check(&[(1, None), (2, Some(10))]));
        assert!(section.contains("| 1 | without end | | | without end | | |\n"), "{section}");
        assert!(section.contains("Blocked: unknown. Recommended: 2; best found: 2."), "{section}");
    }
}
