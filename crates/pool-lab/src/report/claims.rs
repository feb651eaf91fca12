//! The claims that everyone repeats, as far as they were measured.

use crate::claim::{Found, written};
use crate::claims::{self, Answer};
use crate::record::Record;
use crate::report::table::{Cell, Table};

/// The title of the section.
pub(crate) const TITLE: &str = "What everyone repeats";

/// What the figures of the section are.
pub(crate) const ABOUT: &str = "Each claim is an experiment of `pool-lab claims`, with checked answers; the sentences come from the records.";

/// What these records say of claims.
pub(crate) fn answers(records: &[Record]) -> Vec<Answer<'_>> {
    claims::answers(records)
}

/// The records that are no claim's.
pub(crate) fn all_others(records: &[Record]) -> Vec<Record> {
    records.iter().filter(|record| !claims::is_of_claim(record)).cloned().collect()
}

/// A line a claim.
pub(crate) fn sentences(answers: &[Answer]) -> Table {
    let mut table = Table::new().text("claim").text("what is said").text("what was measured here");
    for answer in answers {
        table.row([answer.claim.name, answer.claim.says, &answer.sentence].map(Cell::new));
    }
    table
}

/// The figures of one claim: a line a subject, a column a figure.
pub(crate) fn figures(found: &Found) -> Table {
    let (mut subjects, mut columns) = (Vec::new(), Vec::new());
    for record in found.records() {
        let add = |names: &mut Vec<String>, name: &String| {
            if !names.contains(name) {
                names.push(name.clone());
            }
        };
        add(&mut subjects, &record.engine);
        add(&mut columns, &record.variant);
    }
    let mut table = Table::new().text("of");
    for column in &columns {
        table = table.number(column);
    }
    for subject in &subjects {
        let cell = |column: &String| {
            let is_it = |record: &&&Record| record.engine == *subject && record.variant == *column;
            match found.records().iter().find(is_it) {
                Some(record) => Cell::number(written(record), record.median),
                None => Cell::absent("-"),
            }
        };
        table.row(std::iter::once(Cell::new(subject)).chain(columns.iter().map(cell)));
    }
    table
}
