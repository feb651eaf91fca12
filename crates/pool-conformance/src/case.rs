//! A case: one contract, one test.

use std::fmt;
use std::sync::Arc;

use crate::{Claim, Subject};

/// A queue with more room is not filled.
const MOST_TO_FILL: usize = 1024;

/// One test of a contract.
#[derive(Clone)]
pub struct Case {
    name: String,
    needs: Vec<Claim>,
    queue: usize,
    burst: usize,
    fills: bool,
    is_rule: bool,
    run: Arc<dyn Fn(&Subject) + Send + Sync>,
}

impl Case {
    /// A case that runs on any pool. `name` is `<theme>::<what is so>`.
    pub(crate) fn new(name: impl Into<String>, run: impl Fn(&Subject) + Send + Sync + 'static) -> Self {
        Case {
            name: name.into(),
            needs: Vec::new(),
            queue: 0,
            burst: 0,
            fills: false,
            is_rule: false,
            run: Arc::new(run),
        }
    }

    /// It runs only on pools that claim all of these.
    pub(crate) fn needs(mut self, claims: &[Claim]) -> Self {
        self.needs.extend_from_slice(claims);
        self
    }

    /// It checks a rule of strategies, without a pool.
    pub(crate) fn of_a_rule(mut self) -> Self {
        self.is_rule = true;
        self
    }

    /// Whether it needs a pool.
    pub(crate) fn needs_pool(&self) -> bool {
        !self.is_rule
    }

    /// It queues as many jobs while no worker is free, or jobs that wait for each other to start.
    pub(crate) fn queues(mut self, jobs: usize) -> Self {
        self.queue = jobs;
        self
    }

    /// It submits as many jobs in a row while workers are free to take them, whoever runs them.
    pub(crate) fn submits(mut self, jobs: usize) -> Self {
        self.burst = jobs;
        self
    }

    /// It fills the queue.
    pub(crate) fn fills(mut self) -> Self {
        self.fills = true;
        self
    }

    /// The theme and what is tested, such as `shutdown::runs_what_is_queued`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What keeps this case from being run on this subject, if anything does.
    pub fn missing(&self, subject: &Subject) -> Option<String> {
        if self.queue > subject.room() {
            return Some(format!("it queues {} jobs, and the queue holds {}", self.queue, subject.room()));
        }
        if self.burst > subject.room() && !subject.claims(Claim::TakesAll) {
            return Some(format!("it submits {} jobs in a row, which might fill the queue", self.burst));
        }
        if self.fills && subject.room() > MOST_TO_FILL {
            return Some("its queue is hardly ever full".to_owned());
        }
        let missing = self.needs.iter().find(|claim| !subject.claims(**claim))?;
        Some(format!("not claimed: {missing:?}"))
    }

    /// Runs the case on this thread.
    ///
    /// # Panics
    ///
    /// If the subject does not keep the contract.
    pub fn run(&self, subject: &Subject) {
        (self.run)(subject);
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("needs", &self.needs)
            .field("queue", &self.queue)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

/// Names a case after its theme and its function.
macro_rules! case {
    ($theme:literal, $function:ident) => {
        $crate::Case::new(concat!($theme, "::", stringify!($function)), $function)
    };
}
pub(crate) use case;
