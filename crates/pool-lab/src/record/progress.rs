//! `progress.json`: how far a run is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::running::LastWords;

pub(super) const PROGRESS: &str = "progress.json";

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The program that measures, as [`this_program`](super::running::this_program) tells it from others.
    pub(super) program: String,
    /// How many groups the run has.
    pub(super) planned: usize,
    /// What the groups that are complete took.
    pub(super) seconds: f64,
    /// The groups that are complete, each with all that matters of how it was measured.
    pub(super) done: BTreeSet<String>,
    /// The groups in which an engine ended the process, in the same words: the engines, and for each time the signal, or nothing.
    #[serde(default)]
    pub(super) ended: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Progress {
    /// Notes that a process ended while an engine ran.
    pub(super) fn note(&mut self, LastWords { group, engine, signal }: LastWords) {
        self.ended.entry(group).or_default().entry(engine).or_default().push(signal);
    }

    /// Why an engine is not to be tried again in a group: it has crashed, or was running twice when the process ended for a reason
    /// that is not known, such as the end of memory. Once may be chance.
    pub(super) fn known_failure(&self, group: &str, engine: &str) -> Option<String> {
        let ends = self.ended.get(group)?.get(engine)?;
        match ends.iter().find(|signal| !signal.is_empty()) {
            Some(signal) => Some(format!("crashed ({signal}), and the process with it")),
            None => (ends.len() > 1).then(|| format!("the process ended {} times while it ran", ends.len())),
        }
    }

    /// What the folder says; `None` when it says nothing, or nothing that this program understands.
    pub(super) fn read(folder: &Path) -> Option<Progress> {
        serde_json::from_str(&fs::read_to_string(folder.join(PROGRESS)).ok()?).ok()
    }
}
