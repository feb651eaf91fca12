//! Sleepers who rely on the marks of those who fork and push.

use super::*;

#[test]
fn a_worker_that_falls_asleep_gets_the_fork() {
    bounded(3, || {
        let scene = Scene::new(1);
        let sleeper = scene.spawn(|Scene { stack, parking, .. }| {
            while !stack.has_forks() {
                parking.announce(0, false, Group::General);
                if ask_and_look(stack) {
                    parking.retract(0);
                } else {
                    parking.park(0, None);
                }
            }
        });
        // The owner never joins again.
        scene.fork();
        scene.answer_if_asked();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_job_of_a_worker_is_seen_by_a_worker_that_parks() {
    bounded(3, || {
        let scene = Scene::new(1);
        let sleeper = scene.spawn_sleeper(0);
        // The worker pushes one job, and then runs for ever.
        scene.push_job();
        sleeper.join().unwrap();
    });
}

#[test]
fn two_jobs_of_a_worker_wake_two_who_fall_asleep() {
    bounded(2, || {
        let scene = Scene::new(2);
        let sleepers = [0, 1].map(|sleeper_index| scene.spawn_sleeper(sleeper_index));
        scene.push_job();
        scene.push_job();
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
    });
}

#[test]
fn a_fork_that_a_sleeper_leaves_to_the_searcher_is_not_forgotten() {
    bounded(3, || {
        let scene = Scene::new(2);
        scene.fork();
        assert!(scene.parking.try_search());
        let sleeper = scene.spawn(|Scene { stack, parking, .. }| {
            parking.announce(0, false, Group::General);
            if parking.is_searched() {
                parking.park(0, None);
            } else {
                assert!(stack.has_forks());
            }
        });
        // The searcher finds something else.
        scene.parking.stop_search(|| scene.stack.has_forks());
        sleeper.join().unwrap();
    });
}

#[test]
fn an_owner_that_waits_for_a_thief_learns_of_its_forks() {
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
        push(&stack, std::ptr::dangling_mut());
        if stack.is_asked() {
            stack.publish();
        }
        waiter.join().unwrap();
    });
}
