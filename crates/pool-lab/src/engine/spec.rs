//! Spec strings: how an engine is chosen, everywhere.
//!
//! ```text
//! name[:threads][:option=value]...        stealing        as many threads as the context says
//!                                         rayon:2         two threads
//!                                         bounded:2:capacity=64:overflow=reject
//!                                         priority::levels=8
//! ```
//!
//! Colons separate the parts of one spec, so that commas can separate specs: `stealing,bounded:2:capacity=64`.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use pool_core::{Panic, Timing};

use super::description::Engine;
use super::settings::{SettingError, Settings};
use super::watcher::Watcher;
use crate::names::{all, few, meant};

/// The most threads that a spec may ask for. It catches a slip of the finger before it starts a million threads.
pub const MAX_THREADS: usize = 1024;

/// An engine, how many threads it gets, and its options: a spec string that was understood.
#[derive(Clone)]
pub struct Spec {
    engine: &'static Engine,
    threads: Option<usize>,
    options: Settings,
    timing: Timing,
    headroom: usize,
    watcher: Option<Arc<dyn Watcher>>,
}

/// Why a spec was refused, or why nothing could be built from it. One line, naming what is known or allowed.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// Nothing between two commas, or nothing at all.
    #[error("an engine is missing; {}", all(.known))]
    Empty {
        /// The names of all engines.
        known: String,
    },
    /// The name is not in the table.
    #[error("unknown engine `{name}`; {}{}", meant(.name, .known), all(.known))]
    UnknownEngine {
        /// What was given.
        name: String,
        /// The names of all engines.
        known: String,
    },
    /// A list where one engine is wanted.
    #[error("`{list}`: one engine is wanted here, such as `{such_as}`")]
    Several {
        /// What was given.
        list: String,
        /// The first of them.
        such_as: String,
    },
    /// The second part is neither a thread count nor an option.
    #[error("`{spec}`: the thread count must be a whole number from 1 to {MAX_THREADS}, not `{threads}`")]
    Threads {
        /// The whole spec.
        spec: String,
        /// Its second part.
        threads: String,
    },
    /// An option is unknown, or its value not allowed.
    #[error("`{spec}`: {source}")]
    Option {
        /// The whole spec.
        spec: String,
        /// What is wrong.
        source: SettingError,
    },
    /// The engine cannot stand behind the `Pool` trait.
    #[error("engine `{engine}` is no pool: {why}; these are: {}", few(.known))]
    NotAPool {
        /// The names of those that are.
        known: String,
        /// The engine's name.
        engine: &'static str,
        /// What it lacks.
        why: &'static str,
    },
    /// The options are valid one by one, but the pool could not be built.
    #[error("`{spec}` cannot be built: {reason}")]
    Build {
        /// The whole spec.
        spec: String,
        /// What the engine said.
        reason: String,
    },
}

impl Spec {
    /// The engine with default options.
    pub fn new(engine: &'static Engine) -> Self {
        let options = Settings::new(engine.options);
        Spec { engine, threads: None, options, timing: Timing::Off, headroom: 0, watcher: None }
    }

    /// The engine.
    pub fn engine(&self) -> &'static Engine {
        self.engine
    }

    /// The thread count, if the spec says it.
    pub fn explicit_threads(&self) -> Option<usize> {
        self.threads
    }

    /// The thread count: what the spec says, or one thread a core.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(num_cpus::get)
    }

    /// Reads one option, as `key=value`.
    pub(crate) fn set_option(&mut self, pair: &str) -> Result<(), SettingError> {
        self.options.set(pair)
    }

    /// The same spec with this many threads, whatever it said before.
    pub fn with_threads(&self, threads: usize) -> Self {
        Spec { threads: Some(threads), ..self.clone() }
    }

    /// The same spec of a pool that times these jobs, if it is one of ours. No spec string says so: measurements
    /// are never made with it.
    pub fn with_timing(&self, timing: Timing) -> Self {
        Spec { timing, ..self.clone() }
    }

    /// Which jobs the pool is to time.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// The same spec of a pool that can be resized to this many workers more, and has as many spare seats beyond, if it is
    /// one of ours. No spec string says so: measurements are never made with it.
    pub fn with_headroom(&self, headroom: usize) -> Self {
        Spec { headroom, ..self.clone() }
    }

    /// How many workers more the pool is to have seats for, and how many spare seats beyond.
    pub fn headroom(&self) -> usize {
        self.headroom
    }

    /// The same spec of a pool that is watched. Ours tell the watcher what their threads do; of any other it hears what is seen from
    /// outside. No spec string says so: measurements are never made with it.
    pub fn with_watcher(&self, watcher: Arc<dyn Watcher>) -> Self {
        Spec { watcher: Some(watcher), ..self.clone() }
    }

    /// What watches the pool.
    pub fn watcher(&self) -> Option<&Arc<dyn Watcher>> {
        self.watcher.as_ref()
    }

    /// The engine's options.
    pub fn options(&self) -> &Settings {
        &self.options
    }

    /// The spec without its thread count, as records name an engine: `bounded:capacity=64`.
    pub fn label(&self) -> String {
        let options = self.options.to_string();
        if options.is_empty() {
            self.engine.name.to_owned()
        } else {
            format!("{}:{options}", self.engine.name)
        }
    }

    /// What `build` makes; of a panic an error, as some engines panic where the system refuses them a thread. What they have
    /// started by then is left to them.
    pub(crate) fn try_build<E>(&self, build: impl FnOnce() -> Result<E, SpecError>) -> Result<E, SpecError> {
        let built = panic::catch_unwind(AssertUnwindSafe(build));
        built.unwrap_or_else(|payload| Err(self.build_error(Panic::new(payload))))
    }

    /// The error that says that the engine refused to start.
    pub fn build_error(&self, reason: impl fmt::Display) -> SpecError {
        SpecError::Build { spec: self.to_string(), reason: reason.to_string() }
    }
}

/// The spec in full, as [`FromStr`](std::str::FromStr) reads it.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.engine.name)?;
        let options = self.options.to_string();
        match self.threads {
            Some(threads) => write!(f, ":{threads}")?,
            None if !options.is_empty() => f.write_str(":")?,
            None => {}
        }
        if options.is_empty() { Ok(()) } else { write!(f, ":{options}") }
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spec({self})")
    }
}
