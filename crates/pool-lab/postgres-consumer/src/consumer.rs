//! Runs jobs of the queue on a pool.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use pool_core::{Attributes, CancelToken, JobHandle, JoinError, Pool, PoolExt, PoolState};
use postgres::Error;

use crate::{Claim, Queue};

/// How a consumer goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many jobs it holds at most, running ones included. As many as the pool's queue has places: then there is room for each,
    /// whatever the workers do. More than workers, so that these need not wait for the database.
    pub places: usize,
    /// For how long after a consumer's death its jobs are left to it.
    pub lease: Duration,
    /// How often it asks for jobs when there are none, and the latest by when it hears that it is to stop.
    pub poll: Duration,
    /// How often a job is begun at most.
    pub attempts: u32,
    /// The pause before a job that has failed is tried again.
    pub retry_after: Duration,
}

impl Settings {
    /// So many places, a lease of a minute, five attempts with ten seconds between them, and four questions a second.
    pub fn with_places(places: usize) -> Self {
        Settings {
            places,
            lease: Duration::from_secs(60),
            poll: Duration::from_millis(250),
            attempts: 5,
            retry_after: Duration::from_secs(10),
        }
    }
}

/// What has become of the jobs that a consumer has claimed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done and acknowledged.
    pub done: u64,
    /// Panicked or returned an error, to be tried again.
    pub failed: u64,
    /// Given back unrun.
    pub released: u64,
    /// Over, one way or the other, when the consumer did not hold them any more.
    pub lost: u64,
}

/// Claims jobs and runs them on the pool, until the token is set or the pool is shut down. Then it takes no more, gives back those that have not
/// started, waits for the others, and returns.
///
/// `work` gets a job's payload. Where it takes long it looks at [`current_token`](pool_core::current_token), which is set when the
/// consumer is to stop and when its lease is lost; if it then returns early, it returns an error.
///
/// # Errors
///
/// The database's. What is claimed then comes back when its lease has run out; jobs that run go on, unacknowledged. To go on,
/// connect anew and call it again.
pub fn consume<W>(
    queue: &mut Queue,
    pool: &dyn Pool,
    settings: Settings,
    stop: &CancelToken,
    work: W,
) -> Result<Tally, Error>
where
    W: Fn(&str) -> Result<(), String> + Send + Sync + 'static,
{
    let consumer = Consumer {
        queue,
        pool,
        settings,
        stop,
        work: Arc::new(work),
        held: HashMap::new(),
        ends: channel(),
        renewed: Instant::now(),
        tally: Tally::default(),
    };
    consumer.run()
}

/// A job's row, and the number of the claim.
type Key = (i64, i64);

struct Consumer<'a, W> {
    queue: &'a mut Queue,
    pool: &'a dyn Pool,
    settings: Settings,
    stop: &'a CancelToken,
    work: Arc<W>,
    held: HashMap<Key, (Claim, JobHandle<Result<(), String>>)>,
    /// Each job says here that it is over.
    ends: (Sender<Key>, Receiver<Key>),
    renewed: Instant,
    tally: Tally,
}

/// Says that a job is over, however that came about: a pool drops what a job has captured before its handle ends.
struct End(Key, Sender<Key>);

impl Drop for End {
    fn drop(&mut self) {
        // If nobody listens, the consumer has ended by an error.
        let _ = self.1.send(self.0);
    }
}

impl<W> Drop for Consumer<'_, W> {
    /// After an error: what has not started must not start, for it is not going to be acknowledged.
    fn drop(&mut self) {
        self.cancel_all();
    }
}

impl<W> Consumer<'_, W> {
    fn cancel_all(&self) {
        for (_, handle) in self.held.values() {
            handle.cancel();
        }
    }
}

impl<W> Consumer<'_, W>
where
    W: Fn(&str) -> Result<(), String> + Send + Sync + 'static,
{
    fn run(mut self) -> Result<Tally, Error> {
        while !self.stop.is_cancelled() && self.pool.state() == PoolState::Running {
            self.renew()?;
            self.fill()?;
            self.settle()?;
        }
        self.cancel_all();
        while !self.held.is_empty() {
            self.renew()?;
            self.settle()?;
        }
        Ok(self.tally)
    }

    /// Claims as many jobs as there are places, and submits them.
    fn fill(&mut self) -> Result<(), Error> {
        let room = self.settings.places - self.held.len();
        if room == 0 {
            return Ok(());
        }
        for claim in self.queue.claim(room, self.settings.lease, self.settings.attempts)? {
            self.submit(claim)?;
        }
        Ok(())
    }

    fn submit(&mut self, claim: Claim) -> Result<(), Error> {
        let key = (claim.id, claim.number);
        let (work, payload) = (self.work.clone(), claim.payload.clone());
        let end = End(key, self.ends.0.clone());
        let job = move || {
            let _end = end;
            work(&payload)
        };
        // The pool may be one that others use as well, and be full.
        match self.pool.try_spawn_with(Attributes::new().token(self.stop), job) {
            Ok(handle) => {
                self.held.insert(key, (claim, handle));
            }
            Err(_) => {
                self.tally.released += 1;
                self.queue.release(&claim)?;
            }
        }
        Ok(())
    }

    /// Waits until a job is over, or for one poll, and tells the database of all that are.
    fn settle(&mut self) -> Result<(), Error> {
        let pause = self.settings.poll.min(self.settings.lease / 4);
        let until = Instant::now() + pause;
        let mut settled = false;
        loop {
            let pause =
                if settled { Duration::ZERO } else { until.saturating_duration_since(Instant::now()) };
            let Ok(key) = self.ends.1.recv_timeout(pause) else { return Ok(()) };
            // One that is not held was rejected.
            if let Some((claim, handle)) = self.held.remove(&key) {
                self.settle_one(&claim, handle.join())?;
                settled = true;
            }
        }
    }

    fn settle_one(&mut self, claim: &Claim, end: Result<Result<(), String>, JoinError>) -> Result<(), Error> {
        let retry_after = self.settings.retry_after;
        let (counter, held) = match end {
            Ok(Ok(())) => (&mut self.tally.done, self.queue.acknowledge(claim)?),
            Ok(Err(error)) => (&mut self.tally.failed, self.queue.fail(claim, &error, retry_after)?),
            Err(JoinError::Panicked(panic)) => {
                (&mut self.tally.failed, self.queue.fail(claim, &panic.to_string(), retry_after)?)
            }
            Err(_unrun) => (&mut self.tally.released, self.queue.release(claim)?),
        };
        *if held { counter } else { &mut self.tally.lost } += 1;
        Ok(())
    }

    /// When a third of the lease is over: for all that is held.
    fn renew(&mut self) -> Result<(), Error> {
        if self.held.is_empty() || self.renewed.elapsed() < self.settings.lease / 3 {
            return Ok(());
        }
        self.renewed = Instant::now();
        let held: Vec<Key> = self.held.keys().copied().collect();
        for lost in self.queue.renew(&held, self.settings.lease)? {
            self.held[&lost].1.cancel();
        }
        Ok(())
    }
}
