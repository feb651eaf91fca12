//! A worker that does without its mark while it has public forks.

use pool_core::sync::model::asymmetric;

use super::*;

impl Scene {
    /// Makes the fork public, and has the owner do without the mark though a worker sleeps: there is a searcher.
    pub(super) fn forget_a_sleeper(&self) -> JoinHandle<()> {
        assert!(self.stack.publish() && self.parking.try_search());
        let sleeper = self.spawn_sleeper(0);
        while !self.stack.is_asked() {
            thread::yield_now();
        }
        self.answer_if_asked();
        sleeper
    }

    /// Takes the only public fork, unless another thread is in the way. Returns whether it did.
    pub(super) fn take_the_last(&self) -> bool {
        let Some(taken) = self.stack.take(None, |fork| Some(ForkPtr(fork))) else { return false };
        assert!(taken.was_last);
        calls::took_the_last(&self.stack, &self.parking, || self.has_visible_work());
        true
    }

    /// The searcher finds something else, or has taken what it wanted.
    pub(super) fn stop_search(&self) {
        self.parking.stop_search(|| self.has_visible_work());
    }

    /// The owner comes to its public fork, which no thief has taken.
    fn take_back(&self, pushed: Pushed<'_, Fork>) {
        assert!(!pushed.pop() && pushed.reclaim());
        calls::took_back(&self.stack, &self.parking);
    }
}

#[test]
fn a_job_that_is_pushed_while_the_last_public_fork_is_taken_is_not_forgotten() {
    bounded(3, || {
        let scene = Scene::new(2);
        scene.fork();
        let sleeper = scene.forget_a_sleeper();
        let searcher = scene.spawn(|scene| {
            scene.take_the_last();
            scene.stop_search();
        });
        // The owner pushes a job and runs for ever.
        scene.push_job();
        searcher.join().unwrap();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_job_that_only_a_thief_without_the_role_can_see_is_not_forgotten() {
    bounded(3, || {
        let scene = Scene::new(2);
        scene.fork();
        let sleeper = scene.forget_a_sleeper();
        let thief = scene.spawn(Scene::take_the_last);
        // The searcher ends its search, and then the owner pushes a job and runs for ever.
        scene.stop_search();
        scene.push_job();
        if !thief.join().unwrap() {
            // Another thread was in the way, and the fork is still there.
            scene.take_the_last();
        }
        sleeper.join().unwrap();
    });
}

#[test]
fn a_thief_of_the_last_public_fork_sees_the_sleepers_that_its_owner_has_seen() {
    bounded(3, || {
        let scene = Scene::new(2);
        scene.fork();
        assert!(scene.stack.publish() && scene.parking.try_search());
        // So that the sleeper finds it, and writes nothing that others read.
        scene.stack.stay_asked();
        let sleeper = scene.spawn_sleeper(0);
        let thief = scene.spawn(Scene::take_the_last);
        scene.answer_if_asked();
        if !thief.join().unwrap() {
            // The searcher takes it, and the thief need not see to anything.
            scene.take_the_last();
        }
        scene.stop_search();
        scene.push_job();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_job_that_is_pushed_when_the_last_public_fork_was_taken_back_is_not_forgotten() {
    bounded(3, || {
        let scene = Scene::new(2);
        let pushed = scene.fork();
        let sleeper = scene.forget_a_sleeper();
        let searcher = scene.spawn(Scene::stop_search);
        scene.take_back(pushed);
        scene.push_job();
        searcher.join().unwrap();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_job_that_was_pushed_before_the_last_public_fork_was_taken_back_is_not_forgotten() {
    let check = |switches| {
        bounded(switches, || {
            let scene = Scene::new(2);
            let pushed = scene.fork();
            let sleeper = scene.forget_a_sleeper();
            let searcher = scene.spawn(Scene::stop_search);
            scene.push_job();
            // The owner pushes nothing any more.
            scene.take_back(pushed);
            searcher.join().unwrap();
            sleeper.join().unwrap();
        })
    };
    check(3);
    // A thread that finds the fork gone finds the job, though there was no fence.
    asymmetric(|| check(2));
}
