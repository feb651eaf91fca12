//! What jobs are made of, and what becomes of what they hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::*;

#[repr(align(64))]
struct OverAligned(u8);

#[test]
fn it_is_four_words() {
    assert_eq!(size_of::<Job>(), 32);
    fn shared<T: Send + Sync>() {}
    shared::<Job>();
}

#[test]
fn closures_of_every_shape_run_once() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (small, large, aligned) = (ran.clone(), ran.clone(), ran.clone());
    let payload = [7_usize; 100];
    let over = OverAligned(3);
    let jobs = [
        Job::new(move || {
            small.fetch_add(1, Relaxed);
        }),
        Job::new(move || {
            large.fetch_add(payload.iter().sum::<usize>(), Relaxed);
        }),
        Job::new(move || {
            let over = over;
            assert_eq!(&raw const over as usize % 64, 0);
            aligned.fetch_add(over.0 as usize, Relaxed);
        }),
        Job::new(|| {}),
    ];
    jobs.into_iter().for_each(Job::run);
    assert_eq!(ran.load(Relaxed), 1 + 700 + 3);
    assert_eq!(Arc::strong_count(&ran), 1, "every capture was dropped");
}

#[test]
fn a_dropped_job_drops_its_captures() {
    let held = Arc::new(());
    let (inline, boxed) = (held.clone(), held.clone());
    drop(Job::new(move || drop(inline)));
    let padding = [0_u8; 200];
    Job::new(move || drop((boxed, padding))).discard(Reason::Full);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_job_that_is_run_where_it_lies_leaves_an_empty_slot() {
    let context = JobContext::for_adapter("slots", 1);
    let cx = context.current_cx();
    let held = Arc::new(());
    let (runs, panics) = (held.clone(), held.clone());
    let padding = [0_u8; 200];
    let jobs = [
        Job::new(move || drop(runs)),
        Job::new(move || {
            let _held = (&panics, padding);
            panic!("out")
        }),
    ];
    let outcomes = jobs.map(|job| {
        context.admit_scoped();
        let mut place = Some(job);
        let outcome = Job::run_in_place(&mut place, Some(cx)).is_ok();
        assert!(place.is_none());
        outcome
    });
    assert_eq!(outcomes, [true, false]);
    assert_eq!(Arc::strong_count(&held), 1, "every capture was dropped once");
    assert!(Job::run_in_place(&mut None, Some(cx)).is_ok());
    assert_eq!((context.counts().completed, context.counts().panicked), (1, 1));
}

/// As a job whose panic handler panics.
struct PanicsOut<T>(T);

impl<T: Send> Runnable for PanicsOut<T> {
    fn run(self, _: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        panic!("out of the run")
    }

    fn discard(self, _: Reason, _: Option<&JobContext>) {}

    fn release(&mut self) -> bool {
        true
    }
}

#[test]
fn so_does_one_whose_run_panics() {
    let context = JobContext::for_adapter("slots", 1);
    let held = Arc::new(());
    let (inline, boxed) = (PanicsOut(held.clone()), PanicsOut((held.clone(), [0_u8; 200])));
    for job in [Job::from_task(inline), Job::from_task(boxed)] {
        let mut place = Some(job);
        let run = || Job::run_in_place(&mut place, Some(context.current_cx()));
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        assert!(place.is_none());
    }
    assert_eq!(Arc::strong_count(&held), 1, "what they held was dropped once");
}

#[test]
fn a_panic_comes_out_of_run() {
    let payload = catch_unwind(|| Job::new(|| panic!("out")).run()).unwrap_err();
    assert_eq!(crate::panic::payload_message(&*payload), Some("out"));
}
