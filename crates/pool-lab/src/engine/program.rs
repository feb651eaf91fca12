//! A program of another language that holds engines: what it takes to build it and to run it.
//!
//! The protocol that it speaks is in `external/README.md`; [`crate::external`] speaks it.

use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// A program that holds engines. In its commands `{dir}` stands for the folder that it is built in.
#[derive(Debug)]
pub struct Program {
    /// The language or library, as messages name it.
    pub language: &'static str,
    /// The name of its source file.
    pub source_name: &'static str,
    /// Its source.
    pub source: &'static str,
    /// Prints the version of the toolchain; fails where there is none.
    pub version_command: &'static [&'static str],
    /// Builds it; empty where there is nothing to build.
    pub build: &'static [&'static str],
    /// Runs it.
    pub run: &'static [&'static str],
    /// What has to be installed, as Debian names it.
    pub packages: &'static str,
    /// How long it runs a workload before it is as fast as it gets: compilers that work at run time need that.
    pub warm_up: Duration,
    /// The version, once asked for.
    pub version: OnceLock<Option<String>>,
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.language == other.language
    }
}

impl Eq for Program {}

/// The version of a program whose toolchain is missing.
pub const NOT_INSTALLED: &str = "not installed";

impl Program {
    /// The version of its toolchain; [`NOT_INSTALLED`] where there is none.
    pub fn version(&'static self) -> &'static str {
        let version = self.version.get_or_init(|| ask(self.version_command));
        version.as_deref().unwrap_or(NOT_INSTALLED)
    }

    /// Whether its toolchain is there.
    pub fn is_installed(&'static self) -> bool {
        self.version() != NOT_INSTALLED
    }

    /// Why it cannot be measured where its toolchain is missing.
    pub fn missing(&self) -> String {
        format!(
            "{} is not installed (`{}` does not run); Debian has it as {}",
            self.language,
            self.version_command.join(" "),
            self.packages
        )
    }
}

/// The first word with a digit that the command prints.
fn ask(command: &[&str]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let word = text.split_whitespace().find(|word| word.contains(|c: char| c.is_ascii_digit()))?;
    Some(word.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_word_with_a_digit() {
        assert_eq!(ask(&["echo", "go version go1.19.8 linux"]).as_deref(), Some("1.19.8"));
        assert_eq!(ask(&["false"]), None);
        assert_eq!(ask(&["/no/such/toolchain", "--version"]), None);
    }
}
