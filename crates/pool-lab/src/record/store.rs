//! The records of a run while it goes on.
//!
//! Records are written when a group ends, and `progress.json` beside them says which groups are complete, so that a run
//! that was cut off loses the group that it was in and nothing else, and can be gone on with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Record;
use super::error::{RecordError, ResultsError};
use super::files;
use super::folder::{earlier_machine, files_with_extension, machine_file, write_all};
use super::machine::Machine;
use super::progress::Progress;
use super::running::{self, Running, this_program};
use crate::plan::{Group, Pace};
use crate::system::{crash, disk};

/// A folder that a run writes its records into, group by group.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    machine: Machine,
    pace: Pace,
    /// Everything in the files that this run writes to, of earlier runs as well.
    records: Vec<Record>,
    progress: Progress,
    missing: Vec<Group>,
    since: Instant,
    /// Whether what earlier runs have written is yet to be removed.
    is_stale: bool,
    running: Running,
    /// The command that goes on when this process has crashed.
    resume: String,
}

/// What to do with what is in a folder already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// It goes when the first group of this run is complete: the folder has one run at a time.
    Remove,
    /// Records of other engines, workloads and thread counts stay.
    Keep,
    /// Groups that the same program measured in the same way, on the same machine, stay and are not measured again. So do
    /// other records.
    Resume,
}

impl Store {
    /// Makes the folder ready for a run of these groups, and finds out whether it can be written to.
    ///
    /// # Errors
    ///
    /// [`ResultsError`] when the folder cannot be written, has a bad file of records of one of these engines, or
    /// has records of another machine.
    pub fn open(
        folder: &Path,
        machine: &Machine,
        groups: &[Group],
        pace: &Pace,
        earlier: Earlier,
    ) -> Result<Store, ResultsError> {
        disk::check_writable(folder).map_err(ResultsError::io(folder))?;
        let is_stale = earlier == Earlier::Remove;
        let mut machine = machine.clone();
        let mut progress = Progress::default();
        let before = if is_stale { None } else { earlier_machine(folder, &machine)? };
        if let Some(before) = before {
            progress = Progress::read(folder)?.unwrap_or_default();
            if progress.program != this_program() || before.kernel != machine.kernel {
                progress = Progress::default();
            } else if earlier == Earlier::Resume {
                machine = before;
            }
        }
        progress.program = this_program();
        progress.planned = groups.len();
        let last_words = running::last_words(folder);
        if earlier != Earlier::Resume {
            progress.seconds = 0.0;
            for fingerprint in groups.iter().map(|group| fingerprint(group, pace)) {
                progress.done.remove(&fingerprint);
                progress.ended.remove(&fingerprint);
            }
        } else if let Some(last_words) = last_words {
            progress.note(last_words);
            // Should this process end before its first group does, the next one has to know.
            write_all(folder, &[machine_file(folder, &machine)?, progress.file(folder)?])?;
        }
        let records = if is_stale { Vec::new() } else { read(folder, groups)? };
        // A file that was removed takes the groups with it that it had records of.
        let known: BTreeSet<Key> = records.iter().map(key).collect();
        let is_whole = |group: &Group| {
            let (workload, variant) = (group.task.about.name, group.task.variant());
            let of = |label: String| (workload.to_owned(), variant.clone(), group.threads, label);
            group.labels().into_iter().all(|label| known.contains(&of(label)))
        };
        let is_done = |group: &Group| progress.done.contains(&fingerprint(group, pace)) && is_whole(group);
        let missing = groups.iter().filter(|group| !is_done(group)).cloned().collect();
        let (folder, pace, since, running) = (folder.to_owned(), *pace, Instant::now(), Running::new(folder));
        let resume = String::new();
        Ok(Store { folder, machine, pace, records, progress, missing, since, is_stale, running, resume })
    }

    /// From now on a crash says on standard error what is kept, and that this command goes on without the engine that crashed.
    pub fn at_crash_resume_with(&mut self, command: &str) {
        command.clone_into(&mut self.resume);
        self.prepare_for_crash();
    }

    fn prepare_for_crash(&self) {
        if !self.resume.is_empty() {
            crash::say_at_crash(&format!("{}; to go on without it:\n  {}", self.kept(), self.resume));
        }
    }

    /// What is there if the run ends here, in words.
    pub fn kept(&self) -> String {
        let (done, of) = self.done();
        format!("{done} of {of} groups are complete, in {}", self.folder.display())
    }

    /// The groups that are yet to be measured.
    pub fn missing(&self) -> Vec<Group> {
        self.missing.clone()
    }

    /// How many groups are complete, of how many.
    pub fn done(&self) -> (usize, usize) {
        (self.progress.planned - self.missing.len(), self.progress.planned)
    }

