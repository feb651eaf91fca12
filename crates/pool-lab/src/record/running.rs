//! `running`: which engine runs at this moment, for the case that the process does not live to tell.
//!
//! Three lines, the program, the group and the engine; and below these the name of a signal, when the process has crashed by it.

use std::cell::OnceCell;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::system::crash::{self, Mark};

const RUNNING: &str = "running";

/// The file of a process that lives. It is removed with this.
#[derive(Debug)]
pub(super) struct Running {
    path: PathBuf,
    program: String,
    /// Made when there is something to write; nothing where it cannot be made, since the run may do without.
    file: OnceCell<Option<(File, Option<Mark>)>>,
}

/// What a process wrote that did not live.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LastWords {
    pub(super) group: String,
    pub(super) engine: String,
    /// The signal by which it crashed; empty when it did not.
    pub(super) signal: String,
}

impl Running {
    pub(super) fn new(folder: &Path) -> Self {
        Running { path: folder.join(RUNNING), program: this_program(), file: OnceCell::new() }
    }

    /// From now on this engine runs, in the group with this fingerprint.
    pub(super) fn engine(&self, group: &str, engine: &str) {
        crash::runs(engine);
        self.write(&format!("{}\n{group}\n{engine}\n", self.program));
    }

    /// From now on no engine runs.
    pub(super) fn nobody(&self) {
        crash::runs("");
        if self.file.get().is_some() {
            self.write("");
        }
    }

    fn write(&self, text: &str) {
        let open = || {
            let file = File::options().create(true).append(true).open(&self.path).ok()?;
            let mark = crash::mark_in(&file).ok();
            Some((file, mark))
        };
        if let Some((file, _)) = self.file.get_or_init(open) {
            let mut file: &File = file;
            // Without it a crash is not told, and nothing else is lost.
            let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        crash::say_at_crash("");
        if self.file.take().is_some() {
            // The folder may have been removed with it.
            let _ = fs::remove_file(&self.path);
        }
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

/// What the last process of this program left in the folder, if it ended while an engine ran. It is told once.
pub(super) fn last_words(folder: &Path) -> Option<LastWords> {
    let path = folder.join(RUNNING);
    let text = fs::read_to_string(&path).ok()?;
    fs::remove_file(&path).ok()?;
    let mut lines = text.lines().map(str::to_owned);
    lines.next().filter(|program| *program == this_program())?;
    let (group, engine) = (lines.next()?, lines.next()?);
    Some(LastWords { group, engine, signal: lines.next().unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::scratch::Scratch;

    #[test]
    fn what_ran_is_known_afterwards_unless_the_process_ended_in_order() {
        let scratch = Scratch::new();
        let words = |group: &str, engine: &str, signal: &str| {
            let [group, engine, signal] = [group, engine, signal].map(str::to_owned);
            Some(LastWords { group, engine, signal })
        };
        let running = Running::new(scratch.path());
        assert_eq!(last_words(scratch.path()), None, "nothing has run");
        running.engine("a longer name of a group", "rayon");
        running.engine("join/fib, 2 threads: rayon", "mpsc");
        let path = scratch.path().join(RUNNING);
        let left = fs::read_to_string(&path).unwrap();
        assert_eq!(last_words(scratch.path()), words("join/fib, 2 threads: rayon", "mpsc", ""));
        assert_eq!(last_words(scratch.path()), None, "it is told once");
        fs::write(&path, format!("{left}SIGABRT\n")).unwrap();
        assert_eq!(last_words(scratch.path()), words("join/fib, 2 threads: rayon", "mpsc", "SIGABRT"));
        fs::write(&path, format!("another{left}")).unwrap();
        assert_eq!(last_words(scratch.path()), None, "another program is no business of this one");
        drop(running);
        let running = Running::new(scratch.path());
        running.engine("group", "rayon");
        running.nobody();
        assert_eq!(last_words(scratch.path()), None);
        fs::write(&path, &left).unwrap();
        drop(running);
        assert!(!path.exists());
    }
}
