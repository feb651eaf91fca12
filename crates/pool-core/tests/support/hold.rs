//! Keeping a worker busy.

use std::sync::mpsc::{self, Sender};

use pool_core::{Pool, PoolExt, current};

/// Submits a job that says which worker runs it, and runs until it is told to end.
pub fn hold(pool: &impl Pool, started: &Sender<usize>) -> Sender<()> {
    let (release, released) = mpsc::channel();
    let started = started.clone();
    pool.execute(move || {
        started.send(current().unwrap().index).unwrap();
        released.recv().unwrap();
    })
    .unwrap();
    release
}
