//! A worker that does without its mark while it has public forks.

use loom::sync::atomic::fence;
use loom::thread;

use super::*;

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
fn a_job_that_was_pushed_before_the_last_public_fork_was_taken_back_is_not_forgotten() {
    bounded(3, || {
        let (sleep, jobs) = (Arc::new(Sleep::new(2)), Arc::new(Jobs::default()));
        let stack = answered_stack();
        let pushed = stack.room().unwrap().push(std::ptr::dangling_mut());
        let sleeper = fall_asleep_and_be_forgotten(&stack, &sleep, &jobs);
        let searcher = {
            let (stack, sleep, jobs) = (stack.clone(), sleep.clone(), jobs.clone());
            // It finds something else, and looks around as the pool does: forks first.
            thread::spawn(move || sleep.stop_search(|| stack.has_forks() || jobs.is_visible()))
        };
        jobs.push();
        call_if_asked(&stack, &sleep);
        // The owner pushes nothing any more.
        assert!(!pushed.pop() && pushed.reclaim());
        if sleep.has_sleepers() {
            stack.stay_asked();
        }
        searcher.join().unwrap();
        sleeper.join().unwrap();
    });
}
