//! What is known of a workload, apart from the code that runs it.

use super::family::Family;
use crate::engine::settings::Rule;

/// A workload as tables, lists and reports know it.
#[derive(Debug)]
pub struct About {
    /// `family/name`.
    pub name: &'static str,
    /// What it models.
    pub models: &'static str,
    /// What one operation is: times are given per operation.
    pub operation: &'static str,
    /// Its parameters.
    pub parameters: &'static [Rule],
    /// The settings that are measured when the user chooses none; none are the defaults.
    pub variants: &'static [&'static str],
    /// The variants that `cargo bench` leaves out. The others stand for them.
    pub not_in_bench: &'static [&'static str],
    /// The variant that says most about a pool in the least time, for workloads of which the README quotes one.
    pub headline: Option<&'static str>,
    /// How `benches/instructions.sh` counts what an operation executes; `None` where it does not.
    pub counted: Option<Counted>,
}

/// Two sizes of a workload. What the process does once cancels between them.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// What is counted, in a few words.
    pub path: &'static str,
    /// The parameter that makes the workload larger.
    pub parameter: &'static str,
    /// Its smaller and its larger value.
    pub sizes: (u32, u32),
}

impl About {
    /// What holds unless a workload says otherwise.
    pub const DEFAULT: About = About {
        name: "",
        models: "",
        operation: "",
        parameters: &[],
        variants: &[],
        not_in_bench: &[],
        headline: None,
        counted: None,
    };

    /// The family. A workload that another crate has added may have one of its own, of which nothing is known.
    pub fn family(&self) -> &'static Family {
        Family::of(self.name).unwrap_or(&Family::THEIRS)
    }
}
