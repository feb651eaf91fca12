//! The discipline without a pool: open, push, drop the inlet, pop, and look at the order.

use std::sync::{Arc, Mutex};

use pool_core::strategy::{Caller, Inlet, Look, Order, Outlet, Parking, Pop, Push, Search, Strategy};
use pool_core::{Job, JobOrder, Submit};
use pool_stealing::{Stealing, StealingInlet, StealingOutlet};

/// Where jobs note that they ran.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<usize>>>);

impl Notes {
    fn job(&self, n: usize) -> Job {
        let notes = self.clone();
        Job::new(move || notes.0.lock().unwrap().push(n))
    }

    fn taken(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn open(slots: usize) -> (StealingInlet, Vec<StealingOutlet>, StealingOutlet) {
    open_with(Stealing::default(), slots)
}

fn open_with(stealing: Stealing, slots: usize) -> (StealingInlet, Vec<StealingOutlet>, StealingOutlet) {
    let parking = Arc::new(Parking::new(slots, Order::ByCpu));
    let ends = stealing.open(slots, &parking).unwrap();
    (ends.inlet, ends.outlets, ends.spare)
}

fn push(inlet: &StealingInlet, job: Job) {
    assert!(matches!(inlet.push(job, Submit::default(), Caller::Outside), Push::Queued));
}

/// Runs the next job; `false` if there is none.
fn run_next(outlet: &mut StealingOutlet) -> bool {
    match outlet.pop(&mut Search::detached()) {
        Pop::Job(job) => job.run(),
        Pop::Empty => return false,
        other => panic!("unexpected {other:?}"),
    }
    true
}

#[test]
fn a_pop_looks_at_all_slots() {
    for slots in [1, 2, 1_000] {
        let (_inlet, outlets, spare) = open(slots);
        assert!(outlets.iter().chain([&spare]).all(|outlet| outlet.places() == slots));
    }
}

#[test]
fn jobs_from_outside_leave_in_their_order_at_a_single_slot() {
    let (inlet, mut outlets, _) = open(1);
    let notes = Notes::default();
    (0..100).for_each(|n| push(&inlet, notes.job(n)));
    drop(inlet);
    outlets[0].attach();
    while run_next(&mut outlets[0]) {}
    outlets[0].detach();
    assert_eq!(notes.taken(), Vec::from_iter(0..100));
}

#[test]
fn an_outlet_works_without_sitting_down() {
    let (inlet, mut outlets, _) = open(2);
    let notes = Notes::default();
    (0..100).for_each(|n| push(&inlet, notes.job(n)));
    drop(inlet);
    while run_next(&mut outlets[1]) {}
    assert_eq!(notes.taken(), Vec::from_iter(0..100));
}

#[test]
fn a_worker_pushes_into_its_own_deque_and_pops_the_newest_or_the_oldest() {
    a_worker_pops(Stealing::default(), Vec::from_iter((0..10).rev()));
    a_worker_pops(Stealing::default().order(JobOrder::NewestFirst), Vec::from_iter((0..10).rev()));
    a_worker_pops(Stealing::default().order(JobOrder::OldestFirst), Vec::from_iter(0..10));
}

fn a_worker_pops(stealing: Stealing, in_this_order: Vec<usize>) {
    let (inlet, mut outlets, _) = open_with(stealing, 2);
    let notes = Notes::default();
    push(&inlet, notes.job(100));
    outlets[0].attach();
    (0..10).for_each(|n| push(&inlet, notes.job(n)));
    for _ in 0..10 {
        assert!(run_next(&mut outlets[0]));
    }
    assert_eq!(notes.taken(), in_this_order, "its own jobs come first");
    assert!(run_next(&mut outlets[0]));
    assert_eq!(notes.taken(), [100]);
    outlets[0].detach();
}

#[test]
fn jobs_from_outside_get_their_turn_beside_a_worker_that_keeps_itself_busy() {
    let (inlet, mut outlets, _) = open(1);
    let notes = Notes::default();
    outlets[0].attach();
    let spare_time = std::thread::spawn(move || {
        push(&inlet, Job::new(|| ()));
        inlet
    });
    let inlet = spare_time.join().unwrap();
    let outside = notes.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| push(&inlet, outside.job(usize::MAX)));
    });
    for n in 0..200 {
        push(&inlet, notes.job(n));
        push(&inlet, notes.job(n));
        assert!(run_next(&mut outlets[0]));
    }
    assert!(notes.taken().contains(&usize::MAX));
    outlets[0].detach();
    let mut rest = Vec::new();
    outlets[0].drain(&mut rest);
    rest.into_iter().for_each(Job::run);
}

