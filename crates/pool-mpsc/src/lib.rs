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
//! **The pool needs `Drop`.** A worker waits in `recv` until the channel is closed, that is until every sender is gone. If
//! the pool is just forgotten, its threads wait for ever; if the threads are joined while the pool still holds the sender,
//! the join waits for ever. So the order is: drop the sender, then join. `ThreadPool` does it in `Drop`.
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

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pool_core::strategy::{
    Caller, Ends, Idle, Inlet, KEPT_JOBS, Outlet, Pop, Push, Strategy, try_lock_patiently,
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
    type Inlet = Sending;
    type Outlet = Receiving;

    const NAME: &'static str = "mpsc";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        let (asked, most) = (self.batch.get(), Self::MOST_BATCH);
        if asked > most {
            return Err(BuildError::TooLarge { what: "batch", asked, most });
        }
        let (sender, receiver) = mpsc::channel();
        let outlet = Receiving {
            receiver: Arc::new(Mutex::new(receiver)),
            batch: self.batch.get(),
            taken: VecDeque::new(),
            left: Arc::default(),
        };
        Ok(Ends {
            inlet: Sending(sender),
            outlets: (0..seats).map(|_| outlet.beside()).collect(),
            spare: outlet,
        })
    }
}

/// The sending end.
pub struct Sending(Sender<Job>);

impl Inlet for Sending {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        match self.0.send(job) {
            Ok(()) => Push::Queued,
            // Every outlet holds the receiver, so this is the end of the pool.
            Err(unsent) => Push::Refused(unsent.0, Reason::ShutDown),
        }
    }
}

/// The receiving end, at one seat.
pub struct Receiving {
    receiver: Arc<Mutex<Receiver<Job>>>,
    batch: usize,
    /// Jobs of the last batch that are still to run. Empty when the batch is 1.
    taken: VecDeque<Job>,
    /// What a worker that died had taken, for whoever comes next.
    left: Arc<Mutex<VecDeque<Job>>>,
}

impl Outlet for Receiving {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        if let Some(job) = self.next_taken() {
            return Pop::Job(job);
        }
        let Some(receiver) = lock(&self.receiver, idle) else { return Pop::TimedOut };
        let job = match receive_soon(&receiver) {
            Ok(job) => job,
            Err(TryRecvError::Disconnected) => return Pop::Closed,
            Err(TryRecvError::Empty) if idle.begin() => return Pop::TimedOut,
            Err(TryRecvError::Empty) => match receive(&receiver, until) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => return Pop::TimedOut,
                Err(RecvTimeoutError::Disconnected) => return Pop::Closed,
            },
        };
        if self.batch > 1 {
            self.taken.extend(receiver.try_iter().take(self.batch - 1));
        }
        Pop::Job(job)
        // Here the guard is dropped, before anybody runs the job.
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.taken.drain(..));
        jobs.extend(unpoisoned(self.left.lock()).drain(..));
        jobs.extend(unpoisoned(self.receiver.lock()).try_iter());
    }

    /// What it has taken nobody else can reach before it has left.
    fn may_leave(&self) -> bool {
        self.taken.is_empty()
    }

    fn detach(&mut self) {
        if !self.taken.is_empty() {
            unpoisoned(self.left.lock()).extend(self.taken.drain(..));
        }
    }
}

impl Receiving {
    /// Another outlet on the same receiver.
    fn beside(&self) -> Self {
        Receiving {
            receiver: self.receiver.clone(),
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

/// A job that somebody has left. Nobody may ever leave so many again, so no room is kept for them.
fn next_left(left: &Mutex<VecDeque<Job>>) -> Option<Job> {
    let mut left = unpoisoned(left.lock());
    let job = left.pop_front()?;
    if left.is_empty() {
        *left = VecDeque::new();
    }
    Some(job)
}

/// Locks the receiver. Waiting for the lock is waiting for work, since whoever holds it for long waits in `recv`; but
/// most only take a job, so it is tried for a while before. `None` if the worker is not to wait.
fn lock<'a>(
    receiver: &'a Mutex<Receiver<Job>>,
    idle: &mut Idle<'_>,
) -> Option<MutexGuard<'a, Receiver<Job>>> {
    try_lock_patiently(receiver)
        .or_else(|| if idle.begin() { None } else { Some(unpoisoned(receiver.lock())) })
}

/// Waits for a job. A worker that waits for the lock instead cannot time out; its turn comes when this one has.
fn receive(receiver: &Receiver<Job>, until: Option<Instant>) -> Result<Job, RecvTimeoutError> {
    match until {
        None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(until) => receiver.recv_timeout(until.saturating_duration_since(Instant::now())),
    }
}

/// Receives what is there, or comes within about the time that waking a sleeper would take. It holds the lock
/// meanwhile, so one worker at most looks out like this.
fn receive_soon(receiver: &Receiver<Job>) -> Result<Job, TryRecvError> {
    const TRIES: usize = 128;
    for _ in 0..TRIES {
        match receiver.try_recv() {
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
            other => return other,
        }
    }
    Err(TryRecvError::Empty)
}

/// A worker never panics with the lock held, and if it did, a receiver would be none the worse for it.
fn unpoisoned<G>(locked: Result<G, PoisonError<G>>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}
