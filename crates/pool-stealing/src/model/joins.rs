//! Whole joins, of which a thief takes the second half: the frame, its latch, and how its owner waits.

use super::*;
use crate::channel::Channel;
use crate::current_worker;
use crate::demand::Demand;
use crate::frame::Frame;
use crate::join::join_here;
use crate::worker::Worker;
use crate::worker_queues::Owner;

/// What both halves of a join use, one after the other.
struct Borrowed(UnsafeCell<u32>);

// SAFETY: loom checks who uses it when.
unsafe impl Sync for Borrowed {}

impl Borrowed {
    fn add_one(&self) -> u32 {
        self.0.with_mut(|value| {
            // SAFETY: loom checks that no other thread is here.
            let value = unsafe { &mut *value };
            *value += 1;
            *value
        })
    }
}

fn nothing(_: Worker<'_>) {}

/// A join by the owner of slot 0, beside a thief in slot 1 that looks there twice, and runs what it gets.
fn beside_thief(channel: Channel, then: fn(Worker<'_>), owner: impl FnOnce(&Channel, Worker<'_>)) {
    let channel = Arc::new(channel);
    let thieves = channel.clone();
    let thief = thread::spawn(move || {
        current_worker::work(&thieves, 1, |worker| {
            let mut demand = Demand::default();
            for _ in 0..2 {
                if let Some(fork) = thieves.steal_fork(0, 1, &mut demand, || true) {
                    fork.run(&thieves);
                }
            }
            then(worker);
        });
    });
    current_worker::work(&channel, 0, |worker| owner(&channel, worker));
    thief.join().unwrap();
}

#[test]
fn a_join_returns_when_its_thief_is_done_and_touches_the_frame_no_more() {
    bounded(3, || {
        beside_thief(Channel::new(2), nothing, |_, worker| {
            let borrowed = Borrowed(UnsafeCell::new(0));
            let mut frame = Frame::new(|_: Worker<'_>| (current_worker::index(), borrowed.add_one()));
            let (first, (index, second)) = join_here(worker, |_| 1, &frame);
            assert_eq!((first, second, borrowed.add_one()), (1, 1, 2));
            if index == Some(1) {
                frame.end();
            }
        });
    });
}

/// The first half waits for something, and comes across its second half while it helps; or a thief takes that.
#[test]
fn an_owner_that_helps_takes_its_own_fork_or_a_thief_does() {
    bounded(2, || {
        beside_thief(Channel::new(2), nothing, |channel, worker| {
            let borrowed = Borrowed(UnsafeCell::new(0));
            let help = |_: Worker<'_>| {
                // SAFETY: this thread is there.
                let owner = unsafe { Owner::new(&channel.slots[0]) };
                if let Some(fork) = channel.take_own_fork(owner) {
                    fork.run(&channel);
                }
            };
            let ((), second) = worker.join(help, |_| borrowed.add_one());
            assert_eq!((second, borrowed.add_one()), (1, 2));
        });
    });
}

/// The thief's fork comes before the owner waits, or while it parks, or when it is parked; or the owner does not get it.
#[test]
fn an_owner_that_waits_for_a_thief_runs_what_it_forks_or_waits_for_it() {
    bounded(2, || {
        beside_thief(Channel::new(2), nothing, |_, worker| {
            let borrowed = Borrowed(UnsafeCell::new(0));
            let second = |worker: Worker<'_>| worker.join(|_| (), |_| borrowed.add_one()).1;
            let ((), second) = worker.join(|_| (), second);
            assert_eq!((second, borrowed.add_one()), (1, 2));
        });
    });
}

#[test]
fn an_owner_that_waits_for_a_thief_runs_none_of_its_other_forks() {
    bounded(3, || {
        fn join_at_home(worker: Worker<'_>) {
            let at_home = |_: Worker<'_>| current_worker::index() == Some(1);
            assert!(worker.join(|_| (), at_home).1, "not by a thread that waits for another fork");
        }
        beside_thief(Channel::new(2), join_at_home, |_, worker| _ = worker.join(|_| (), |_| ()));
    });
}

/// The thief's halves wait for each other, so that the owner of the stolen half must learn of the fork, whenever it comes.
#[test]
fn an_owner_that_waits_for_a_thief_learns_of_what_it_forks() {
    bounded(2, || {
        let channel = Channel::new(2);
        // No thread has asked the thief yet.
        channel.slots[1].stack.publish();
        beside_thief(channel, nothing, |_, worker| {
            let ran = AtomicUsize::new(0);
            let wait_for_other = || {
                while current_worker::index() == Some(1) && ran.load(Relaxed) == 0 {
                    thread::yield_now();
                }
            };
            let second = |worker: Worker<'_>| worker.join(|_| wait_for_other(), |_| ran.store(1, Relaxed));
            worker.join(|_| (), second);
        });
    });
}
