//! The claims that everyone repeats, one file for each, and their table.
//!
//! To add one: a file here with a `CLAIM`, and a line in the table.

use crate::claim::{Claim, FAMILY, Found};
use crate::record::Record;

macro_rules! table {
    ($(mod $file:ident;)+) => {
        $(mod $file;)+

        /// All claims.
        pub static ALL: &[&Claim] = &[$(&$file::CLAIM),+];
    };
}

table! {
    mod thread_cost;
    mod thread_memory;
    mod too_many_threads;
    mod too_few_threads;
    mod twice_the_cores;
    mod unbounded_queue;
    mod lock_while_running;
    mod pool_per_request;
    mod tasks_or_threads;
    mod languages;
}

/// What is said, what the records say, and the records.
#[derive(Debug)]
pub struct Answer<'r> {
    /// The claim.
    pub claim: &'static Claim,
    /// The sentence.
    pub sentence: String,
    /// What it is made of.
    pub found: Found<'r>,
}

/// The claims that these records answer.
pub fn answers(records: &[Record]) -> Vec<Answer<'_>> {
    let answer = |claim: &&'static Claim| {
        let found = Found::of(claim, records);
        Some(Answer { claim, sentence: (claim.sentence)(&found)?, found })
    };
    ALL.iter().filter_map(answer).collect()
}

/// The claim of this name.
pub fn find(name: &str) -> Option<&'static Claim> {
    ALL.iter().copied().find(|claim| claim.name == name)
}

/// The names of all claims, in a list.
pub fn names() -> String {
    ALL.iter().map(|claim| claim.name).collect::<Vec<_>>().join(", ")
}

/// Whether it is the record of a claim.
pub fn is_of_claim(record: &Record) -> bool {
    record.workload.starts_with(FAMILY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Figures;

    #[test]
    fn every_claim_can_be_measured_and_gives_a_sentence() {
        for claim in ALL {
            let mut figures = Figures::new(claim.name, true);
            (claim.measure)(&mut figures).unwrap_or_else(|error| panic!("{}: {error}", claim.name));
            assert!(figures.records.iter().all(|record| record.defect().is_none()), "{}", claim.name);
            let all = answers(&figures.records);
            let [answer] = &all[..] else { panic!("{}: {:?}", claim.name, figures.records) };
            assert!(answer.sentence.ends_with('.') && answer.sentence.len() > 40, "{}", answer.sentence);
            assert!(std::ptr::eq(find(claim.name).unwrap(), *claim));
        }
        assert!(answers(&[]).is_empty());
    }
}
