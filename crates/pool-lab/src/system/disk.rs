//! Writing files so that nothing is lost when the program, or its disk, comes to an end half-way.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, process};

/// Writes the file anew: it has the old contents or the new ones at any moment, and never a part of them.
///
/// The new contents are written beside it, under another name, and then take its place. They may still be in the system's
/// memory when this returns.
pub(crate) fn replace(path: &Path, contents: impl AsRef<[u8]>) -> io::Result<()> {
    replace_all(&[(path.to_owned(), contents)]).map_err(|(_, error)| error)
}

/// The same with several files. Where there is no room for the contents of one of them, all keep the old.
///
/// # Errors
///
/// The file that failed, and why.
pub(crate) fn replace_all<C: AsRef<[u8]>>(files: &[(PathBuf, C)]) -> Result<(), (PathBuf, io::Error)> {
    let temporary = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.{}.tmp", process::id()))
    };
    let write = |(path, contents): &(PathBuf, C)| {
        fs::write(temporary(path), contents).map_err(|error| (path.clone(), error))
    };
    let rename =
        |(path, _): &(PathBuf, C)| fs::rename(temporary(path), path).map_err(|error| (path.clone(), error));
    let outcome = files.iter().try_for_each(write).and_then(|()| files.iter().try_for_each(rename));
    if outcome.is_err() {
        // What failed is told; that something is left behind as well would add nothing.
        files.iter().for_each(|(path, _)| drop(fs::remove_file(temporary(path))));
    }
    outcome
}

/// The folder of this name in the target folder that this program lies in; in the folder of temporary files where it lies in none.
pub(crate) fn in_target(name: &str) -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(|| env::temp_dir().join(format!("pool-lab-{name}")), |target| target.join(name))
}

/// Makes the folder if need be, and finds out whether files can be written there.
pub(crate) fn check_writable(folder: &Path) -> io::Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "this is a file, and not a folder"));
    }
    fs::create_dir_all(folder)?;
    let probe = folder.join(".pool-lab");
    replace(&probe, "This file only shows that the folder can be written to.\n")?;
    fs::remove_file(&probe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::scratch::Scratch;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let scratch = Scratch::new();
        let path = scratch.path().join("a.csv");
        replace(&path, "old").unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(scratch.path()), ["a.csv"]);
    }

    #[test]
    fn what_cannot_be_replaced_stays_as_it_is() {
        let scratch = Scratch::new();
        let path = scratch.path().join("a.csv");
        fs::create_dir_all(path.join("inside")).unwrap();
        replace(&path, "new").unwrap_err();
        assert_eq!(names(scratch.path()), ["a.csv"]);
        assert!(path.join("inside").is_dir());
    }

    #[test]
    fn several_files_are_replaced_or_none() {
        let scratch = Scratch::new();
        let [a, b, nowhere] = ["a.csv", "b.csv", "none/c.csv"].map(|name| scratch.path().join(name));
        replace_all(&[(a.clone(), "old"), (b.clone(), "old")]).unwrap();
        let (failed, _) =
            replace_all(&[(a.clone(), "new"), (nowhere.clone(), "new"), (b, "new")]).unwrap_err();
        assert_eq!((failed, fs::read_to_string(&a).unwrap()), (nowhere, "old".to_owned()));
        let mut names = names(scratch.path());
        names.sort();
        assert_eq!(names, ["a.csv", "b.csv"]);
    }

    #[test]
    fn a_folder_is_made_and_probed() {
        let scratch = Scratch::new();
        let folder = scratch.path().join("x/y");
        check_writable(&folder).unwrap();
        assert_eq!(names(&folder), [""; 0]);
        fs::write(scratch.path().join("file"), "").unwrap();
        check_writable(&scratch.path().join("file")).unwrap_err();
        check_writable(&scratch.path().join("file/below")).unwrap_err();
    }
}
