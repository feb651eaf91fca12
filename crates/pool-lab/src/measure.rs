//! Measuring engines against each other, in blocks of rounds.
//!
//! Absolute times of one machine drift by tens of percent within minutes. So everything that is to be compared, one
//! workload with one thread count on several engines (a *group*), is measured in rounds: A B C A B C ... The engines
//! of a round see the same machine, and ratios are taken within rounds.
//!
//! A pool differs from another of the same engine for as long as it lives: where its memory lies and where its threads sit
//! is decided once. So a group is measured in *blocks*: pools are built and warmed, measured in a few rounds, and stopped;
//! the next block has others. The order of engines is drawn for each block, with a fixed seed. Intervals come from drawing
//! blocks ([`crate::numbers::blocks`]).
//!
//! With a limit of time ([`Pace::limit`]) every group has its first blocks; what is left of the time goes to verdicts that are
//! open. First all of these and the noise have a few blocks more. Then it goes to those between our best and the best peer with
//! the most threads, in blocks of these two alone; then to the noise, to those with fewer threads, and to the verdicts of engines
//! against the fastest. Of equal ones the one comes next that, by the width of its interval, is decided soonest, so that the time
//! decides as many as it can. The records of these groups are handed out again at the end.
//!
//! In each group the engine that was fastest in the first block runs twice from then on, as two pools. How much it differs
//! from itself shows the noise. Where a group is gone on with it is our best or the best peer, which run anyway; and it goes on until
//! the engine is known to equal itself within 5 %, or the time is over.
//!
//! - A sample repeats the workload until it takes about [`Pace::sample`]; the number of repeats is fixed before the
//!   first round of a block.
//! - Before each sample the process comes to rest: the sample begins when all other threads sleep. Otherwise an engine
//!   would pay for what the one before it left behind.
//! - A sample that the machine disturbed is taken again, at most twice; how often that was is recorded.
//! - The answer of every repeat is checked. An engine that gives a wrong one, or loses a job, leaves the group, and
//!   its record says why.
//! - An engine that hangs: jobs that never end are noticed by the tally after 30 seconds, and the engine leaves the group
//!   (its threads stay behind). A hang inside the engine's own code is noticed after [`Pace::patience`]: everything of engines
//!   runs on a thread of its own, which is left behind with it, and the block is begun anew without the engine. Its record
//!   says `hung`. Threads that are left behind run only where a core has nothing else to do.
//! - An engine that ends the process, by a crash, takes the group with it. Before an engine runs the observer is told, so that it
//!   can write down which one it was ([`Observer::runs`]).

mod apart;
mod blocks;
mod comparison;
mod decide;
mod lane;
mod observer;
mod sample;
mod summary;
pub mod verify;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

use self::blocks::Blocks;
use self::decide::Step;
use crate::plan::{Group, Pace};
use crate::record::Record;

pub use observer::Observer;

/// Measures one group after the other, and returns all records, those of the groups that ended if it was stopped.
pub fn measure(groups: &[Group], pace: &Pace, observer: &mut dyn Observer) -> Vec<Record> {
    let start = Instant::now();
    let (mut measured, mut records) = (Vec::new(), Vec::new());
    if begin(groups, pace, &mut measured, &mut records, observer).is_continue()
        && let Some(limit) = pace.limit
    {
        let changed = go_on(&mut measured, pace, start + limit, observer);
        changed.iter().for_each(|i| records[*i] = measured[*i].records(pace));
        // An observer that breaks wants no more of them.
        let _ = changed.iter().try_for_each(|i| observer.end(measured[*i].group, &records[*i]));
    }
    records.concat()
}

