//! The textbook pool: workers share the receiving end of a channel behind a lock.
//!
//! ```text
//! submitters ──Sender──▶ [ job, job, job ] ──▶ Arc<Mutex<Receiver<Job>>> ──▶ worker 0
//!                                                                        ├─▶ worker 1
//!                                                                        └─▶ worker 2
//! ```
//!
//! It is the baseline that the other pools are measured against, and short enough to read in one sitting. Its queue is
//! unbounded and first in, first out.
//!
//! ```
//! use pool_mpsc::MpscPool;
//!
//! let pool = MpscPool::builder().threads(2).name("demo").build()?;
//! let answer = pool.spawn(|| 6 * 7)?;
//! assert_eq!(answer.join()?, 42);
//! // Dropping the pool runs what is queued and joins the threads.
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! The [guide](pool_core::guide) shows how to do the common things on any pool: deadlines, timeouts, for_each, cancelling, scopes, panics,
//! graceful shutdown, async code.
//!
//! # Every part of `Arc<Mutex<Receiver<Job>>>`
//!
//! **`Receiver<Job>`**: an mpsc channel has many producers and a *single* consumer, so there is one receiver, and it
//! cannot be cloned. All workers need it.
//!
//! **`Mutex`**: only one thread at a time may receive; the compiler sees to that, as a `Receiver` is not `Sync`. Behind
//! a mutex it can be shared. This does not compile:
//!
//! ```compile_fail
//! use std::sync::{Arc, mpsc};
//! let (_sender, receiver) = mpsc::channel::<u32>();
//! let receiver = Arc::new(receiver);
//! let shared = receiver.clone();
//! std::thread::spawn(move || shared.recv()); // `Receiver` cannot be shared between threads
//! ```
//!
//! **`Arc`**: each worker thread lives for as long as it likes, so none can borrow the mutex; they own it together,
//! and the last one drops it.
//!
//! # The pitfalls
//!
//! **Clone before `move`.** Each thread's closure takes its captures by value, so it needs a clone of its own, made
//! before the closure. Without it the first thread takes the only one:
//!
//! ```compile_fail
//! use std::sync::{Arc, Mutex, mpsc};
//! let (_sender, receiver) = mpsc::channel::<u32>();
//! let receiver = Arc::new(Mutex::new(receiver));
//! for _ in 0..2 {
//!     std::thread::spawn(move || receiver.lock().unwrap().recv()); // value moved in the first round
//! }
//! ```
//!
//! ```
//! use std::sync::{Arc, Mutex, mpsc};
//! let (sender, receiver) = mpsc::channel::<u32>();
//! let receiver = Arc::new(Mutex::new(receiver));
//! let threads: Vec<_> = (0..2)
//!     .map(|_| {
//!         let receiver = receiver.clone();
//!         std::thread::spawn(move || receiver.lock().unwrap().recv())
//!     })
//!     .collect();
//! sender.send(1)?;
//! sender.send(2)?;
//! let mut got: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
//! got.sort();
//! assert_eq!(got, [1, 2]);
//! # Ok::<(), mpsc::SendError<u32>>(())
//! ```
//!
//! **Unlock before running.** The lock is for taking a job, not for running it. A guard that lives on while the job runs
//! makes a pool of N threads that runs one job at a time. It is easy to get wrong, because a temporary lives to the end of
//! its statement: `while let Ok(job) = receiver.lock().unwrap().recv() { job() }` holds the lock in the body, but
//! `let job = receiver.lock().unwrap().recv();` has dropped it at the semicolon. Here it cannot happen: `Outlet::pop`
//! returns the job, and with it the guard is gone; another part of the pool runs it.
//!
//! **The pool needs `Drop`.** In the textbook a worker waits in `recv` until the channel is closed, that is until every sender is
//! gone. If the pool is just forgotten, its threads wait for ever; if the threads are joined while the pool still holds the
//! sender, the join waits for ever. So the order is: drop the sender, then join. `ThreadPool` does it in `Drop`.
//!
//! **Do not wait with the lock held.** `receiver.lock().unwrap().recv()` waits for a job with the mutex locked, and every other idle
//! worker waits for the mutex. That is correct, and it is what textbooks do; but a worker that waits for a mutex cannot be
//! woken for anything else: not to leave a pool that is made smaller, not when it has idled for long enough, and not to run
//! something that is meant for it. And a job wakes two threads: the worker in `recv`, and, when that one unlocks, the next. So
//! here a worker locks, takes what is there with `try_recv`, and unlocks. If there is nothing, it parks, and the thread that
//! sends wakes one worker: see [`Parking`]. A `Receiver` cannot be asked whether it has something, so the pool counts. pool-lab's
//! `mpsc-naive` waits as the textbook does, for comparison.
//!
//! # What the compiler refuses
//!
//! A job runs on another thread, at some later time. So it may capture only what can be sent to another thread,
//!
//! ```compile_fail
//! # use pool_mpsc::MpscPool;
//! # let pool = MpscPool::new().unwrap();
//! let count = std::rc::Rc::new(1);
//! pool.execute(move || println!("{count}")).unwrap(); // `Rc` cannot be sent between threads
//! ```
//!
//! and only what lives long enough:
//!
//! ```compile_fail
//! # use pool_mpsc::MpscPool;
//! # let pool = MpscPool::new().unwrap();
//! let text = String::from("short-lived");
//! pool.execute(|| println!("{text}")).unwrap(); // `text` may be gone when the job runs
//! ```
//!
//! For borrowing there is `scope`, which does not return before its jobs have run:
//!
//! ```
//! # use pool_mpsc::MpscPool;
//! # let pool = MpscPool::new().unwrap();
//! let text = String::from("long enough");
//! let length = pool.scope(|scope| scope.spawn(|| text.len()).join());
//! assert_eq!(length.unwrap(), 11);
//! ```
//!
//! # What it costs
//!
//! The channel keeps jobs in blocks of 31, which are freed as they are received: nothing is left of a burst of 3,000,000
//! (measured; with batches of 1,024, 28 KiB for each worker).
//!
//! Every job passes one lock on the way out, so workers queue for it: the more workers and the shorter the jobs,
//! the more. [`Mpsc::batch`] takes several jobs for each locking.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, Release, SeqCst},
};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pool_core::strategy::{
    CachePadded, Caller, Ends, Inlet, KEPT_JOBS, Outlet, Parking, Pop, Push, Search, Strategy,
    try_lock_spinning,
};
use pool_core::{BuildError, Job, Reason, Submit, ThreadPool};

