//! Strategies that break their promises: while a pool is built, an error or the strategy's own panic, and never a hang; and
//! later, a dead worker that is replaced.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::panic::{catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use pool_core::strategy::{Caller, Ends, Inlet, Look, Outlet, Parking, Pop, Push, Search, Strategy, Urgency};
use pool_core::{BuildError, Job, JoinError, Reason, Submit, ThreadPool};

use self::deque::{Deque, DequeInlet, DequeOutlet, End};

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// What is wrong.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// So many outlets more, or fewer, than slots.
    Outlets(isize),
    /// A panic, in the method with this name.
    Panic(&'static str),
}

/// The next look panics, if that is the fault.
static PANICS_ONCE: AtomicBool = AtomicBool::new(false);

/// A deque with a fault.
struct Broken(Fault);

impl Broken {
    fn panics_in(fault: Fault, method: &'static str) {
        if fault == Fault::Panic(method) {
            panic_any(method);
        }
    }
}

struct BrokenTail(DequeInlet, Fault);

impl Inlet for BrokenTail {
    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        self.0.push(job, submit, caller)
    }

    fn urgency(&self) -> Urgency {
        Broken::panics_in(self.1, "urgency");
        self.0.urgency()
    }
}

struct BrokenHead(DequeOutlet, Fault);

impl Outlet for BrokenHead {
    fn pop(&mut self, search: &mut Search<'_>) -> Pop {
        self.0.pop(search)
    }

    fn has_work(&self) -> bool {
        self.0.has_work()
    }

    fn look(&mut self) -> Look {
        if PANICS_ONCE.swap(false, SeqCst) {
            Broken::panics_in(self.1, "look");
        }
        if self.has_work() { Look::Work } else { Look::Nothing }
    }

    fn is_reserved(&self) -> bool {
        Broken::panics_in(self.1, "is_reserved");
        false
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        self.0.drain(jobs);
    }

    fn attach(&mut self) {
        Broken::panics_in(self.1, "attach");
    }
}

impl Strategy for Broken {
    type Inlet = BrokenTail;
    type Outlet = BrokenHead;
    const NAME: &'static str = "broken";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let fault = self.0;
        Broken::panics_in(fault, "open");
        let outlets = match fault {
            Fault::Outlets(more) => slots.checked_add_signed(more).unwrap(),
            Fault::Panic(_) => slots,
        };
        let ends = Deque::taking_from(End::Oldest).open(outlets, parking)?;
        Ok(Ends {
            inlet: BrokenTail(ends.inlet, fault),
            outlets: ends.outlets.into_iter().map(|head| BrokenHead(head, fault)).collect(),
            spare: BrokenHead(ends.spare, fault),
        })
    }
}

/// Runs it on a thread of its own, and gives up on it after a while.
fn in_time<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || send.send(f()));
    receive.recv_timeout(DEADLINE).expect("it hangs")
}

#[test]
fn another_number_of_outlets_than_of_slots_is_an_error_that_names_both() {
    for (more, opened) in [(-3, 0), (-1, 2), (1, 4)] {
        let build = move || ThreadPool::with(Broken(Fault::Outlets(more))).threads(3).build();
        let error = in_time(build).unwrap_err();
        let expected =
            format!("the strategy \"broken\" opened {opened} outlets for 3 slots; each slot needs one");
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, BuildError::Outlets { slots: 3, .. }));
    }
}

#[test]
fn a_panic_while_the_channel_is_opened_comes_out() {
    for method in ["open", "urgency", "is_reserved"] {
        let build = move || {
            let built = catch_unwind(|| ThreadPool::with(Broken(Fault::Panic(method))).threads(3).build());
            *built.map(drop).unwrap_err().downcast::<&str>().unwrap()
        };
        assert_eq!(in_time(build), method);
    }
}

/// A worker that cannot start is a failed start, as one whose start hook panics.
#[test]
fn workers_that_cannot_sit_down_are_failed_starts() {
    let broken = || ThreadPool::with(Broken(Fault::Panic("attach"))).threads(2);
    let error = in_time(move || broken().on_start(|_| ()).build().unwrap_err());
    assert!(matches!(error, BuildError::Start(_)), "{error}");

    let reasons = in_time(move || {
        let pool = broken().build().unwrap();
        let reason = match pool.spawn(|| ()) {
            Ok(handle) => match handle.join() {
                Err(JoinError::Unrun(reason)) => reason,
                other => panic!("{other:?}"),
            },
            Err(rejected) => rejected.reason(),
        };
        let _ = pool.shutdown();
        (reason, pool.execute(|| ()).unwrap_err().reason())
    });
    assert_eq!(reasons, (Reason::NoWorkers, Reason::NoWorkers));
}

/// Nobody gives the dead the searcher's role in its place.
#[test]
fn the_successor_of_a_worker_that_died_in_its_last_look_is_woken() {
    for round in 0..50 {
        let pool = ThreadPool::with(Broken(Fault::Panic("look"))).threads(1).build().unwrap();
        let until = |replaced, parks| {
            while {
                let worker = &pool.stats().workers[0];
                worker.replaced < replaced || worker.parks < parks
            } {
                thread::yield_now();
            }
        };
        until(0, 1);
        PANICS_ONCE.store(true, SeqCst);
        pool.execute(|| ()).unwrap();
        until(1, 2);
        // In most rounds it has got as far as to sleep by then.
        (0..round * 20).for_each(|_| thread::yield_now());
        let job = pool.spawn(|| 7).unwrap();
        assert_eq!(job.join_timeout(DEADLINE).expect("it is not woken").unwrap(), 7);
    }
}
