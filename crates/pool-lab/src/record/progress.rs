//! `progress.json`: how far a run is.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub(super) const PROGRESS: &str = "progress.json";

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The program that measures, as [`this_program`] tells it from others.
    pub(super) program: String,
    /// How many groups the run has.
    pub(super) planned: usize,
    /// What the groups that are complete took.
    pub(super) seconds: f64,
    /// The groups that are complete, each with all that matters of how it was measured.
    pub(super) done: BTreeSet<String>,
}

impl Progress {
    /// What the folder says; `None` when it says nothing, or nothing that this program understands.
    pub(super) fn read(folder: &Path) -> Option<Progress> {
        serde_json::from_str(&fs::read_to_string(folder.join(PROGRESS)).ok()?).ok()
    }
}

/// What tells this program from others, and from the same built anew: its size, and when it was written.
pub(super) fn this_program() -> String {
    let describe = || {
        let metadata = fs::metadata(std::env::current_exe()?)?;
        let written = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).map_err(io::Error::other)?;
        Ok::<_, io::Error>(format!("{} bytes, written at {}", metadata.len(), written.as_nanos()))
    };
    // A program that cannot be told from others is the same as none.
    describe().unwrap_or_else(|_| format!("process {}", std::process::id()))
}