#[test]
fn what_a_worker_leaves_behind_is_reached_from_every_slot_and_from_the_spare() {
    for taker in 0..3 {
        let (inlet, mut outlets, mut spare) = open(2);
        let notes = Notes::default();
        outlets[0].attach();
        (0..10).for_each(|n| push(&inlet, notes.job(n)));
        outlets[0].detach();
        push(&inlet, notes.job(10));
        drop(inlet);
        let mut seen = if taker == 2 {
            let mut jobs = Vec::new();
            spare.drain(&mut jobs);
            jobs.into_iter().for_each(Job::run);
            notes.taken()
        } else {
            while run_next(&mut outlets[taker]) {}
            notes.taken()
        };
        seen.sort_unstable();
        assert_eq!(seen, Vec::from_iter(0..11), "taker {taker}");
    }
}

#[test]
fn a_long_queue_that_a_worker_leaves_behind_is_reached_as_well() {
    const JOBS: usize = 5000;
    let (inlet, mut outlets, _) = open(2);
    let notes = Notes::default();
    outlets[0].attach();
    (0..JOBS).for_each(|n| push(&inlet, notes.job(n)));
    // It comes to see how long its queue is.
    assert!(run_next(&mut outlets[0]));
    outlets[0].detach();
    drop(inlet);
    while run_next(&mut outlets[1]) {}
    let mut seen = notes.taken();
    seen.sort_unstable();
    assert_eq!(seen, Vec::from_iter(0..JOBS));
}

#[test]
fn a_worker_that_comes_after_the_room_was_given_back_waits_for_no_moment() {
    // Popped newest first, the deque gives most of it back by itself.
    let (inlet, mut outlets, _spare) = open_with(Stealing::default().order(JobOrder::OldestFirst), 1);
    let outlet = &mut outlets[0];
    outlet.attach();
    (0..5000).for_each(|_| push(&inlet, Job::new(|| ())));
    while run_next(outlet) {}
    outlet.prepare_to_park(&mut Search::detached());
    assert!(matches!(outlet.look(), Look::NothingUntil(_)), "there is room to give back");
    outlet.detach();
    outlet.attach();
    outlet.prepare_to_park(&mut Search::detached());
    assert_eq!(outlet.look(), Look::Nothing);
    outlet.detach();
}

#[test]
fn a_thief_takes_the_oldest_first() {
    let (inlet, mut outlets, _) = open(2);
    let notes = Notes::default();
    outlets[0].attach();
    (0..100).for_each(|n| push(&inlet, notes.job(n)));
    assert!(run_next(&mut outlets[1]));
    assert_eq!(notes.taken(), [0]);
    outlets[0].detach();
}

#[test]
fn a_slot_without_work_says_so() {
    let (inlet, mut outlets, _) = open(1);
    assert!(!run_next(&mut outlets[0]));
    assert_eq!((outlets[0].has_work(), outlets[0].look()), (false, Look::Nothing));
    let notes = Notes::default();
    push(&inlet, notes.job(1));
    assert_eq!((outlets[0].has_work(), outlets[0].look()), (true, Look::Work));
    assert!(run_next(&mut outlets[0]));
    assert_eq!(notes.taken(), [1]);
}

#[test]
fn a_slot_has_one_owner_and_a_second_thread_works_from_outside() {
    let (inlet, mut outlets, _) = open(1);
    outlets[0].attach();
    let mut outlet = outlets.pop().unwrap();
    let notes = Notes::default();
    push(&inlet, notes.job(1));
    let outlet = std::thread::scope(|scope| {
        let (inlet, notes) = (&inlet, &notes);
        let other = scope.spawn(move || {
            outlet.attach();
            push(inlet, notes.job(2));
            assert!(run_next(&mut outlet) && run_next(&mut outlet));
            outlet.detach();
            outlet
        });
        other.join().unwrap()
    });
    let mut seen = notes.taken();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2]);
    let mut outlet = outlet;
    outlet.detach();
}

#[test]
fn of_64_turns_the_injector_has_one_whether_jobs_are_popped_or_taken_at_hand() {
    let (inlet, mut outlets, _) = open(1);
    let notes = Notes::default();
    let from_outside = |n| n < 32;
    (0..32).for_each(|n| push(&inlet, notes.job(n)));
    outlets[0].attach();
    assert!(outlets[0].at_hand().is_none(), "nothing is in hand");
    // It comes with others, which are at hand from then on; the rest stays in the injector.
    assert!(run_next(&mut outlets[0]));
    (32..100).for_each(|n| push(&inlet, notes.job(n)));
    let mut at_hand = 0;
    for _ in 1..64 {
        match outlets[0].at_hand() {
            Some(job) => {
                at_hand += 1;
                job.run();
            }
            None => assert!(run_next(&mut outlets[0])),
        }
    }
    outlets[0].detach();
    let taken = notes.taken();
    assert!(at_hand > 0, "a part of the batch was at hand");
    assert!(!from_outside(taken[62]) && from_outside(taken[63]), "{taken:?}");
}
