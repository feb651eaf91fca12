//! What the program is told.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Computes over HTTP: `GET /primes/N`, `POST /checksum`, `GET /metrics`.
#[derive(Clone, Debug, Parser)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one. The address is printed.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Kind::Pool)]
    pub backend: Kind,
    /// How many requests compute at once.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    pub workers: u16,
    /// How many wait at most; the next is answered 503.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub queue: u16,
    /// A request that takes longer, in milliseconds, is answered 504.
    #[arg(long, default_value_t = 1_000)]
    pub deadline_ms: u64,
    /// How long a client may take to send a request, in milliseconds.
    #[arg(long, default_value_t = 5_000)]
    pub read_ms: u64,
    /// What a 503 says in `Retry-After`, in seconds.
    #[arg(long, default_value_t = 1)]
    pub retry_after: u32,
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A bounded pool.
    Pool,
    /// tokio's `spawn_blocking`, and semaphores.
    Blocking,
}

impl Settings {
    /// How long a request may take once it is read.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// How long a client may take to send one.
    pub fn read_limit(&self) -> Duration {
        Duration::from_millis(self.read_ms)
    }
}
