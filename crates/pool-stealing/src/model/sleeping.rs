//! Who sleeps and who is woken, by jobs that are pushed from outside.

use super::*;

#[test]
fn a_job_is_seen_by_the_worker_or_the_worker_by_the_pusher() {
    loom::model(|| {
        let (sleep, jobs) = (Arc::new(Sleep::new(1)), Arc::new(Jobs::default()));
        let worker = {
            let (sleep, jobs) = (sleep.clone(), jobs.clone());
            thread::spawn(move || run_one(&sleep, &jobs, 0, false, || true))
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
            thread::spawn(move || run_one(&sleep, &jobs, usize::from(searching), searching, || true))
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
            thread::spawn(move || run_one(&sleep, &jobs, bed, false, || true))
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
