//! A directory tree drawn from a seed, in the system's directory for temporary files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io, process};

use crate::workload::Failure;

/// Files in one directory.
const FILES_EACH: usize = 12;

/// A tree on disk that is removed when this is dropped.
pub(crate) struct GeneratedTree {
    root: PathBuf,
}

impl GeneratedTree {
    /// Writes `files` files from 256 bytes to 128 KiB, small ones much more often, in directories nested at random.
    pub(crate) fn new(files: usize, seed: u64) -> Result<Self, Failure> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("pool-lab-{}-{number}", process::id()));
        let tree = GeneratedTree { root };
        match tree.fill(files, seed) {
            Ok(()) => Ok(tree),
            Err(source) => Err(Failure::Io { path: tree.root.display().to_string(), source }),
        }
    }

    /// Where the tree is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn fill(&self, files: usize, seed: u64) -> io::Result<()> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut directories = vec![self.root.clone()];
        fs::create_dir_all(&self.root)?;
        for file in 0..files {
            if file % FILES_EACH == FILES_EACH - 1 {
                let parent = &directories[random.usize(..directories.len())];
                let directory = parent.join(format!("d{file}"));
                fs::create_dir(&directory)?;
                directories.push(directory);
            }
            let directory = &directories[random.usize(..directories.len())];
            // Each size from 2^8 to 2^17 is half as likely as the one below it.
            let size = 256 << random.u16(..).trailing_ones().min(9);
            let contents: Vec<u8> = (0..size).map(|_| random.u8(..)).collect();
            fs::write(directory.join(format!("f{file}")), contents)?;
        }
        Ok(())
    }
}

impl Drop for GeneratedTree {
    fn drop(&mut self) {
        // What cannot be removed from the directory for temporary files is left to the system.
        let _ = fs::remove_dir_all(&self.root);
    }
}
