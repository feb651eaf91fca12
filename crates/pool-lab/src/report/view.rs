//! One machine's report before it has a format: what is shown, in the order in which it is shown.

use crate::record::results::Run;
use crate::report::Captions;
use crate::report::bars;
use crate::report::claims;
use crate::report::escape;
use crate::report::model::{self, Family, Task};
use crate::report::ranking::{self, Ranking};
use crate::report::speedup;
use crate::report::svg::Plot;

/// The folder of a machine's plots within the machine's own.
pub(crate) const PLOTS: &str = "plots";

pub(crate) struct View<'r> {
    pub(crate) run: &'r Run,
    pub(crate) captions: &'r Captions,
    pub(crate) families: Vec<Family>,
    /// The figures of each task, in the order of families and tasks.
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
        let families = model::arrange(&claims::all_others(&run.records));
        let tasks = families.iter().flat_map(|family| &family.tasks);
        let figures = tasks.map(|task| Figures::draw(task, captions.operation(&task.workload))).collect();
        View { run, captions, families, figures }
    }

    /// The folder's name, and what is to be known about the run.
    pub(crate) fn title(&self) -> String {
        let Run { folder, is_reference, is_own, .. } = self.run;
        match self.run.unfinished {
            Some((done, of)) => format!("this run, unfinished: {done} of {of} groups"),
            None if *is_own => format!("{folder} (yours)"),
            None if *is_reference => format!("{folder} (reference)"),
            None => folder.clone(),
        }
    }

    /// Rankings over several families, each with what it is over: everything, and, where that is not the same, what
    /// most pools can do.
    pub(crate) fn overall(&self) -> Vec<(&'static str, Ranking)> {
        let all: Vec<&Task> = self.families.iter().flat_map(|family| &family.tasks).collect();
        let common = ranking::common(&all);
        let mut rankings = vec![("Overall: all workloads", ranking::rank(all.iter().copied()))];
        if !common.is_empty() && common.len() < all.len() {
            rankings.insert(0, ("Overall: workloads that most pools can do", ranking::rank(common)));
        }
        rankings
    }

    pub(crate) fn rankings(&self) -> Vec<(&Family, Ranking)> {
        self.families.iter().map(|family| (family, ranking::rank(&family.tasks))).collect()
    }

    /// Every task with its family and its figures.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (&Family, &Task, &Figures)> {
        let tasks =
            self.families.iter().flat_map(|family| family.tasks.iter().map(move |task| (family, task)));
        tasks.zip(&self.figures).map(|((family, task), figures)| (family, task, figures))
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

    fn draw(task: &Task, operation: &str) -> Self {
        let name = escape::slug(&format!("{} {}", task.workload, task.variant));
        let bars = task.groups.iter().rev().filter_map(|group| {
            Some(Figure {
                file: format!("{name}-{}t.svg", group.threads),
                alt: format!("{}, threads: {}", task.title(), group.threads),
                plot: bars::plot(task, group, operation)?,
            })
        });
        let speedup = speedup::plot(task).map(|plot| Figure {
            file: format!("{name}-speedup.svg"),
            alt: format!("{}, speed-up by thread count", task.title()),
            plot,
        });
        Figures { bars: bars.collect(), speedup }
    }
}
