//! What reports say about workloads beyond their names.

use std::collections::BTreeMap;

/// What reports say about workloads beyond their names.
#[derive(Clone, Debug, Default)]
pub struct Captions(BTreeMap<String, Caption>);

/// What a report says about one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// What the workload models, in a line.
    pub models: String,
    /// What times are per: `job`, `pixel`.
    pub operation: String,
}

impl FromIterator<(String, Caption)> for Captions {
    fn from_iter<I: IntoIterator<Item = (String, Caption)>>(captions: I) -> Self {
        Captions(captions.into_iter().collect())
    }
}

impl Captions {
    /// What the workload models; nothing where that is not known.
    pub(crate) fn models(&self, workload: &str) -> &str {
        self.0.get(workload).map_or("", |caption| &caption.models)
    }

    /// What its times are per.
    pub(crate) fn operation(&self, workload: &str) -> &str {
        self.0.get(workload).map_or("operation", |caption| &caption.operation)
    }
}
