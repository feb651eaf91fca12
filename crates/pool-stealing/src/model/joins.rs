//! Whole joins, of which a thief takes the second half: the frame, its latch, and how its owner waits.

use super::*;
use crate::fork::join_here;
use crate::frame::Frame;
use crate::here;
use crate::shared::Shared;
use crate::theft::Hunger;
use crate::worker::Worker;

/// What both halves of a join use, one after the other.
struct Borrowed(UnsafeCell<u32>);

// SAFETY: loom checks who uses it when.
unsafe impl Sync for Borrowed {}

impl Borrowed {
    fn add_one(&self) -> u32 {
        self.0.with_mut(|value| {
            // SAFETY: loom checks that nobody else is here.
            let value = unsafe { &mut *value };
            *value += 1;
            *value
        })
    }
}

/// A thief in this seat that looks at seat 0 so many times, and runs what it gets.
fn spawn_thief(shared: &Arc<Shared>, index: usize, looks: usize, then: fn(Worker<'_>)) -> JoinHandle<()> {
    let shared = shared.clone();
    thread::spawn(move || {
        here::work(&shared, index, |worker| {
            let mut hunger = Hunger::default();
            for _ in 0..looks {
                if let Some(fork) = shared.steal_fork(0, index, &mut hunger, || true) {
                    fork.run(&shared);
                }
            }
            then(worker);
        });
    })
}

#[test]
fn a_join_returns_when_its_thief_is_done_and_touches_the_frame_no_more() {
    bounded(3, || {
        let shared = Arc::new(Shared::new(2));
        let thief = spawn_thief(&shared, 1, 2, |_| ());
        here::work(&shared, 0, |worker| {
            let borrowed = Borrowed(UnsafeCell::new(0));
            let mut frame = Frame::new(|_: Worker<'_>| (here::index(), borrowed.add_one()));
            let (first, (index, second)) = join_here(worker, |_| 1, &frame);
            assert_eq!((first, second, borrowed.add_one()), (1, 1, 2));
            if index == Some(1) {
                frame.end();
            }
        });
        thief.join().unwrap();
    });
}

/// The thief's fork comes before the owner waits, or while it parks, or when it is parked; or the owner does not get it.
#[test]
fn whoever_waits_for_a_thief_runs_what_it_forks_or_waits_for_it() {
    bounded(2, || {
        let shared = Arc::new(Shared::new(2));
        let thief = spawn_thief(&shared, 1, 2, |_| ());
        here::work(&shared, 0, |worker| {
            let borrowed = Borrowed(UnsafeCell::new(0));
            let second = |worker: Worker<'_>| worker.join(|_| (), |_| borrowed.add_one()).1;
            let ((), second) = worker.join(|_| (), second);
            assert_eq!((second, borrowed.add_one()), (1, 2));
        });
        thief.join().unwrap();
    });
}

#[test]
fn whoever_waits_for_a_thief_runs_none_of_its_other_forks() {
    bounded(3, || {
        let shared = Arc::new(Shared::new(2));
        let thief = spawn_thief(&shared, 1, 2, |worker| {
            worker.join(
                |_| (),
                |_| assert_eq!(here::index(), Some(1), "not by a thread that waits for another fork"),
            );
        });
        here::work(&shared, 0, |worker| worker.join(|_| (), |_| ()));
        thief.join().unwrap();
    });
}

/// The thief's halves wait for each other, so that the owner of the stolen half must learn of the fork, whenever it comes.
#[test]
fn whoever_waits_for_a_thief_learns_of_what_it_forks() {
    bounded(2, || {
        let shared = Arc::new(Shared::new(2));
        // Nobody has asked the thief yet.
        shared.seats[1].stack.publish();
        let thief = spawn_thief(&shared, 1, 2, |_| ());
        here::work(&shared, 0, |worker| {
            let ran = AtomicUsize::new(0);
            let wait_for_other = || {
                while here::index() == Some(1) && ran.load(Relaxed) == 0 {
                    thread::yield_now();
                }
            };
            let second = |worker: Worker<'_>| worker.join(|_| wait_for_other(), |_| ran.store(1, Relaxed));
            worker.join(|_| (), second);
        });
        thief.join().unwrap();
    });
}
