//! The machine, the compiler and the revision that numbers belong to.
//!
//! Everything here is asked of files and small commands that systems have anyway. What a system does not tell
//! is `None`, and reports print it as absent.

mod date;
mod probe;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::system;

/// A description of the machine that ran a measurement, kept as `machine.json` beside its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// A readable name, fit for a folder: `amd-epyc-2c-linux`.
    pub name: String,
    /// The processor as it calls itself.
    pub cpu: Option<String>,
    /// The instruction set: `x86_64`, `aarch64`.
    pub architecture: String,
    /// Logical processors that this process may use, which is what pools size themselves by.
    pub cores: usize,
    /// Main memory in bytes.
    pub memory: Option<u64>,
    /// Whether it is a virtual machine, as far as the processor says.
    pub virtual_machine: Option<bool>,
    /// The operating system with its version.
    pub os: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The compiler that built the barometer.
    pub rustc: Option<String>,
    /// Whether the barometer was built with optimisation. Numbers of a build without are worthless.
    pub optimised: bool,
    /// The memory allocator of the process.
    pub allocator: String,
    /// The git revision of the sources; `unknown` outside a repository.
    pub revision: String,
    /// Whether files other than generated results differed from that revision.
    pub dirty: Option<bool>,
    /// When it was measured: date and time to the minute, UTC.
    pub date: String,
}

impl Machine {
    /// Describes this machine, now. `root` is a folder of the repository whose revision is wanted.
    pub fn describe(root: &Path) -> Self {
        let cpu = probe::cpu();
        let cores = num_cpus::get();
        let revision = probe::revision(root);
        Machine {
            name: folder_name(cpu.as_deref().unwrap_or(std::env::consts::ARCH), cores, std::env::consts::OS),
            cpu,
            architecture: std::env::consts::ARCH.to_owned(),
            cores,
            memory: probe::memory(),
            virtual_machine: probe::virtual_machine(),
            os: probe::os(),
            kernel: probe::kernel(),
            rustc: Some(env!("RUST_VERSION")).filter(|version| *version != "unknown").map(str::to_owned),
            optimised: !cfg!(debug_assertions),
            allocator: if system::allocations().is_some() { "system, counted" } else { "not counted" }
                .to_owned(),
            dirty: revision.as_ref().and_then(|_| probe::is_dirty(root)),
            revision: revision.unwrap_or_else(|| "unknown".to_owned()),
            date: date::now(),
        }
    }

    /// Whether this is the same machine, as far as one can tell.
    pub fn is_same_as(&self, other: &Machine) -> bool {
        let hardware = |machine: &Machine| (machine.cpu.clone(), machine.architecture.clone(), machine.cores);
        self.name == other.name && hardware(self) == hardware(other)
    }

    /// The same machine under a name that the user chose, brought into the form of a folder name.
    pub fn named(self, name: &str) -> Self {
        Machine { name: slug(name), ..self }
    }
}

/// Whether a repository has committed, or is about to commit, anything in one of these folders of `results`.
pub(super) fn is_tracked(results: &Path, folders: &[&str]) -> bool {
    probe::is_tracked(results, folders)
}

/// The name of a machine: `amd-epyc-7763-8c-linux`.
fn folder_name(cpu: &str, cores: usize, os: &str) -> String {
    // "Intel(R) Core(TM) i7-8700K CPU @ 3.20GHz", "AMD EPYC 7763 64-Core Processor": what is left out says
    // nothing more than the rest.
    let model = cpu.split('@').next().unwrap_or(cpu).replace("(R)", " ").replace("(TM)", " ");
    let telling = |word: &&str| !matches!(*word, "CPU" | "Processor") && !word.ends_with("-Core");
    let words: Vec<&str> = model.split_whitespace().filter(telling).collect();
    slug(&format!("{} {cores}c {os}", words.join(" ")))
}

/// Lower case; letters, digits and dots stay, all else becomes single dashes between them.
fn slug(name: &str) -> String {
    let spaced: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { ' ' })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().filter(|word| word.chars().any(|c| c != '.')).collect();
    if words.is_empty() { "machine".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable() {
        let cases = [
            ("AMD EPYC", 2, "linux", "amd-epyc-2c-linux"),
            ("AMD EPYC 7763 64-Core Processor", 8, "linux", "amd-epyc-7763-8c-linux"),
            ("Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz", 12, "windows", "intel-core-i7-8700k-12c-windows"),
            ("Apple M2 Pro", 10, "macos", "apple-m2-pro-10c-macos"),
            ("aarch64", 4, "linux", "aarch64-4c-linux"),
        ];
        for (cpu, cores, os, name) in cases {
            assert_eq!(folder_name(cpu, cores, os), name);
        }
    }

    #[test]
    fn a_chosen_name_cannot_leave_the_results_folder() {
        assert_eq!(slug("../../etc/My Box"), "etc-my-box");
        assert_eq!(slug(".."), "machine");
        assert_eq!(slug("Büro"), "b-ro");
    }

    #[test]
    fn this_machine_is_described_and_the_description_round_trips() {
        let machine = Machine::describe(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(machine.cores >= 1);
        assert!(machine.name.ends_with(std::env::consts::OS), "{}", machine.name);
        assert_eq!(machine.name, slug(&machine.name));
        let json = serde_json::to_string(&machine).unwrap();
        assert_eq!(serde_json::from_str::<Machine>(&json).unwrap(), machine);
    }

    #[test]
    fn outside_a_repository_the_revision_is_unknown() {
        let scratch = crate::system::scratch::Scratch::new();
        let machine = Machine::describe(scratch.path());
        assert_eq!((machine.revision.as_str(), machine.dirty), ("unknown", None));
    }
}
