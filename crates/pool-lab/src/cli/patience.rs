//! How long a command waits for an engine.

use std::time::Duration;

use clap::Args;

use super::whole::{DAY, whole};
use crate::plan::Pace;

#[derive(Debug, Args)]
pub(super) struct Patience {
    /// After so many seconds in its own code an engine is taken to hang: that is its error, and it is left behind
    #[arg(long, value_name = "SECONDS", default_value_t = Pace::default().patience.as_secs(), allow_negative_numbers = true, value_parser = whole::<u64>(1..=DAY))]
    patience: u64,
}

impl Patience {
    /// As a time.
    pub(super) fn time(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}