/// The first blocks of all groups, and the records of each.
fn begin<'g>(
    groups: &'g [Group],
    pace: &Pace,
    measured: &mut Vec<Blocks<'g>>,
    records: &mut Vec<Vec<Record>>,
    observer: &mut dyn Observer,
) -> ControlFlow<()> {
    for (i, group) in groups.iter().enumerate() {
        observer.begin(i + 1, groups.len(), group);
        let mut blocks = Blocks::new(group);
        blocks.leave_out(observer);
        if blocks.begin(pace, observer).is_err() {
            return ControlFlow::Break(());
        }
        let found = blocks.records(pace);
        let outcome = observer.end(group, &found);
        measured.push(blocks);
        records.push(found);
        outcome?;
    }
    ControlFlow::Continue(())
}

/// Further blocks of groups that are open, until none is, the time is over, or it is stopped. Returns the groups that had some.
fn go_on(
    measured: &mut [Blocks],
    pace: &Pace,
    deadline: Instant,
    observer: &mut dyn Observer,
) -> BTreeSet<usize> {
    measured.iter_mut().for_each(|blocks| blocks.settle_twin(pace));
    let has_most: Vec<bool> = measured.iter().map(|blocks| has_most_threads(blocks, measured)).collect();
    let next = |blocks: &Blocks, i: usize| blocks.next(pace, has_most[i]);
    let mut steps: Vec<Option<Step>> = measured.iter().zip(0..).map(|(blocks, i)| next(blocks, i)).collect();
    let mut changed = BTreeSet::new();
    while Instant::now() < deadline {
        let open = steps.iter().enumerate().filter_map(|(i, step)| Some((i, step.as_ref()?)));
        let Some((i, step)) = open.min_by_key(|(_, step)| step.turn()) else {
            break;
        };
        let blocks = &mut measured[i];
        observer.again(blocks.group, blocks.count);
        changed.insert(i);
        if blocks.go_on(step, pace, deadline, observer).is_err() {
            break;
        }
        steps[i] = next(blocks, i);
    }
    changed
}

/// Whether the group's workload is measured with no more threads in another group.
fn has_most_threads(blocks: &Blocks, all: &[Blocks]) -> bool {
    let task = blocks.group.task.to_string();
    let same = all.iter().filter(|other| other.group.task.to_string() == task);
    same.map(|other| other.group.threads).max() == Some(blocks.group.threads)
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

    /// Remembers how many blocks there had been when it was gone on, and how many each engine had at the ends.
    #[derive(Default)]
    struct Ends {
        again: Vec<usize>,
        blocks: Vec<usize>,
    }

    impl Observer for Ends {
        fn begin(&mut self, _: usize, _: usize, _: &Group) {}

        fn again(&mut self, _: &Group, blocks: usize) {
            self.again.push(blocks);
        }

        fn end(&mut self, _: &Group, records: &[Record]) -> ControlFlow<()> {
            let times = records.iter().filter(|record| record.metric == &crate::metrics::TIME_PER_OP);
            self.blocks.extend(times.map(|record| record.samples).max());
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn an_open_verdict_has_further_blocks_until_a_look_decides_or_the_time_is_over() {
        let engines = Spec::parse_list("mpsc,mpsc").unwrap();
        let groups =
            Plan { engines, tasks: Task::parse_list("join/fib:n=5").unwrap(), threads: vec![2] }.groups();
        let first = Pace::LOOKS[0];
        let limit = Some(Duration::from_millis(400));
        let pace =
            Pace { rounds: first, blocks: first, sample: Duration::from_micros(1), limit, ..Pace::default() };
        let mut ends = Ends::default();
        let records = measure(&groups, &pace, &mut ends);
        assert!(!records.is_empty());
        assert!(ends.again.first().is_none_or(|blocks| *blocks == first), "{:?}", ends.again);
        assert!(ends.again.is_sorted_by(|a, b| a < b), "{:?}", ends.again);
        assert_eq!(
            ends.blocks.len(),
            1 + usize::from(!ends.again.is_empty()),
            "once, and once more at the end"
        );
        // Blocks for the noise come on top of those for the verdict.
        let most = Pace::LOOKS[Pace::LOOKS.len() - 1];
        assert!(ends.blocks.iter().all(|blocks| *blocks <= 2 * most));
    }
}
