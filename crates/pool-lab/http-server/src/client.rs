//! An open loop over HTTP: requests leave at moments drawn beforehand, whether or not those before have their answers.
//!
//! A client that waits for an answer before it asks again, as wrk does on each connection, asks least of a server just when it is slow.
//! Here each latency counts from the moment at which the request was to leave, and a request that finds no connection at rest opens
//! another.

mod connections;
mod outcome;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::runtime;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use self::connections::Connections;
pub use self::outcome::{End, Outcome, Request};

/// An answer that takes longer has not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests to a server.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where it listens.
    pub address: SocketAddr,
    /// What is asked for.
    pub path: String,
    /// Requests a second, on average.
    pub rate: f64,
    /// How long they leave.
    pub time: Duration,
    /// Draws when.
    pub seed: u64,
}

impl Load {
    /// When requests leave, in order. Given their number, the arrivals of a Poisson process are independent and uniform.
    fn departures(&self) -> Vec<Duration> {
        let mut random = Rng::with_seed(self.seed);
        let requests = (self.rate * self.time.as_secs_f64()).round().max(1.0) as usize;
        let mut due: Vec<Duration> = (0..requests).map(|_| self.time.mul_f64(random.f64())).collect();
        due.sort_unstable();
        due
    }

    /// Sends them, and waits until each has its answer or is known to get none.
    ///
    /// # Errors
    ///
    /// When the runtime cannot be started. What becomes of a request is no error.
    pub fn play(&self) -> io::Result<Outcome> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (leaves, mut leaving) = unbounded_channel();
        let departures = self.departures();
        let connections = Arc::new(Connections::to(self.address, &self.path));
        let start = Instant::now();
        // tokio's timers are a millisecond coarse.
        let clock = thread::spawn(move || {
            for due in departures.into_iter().map(|due| start + due) {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                // The receiver is there until the last has left.
                let _ = leaves.send(due);
            }
        });
        let requests = runtime.block_on(async {
            let mut requests = JoinSet::new();
            while let Some(due) = leaving.recv().await {
                requests.spawn(ask(connections.clone(), due));
            }
            requests.join_all().await
        });
        let _ = clock.join();
        Ok(Outcome::of(requests))
    }
}

async fn ask(connections: Arc<Connections>, due: Instant) -> Request {
    let lag = due.elapsed();
    let asked = timeout_at((due + PATIENCE).into(), connections.ask()).await;
    Request { end: asked.unwrap_or(End::Unanswered), latency: due.elapsed(), lag }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departures_are_in_order_at_the_rate_and_alike_for_a_seed() {
        let load = |seed| Load {
            address: ([127, 0, 0, 1], 1).into(),
            path: "/".to_owned(),
            rate: 1_000.0,
            time: Duration::from_secs(20),
            seed,
        };
        let due = load(1).departures();
        assert!(due.is_sorted() && due.len() == 20_000 && due[19_999] < Duration::from_secs(20));
        let mean_gap = Duration::from_millis(1);
        let longer = due.windows(2).filter(|pair| pair[1] - pair[0] > mean_gap).count() as f64 / 20_000.0;
        assert!((longer - (-1.0_f64).exp()).abs() < 0.015, "{longer}: exponential");
        assert_eq!(due, load(1).departures());
        assert_ne!(due, load(2).departures());
    }
}
