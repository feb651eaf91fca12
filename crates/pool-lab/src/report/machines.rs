//! Machines beside each other: the ratios of the engines on each, and where they disagree about the winner.

use std::collections::BTreeSet;

use crate::numbers::units;
use crate::report::model::{Entry, Family, Group, Outcome, Task};
use crate::report::prose;
use crate::report::table::{Cell, Table, Tone};

/// What several machines have measured.
pub(crate) struct Machines<'m> {
    names: Vec<String>,
    tasks: Vec<Vec<&'m Task>>,
}

impl<'m> Machines<'m> {
    pub(crate) fn new(machines: impl Iterator<Item = (String, &'m [Family])>) -> Self {
        let tasks = |families: &'m [Family]| families.iter().flat_map(|family| &family.tasks).collect();
        let (names, tasks) = machines.map(|(name, families)| (name, tasks(families))).unzip();
        Machines { names, tasks }
    }

    /// The workloads that several machines have measured, each with its group of the most threads on each machine.
    fn common(&self) -> Vec<(&'m Task, Vec<Option<&'m Group>>)> {
        let mut seen = BTreeSet::new();
        let each = self.tasks.iter().flatten().filter(|task| seen.insert(task.name()));
        let of = |task: &&'m Task| {
            let find =
                |tasks: &Vec<&'m Task>| tasks.iter().find(|other| other.name() == task.name()).copied();
            (*task, self.tasks.iter().map(|tasks| find(tasks).map(Task::top)).collect())
        };
        each.map(of).filter(|(_, groups): &(_, Vec<_>)| groups.iter().flatten().count() > 1).collect()
    }

    /// The families of these workloads, in their order.
    pub(crate) fn families(&self) -> Vec<&'m str> {
        let (common, mut seen) = (self.common(), BTreeSet::new());
        common.into_iter().map(|(task, _)| task.family()).filter(|family| seen.insert(*family)).collect()
    }

    /// A line a workload about whose fastest pools two machines disagree: no pool is first on both.
    pub(crate) fn disagreements(&self) -> Table {
        let mut table = self.names.iter().fold(Table::new().text("workload"), Table::text);
        for (task, groups) in self.common().into_iter().filter(|(_, groups)| disagree(groups)) {
            let winners = |group: &Option<&Group>| match group {
                Some(group) => Cell::new(prose::first_places(group)),
                None => Cell::absent("not measured"),
            };
            table.row(std::iter::once(Cell::new(task.title())).chain(groups.iter().map(winners)));
        }
        table
    }

    /// In how many workloads they agree.
    pub(crate) fn agreement(&self) -> String {
        let common = self.common();
        let apart = common.iter().filter(|(_, groups)| disagree(groups)).count();
        format!(
            "Of {} workloads that several machines have measured, they disagree about the winner in {apart}: no pool is first, alone \
             or shared, on both of two machines.",
            common.len()
        )
    }

    /// The engines' ratios to the fastest pool of each machine, for the workloads of a family.
    pub(crate) fn ratios(&self, family: &str) -> Table {
        let start = Table::new().text("workload").text("engine");
        let mut table = self.names.iter().fold(start, Table::number);
        for (task, groups) in self.common().into_iter().filter(|(task, _)| task.family() == family) {
            let threads = groups.iter().flatten().map(|group| group.threads).next();
            for engine in engines(&groups) {
                let cells = groups.iter().map(|group| match group {
                    Some(group) => ratio(group, &engine, threads == Some(group.threads)),
                    None => Cell::absent("not measured"),
                });
                let names = [Cell::new(task.title()), Cell::new(&engine)];
                table.row(names.into_iter().chain(cells));
            }
        }
        table
    }
}

fn winners<'g>(group: &&'g Group) -> BTreeSet<&'g str> {
    let first = group.pools().filter(|(_, measured)| measured.rank == Some(1));
    first.map(|(entry, _)| entry.engine.as_str()).collect()
}

fn disagree(groups: &[Option<&Group>]) -> bool {
    let sets: Vec<BTreeSet<&str>> =
        groups.iter().flatten().map(winners).filter(|set| !set.is_empty()).collect();
    sets.iter().enumerate().any(|(i, set)| sets[..i].iter().any(|other| set.is_disjoint(other)))
}

/// The engines that were measured on any of them, in the order of the first machine that has them.
fn engines(groups: &[Option<&Group>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let measured = groups.iter().flatten().flat_map(|group| group.measured());
    measured.map(|(entry, _)| entry.engine.clone()).filter(|engine| seen.insert(engine.clone())).collect()
}

fn ratio(group: &Group, engine: &str, is_usual: bool) -> Cell {
    match group.entry(engine).map(|entry: &Entry| &entry.outcome) {
        Some(Outcome::Measured(measured)) => {
            let mark = if measured.is_single { " (n=1)" } else { "" };
            let threads = if is_usual { String::new() } else { format!(" ({} threads)", group.threads) };
            let text = format!("{}{mark}{threads}", units::ratio(measured.ratio.median));
            let tone = if measured.rank == Some(1) { Tone::Strong } else { Tone::Plain };
            Cell::number(text, measured.ratio.median).toned(tone)
        }
        Some(Outcome::Failed(_)) => Cell { tone: Tone::Bad, ..Cell::absent("error") },
        Some(Outcome::Unsupported(_)) => Cell::absent("n/a"),
        None => Cell::absent("-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::invented::{Sample, records};
    use crate::report::model::arrange;

    #[test]
    fn ratios_stand_side_by_side_and_disagreements_are_named() {
        let small = arrange(&records(&[
            Sample::time("spawn/a", "stealing", 10.0),
            Sample::time("spawn/a", "rayon", 30.0),
            Sample::time("spawn/b", "stealing", 10.0),
            Sample::time("spawn/b", "rayon", 20.0),
            Sample::time("spawn/only-here", "rayon", 20.0),
        ]));
        let large = arrange(&records(&[
            Sample::time("spawn/a", "stealing", 100.0).threads(8),
            Sample::time("spawn/a", "rayon", 50.0).threads(8),
            Sample::time("spawn/a", "chili", 75.0).once().threads(8),
            Sample::time("spawn/b", "stealing", 10.0),
            Sample::error("spawn/b", "rayon", "lost a job"),
        ]));
        let both = [("small".to_owned(), &small[..]), ("large".to_owned(), &large[..])];
        let machines = Machines::new(both.into_iter());
        assert_eq!(
            machines.ratios("spawn").markdown(),
            "| workload | engine | small | large |\n| --- | --- | ---: | ---: |\n\
             | spawn/a | stealing | **1.00x** | 2.00x (8 threads) |\n\
             | spawn/a | rayon | 3.00x | **1.00x (8 threads)** |\n\
             | spawn/a | chili | - | 1.50x (n=1) (8 threads) |\n\
             | spawn/b | stealing | **1.00x** | **1.00x** |\n\
             | spawn/b | rayon | 2.00x | **error** |\n"
        );
        assert_eq!(
            machines.disagreements().markdown(),
            "| workload | small | large |\n| --- | --- | --- |\n| spawn/a | stealing | rayon |\n"
        );
        assert!(machines.agreement().starts_with("Of 2 workloads that several machines have measured, "));
        assert!(machines.agreement().contains("disagree about the winner in 1: "));
        assert_eq!(machines.families(), ["spawn"]);
        assert_eq!(machines.ratios("join").rows.len(), 0);
    }
}
