//! `progress.json`: how far a run is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{PROGRESS, ResultsError};
use super::running::LastWords;

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

    /// What the folder says; `None` when it says nothing, or what another version of this program has written.
    ///
    /// # Errors
    ///
    /// [`ResultsError`] when the file cannot be read, or is no JSON.
    pub(super) fn read(folder: &Path) -> Result<Option<Progress>, ResultsError> {
        let path = folder.join(PROGRESS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ResultsError::io(&path)(error)),
        };
        match serde_json::from_str(&text) {
            Ok(progress) => Ok(Some(progress)),
            Err(error) if error.is_data() => Ok(None),
            Err(error) => Err(ResultsError::json(&path)(error)),
        }
    }

    /// The file that says it, and what is to be in it.
    pub(super) fn file(&self, folder: &Path) -> Result<(PathBuf, Vec<u8>), ResultsError> {
        let path = folder.join(PROGRESS);
        let json = serde_json::to_string_pretty(self).map_err(ResultsError::json(&path))?;
        Ok((path, (json + "\n").into_bytes()))
    }
}
