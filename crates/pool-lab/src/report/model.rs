//! Records of one machine, arranged as a reader looks at them: families of workloads, in each workload the
//! thread counts, in each of these the engines from the fastest to the slowest.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Kind;
use crate::engines;
use crate::metric::Metric;
use crate::metrics;
use crate::numbers::stats::{self, Estimate};
use crate::numbers::verdict::Verdict;
use crate::record::Record;
use crate::report::escape;
use crate::workload;

/// The workloads of one family.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) tasks: Vec<Task>,
}

/// One workload with one set of parameters.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) workload: String,
    pub(crate) variant: String,
    /// By thread count, ascending; never empty.
    pub(crate) groups: Vec<Group>,
}

impl Task {
    /// `latency/ping (gap=2ms)`.
    pub(crate) fn title(&self) -> String {
        match self.variant.as_str() {
            "" => self.workload.clone(),
            variant => format!("{} ({variant})", self.workload),
        }
    }

    /// `latency/ping:gap=2ms`, as the command line names it.
    pub(crate) fn name(&self) -> String {
        match self.variant.as_str() {
            "" => self.workload.clone(),
            variant => format!("{}:{variant}", self.workload),
        }
    }

    /// The name of its place in a page.
    pub(crate) fn anchor(&self) -> String {
        format!("w-{}", escape::slug(&self.name()))
    }

    pub(crate) fn family(&self) -> &str {
        self.workload.split('/').next().unwrap_or_default()
    }

    /// Whether this is the workload, or the `workload:variant`, that is asked for.
    pub(crate) fn answers_to(&self, wanted: &str) -> bool {
        match wanted.split_once(':') {
            Some((workload, variant)) => self.workload == workload && self.variant == variant,
            None => self.workload == wanted,
        }
    }

    /// The group with the most threads.
    pub(crate) fn top(&self) -> &Group {
        self.groups.last().expect("a task is made of at least one record, which has a thread count")
    }
}

/// The engines that were measured together: one workload, one thread count.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) threads: usize,
    /// Measured ones from the fastest to the slowest, by paired ratios where there are such, then failures, then what cannot be done.
    pub(crate) entries: Vec<Entry>,
    /// How much an engine differed from itself.
    pub(crate) noise: Option<Estimate>,
    /// The best of ours against the best peer, paired; `None` where that was not recorded.
    pub(crate) to_peer: Option<ToPeer>,
}

/// The best of ours against the best peer.
#[derive(Debug)]
pub(crate) struct ToPeer {
    pub(crate) ours: String,
    pub(crate) peer: String,
    pub(crate) ratio: Estimate,
    pub(crate) blocks: usize,
}

/// What came of one engine.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) engine: String,
    pub(crate) version: String,
    pub(crate) kind: Kind,
    pub(crate) outcome: Outcome,
    /// All of its records in the group.
    pub(crate) records: Vec<Record>,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Measured(Box<Measured>),
    Failed(String),
    Unsupported(String),
}

/// The numbers of one engine in one group. Times are in nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) time: Estimate,
    /// Whether there is one sample only. Then it is not known how far the next would have been from it: it has no interval and
    /// no rank, and no verdict is made of it.
    pub(crate) is_single: bool,
    pub(crate) spread: Option<Estimate>,
    /// To the fastest pool of the group.
    pub(crate) ratio: Estimate,
    /// 1 is the fastest. Engines that cannot be told apart share a rank. `None` for what is no pool, and for one sample.
    pub(crate) rank: Option<usize>,
    /// Whether another engine has the same rank.
    pub(crate) tied: bool,
    /// What is known of it against the fastest pool; that one is equal to itself.
    pub(crate) verdict: Verdict,
    /// The two values around which its times gather, if there are two.
    pub(crate) modes: Option<Estimate>,
    /// The share of its samples that the machine disturbed.
    pub(crate) disturbed: Option<f64>,
    /// What the columns of other metrics show.
    pub(crate) columns: Vec<(&'static Metric, f64)>,
    /// What the number does not show.
    pub(crate) note: String,
}

impl Measured {
    /// What the column of this metric shows.
    pub(crate) fn column(&self, wanted: &Metric) -> Option<f64> {
        self.columns.iter().find(|(metric, _)| *metric == wanted).map(|(_, value)| *value)
    }
}

impl Group {
    /// The engines that were measured, fastest first.
    pub(crate) fn measured(&self) -> impl Iterator<Item = (&Entry, &Measured)> {
        self.entries.iter().filter_map(|entry| Some((entry, entry.measured()?)))
    }

    /// The pools that were measured, fastest first.
    pub(crate) fn pools(&self) -> impl Iterator<Item = (&Entry, &Measured)> {
        self.measured().filter(|(entry, _)| entry.kind.takes_rank())
    }

