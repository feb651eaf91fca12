//! Why advice may be wrong, and what would help.

use std::fmt;
use std::time::Duration;

use crate::short::short;

/// Something that was not measured, or that the model leaves out. In words it says what would help.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// The pool does not time its jobs.
    Untimed,
    /// Fewer jobs were timed than a p99 needs.
    FewJobs {
        /// So many.
        timed: u64,
        /// So many would do.
        enough: u64,
    },
    /// The system does not tell the processor time of threads, or the pool has no workers that it knows.
    NoProcessorTime,
    /// The system does not tell how long threads wait for a CPU.
    NoProcessorWait,
    /// More jobs came than were run.
    Overload {
        /// How many more wait than in the beginning.
        queue_growth: u64,
    },
    /// Many jobs did not wait in the queue.
    InnerJobs {
        /// The share of those.
        share: f64,
    },
    /// With the size of today, jobs waited for another time than the model says.
    OtherWaits {
        /// The p99 that was measured.
        measured: Duration,
        /// The p99 that was to be expected.
        expected: Duration,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Untimed => write!(
                f,
                "jobs are not timed, so nothing is known of waits: build the pool with `Builder::timing(Timing::Sampled(..))`"
            ),
            Doubt::FewJobs { timed, enough } => write!(
                f,
                "{timed} jobs were timed, and a p99 needs {enough}: observe for longer, or build the pool with \
                 `Builder::timing(Timing::Every)`"
            ),
            Doubt::NoProcessorTime => write!(
                f,
                "the processor time of the workers is not known (it is for pools of pool-core, on Linux), so jobs count as computing all the time"
            ),
            Doubt::NoProcessorWait => write!(
                f,
                "the kernel does not tell how long workers wait for a CPU (it needs CONFIG_SCHED_INFO), so that counts as blocked"
            ),
            Doubt::Overload { queue_growth } => write!(
                f,
                "{queue_growth} more jobs wait than in the beginning: more come than are run, and waits depend on how long that lasts"
            ),
            Doubt::InnerJobs { share } => write!(
                f,
                "{:.0} % of the jobs did not wait in the queue, as those of scopes and those that their waiter runs: they count as if \
                 they had come by themselves",
                100.0 * share
            ),
            Doubt::OtherWaits { measured, expected } => write!(
                f,
                "the p99 of the waits was {} and not {}: jobs come in bursts, not in order, or at other times than were observed, \
                 or other work takes the CPUs",
                short(*measured),
                short(*expected)
            ),
        }
    }
}
