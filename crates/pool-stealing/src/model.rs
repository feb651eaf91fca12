//! Models of the protocols, checked by loom in every order that the memory model allows.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p pool-stealing --lib
//! ```
//!
//! A model that loses a wake-up ends with a thread that is parked for good, which loom reports as a deadlock. Deleting
//! any one of the fences makes one of these fail.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::*, fence};
use loom::thread;

use crate::sleep::{Sleep, Woken};
use crate::split::SplitStack;
use pool_core::fences::heavy_fence;

/// Models with three threads are explored up to this many involuntary switches.
fn bounded(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}

/// A queue, as far as the protocol is concerned: a number of jobs.
#[derive(Default)]
struct Jobs(AtomicUsize);

impl Jobs {
    fn push(&self) {
        self.0.fetch_add(1, Release);
    }

    fn take(&self) -> bool {
        self.0.fetch_update(AcqRel, Acquire, |jobs| jobs.checked_sub(1)).is_ok()
    }

    fn is_visible(&self) -> bool {
        self.0.load(Acquire) > 0
    }
}

/// A worker that runs one job, and is then busy for ever.
fn run_one(sleep: &Sleep, jobs: &Jobs, bed: usize, mut searching: bool) {
    while !jobs.take() {
        sleep.lie_down(bed, std::mem::take(&mut searching));
        if jobs.is_visible() {
            searching = sleep.get_up(bed);
        } else {
            searching = sleep.sleep(bed, None) == Woken::ToSearch;
        }
    }
    if searching {
        sleep.stop_search(|| jobs.is_visible());
    }
}

#[test]
fn a_job_is_seen_by_the_worker_or_the_worker_by_the_pusher() {
    loom::model(|| {
        let (sleep, jobs) = (Arc::new(Sleep::new(1)), Arc::new(Jobs::default()));
        let worker = {
            let (sleep, jobs) = (sleep.clone(), jobs.clone());
            thread::spawn(move || run_one(&sleep, &jobs, 0, false))
        };
        jobs.push();
        sleep.notify();
        worker.join().unwrap();
    });
}

