//! Express workers: they serve the top levels and tickets, keep nobody from being served, and keep no pool from ending.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pool_core::strategy::{
    Caller, Ends, Group, Inlet, Look, Order, Outlet, Parking, Pop, Push, Search, Strategy, Woken,
};
use pool_core::{Job, Priority, Scaling, Submit, Timing, current};
use pool_priority::{Levels, PriorityPool};

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// Slots of the channel: the first is an express worker's and serves steps 0 to 15.
fn open(slots: usize) -> Ends<Levels> {
    let parking = Arc::new(Parking::new(slots, Order::ByCpu));
    let mut ends = Levels::new(4).express(1, 1).open(slots, &parking).unwrap();
    ends.outlets.iter_mut().for_each(Outlet::attach);
    ends
}

fn push(ends: &Ends<Levels>, priority: Priority) {
    let push = ends.inlet.push(Job::new(|| ()), Submit::default().priority(priority), Caller::Outside);
    assert!(matches!(push, Push::Queued));
}

/// Whether this slot has something.
fn takes(ends: &mut Ends<Levels>, slot: usize) -> bool {
    match ends.outlets[slot].pop(&mut Search::detached()) {
        Pop::Job(_) => true,
        Pop::Empty => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_express_slot_leaves_the_low_levels_alone() {
    let mut ends = open(2);
    push(&ends, Priority::NORMAL);
    assert!(!takes(&mut ends, 0));
    push(&ends, Priority::URGENT);
    assert!(takes(&mut ends, 0));
    assert!(!takes(&mut ends, 0));
    assert!(takes(&mut ends, 1));
}

#[test]
fn alone_it_serves_everybody() {
    let mut ends = open(2);
    push(&ends, Priority::IDLE);
    ends.outlets[1].detach();
    assert!(takes(&mut ends, 0));
    push(&ends, Priority::IDLE);
    ends.outlets[1].attach();
    assert!(!takes(&mut ends, 0));
    assert!(takes(&mut ends, 1));
}

#[test]
fn what_is_left_at_the_end_is_the_regular_workers() {
    let Ends { inlet, mut outlets, spare: _spare } = open(2);
    let _ = inlet.push(Job::new(|| ()), Submit::default(), Caller::Outside);
    drop(inlet);
    assert!(matches!(outlets[0].pop(&mut Search::detached()), Pop::Empty));
    assert!(matches!(outlets[1].pop(&mut Search::detached()), Pop::Job(_)));
    assert!(matches!(outlets[1].pop(&mut Search::detached()), Pop::Empty));
}

/// A channel whose workers sleep: the first so many are express workers.
fn asleep(slots: usize, express: usize) -> (Arc<Parking>, Ends<Levels>) {
    let parking = Arc::new(Parking::new(slots, Order::LastInFirstOut));
    let mut ends = Levels::new(4).express(express, 1).open(slots, &parking).unwrap();
    ends.outlets.iter_mut().for_each(Outlet::attach);
    for (slot, outlet) in ends.outlets.iter().enumerate() {
        let group = if outlet.is_reserved() { Group::Reserved } else { Group::General };
        parking.announce(slot, false, group);
    }
    (parking, ends)
}

/// How this sleeper was woken, if it was.
fn woken(parking: &Parking, slot: usize) -> Option<Woken> {
    match parking.park(slot, Some(Instant::now())) {
        Woken::Retracted => None,
        woken => Some(woken),
    }
}

#[test]
fn a_low_job_wakes_a_regular_worker_whatever_else_is_queued() {
    let (parking, ends) = asleep(3, 2);
    push(&ends, Priority::URGENT);
    push(&ends, Priority::IDLE);
    assert_eq!(woken(&parking, 2), Some(Woken::ToSearch));
    let express = [0, 1].map(|slot| woken(&parking, slot));
    assert!(matches!(express, [None, Some(Woken::ByName)]), "one for the urgent job: {express:?}");
}

#[test]
fn an_express_worker_that_turns_to_its_mail_leaves_urgent_jobs_to_another() {
    let (parking, mut ends) = asleep(2, 1);
    push(&ends, Priority::URGENT);
    assert_eq!(woken(&parking, 0), Some(Woken::ByName));
    ends.outlets[0].turn_away();
    assert_eq!(woken(&parking, 1), Some(Woken::ToSearch));
}

#[test]
fn an_express_worker_sleeps_while_jobs_wait_that_are_not_for_it() {
    let mut ends = open(2);
    (0..5000).for_each(|_| push(&ends, Priority::IDLE));
    while takes(&mut ends, 1) {}
    ends.outlets[0].prepare_to_park(&mut Search::detached());
    assert!(matches!(ends.outlets[0].look(), Look::NothingUntil(_)), "there is room to give back");
    push(&ends, Priority::IDLE);
    ends.outlets[0].prepare_to_park(&mut Search::detached());
    assert_eq!(ends.outlets[0].look(), Look::Nothing, "it cannot be given back now");
}

#[test]
fn a_worker_that_comes_after_the_room_was_given_back_waits_for_no_moment() {
    let mut ends = Levels::new(1).open(1, &Arc::new(Parking::new(1, Order::ByCpu))).unwrap();
    (0..5000).for_each(|_| push(&ends, Priority::NORMAL));
    while takes(&mut ends, 0) {}
    ends.outlets[0].prepare_to_park(&mut Search::detached());
    assert!(matches!(ends.outlets[0].look(), Look::NothingUntil(_)), "there is room to give back");
    ends.outlets[0].detach();
    ends.outlets[0].attach();
    ends.outlets[0].prepare_to_park(&mut Search::detached());
    assert_eq!(ends.outlets[0].look(), Look::Nothing);
}

fn pool(threads: usize, express: usize) -> PriorityPool {
    PriorityPool::with(Levels::new(4).express(express, 1)).threads(threads).build().unwrap()
}

/// Keeps the only regular worker of a pool busy until the sender is used or dropped.
fn hold_the_regular(pool: &PriorityPool) -> Sender<()> {
    let (worker, release) = hold(pool);
    assert_eq!(worker, 1, "not on the express worker");
    release
}

/// Keeps a worker busy until the sender is used or dropped.
fn hold(pool: &PriorityPool) -> (usize, Sender<()>) {
    let (release, released) = channel::<()>();
    let (started, running) = channel();
    pool.execute(move || {
        started.send(current().unwrap().index).unwrap();
        let _ = released.recv();
    })
    .unwrap();
    (running.recv_timeout(DEADLINE).unwrap(), release)
}

#[test]
fn an_urgent_job_does_not_wait_for_a_long_one() {
    for _ in 0..100 {
        let pool = pool(2, 1);
        let release = hold_the_regular(&pool);
        let low = pool.spawn(|| current().unwrap().index).unwrap();
        for _ in 0..10 {
            let worker = pool.spawn_with(Priority::URGENT, || current().unwrap().index).unwrap();
            assert_eq!(worker.join_timeout(DEADLINE).unwrap().unwrap(), 0);
        }
        assert!(!low.is_finished());
        drop(release);
        assert_eq!(low.join().unwrap(), 1);
    }
}

#[test]
fn scopes_and_joins_reach_the_express_worker() {
    for _ in 0..100 {
        let pool = pool(2, 1);
        let _release = hold_the_regular(&pool);
        let parts = pool.scope(|scope| {
            let parts: Vec<_> = (1..=10).map(|number| scope.spawn(move || number)).collect();
            parts.into_iter().map(|part| part.join().unwrap()).sum::<u32>()
        });
        assert_eq!(parts, 55);
        assert_eq!(pool.join(|| current().unwrap().index, || 2), (0, 2));
    }
}

#[test]
fn no_job_is_left_lying_whoever_sleeps() {
    for round in 0..150 {
        let pool = pool(3 + round % 2, 1 + round % 2);
        let ran = Arc::new(AtomicUsize::new(0));
        thread::scope(|scope| {
            for submitter in 0..3_usize {
                let (pool, ran) = (&pool, &ran);
                scope.spawn(move || {
                    for number in 0..40 {
                        let ran = ran.clone();
                        let step = ((submitter + number) * 23 % 64) as u8;
                        let submitted = pool.execute_with(Priority::new(step).unwrap(), move || {
                            ran.fetch_add(1, SeqCst);
                        });
                        submitted.unwrap();
                        if number % 8 == submitter {
                            // Workers fall asleep meanwhile, at different moments.
                            assert!(pool.wait_idle(Some(DEADLINE)));
                        }
                    }
                });
            }
        });
        assert!(pool.wait_idle(Some(DEADLINE)), "round {round}: {:?}", pool.counts());
        assert_eq!(ran.load(SeqCst), 120);
    }
}

#[test]
fn a_shutdown_runs_what_is_queued_and_ends() {
    for _ in 0..100 {
        let pool = pool(3, 2);
        for step in 0..64 {
            pool.execute_with(Priority::new(step).unwrap(), || ()).unwrap();
        }
        let _ = pool.shutdown();
        assert_eq!(pool.counts().completed, 64);
    }
}

#[test]
fn while_the_regular_worker_is_being_replaced_nobody_waits() {
    let pool = PriorityPool::with(Levels::new(4).express(1, 1))
        .threads(2)
        .on_panic(|_| std::panic::resume_unwind(Box::new("the handler's")))
        .build()
        .unwrap();
    for _ in 0..3 {
        // It costs the worker, and the pool waits longer each time before it starts another.
        pool.execute(|| std::panic::resume_unwind(Box::new("the job's"))).unwrap();
        let handle = pool.spawn_with(Priority::IDLE, || ()).unwrap();
        handle.join_timeout(DEADLINE).unwrap().unwrap();
    }
}

#[test]
fn while_the_regular_worker_leaves_nobody_waits() {
    let (stop, stopping) = channel();
    let (gate, gated) = channel::<()>();
    let gated = Mutex::new(gated);
    let on_stop = move |worker| {
        let _ = stop.send(worker);
        if worker == 1 {
            let _ = gated.lock().unwrap().recv();
        }
    };
    let pool = PriorityPool::with(Levels::new(4).express(1, 1)).threads(2).on_stop(on_stop).build().unwrap();
    // Dropped before the pool, whatever happens.
    let gate = gate;
    pool.resize(1).unwrap();
    assert_eq!(stopping.recv_timeout(DEADLINE), Ok(1));
    let low = pool.spawn_with(Priority::IDLE, || current().unwrap().index).unwrap();
    assert_eq!(low.join_timeout(DEADLINE).unwrap().unwrap(), 0);
    drop(gate);
}

#[test]
fn an_idle_express_worker_does_not_keep_the_pool_from_growing() {
    let scaling = Scaling::between(2, 3);
    let pool = PriorityPool::with(Levels::new(4).express(1, 1)).scaling(scaling).build().unwrap();
    // The pool grows for this one, if the regular worker has not got as far as to wait for it.
    let (first, release) = hold(&pool);
    let low = pool.spawn(|| current().unwrap().index).unwrap();
    let second = low.join_timeout(DEADLINE).unwrap().unwrap();
    assert_eq!(first.min(second)..=first.max(second), 1..=2);
    drop(release);
}

#[test]
fn mail_reaches_both_kinds() {
    for _ in 0..50 {
        let pool = pool(2, 1);
        let release = hold_the_regular(&pool);
        let mut answers = pool.spawn_broadcast(|worker| worker).unwrap();
        let (regular, express) = (answers.pop().unwrap(), answers.pop().unwrap());
        assert_eq!(express.join_timeout(DEADLINE).unwrap().unwrap(), 0);
        // It is no job of the queue, so its level does not matter.
        let idle = pool.spawn_on(0, || current().unwrap().index).unwrap();
        assert_eq!(idle.join_timeout(DEADLINE).unwrap().unwrap(), 0);
        assert!(!regular.is_finished());
        drop(release);
        assert_eq!(regular.join_timeout(DEADLINE).unwrap().unwrap(), 1);
    }
}

#[test]
fn a_pause_holds_both_kinds() {
    for _ in 0..50 {
        let pool = pool(2, 1);
        pool.pause().unwrap();
        let urgent = pool.spawn_with(Priority::URGENT, || ()).unwrap();
        let low = pool.spawn_with(Priority::IDLE, || ()).unwrap();
        let answers = pool.spawn_broadcast(|worker| worker).unwrap();
        assert_eq!((pool.counts().queued, pool.counts().running), (4, 0));
        pool.resume().unwrap();
        urgent.join_timeout(DEADLINE).unwrap().unwrap();
        low.join_timeout(DEADLINE).unwrap().unwrap();
        let workers = answers.into_iter().map(|answer| answer.join_timeout(DEADLINE).unwrap().unwrap());
        assert!(workers.eq(0..2));
    }
}

#[test]
fn a_dead_express_worker_is_replaced_by_another() {
    let pool = PriorityPool::with(Levels::new(4).express(1, 1))
        .threads(2)
        .timing(Timing::Every)
        .on_panic(|_| std::panic::resume_unwind(Box::new("the handler's")))
        .build()
        .unwrap();
    for deaths in 1..=3 {
        pool.execute_on(0, || std::panic::resume_unwind(Box::new("the job's"))).unwrap();
        // The regular worker sees to what is urgent until the other is back.
        let urgent = pool.spawn_with(Priority::URGENT, || ()).unwrap();
        urgent.join_timeout(DEADLINE).unwrap().unwrap();
        let release = hold_the_regular(&pool);
        let express = pool.spawn_with(Priority::URGENT, || current().unwrap().index).unwrap();
        assert_eq!(express.join_timeout(DEADLINE).unwrap().unwrap(), 0);
        assert_eq!(pool.stats().workers[0].replaced, deaths);
        drop(release);
    }
    assert!(pool.wait_idle(Some(DEADLINE)));
    // Four a round.
    assert_eq!(pool.timings().unwrap().run_time.count(), 12);
}

#[test]
fn senseless_settings_are_refused_with_what_would_be_right() {
    let error =
        |levels, threads| PriorityPool::with(levels).threads(threads).build().unwrap_err().to_string();
    let four = Levels::new(4);
    assert_eq!(error(four.express(1, 1), 1), "of 1 workers at most 0 can be express workers, not 1");
    assert_eq!(error(four.express(3, 1), 2), "of 2 workers at most 1 can be express workers, not 3");
    let text =
        |top| format!("express workers serve at least 1 of 4 levels and leave at least 1, so not {top}");
    assert_eq!(error(four.express(1, 0), 2), text(0));
    assert_eq!(error(four.express(1, 4), 2), text(4));
    assert_eq!(error(four.express(1, usize::MAX), 2), text(usize::MAX));
    assert_eq!(
        error(four.express(usize::MAX, 1), 2),
        format!("of 2 workers at most 1 can be express workers, not {}", usize::MAX)
    );
    assert!(PriorityPool::with(four.express(0, 1)).threads(1).build().is_ok());
}
