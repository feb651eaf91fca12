use std::sync::{Arc, mpsc};

use pool_lab::engine::Jobs;
use pool_lab::engine::settings::{Allowed, Rule, Settings};
use pool_lab::workload::{About, Failure, Prepare, Watch, Workload, check};

/// Jobs that send their number back.
pub struct Echo(u64);

impl Prepare for Echo {
    const ABOUT: &'static About = &About {
        name: "mine/echo",
        models: "jobs answer on a channel",
        operation: "job",
        parameters: &[Rule::new("jobs", Allowed::COUNT, "1000", "jobs in a batch").quick("100")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Echo(parameters.number("jobs") as u64))
    }

    fn operations(&self) -> u64 {
        self.0
    }
}

impl<E: Jobs> Workload<E> for Echo {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let sum = watch.run(|| {
            let (send, receive) = mpsc::channel();
            (0..self.0).for_each(|i| {
                let send = send.clone();
                engine.execute(move || send.send(i).expect("the receiver waits for all"));
            });
            receive.iter().take(self.0 as usize).sum::<u64>()
        });
        check(sum, self.0 * (self.0 - 1) / 2)
    }
}
