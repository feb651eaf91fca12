//! `pool-lab diff`: the old and the new, as two folders of records or as two programs.

mod arguments;
mod line;
mod programs;

use std::io::{self, Write};
use std::process::ExitCode;

use self::line::{Line, Verdict};
use super::compare::{load, place, times};
use super::error::CliError;
use super::show::TerminalTable;
use crate::metrics;
use crate::numbers::stats::{self, Estimate};
use crate::numbers::units;
use crate::record::Record;
use crate::system::terminal;

pub(super) use self::arguments::Diff;

/// Compares, and prints a line for each engine and workload that both have. The exit code is 1 when any is slower beyond noise.
pub(super) fn run(arguments: &Diff) -> Result<ExitCode, CliError> {
    let Diff { old, new, .. } = arguments;
    if let Some(option) = arguments.for_programs().filter(|_| old.is_dir() && new.is_dir()) {
        return Err(CliError::ForPrograms { option });
    }
    let lines = match (old.is_dir(), new.is_dir()) {
        (true, true) => records(&load(old)?.records, &load(new)?.records),
        (false, false) if old.is_file() && new.is_file() => programs::compare(arguments)?,
        _ => return Err(CliError::Unlike { old: old.clone(), new: new.clone() }),
    };
    if lines.is_empty() {
        return Err(CliError::NothingInCommon { old: old.clone(), new: new.clone() });
    }
    let mut table = TerminalTable::new(2, &["workload", "engine", "new / old", "95 % interval", ""]);
    for Line { place, engine, ratio, verdict } in &lines {
        let interval = format!("{} - {}", units::ratio(ratio.low), units::ratio(ratio.high));
        table.row([
            place.clone(),
            engine.clone(),
            units::ratio(ratio.median),
            interval,
            verdict.name().to_owned(),
        ]);
    }
    io::stdout().write_all(table.render(terminal::width()).as_bytes())?;
    let is_slower = lines.iter().any(|line| line.verdict == Verdict::Slower);
    Ok(if is_slower { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Two runs were not interleaved: the interval of the ratio spans all that both intervals allow, and each run's noise counts.
fn records(old: &[Record], new: &[Record]) -> Vec<Line> {
    let line = |before: &Record| {
        let after = times(new).find(|after| after.is_of_same_subject(before))?;
        let ratio = Estimate {
            median: after.median / before.median,
            low: after.low / before.high,
            high: after.high / before.low,
        };
        let samples = before.samples.min(after.samples);
        let noise = wider(noise_of(old, before), noise_of(new, before));
        let verdict = Verdict::of(ratio, noise, samples);
        Some(Line { place: place(before), engine: before.engine.clone(), ratio, verdict })
    };
    times(old).filter_map(line).collect()
}

/// The noise of the group that a record was measured in.
fn noise_of(records: &[Record], of: &Record) -> Option<Estimate> {
    let noise = records.iter().find(|noise| noise.metric == &metrics::NOISE && place(noise) == place(of));
    noise.map(Record::estimate)
}

fn wider(a: Option<Estimate>, b: Option<Estimate>) -> Option<Estimate> {
    let factor = |noise: &Estimate| stats::noise_factor(*noise);
    a.into_iter().chain(b).max_by(|a, b| factor(a).total_cmp(&factor(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Subject;

    fn time(engine: &str, ns: f64, samples: usize) -> Record {
        let subject = Subject::new("spawn/external", "", engine, "1", 2);
        let estimate = Estimate { median: ns, low: 0.99 * ns, high: 1.01 * ns };
        subject.record(&metrics::TIME_PER_OP, estimate, samples)
    }

    #[test]
    fn what_is_beyond_noise_is_told_from_what_is_not() {
        let old = [time("a", 100.0, 15), time("b", 100.0, 15), time("c", 100.0, 15), time("d", 100.0, 1)];
        let new = [time("a", 130.0, 15), time("b", 105.0, 15), time("c", 70.0, 15), time("d", 900.0, 1)];
        let verdicts: Vec<Verdict> = records(&old, &new).iter().map(|line| line.verdict).collect();
        assert_eq!(verdicts, [Verdict::Slower, Verdict::WithinNoise, Verdict::Faster, Verdict::OneSample]);
    }
}
