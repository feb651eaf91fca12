//! Which pool for which job: the first thing that a reader wants to know.
//!
//! A [`Situation`] names the workloads that resemble it, and the metric that counts in them. Pools are compared by the
//! geometric mean of their ratios to the best over those of these workloads that were measured.

use std::collections::BTreeMap;

use crate::engine::Kind;
use crate::metric::Metric;
use crate::metrics;
use crate::numbers::stats::{self, Estimate};
use crate::numbers::units;
use crate::numbers::verdict::Verdict;
use crate::report::model::{Entry, Family, Group, Task, quotient};

/// A kind of job, and the workloads that tell which pool suits it.
pub(crate) struct Situation {
    /// The job, as a reader would call it.
    pub(crate) job: &'static str,
    /// Workloads, or `workload:variant`.
    evidence: &'static [&'static str],
    /// What counts in them.
    figure: Figure,
}

#[derive(Clone, Copy)]
enum Figure {
    /// The time of an operation.
    Time,
    /// This metric, of which less is better.
    Of(&'static Metric),
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Figure::Time => "time",
            Figure::Of(metric) => metric.column.map_or(metric.name, |column| column.title),
        }
    }
}

/// What the table of advice shows.
pub(crate) const ABOUT: &str = "The pool with the least mean ratio over the workloads named, at the highest thread count, and beside it what \
    of all engines is equal to it (within 5 %) or undecided; the best of the other side (ours or peers), and what is known of the pool \
    against that one: faster, equal, undecided, or n=1 (one sample); its processor time an operation (and against the least) and peak \
    memory. stealing-worker is pool-stealing whose joins go through a `Worker` handle; its documentation says how.";

/// The table of situations.
const SITUATIONS: [Situation; 8] = [
    Situation {
        job: "Many small jobs from outside",
        evidence: &["spawn/external", "spawn/contended"],
        figure: Figure::Time,
    },
    Situation {
        job: "Recursion",
        evidence: &["join/fib", "join/tree-sum", "join/quicksort", "join/nqueens"],
        figure: Figure::Time,
    },
    Situation {
        job: "A server under load",
        // At one rate for all: at its own capacity a slow pool has less to do.
        evidence: &["load/pareto:at=80:of=common"],
        figure: Figure::Of(&metrics::LATENCY_P99),
    },
    Situation {
        job: "Urgent jobs among many",
        evidence: &["priority/urgent"],
        figure: Figure::Of(&metrics::LATENCY_P99),
    },
    Situation { job: "Calls that block", evidence: &["io/sleep"], figure: Figure::Time },
    Situation { job: "Mostly idle", evidence: &["idle/trickle"], figure: Figure::Time },
    Situation { job: "Small frames", evidence: &["tick/frame"], figure: Figure::Of(&metrics::LATENCY_P99) },
    Situation { job: "A few long jobs", evidence: &["skew/one-long", "burst/few"], figure: Figure::Time },
];

/// What the records say of a situation.
pub(crate) struct Advice<'m> {
    pub(crate) job: &'static str,
    /// What was compared.
    figure: &'static str,
    /// The workloads that were measured. Without any there is no choice.
    pub(crate) evidence: Vec<&'m Task>,
    /// How many of the situation's workloads these are, and how many it has.
    covered: (usize, usize),
    /// Pools that can do all of it, the best first.
    choices: Vec<Choice<'m>>,
}

/// A pool in a situation.
struct Choice<'m> {
    engine: &'m str,
    kind: Kind,
    /// The geometric mean of its ratios to the first choice, with the interval that those of the ratios allow.
    ratio: Estimate,
    /// The fewest samples behind any of them.
    samples: usize,
    cpu: Option<f64>,
    memory: Option<f64>,
}

impl Choice<'_> {
    /// What is known of it against the first choice.
    fn verdict(&self, first: &Choice) -> Verdict {
        Verdict::of(self.ratio, self.samples.min(first.samples))
    }
}

/// What the records of one machine say of each situation.
pub(crate) fn advice(families: &[Family]) -> Vec<Advice<'_>> {
    let tasks: Vec<&Task> = families.iter().flat_map(|family| &family.tasks).collect();
    SITUATIONS.iter().map(|situation| advise(situation, &tasks)).collect()
}

