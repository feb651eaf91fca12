//! The tables that both reports show.

use std::collections::BTreeSet;

use crate::command::command_of;
use crate::engine::{Engine, Kind};
use crate::metric::{Column, Metric};
use crate::metrics;
use crate::numbers::stats::Estimate;
use crate::numbers::units;
use crate::numbers::verdict as numbers;
use crate::record::machine::Machine;
use crate::report::model::{Entry, Family, Group, Measured, Outcome, Task};
use crate::report::prose::{self, Verdict};
use crate::report::ranking::{Ranking, Standing};
use crate::report::situations::Advice;
use crate::report::table::{Cell, Table, Tone};

fn engine_cell(name: &str, kind: Kind) -> Cell {
    Cell::new(name).toned(if kind == Kind::Ours { Tone::Ours } else { Tone::Plain })
}

fn ratio_cell(ratio: f64) -> Cell {
    Cell::number(units::ratio(ratio), ratio)
}

/// One line a workload: who is fastest, and how the best of ours does against the best peer.
pub(crate) fn headline(families: &[Family]) -> Table {
    let mut table = Table::new()
        .text("workload")
        .number("threads")
        .text("fastest pool")
        .text("best of ours")
        .text("best peer")
        .text("ours against peer");
    for task in families.iter().flat_map(|family| &family.tasks) {
        let group = task.top();
        let verdict = Verdict::of(group);
        table.row([
            Cell::new(task.title()),
            Cell::number(group.threads.to_string(), group.threads as f64),
            Cell::new(prose::first_places(group)),
            side(group, Kind::Ours),
            side(group, Kind::Peer),
            verdict_cell(&verdict),
        ]);
    }
    table
}

fn side(group: &Group, kind: Kind) -> Cell {
    match group.best(kind) {
        Some((entry, measured)) => {
            Cell::number(format!("{} {}", entry.engine, time(measured)), measured.time.median)
        }
        None => Cell::absent("none can"),
    }
}

fn verdict_cell(verdict: &Verdict) -> Cell {
    match *verdict {
        Verdict::Ahead(factor) => {
            Cell::number(format!("{} faster", units::ratio(factor)), factor).toned(Tone::Strong)
        }
        Verdict::Behind(factor) => Cell::number(format!("{} slower", units::ratio(factor)), 1.0 / factor),
        Verdict::Equal => Cell::number("equal", 1.0),
        Verdict::Undecided => Cell::absent("undecided"),
        Verdict::Alone => Cell::absent("-"),
        Verdict::Unknown => Cell::absent("n=1"),
    }
}

/// One line a situation: the pool to take.
pub(crate) fn situations(all: &[Advice]) -> Table {
    let mut table = Table::new()
        .text("for")
        .text("take")
        .text("best of the other side")
        .text("against it")
        .text("cost")
        .text("evidence");
    for advice in all {
        // The first variant stands for all.
        let mut seen = BTreeSet::new();
        let first = advice.evidence.iter().filter(|task| seen.insert(&task.workload));
        let links: Vec<(String, String)> = first.map(|task| (task.workload.clone(), task.anchor())).collect();
        let names: Vec<&str> = links.iter().map(|(workload, _)| workload.as_str()).collect();
        table.row([
            Cell::new(advice.job).toned(Tone::Strong),
            Cell::new(advice.take()).toned(Tone::Ours),
            Cell::new(advice.by()),
            Cell::new(advice.sure()),
            Cell::new(advice.cost()),
            Cell { links: links.clone(), ..Cell::new(names.join(", ")) },
        ]);
    }
    table
}

/// Ours against the best peer, a line a workload, a column a machine.
pub(crate) fn by_machine<'m>(machines: impl Iterator<Item = (String, &'m Vec<Family>)>) -> Table {
    let (names, families): (Vec<String>, Vec<&Vec<Family>>) = machines.unzip();
    let mut table = names.into_iter().fold(Table::new().text("workload"), Table::number);
    let mut seen = BTreeSet::new();
    let tasks = || families.iter().map(|families| families.iter().flat_map(|family| &family.tasks));
    for task in tasks().flatten().filter(|task| seen.insert(task.name())) {
        let cells = tasks().map(|mut tasks| match tasks.find(|other| other.name() == task.name()) {
            Some(task) => verdict_cell(&Verdict::of(task.top())),
            None => Cell::absent("not measured"),
        });
        table.row(std::iter::once(Cell::new(task.title())).chain(cells));
    }
    table
}

