//! The pools that `trace`, `top` and `advise` can look into, and the workloads that they run.

use super::error::CliError;
use super::measure::parse_threads;
use crate::engine::Spec;
use crate::engine::settings::Settings;
use crate::engines::{self, Row};
use crate::workload::Task;
use crate::workloads;

/// Reads the spec of a pool that tells what its threads do. It has this thread count unless it says its own, or one thread a core.
pub(super) fn spec(pool: &str, threads: Option<&str>) -> Result<Spec, CliError> {
    spec_of(pool, threads, |row| row.engine.can.is_pool)
}

/// The same of a pool that tells it or can be watched from outside.
pub(super) fn watched_spec(pool: &str, threads: Option<&str>) -> Result<Spec, CliError> {
    spec_of(pool, threads, Row::can_be_watched)
}

fn spec_of(pool: &str, threads: Option<&str>, is_one: fn(&Row) -> bool) -> Result<Spec, CliError> {
    let spec: Spec = pool.parse()?;
    let known = engines::rows().iter().filter(|row| is_one(row)).map(|row| row.engine.name);
    if !known.clone().any(|name| name == spec.engine().name) {
        let (engine, known) = (spec.engine().name, known.collect::<Vec<_>>().join(", "));
        return Err(CliError::NotObserved { engine, known });
    }
    let default = match threads {
        Some(text) => match parse_threads(text)?[..] {
            [threads] => threads,
            _ => return Err(CliError::Threads(text.to_owned())),
        },
        None => spec.threads(),
    };
    Ok(spec.with_threads(spec.explicit_threads().unwrap_or(default)))
}

/// Reads one workload. Parameters that are not given have their defaults, also where `measure` takes several variants.
pub(super) fn task(workload: &str) -> Result<Task, CliError> {
    match workloads::find(workload.trim()) {
        Some(row) => Ok(Task { about: row.about, parameters: Settings::new(row.about.parameters) }),
        None => Ok(workload.parse()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_says_its_threads_or_is_told() {
        let of = |pool, threads| spec(pool, threads).unwrap().to_string();
        assert_eq!(of("stealing:3", Some("2")), "stealing:3");
        assert_eq!(of("bounded:capacity=64", Some("2")), "bounded:2:capacity=64");
        assert_eq!(of("mpsc", None), format!("mpsc:{}", num_cpus::get()));
    }

    #[test]
    fn a_workload_of_several_variants_has_its_defaults() {
        let of = |workload| task(workload).unwrap().to_string();
        assert_eq!(
            (of("load/bursty"), of("load/bursty:at=50")),
            ("load/bursty".into(), "load/bursty:at=50".into())
        );
        assert!(task("load").unwrap_err().to_string().contains("full name of one workload"));
    }

    #[test]
    fn errors_name_what_would_be_right() {
        let error = |pool, threads| spec(pool, threads).unwrap_err().to_string();
        let message = error("rayon:2", None);
        assert!(
            message.starts_with("`rayon` does not tell what its threads do; these do: mpsc, "),
            "{message}"
        );
        assert!(error("mpsc", Some("1,2")).contains("a whole number from 1 to 1024, not `1,2`"));
        assert!(error("mpsc", Some("0")).contains("a whole number from 1 to 1024, not `0`"));
    }
}
