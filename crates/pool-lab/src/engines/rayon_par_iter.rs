//! rayon's parallel iterators, which choose themselves how far they divide the work.

use std::sync::Arc;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::rayon::Rayon;
use super::row::Row;
use crate::engine::{Spec, SpecError, Start};
use crate::workload::{Failure, Watch, Workload};
use crate::workloads::grain_join::Join;

pub(super) fn row() -> Row {
    Row::peer("rayon-par-iter", "rayon", "parallel iterators, which divide as workers ask for work")
        .does::<ParIter, Join>()
        .not_a_pool("it iterates")
}

struct ParIter(Rayon);

impl Start for ParIter {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Rayon::start(spec).map(ParIter)
    }

    fn stop(self) {
        self.0.stop();
    }
}

impl Workload<ParIter> for Join {
    fn iterate(&mut self, engine: &Arc<ParIter>, watch: &mut Watch) -> Result<(), Failure> {
        let (count, cut, run) = (self.pieces.count, self.cut as usize, self.pieces.run());
        let all = || (0..count).into_par_iter().with_min_len(cut).map(run).reduce(|| 0, u64::wrapping_add);
        let sum = engine.0.install(|| watch.run(all));
        self.pieces.check(sum)
    }
}
