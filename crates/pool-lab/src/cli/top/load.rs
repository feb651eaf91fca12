//! A workload that runs again and again, on a thread of its own.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::cli::error::CliError;
use crate::engine::Spec;
use crate::engines;
use crate::workload::{CaseError, Task, Watch};

/// The thread ends with the process.
pub(super) struct Load {
    what: String,
    said: Receiver<Result<(), CaseError>>,
}

impl Load {
    /// Starts the pool and the workload.
    pub(super) fn start(spec: Spec, task: Task) -> Result<Self, CliError> {
        let (say, said) = mpsc::channel();
        let load = Load { what: format!("{task} on {spec}"), said };
        // A case stays on the thread that has made it.
        thread::spawn(move || {
            if let Err(error) = run(&spec, &task, &say) {
                // The program may be about to end.
                let _ = say.send(Err(error));
            }
        });
        load.said.recv().map_or(Ok(()), |started| started.map_err(|error| load.failed(error)))?;
        Ok(load)
    }

    /// Whether it runs still.
    pub(super) fn check(&self) -> Result<(), CliError> {
        match self.said.try_recv() {
            Ok(Err(error)) => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: CaseError) -> CliError {
        CliError::Run { what: self.what.clone(), source: Box::new(source) }
    }
}

/// Runs it for ever, or until it fails.
fn run(spec: &Spec, task: &Task, say: &Sender<Result<(), CaseError>>) -> Result<(), CaseError> {
    let mut case = engines::case(spec, task)?;
    let _ = say.send(Ok(()));
    loop {
        case.iterate(&mut Watch::new())?;
    }
}
