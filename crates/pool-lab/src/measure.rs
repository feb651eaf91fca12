//! Measuring engines against each other, in rounds.
//!
//! Absolute times of one machine drift by tens of percent within minutes. So everything that is to be compared, one
//! workload with one thread count on several engines (a *group*), is measured in rounds: A B C A B C ... The engines
//! of a round see the same machine, and ratios are taken within rounds.
//!
//! In each group the engine that was fastest when it warmed up runs twice, under the same conditions, as two pools. How
//! much it differs from itself is the noise floor: a smaller difference between two engines is none.
//!
//! - The pools of a group are built and warmed before its first round, and stopped after its last; they sleep while
//!   others are measured.
//! - A sample repeats the workload until it takes about [`Pace::sample`]; the number of repeats is fixed before the
//!   first round.
//! - Before each sample the process comes to rest: the sample begins when all other threads sleep. Otherwise an engine
//!   would pay for what the one before it left behind.
//! - The answer of every repeat is checked. An engine that gives a wrong one, or loses a job, leaves the group, and
//!   its record says why.
//! - An engine that hangs: jobs that never end are noticed by the tally after 30 seconds, and the engine leaves the group
//!   (its threads stay behind). A hang inside the engine's own code cannot be left; when nothing has
//!   moved for five minutes, the process says which engine it was and ends. Records of earlier groups
//!   have been handed out by then.

mod rounds;
mod summary;
pub(crate) mod watchdog;

use std::ops::ControlFlow;
use std::time::Instant;

use crate::plan::{Group, Pace};
use crate::record::Record;

/// Told how a measurement goes on, and asked whether it should.
pub trait Observer {
    /// Something to be known before it begins.
    fn note(&mut self, _what: &str) {}

    /// A group begins: the how-manieth of how many.
    fn begin(&mut self, number: usize, of: usize, group: &Group);

    /// A group has ended, with these records. `Break` ends the measurement.
    fn end(&mut self, group: &Group, records: &[Record]) -> ControlFlow<()>;

    /// Asked between two samples: whether to leave the group, unfinished and without records, and end the measurement.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Measures one group after the other, and returns all records, those of the groups that ended if it was stopped.
pub fn measure(groups: &[Group], pace: &Pace, observer: &mut dyn Observer) -> Vec<Record> {
    let start = Instant::now();
    let mut all = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        observer.begin(i + 1, groups.len(), group);
        // What earlier groups have not used is for the later ones.
        let share = pace.limit.map(|limit| limit.saturating_sub(start.elapsed()) / (groups.len() - i) as u32);
        let is_stopped = || observer.is_stopped();
        let Some(records) = rounds::measure(group, &Pace { limit: share, ..*pace }, &is_stopped) else {
            break;
        };
        let outcome = observer.end(group, &records);
        all.extend(records);
        if outcome.is_break() {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Spec;
    use crate::plan::Plan;
    use crate::workload::Task;

    /// Counts the samples' ends, and stops at one of them; counts groups, and breaks after one.
    struct Stops {
        looks: std::cell::Cell<u32>,
        stop_at: u32,
        groups: u32,
        break_after: u32,
    }

    impl Observer for Stops {
        fn begin(&mut self, _: usize, _: usize, _: &Group) {}

        fn end(&mut self, _: &Group, _: &[Record]) -> ControlFlow<()> {
            self.groups += 1;
            if self.groups == self.break_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }

        fn is_stopped(&self) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.looks.get() >= self.stop_at
        }
    }

    fn stops(stop_at: u32, break_after: u32) -> Stops {
        Stops { looks: 0.into(), stop_at, groups: 0, break_after }
    }

    #[test]
    fn a_measurement_stops_between_two_samples_and_keeps_the_groups_that_ended() {
        let engines = Spec::parse_list("serial").unwrap();
        let tasks = Task::parse_list("join/fib:n=5,join/dyn:n=5,join/fib:n=6").unwrap();
        let groups = Plan { engines, tasks, threads: vec![1] }.groups();
        let pace = Pace { rounds: 3, sample: Duration::from_micros(1), ..Pace::default() };
        let workloads = |observer: &mut Stops| {
            let records = measure(&groups, &pace, observer);
            let variants: std::collections::BTreeSet<String> =
                records.into_iter().map(|record| record.workload + &record.variant).collect();
            variants.into_iter().collect::<Vec<_>>()
        };
        let mut whole = stops(u32::MAX, u32::MAX);
        assert_eq!(workloads(&mut whole), ["join/dynn=5", "join/fibn=5", "join/fibn=6"]);
        // The last look is before the last sample: the third group has all but that.
        let last = whole.looks.get();
        assert_eq!(workloads(&mut stops(last, u32::MAX)), ["join/dynn=5", "join/fibn=5"]);
        assert_eq!(workloads(&mut stops(1, u32::MAX)), [""; 0]);
        assert_eq!(workloads(&mut stops(u32::MAX, 1)), ["join/fibn=5"]);
    }
}
