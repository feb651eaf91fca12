//! What each worker did, and how long jobs waited and ran.

use pool_core::stats::{Distribution, WorkerStats};
use pool_core::{Stats, Timings};

use crate::cli::show::TerminalTable;
use crate::numbers::units;
use crate::system::terminal;

/// Jobs for each worker, average job time, steals, panics, longest queue.
pub(super) fn of_workers(stats: &Stats) -> String {
    let mut table = TerminalTable::new(1, &["worker", "jobs", "average job", "steals", "panics"]);
    let row = |name: String, worker: &WorkerStats| {
        // A peer's worker does not tell when it waits, so its time is not known.
        let average = match worker.average_job().as_nanos() {
            0 => "-".to_owned(),
            ns => units::time(ns as f64),
        };
        [name, worker.jobs().to_string(), average, worker.steals.to_string(), worker.panicked.to_string()]
    };
    let mut all = WorkerStats::default();
    // In some seats there never was a worker.
    let slots = stats.workers.iter().enumerate().filter(|(_, worker)| **worker != WorkerStats::default());
    for (index, worker) in slots {
        table.row(row(index.to_string(), worker));
        all.completed += worker.completed;
        all.panicked += worker.panicked;
        all.busy += worker.busy;
        all.steals += worker.steals;
    }
    table.row(row("all".to_owned(), &all));
    format!("{}\n  longest queue: {} jobs\n", table.render(terminal::width()), stats.longest_queue)
}

/// How long jobs waited and ran: a few quantiles.
pub(super) fn of_times(timings: &Timings) -> String {
    let mut table = TerminalTable::new(1, &["time of a job", "jobs", "p50", "p90", "p99", "p99.9", "max"]);
    let mut row = |name: &str, times: &Distribution| {
        let quantiles = [times.p50(), times.p90(), times.p99(), times.p999(), times.max()];
        let cells = quantiles.map(|time| units::time(time.as_nanos() as f64));
        table.row([name.to_owned(), times.count().to_string()].into_iter().chain(cells));
    };
    row("queue wait", &timings.queue_wait);
    row("run", &timings.run_time);
    row("wake-up", &timings.wake_up);
    table.render(terminal::width())
}