#[test]
fn a_push_that_relies_on_the_searcher_is_not_forgotten() {
    bounded(3, || {
        let (sleep, jobs) = (Arc::new(Sleep::new(2)), Arc::new(Jobs::default()));
        jobs.push();
        assert!(sleep.try_search());
        let workers = [true, false].map(|searching| {
            let (sleep, jobs) = (sleep.clone(), jobs.clone());
            thread::spawn(move || run_one(&sleep, &jobs, usize::from(searching), searching))
        });
        jobs.push();
        sleep.notify();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

#[test]
fn two_pushes_wake_two_workers_one_after_the_other() {
    bounded(2, || {
        let (sleep, jobs) = (Arc::new(Sleep::new(2)), Arc::new(Jobs::default()));
        let workers = [0, 1].map(|bed| {
            let (sleep, jobs) = (sleep.clone(), jobs.clone());
            thread::spawn(move || run_one(&sleep, &jobs, bed, false))
        });
        for _ in 0..2 {
            jobs.push();
            sleep.notify();
        }
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

#[test]
fn closing_wakes_whoever_sleeps_or_is_about_to() {
    loom::model(|| {
        let (sleep, closed) = (Arc::new(Sleep::new(1)), Arc::new(AtomicUsize::new(0)));
        let worker = {
            let (sleep, closed) = (sleep.clone(), closed.clone());
            thread::spawn(move || {
                loop {
                    sleep.lie_down(0, false);
                    if closed.load(Relaxed) == 1 {
                        sleep.get_up(0);
                        return;
                    }
                    sleep.sleep(0, None);
                }
            })
        };
        closed.store(1, Relaxed);
        sleep.wake_all();
        worker.join().unwrap();
    });
}

#[test]
fn a_batch_on_its_way_is_called_for_when_it_arrives() {
    loom::model(|| {
        let sleep = Arc::new(Sleep::new(1));
        let [injector, hand] = [(); 2].map(|()| Arc::new(Jobs::default()));
        injector.push();
        let sleeper = {
            let (sleep, injector, hand) = (sleep.clone(), injector.clone(), hand.clone());
            thread::spawn(move || {
                let is_visible = || injector.is_visible() || hand.is_visible();
                while !is_visible() {
                    sleep.lie_down(0, false);
                    if is_visible() {
                        sleep.get_up(0);
                    } else {
                        sleep.sleep(0, None);
                    }
                }
            })
        };
        // A worker that does not search.
        injector.take();
        hand.push();
        sleep.notify();
        sleeper.join().unwrap();
    });
}

/// A fork: something that its owner writes before it is pushed, and that is to be run once.
struct Fork {
    content: UnsafeCell<u32>,
    runs: AtomicUsize,
}

impl Fork {
    /// A fork that lives until the model ends.
    fn leaked() -> *mut Fork {
        Box::into_raw(Box::new(Fork { content: UnsafeCell::new(7), runs: AtomicUsize::new(0) }))
    }

    fn run(fork: *mut Fork) {
        // SAFETY: forks are freed when all threads of the model have ended.
        let fork = unsafe { &*fork };
        fork.content.with_mut(|content| {
            // SAFETY: loom checks that nobody else is here.
            let content = unsafe { &mut *content };
            assert_eq!(std::mem::take(content), 7);
        });
        assert_eq!(fork.runs.fetch_add(1, Relaxed), 0, "run twice");
    }

    fn free(fork: *mut Fork) {
        // SAFETY: it came from `leaked`, and the model is over.
        let fork = unsafe { Box::from_raw(fork) };
        assert_eq!(fork.runs.load(Relaxed), 1, "not run");
    }
}

/// Lets threads share a pointer.
#[derive(Clone, Copy)]
struct Shared(*mut Fork);

// SAFETY: what is shared is checked by loom.
unsafe impl Send for Shared {}

fn settle(pushed: crate::split::Pushed<'_, Fork>, fork: *mut Fork) {
    if pushed.pop() || pushed.reclaim() {
        Fork::run(fork);
    }
}

#[test]
fn a_fork_goes_to_its_owner_or_to_one_thief() {
    bounded(4, || {
        let stack = Arc::new(SplitStack::new());
        let thief = {
            let stack = stack.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    stack
                        .take(true, |fork| Some(Shared(fork)))
                        .into_iter()
                        .for_each(|taken| Fork::run(taken.fork.0));
                }
            })
        };
        // Two forks one after the other in the same place.
        let forks = [(); 2].map(|()| {
            let fork = Fork::leaked();
            let pushed = stack.room().unwrap().push(fork);
            settle(pushed, fork);
            fork
        });
        thief.join().unwrap();
        forks.into_iter().for_each(Fork::free);
    });
}

#[test]
fn nested_forks_that_are_published_or_taken_by_force_run_once() {
    bounded(3, || {
        let stack = Arc::new(SplitStack::new());
        let thieves = [true, false].map(|force| {
            let stack = stack.clone();
            thread::spawn(move || {
                stack
                    .take(force, |fork| Some(Shared(fork)))
                    .into_iter()
                    .for_each(|taken| Fork::run(taken.fork.0));
            })
        });
        let (older, newer) = (Fork::leaked(), Fork::leaked());
        let below = stack.room().unwrap().push(older);
        if stack.is_asked() {
            stack.publish();
        }
        let above = stack.room().unwrap().push(newer);
        settle(above, newer);
        settle(below, older);
        for thief in thieves {
            thief.join().unwrap();
        }
        Fork::free(older);
        Fork::free(newer);
    });
}

/// A stack whose mark is cleared, as after an answer.
fn answered_stack() -> Arc<SplitStack<Fork>> {
    let stack = Arc::new(SplitStack::new());
    stack.publish();
    stack
}

/// As a worker asks before it sleeps. Returns whether it sees a fork.
fn ask_and_look(stack: &SplitStack<Fork>) -> bool {
    if let Some(mark) = stack.unfenced_mark() {
        heavy_fence();
        stack.fenced(mark);
    }
    stack.has_forks()
}

#[test]
fn a_fork_is_seen_by_whoever_asks_or_the_mark_by_the_owner() {
    bounded(3, || {
        let stack = answered_stack();
        let askers = [(); 2].map(|()| {
            let stack = stack.clone();
            thread::spawn(move || ask_and_look(&stack))
        });
        stack.room().unwrap().push(std::ptr::dangling_mut());
        let asked = stack.is_asked();
        for asker in askers {
            assert!(asker.join().unwrap() || asked);
        }
    });
}

#[test]
fn nobody_declares_fenced_what_was_asked_anew() {
    bounded(3, || {
        let stack = answered_stack();
        // One asks and will have fenced it; the owner answers; another asks and does not fence.
        let first = stack.unfenced_mark().unwrap();
        heavy_fence();
        stack.publish();
        let late = {
            let stack = stack.clone();
            thread::spawn(move || {
                stack.ask();
                stack.fenced(first);
                ask_and_look(&stack)
            })
        };
        stack.room().unwrap().push(std::ptr::dangling_mut());
        let asked = stack.is_asked();
        assert!(late.join().unwrap() || asked);
    });
}

/// What a worker does in a join, when it has pushed.
fn answer_if_asked(stack: &SplitStack<Fork>, sleep: &Sleep) {
    if stack.is_asked() {
        let has_public = stack.publish();
        sleep.notify();
        if !has_public && sleep.has_sleepers() {
            stack.stay_asked();
        }
    }
}

#[test]
fn a_worker_that_falls_asleep_gets_the_fork() {
    bounded(3, || {
        let (stack, sleep) = (answered_stack(), Arc::new(Sleep::new(1)));
        let sleeper = {
            let (stack, sleep) = (stack.clone(), sleep.clone());
            thread::spawn(move || {
                while !stack.has_forks() {
                    sleep.lie_down(0, false);
                    if ask_and_look(&stack) {
                        sleep.get_up(0);
                    } else {
                        sleep.sleep(0, None);
                    }
                }
            })
        };
        // The owner never joins again.
        stack.room().unwrap().push(std::ptr::dangling_mut());
        answer_if_asked(&stack, &sleep);
        sleeper.join().unwrap();
    });
}

/// What a worker does when it has pushed a job of its own.
fn call_if_asked(stack: &SplitStack<Fork>, sleep: &Sleep) {
    if stack.is_asked() {
        sleep.notify();
        if !sleep.has_sleepers() {
            answer_if_asked(stack, sleep);
        }
    }
}

/// As `run_one`, asking before it sleeps.
fn run_one_of(stack: &SplitStack<Fork>, sleep: &Sleep, jobs: &Jobs, bed: usize) {
    let mut searching = false;
    while !jobs.take() {
        sleep.lie_down(bed, std::mem::take(&mut searching));
        ask_and_look(stack);
        searching =
            if jobs.is_visible() { sleep.get_up(bed) } else { sleep.sleep(bed, None) == Woken::ToSearch };
    }
    if searching {
        sleep.stop_search(|| jobs.is_visible());
    }
}

#[test]
fn a_job_of_a_worker_is_seen_by_whoever_falls_asleep() {
    bounded(3, || {
        let (stack, sleep) = (answered_stack(), Arc::new(Sleep::new(1)));
        let jobs = Arc::new(Jobs::default());
        let sleeper = {
            let (stack, sleep, jobs) = (stack.clone(), sleep.clone(), jobs.clone());
            thread::spawn(move || run_one_of(&stack, &sleep, &jobs, 0))
        };
        // The worker pushes one job, and then runs for ever.
        jobs.push();
        call_if_asked(&stack, &sleep);
        sleeper.join().unwrap();
    });
}

#[test]
fn two_jobs_of_a_worker_wake_two_who_fall_asleep() {
    bounded(2, || {
        let (stack, sleep) = (answered_stack(), Arc::new(Sleep::new(2)));
        let jobs = Arc::new(Jobs::default());
        let sleepers = [0, 1].map(|bed| {
            let (stack, sleep, jobs) = (stack.clone(), sleep.clone(), jobs.clone());
            thread::spawn(move || run_one_of(&stack, &sleep, &jobs, bed))
        });
        for _ in 0..2 {
            jobs.push();
            call_if_asked(&stack, &sleep);
        }
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
    });
}

/// Makes the fork public, and has the owner do without the mark though somebody sleeps: a searcher is on its way.
fn fall_asleep_and_be_forgotten(
    stack: &Arc<SplitStack<Fork>>,
    sleep: &Arc<Sleep>,
    jobs: &Arc<Jobs>,
) -> thread::JoinHandle<()> {
    assert!(stack.publish() && sleep.try_search());
    let sleeper = {
        let (stack, sleep, jobs) = (stack.clone(), sleep.clone(), jobs.clone());
        thread::spawn(move || run_one_of(&stack, &sleep, &jobs, 0))
    };
    while !stack.is_asked() {
        thread::yield_now();
    }
    answer_if_asked(stack, sleep);
    sleeper
}

/// Takes the only public fork, unless somebody is in the way, and sees to the owner's mark.
fn take_the_last(stack: &SplitStack<Fork>, sleep: &Sleep) -> bool {
    let Some(taken) = stack.take(false, |fork| Some(Shared(fork))) else { return false };
    assert!(taken.was_last);
    fence(SeqCst);
    if sleep.has_sleepers() {
        ask_and_look(stack);
    }
    true
}

#[test]
fn a_job_that_is_pushed_while_the_last_public_fork_is_taken_is_not_forgotten() {
    bounded(3, || {
        let (sleep, jobs) = (Arc::new(Sleep::new(2)), Arc::new(Jobs::default()));
        let stack = answered_stack();
        stack.room().unwrap().push(std::ptr::dangling_mut());
        let sleeper = fall_asleep_and_be_forgotten(&stack, &sleep, &jobs);
        let searcher = {
            let (stack, sleep, jobs) = (stack.clone(), sleep.clone(), jobs.clone());
            thread::spawn(move || {
                take_the_last(&stack, &sleep);
                sleep.stop_search(|| jobs.is_visible());
            })
        };
        // The owner pushes a job and runs for ever.
        jobs.push();
        call_if_asked(&stack, &sleep);
        searcher.join().unwrap();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_thief_of_the_last_public_fork_sees_the_sleepers_that_its_owner_has_seen() {
    bounded(3, || {
        let (sleep, jobs) = (Arc::new(Sleep::new(2)), Arc::new(Jobs::default()));
        let stack = answered_stack();
        stack.room().unwrap().push(std::ptr::dangling_mut());
        assert!(stack.publish() && sleep.try_search());
        // So that the sleeper finds it, and writes nothing that others read.
        stack.stay_asked();
        let sleeper = {
            let (stack, sleep, jobs) = (stack.clone(), sleep.clone(), jobs.clone());
            thread::spawn(move || run_one_of(&stack, &sleep, &jobs, 0))
        };
        let thief = {
            let (stack, sleep) = (stack.clone(), sleep.clone());
            thread::spawn(move || take_the_last(&stack, &sleep))
        };
        answer_if_asked(&stack, &sleep);
        if !thief.join().unwrap() {
            // The searcher takes it, and the thief need not see to anything.
            take_the_last(&stack, &sleep);
        }
        sleep.stop_search(|| jobs.is_visible());
        jobs.push();
        call_if_asked(&stack, &sleep);
        sleeper.join().unwrap();
    });
}

#[test]
fn a_job_that_is_pushed_when_the_last_public_fork_was_taken_back_is_not_forgotten() {
    bounded(3, || {
        let (sleep, jobs) = (Arc::new(Sleep::new(2)), Arc::new(Jobs::default()));
        let stack = answered_stack();
        let pushed = stack.room().unwrap().push(std::ptr::dangling_mut());
        let sleeper = fall_asleep_and_be_forgotten(&stack, &sleep, &jobs);
        let searcher = {
            let (sleep, jobs) = (sleep.clone(), jobs.clone());
            // It finds something else.
            thread::spawn(move || sleep.stop_search(|| jobs.is_visible()))
        };
        assert!(!pushed.pop() && pushed.reclaim());
        if sleep.has_sleepers() {
            stack.stay_asked();
        }
        jobs.push();
        call_if_asked(&stack, &sleep);
        searcher.join().unwrap();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_fork_that_a_sleeper_leaves_to_the_searcher_is_not_forgotten() {
    bounded(3, || {
        let (stack, sleep) = (answered_stack(), Arc::new(Sleep::new(2)));
        stack.room().unwrap().push(std::ptr::dangling_mut());
        assert!(sleep.try_search());
        let sleeper = {
            let (stack, sleep) = (stack.clone(), sleep.clone());
            thread::spawn(move || {
                sleep.lie_down(0, false);
                if sleep.is_searched() {
                    sleep.sleep(0, None);
                } else {
                    assert!(stack.has_forks());
                }
            })
        };
        // The searcher finds something else.
        sleep.stop_search(|| stack.has_forks());
        sleeper.join().unwrap();
    });
}

#[test]
fn whoever_waits_for_a_thief_learns_of_its_forks() {
    bounded(3, || {
        let stack = answered_stack();
        let waiter = {
            let stack = stack.clone();
            thread::spawn(move || {
                while !stack.has_forks() {
                    if stack.wait(0) && !ask_and_look(&stack) {
                        thread::park();
                    }
                }
                stack.stop_waiting(0);
            })
        };
        stack.room().unwrap().push(std::ptr::dangling_mut());
        if stack.is_asked() {
            stack.publish();
        }
        waiter.join().unwrap();
    });
}
