//! The textbook's thread pool on an unbounded crossbeam channel, which needs no mutex.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, unbounded};

use crate::adapter;
use crate::engine::{Engine, Jobs, Start};
use crate::spec::{Spec, SpecError};

pub(crate) fn entry() -> Engine {
    Engine::new(
        "channel-naive",
        env!("VERSION_CROSSBEAM_CHANNEL"),
        "textbook: an unbounded crossbeam channel",
    )
    .jobs::<ChannelNaive>()
    .pool(adapter::build::<ChannelNaive>)
}

type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct ChannelNaive {
    sender: Sender<Job>,
    threads: Vec<JoinHandle<()>>,
}

impl Start for ChannelNaive {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let (sender, receiver) = unbounded::<Job>();
        let worker = |_| {
            let receiver = receiver.clone();
            thread::Builder::new().spawn(move || receiver.into_iter().for_each(|job| job()))
        };
        let threads: Result<_, _> = (0..spec.threads()).map(worker).collect();
        Ok(ChannelNaive { sender, threads: threads.map_err(|error| spec.build_error(error))? })
    }

    fn stop(self) {
        drop(self.sender);
        for thread in self.threads {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

impl Jobs for ChannelNaive {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.sender.send(Box::new(job)).expect("workers live as long as the sender");
    }
}
