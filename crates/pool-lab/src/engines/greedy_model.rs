//! No pool: what the best of all queues would take. Greedy list scheduling of `spawn/uneven` in the order of submission.
//!
//! The jobs' lengths are known beforehand here, so the schedule is computed: each job in turn goes to the thread that is
//! free first. Then as many threads run one share each, with no queue, and tell how much processor time a step of a job takes
//! while all cores are busy; the time of the schedule is its longest share in steps, times that. So the model sees the same
//! machine as the engines of its round do, but not the start and the end of threads, nor two of them on one core.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::row::Row;
use crate::engine::{Spec, SpecError, Start};
use crate::system::os;
use crate::workload::{Failure, Watch, Workload};
use crate::workloads::spawn_uneven::Uneven;

pub(super) fn row() -> Row {
    Row::no_pool(
        "greedy-model",
        "no pool: greedy list scheduling, computed",
        "every cost of a queue; start and end of threads",
    )
    .does::<GreedyModel, Uneven>()
    .not_a_pool("it computes a time")
}

pub(crate) struct GreedyModel {
    /// Threads that have a core. More of them do not compute any faster.
    threads: usize,
}

impl Start for GreedyModel {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(GreedyModel { threads: spec.threads().min(num_cpus::get()) })
    }

    fn stop(self) {}
}

impl Workload<GreedyModel> for Uneven {
    fn iterate(&mut self, engine: &Arc<GreedyModel>, watch: &mut Watch) -> Result<(), Failure> {
        let shares = schedule(self.lengths(), engine.threads);
        let start = Barrier::new(shares.len());
        let outcomes: Vec<(u64, Duration)> = thread::scope(|scope| {
            let run = |share: &Share| {
                start.wait();
                let (cpu, began) = (os::thread_cpu(), Instant::now());
                let sum = share.jobs.iter().fold(0, |sum: u64, job| sum.wrapping_add(self.run(*job)));
                let used = cpu.and_then(|before| os::thread_cpu()?.checked_sub(before));
                (sum, used.unwrap_or_else(|| began.elapsed()))
            };
            let threads: Vec<_> = shares.iter().map(|share| scope.spawn(move || run(share))).collect();
            threads.into_iter().map(|thread| thread.join().expect("multiplying does not panic")).collect()
        });
        let steps: u64 = shares.iter().map(|share| share.steps).sum();
        let busy: Duration = outcomes.iter().map(|(_, busy)| *busy).sum();
        let longest = shares.iter().map(|share| share.steps).max().unwrap_or_default();
        watch.computed(busy.mul_f64(longest as f64 / steps as f64));
        self.check(outcomes.iter().fold(0, |sum: u64, (share, _)| sum.wrapping_add(*share)))
    }
}

/// What one thread does.
#[derive(Clone, Default)]
struct Share {
    jobs: Vec<u32>,
    steps: u64,
}

/// Each job to the thread that has the least so far.
fn schedule(lengths: &[u32], threads: usize) -> Vec<Share> {
    let mut shares = vec![Share::default(); threads];
    for (job, length) in (0..).zip(lengths) {
        let first_free =
            shares.iter_mut().min_by_key(|share| share.steps).expect("there is at least one thread");
        first_free.jobs.push(job);
        first_free.steps += u64::from(*length);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_goes_to_the_thread_that_is_free_first() {
        let shares = schedule(&[5, 1, 1, 1, 4, 1], 2);
        let jobs: Vec<&[u32]> = shares.iter().map(|share| &share.jobs[..]).collect();
        assert_eq!(jobs, [&[0, 5][..], &[1, 2, 3, 4][..]]);
        assert_eq!((shares[0].steps, shares[1].steps), (6, 7));
    }
}
