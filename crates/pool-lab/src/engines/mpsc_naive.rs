//! The textbook's thread pool, as short as it gets: what our `mpsc` has to beat.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::row::Row;
use crate::engine::{Jobs, MadeOf, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::baseline("mpsc-naive", MadeOf::Std, "textbook: a std channel, its receiver behind a mutex")
        .jobs::<MpscNaive>()
        .fifo()
        .adapted::<MpscNaive>()
}

type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct MpscNaive {
    sender: Sender<Job>,
    threads: Vec<JoinHandle<()>>,
}

fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is released at the end of this statement, before the job runs.
        let job = receiver.lock().expect("no worker panics while it holds the lock").recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

impl Start for MpscNaive {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let worker = |_| {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().spawn(move || work(&receiver))
        };
        let threads: Result<_, _> = (0..spec.threads()).map(worker).collect();
        Ok(MpscNaive { sender, threads: threads.map_err(|error| spec.build_error(error))? })
    }

    fn stop(self) {
        drop(self.sender);
        for thread in self.threads {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

impl Jobs for MpscNaive {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.sender.send(Box::new(job)).expect("workers live as long as the sender");
    }
}
