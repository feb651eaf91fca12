//! A scope with many small jobs in it, none of which spawns another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::engine::Scopes;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Counted, Failure, Prepare, Watch, Workload, check};

/// `scope/flat`.
pub(crate) struct Flat {
    cells: Vec<AtomicU32>,
}

impl Prepare for Flat {
    const ABOUT: &'static About = &About {
        name: "scope/flat",
        models: "a scope of small jobs, each of which writes to its own place in a borrowed slice",
        operation: "job",
        parameters: &[Rule::new("jobs", Allowed::COUNT, "10000", "jobs in the scope").quick("200")],
        variants: &["jobs=1000", "jobs=1000000"],
        headline: Some("jobs=1000"),
        counted: Some(Counted { path: "scope", parameter: "jobs", sizes: (2_000, 22_000) }),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Flat { cells: (0..parameters.number("jobs")).map(|_| AtomicU32::new(0)).collect() })
    }

    // Nothing is lost from a scope, so no jobs in flight are named: those who wait for them borrow to them.
    fn operations(&self) -> u64 {
        self.cells.len() as u64
    }
}

impl<E: Scopes> Workload<E> for Flat {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.cells.iter_mut().for_each(|cell| *cell.get_mut() = 0);
        let cells = &self.cells[..];
        let write = |i: usize| {
            // An addition shows a job that ran twice. No two jobs share a cell.
            cells[i].store(cells[i].load(Ordering::Relaxed) + i as u32 + 1, Ordering::Relaxed);
        };
        watch.run(|| engine.scope_each(cells.len(), write));
        let wrong =
            self.cells.iter().enumerate().filter(|(i, cell)| cell.load(Ordering::Relaxed) != *i as u32 + 1);
        check(format!("{} wrong cells", wrong.count()), "0 wrong cells".to_owned())
    }
}
