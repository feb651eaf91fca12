//! Broadcasts that borrow: a closure is run once on every worker, and the caller waits.
//!
//! Each part is lent to its worker as half of a join is ([`BorrowingTask`]), and lies in that worker's mailbox. It is no job, and is not
//! counted. A worker that broadcasts runs its own part, and while it waits for the others it runs the parts that other
//! broadcasts have put into its mailbox: two jobs that broadcast at once wait for each other's workers, and no other
//! thread may run these parts.
//!
//! Whatever goes wrong, every part has ended or was taken back when the caller goes on, so no worker is left with what it
//! lent.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::blocking::run_a_part;
use crate::current::current;
use crate::error::BroadcastError;
use crate::lend::{BorrowingTask, Notice};
use crate::os::process_fork::refuse_to_wait;
use crate::panic::{drop_quietly, unwind_without};
use crate::{Job, Pool, PoolState, Reason};

/// Why the pool did not take a part, or has given one up.
type Refusal = Arc<OnceLock<Reason>>;

impl Notice for Refusal {
    fn give(&self, reason: Reason) {
        // A worker that has left is left out.
        if !matches!(reason, Reason::NoSuchWorker(_)) {
            // Of several reasons the first will do.
            let _ = self.set(reason);
        }
    }
}

pub(crate) fn broadcast<P, F, R>(pool: &P, f: F) -> Result<Vec<R>, BroadcastError>
where
    P: Pool + ?Sized,
    F: Fn(usize) -> R + Sync,
    R: Send,
{
    if pool.context().is_forked() {
        // As each part would be; but the caller's own needs no mailbox.
        return Err(BroadcastError::new(Reason::Forked));
    }
    loop {
        let results = broadcast_once(pool, &f)?;
        if !results.is_empty() {
            return Ok(results);
        }
        // There was no worker.
        if pool.state() != PoolState::Running {
            return Err(BroadcastError::new(Reason::NoWorkers));
        }
        if pool.threads() == 0 {
            return Ok(results);
        }
        // While the workers were looked at one by one, some have left for others that have come.
        thread::yield_now();
    }
}

fn broadcast_once<P, F, R>(pool: &P, f: &F) -> Result<Vec<R>, BroadcastError>
where
    P: Pool + ?Sized,
    F: Fn(usize) -> R + Sync,
    R: Send,
{
    let here = current().filter(|worker| worker.pool == pool.id()).map(|worker| worker.index);
    let (workers, refusal) = (pool.present_workers(), Refusal::default());
    // `None` is the caller's own part.
    let mut parts = Vec::with_capacity(workers.len());
    let mut sent = Ok(());
    for worker in workers {
        if Some(worker) == here {
            parts.push(None);
            continue;
        }
        let (part, outcome) =
            BorrowingTask::lend(move || f(worker), refusal.clone(), |ticket| send(pool, worker, ticket));
        parts.push(Some(part));
        sent = outcome;
        if sent.is_err() || refusal.get().is_some() {
            break;
        }
    }
    let goes_on = || sent.is_ok() && refusal.get().is_none();
    let mut own = here.filter(|_| goes_on()).map(|here| catch_unwind(AssertUnwindSafe(|| f(here))));
    if pool.context().is_forked() {
        refuse_to_wait("a broadcast");
    }
    let mut outcomes = Outcomes::default();
    for part in parts {
        outcomes.extend(match part {
            None => own.take(),
            Some(part) if goes_on() => part.wait_meanwhile(run_a_part),
            Some(part) => part.revoke(run_a_part),
        });
    }
    let refusal = refusal.get().copied();
    outcomes.settle(sent, refusal)
}

/// Puts a part into the worker's mailbox. One that is refused tells why.
fn send<P: Pool + ?Sized>(pool: &P, worker: usize, ticket: Job) {
    drop(pool.submit_to(worker, ticket));
}

/// What became of the parts, in their order.
struct Outcomes<R> {
    results: Vec<R>,
    first_panic: Option<Box<dyn Any + Send>>,
}

impl<R> Default for Outcomes<R> {
    fn default() -> Self {
        Outcomes { results: Vec::new(), first_panic: None }
    }
}

impl<R> Outcomes<R> {
    /// Adds that of one part, if it has run.
    fn extend(&mut self, outcome: Option<thread::Result<R>>) {
        match outcome {
            None => {}
            Some(Ok(result)) => self.results.push(result),
            Some(Err(payload)) if self.first_panic.is_some() => drop_quietly(payload),
            Some(Err(payload)) => self.first_panic = Some(payload),
        }
    }

    /// All parts have ended. What is not for the caller is dropped before a panic goes on.
    fn settle(self, sent: thread::Result<()>, refusal: Option<Reason>) -> Result<Vec<R>, BroadcastError> {
        let Outcomes { results, first_panic } = self;
        if sent.is_ok() && first_panic.is_none() && refusal.is_none() {
            return Ok(results);
        }
        results.into_iter().for_each(drop_quietly);
        match (sent, first_panic) {
            (Err(payload), other) => unwind_without(other, payload),
            (Ok(()), Some(payload)) => resume_unwind(payload),
            (Ok(()), None) => Err(BroadcastError::new(refusal.expect("something was amiss"))),
        }
    }
}
