//! How much of their busy time workers were blocked, and what size follows from it.

use crate::observation::Observation;

/// How the time of jobs divides.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Blocking {
    /// The blocking coefficient: the share of a job's time in which it is blocked, from 0 to 1. Waiting for a CPU that others have
    /// is not part of a job's time.
    pub coefficient: f64,
    /// The CPUs that the jobs used on average, in jobs and between them.
    pub cpus_in_use: f64,
    /// The workers that keep all CPUs busy: the number of CPUs times 1 + wait/compute (Goetz), at least one. Of more use is none,
    /// however many jobs come; of fewer, if fewer come.
    pub size: usize,
}

/// What the times that were measured are in parts of the time that jobs took.
pub(crate) struct Division {
    pub(crate) blocked: f64,
    /// In which they waited for a CPU.
    pub(crate) starved: f64,
}

impl Division {
    /// `None` if it was not measured.
    ///
    /// Busy time and processor time both have what a worker does between jobs, such as a look for more before it sleeps. So
    /// their difference is what jobs were blocked, and is compared with what jobs took by themselves, where that is known. Jobs so
    /// short that it is not most of the busy time do not tell: then all of that counts.
    pub(crate) fn of(observation: &Observation) -> Option<Self> {
        let time = observation.processor_time?;
        let (busy, used) = (observation.busy.as_secs_f64(), time.used.as_secs_f64());
        let starved = time.waited.unwrap_or_default().as_secs_f64().min(busy);
        let blocked = (busy - used - starved).max(0.0);
        let run_time = observation.timings.as_ref().map(|timings| &timings.run_time);
        let by_themselves = run_time.map_or(0.0, |time| time.mean().as_secs_f64()) * observation.ran as f64;
        let took = if by_themselves >= busy / 2.0 {
            // One that runs in another's place is counted twice.
            by_themselves.clamp(blocked + starved, busy.max(blocked + starved))
        } else {
            busy
        };
        (took > 0.0).then(|| Division { blocked: blocked / took, starved: starved / took })
    }

    /// The blocking coefficient.
    pub(crate) fn coefficient(&self) -> f64 {
        if self.starved >= 1.0 { 0.0 } else { (self.blocked / (1.0 - self.starved)).clamp(0.0, 1.0) }
    }
}

impl Blocking {
    pub(crate) fn of(observation: &Observation) -> Option<Self> {
        let coefficient = Division::of(observation)?.coefficient();
        let used = observation.processor_time?.used.as_secs_f64();
        Some(Blocking {
            coefficient,
            cpus_in_use: used / observation.elapsed.as_secs_f64().max(f64::MIN_POSITIVE),
            size: size(observation.cpus, coefficient),
        })
    }

    /// Wait/compute: how long a job is blocked for each second that it computes.
    pub fn wait_to_compute(&self) -> f64 {
        self.coefficient / (1.0 - self.coefficient)
    }
}

/// Jobs that do nothing but wait could have any number of workers; so many are no pool any more.
const MOST: f64 = 100_000.0;

fn size(cpus: usize, coefficient: f64) -> usize {
    (cpus as f64 / (1.0 - coefficient)).min(MOST).round().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pool_core::Timings;
    use pool_core::stats::ProcessorTime;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn observation(used: Duration, waited: Option<Duration>) -> Observation {
        let mut time = ProcessorTime::default();
        (time.used, time.waited) = (used, waited);
        Observation {
            elapsed: 10 * SECOND,
            cpus: 2,
            ran: 1_000,
            busy: 20 * SECOND,
            processor_time: Some(time),
            ..Observation::default()
        }
    }

    fn timed(each: Duration, observation: Observation) -> Observation {
        let mut timings = Timings::default();
        (0..100).for_each(|_| timings.run_time.record(each));
        Observation { timings: Some(timings), ..observation }
    }

    #[track_caller]
    fn assert_blocking(observation: &Observation, coefficient: f64, size: usize) {
        let found = Blocking::of(observation).unwrap();
        assert!((found.coefficient - coefficient).abs() < 1e-3, "{found:?}, not {coefficient}");
        assert_eq!(found.size, size, "{found:?}");
    }

    #[test]
    fn what_is_busy_and_not_computing_is_blocked() {
        for (used, coefficient, size) in [(20, 0.0, 2), (10, 0.5, 4), (2, 0.9, 20)] {
            let observation = observation(used * SECOND, Some(Duration::ZERO));
            assert_blocking(&observation, coefficient, size);
            let found = Blocking::of(&observation).unwrap();
            assert!((found.cpus_in_use - f64::from(used) / 10.0).abs() < 1e-9, "{found:?}");
            assert!((found.wait_to_compute() - coefficient / (1.0 - coefficient)).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn a_wait_for_a_cpu_is_no_blocking() {
        assert_blocking(&observation(8 * SECOND, Some(8 * SECOND)), 4.0 / 12.0, 3);
        assert_blocking(&observation(8 * SECOND, None), 12.0 / 20.0, 5);
        // They had no CPU at all.
        assert_blocking(&observation(Duration::ZERO, Some(30 * SECOND)), 0.0, 2);
    }

    #[test]
    fn what_workers_do_between_jobs_is_no_part_of_a_job() {
        // Half of the busy time they looked for jobs; those were blocked for 8 of 10 ms.
        let observation = timed(Duration::from_millis(10), observation(12 * SECOND, Some(Duration::ZERO)));
        assert_blocking(&observation, 0.8, 10);
    }

    #[test]
    fn jobs_that_are_not_over_or_run_in_each_other_make_no_nonsense() {
        let short = timed(Duration::from_micros(1), observation(2 * SECOND, Some(Duration::ZERO)));
        assert_blocking(&short, 0.9, 20);
        let nested = timed(SECOND, observation(10 * SECOND, Some(Duration::ZERO)));
        assert_blocking(&nested, 0.5, 4);
    }

    #[test]
    fn what_was_not_measured_is_not_known() {
        let nothing = observation(SECOND, None);
        assert_eq!(Blocking::of(&Observation { processor_time: None, ..nothing.clone() }), None);
        let idle = Observation { busy: Duration::ZERO, ran: 0, ..observation(Duration::ZERO, None) };
        assert_eq!(Blocking::of(&idle), None);
    }
}