/// What matters most of one group.
pub(crate) fn brief(group: &Group, operation: &str) -> Table {
    let mut table =
        Table::new().text("engine").number(format!("time per {operation}")).number("ratio").text("verdict");
    for entry in &group.entries {
        let engine = engine_cell(&entry.engine, entry.kind);
        table.row(match &entry.outcome {
            Outcome::Measured(measured) => {
                let time = Cell::number(units::time(measured.time.median), measured.time.median);
                let is_best = entry.kind.takes_rank() && measured.ratio == Estimate::exact(1.0);
                let verdict = if is_best && !measured.is_single { "best" } else { measured.verdict.word() };
                [engine, time, ratio_cell(measured.ratio.median), Cell::new(verdict)]
            }
            Outcome::Failed(what) => {
                let what = Cell::new(format!("{what}{}", again(entry))).toned(Tone::Bad);
                [engine, Cell::absent("error"), Cell::absent("-"), what]
            }
            Outcome::Unsupported(_) => continue,
        });
    }
    table
}

/// One line a family.
pub(crate) fn glance(families: &[(&Family, Ranking)]) -> Table {
    let mut table =
        Table::new().text("family").text("what it asks").text("first").text("best of ours").text("best peer");
    for (family, ranking) in families {
        let best = |side| match ranking.standings.iter().find(|s| s.kind.side() == side && s.rank.is_some()) {
            Some(Standing { engine, mean: Some(mean), .. }) => {
                Cell::new(format!("{engine} {}", units::ratio(*mean)))
            }
            _ => Cell::absent("none did all"),
        };
        table.row([
            Cell::new(&family.name),
            Cell::new(prose::family(&family.name)),
            Cell::new(prose::leaders(ranking)).toned(Tone::Strong),
            best(Kind::Ours),
            best(Kind::Peer),
        ]);
    }
    table
}

/// The engines in order.
pub(crate) fn ranking(ranking: &Ranking) -> Table {
    let mut table = Table::new()
        .number("rank")
        .text("engine")
        .text("version")
        .text("kind")
        .number("mean ratio")
        .number("did")
        .number("first in")
        .number("failed in");
    for standing in ranking.standings.iter().filter(|standing| standing.took_part()) {
        let failures = Cell::number(standing.failures.to_string(), standing.failures as f64);
        table.row([
            place_cell(standing.rank, if standing.tied { " (shared)" } else { "" }),
            engine_cell(&standing.engine, standing.kind),
            Cell::new(&standing.version),
            Cell::new(standing.kind.name()),
            standing.mean.map_or_else(|| Cell::absent("n/a"), ratio_cell),
            Cell::number(format!("{} of {}", standing.covered, ranking.workloads), standing.covered as f64),
            Cell::number(standing.wins.to_string(), standing.wins as f64),
            if standing.failures > 0 { failures.toned(Tone::Bad) } else { failures },
        ]);
    }
    table
}

fn place_cell(rank: Option<usize>, how: &str) -> Cell {
    match rank {
        Some(rank) => Cell::number(format!("{rank}{how}"), rank as f64),
        None => Cell::absent("-"),
    }
}

/// Why an engine has the rank that another has.
fn sharing(measured: &Measured) -> &'static str {
    match (measured.tied, measured.rank, measured.verdict) {
        (false, ..) => "",
        (true, Some(1), numbers::Verdict::Equal) => " (equal)",
        (true, Some(1), _) => " (undecided)",
        (true, ..) => " (shared)",
    }
}

