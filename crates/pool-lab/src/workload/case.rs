//! A case is one engine with one workload, ready to run samples.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pool_core::Panic;

use super::about::About;
use super::failure::Failure;
use super::traits::Workload;
use super::watch::Watch;
use crate::engine::settings::Settings;
use crate::engine::{Spec, SpecError, Start};
use crate::metrics::footprint::{KEPT, PEAKS, THREADS};
use crate::system::footprint::{Baseline, Growth};

/// One engine with one workload, whatever their types.
pub trait Case {
    /// Runs the workload once, adds what it took to the watch, and checks the answer.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the answer is wrong or jobs are missing. The case must not be used again.
    fn iterate(&mut self, watch: &mut Watch) -> Result<(), Failure>;

    /// The number of operations in one iteration, by which times are divided.
    fn operations(&self) -> u64;

    /// Tells the workload in which block it runs; see [`Prepare::in_block`](super::Prepare::in_block).
    fn in_block(&mut self, _block: usize) {}

    /// Whether the engine is warm, and one iteration fills a sample; see [`Prepare::is_warm`](super::Prepare::is_warm).
    fn is_warm(&self) -> bool {
        false
    }
}

/// Why there is no such case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The engine cannot do this kind of work; the text says what it lacks.
    #[error("{0}")]
    Unsupported(String),
    /// The engine could not be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The workload could not be prepared.
    #[error(transparent)]
    Workload(Failure),
}

impl From<Failure> for CaseError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(what) => CaseError::Unsupported(what),
            failure => CaseError::Workload(failure),
        }
    }
}

type Make = fn(&Spec, &Settings) -> Result<Box<dyn Case>, CaseError>;

/// A workload that an engine can do, and how to make the two a case.
pub(crate) struct Binding {
    about: &'static About,
    make: Make,
}

impl Binding {
    /// The workload `W` on the engine `E`.
    pub(crate) const fn new<E: Start, W: Workload<E>>() -> Self {
        Binding { about: W::ABOUT, make: make::<E, W> }
    }

    /// Whether it is this workload.
    pub(crate) fn is_of(&self, about: &About) -> bool {
        self.about.name == about.name
    }

    /// Starts the engine and prepares the workload.
    ///
    /// # Errors
    ///
    /// [`CaseError`] when one of them cannot be made, or the engine may lose jobs.
    pub(crate) fn make(&self, spec: &Spec, parameters: &Settings) -> Result<Box<dyn Case>, CaseError> {
        (self.make)(spec, parameters)
    }
}

fn make<E: Start, W: Workload<E>>(spec: &Spec, parameters: &Settings) -> Result<Box<dyn Case>, CaseError> {
    let mut workload = W::prepare(parameters)?;
    workload.on_threads(spec.threads());
    let baseline = Baseline::take();
    let engine = spec.try_build(|| E::check(spec).and_then(|()| E::start(spec)))?;
    if let Some(limit) = engine.loses_beyond()
        && limit < workload.jobs_in_flight()
    {
        engine.stop();
        let jobs = workload.jobs_in_flight();
        return Err(CaseError::Unsupported(format!("may lose jobs beyond {limit}, of {jobs}")));
    }
    let mut bound = Bound { parts: Some((Arc::new(engine), workload)), baseline, grown: None };
    bound.guarded(|engine, workload| workload.get_to_know(engine))?;
    Ok(Box::new(bound))
}

struct Bound<E: Start, W: Workload<E>> {
    /// Present until dropped, or until something went wrong.
    parts: Option<(Arc<E>, W)>,
    /// What the process was like without the engine.
    baseline: Baseline,
    /// By how much it had grown after the first iteration.
    grown: Option<Growth>,
}

impl<E: Start, W: Workload<E>> Bound<E, W> {
    fn guarded(&mut self, part: impl FnOnce(&Arc<E>, &mut W) -> Result<(), Failure>) -> Result<(), Failure> {
        let (engine, workload) = self.parts.as_mut().ok_or(Failure::FailedBefore)?;
        let result = catch_unwind(AssertUnwindSafe(|| part(engine, workload)));
        let result = result.unwrap_or_else(|payload| Err(Failure::Panicked(Panic::new(payload).to_string())));
        if result.is_err() {
            // Jobs may be stuck in the pool or still on their way: stopping could hang, and what the jobs
            // write to must stay. The process lives on without this pool.
            std::mem::forget(self.parts.take());
        }
        result
    }
}

impl<E: Start, W: Workload<E>> Case for Bound<E, W> {
    fn iterate(&mut self, watch: &mut Watch) -> Result<(), Failure> {
        self.guarded(|engine, workload| workload.iterate(engine, watch))?;
        note(*self.grown.get_or_insert_with(|| self.baseline.growth()), watch);
        Ok(())
    }

    fn operations(&self) -> u64 {
        self.parts.as_ref().map_or(1, |(_, workload)| workload.operations())
    }

    fn in_block(&mut self, block: usize) {
        self.parts.iter_mut().for_each(|(_, workload)| workload.in_block(block));
    }

    fn is_warm(&self) -> bool {
        self.parts.as_ref().is_some_and(|(_, workload)| workload.is_warm())
    }
}

/// Once a sample.
fn note(growth: Growth, watch: &mut Watch) {
    if watch.values(THREADS).is_empty() {
        watch.add(THREADS, growth.threads as f64);
        watch.add(PEAKS, growth.peak as f64);
        watch.add(KEPT, growth.kept as f64);
    }
}

impl<E: Start, W: Workload<E>> Drop for Bound<E, W> {
    fn drop(&mut self) {
        if let Some((engine, workload)) = self.parts.take() {
            drop(workload);
            // Jobs give up their share of the engine before they count as done, so this one is the last.
            if let Some(engine) = Arc::into_inner(engine) {
                // A pool that panics at its end has given its answers, and the others are still to be measured.
                let _ = catch_unwind(AssertUnwindSafe(|| engine.stop()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Jobs;
    use crate::workload::Prepare;
    use crate::workloads::spawn_external::External;

    /// Panics when it is started, as some do where there are no threads left, or when it is stopped.
    struct Panics {
        at_start: bool,
    }

    impl Start for Panics {
        fn start(spec: &Spec) -> Result<Self, SpecError> {
            assert!(spec.threads() > 1, "the system has no thread left");
            Ok(Panics { at_start: false })
        }

        fn stop(self) {
            assert!(self.at_start, "it does not end well");
        }
    }

    impl Jobs for Panics {
        fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
            job();
        }
    }

    fn make_with(threads: usize) -> Result<Box<dyn Case>, CaseError> {
        let spec: Spec = format!("threadpool:{threads}").parse().unwrap();
        let mut settings = Settings::new(External::ABOUT.parameters).quick();
        settings.set("jobs=10").unwrap();
        make::<Panics, External>(&spec, &settings)
    }

    #[test]
    fn an_engine_that_panics_when_it_is_built_is_an_error_and_no_more() {
        let error = make_with(1).err().expect("it cannot be built").to_string();
        assert_eq!(error, "`threadpool:1` cannot be built: the system has no thread left");
    }

    #[test]
    fn an_engine_that_panics_when_it_is_stopped_has_been_measured() {
        let mut case = make_with(2).unwrap_or_else(|error| panic!("{error}"));
        case.iterate(&mut Watch::new()).unwrap();
        drop(case);
    }
}
