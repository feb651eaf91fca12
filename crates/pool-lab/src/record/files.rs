//! Records on disk: one CSV file an engine, or JSON lines.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Record;
use super::error::RecordError;
use crate::system::disk;

/// The name of the file that holds an engine's records: its spec with every character that a file system or
/// a shell might mind replaced, and `.csv`.
///
/// ```
/// assert_eq!(pool_lab::record::file_name("bounded:capacity=64"), "bounded_capacity-64.csv");
/// ```
pub fn file_name(engine: &str) -> String {
    let safe = engine.chars().map(|c| match c {
        ':' => '_',
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') => c,
        _ => '-',
    });
    format!("{}.csv", safe.collect::<String>())
}

/// Writes one CSV file an engine into `folder` (which is made if need be), and returns the paths.
///
/// A file that exists is replaced. Two engines whose [`file_name`] is the same share a file, so nothing is lost.
///
/// # Errors
///
/// [`RecordError::Io`] when the folder or a file cannot be written.
pub fn write_by_engine(folder: &Path, records: &[Record]) -> Result<Vec<PathBuf>, RecordError> {
    fs::create_dir_all(folder).map_err(RecordError::io(folder))?;
    let mut files: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        files.entry(file_name(&record.engine)).or_default().push(record);
    }
    let write = |(name, records): (String, Vec<&Record>)| {
        let path = folder.join(name);
        write_csv(&path, records)?;
        Ok(path)
    };
    files.into_iter().map(write).collect()
}

/// Writes records as CSV with a header line, replacing the file: a reader sees the old records or the new ones.
///
/// # Errors
///
/// [`RecordError::Io`] when the file cannot be written.
pub fn write_csv<'a>(path: &Path, records: impl IntoIterator<Item = &'a Record>) -> Result<(), RecordError> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let header = writer.write_record(Record::COLUMNS);
    let rows = records.into_iter().try_for_each(|record| writer.serialize(record));
    header.and(rows).map_err(|error| RecordError::io(path)(io::Error::other(error)))?;
    let text = writer.into_inner().map_err(|error| RecordError::io(path)(error.into_error()))?;
    disk::replace(path, text).map_err(RecordError::io(path))
}

/// Reads a CSV file of records. Columns are found by name, so their order does not matter.
///
/// # Errors
///
/// [`RecordError::Io`] when the file cannot be read; [`RecordError::Malformed`], with file and line, when a
/// line is not a record: a column is missing, a number does not parse, is not finite or is negative, a metric is unknown,
/// or `low <= median <= high` does not hold. A file without any record is malformed, too: it was cut off.
pub fn read_csv(path: &Path) -> Result<Vec<Record>, RecordError> {
    let text = fs::read(path).map_err(RecordError::io(path))?;
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header =
        reader.headers().map_err(|error| csv_error(path, 1, &csv::StringRecord::new(), &error))?.clone();
    let mut row = csv::StringRecord::new();
    let mut records = Vec::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) if records.is_empty() => return Err(RecordError::malformed(path, line, NO_RECORDS)),
            Ok(false) => return Ok(records),
            Err(error) => return Err(csv_error(path, line, &header, &error)),
        }
        let line = row.position().map_or(line, csv::Position::line);
        let record =
            row.deserialize(Some(&header)).map_err(|error| csv_error(path, line, &header, &error))?;
        records.push(checked(record, path, line)?);
    }
}

const NO_RECORDS: &str = "there are no records in this file";

/// Reads JSON lines, as `measure --json` prints them. Empty lines are skipped.
///
/// # Errors
///
/// As [`read_csv`].
pub fn read_json_lines(path: &Path) -> Result<Vec<Record>, RecordError> {
    let text = fs::read_to_string(path).map_err(RecordError::io(path))?;
    let parse = |(line, text): (u64, &str)| {
        let record = serde_json::from_str(text).map_err(|error| RecordError::malformed(path, line, error))?;
        checked(record, path, line)
    };
    let lines = (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
    let records = lines.map(parse).collect::<Result<Vec<_>, _>>()?;
    if records.is_empty() { Err(RecordError::malformed(path, 1, NO_RECORDS)) } else { Ok(records) }
}

fn checked(record: Record, path: &Path, line: u64) -> Result<Record, RecordError> {
    match record.defect() {
        None => Ok(record),
        Some(reason) => Err(RecordError::malformed(path, line, reason)),
    }
}

fn csv_error(path: &Path, line: u64, header: &csv::StringRecord, error: &csv::Error) -> RecordError {
    let line = error.position().map_or(line, csv::Position::line);
    let csv::ErrorKind::Deserialize { err, .. } = error.kind() else {
        return RecordError::malformed(path, line, error);
    };
    // The outer text repeats the position, which is in our error already, and counts columns instead of
    // naming them.
    match err.field().and_then(|index| header.get(index as usize)) {
        Some(column) => RecordError::malformed(path, line, format!("{column}: {}", err.kind())),
        None => RecordError::malformed(path, line, err.kind()),
    }
}
