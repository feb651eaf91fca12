//! A workload with its parameters.

use std::fmt;

use super::about::About;
use crate::engine::settings::{SettingError, Settings};
use crate::names::{all, meant};

/// A workload with its parameters: what `-w` chooses, and what a measurement is made of.
#[derive(Debug, Clone)]
pub struct Task {
    /// The workload.
    pub about: &'static About,
    /// Its parameters.
    pub parameters: Settings,
}

/// Why a choice of workloads was refused. One line, naming what is known or allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// Neither a name, nor a family, nor the beginning of one.
    #[error("unknown workload `{name}`; {}{}", meant(.name, .known), all(.known))]
    Unknown {
        /// What was given.
        name: String,
        /// The names of all workloads.
        known: String,
    },
    /// A parameter is unknown, or its value not allowed.
    #[error("`{task}`: {source}")]
    Parameter {
        /// What was given.
        task: String,
        /// What is wrong.
        source: SettingError,
    },
    /// Several workloads were named where one is needed, or parameters were given for several at once.
    #[error("`{task}`: this needs the full name of one workload, such as {such_as}")]
    Ambiguous {
        /// What was given.
        task: String,
        /// One of the workloads that it stands for.
        such_as: String,
    },
}

impl Task {
    /// The workload with these parameters.
    pub(crate) fn new(about: &'static About, parameters: &str) -> Result<Task, SettingError> {
        let mut settings = Settings::new(about.parameters);
        parameters.split(':').try_for_each(|pair| settings.set(pair))?;
        Ok(Task { about, parameters: settings })
    }

    /// The workload in all its variants.
    pub(crate) fn variants(about: &'static About) -> Vec<Task> {
        if about.variants.is_empty() {
            return vec![Task { about, parameters: Settings::new(about.parameters) }];
        }
        let variant = |text: &&str| Task::new(about, text).expect("the table's variants obey its rules");
        about.variants.iter().map(variant).collect()
    }

    /// The variant, as records name it: the parameters that are not defaults.
    pub fn variant(&self) -> String {
        self.parameters.to_string()
    }

    /// The same where parameters that were not given are the small ones that tests use.
    pub fn sized_down(self) -> Self {
        Task { about: self.about, parameters: self.parameters.sized_down() }
    }

    /// The same with the small parameters that tests use.
    pub fn quick(self) -> Self {
        Task { about: self.about, parameters: self.parameters.quick() }
    }
}

/// The task as [`FromStr`](std::str::FromStr) reads it: `latency/ping:gap=2ms`.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about.name)?;
        let variant = self.variant();
        if variant.is_empty() { Ok(()) } else { write!(f, ":{variant}") }
    }
}