/// All numbers of one group. Columns that nobody has a number for are left out.
pub(crate) fn group(group: &Group, operation: &str) -> Table {
    let is_known = |metric| group.measured().any(|(_, measured)| measured.column(metric).is_some());
    let extras: Vec<_> = metrics::columns().filter(|(metric, _)| is_known(metric)).collect();
    let mut table = Table::new()
        .number("rank")
        .text("engine")
        .number(format!("time per {operation}"))
        .number("95 % interval")
        .number("ratio");
    for (_, column) in &extras {
        table = table.number(column.title);
    }
    let has_notes =
        group.entries.iter().any(|entry| entry.measured().is_none_or(|measured| !measured.note.is_empty()));
    if has_notes {
        table = table.text("note");
    }
    for entry in &group.entries {
        let (mut cells, note) = main_cells(entry);
        let is_bought = entry.measured().is_some_and(|measured| is_bought(group, measured));
        let extra = |(metric, column): &(&Metric, Column)| match entry
            .measured()
            .and_then(|measured| measured.column(metric))
        {
            Some(value) if is_bought && **metric == metrics::CPU_PER_OP => {
                Cell::number(format!("{} (bought)", (column.write)(value)), value)
            }
            Some(value) => Cell::number((column.write)(value), value),
            None => Cell::absent("-"),
        };
        cells.extend(extras.iter().map(extra));
        cells.extend(has_notes.then_some(note));
        table.row(cells);
    }
    table
}

/// Whether a latency that is among the better half was bought with processor time: more than twice what the most sparing
/// takes.
fn is_bought(group: &Group, measured: &Measured) -> bool {
    let cpu = |measured: &Measured| measured.column(&metrics::CPU_PER_OP);
    let all = || group.measured().map(|(_, measured)| measured);
    let least = all().filter_map(cpu).fold(f64::INFINITY, f64::min);
    let slower = all().filter(|other| other.time.median > measured.time.median).count();
    measured.column(&metrics::LATENCY_P50).is_some()
        && 2 * slower >= all().count()
        && cpu(measured).is_some_and(|cpu| cpu > 2.0 * least)
}

/// Rank, engine, time, interval and ratio; and the note that explains their absence.
fn main_cells(entry: &Entry) -> (Vec<Cell>, Cell) {
    let engine = engine_cell(&entry.engine, entry.kind);
    let absent = || Cell::absent("-");
    match &entry.outcome {
        Outcome::Measured(measured) => {
            let Estimate { median, low, high } = measured.time;
            let numbers = vec![
                place_cell(measured.rank, sharing(measured)),
                engine,
                Cell::number(time(measured), median),
                if measured.is_single { absent() } else { Cell::number(interval(low, high), low) },
                ratio_cell(measured.ratio.median),
            ];
            (numbers, Cell::new(&measured.note).toned(Tone::Faint))
        }
        Outcome::Failed(what) => {
            let error = Cell { tone: Tone::Bad, ..Cell::absent("error") };
            let note = format!("{what}{}", again(entry));
            (vec![absent(), engine, error, absent(), absent()], Cell::new(note).toned(Tone::Bad))
        }
        Outcome::Unsupported(why) => {
            let unable = Cell::absent("n/a");
            (vec![absent(), engine, unable, absent(), absent()], Cell::new(why).toned(Tone::Faint))
        }
    }
}

/// The command by which one sees for oneself what went wrong.
fn again(entry: &Entry) -> String {
    entry.records.first().map_or_else(String::new, |record| format!("; again: {}", command_of(record)))
}

/// The time, marked if it is one sample's.
fn time(measured: &Measured) -> String {
    let time = units::time(measured.time.median);
    if measured.is_single { format!("{time} (n=1)") } else { time }
}

/// Both ends in the unit of the upper one: `49.9 to 51.3 ns`.
fn interval(low: f64, high: f64) -> String {
    let unit = units::time_unit(high);
    format!("{} to {}", units::three_digits(low / unit.nanoseconds), units::time(high))
}

/// What is known about a machine.
pub(crate) fn machine(machine: &Machine) -> Table {
    let absent = || Cell::absent("absent");
    let text = |text: &Option<String>| text.as_ref().map_or_else(absent, Cell::new);
    let yes_no = |yes: bool| Cell::new(if yes { "yes" } else { "no" });
    let memory = machine
        .memory
        .map(|bytes| format!("{} GiB", units::three_digits(bytes as f64 / (1_u64 << 30) as f64)));
    let revision = match machine.dirty {
        Some(true) => format!("{} and changes on top", machine.revision),
        _ => machine.revision.clone(),
    };
    let mut table = Table::new().text("machine").text(&machine.name);
    let rows = [
        ("processor", text(&machine.cpu)),
        ("architecture", Cell::new(&machine.architecture)),
        ("logical cores", Cell::new(machine.cores.to_string())),
        ("memory", text(&memory)),
        ("virtual machine", machine.virtual_machine.map_or_else(absent, yes_no)),
        ("system", text(&machine.os)),
        ("kernel", text(&machine.kernel)),
        ("rustc", text(&machine.rustc)),
        ("optimised build", yes_no(machine.optimised)),
        ("allocator", Cell::new(&machine.allocator)),
        ("revision", Cell::new(revision)),
        ("measured", Cell::new(&machine.date)),
    ];
    rows.into_iter().for_each(|(name, value)| table.row([Cell::new(name), value]));
    table
}

