//! The split stack by itself: each fork runs once, and the mark is not overlooked.

use pool_core::sync::fences::heavy_fence;
use pool_core::sync::model::{asymmetric, tracked};

use super::*;

/// A thief that tries so many times, and runs what it gets.
fn spawn_thief(stack: &Arc<SplitStack<Fork>>, force: bool, tries: usize) -> JoinHandle<()> {
    let stack = stack.clone();
    thread::spawn(move || {
        for _ in 0..tries {
            let taken = stack.take(force.then_some(&heavy_fence), |fork| Some(ForkPtr(fork)));
            taken.into_iter().for_each(|taken| Fork::run(taken.fork.0));
        }
    })
}

#[test]
fn a_fork_goes_to_its_owner_or_to_one_thief() {
    bounded(4, || {
        let stack = Arc::new(SplitStack::new());
        let thief = spawn_thief(&stack, true, 2);
        // Two forks one after the other in the same place.
        let forks = [(); 2].map(|()| {
            let fork = Fork::leaked();
            let pushed = push(&stack, fork);
            settle(pushed, fork);
            fork
        });
        thief.join().unwrap();
        forks.into_iter().for_each(Fork::free);
    });
}

#[test]
fn a_fork_in_the_place_of_a_stolen_one_can_be_stolen_as_well() {
    loom::model(|| {
        let stack = SplitStack::new();
        for _ in 0..2 {
            let fork = Fork::leaked();
            let pushed = push(&stack, fork);
            assert!(stack.has_forks());
            let taken =
                stack.take(Some(&heavy_fence), |fork| Some(ForkPtr(fork))).expect("no thread is in the way");
            Fork::run(taken.fork.0);
            assert!(!pushed.pop() && !pushed.reclaim());
            Fork::free(fork);
        }
    });
}

#[test]
fn nested_forks_that_are_published_or_taken_by_force_run_once() {
    bounded(3, || {
        let stack = Arc::new(SplitStack::new());
        let thieves = [true, false].map(|force| spawn_thief(&stack, force, 1));
        let (older, newer) = (Fork::leaked(), Fork::leaked());
        let below = push(&stack, older);
        if stack.is_asked() {
            stack.publish();
        }
        let above = push(&stack, newer);
        settle(above, newer);
        settle(below, older);
        for thief in thieves {
            thief.join().unwrap();
        }
        Fork::free(older);
        Fork::free(newer);
    });
}

/// The thief finds the older fork in the old place or in the new one. That it never looks into one that was given up, loom
/// only notices because what lay there is gone.
#[test]
fn a_fork_keeps_its_place_while_room_is_made_for_the_next() {
    bounded(4, || {
        let stack = Arc::new(SplitStack::with(ForkBuffer::new(1, 2)));
        let thief = spawn_thief(&stack, true, 2);
        let (older, newer) = (Fork::leaked(), Fork::leaked());
        let below = push(&stack, older);
        // SAFETY: this thread is the owner, and has no room in hand.
        let room = unsafe { stack.make_room() };
        match room {
            Some(room) => settle(room.push(newer), newer),
            // The thief was at it.
            None => Fork::run(newer),
        }
        settle(below, older);
        thief.join().unwrap();
        Fork::free(older);
        Fork::free(newer);
    });
}

#[test]
fn a_fork_is_seen_by_the_thread_that_asks_or_the_mark_by_the_owner() {
    bounded(3, || {
        let stack = answered_stack();
        let askers = [(); 2].map(|()| {
            let stack = stack.clone();
            thread::spawn(move || ask_and_look(&stack))
        });
        push(&stack, std::ptr::dangling_mut());
        let asked = stack.is_asked();
        for asker in askers {
            assert!(asker.join().unwrap() || asked);
        }
    });
}

#[test]
fn the_heavy_fence_decides_who_has_a_private_fork() {
    let check = || {
        bounded(3, || {
            let stack = Arc::new(SplitStack::new());
            let thief = spawn_thief(&stack, true, 1);
            let (older, newer) = (Fork::leaked(), Fork::leaked());
            let below = push(&stack, older);
            settle(push(&stack, newer), newer);
            settle(below, older);
            thief.join().unwrap();
            Fork::free(older);
            Fork::free(newer);
        })
    };
    asymmetric(check);
}

#[test]
fn the_heavy_fence_decides_who_sees_the_other() {
    let check = || {
        bounded(3, || {
            let stack = answered_stack();
            let asker = {
                let stack = stack.clone();
                thread::spawn(move || ask_and_look(&stack))
            };
            push(&stack, std::ptr::dangling_mut());
            let asked = stack.is_asked();
            assert!(asker.join().unwrap() || asked);
        })
    };
    asymmetric(check);
}

#[test]
fn a_mark_that_was_set_anew_is_not_declared_fenced() {
    bounded(3, || {
        let stack = answered_stack();
        // One asks and will have fenced it; the owner answers; another asks and does not fence.
        let first = stack.unfenced_mark().unwrap();
        assert!(heavy_fence());
        stack.publish();
        let late = {
            let stack = stack.clone();
            thread::spawn(move || {
                stack.ask();
                stack.fenced(first);
                ask_and_look(&stack)
            })
        };
        push(&stack, std::ptr::dangling_mut());
        let asked = stack.is_asked();
        assert!(late.join().unwrap() || asked);
    });
}

#[test]
fn what_an_owner_pushed_before_it_left_the_mark_itself_is_seen_without_a_fence() {
    bounded(3, || {
        let stack = answered_stack();
        let asker = {
            let stack = stack.clone();
            thread::spawn(move || {
                while !stack.is_asked() {
                    thread::yield_now();
                }
                assert_eq!(stack.unfenced_mark(), None);
                assert!(stack.has_forks());
            })
        };
        push(&stack, std::ptr::dangling_mut());
        stack.stay_asked();
        asker.join().unwrap();
    });
}

/// One thief takes the only public fork, while another moves the split up over a private one, and down again if it finds that
/// the owner has popped it.
#[test]
fn of_those_who_take_public_forks_one_knows_that_it_took_the_last() {
    let check = || {
        bounded(2, || {
            let stack = Arc::new(SplitStack::new());
            push(&stack, std::ptr::dangling_mut());
            let private = push(&stack, std::ptr::dangling_mut());
            assert!(stack.publish());
            let thieves = [false, true].map(|force| {
                let stack = stack.clone();
                thread::spawn(move || {
                    stack.take(force.then_some(&heavy_fence), |_| Some(())).map(|taken| taken.was_last)
                })
            });
            let took_back = !private.pop() && private.reclaim();
            let taken = thieves.map(|thief| thief.join().unwrap());
            let is_known = taken.contains(&Some(true)) || took_back || stack.has_public();
            assert!(is_known, "{taken:?}");
        })
    };
    // Each thief looks at the split before it moves it.
    tracked(check);
}