    /// The fastest pool of a side: the one that was compared with the best of the other side, where that was recorded.
    pub(crate) fn best(&self, side: Kind) -> Option<(&Entry, &Measured)> {
        let compared = self.to_peer.as_ref().and_then(|to_peer| match side {
            Kind::Ours => Some(&to_peer.ours),
            Kind::Peer => Some(&to_peer.peer),
            _ => None,
        });
        let compared = self.pools().find(|(entry, _)| Some(&entry.engine) == compared);
        compared.or_else(|| self.pools().find(|(entry, _)| entry.kind.side() == side))
    }

    pub(crate) fn entry(&self, engine: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.engine == engine)
    }
}

impl Entry {
    /// What was recorded of this metric.
    pub(crate) fn record(&self, wanted: &Metric) -> Option<&Record> {
        self.records.iter().find(|record| record.metric == wanted)
    }

    pub(crate) fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            _ => None,
        }
    }
}

/// `a / b` of two ratios to the same reference, with the widest interval that they allow. When one of them
/// is the reference itself, nothing is added to the other's interval.
pub(crate) fn quotient(a: Estimate, b: Estimate) -> Estimate {
    Estimate { median: a.median / b.median, low: a.low / b.high, high: a.high / b.low }
}

/// Whether neither of two engines, measured in several blocks, is known to be the faster one.
fn shares_a_place(a: Estimate, b: Estimate) -> bool {
    !matches!(Verdict::of(quotient(a, b), SEVERAL), Verdict::Faster | Verdict::Slower)
}

/// Those that were measured in one block have no place.
const SEVERAL: usize = 2;

/// A group's records, by engine.
type ByEngine<'r> = BTreeMap<&'r str, Vec<&'r Record>>;

/// Arranges the records of one machine. Within a family workloads come by name and variant.
pub(crate) fn arrange(records: &[Record]) -> Vec<Family> {
    let mut by_task: BTreeMap<(&str, &str, &str, usize), ByEngine> = BTreeMap::new();
    for record in records {
        let key = (record.family(), record.workload.as_str(), record.variant.as_str(), record.threads);
        by_task.entry(key).or_default().entry(&record.engine).or_default().push(record);
    }
    let mut families: BTreeMap<&str, Vec<Task>> = BTreeMap::new();
    for ((family, workload, variant, threads), by_engine) in by_task {
        let group = group(threads, &by_engine);
        let tasks = families.entry(family).or_default();
        match tasks.iter_mut().find(|task| task.workload == workload && task.variant == variant) {
            Some(task) => task.groups.push(group),
            None => tasks.push(Task {
                workload: workload.to_owned(),
                variant: variant.to_owned(),
                groups: vec![group],
            }),
        }
    }
    let mut families: Vec<Family> =
        families.into_iter().map(|(name, tasks)| Family { name: name.to_owned(), tasks }).collect();
    // The sort is stable: unknown ones follow by name.
    families.sort_by_key(|family| workload::Family::position(&family.name));
    families
}

/// The noise record that is furthest from 1.
fn worst_noise<'r>(records: impl Iterator<Item = &'r Record>) -> Option<Estimate> {
    records
        .filter(|record| record.metric == &metrics::NOISE && record.low > 0.0)
        .map(Record::estimate)
        .max_by(|a, b| stats::noise_factor(*a).total_cmp(&stats::noise_factor(*b)))
}

fn group(threads: usize, by_engine: &ByEngine) -> Group {
    let noise = worst_noise(by_engine.values().flatten().copied());
    let mut entries: Vec<Entry> = by_engine.iter().map(|(engine, records)| entry(engine, records)).collect();
    let paired = paired_ratios(by_engine, &entries);
    let class = |entry: &Entry| match &entry.outcome {
        // Times of different blocks are not comparable, paired ratios are.
        Outcome::Measured(m) => (0, paired.get(entry.engine.as_str()).unwrap_or(&m.time).median),
        Outcome::Failed(_) => (1, 0.0),
        Outcome::Unsupported(_) => (2, 0.0),
    };
    entries.sort_by(|a, b| {
        let ((a, time_a), (b, time_b)) = (class(a), class(b));
        a.cmp(&b).then(time_a.total_cmp(&time_b))
    });
    relate(&mut entries, &paired);
    rank(&mut entries);
    let to_peer = by_engine.values().flatten().find(|record| record.metric == &metrics::TO_PEER);
    let to_peer = to_peer.map(|record| ToPeer {
        ours: record.engine.clone(),
        peer: record.note.clone(),
        ratio: record.estimate(),
        blocks: record.samples,
    });
    Group { threads, entries, noise, to_peer }
}