fn advise<'m>(situation: &Situation, tasks: &[&'m Task]) -> Advice<'m> {
    let is_evidence = |task: &&&Task| situation.evidence.iter().any(|wanted| task.answers_to(wanted));
    // A workload that no pool did, as in a run that was cut off, tells nothing of the others.
    let is_measured = |task: &&Task| !ratios(task.top(), situation.figure).is_empty();
    let evidence: Vec<&Task> = tasks.iter().filter(is_evidence).copied().filter(is_measured).collect();
    let is_there = |wanted: &&&str| evidence.iter().any(|task| task.answers_to(wanted));
    let covered = (situation.evidence.iter().filter(is_there).count(), situation.evidence.len());
    let mut found: BTreeMap<&str, Vec<(&Entry, Estimate)>> = BTreeMap::new();
    for group in evidence.iter().map(|task| task.top()) {
        for (entry, ratio) in ratios(group, situation.figure) {
            found.entry(&entry.engine).or_default().push((entry, ratio));
        }
    }
    let complete = found.into_values().filter(|ratios| ratios.len() == evidence.len());
    let mut choices: Vec<Choice> = complete.filter_map(|ratios| choice(&ratios)).collect();
    // One sample says too little to be advised.
    choices.sort_by(|a, b| {
        (a.samples < 2).cmp(&(b.samples < 2)).then(a.ratio.median.total_cmp(&b.ratio.median))
    });
    if let Some(first) = choices.first().map(|first| first.ratio) {
        let (first_choice, others) = choices.split_at_mut(1);
        first_choice[0].ratio = Estimate::exact(1.0);
        others.iter_mut().for_each(|other| other.ratio = quotient(other.ratio, first));
    }
    Advice { job: situation.job, figure: situation.figure.name(), evidence, covered, choices }
}

/// The ratio of each pool to the best.
fn ratios(group: &Group, figure: Figure) -> Vec<(&Entry, Estimate)> {
    let Figure::Of(metric) = figure else {
        return group.pools().map(|(entry, measured)| (entry, measured.ratio)).collect();
    };
    let of = |entry: &Entry| {
        entry.record(metric).map(|record| above_zero(record.estimate())).filter(|e| e.low > 0.0)
    };
    let values: Vec<(&Entry, Estimate)> =
        group.pools().filter_map(|(entry, _)| Some((entry, of(entry)?))).collect();
    let best = values.iter().map(|(_, value)| value.median).fold(f64::INFINITY, f64::min);
    values.into_iter().map(|(entry, value)| (entry, value.scaled(1.0 / best))).collect()
}

/// An interval that reaches down to 0 has no ratio; it is taken to reach as far down as up, by factors.
fn above_zero(value: Estimate) -> Estimate {
    if value.low > 0.0 { value } else { Estimate { low: value.median * value.median / value.high, ..value } }
}

fn choice<'m>(ratios: &[(&'m Entry, Estimate)]) -> Option<Choice<'m>> {
    let (first, _) = ratios.first()?;
    let mean = |of: fn(&Estimate) -> f64| stats::geometric_mean(ratios.iter().map(|(_, ratio)| of(ratio)));
    let recorded = |metric: &'static Metric| {
        ratios.iter().filter_map(move |(entry, _)| Some(entry.record(metric)?.median))
    };
    // Rounds, not latencies, are what decides how much is known.
    let samples = |entry: &Entry| entry.record(&metrics::TIME_PER_OP).map_or(2, |record| record.samples);
    Some(Choice {
        engine: &first.engine,
        kind: first.kind,
        ratio: Estimate {
            median: mean(|ratio| ratio.median)?,
            low: mean(|ratio| ratio.low)?,
            high: mean(|ratio| ratio.high)?,
        },
        samples: ratios.iter().map(|(entry, _)| samples(entry)).min()?,
        cpu: stats::geometric_mean(recorded(&metrics::CPU_PER_OP).filter(|cpu| *cpu > 0.0)),
        memory: recorded(&metrics::MEMORY_PEAK).max_by(f64::total_cmp),
    })
}

