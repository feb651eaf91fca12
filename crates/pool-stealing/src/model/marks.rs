//! Sleepers who rely on the marks of those who fork and push.

use loom::thread;

use super::*;

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
