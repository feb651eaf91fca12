//! An experiment of your own, on whichever engine `POOL` names:
//!
//! ```text
//! POOL=stealing:2 cargo run --release -p pool-lab --example experiment
//! POOL=rayon:2    cargo run --release -p pool-lab --example experiment
//! POOL=bounded:2:capacity=64:overflow=caller-runs cargo run --release -p pool-lab --example experiment
//! ```
//!
//! It counts the primes below a million, one job for each slice of numbers, and says how long that took and which
//! worker ran how many slices.

use std::error::Error;
use std::time::Instant;

use pool_core::{Pool, PoolExt};

const BELOW: u32 = 1_000_000;
const SLICE: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let spec = std::env::var("POOL").unwrap_or_else(|_| "stealing".to_owned());
    // The one line that makes the experiment independent of the pool.
    let pool = pool_lab::build(&spec)?;

    let start = Instant::now();
    let slices: Vec<u32> = (0..BELOW / SLICE).collect();
    let counts =
        pool.map(&slices, |slice| (slice * SLICE..(slice + 1) * SLICE).filter(|n| is_prime(*n)).count());
    let primes: usize = counts.into_iter().sum();
    let elapsed = start.elapsed();

    println!("{spec}: {primes} primes below {BELOW}, in {elapsed:.2?}");
    for (worker, stats) in pool.stats().workers.iter().enumerate() {
        println!("  worker {worker}: {} jobs", stats.jobs());
    }
    assert_eq!(primes, 78_498);
    Ok(())
}

fn is_prime(n: u32) -> bool {
    n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}
