//! The families of workloads: what each asks of a pool.

/// Workloads that ask the same of a pool.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// The first part of its workloads' names.
    pub name: &'static str,
    /// What it asks of a pool, as reports say it.
    pub asks: &'static str,
    /// Whether `cargo bench` measures it with the most threads only. So it is where the question is how work is shared or
    /// awaited, which one thread cannot show, or where an iteration takes long for what it tells.
    pub has_one_thread_count: bool,
    /// Whether there are so few jobs that each can have a thread of its own.
    pub has_few_jobs: bool,
    /// Whether it is measured with four times as many threads as cores, too.
    pub has_crowd: bool,
    /// Whether more threads are meant to make an operation faster.
    pub speeds_up: bool,
}

impl Family {
    const fn new(name: &'static str, asks: &'static str) -> Self {
        Family {
            name,
            asks,
            has_one_thread_count: false,
            has_few_jobs: false,
            has_crowd: false,
            speeds_up: true,
        }
    }

    /// A family that another crate has made up.
    pub(crate) const THEIRS: Family = Family::new("", "do what its author asks");

    const fn one_thread_count(self) -> Self {
        Family { has_one_thread_count: true, ..self }
    }

    const fn few_jobs(self) -> Self {
        Family { has_few_jobs: true, ..self }
    }

    const fn crowd(self) -> Self {
        Family { has_crowd: true, ..self }
    }

    const fn no_speed_up(self) -> Self {
        Family { speeds_up: false, ..self }
    }

    /// The family of a workload, by the workload's name.
    pub fn of(workload: &str) -> Option<&'static Family> {
        let name = workload.split('/').next().unwrap_or_default();
        FAMILIES.iter().find(|family| family.name == name)
    }

    /// Where a family of this name stands in the order of lists and reports: unknown ones last.
    pub fn position(name: &str) -> usize {
        FAMILIES.iter().position(|family| family.name == name).unwrap_or(FAMILIES.len())
    }
}

/// All families, in the order of lists and reports.
pub static FAMILIES: [Family; 16] = [
    Family::new("spawn", "hand over many small independent jobs"),
    Family::new("join", "split work in two, again and again, and wait for both halves"),
    Family::new("scope", "run jobs that borrow from the caller's stack"),
    Family::new("loop", "divide a loop among the workers, and not into jobs"),
    Family::new("skew", "keep every worker busy when the work is uneven").one_thread_count(),
    Family::new("burst", "wake enough workers for a few jobs").one_thread_count(),
    Family::new("latency", "wake an idle pool for one job").few_jobs().no_speed_up(),
    Family::new("load", "answer soon while jobs arrive at their own times, as requests to a server do")
        .one_thread_count()
        .no_speed_up(),
    Family::new("tick", "do the few jobs of each frame in time").one_thread_count().no_speed_up().crowd(),
    Family::new("priority", "run urgent jobs soon while others queue").one_thread_count(),
    Family::new("fair", "serve all submitters alike, with all workers alike")
        .one_thread_count()
        .no_speed_up(),
    Family::new("grain", "be worth it from a short length of jobs on").one_thread_count(),
    Family::new("idle", "cost nothing while there is little or nothing to do").one_thread_count(),
    Family::new("io", "run jobs that block").few_jobs(),
    Family::new("lifecycle", "start a pool and stop it").one_thread_count().few_jobs().no_speed_up(),
    Family::new("app", "do real work").few_jobs(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_family_asks_something() {
        for (i, family) in FAMILIES.iter().enumerate() {
            assert_eq!(Family::position(family.name), i, "{}", family.name);
            assert!(!family.asks.is_empty(), "{}", family.name);
        }
    }
}