/// A pool of workers that share the receiver of one channel.
pub type MpscPool = ThreadPool<Mpsc>;

/// `Arc<Mutex<Receiver<Job>>>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mpsc {
    batch: NonZeroUsize,
}

impl Mpsc {
    /// The largest [batch](Mpsc::batch). What a locking costs is nothing among so many jobs, and each worker keeps room for
    /// a batch: 32 KiB.
    pub const MOST_BATCH: usize = KEPT_JOBS;

    /// One job for each locking.
    pub const fn new() -> Self {
        Mpsc { batch: NonZeroUsize::MIN }
    }

    /// Takes up to this many jobs for each locking, if they are there; 1 by default.
    ///
    /// It saves locking, and costs evenness: the jobs that a worker has taken wait for it, even while another idles. Jobs
    /// still *start* in order on each worker, but no longer over all workers. A `shutdown_now` that does not wait, from inside
    /// a job or with a limit, does not reach what the workers have taken; that is discarded when they come to it. Nor does a
    /// worker reach it that stands in for one which is blocked or overdue.
    ///
    /// At most [`MOST_BATCH`](Mpsc::MOST_BATCH); with more the pool cannot be built.
    pub const fn batch(self, jobs: NonZeroUsize) -> Self {
        Mpsc { batch: jobs }
    }
}

impl Default for Mpsc {
    fn default() -> Self {
        Self::new()
    }
}

impl Strategy for Mpsc {
    type Inlet = MpscInlet;
    type Outlet = MpscOutlet;

    const NAME: &'static str = "mpsc";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let (asked, most) = (self.batch.get(), Self::MOST_BATCH);
        if asked > most {
            return Err(BuildError::TooLarge { what: "batch", asked, most });
        }
        let (sender, receiver) = mpsc::channel();
        let count = Arc::new(Count::default());
        let outlet = MpscOutlet {
            receiver: Arc::new(Mutex::new(receiver)),
            count: count.clone(),
            batch: self.batch.get(),
            taken: VecDeque::new(),
            left: Arc::default(),
        };
        Ok(Ends {
            inlet: MpscInlet { sender, count, parking: parking.clone() },
            outlets: (0..slots).map(|_| outlet.beside()).collect(),
            // What this one takes no worker would find that does not help.
            spare: MpscOutlet { batch: 1, ..outlet },
        })
    }
}

