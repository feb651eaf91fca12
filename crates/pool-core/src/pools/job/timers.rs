//! Jobs that wait for their time, and the thread that waits with them.
//!
//! A pool has a thread for them while it has some, and up to a second longer; nothing otherwise. It is the pool's and not the
//! process's, so that the pool's end needs to know of no other pool, and so that a queue that is full, which may hold this thread up,
//! delays no timed job of another pool.
//!
//! Everything that changes is behind one mutex, under which no job is run or dropped.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::job::boost::Boost;
use crate::job::link::Link;
use crate::os::process_fork;
use crate::panic::drop_quietly;
use crate::sync::lock;
use crate::{CancelToken, Job, Reason};

/// How long the thread stays when no job waits.
const LINGER: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Timers {
    queue: Link<dyn Boost>,
    state: Mutex<State>,
    changed: Condvar,
}

/// When a job is due, and its number, to keep apart those with the same moment.
type Key = (Instant, u64);

#[derive(Default)]
struct State {
    /// The one that is due first comes first.
    jobs: BTreeMap<Key, Job>,
    /// When each of them is due.
    due: HashMap<u64, Instant>,
    numbers: u64,
    has_thread: bool,
    is_closed: bool,
}

impl Timers {
    /// Where jobs go when they are due; nowhere under an adapter.
    pub(crate) fn queue(&self) -> &Link<dyn Boost> {
        &self.queue
    }

    /// A number that no other timed job of the pool has.
    pub(crate) fn next_number(&self) -> u64 {
        let mut state = lock(&self.state);
        state.numbers += 1;
        state.numbers
    }

    /// Keeps a job until it is due. The error is the job, and why it is not taken.
    pub(crate) fn add(
        self: &Arc<Self>,
        (due, number): Key,
        job: Job,
        token: &CancelToken,
    ) -> Result<(), (Job, Reason)> {
        let mut state = lock(&self.state);
        // Under the lock: a thread that cancels sets the token first, and then looks for the job.
        if token.is_cancelled() {
            return Err((job, Reason::Dropped));
        }
        if state.is_closed {
            return Err((job, Reason::ShutDown));
        }
        if !state.has_thread {
            if !self.start() {
                return Err((job, Reason::NoTimer));
            }
            state.has_thread = true;
        } else if state.jobs.first_key_value().is_none_or(|((first, _), _)| due < *first) {
            self.changed.notify_one();
        }
        state.jobs.insert((due, number), job);
        state.due.insert(number, due);
        Ok(())
    }

    /// Takes the job with this number back, if it still waits.
    pub(crate) fn remove(&self, number: u64) -> Option<Job> {
        let mut state = lock(&self.state);
        let due = state.due.remove(&number)?;
        state.jobs.remove(&(due, number))
    }

    /// Whether the job with this number waits.
    pub(crate) fn has(&self, number: u64) -> bool {
        lock(&self.state).due.contains_key(&number)
    }

    /// Keeps nothing from now on. Returns what it has kept, the job that was due first before the others.
    pub(crate) fn close(&self) -> Vec<Job> {
        let mut state = lock(&self.state);
        state.is_closed = true;
        state.due.clear();
        self.changed.notify_one();
        std::mem::take(&mut state.jobs).into_values().collect()
    }

    /// Starts the thread, which takes the lock first. Returns whether it could be started.
    fn start(self: &Arc<Self>) -> bool {
        let timers = self.clone();
        let builder = thread::Builder::new().name("pool-timer".to_owned());
        process_fork::spawn(builder, move || timers.keep_time()).is_ok()
    }

    fn keep_time(&self) {
        let mut state = lock(&self.state);
        let mut lingered = false;
        while !state.is_closed {
            let now = Instant::now();
            let first = state.jobs.first_key_value().map(|((due, _), _)| *due);
            let until = match first {
                Some(due) if due <= now => {
                    let job = state.take_first();
                    drop(state);
                    job.into_iter().for_each(|job| self.submit(job));
                    state = lock(&self.state);
                    lingered = false;
                    continue;
                }
                Some(due) => due,
                None if lingered => break,
                None => now + LINGER,
            };
            lingered = first.is_none();
            state = self.changed.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.has_thread = false;
    }

    /// A job that the pool does not take is dropped, and counted there. No panic of a destructor's ends the thread.
    fn submit(&self, job: Job) {
        let submitted = catch_unwind(AssertUnwindSafe(|| match self.queue.get() {
            Some(queue) => drop(queue.submit_job(job)),
            None => drop(job),
        }));
        if let Err(payload) = submitted {
            drop_quietly(payload);
        }
    }
}

impl State {
    fn take_first(&mut self) -> Option<Job> {
        let ((_, number), job) = self.jobs.pop_first()?;
        self.due.remove(&number);
        Some(job)
    }
}