    /// Whether there is nothing to go on with: no group is complete, and of no engine a crash is known.
    pub fn is_new(&self) -> bool {
        self.done().0 == 0 && self.progress.ended.is_empty()
    }

    /// Writes down that this engine of this group runs from now on. When it ends the process, a later run that is gone on with
    /// knows of it.
    pub fn runs(&self, group: &Group, engine: &str) {
        self.running.engine(&fingerprint(group, &self.pace), engine);
    }

    /// Why an engine is not to be tried again in a group, if it is not: it has ended the process there before.
    pub fn known_failure(&self, group: &Group, engine: &str) -> Option<String> {
        self.progress.known_failure(&fingerprint(group, &self.pace), engine)
    }

    /// What the groups that were complete at the beginning took.
    pub fn spent(&self) -> Duration {
        Duration::try_from_secs_f64(self.progress.seconds).unwrap_or_default()
    }

    /// The machine that the records belong to.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// All records of the files that this run writes to.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Writes the records of a group that has ended, or was measured further, in the place of those that its engines had for it.
    ///
    /// # Errors
    ///
    /// [`ResultsError`] when a file cannot be written.
    pub fn add(&mut self, group: &Group, records: &[Record]) -> Result<(), ResultsError> {
        self.running.nobody();
        self.records.retain(|old| !records.iter().any(|new| new.is_of_same_subject(old)));
        self.records.extend_from_slice(records);
        let files: BTreeSet<String> = records.iter().map(|new| files::file_name(&new.engine)).collect();
        let affected = self.records.iter().filter(|old| files.contains(&files::file_name(&old.engine)));
        let affected: Vec<Record> = affected.cloned().collect();

        let fingerprint = fingerprint(group, &self.pace);
        self.missing.retain(|missing| self::fingerprint(missing, &self.pace) != fingerprint);
        // The group as it was measured before may have lost records to this one.
        self.progress.done.retain(|done| !done.starts_with(&format!("{group}: ")));
        self.progress.done.insert(fingerprint);
        self.progress.seconds += self.since.elapsed().as_secs_f64();
        self.since = Instant::now();
        self.prepare_for_crash();
        // All of them or none: on a full disk what was there before is whole.
        let mut written = files::by_engine(&self.folder, &affected)?;
        written.extend([machine_file(&self.folder, &self.machine)?, self.progress.file(&self.folder)?]);
        write_all(&self.folder, &written)?;
        if std::mem::take(&mut self.is_stale) { remove_others(&self.folder, &written) } else { Ok(()) }
    }

    /// Removes the folder with everything in it: the records have another place now.
    ///
    /// # Errors
    ///
    /// [`ResultsError::Io`] when it cannot be removed.
    pub fn remove(self) -> Result<(), ResultsError> {
        fs::remove_dir_all(&self.folder).map_err(ResultsError::io(&self.folder))
    }

    /// Removes the folder if nothing was ever written there.
    pub fn remove_if_empty(self) {
        let Store { folder, running, .. } = self;
        drop(running);
        // The system refuses when it is not empty, which is what is wanted.
        let _ = fs::remove_dir(&folder);
    }
}

/// Removes the records that earlier runs have written into other files than these.
fn remove_others(folder: &Path, written: &[(PathBuf, Vec<u8>)]) -> Result<(), ResultsError> {
    let mut stale = files_with_extension(folder, "csv")?;
    stale.retain(|path| !written.iter().any(|(new, _)| new == path));
    stale.iter().try_for_each(|path| fs::remove_file(path).map_err(ResultsError::io(path)))
}

/// Workload, variant, threads and engine.
type Key = (String, String, usize, String);

fn key(record: &Record) -> Key {
    (record.workload.clone(), record.variant.clone(), record.threads, record.engine.clone())
}

/// The records of the files that these groups will write to. Other files are none of our business.
fn read(folder: &Path, groups: &[Group]) -> Result<Vec<Record>, RecordError> {
    let files: BTreeSet<String> =
        groups.iter().flat_map(Group::labels).map(|label| files::file_name(&label)).collect();
    let mut records = Vec::new();
    for path in files.iter().map(|file| folder.join(file)).filter(|path| path.exists()) {
        records.extend(files::read_csv(&path)?);
    }
    Ok(records)
}

/// Two groups with the same fingerprint, measured by the same program on the same machine, have the same records but for
/// chance.
fn fingerprint(group: &Group, pace: &Pace) -> String {
    let engines: Vec<String> = group.engines.iter().map(ToString::to_string).collect();
    let slow = pace.slow.map_or_else(String::new, |slow| format!(", slow beyond {slow:?}"));
    let (rounds, blocks) = (pace.rounds, pace.first_blocks());
    format!("{group}: {}; {rounds} rounds of {:?} in {blocks} blocks{slow}", engines.join(" "), pace.sample)
}

#[cfg(test)]
mod tests;
