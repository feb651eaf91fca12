//! What the reports say in words. Every sentence follows from the records.

use crate::engine::Kind;
use crate::metrics;
use crate::numbers::stats::{self, Estimate};
use crate::numbers::units;
use crate::numbers::verdict;
use crate::record::machine::Machine;
use crate::report::model::{Entry, Family, Group, Outcome, Task, ToPeer, quotient};
use crate::report::ranking::{Ranking, typical_noise};
use crate::workload;

/// The best of one kind, usually ours, against the best of another, usually peers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Ours is faster by this factor.
    Ahead(f64),
    /// Ours is slower by this factor.
    Behind(f64),
    /// They differ by less than 5 %.
    Equal,
    /// The interval allows for more than one of these.
    Undecided,
    /// One side cannot do it.
    Alone,
    /// The best of one side was measured once, which decides nothing.
    Unknown,
}

impl Verdict {
    pub(crate) fn of(group: &Group) -> Self {
        let best = |kind| group.best(kind).map(|(entry, _)| entry.engine.as_str());
        let is_paired = |to_peer: &&ToPeer| {
            best(Kind::Ours) == Some(&to_peer.ours) && best(Kind::Peer) == Some(&to_peer.peer)
        };
        match group.to_peer.as_ref().filter(is_paired) {
            Some(to_peer) => Verdict::of_ratio(to_peer.ratio, to_peer.blocks),
            None => Verdict::between(group, Kind::Ours, Kind::Peer),
        }
    }

    fn between(group: &Group, ours: Kind, theirs: Kind) -> Self {
        let (Some((_, ours)), Some((_, theirs))) = (group.best(ours), group.best(theirs)) else {
            return Verdict::Alone;
        };
        if ours.is_single || theirs.is_single {
            return Verdict::Unknown;
        }
        Verdict::of_ratio(quotient(ours.ratio, theirs.ratio), 2)
    }

    /// What a ratio of ours to theirs, from so many blocks, says.
    fn of_ratio(ratio: Estimate, blocks: usize) -> Self {
        match verdict::Verdict::of(ratio, blocks) {
            verdict::Verdict::Faster => Verdict::Ahead(1.0 / ratio.median),
            verdict::Verdict::Slower => Verdict::Behind(ratio.median),
            verdict::Verdict::Equal => Verdict::Equal,
            verdict::Verdict::Undecided => Verdict::Undecided,
            verdict::Verdict::Single => Verdict::Unknown,
        }
    }
}

