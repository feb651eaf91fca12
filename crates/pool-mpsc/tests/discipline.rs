//! The discipline alone, without a thread: open, push, drop the inlet, pop, look at the order.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use pool_core::strategy::{Caller, Ends, Inlet, Order, Outlet, Parking, Pop, Push, Search, Strategy};
use pool_core::{Job, Submit};
use pool_mpsc::{Mpsc, MpscPool};

fn open(batch: usize, slots: usize) -> Ends<Mpsc> {
    let parking = Arc::new(Parking::new(slots, Order::ByCpu));
    Mpsc::new().batch(NonZeroUsize::new(batch).unwrap()).open(slots, &parking).unwrap()
}

#[test]
fn a_batch_beyond_the_largest_is_refused_and_the_largest_is_not() {
    let build = |batch| MpscPool::with(Mpsc::new().batch(NonZeroUsize::new(batch).unwrap())).build();
    for asked in [usize::MAX, Mpsc::MOST_BATCH + 1] {
        let error = build(asked).unwrap_err();
        assert_eq!(error.to_string(), format!("a batch of {asked} is more than the largest possible, 1024"));
    }
    let pool = build(Mpsc::MOST_BATCH).unwrap();
    assert_eq!(pool.spawn(|| 7).unwrap().join().unwrap(), 7);
}

fn push(ends: &Ends<Mpsc>, say: &Sender<u32>, number: u32) {
    let say = say.clone();
    let job = Job::new(move || say.send(number).unwrap());
    assert!(matches!(ends.inlet.push(job, Submit::default(), Caller::Outside), Push::Queued));
}

/// Pops at this slot and runs the job.
fn run_one(ends: &mut Ends<Mpsc>, slot: usize, said: &Receiver<u32>) -> Option<u32> {
    match ends.outlets[slot].pop(&mut Search::detached()) {
        Pop::Job(job) => {
            job.run();
            Some(said.recv().unwrap())
        }
        Pop::Empty => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn first_in_first_out_over_all_slots() {
    let (say, said) = channel();
    let mut ends = open(1, 3);
    (0..6).for_each(|number| push(&ends, &say, number));
    let order: Vec<_> = [2, 0, 1, 1, 0, 2].map(|slot| run_one(&mut ends, slot, &said).unwrap()).into();
    assert_eq!(order, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn what_is_left_is_popped_when_the_inlet_is_gone() {
    let (say, said) = channel();
    let mut ends = open(1, 1);
    push(&ends, &say, 7);
    let Ends { inlet, outlets, spare } = ends;
    drop(inlet);
    ends = Ends { inlet: open(1, 0).inlet, outlets, spare };
    assert_eq!(run_one(&mut ends, 0, &said), Some(7));
    assert_eq!(run_one(&mut ends, 0, &said), None);
}

#[test]
fn a_batch_belongs_to_the_slot_that_took_it() {
    let (say, said) = channel();
    let mut ends = open(3, 2);
    (0..6).for_each(|number| push(&ends, &say, number));
    let order: Vec<_> = [0, 1, 0, 1, 0, 1].map(|slot| run_one(&mut ends, slot, &said).unwrap()).into();
    assert_eq!(order, [0, 3, 1, 4, 2, 5]);
}

#[test]
fn what_a_lost_worker_had_taken_goes_to_the_next() {
    let (say, said) = channel();
    let mut ends = open(3, 2);
    (0..6).for_each(|number| push(&ends, &say, number));
    assert_eq!(run_one(&mut ends, 0, &said), Some(0));
    ends.outlets[0].detach();
    let order: Vec<_> = (0..5).map(|_| run_one(&mut ends, 1, &said).unwrap()).collect();
    assert_eq!(order, [1, 2, 3, 4, 5]);
}

#[test]
fn the_spare_reaches_everything() {
    let (say, said) = channel();
    let mut ends = open(3, 1);
    (0..5).for_each(|number| push(&ends, &say, number));
    assert_eq!(run_one(&mut ends, 0, &said), Some(0));
    ends.outlets[0].detach();
    let mut jobs = Vec::new();
    ends.spare.drain(&mut jobs);
    jobs.into_iter().for_each(Job::run);
    assert_eq!(said.try_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
}
