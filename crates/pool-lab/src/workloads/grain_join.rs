//! A range of jobs of one length, halved by joins: down to single jobs, or to pieces that are long enough.
//!
//! The engine `rayon-par-iter` does the same with a parallel iterator, which halves a range only as often as workers ask for
//! work, and with a cut-off has pieces of that length at least.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::grain::Pieces;
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `grain/join`.
pub(crate) struct Join {
    pub(crate) pieces: Pieces,
    /// So many jobs are run in a loop.
    pub(crate) cut: u32,
}

impl Prepare for Join {
    const ABOUT: &'static About = &About {
        name: "grain/join",
        models: "a range of jobs that are all as long, halved by joins: from which length on does the choice of a pool matter?",
        operation: "job",
        parameters: &[
            Pieces::LENGTH,
            Rule::new(
                "cut",
                Allowed::EFFORT,
                "0",
                "ranges up to this length are a loop; 0: single jobs only",
            ),
        ],
        variants: &[
            "length=20ns",
            "length=20ns:cut=10us",
            "length=200ns",
            "length=200ns:cut=10us",
            "length=2us",
            "length=2us:cut=10us",
            "length=20us",
            "length=200us",
            "length=1ms",
        ],
        not_in_bench: &["length=200us"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (length, cut) = (parameters.duration("length"), parameters.duration("cut"));
        let cut = cut.div_duration_f64(length.max(Duration::from_nanos(1))) as u32;
        Ok(Join { pieces: Pieces::new(parameters), cut: cut.max(1) })
    }

    fn operations(&self) -> u64 {
        u64::from(self.pieces.count)
    }
}

impl<E: Joins> Workload<E> for Join {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (all, cut, run) = (0..self.pieces.count, self.cut, self.pieces.run());
        let sum = engine.enter(|context| watch.run(|| halve::<E>(all, cut, run, context)));
        self.pieces.check(sum)
    }
}

fn halve<E: Joins>(
    range: Range<u32>,
    cut: u32,
    run: impl Fn(u32) -> u64 + Copy + Send + Sync,
    context: &mut E::Context<'_>,
) -> u64 {
    if range.end - range.start <= cut {
        return range.map(run).fold(0, u64::wrapping_add);
    }
    let middle = range.start + (range.end - range.start) / 2;
    let (a, b) = E::join(
        context,
        |c| halve::<E>(range.start..middle, cut, run, c),
        |c| halve::<E>(middle..range.end, cut, run, c),
    );
    a.wrapping_add(b)
}
