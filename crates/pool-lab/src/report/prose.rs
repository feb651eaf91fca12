//! What the reports say in words. Every sentence follows from the records.

use crate::engine::Kind;
use crate::metrics;
use crate::numbers::stats;
use crate::numbers::units;
use crate::record::machine::Machine;
use crate::report::model::{Entry, Family, Group, Outcome, Task, quotient, tie};
use crate::report::ranking::{Ranking, typical_noise};
use crate::workload;

/// The best of one kind, usually ours, against the best of another, usually peers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Ours is faster by this factor.
    Ahead(f64),
    /// Ours is slower by this factor.
    Behind(f64),
    /// The difference is inside the noise.
    Tie,
    /// One side cannot do it.
    Alone,
    /// The best of one side was measured once, which decides nothing.
    Unknown,
}

impl Verdict {
    pub(crate) fn of(group: &Group) -> Self {
        Verdict::between(group, Kind::Ours, Kind::Peer)
    }

    fn between(group: &Group, ours: Kind, theirs: Kind) -> Self {
        let (Some((_, ours)), Some((_, theirs))) = (group.best(ours), group.best(theirs)) else {
            return Verdict::Alone;
        };
        if ours.is_single || theirs.is_single {
            return Verdict::Unknown;
        }
        let (ours, theirs) = (ours.ratio, theirs.ratio);
        let factor = quotient(theirs, ours).median;
        match tie(theirs, ours, group.noise) {
            true => Verdict::Tie,
            false if factor > 1.0 => Verdict::Ahead(factor),
            false => Verdict::Behind(1.0 / factor),
        }
    }
}

/// The engines in first place.
pub(crate) fn first_places(group: &Group) -> String {
    let first = group
        .pools()
        .filter(|(_, measured)| measured.rank == Some(1))
        .map(|(entry, _)| entry.engine.as_str());
    list_or_none(first.collect(), " = ")
}

/// The engines in first place of a ranking.
pub(crate) fn leaders(ranking: &Ranking) -> String {
    let first = ranking.standings.iter().filter(|standing| standing.rank == Some(1));
    list_or_none(first.map(|standing| standing.engine.as_str()).collect(), " = ")
}

fn list_or_none(names: Vec<&str>, separator: &str) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(separator) }
}

/// What a family of workloads asks of a pool.
pub(crate) fn family(name: &str) -> &'static str {
    workload::Family::of(name).map_or("", |family| family.asks)
}

/// The paragraphs at the top: who wins, by how much, and how far to trust it.
pub(crate) fn summary(families: &[Family], machine: &Machine) -> Vec<String> {
    let tasks: Vec<&Task> = families.iter().flat_map(|family| &family.tasks).collect();
    if tasks.is_empty() {
        return vec!["There are no records yet.".to_owned()];
    }
    let mut paragraphs = vec![score(&tasks)];
    paragraphs.extend(extremes(&tasks));
    paragraphs.push(noise(&tasks));
    paragraphs.extend(failures(&tasks));
    paragraphs.extend(cautions(machine));
    paragraphs
}

fn score(tasks: &[&Task]) -> String {
    let verdicts: Vec<Verdict> = tasks.iter().map(|task| Verdict::of(task.top())).collect();
    let count = |test: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| test(verdict)).count();
    let (ahead, behind) =
        (count(|d| matches!(d, Verdict::Ahead(_))), count(|d| matches!(d, Verdict::Behind(_))));
    let (ties, alone) = (count(|d| *d == Verdict::Tie), count(|d| *d == Verdict::Alone));
    let mut text = format!(
        "{} at {}. One of our pools is faster than every peer in {ahead}, cannot be told from the \
         fastest peer in {ties}, and is slower than a peer in {behind}.",
        counted(tasks.len(), "workload"),
        thread_counts(tasks),
    );
    if alone > 0 {
        text.push_str(&format!(" In {alone} only one side could take part."));
    }
    let unknown = count(|d| *d == Verdict::Unknown);
    if unknown > 0 {
        text.push_str(&format!(
            " In {unknown} the best of one side was measured once, which decides nothing."
        ));
    }
    let against_baseline = tasks.iter().map(|task| Verdict::between(task.top(), Kind::Ours, Kind::Baseline));
    let beaten = against_baseline.filter(|verdict| matches!(verdict, Verdict::Behind(_))).count();
    if beaten > 0 {
        text.push_str(&format!(" In {beaten} a textbook baseline is faster than all of ours."));
    }
    text
}

