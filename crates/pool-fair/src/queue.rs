//! A queue of the pool, and its limits.

use std::borrow::Cow;

/// One of the queues of a [`FairPool`](crate::FairPool), to be given to [`Fair::new`](crate::Fair::new).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub(crate) name: Cow<'static, str>,
    pub(crate) weight: u32,
    pub(crate) limit: usize,
    pub(crate) at_once: usize,
}

impl Queue {
    /// A queue of this name, of weight 1 and without limits.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Queue { name: name.into(), weight: 1, limit: usize::MAX, at_once: usize::MAX }
    }

    /// Its share of the run time, in relation to the weights of the other queues that have jobs: 1 to 1,000,000.
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// How many of its jobs may wait, at least 1. Another is refused with [`Reason::Full`](pool_core::Reason::Full), unless its
    /// submitter [waits](pool_core::Submit::wait_at_most) and is no worker of the pool.
    pub fn limit(mut self, jobs: usize) -> Self {
        self.limit = jobs;
        self
    }

    /// How many of its jobs may run at once, at least 1.
    ///
    /// Counted are the jobs that workers have taken from the queue. One that a waiting thread runs in place of a worker is not.
    pub fn at_once(mut self, jobs: usize) -> Self {
        self.at_once = jobs;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
