//! The threads of workers that died and were replaced. They are joined when the pool has ended, and no sooner: the destructors of
//! their thread-local values may wait for the pool.

use std::sync::Mutex;
use std::thread::JoinHandle;

use crate::sync::lock;

/// A thread that is not joined keeps its stack, so of many only the last are waited for in the end.
const MOST_RETIRED: usize = 32;

#[derive(Default)]
pub(super) struct RetiredThreads(Mutex<Vec<JoinHandle<()>>>);

impl RetiredThreads {
    pub(super) fn add(&self, thread: Option<JoinHandle<()>>) {
        let mut threads = lock(&self.0);
        threads.extend(thread);
        if threads.len() > MOST_RETIRED {
            threads.remove(0);
        }
    }

    pub(super) fn join_all(&self) {
        let threads = std::mem::take(&mut *lock(&self.0));
        for thread in threads {
            let _ = thread.join();
        }
    }
}