/// The sending end.
pub struct MpscInlet {
    sender: Sender<Job>,
    count: Arc<Count>,
    parking: Arc<Parking>,
}

/// How many jobs went in and came out, since a `Receiver` cannot be asked whether it has one.
#[derive(Default)]
struct Count {
    sent: CachePadded<AtomicUsize>,
    /// Written with the receiver locked.
    received: CachePadded<AtomicUsize>,
}

impl Count {
    fn has_jobs(&self) -> bool {
        // A job may be received before it is counted.
        (self.sent.load(SeqCst).wrapping_sub(self.received.load(SeqCst)) as isize) > 0
    }

    fn receive(&self, jobs: usize) {
        self.received.store(self.received.load(Relaxed).wrapping_add(jobs), Release);
    }
}

impl Inlet for MpscInlet {
    /// The count makes a fence of the pool's needless.
    const WAKES: bool = true;

    fn push(&self, job: Job, submit: Submit, _: Caller) -> Push {
        match self.sender.send(job) {
            Ok(()) => {
                self.count.sent.fetch_add(1, SeqCst);
                self.parking.notify_ordered(submit.is_awaited());
                Push::Queued
            }
            // Every outlet holds the receiver, so this is the end of the pool.
            Err(unsent) => Push::Refused(unsent.0, Reason::ShutDown),
        }
    }
}

/// The receiving end, at one slot.
pub struct MpscOutlet {
    receiver: Arc<Mutex<Receiver<Job>>>,
    count: Arc<Count>,
    batch: usize,
    /// Jobs that were received and are still to run.
    taken: VecDeque<Job>,
    /// What a worker that died had taken, for the next in its slot.
    left: Arc<Mutex<VecDeque<Job>>>,
}

impl Outlet for MpscOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        if let Some(job) = self.next_taken() {
            return Pop::Job(job);
        }
        let receiver = lock(&self.receiver);
        let Ok(job) = receiver.try_recv() else { return Pop::Empty };
        if self.batch > 1 {
            self.taken.extend(receiver.try_iter().take(self.batch - 1));
        }
        self.count.receive(1 + self.taken.len());
        Pop::Job(job)
        // Here the guard is dropped, before anybody runs the job.
    }

    fn has_work(&self) -> bool {
        self.count.has_jobs() || self.batch > 1 && !unpoisoned(self.left.lock()).is_empty()
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.taken.drain(..));
        jobs.extend(unpoisoned(self.left.lock()).drain(..));
        let (receiver, before) = (lock(&self.receiver), jobs.len());
        jobs.extend(receiver.try_iter());
        self.count.receive(jobs.len() - before);
    }

    /// No other worker can reach what it has taken before it has left.
    fn may_leave(&self) -> bool {
        self.taken.is_empty()
    }

    fn detach(&mut self) {
        if !self.taken.is_empty() {
            unpoisoned(self.left.lock()).extend(self.taken.drain(..));
        }
    }
}

impl MpscOutlet {
    /// Another outlet on the same receiver.
    fn beside(&self) -> Self {
        MpscOutlet {
            receiver: self.receiver.clone(),
            count: self.count.clone(),
            batch: self.batch,
            taken: VecDeque::new(),
            left: self.left.clone(),
        }
    }

    fn next_taken(&mut self) -> Option<Job> {
        if self.batch == 1 {
            return None;
        }
        self.taken.pop_front().or_else(|| next_left(&self.left))
    }
}

/// A job that a worker has left. So many may never be left again, so no room is kept for them.
fn next_left(left: &Mutex<VecDeque<Job>>) -> Option<Job> {
    let mut left = unpoisoned(left.lock());
    let job = left.pop_front()?;
    if left.is_empty() {
        *left = VecDeque::new();
    }
    Some(job)
}

/// Locks the receiver. A thread that holds the lock only takes a job, so it is tried for a while before the thread waits.
fn lock(receiver: &Mutex<Receiver<Job>>) -> MutexGuard<'_, Receiver<Job>> {
    try_lock_spinning(receiver).unwrap_or_else(|| unpoisoned(receiver.lock()))
}

/// A worker never panics with the lock held, and if it did, a receiver would be none the worse for it.
fn unpoisoned<G>(locked: Result<G, PoisonError<G>>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
