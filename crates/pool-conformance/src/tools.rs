//! What the cases are made of: panics on purpose, gates to hold workers, things that tell when they are dropped.

use std::any::Any;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use pool_core::{Job, JobHandle, JoinError, Pool, PoolExt, PoolState, Shutdown};

/// How the message of a panic begins that a case wants to happen.
const ON_PURPOSE: &str = "on purpose";

/// Panics in the course of a case, without a message on the terminal.
pub(crate) fn panic_on_purpose() -> ! {
    panic!("{ON_PURPOSE}")
}

/// The text of a panic payload, when it has one.
pub(crate) fn payload_text(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<&'static str>() {
        Some(text) => Some(text),
        None => payload.downcast_ref::<String>().map(String::as_str),
    }
}

/// Keeps std's panic hook from printing panics that are meant to happen. All others are printed as before.
pub(crate) fn hush_expected_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let message = payload_text(info.payload());
            if !message.is_some_and(|message| message.starts_with(ON_PURPOSE)) {
                before(info);
            }
        }));
        // Now, while nobody panics: see there.
        pool_core::testing::install_panic_hook();
    });
}

/// A gate that threads wait at until it is opened, once for all.
#[derive(Clone, Default)]
pub(crate) struct Latch(Arc<(Mutex<bool>, Condvar)>);

impl Latch {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    pub(crate) fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wait(&self) {
        let open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_while(open, |open| !*open).unwrap_or_else(PoisonError::into_inner));
    }
}

/// Jobs that keep every worker of a pool busy, until this is dropped.
pub(crate) struct Plug(Latch);

impl Plug {
    /// Returns when all workers are held.
    pub(crate) fn all(pool: &Arc<dyn Pool>) -> Self {
        Self::some(pool, pool.threads())
    }

    /// Returns when this many workers are held.
    pub(crate) fn some(pool: &Arc<dyn Pool>, workers: usize) -> Self {
        let plug = Plug(Latch::default());
        for _ in 0..workers {
            // One at a time, so that no queue has to hold them. What is left in a queue (tickets of jobs that somebody
            // else has run) may still fill it, and then some pools run the job here.
            while !plug.holds_one_more(pool) {
                thread::yield_now();
            }
        }
        plug
    }

    fn holds_one_more(&self, pool: &Arc<dyn Pool>) -> bool {
        let (latch, submitter) = (self.0.clone(), thread::current().id());
        let (send, receive) = channel();
        pool.execute(move || {
            let elsewhere = thread::current().id() != submitter;
            send.send(elsewhere).expect("the plug waits for its jobs");
            if elsewhere {
                latch.wait();
            }
        })
        .expect("a running pool takes jobs");
        receive.recv().expect("the job has started")
    }

    /// Opens the plug. The same as dropping it.
    pub(crate) fn pull(self) {}
}

impl Drop for Plug {
    /// Also when a case fails half-way, so that its pool can end.
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Counts things that happen, from any thread.
#[derive(Clone, Default, Debug)]
pub(crate) struct SharedCount(Arc<AtomicUsize>);

impl SharedCount {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    /// Adds one and returns how many there are now.
    pub(crate) fn add_and_get(&self) -> usize {
        self.0.fetch_add(1, SeqCst) + 1
    }

    pub(crate) fn take_one(&self) {
        self.0.fetch_sub(1, SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Something that counts when it is dropped.
    pub(crate) fn on_drop(&self) -> CountsDrop {
        CountsDrop(self.clone())
    }
}

#[derive(Debug)]
pub(crate) struct CountsDrop(SharedCount);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// Panics when it is dropped, unless a panic is under way already.
pub(crate) struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic_on_purpose();
        }
    }
}

/// A panic whose payload panics in turn when it is dropped, whatever else goes on.
pub(crate) fn panic_with_explosive() -> ! {
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            panic_on_purpose();
        }
    }
    panic::resume_unwind(Box::new(Explosive))
}

/// A payload that counts when it is dropped, and then panics with another one, so many times.
pub(crate) struct Recurring {
    pub(crate) dropped: SharedCount,
    pub(crate) panics: usize,
}

impl Drop for Recurring {
    fn drop(&mut self) {
        self.dropped.add();
        if let Some(panics) = self.panics.checked_sub(1) {
            panic::resume_unwind(Box::new(Recurring { dropped: self.dropped.clone(), panics }));
        }
    }
}

/// Spins until this is so. For states that nobody announces.
pub(crate) fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

/// Waits for a job whose handle has to end, and returns what it says.
pub(crate) fn ended<T: 'static>(handle: JobHandle<T>) -> Result<T, JoinError> {
    /// It turns a hang into a failure.
    const DEADLINE: Duration = Duration::from_secs(30);
    handle.join_timeout(DEADLINE).unwrap_or_else(|_| panic!("a handle does not end"))
}

/// Lets a job say something to the case that it belongs to.
pub(crate) fn mailbox<T>() -> (Sender<T>, Receiver<T>) {
    channel()
}

/// Begins a `shutdown_now` on a thread of its own, and returns when the pool takes nothing any more. The thread returns
/// what was given back.
pub(crate) fn shut_down_now_elsewhere(pool: &Arc<dyn Pool>) -> thread::JoinHandle<Vec<Job>> {
    let ender = pool.clone();
    let thread = thread::spawn(move || ender.shutdown_now().0);
    until(|| pool.state() != PoolState::Running);
    thread
}

/// Begins a `shutdown` on a thread of its own, and returns when the pool takes nothing any more.
pub(crate) fn shut_down_elsewhere(pool: &Arc<dyn Pool>) -> thread::JoinHandle<Shutdown> {
    let ender = pool.clone();
    let thread = thread::spawn(move || ender.shutdown());
    until(|| pool.state() != PoolState::Running);
    thread
}
