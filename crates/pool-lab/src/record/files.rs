//! Records on disk: one CSV file an engine, or JSON lines.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use csv::DeserializeErrorKind as Kind;

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
/// A file that exists is replaced, and so are all or none of them. Two engines whose [`file_name`] is the same share a file, so nothing is lost.
///
/// # Errors
///
/// [`RecordError::Io`] when the folder or a file cannot be written.
pub fn write_by_engine(folder: &Path, records: &[Record]) -> Result<Vec<PathBuf>, RecordError> {
    fs::create_dir_all(folder).map_err(RecordError::io(folder))?;
    let files = by_engine(folder, records)?;
    disk::replace_all(&files).map_err(|(path, error)| RecordError::io(&path)(error))?;
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// The files that [`write_by_engine`] writes, and what is to be in each.
pub(super) fn by_engine(folder: &Path, records: &[Record]) -> Result<Vec<(PathBuf, Vec<u8>)>, RecordError> {
    let mut files: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        files.entry(file_name(&record.engine)).or_default().push(record);
    }
    let file = |(name, records): (String, Vec<&Record>)| {
        let path = folder.join(name);
        let text = csv_text(&path, records)?;
        Ok((path, text))
    };
    files.into_iter().map(file).collect()
}

/// Writes records as CSV with a header line, replacing the file: a reader sees the old records or the new ones.
///
/// # Errors
///
/// [`RecordError::Io`] when the file cannot be written.
pub fn write_csv<'a>(path: &Path, records: impl IntoIterator<Item = &'a Record>) -> Result<(), RecordError> {
    let text = csv_text(path, records)?;
    disk::replace(path, text).map_err(RecordError::io(path))
}

fn csv_text<'a>(path: &Path, records: impl IntoIterator<Item = &'a Record>) -> Result<Vec<u8>, RecordError> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let header = writer.write_record(Record::COLUMNS);
    let rows = records.into_iter().try_for_each(|record| writer.serialize(record));
    header.and(rows).map_err(|error| RecordError::io(path)(io::Error::other(error)))?;
    writer.into_inner().map_err(|error| RecordError::io(path)(error.into_error()))
}

/// Reads a CSV file of records. Columns are found by name, so their order does not matter.
///
/// # Errors
///
/// [`RecordError::Io`] when the file cannot be read; [`RecordError::CutShort`] when it has no record, or its last line has no end; [`RecordError::Malformed`], with file and line, when another line is not a record: a column is missing, a
/// number does not parse, is not finite or is negative, a metric is unknown, or `low <= median <= high` does not hold.
pub fn read_csv(path: &Path) -> Result<Vec<Record>, RecordError> {
    let text = fs::read(path).map_err(RecordError::io(path))?;
    let last = text.iter().filter(|byte| **byte == b'\n').count() as u64;
    // Quotes come in pairs, so that one too many is open.
    let quotes = text.iter().filter(|byte| **byte == b'"').count();
    if !text.ends_with(b"\n") || quotes % 2 == 1 {
        return Err(RecordError::CutShort { path: path.to_owned(), line: last + 1 });
    }
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader
        .headers()
        .map_err(|error| csv_error(path, 1, &csv::StringRecord::new(), &csv::StringRecord::new(), &error))?
        .clone();
    if let Some(column) = REQUIRED.iter().find(|column| !header.iter().any(|known| known == **column)) {
        let reason = format!("the column `{column}` is missing; remove the file, and measure again");
        return Err(RecordError::malformed(path, 1, reason));
    }
    let mut row = csv::StringRecord::new();
    let mut records = Vec::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) if records.is_empty() => {
                return Err(RecordError::CutShort { path: path.to_owned(), line: last });
            }
            Ok(false) => return Ok(records),
            Err(error) => return Err(csv_error(path, line, &header, &row, &error)),
        }
        let line = row.position().map_or(line, csv::Position::line);
        if row == header {
            return Err(RecordError::malformed(path, line, TWICE));
        }
        let record =
            row.deserialize(Some(&header)).map_err(|error| csv_error(path, line, &header, &row, &error))?;
        records.push(checked(record, path, line)?);
    }
}

/// Without the others a record has their defaults.
const REQUIRED: [&str; 10] =
    ["workload", "engine", "version", "threads", "metric", "unit", "median", "low", "high", "samples"];

const TWICE: &str = "here is the header again; remove this line";

const NO_RECORDS: &str = "there are no records in this file";

/// Reads JSON lines, as `measure --json` prints them. Empty lines are skipped.
///
/// # Errors
///
/// As [`read_csv`].
pub fn read_json_lines(path: &Path) -> Result<Vec<Record>, RecordError> {
    let text = fs::read_to_string(path).map_err(RecordError::io(path))?;
    let parse = |(line, text): (u64, &str)| {
        let record = serde_json::from_str(text).map_err(RecordError::json(path, line))?;
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

fn csv_error(
    path: &Path,
    line: u64,
    header: &csv::StringRecord,
    row: &csv::StringRecord,
    error: &csv::Error,
) -> RecordError {
    let line = error.position().map_or(line, csv::Position::line);
    let err = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err,
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let reason = format!(
                "here are {len} fields, and {expected_len} columns; remove the file, and measure again"
            );
            return RecordError::malformed(path, line, reason);
        }
        _ => return RecordError::malformed(path, line, error),
    };
    // The outer text repeats the position, which is in our error already, and counts columns instead of
    // naming them.
    let at = |fields: &csv::StringRecord| Some(fields.get(err.field()? as usize)?.to_owned());
    let reason = match (at(header), at(row), err.kind()) {
        (Some(column), Some(value), Kind::ParseFloat(_)) => {
            format!("{column} must be a number, not `{value}`")
        }
        (Some(column), Some(value), Kind::ParseInt(_)) => {
            format!("{column} must be a whole number, not `{value}`")
        }
        (Some(column), _, kind) => format!("{column}: {kind}"),
        (None, _, kind) => kind.to_string(),
    };
    RecordError::malformed(path, line, reason)
}
