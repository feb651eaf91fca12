//! A run in one file, to be sent: a line of JSON that describes the machine, then a line for each record.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Record;
use super::error::{MACHINE, RecordError, ResultsError};
use super::folder::write_run;
use super::machine::Machine;
use super::results::{self, Run};
use crate::names::program;
use crate::system::disk;

/// The version of the form.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    /// Which form the file has.
    pool_lab_run: u32,
    machine: Machine,
}

/// Writes a run into one file.
///
/// # Errors
///
/// [`ResultsError`] when the file cannot be written.
pub fn write(run: &Run, file: &Path) -> Result<(), ResultsError> {
    let head = Head { pool_lab_run: FORM, machine: run.machine.clone() };
    let mut text = serde_json::to_string(&head)
        .map_err(|source| ResultsError::Machine { path: file.to_owned(), source })?;
    for record in &run.records {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n{}", record.to_json());
    }
    disk::replace(file, text + "\n").map_err(ResultsError::io(file))
}

/// Reads what [`write()`] has written.
///
/// # Errors
///
/// [`ResultsError`] when the file cannot be read, or a line is not what it should be; it names the line.
pub fn read(file: &Path) -> Result<(Machine, Vec<Record>), ResultsError> {
    let text = fs::read_to_string(file).map_err(ResultsError::io(file))?;
    let malformed = |line, reason| RecordError::malformed(file, line, reason);
    let mut lines = (1_u64..).zip(text.lines());
    let first = lines.next().map_or("", |(_, line)| line);
    let head: Head = serde_json::from_str(first)
        .map_err(|_| malformed(1, format!("this is no run; `{} pack` writes one", program())))?;
    if head.pool_lab_run != FORM {
        let reason = format!("the form must be {FORM}, not {}; use a newer pool-lab", head.pool_lab_run);
        return Err(malformed(1, reason).into());
    }
    let mut records = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let record: Record = serde_json::from_str(line).map_err(RecordError::json(file, number))?;
        if let Some(defect) = record.defect() {
            return Err(malformed(number, defect).into());
        }
        records.push(record);
    }
    if records.is_empty() {
        return Err(malformed(1, "there is no record below the machine".to_owned()).into());
    }
    Ok((head.machine, records))
}

/// Puts a run beside those in `results`, in a folder of its own, whose name it returns: the machine's, with a number where it
/// is taken. No other run is changed. A run that is there already stays where it is.
///
/// # Errors
///
/// [`ResultsError`] when something cannot be read or written.
pub fn merge(results: &Path, machine: &Machine, records: &[Record]) -> Result<String, ResultsError> {
    let name = machine.clone().named(&machine.name).name;
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let names = std::iter::once(name.clone()).chain(numbered);
    for name in names {
        let folder = results.join(&name);
        if !folder.exists() {
            write_run(&folder, machine, records)?;
            return Ok(name);
        }
        if folder.join(MACHINE).is_file() {
            let there = results::load_run(&folder)?;
            if there.machine == *machine && there.records.len() == records.len() {
                return Ok(name);
            }
        }
    }
    unreachable!("there are more numbers than folders")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;
    use crate::numbers::stats::Estimate;
    use crate::record::Subject;
    use crate::system::scratch::Scratch;

    fn run(folder: &Path) -> Run {
        let machine = Machine::describe(folder).named("box");
        let subject = Subject::new("spawn/external", "", "stealing", "0.1.0", 2);
        let records = vec![subject.record(&metrics::TIME_PER_OP, Estimate::exact(50.0), 15)];
        let (path, folder) = (".".to_owned(), "box".to_owned());
        Run { folder, path, is_reference: false, is_own: false, unfinished: None, machine, records }
    }

    #[test]
    fn a_run_comes_back_and_has_a_folder_of_its_own() {
        let scratch = Scratch::new();
        let (file, results) = (scratch.path().join("run.jsonl"), scratch.path().join("results"));
        let run = run(scratch.path());
        write(&run, &file).unwrap();
        let (machine, records) = read(&file).unwrap();
        assert_eq!((&machine, &records), (&run.machine, &run.records));
        assert_eq!(merge(&results, &machine, &records).unwrap(), "box");
        assert_eq!(merge(&results, &machine, &records).unwrap(), "box", "it is there already");
        let other = Machine { cores: machine.cores + 1, ..machine.clone() };
        assert_eq!(merge(&results, &other, &records).unwrap(), "box-2");
        assert_eq!(results::load_run(&results.join("box")).unwrap().records, records);
    }

    #[test]
    fn a_file_that_is_no_run_is_refused_with_its_line() {
        let scratch = Scratch::new();
        let file = scratch.path().join("run.jsonl");
        write(&run(scratch.path()), &file).unwrap();
        let good = fs::read_to_string(&file).unwrap();
        let cases = [
            (String::new(), ":1: this is no run; `pool-lab pack` writes one"),
            (good.replace("run\":1", "run\":2"), ":1: the form must be 1, not 2"),
            (good.replace("50.0", "-50.0"), ":2: "),
            (good[..good.len() - 9].to_owned(), " is cut short (line 2): make it anew with `pack`"),
            (good.lines().next().unwrap().to_owned(), ":1: there is no record below the machine"),
        ];
        for (text, expected) in cases {
            fs::write(&file, &text).unwrap();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