/// What shows the price of a part of the work without a pool.
pub(crate) fn no_pools<'e>(engines: impl Iterator<Item = &'e Engine>) -> Table {
    let mut table = Table::new().text("engine").text("what it is").text("what it leaves out");
    for engine in engines.filter(|engine| engine.kind == Kind::NoPool) {
        let about = engine.about.strip_prefix("no pool: ").unwrap_or(engine.about);
        table.row([engine.name, about, engine.leaves_out].map(Cell::new));
    }
    table
}

/// Workloads against engines, small enough for a README: times and ratios at the highest thread count.
pub(crate) fn compact(tasks: &[&Task]) -> Table {
    let mut table = Table::new().text("engine");
    for task in tasks {
        table = table.number(task.title());
    }
    for (kind, engine) in engines(tasks) {
        let cells = tasks.iter().map(|task| compact_cell(task.top().entry(&engine)));
        table.row(std::iter::once(engine_cell(&engine, kind)).chain(cells));
    }
    table
}

fn compact_cell(entry: Option<&Entry>) -> Cell {
    match entry.map(|entry| &entry.outcome) {
        Some(Outcome::Measured(measured)) => {
            let mark = if measured.is_single { ", n=1" } else { "" };
            let ratio = units::ratio(measured.ratio.median);
            let text = format!("{} ({ratio}{mark})", units::time(measured.time.median));
            let is_first = measured.rank == Some(1) && !measured.verdict.is_open();
            Cell::number(text, measured.time.median).toned(if is_first { Tone::Strong } else { Tone::Plain })
        }
        Some(Outcome::Failed(_)) => Cell { tone: Tone::Bad, ..Cell::absent("error") },
        Some(Outcome::Unsupported(_)) => Cell::absent("n/a"),
        None => Cell::absent("-"),
    }
}

/// Every engine of these workloads that did at least one: ours, peers, brought ones, baselines, what is no pool.
fn engines(tasks: &[&Task]) -> Vec<(Kind, String)> {
    let measured = tasks.iter().flat_map(|task| task.top().entries.iter());
    let able = measured.filter(|entry| !matches!(entry.outcome, Outcome::Unsupported(_)));
    let mut engines: Vec<(Kind, String)> = able.map(|entry| (entry.kind, entry.engine.clone())).collect();
    engines.sort();
    engines.dedup();
    engines
}

/// One ranking of several machines side by side: the engines' mean ratios, in the order of the first machine.
pub(crate) fn side_by_side(machines: &[(String, Ranking)]) -> Table {
    let mut table = Table::new().text("engine");
    for (name, _) in machines {
        table = table.number(name);
    }
    let mut seen = BTreeSet::new();
    let standings = machines.iter().flat_map(|(_, ranking)| &ranking.standings);
    let engines = standings.filter(|standing| standing.took_part() && seen.insert(&standing.engine));
    for Standing { kind, engine, .. } in engines {
        let cells = machines.iter().map(|(_, ranking)| {
            let standing = ranking.standings.iter().find(|standing| standing.engine == *engine);
            match standing.and_then(|standing| Some((standing, standing.mean?))) {
                Some((standing, mean)) => {
                    let partial = match standing.covered == ranking.workloads {
                        true => String::new(),
                        false => format!(" ({} of {})", standing.covered, ranking.workloads),
                    };
                    let tone = if standing.rank == Some(1) { Tone::Strong } else { Tone::Plain };
                    Cell::number(units::ratio(mean) + &partial, mean).toned(tone)
                }
                None => Cell::absent("n/a"),
            }
        });
        table.row(std::iter::once(engine_cell(engine, *kind)).chain(cells));
    }
    table
}