fn entry(engine: &str, records: &[&Record]) -> Entry {
    let find = |metric: &Metric| records.iter().find(|record| record.metric == metric);
    let columns =
        metrics::columns().filter_map(|(metric, column)| Some((metric, find(metric)?.shown_by(&column))));
    let time =
        find(&metrics::TIME_PER_OP).or_else(|| find(&metrics::LATENCY_P50)).filter(|time| time.median > 0.0);
    let outcome = match (find(&metrics::ERROR), find(&metrics::UNSUPPORTED), time) {
        (Some(error), ..) => Outcome::Failed(error.note.clone()),
        (None, None, Some(time)) => Outcome::Measured(Box::new(Measured {
            time: time.estimate(),
            is_single: time.samples == 1,
            spread: find(&metrics::SPREAD).filter(|_| time.samples > 1).map(|record| record.estimate()),
            ratio: Estimate::exact(1.0),
            rank: None,
            tied: false,
            verdict: if time.samples == 1 { Verdict::Single } else { Verdict::Undecided },
            modes: find(&metrics::MODES).map(|record| record.estimate()),
            disturbed: find(&metrics::DISTURBED).map(|record| record.median),
            columns: columns.collect(),
            note: time.note.clone(),
        })),
        (None, Some(unsupported), _) => Outcome::Unsupported(unsupported.note.clone()),
        (None, None, None) => Outcome::Failed("no time was recorded".to_owned()),
    };
    let version = records.first().map(|record| record.version.clone()).unwrap_or_default();
    let records = records.iter().map(|record| (*record).clone()).collect();
    Entry { engine: engine.to_owned(), version, kind: engines::kind_of(engine), outcome, records }
}

/// Gives every measured entry its ratio to the fastest pool.
///
/// The records hold ratios paired round by round to the fastest *engine*. Where that is no pool but the
/// yardstick, the ratios are divided by the fastest pool's. Where paired ratios to one common reference
/// are missing, the ratio comes from the times themselves, with the wider interval that this costs.
fn relate(entries: &mut [Entry], paired: &BTreeMap<&str, Estimate>) {
    let value = |entry: &Entry| {
        let time = entry.measured()?.time;
        Some(paired.get(entry.engine.as_str()).copied().unwrap_or(time))
    };
    let is_pool = |entry: &&Entry| entry.kind.takes_rank() && entry.measured().is_some();
    let is_known = |entry: &&Entry| is_pool(entry) && entry.measured().is_some_and(|m| !m.is_single);
    let fastest = entries.iter().find(is_known).or(entries.iter().find(is_pool)).or(entries.first());
    let Some((best, name)) = fastest.and_then(|entry| Some((value(entry)?, entry.engine.clone()))) else {
        return;
    };
    for entry in entries {
        let Some(value) = value(entry) else { continue };
        let ratio = if entry.engine == name { Estimate::exact(1.0) } else { quotient(value, best) };
        if let Outcome::Measured(measured) = &mut entry.outcome {
            measured.ratio = ratio;
            measured.verdict = Verdict::of(ratio, if measured.is_single { 1 } else { SEVERAL });
        }
    }
}

/// The paired ratios of a group, by engine; none when they do not all have the same reference, or one that was measured has none.
fn paired_ratios<'r>(by_engine: &ByEngine<'r>, entries: &[Entry]) -> BTreeMap<&'r str, Estimate> {
    let relative = || by_engine.values().flatten().filter(|r| r.metric == &metrics::RELATIVE && r.low > 0.0);
    let references: BTreeSet<&str> = relative().map(|record| record.note.as_str()).collect();
    if references.len() != 1 {
        return BTreeMap::new();
    }
    let paired: BTreeMap<&str, Estimate> =
        relative().map(|record| (record.engine.as_str(), record.estimate())).collect();
    let mut measured = entries.iter().filter(|entry| entry.measured().is_some());
    if measured.all(|entry| paired.contains_key(entry.engine.as_str())) { paired } else { BTreeMap::new() }
}

/// Gives ranks to pools that are sorted by time.
fn rank(entries: &mut [Entry]) {
    let pools: Vec<(usize, Estimate)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.kind.takes_rank())
        .filter_map(|(i, entry)| Some((i, entry.measured().filter(|measured| !measured.is_single)?.ratio)))
        .collect();
    let ratios: Vec<Estimate> = pools.iter().map(|(_, ratio)| *ratio).collect();
    for ((i, _), place) in pools.iter().zip(places(&ratios, shares_a_place)) {
        if let Outcome::Measured(measured) = &mut entries[*i].outcome {
            (measured.rank, measured.tied) = (Some(place.rank), place.tied);
        }
    }
}

/// A place in an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) rank: usize,
    pub(crate) tied: bool,
}

/// The places of ascending ratios, as in a race: 1, 1, 3. Everyone who cannot be told from the first of a group
/// shares the place of that first; being close to each other is not passed on from one to the next.
pub(crate) fn places<R: Copy>(ratios: &[R], is_shared: impl Fn(R, R) -> bool) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(ratios.len());
    let mut first = 0;
    for (i, ratio) in ratios.iter().enumerate() {
        let tied = i > first && is_shared(*ratio, ratios[first]);
        if tied {
            places[first].tied = true;
        } else {
            first = i;
        }
        places.push(Place { rank: first + 1, tied });
    }
    places
}

#[cfg(test)]
mod tests;
