//! A case: one contract, one test.

use std::fmt;
use std::sync::Arc;

use super::{
    Claim, Subject, attributes, broadcasting, cancelling, captures, closures, counting, dynamic, empty,
    ending, forking, futures, groups, handles, hooks, in_place, job_hooks, job_names, lifecycle, limit, loss,
    numbers, order, overdue, panics, rejection, scopes, shutdown, shutdown_now, threads, timing, token_waits,
    visibility, waiting, workforce,
};

/// One test of a contract.
#[derive(Clone)]
pub struct Case {
    name: String,
    needs: Vec<Claim>,
    queue: usize,
    burst: usize,
    is_rule: bool,
    run: Arc<dyn Fn(&Subject) + Send + Sync>,
}

impl Case {
    /// A case that runs on any pool. `name` is `<theme>::<what is so>`.
    pub(super) fn new(name: impl Into<String>, run: impl Fn(&Subject) + Send + Sync + 'static) -> Self {
        Case { name: name.into(), needs: Vec::new(), queue: 0, burst: 0, is_rule: false, run: Arc::new(run) }
    }

    /// It runs only on pools that claim all of these.
    pub(super) fn needs(mut self, claims: &[Claim]) -> Self {
        self.needs.extend_from_slice(claims);
        self
    }

    /// It checks a rule of strategies, without a pool.
    pub(super) fn of_a_rule(mut self) -> Self {
        self.is_rule = true;
        self
    }

    /// Whether it needs a pool.
    pub(super) fn needs_pool(&self) -> bool {
        !self.is_rule
    }

    /// It queues as many jobs while no worker is free, or jobs that wait for each other to start.
    pub(super) fn queues(mut self, jobs: usize) -> Self {
        self.queue = jobs;
        self
    }

    /// It submits as many jobs in a row while workers are free to take them, whoever runs them.
    pub(super) fn submits(mut self, jobs: usize) -> Self {
        self.burst = jobs;
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
        $crate::conformance::Case::new(concat!($theme, "::", stringify!($function)), $function)
    };
}
pub(super) use case;

/// Every case that can be run on any pool.
pub fn cases() -> Vec<Case> {
    [
        visibility::cases(),
        order::cases(),
        limit::cases(),
        counting::cases(),
        panics::cases(),
        rejection::cases(),
        handles::cases(),
        groups::cases(),
        in_place::cases(),
        futures::cases(),
        cancelling::cases(),
        token_waits::cases(),
        attributes::cases(),
        overdue::cases(),
        waiting::cases(),
        scopes::cases(),
        forking::cases(),
        shutdown::cases(),
        shutdown_now::cases(),
        ending::cases(),
        loss::cases(),
        hooks::cases(),
        job_hooks::cases(),
        job_names::cases(),
        timing::cases(),
        threads::cases(),
        workforce::cases(),
        numbers::cases(),
        empty::cases(),
        lifecycle::cases(),
        broadcasting::cases(),
        closures::cases(),
        captures::cases(),
        dynamic::cases(),
    ]
    .concat()
}
