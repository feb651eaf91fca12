//! Ends the process when an engine hangs in code of its own, where nothing else can.

use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::system::terminal;

/// No repeat of a workload takes so long, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The exit code of a process that a hanging engine ended.
const HUNG: i32 = 3;

/// A thread that ends the process unless it is told something new every [`PATIENCE`], until it is dropped.
///
/// It sleeps otherwise, so that it disturbs no measurement. Where the system has no thread left nothing is watched: what
/// is measured then may still be had.
pub(super) struct Watchdog {
    watched: Arc<Watched>,
    thread: Option<JoinHandle<()>>,
}

/// What runs at the moment, and since when; nothing once the watch is over.
type Watched = Mutex<Option<(String, Instant)>>;

impl Watchdog {
    /// Begins to watch.
    pub(super) fn new() -> Self {
        let watched = Arc::new(Mutex::new(Some((String::new(), Instant::now()))));
        let seen = Arc::clone(&watched);
        Watchdog { watched, thread: thread::Builder::new().spawn(move || watch(&seen)).ok() }
    }

    /// Something has moved: from now on `what` runs.
    pub(super) fn now_runs(&self, what: String) {
        *lock(&self.watched) = Some((what, Instant::now()));
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *lock(&self.watched) = None;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It does not panic, and if it did there would be nothing to do about it.
            let _ = thread.join();
        }
    }
}

fn watch(watched: &Watched) {
    loop {
        match &*lock(watched) {
            None => return,
            Some((what, since)) if since.elapsed() >= PATIENCE => {
                let seconds = PATIENCE.as_secs();
                terminal::say(format_args!("{what}: nothing has moved for {seconds} seconds; giving up"));
                process::exit(HUNG);
            }
            Some(_) => {}
        }
        thread::park_timeout(PATIENCE / 4);
    }
}

fn lock(watched: &Watched) -> MutexGuard<'_, Option<(String, Instant)>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}
