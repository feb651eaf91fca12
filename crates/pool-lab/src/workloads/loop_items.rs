//! A parallel loop over items that each take about as long as it takes to hand over a job.
//!
//! Nobody wants a job for each item here: the question is how an engine divides a range. With `work=falling` item i of n takes
//! `2 (1 - i/n)` times the mean, as the rows of a triangle do: whoever divides the range into as many equal parts as there are
//! threads gives the first thread three times the work of the last of two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::Loops;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::effort::{chain, steps_in};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// `loop/items`.
pub(crate) struct Items {
    items: Vec<Item>,
    expected: u64,
}

/// What the loop runs over.
struct Item {
    seed: u32,
    steps: u32,
    result: AtomicU64,
}

impl Item {
    fn run(&self) {
        // An addition shows an item that ran twice. No two threads have the same.
        let before = self.result.load(Ordering::Relaxed);
        self.result.store(before.wrapping_add(chain(self.seed, self.steps)), Ordering::Relaxed);
    }
}

impl Prepare for Items {
    const ABOUT: &'static About = &About {
        name: "loop/items",
        models: "a parallel loop over many short items, all as long or ever shorter: how well is a range divided?",
        operation: "item",
        parameters: &[
            Rule::new("items", Allowed::COUNT, "20000", "items in the loop").quick("200"),
            Rule::new("length", Allowed::EFFORT, "100ns", "how long an item computes, in the mean")
                .quick("10us"),
            Rule::new(
                "work",
                Allowed::Choice(&["even", "falling"]),
                "even",
                "whether later items are shorter",
            ),
        ],
        variants: &["work=even", "work=falling"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let count = parameters.number("items");
        let mean = f64::from(steps_in(parameters.duration("length")));
        let is_even = parameters.text("work") == "even";
        let share = |i: usize| if is_even { 1.0 } else { 2.0 * (1.0 - i as f64 / count as f64) };
        let item =
            |i: usize| Item { seed: i as u32, steps: (mean * share(i)) as u32, result: AtomicU64::new(0) };
        let items: Vec<Item> = (0..count).map(item).collect();
        let results = items.iter().map(|item| chain(item.seed, item.steps));
        Ok(Items { expected: results.fold(0, u64::wrapping_add), items })
    }

    fn operations(&self) -> u64 {
        self.items.len() as u64
    }
}

impl<E: Loops> Workload<E> for Items {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.items.iter_mut().for_each(|item| *item.result.get_mut() = 0);
        watch.run(|| engine.for_each(&self.items, Item::run));
        let results = self.items.iter().map(|item| item.result.load(Ordering::Relaxed));
        check(results.fold(0, u64::wrapping_add), self.expected)
    }
}
