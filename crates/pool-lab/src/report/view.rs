//! One machine's report before it has a format: what is shown, in the order in which it is shown.

use crate::record::results::Run;
use crate::report::Captions;
use crate::report::bars;
use crate::report::escape;
use crate::report::model::{self, Bench, Family};
use crate::report::ranking::{self, Ranking};
use crate::report::speedup;
use crate::report::svg::Plot;

/// The folder of a machine's plots within the machine's own.
pub(crate) const PLOTS: &str = "plots";

pub(crate) struct View<'r> {
    pub(crate) run: &'r Run,
    pub(crate) captions: &'r Captions,
    pub(crate) families: Vec<Family>,
    /// The figures of each bench, in the order of families and benches.
    figures: Vec<Figures>,
}

/// The plots of one workload.
pub(crate) struct Figures {
    /// One a thread count, the highest first.
    bars: Vec<Figure>,
    speedup: Option<Figure>,
}

/// A plot, and the file that it is kept in.
pub(crate) struct Figure {
    pub(crate) file: String,
    pub(crate) alt: String,
    pub(crate) plot: Plot,
}

impl<'r> View<'r> {
    pub(crate) fn new(run: &'r Run, captions: &'r Captions) -> Self {
        let families = model::arrange(&run.records);
        let benches = families.iter().flat_map(|family| &family.benches);
        let figures =
            benches.map(|bench| Figures::draw(bench, captions.operation(&bench.workload))).collect();
        View { run, captions, families, figures }
    }

    /// The folder's name, and what is to be known about the run.
    pub(crate) fn title(&self) -> String {
        let Run { folder, is_reference, is_own, .. } = self.run;
        match self.run.unfinished {
            Some((done, of)) => format!("{folder} ({done} of {of} groups)"),
            None if *is_own => format!("{folder} (yours)"),
            None if *is_reference => format!("{folder} (reference)"),
            None => folder.clone(),
        }
    }

    /// Rankings over several families, each with what it is over: everything, and, where that is not the same, what
    /// most pools can do.
    pub(crate) fn overall(&self) -> Vec<(&'static str, Ranking)> {
        let all: Vec<&Bench> = self.families.iter().flat_map(|family| &family.benches).collect();
        let common = ranking::common(&all);
        let mut rankings = vec![("Overall: all workloads", ranking::rank(all.iter().copied()))];
        if !common.is_empty() && common.len() < all.len() {
            rankings.insert(0, ("Overall: workloads that most pools can do", ranking::rank(common)));
        }
        rankings
    }

    pub(crate) fn rankings(&self) -> Vec<(&Family, Ranking)> {
        self.families.iter().map(|family| (family, ranking::rank(&family.benches))).collect()
    }

    /// Every bench with its family and its figures.
    pub(crate) fn benches(&self) -> impl Iterator<Item = (&Family, &Bench, &Figures)> {
        let benches =
            self.families.iter().flat_map(|family| family.benches.iter().map(move |bench| (family, bench)));
        benches.zip(&self.figures).map(|((family, bench), figures)| (family, bench, figures))
    }

    pub(crate) fn plots(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().flat_map(|figures| figures.bars.iter().chain(&figures.speedup))
    }
}

impl Figures {
    /// The plot to show at once: the one with the most threads.
    pub(crate) fn first(&self) -> Option<&Figure> {
        self.bars.first()
    }

    /// The others, under a title.
    pub(crate) fn others(&self) -> (&'static str, Vec<&Figure>) {
        let title =
            if self.speedup.is_some() { "Speed-up and other thread counts" } else { "Other thread counts" };
        (title, self.speedup.iter().chain(self.bars.iter().skip(1)).collect())
    }

    fn draw(bench: &Bench, operation: &str) -> Self {
        let name = escape::slug(&format!("{} {}", bench.workload, bench.variant));
        let bars = bench.contests.iter().rev().filter_map(|contest| {
            Some(Figure {
                file: format!("{name}-{}t.svg", contest.threads),
                alt: format!("{}, threads: {}", bench.title(), contest.threads),
                plot: bars::plot(bench, contest, operation)?,
            })
        });
        let speedup = speedup::plot(bench).map(|plot| Figure {
            file: format!("{name}-speedup.svg"),
            alt: format!("{}, speed-up by thread count", bench.title()),
            plot,
        });
        Figures { bars: bars.collect(), speedup }
    }
}