impl Advice<'_> {
    /// The pool to take, and what is as good as far as is known.
    pub(crate) fn take(&self) -> String {
        let Some(first) = self.choices.first() else { return "-".to_owned() };
        let as_good = |wanted: Verdict, word: &str| {
            let named = self.others().filter(|other| other.verdict(first) == wanted);
            let names: Vec<&str> = named.map(|other| other.engine).collect();
            match names.as_slice() {
                [] => String::new(),
                [a, b, c, rest @ ..] if !rest.is_empty() => {
                    format!("; {word}: {a}, {b}, {c} and {} more", rest.len())
                }
                names => format!("; {word}: {}", names.join(", ")),
            }
        };
        let kind = if first.kind == Kind::Ours { "ours" } else { first.kind.name() };
        let equal = as_good(Verdict::Equal, "equal");
        format!("{} ({kind}){equal}{}", first.engine, as_good(Verdict::Undecided, "undecided"))
    }

    /// By how much it is better than the best of the other side: ours against peers, or the other way round.
    pub(crate) fn by(&self) -> String {
        match self.rival() {
            Some(rival) => {
                let ratio = rival.ratio.median;
                let how = match units::ratio(ratio).as_str() {
                    "1.00x" => "as fast".to_owned(),
                    _ if ratio < 1.0 => format!("{} faster", units::ratio(1.0 / ratio)),
                    slower => format!("{slower} slower"),
                };
                format!("{}, {how} in {}", rival.engine, self.figure)
            }
            None if self.choices.is_empty() => "-".to_owned(),
            None => "none can do all of it".to_owned(),
        }
    }

    /// What is known of the first choice against the best of the other side.
    pub(crate) fn sure(&self) -> String {
        let word = self.verdict();
        match self.covered {
            (done, of) if done < of && done > 0 => format!("{word} (over {done} of {of} workloads)"),
            _ => word.to_owned(),
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.choices.first(), self.rival()) {
            (Some(first), Some(rival)) => match rival.verdict(first) {
                // The rival's being slower is the choice's being faster.
                Verdict::Slower => Verdict::Faster.word(),
                verdict => verdict.word(),
            },
            (Some(_), None) => "alone",
            (None, _) => "not measured",
        }
    }

    /// The processor time and the memory of the first choice against the least that any takes.
    pub(crate) fn cost(&self) -> String {
        let Some(first) = self.choices.first() else { return "-".to_owned() };
        let cpu = first.cpu.map(|cpu| {
            let least = self.choices.iter().filter_map(|choice| choice.cpu).fold(f64::INFINITY, f64::min);
            format!("CPU {} ({})", units::time(cpu), units::ratio(cpu / least))
        });
        let memory = first.memory.map(|bytes| format!("memory {}", units::memory(bytes)));
        let parts: Vec<String> = cpu.into_iter().chain(memory).collect();
        if parts.is_empty() { "not recorded".to_owned() } else { parts.join(", ") }
    }

    fn others(&self) -> impl Iterator<Item = &Choice<'_>> {
        self.choices.iter().skip(1)
    }

    fn rival(&self) -> Option<&Choice<'_>> {
        let first = self.choices.first()?;
        let of_other_side = |other: &&Choice| (other.kind == Kind::Ours) != (first.kind == Kind::Ours);
        self.others().find(|other| of_other_side(other) && other.kind != Kind::Baseline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::invented::{self, Sample};
    use crate::report::model::arrange;

    fn advice_on(job: &str, samples: &[Sample]) -> [String; 4] {
        let families = arrange(&invented::records(samples));
        let all = advice(&families);
        let advice = all.iter().find(|advice| advice.job == job).unwrap();
        [advice.take(), advice.by(), advice.sure(), advice.cost()]
    }

    const SMALL: &str = "Many small jobs from outside";

    #[test]
    fn the_pool_with_the_least_mean_ratio_is_taken() {
        let found = advice_on(
            SMALL,
            &[
                Sample::time("spawn/external", "bounded", 10.0),
                Sample::time("spawn/external", "stealing", 20.0),
                Sample::time("spawn/external", "rayon", 40.0),
                Sample::time("spawn/contended", "bounded", 40.0),
                Sample::time("spawn/contended", "stealing", 10.0),
                Sample::time("spawn/contended", "rayon", 40.0),
                // Faster than all, but it cannot do the other one; and this one is no pool.
                Sample::time("spawn/external", "tokio", 1.0),
                Sample::time("spawn/external", "serial", 1.0),
                Sample::time("spawn/contended", "serial", 1.0),
                Sample::metric("spawn/external", "stealing", &metrics::CPU_PER_OP, 30.0),
                Sample::metric("spawn/external", "rayon", &metrics::CPU_PER_OP, 15.0),
                Sample::metric("spawn/contended", "stealing", &metrics::MEMORY_PEAK, 1_048_576.0),
            ],
        );
        let wanted = [
            "stealing (ours)",
            "rayon, 2.83x slower in time",
            "faster",
            "CPU 30.0 ns (2.00x), memory 1.00 MiB",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_equal_or_undecided_is_named_and_a_peer_may_be_taken() {
        let found = advice_on(
            "Urgent jobs among many",
            &[
                Sample::time("priority/urgent", "rayon", 10.0),
                Sample::metric("priority/urgent", "rayon", &metrics::LATENCY_P99, 100.0),
                Sample::time("priority/urgent", "priority", 10.0),
                Sample::metric("priority/urgent", "priority", &metrics::LATENCY_P99, 103.0),
                Sample::time("priority/urgent", "stealing", 10.0),
                Sample::metric("priority/urgent", "stealing", &metrics::LATENCY_P99, 110.0)
                    .between(90.0, 130.0),
            ],
        );
        let take = "rayon (peer); equal: priority; undecided: stealing";
        assert_eq!(found, [take, "priority, 1.03x slower in p99", "equal", "not recorded"]);
    }

    #[test]
    fn an_interval_that_reaches_down_to_nothing_takes_part() {
        let found = advice_on(
            "Urgent jobs among many",
            &[
                Sample::time("priority/urgent", "rayon", 10.0),
                Sample::metric("priority/urgent", "rayon", &metrics::LATENCY_P99, 100.0),
                Sample::time("priority/urgent", "priority", 10.0),
                Sample::metric("priority/urgent", "priority", &metrics::LATENCY_P99, 20.0).between(0.0, 40.0),
            ],
        );
        assert_eq!(found, ["priority (ours)", "rayon, 5.00x slower in p99", "faster", "not recorded"]);
    }

    #[test]
    fn one_sample_is_not_advised_before_others_nor_decides() {
        let found = advice_on(
            "Calls that block",
            &[Sample::time("io/sleep", "rayon", 10.0).once(), Sample::time("io/sleep", "mpsc", 20.0)],
        );
        assert_eq!(found, ["mpsc (ours)", "rayon, 2.00x faster in time", "n=1", "not recorded"]);
    }

    /// As in a run that was cut off.
    #[test]
    fn what_there_is_of_a_situation_is_used() {
        let there = [
            Sample::time("spawn/external", "bounded", 10.0),
            Sample::time("spawn/external", "rayon", 40.0),
            Sample::error("spawn/contended", "rayon", "lost a job"),
        ];
        let found = advice_on(SMALL, &there);
        let sure = "faster (over 1 of 2 workloads)";
        assert_eq!(found, ["bounded (ours)", "rayon, 4.00x slower in time", sure, "not recorded"]);
    }

    #[test]
    fn what_was_not_measured_is_said_to_be() {
        let found = advice_on("Small frames", &[Sample::time("io/sleep", "mpsc", 20.0)]);
        assert_eq!(found[0], "-");
        assert_eq!(found[2], "not measured");
    }

    #[test]
    fn every_situation_has_a_workload_that_exists() {
        for situation in &SITUATIONS {
            for wanted in situation.evidence {
                assert!(crate::workload::Task::parse_list(wanted).is_ok(), "{wanted}");
            }
        }
    }
}
