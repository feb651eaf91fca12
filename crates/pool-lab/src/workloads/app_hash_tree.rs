//! Walks a directory tree and hashes every file with SHA-256: jobs that submit jobs, read files and compute.
//!
//! Each directory and each file is one job. The answer is the sum of the first eight bytes of every file's hash
//! of its path and contents, so it does not depend on the order of visits. It is compared with a serial walk made
//! beforehand. Links are not followed.

mod generated;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use self::generated::GeneratedTree;
use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Lease, Prepare, Tally, Watch, Workload, check};

/// `app/hash-tree`.
pub(crate) struct HashTree {
    walk: Arc<Walk>,
    entries: u64,
    expected: u64,
    lease: Lease,
    /// Removes the tree when dropped, where it is ours.
    _generated: Option<GeneratedTree>,
}

impl Prepare for HashTree {
    const ABOUT: &'static About = &About {
        name: "app/hash-tree",
        models: "walk a directory tree and take the SHA-256 of every file, a job for each",
        operation: "file or directory",
        parameters: &[
            Rule::new("dir", Allowed::Text, "", "the tree to walk; otherwise one is generated"),
            Rule::new(
                "files",
                Allowed::Number { min: 1, max: 100_000 },
                "400",
                "files in the generated tree",
            )
            .quick("20"),
            Rule::new("seed", Allowed::SEED, "1", "draws the generated tree"),
        ],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let generated = match parameters.text("dir") {
            "" => Some(GeneratedTree::new(parameters.number("files"), parameters.number("seed") as u64)?),
            _ => None,
        };
        let root =
            generated.as_ref().map_or(Path::new(parameters.text("dir")), GeneratedTree::root).to_owned();
        let walk = Arc::new(Walk { root, error: Mutex::new(None) });
        let (mut entries, mut expected) = (0, 0_u64);
        walk_serially(&walk, &walk.root, &mut |value| {
            entries += 1;
            expected = expected.wrapping_add(value);
        })?;
        Ok(HashTree { walk, entries, expected, lease: Lease::take(), _generated: generated })
    }

    fn operations(&self) -> u64 {
        self.entries
    }

    fn jobs_in_flight(&self) -> usize {
        self.entries as usize
    }
}

impl<E: Jobs> Workload<E> for HashTree {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        tally.begin(self.entries);
        let sum = watch.run(|| {
            submit(engine, &self.walk, self.walk.root.clone(), tally);
            tally.wait()
        });
        // A file that cannot be read explains whatever is wrong with the sum.
        match self.walk.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => check(sum?, self.expected),
        }
    }
}

/// What the jobs of one walk share.
struct Walk {
    root: PathBuf,
    /// The first thing that went wrong.
    error: Mutex<Option<Failure>>,
}

/// What a path turned out to be.
enum Visit {
    Directory(Vec<PathBuf>),
    File(u64),
}

impl Walk {
    fn visit(&self, path: &Path) -> Result<Visit, Failure> {
        let visit =
            if path.is_dir() { list(path).map(Visit::Directory) } else { self.hash(path).map(Visit::File) };
        visit.map_err(|source| Failure::Io { path: path.display().to_string(), source })
    }

    fn hash(&self, path: &Path) -> io::Result<u64> {
        let mut hasher = Sha256::new();
        hasher.update(path.strip_prefix(&self.root).unwrap_or(path).as_os_str().as_encoded_bytes());
        io::copy(&mut fs::File::open(path)?, &mut HashWriter(&mut hasher))?;
        let hash = hasher.finalize();
        Ok(hash.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }
}

/// Lets `io::copy` write into a hash.
struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The directories and files in a directory, without links, sockets and the like.
fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_file() {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

/// Submits the job that visits `path`, which submits those below it.
fn submit<E: Jobs>(engine: &Arc<E>, walk: &Arc<Walk>, path: PathBuf, tally: &'static Tally) {
    let (inside, walk) = (Arc::clone(engine), Arc::clone(walk));
    engine.execute(move || {
        let value = match walk.visit(&path) {
            Ok(Visit::File(hash)) => hash,
            Ok(Visit::Directory(paths)) => {
                paths.into_iter().for_each(|path| submit(&inside, &walk, path, tally));
                0
            }
            Err(error) => {
                walk.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                0
            }
        };
        // The thread that waits for the count may then be the last to hold the engine.
        drop((inside, walk, path));
        tally.add(value);
    });
}

fn walk_serially(walk: &Walk, path: &Path, found: &mut impl FnMut(u64)) -> Result<(), Failure> {
    match walk.visit(path)? {
        Visit::File(hash) => found(hash),
        Visit::Directory(paths) => {
            found(0);
            paths.iter().try_for_each(|path| walk_serially(walk, path, found))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_path_and_contents() {
        let tree = GeneratedTree::new(3, 5).unwrap();
        let walk = Walk { root: tree.root().to_owned(), error: Mutex::new(None) };
        let path = tree.root().join("known");
        fs::write(&path, "abc").unwrap();
        // SHA-256 of "knownabc".
        let whole = Sha256::digest(b"knownabc");
        assert_eq!(walk.hash(&path).unwrap().to_be_bytes(), whole[..8]);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let mut settings = Settings::new(HashTree::ABOUT.parameters);
        settings.set("dir=/no/such/directory").unwrap();
        let error = HashTree::prepare(&settings).err().unwrap().to_string();
        assert!(error.starts_with("/no/such/directory: "), "{error}");
    }
}
