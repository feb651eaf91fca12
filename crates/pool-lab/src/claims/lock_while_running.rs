//! The textbook pool whose workers hold the receiver's lock while their job runs.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::claim::{Claim, Figures, Found, nanoseconds};
use crate::metrics::TIME_PER_OP;
use crate::numbers::units;
use crate::workload::{CaseError, check};

pub(super) static CLAIM: Claim = Claim {
    name: "lock-while-running",
    says: "`while let Ok(job) = receiver.lock().unwrap().recv()` holds the lock while the job runs, and runs one job at a time.",
    measure,
    sentence,
};

const THREADS: usize = 4;
const HELD: &str = "lock held";
const RELEASED: &str = "lock released";

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let jobs = figures.size(40, 8) as u64;
    for (name, held) in [(HELD, true), (RELEASED, false)] {
        let mut samples = Vec::new();
        for _ in 0..figures.size(7, 2) {
            let start = Instant::now();
            check(run(jobs, held), jobs * (jobs - 1) / 2)?;
            samples.push(nanoseconds(start.elapsed()) / jobs as f64);
        }
        figures.add(name, "time per job", THREADS, &TIME_PER_OP, &samples);
    }
    Ok(())
}

/// Jobs of a millisecond; the sum of their numbers.
fn run(jobs: u64, held: bool) -> u64 {
    let (sender, receiver) = channel::<u64>();
    let (receiver, sum) = (Arc::new(Mutex::new(receiver)), Arc::new(Mutex::new(0)));
    let job = |number, sum: &Mutex<u64>| {
        thread::sleep(Duration::from_millis(1));
        *sum.lock().expect("no job panics") += number;
    };
    let worker = |_| {
        let (receiver, sum) = (Arc::clone(&receiver), Arc::clone(&sum));
        thread::spawn(move || {
            if held {
                // The guard is a temporary value, which lives until the end of the body.
                while let Ok(number) = receiver.lock().expect("no job panics").recv() {
                    job(number, &sum);
                }
            } else {
                let next = || receiver.lock().expect("no job panics").recv();
                while let Ok(number) = next() {
                    job(number, &sum);
                }
            }
        })
    };
    let workers: Vec<_> = (0..THREADS).map(worker).collect();
    (0..jobs).for_each(|number| sender.send(number).expect("workers have the receiver"));
    drop(sender);
    workers.into_iter().for_each(|worker| worker.join().expect("no job panics"));
    *sum.lock().expect("no job panics")
}

fn sentence(found: &Found) -> Option<String> {
    let ratio = found.value(HELD, "time per job")? / found.value(RELEASED, "time per job")?;
    Some(format!(
        "With the lock held a job of 1 ms takes {} on {THREADS} threads, with the lock released {}: {} slower.",
        found.text(HELD, "time per job")?,
        found.text(RELEASED, "time per job")?,
        units::ratio(ratio)
    ))
}
