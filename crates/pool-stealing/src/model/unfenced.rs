//! Heavy fences fail, from the start or from some moment on. Light ones are nothing then.

use pool_core::sync::fences::heavy_fence;
use pool_core::sync::model::refuse_fences;

use super::*;

/// A model in which they fail from the start.
fn refused(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    bounded(switches, move || {
        refuse_fences(true);
        model();
        refuse_fences(false);
    });
}

/// Whose owner has not been told yet: its mark is as it was made.
fn fresh_scene(sleepers: usize) -> Scene {
    Scene { stack: Arc::new(SplitStack::new()), parking: parking(sleepers), jobs: Arc::default() }
}

#[test]
fn a_fork_goes_to_its_owner_or_to_one_thief() {
    refused(3, || {
        let scene = fresh_scene(0);
        let thieves = [true, false].map(|force| {
            scene.spawn(move |scene| {
                let taken = scene.stack.take(force.then_some(&heavy_fence), |fork| Some(ForkPtr(fork)));
                taken.into_iter().for_each(|taken| Fork::run(taken.fork.0));
            })
        });
        let forks = [(); 2].map(|()| {
            let fork = Fork::leaked();
            let pushed = push(&scene.stack, fork);
            scene.answer_if_asked();
            settle(pushed, fork);
            fork
        });
        thieves.into_iter().for_each(|thief| thief.join().unwrap());
        forks.into_iter().for_each(Fork::free);
    });
}

/// So it is only if the thief heeds that its fence has failed.
#[test]
fn a_fork_of_an_unaware_owner_goes_to_the_owner() {
    bounded(4, || {
        let stack = answered_stack();
        refuse_fences(true);
        let thief = {
            let stack = stack.clone();
            thread::spawn(move || {
                assert!(stack.take(Some(&heavy_fence), |fork| Some(ForkPtr(fork))).is_none());
            })
        };
        let fork = Fork::leaked();
        let pushed = push(&stack, fork);
        settle(pushed, fork);
        thief.join().unwrap();
        Fork::free(fork);
        refuse_fences(false);
    });
}

/// So it is only if the owner publishes first, and then wakes.
#[test]
fn a_worker_that_falls_asleep_gets_the_fork() {
    refused(3, || {
        let scene = fresh_scene(1);
        let sleeper = scene.spawn(|Scene { stack, parking, .. }| {
            while !stack.has_public() {
                parking.announce(0, false, Group::General);
                assert!(calls::ask_all(std::iter::once(&**stack)), "the mark was left by the owner");
                if stack.has_public() {
                    parking.retract(0);
                } else {
                    parking.park(0, None);
                }
            }
        });
        scene.fork();
        scene.answer_if_asked();
        sleeper.join().unwrap();
    });
}

#[test]
fn two_jobs_of_a_worker_wake_two_who_fall_asleep() {
    refused(2, || {
        let scene = fresh_scene(2);
        let sleepers = [0, 1].map(|sleeper_index| scene.spawn_sleeper(sleeper_index));
        scene.push_job();
        scene.push_job();
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
    });
}

#[test]
fn a_job_that_an_unaware_owner_pushes_is_found_by_a_worker_that_looks_again() {
    bounded(2, || {
        let scene = Scene::new(1);
        refuse_fences(true);
        let sleeper = scene.spawn_sleeper(0);
        // The worker pushes one job, and then runs for ever.
        scene.push_job();
        sleeper.join().unwrap();
        refuse_fences(false);
    });
}

#[test]
fn a_job_that_is_pushed_while_the_last_public_fork_is_taken_is_not_forgotten() {
    bounded(2, || {
        let scene = Scene::new(2);
        scene.fork();
        let sleeper = scene.forget_a_sleeper();
        refuse_fences(true);
        let searcher = scene.spawn(|scene| {
            scene.take_the_last();
            scene.stop_search();
        });
        // The owner pushes a job and runs for ever.
        scene.push_job();
        searcher.join().unwrap();
        sleeper.join().unwrap();
        refuse_fences(false);
    });
}