/// The engines in first place.
pub(crate) fn first_places(group: &Group) -> String {
    let of = |wanted: fn(verdict::Verdict) -> bool| -> Vec<&str> {
        let first = group.pools().filter(|(_, m)| m.rank == Some(1) && wanted(m.verdict));
        first.map(|(entry, _)| entry.engine.as_str()).collect()
    };
    let first = list_or_none(of(|verdict| !verdict.is_open()), " = ");
    match of(verdict::Verdict::is_open) {
        open if open.is_empty() => first,
        open => format!("{first}; undecided: {}", open.join(", ")),
    }
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
    let extremes = extremes(&tasks);
    paragraphs.extend((!extremes.is_empty()).then(|| extremes.join(" ")));
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
    let (equal, alone) = (count(|d| *d == Verdict::Equal), count(|d| *d == Verdict::Alone));
    let undecided = count(|d| *d == Verdict::Undecided);
    let mut text = format!(
        "{} at {}. One of our pools is faster than every peer in {ahead}, equal to the fastest peer \
         (within 5 %) in {equal}, and slower than a peer in {behind}; {undecided} are undecided.",
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
fn extremes(tasks: &[&Task]) -> Vec<String> {
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
    lead.into_iter().chain(lag).collect()
}

/// The run in three sentences, and a fourth where the machine was too busy.
pub(crate) fn ending(families: &[Family]) -> Vec<String> {
    let tasks: Vec<&Task> = families.iter().flat_map(|family| &family.tasks).collect();
    let verdicts: Vec<Verdict> = tasks.iter().map(|task| Verdict::of(task.top())).collect();
    let count = |test: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| test(verdict)).count();
    let open = count(|v| matches!(v, Verdict::Undecided | Verdict::Unknown));
    let mut sentences = vec![format!(
        "Of {} one of our pools is faster than every peer in {}, equal to the fastest peer in {} and slower than a peer in {}; \
         {open} are undecided.",
        counted(tasks.len(), "workload"),
        count(|v| matches!(v, Verdict::Ahead(_))),
        count(|v| *v == Verdict::Equal),
        count(|v| matches!(v, Verdict::Behind(_))),
    )];
    sentences.extend(extremes(&tasks));
    sentences.extend(busy(&tasks, open));
    sentences
}

/// More undecided workloads than this share, or more disturbed samples, and the machine was too busy.
const MOST_OPEN: f64 = 0.25;
const MOST_DISTURBED: f64 = 0.2;

fn busy(tasks: &[&Task], open: usize) -> Option<String> {
    let shares: Vec<f64> = tasks
        .iter()
        .flat_map(|task| task.top().measured())
        .filter_map(|(_, measured)| measured.disturbed)
        .collect();
    let disturbed = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    let is_busy = disturbed > MOST_DISTURBED || open as f64 > MOST_OPEN * tasks.len() as f64;
    is_busy.then(|| {
        format!(
            "The machine was too busy to decide more: {open} of {} workloads are open, and {} of the samples were disturbed. Run it again \
             when nothing else runs.",
            tasks.len(),
            units::percent(disturbed),
        )
    })
}

fn noise(tasks: &[&Task]) -> String {
    let groups: Vec<&Group> = tasks.iter().map(|task| task.top()).collect();
    let factors = groups.iter().filter_map(|group| group.noise).map(stats::noise_factor);
    match (typical_noise(&groups), factors.max_by(f64::total_cmp)) {
        (Some(typical), Some(worst)) => format!(
            "An engine measured against itself differed by up to {} (typical workload) and {} (worst), intervals included.",
            percent(stats::noise_factor(typical)),
            percent(worst),
        ),
        _ => {
            "No engine was measured against itself, so how much it differs from itself is unknown.".to_owned()
        }
    }
}

/// The noise floor of one group.
pub(crate) fn group_noise(group: &Group) -> String {
    let against_itself = match group.noise.map(stats::noise_factor) {
        Some(factor) => format!("An engine against itself: up to {}.", percent(factor)),
        None => "No engine was measured against itself.".to_owned(),
    };
    let shares: Vec<f64> = group.measured().filter_map(|(_, measured)| measured.disturbed).collect();
    let disturbed = match shares.iter().sum::<f64>() / shares.len().max(1) as f64 {
        share if share > 0.0 => {
            format!(" Samples disturbed by the machine and taken again: {:.1} %.", share * 100.0)
        }
        _ => String::new(),
    };
    let two = group.measured().filter_map(|(entry, measured)| {
        let modes = measured.modes?;
        Some(format!("{} ({} and {})", entry.engine, units::time(modes.low), units::time(modes.high)))
    });
    let two: Vec<String> = two.collect();
    let modes = match two.is_empty() {
        true => String::new(),
        false => format!(" Two modes: {}.", two.join(", ")),
    };
    against_itself + &disturbed + &modes
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
    not do every workload has no rank, because its mean is over other workloads (column \"did\"); shared first places count as first. Look at the workload nearest to yours first.";

/// How the numbers came about, and what the columns are.
pub(crate) fn method() -> Vec<String> {
    let (last, first) = METHOD.split_last().expect("there is something to say");
    let columns =
        metrics::columns().map(|(metric, column)| format!("Column {}: {}.", column.title, metric.about));
    first.iter().map(|text| (*text).to_owned()).chain(columns).chain([(*last).to_owned()]).collect()
}

const METHOD: [&str; 5] = [
    "Engines of one workload and thread count are measured together, in interleaved rounds (A B C A B C ...), on pools \
     that were built and warm before the clock started, in several blocks: each has pools of its own and an order of its own. Every answer is checked; a wrong one is shown as an error.",
    "Times are means over blocks. The interval comes from drawing blocks, and holds in 95 of 100 measurements however often it was \
     looked at; the whisker in a plot spans the 10th to the 90th percentile of the samples. What was too slow was measured once \
     (n=1): it has no interval and no rank, and nothing is said to be faster or slower than it.",
    "Ratios are taken within a round and then their median is taken, because absolute times drift from minute to minute \
     and ratios do not. They are against the fastest pool of the workload, which has 1.00x. Where plain calls without a \
     pool (serial) were fastest, the rounds are paired with those, and the ratio of two pools is the quotient.",
    "Equal: the whole interval of the ratio lies within 5 %. Undecided: the interval allows for more than one verdict, and the time \
     did not suffice. n=1: one sample, no verdict. In each workload one engine also runs twice, as two pools, to show the noise.",
    "n/a: the engine cannot do it. A dash: not measured, or the system does not tell.",
];
