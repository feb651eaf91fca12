//! Code that may never return, on a thread of its own.
//!
//! No thread can be ended from outside. So what may hang is run by a thread that is left behind when it does, with all threads
//! that have come since it was started. The thread that asks for it only waits, and goes on.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::os;

/// As much as a main thread has on most systems: engines without threads recurse on this one.
const STACK: usize = 8 << 20;

/// Something to do with what the thread keeps.
type Part<S> = Box<dyn FnOnce(&mut S) + Send>;

/// The thread. It keeps an `S` from one part of the work to the next, which never leaves it.
pub(crate) struct Apart<S> {
    parts: Sender<Part<S>>,
    thread: JoinHandle<()>,
    /// The threads that there were before.
    before: BTreeSet<u32>,
    patience: Duration,
}

/// Why there is no answer from the thread, nor will there be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// There was none for so long.
    Hung(Duration),
    /// It has panicked in what no engine or workload catches.
    Panicked,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gone::Hung(time) => write!(f, "hung after {} s", time.as_secs()),
            Gone::Panicked => f.write_str("panicked"),
        }
    }
}

/// Tells from within a part what it does from now on: the patience with it begins anew.
#[derive(Default)]
pub(crate) struct Steps(Option<Box<dyn Fn(String) + Send>>);

impl Steps {
    /// From now on it does this.
    pub(crate) fn begin(&self, what: impl fmt::Display) {
        if let Some(tell) = &self.0 {
            tell(what.to_string());
        }
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Steps")
    }
}

/// What a part says.
enum Said<T> {
    Step(String),
    Answer(T),
}

impl<S: Default + 'static> Apart<S> {
    /// Starts the thread. No step of a part takes longer than `patience`, unless it hangs.
    pub(crate) fn start(name: &str, patience: Duration) -> io::Result<Self> {
        let (parts, received) = mpsc::channel::<Part<S>>();
        let before = os::threads();
        let work = move || {
            let mut state = S::default();
            received.iter().for_each(|part| part(&mut state));
        };
        let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK).spawn(work)?;
        Ok(Apart { parts, thread, before, patience })
    }

    /// Does a part that is one step, and returns its answer.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        part: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        self.ask_in_steps(|state, _| part(state)).map_err(|(gone, _)| gone)
    }

    /// Does a part that says what its steps are. Where it is gone, the last of them is told as well.
    pub(crate) fn ask_in_steps<T: Send + 'static>(
        &self,
        part: impl FnOnce(&mut S, Steps) -> T + Send + 'static,
    ) -> Result<T, (Gone, String)> {
        let (say, said) = mpsc::channel();
        let tell = say.clone();
        // Who asks may have lost patience.
        let steps = Steps(Some(Box::new(move |step| drop(tell.send(Said::Step(step))))));
        let part = move |state: &mut S| drop(say.send(Said::Answer(part(state, steps))));
        let mut step = String::new();
        if self.parts.send(Box::new(part)).is_err() {
            return Err((Gone::Panicked, step));
        }
        loop {
            let gone = match said.recv_timeout(self.patience) {
                Ok(Said::Answer(answer)) => return Ok(answer),
                Ok(Said::Step(next)) => {
                    step = next;
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => Gone::Hung(self.patience),
                Err(RecvTimeoutError::Disconnected) => Gone::Panicked,
            };
            return Err((gone, step));
        }
    }

    /// Drops what it keeps, and ends the thread.
    pub(crate) fn end(self) {
        if self.ask(|state| drop(std::mem::take(state))).is_err() {
            return self.leave_behind();
        }
        drop(self.parts);
        // It has nothing left to do that could panic.
        let _ = self.thread.join();
    }

    /// Leaves the thread behind, with all threads that have come since it was started.
    pub(crate) fn leave_behind(self) {
        os::leave_behind(os::threads().difference(&self.before).copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(100);

    fn start(patience: Duration) -> Apart<Vec<u32>> {
        Apart::start("test", patience).unwrap()
    }

    #[test]
    fn what_never_returns_is_left_behind_and_what_panics_is_told() {
        let short = Duration::from_millis(1);
        let (apart, (hold, held)) = (start(short), mpsc::channel::<()>());
        assert_eq!(apart.ask(move |_| held.recv()), Err(Gone::Hung(short)));
        drop((apart, hold));
        let apart = start(LONG);
        assert_eq!(apart.ask(|state| state.push(7)), Ok(()));
        assert_eq!(apart.ask(|state| state.clone()), Ok(vec![7]));
        assert_eq!(apart.ask(|_| -> () { panic!("as it should") }), Err(Gone::Panicked));
        apart.end();
    }

    #[test]
    fn the_last_step_is_told() {
        let apart = start(LONG);
        let steps = |_: &mut Vec<u32>, steps: Steps| {
            steps.begin("one");
            steps.begin(2);
            panic!("as it should")
        };
        assert_eq!(apart.ask_in_steps::<()>(steps), Err((Gone::Panicked, "2".to_owned())));
        Steps::default().begin("nobody hears it");
    }
}
