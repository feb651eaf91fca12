//! The builder of rayon 1.0, deprecated there.

use std::any::Any;
use std::error::Error;
use std::fmt;

use crate::{ThreadPool, ThreadPoolBuilder};

/// The settings of a pool.
#[deprecated(note = "Use `ThreadPoolBuilder`")]
#[derive(Default)]
pub struct Configuration {
    builder: ThreadPoolBuilder,
}

/// Settings that are passed on: see [`ThreadPoolBuilder`].
macro_rules! settings {
    ($($name:ident($argument:ident: $type:ty);)*) => {$(
        #[doc = concat!("See [`ThreadPoolBuilder::", stringify!($name), "`].")]
        pub fn $name(mut self, $argument: $type) -> Self {
            self.builder = self.builder.$name($argument);
            self
        }
    )*};
}

#[allow(deprecated)]
impl Configuration {
    /// Default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds the pool.
    ///
    /// # Errors
    ///
    /// See [`ThreadPoolBuilder::build`].
    pub fn build(self) -> Result<ThreadPool, Box<dyn Error + 'static>> {
        self.builder.build().map_err(Box::from)
    }

    settings! {
        num_threads(threads: usize);
        stack_size(bytes: usize);
        thread_name(name: impl FnMut(usize) -> String + 'static);
        panic_handler(handler: impl Fn(Box<dyn Any + Send>) + Send + Sync + 'static);
        start_handler(handler: impl Fn(usize) + Send + Sync + 'static);
        exit_handler(handler: impl Fn(usize) + Send + Sync + 'static);
    }

    /// Does nothing.
    pub fn breadth_first(self) -> Self {
        self
    }
}

#[allow(deprecated)]
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.builder.fmt(f)
    }
}

/// Builds the global pool.
///
/// # Errors
///
/// See [`ThreadPoolBuilder::build_global`].
#[deprecated(note = "use `ThreadPoolBuilder::build_global`")]
#[allow(deprecated)]
pub fn initialize(config: Configuration) -> Result<(), Box<dyn Error>> {
    config.builder.build_global().map_err(Box::from)
}