fn thread_counts(tasks: &[&Task]) -> String {
    let counts = tasks.iter().map(|task| task.top().threads);
    match (counts.clone().min(), counts.max()) {
        (Some(min), Some(max)) if min == max => counted(max, "thread"),
        (Some(min), Some(max)) => format!("{min} to {max} threads, the highest count measured of each"),
        _ => "no threads".to_owned(),
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The widest lead and the widest lag.
fn extremes(tasks: &[&Task]) -> Option<String> {
    let widest = |factor: fn(Verdict) -> Option<f64>| {
        let found = tasks.iter().filter_map(|task| Some((*task, factor(Verdict::of(task.top()))?)));
        found.max_by(|(_, a), (_, b)| a.total_cmp(b))
    };
    let sentence = |what: &str, comparative: &str, (task, factor): (&Task, f64)| {
        let best = |kind| task.top().best(kind).map(|(entry, _)| &entry.engine);
        let (ours, peer) = (best(Kind::Ours)?, best(Kind::Peer)?);
        let (task, factor) = (task.title(), units::ratio(factor));
        Some(format!("Our widest {what}: {task}, where {ours} is {factor} {comparative} than {peer}."))
    };
    let lead = widest(|verdict| if let Verdict::Ahead(factor) = verdict { Some(factor) } else { None });
    let lag = widest(|verdict| if let Verdict::Behind(factor) = verdict { Some(factor) } else { None });
    let lead = lead.and_then(|found| sentence("lead", "faster", found));
    let lag = lag.and_then(|found| sentence("lag", "slower", found));
    let sentences: Vec<String> = lead.into_iter().chain(lag).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn noise(tasks: &[&Task]) -> String {
    let groups: Vec<&Group> = tasks.iter().map(|task| task.top()).collect();
    let factors = groups.iter().filter_map(|group| group.noise).map(stats::noise_factor);
    match (typical_noise(&groups), factors.max_by(f64::total_cmp)) {
        (Some(typical), Some(worst)) => format!(
            "Noise floor: an engine measured against itself differed by up to {} (typical workload) and {} (worst). \
             Differences that reach into the noise of their workload are printed as ties.",
            percent(stats::noise_factor(typical)),
            percent(worst),
        ),
        _ => "No engine was measured against itself, so the noise floor is unknown, and small differences may be none."
            .to_owned(),
    }
}

/// The noise floor of one group.
pub(crate) fn group_noise(group: &Group) -> String {
    match group.noise.map(stats::noise_factor) {
        Some(factor) => format!("Noise floor: {}.", percent(factor)),
        None => "Noise floor: unknown.".to_owned(),
    }
}

/// `1.034` as `3.4 %`.
fn percent(factor: f64) -> String {
    format!("{:.1} %", (factor - 1.0) * 100.0)
}

fn failures(tasks: &[&Task]) -> Option<String> {
    let failed = |entry: &&Entry| matches!(entry.outcome, Outcome::Failed(_));
    let describe = |(task, group): (&&Task, &Group)| -> Vec<String> {
        let name = |entry: &Entry| {
            format!("{} in {} at {}", entry.engine, task.title(), counted(group.threads, "thread"))
        };
        group.entries.iter().filter(failed).map(name).collect()
    };
    let groups = tasks.iter().flat_map(|task| task.groups.iter().map(move |group| (task, group)));
    let failures: Vec<String> = groups.flat_map(describe).collect();
    (!failures.is_empty()).then(|| format!("Failed: {}.", failures.join("; ")))
}

/// What this machine cannot show.
pub(crate) fn cautions(machine: &Machine) -> Vec<String> {
    let mut cautions = Vec::new();
    if !machine.optimised {
        cautions.push("The barometer was built without optimisation: these numbers mean nothing.".to_owned());
    }
    if machine.cores <= 4 {
        let cores = counted(machine.cores, "core");
        cautions.push(format!(
            "{cores} cannot show how an engine scales: contention for shared queues, steal traffic and memory on \
             several sockets only begin beyond. Do not extrapolate; run it on the machine that you care about."
        ));
    }
    if machine.virtual_machine == Some(true) {
        cautions.push(
            "This is a virtual machine: waking a sleeping thread costs more than on bare metal, and neighbours \
             are part of the noise."
                .to_owned(),
        );
    }
    cautions
}

/// The caution that belongs to a geometric mean of ratios.
pub(crate) const MEAN: &str = "The mean is the geometric mean of an engine's ratios to the fastest pool, each workload \
    at its highest thread count. Read it with care: it weighs every workload alike, however many of them resemble each \
    other and whether or not they resemble yours; and it shifts when a faster engine joins. A workload in which an engine was \
    measured once (n=1) counts like the others. An engine that did \
    not do every workload has no rank, because its mean is over other workloads (column \"did\"); ties for the first place count as first. Look at the workload nearest to yours first.";

/// How the numbers came about, and what the columns are.
pub(crate) fn method() -> Vec<String> {
    let (last, first) = METHOD.split_last().expect("there is something to say");
    let columns =
        metrics::columns().map(|(metric, column)| format!("Column {}: {}.", column.title, metric.about));
    first.iter().map(|text| (*text).to_owned()).chain(columns).chain([(*last).to_owned()]).collect()
}

const METHOD: [&str; 5] = [
    "Engines of one workload and thread count are measured together, in interleaved rounds (A B C A B C ...), on pools \
     that were built and warm before the clock started. Every answer is checked; a wrong one is shown as an error.",
    "Times are medians over rounds. The interval is a 95 % percentile bootstrap of that median; the whisker in a plot \
     spans the 10th to the 90th percentile of the rounds. What was too slow for rounds was measured once (n=1): it has no \
     interval and no rank, and nothing is said to be faster or slower than it.",
    "Ratios are taken within a round and then their median is taken, because absolute times drift from minute to minute \
     and ratios do not. They are against the fastest pool of the workload, which has 1.00x. Where plain calls without a \
     pool (serial) were fastest, the rounds are paired with those, and the ratio of two pools is the quotient.",
    "In each workload one engine also runs twice, as two pools. How far it differs from itself is the noise floor. \
     Engines whose ratio reaches into it share a rank: a tie.",
    "n/a: the engine cannot do it. A dash: not measured, or the system does not tell.",
];
