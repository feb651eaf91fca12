//! A scope of jobs of one length: from which length on does it matter which pool runs them?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::Scopes;
use crate::engine::settings::Settings;
use crate::workload::grain::Pieces;
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `grain/scope`.
pub(crate) struct Scope {
    pieces: Pieces,
    results: Vec<AtomicU64>,
}

impl Prepare for Scope {
    const ABOUT: &'static About = &About {
        name: "grain/scope",
        models: "a scope of jobs that are all as long: from which length on does the choice of a pool matter?",
        operation: "job",
        parameters: &[Pieces::LENGTH],
        variants: &["length=20ns", "length=200ns", "length=2us", "length=20us", "length=200us", "length=1ms"],
        not_in_bench: &["length=200us"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let pieces = Pieces::new(parameters);
        let results = (0..pieces.count).map(|_| AtomicU64::new(0)).collect();
        Ok(Scope { pieces, results })
    }

    fn operations(&self) -> u64 {
        u64::from(self.pieces.count)
    }
}

impl<E: Scopes> Workload<E> for Scope {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.results.iter_mut().for_each(|result| *result.get_mut() = 0);
        let (results, run) = (&self.results[..], self.pieces.run());
        let add = |i: usize| {
            // An addition shows a job that ran twice. No two jobs share a place.
            let before = results[i].load(Ordering::Relaxed);
            results[i].store(before.wrapping_add(run(i as u32)), Ordering::Relaxed);
        };
        watch.run(|| engine.scope_each(results.len(), add));
        self.pieces.check(results.iter().fold(0, |sum, one| sum.wrapping_add(one.load(Ordering::Relaxed))))
    }
}
