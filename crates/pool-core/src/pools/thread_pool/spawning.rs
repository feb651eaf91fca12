//! How the threads of a pool are made: by std, or by the program.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

use crate::PoolId;
use crate::current::stand_in;

/// Makes a thread that [runs](WorkerThread::run) a worker.
pub(super) type SpawnHandler = Option<Arc<dyn Fn(WorkerThread) -> io::Result<()> + Send + Sync>>;

/// What its thread is called.
pub(super) type ThreadNames = Option<Arc<dyn Fn(usize) -> String + Send + Sync>>;

/// Who has a worker that was handed out.
const OFFERED: u8 = 0;
const ACCEPTED: u8 = 1;
const DROPPED: u8 = 2;
const REFUSED: u8 = 3;

/// A worker without a thread: what a [spawn handler](crate::Builder::spawn_handler) gets.
///
/// Some thread is to [run](WorkerThread::run) it. Dropped, it is a failed start: the pool goes on without a worker in this slot.
#[must_use = "a worker that no thread runs is a failed start"]
pub struct WorkerThread {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) stack_size: Option<usize>,
    pub(super) pool: PoolId,
    /// `None` once it runs.
    pub(super) worker: Option<Box<dyn FnOnce(Outcome) + Send>>,
    pub(super) owner: Arc<AtomicU8>,
}

/// What became of it.
pub(super) enum Outcome {
    Runs,
    Lost,
}

impl WorkerThread {
    /// The worker's number in the pool, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// What the thread is to be called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The [stack](crate::Builder::stack_size) that it is to have, if that was said.
    pub fn stack_size(&self) -> Option<usize> {
        self.stack_size
    }

    /// Is the worker, until the pool ends or has one worker too many. Afterwards the thread belongs to no pool.
    ///
    /// The thread is to be none of this pool's own, nor one that a shutdown of the pool would wait for.
    pub fn run(mut self) {
        if self.owner.load(SeqCst) == REFUSED {
            return;
        }
        if let Some(worker) = self.worker.take() {
            let _member = stand_in(self.pool);
            worker(Outcome::Runs);
        }
    }

    /// Offers it to the handler.
    pub(super) fn offer(self, handler: impl FnOnce(WorkerThread) -> io::Result<()>) -> io::Result<Lost> {
        let owner = self.owner.clone();
        match handler(self) {
            Ok(()) => Ok(Lost(owner.swap(ACCEPTED, SeqCst) == DROPPED)),
            Err(error) => {
                owner.store(REFUSED, SeqCst);
                Err(error)
            }
        }
    }
}

/// Whether the handler has dropped the worker.
pub(super) struct Lost(pub(super) bool);

impl Drop for WorkerThread {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        // Otherwise the thread that offered it sees to that.
        if self.owner.compare_exchange(OFFERED, DROPPED, SeqCst, SeqCst) == Err(ACCEPTED) {
            worker(Outcome::Lost);
        }
    }
}

impl fmt::Debug for WorkerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerThread")
            .field("index", &self.index)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
