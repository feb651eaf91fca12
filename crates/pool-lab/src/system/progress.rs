//! How far a long command is.
//!
//! On a terminal one line at the bottom says so, with the time that is left; it is drawn anew at each step, and is gone at the
//! end. Elsewhere, as in a log, each step has a line, and there is no guess. Nothing is drawn but between steps: a clock that ticks
//! would disturb what is measured.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::terminal::{self, say};

/// A command that goes on for long.
#[derive(Debug)]
pub struct Progress {
    start: Instant,
    /// How long all of it takes from the start, where that is settled.
    limit: Cell<Option<Duration>>,
    is_on_terminal: bool,
    /// The number of the first step: those before it were done by an earlier run.
    first: Cell<Option<usize>>,
    /// The step, of how many, and what it is.
    step: RefCell<(usize, usize, String)>,
}

impl Progress {
    /// It begins now. With a limit it takes about that long; without one, what is left is guessed from what was done.
    pub fn new(limit: Option<Duration>) -> Self {
        let (start, is_on_terminal) = (Instant::now(), terminal::has_status());
        Progress {
            start,
            limit: limit.into(),
            is_on_terminal,
            first: Cell::new(None),
            step: RefCell::default(),
        }
    }

    /// From now on it takes about this long.
    pub fn limit(&self, left: Duration) {
        self.limit.set(Some(self.start.elapsed() + left));
    }

    /// A step begins, the how-manieth of how many, from 1. A log has a line of it.
    pub fn begin(&self, number: usize, of: usize, what: &str) {
        self.at(number, of, what);
        if !self.is_on_terminal {
            say(format_args!("[{number}/{of}{}] {what}", self.clock()));
        }
    }

    /// The same, and a log has no line of it.
    pub fn at(&self, number: usize, of: usize, what: &str) {
        if self.first.get().is_none() {
            self.first.set(Some(number));
        }
        *self.step.borrow_mut() = (number, of, what.to_owned());
        self.part(0, 1);
    }

    /// Of the step that has begun, so many parts of how many are done.
    pub fn part(&self, done: usize, of: usize) {
        let step = self.step.borrow();
        let (number, steps, what) = &*step;
        let first = self.first.get().unwrap_or(*number);
        let done = (number - first) as f64 + done as f64 / of.max(1) as f64;
        self.draw(&format!("{number}/{steps}"), done / (steps + 1 - first).max(1) as f64, what);
    }

    /// What is done after all steps, for as long as the limit allows.
    pub fn beyond(&self, label: &str, what: &str) {
        self.draw(label, 0.0, what);
        if !self.is_on_terminal {
            say(format_args!("[{label}{}] {what}", self.clock()));
        }
    }

    /// Does something that writes to standard output, which may be the same terminal.
    pub fn aside<R>(&self, output: impl FnOnce() -> R) -> R {
        let status = terminal::take_status();
        let result = output();
        terminal::show_status(&status);
        result
    }

    fn draw(&self, label: &str, share: f64, what: &str) {
        if self.is_on_terminal {
            let left = left(self.start.elapsed(), share, self.limit.get());
            let left = left.map_or_else(String::new, |left| format!(", {} left", words(left)));
            terminal::show_status(&format!("[{label}{left}] {what}"));
        }
    }

    /// The time so far, for the log of a command that has a limit.
    fn clock(&self) -> String {
        let seconds = self.start.elapsed().as_secs();
        self.limit.get().map_or_else(String::new, |_| format!(", {}:{:02}", seconds / 60, seconds % 60))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        terminal::take_status();
    }
}

/// How long it takes still, when this share took so long.
fn left(elapsed: Duration, share: f64, limit: Option<Duration>) -> Option<Duration> {
    match limit {
        Some(limit) => Some(limit.saturating_sub(elapsed)),
        None => (share > 0.0).then(|| elapsed.mul_f64((1.0 - share).max(0.0) / share)),
    }
}

/// As exact as a guess should be: `40 s`, `7 min`, `2 h 5 min`.
fn words(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..20 => format!("{seconds} s"),
        20..90 => format!("{} s", seconds.div_ceil(10) * 10),
        90..=3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds.div_ceil(60) / 60, seconds.div_ceil(60) % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_left_follows_from_what_was_done_or_from_the_limit() {
        assert_eq!(left(seconds(30), 0.0, None), None);
        assert_eq!(left(seconds(30), 0.25, None), Some(seconds(90)));
        assert_eq!(left(seconds(30), 1.0, None), Some(seconds(0)));
        assert_eq!(left(seconds(30), 0.9, Some(seconds(720))), Some(seconds(690)));
        assert_eq!(left(seconds(800), 0.9, Some(seconds(720))), Some(seconds(0)));
    }

    #[test]
    fn a_limit_counts_from_when_it_is_told() {
        let progress = Progress::new(Some(seconds(720)));
        progress.limit(seconds(60));
        let limit = progress.limit.get().unwrap();
        assert!(limit >= seconds(60) && limit <= progress.start.elapsed() + seconds(60), "{limit:?}");
    }

    #[test]
    fn guesses_are_round() {
        let words = [0, 7, 21, 80, 91, 3_500, 3_601, 7_500].map(|time| words(seconds(time)));
        assert_eq!(words, ["0 s", "7 s", "30 s", "80 s", "2 min", "59 min", "1 h 1 min", "2 h 5 min"]);
    }
}
