//! Which workers park and which are woken: a queue is a number of jobs.
//!
//! A model that loses a wake-up ends with a thread that is parked for good, which loom reports as a deadlock.

use loom::sync::Arc;

use super::*;
use crate::sync::model::{Jobs, bounded};

fn parking(workers: usize) -> Arc<Parking> {
    Arc::new(Parking::new(workers, Order::ByCpu))
}

/// A worker that runs one job, and is then busy for ever.
fn run_one(parking: &Parking, jobs: &Jobs, worker: usize, mut searching: bool) {
    while !jobs.take() {
        parking.announce(worker, std::mem::take(&mut searching), Group::General);
        searching = if jobs.is_visible() {
            parking.retract(worker)
        } else {
            parking.park(worker, None) == Woken::ToSearch
        };
    }
    if searching {
        parking.stop_search(|| jobs.is_visible());
    }
}

#[test]
fn a_job_is_seen_by_the_worker_or_the_worker_by_the_pusher() {
    loom::model(|| {
        let (parking, jobs) = (parking(1), Arc::new(Jobs::default()));
        let worker = {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || run_one(&parking, &jobs, 0, false))
        };
        jobs.push();
        parking.notify();
        worker.join().unwrap();
    });
}

#[test]
fn a_push_that_relies_on_the_searcher_is_not_forgotten() {
    bounded(3, || {
        let (parking, jobs) = (parking(2), Arc::new(Jobs::default()));
        jobs.push();
        assert!(parking.try_search());
        let workers = [true, false].map(|searching| {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || run_one(&parking, &jobs, usize::from(searching), searching))
        });
        jobs.push();
        parking.notify();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

#[test]
fn two_pushes_wake_two_workers_one_after_the_other() {
    bounded(2, || {
        let (parking, jobs) = (parking(2), Arc::new(Jobs::default()));
        let workers = [0, 1].map(|worker| {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || run_one(&parking, &jobs, worker, false))
        });
        for _ in 0..2 {
            jobs.push();
            parking.notify();
        }
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

#[test]
fn closing_wakes_a_worker_that_sleeps_or_is_about_to() {
    loom::model(|| {
        let parking = parking(1);
        let worker = {
            let parking = parking.clone();
            thread::spawn(move || {
                loop {
                    parking.announce(0, false, Group::General);
                    if parking.is_closed() {
                        parking.retract(0);
                        return;
                    }
                    parking.park(0, None);
                }
            })
        };
        parking.close();
        worker.join().unwrap();
    });
}

/// The jobs are read without an order of their own: it comes from the end.
#[test]
fn a_worker_that_finds_the_end_finds_what_was_pushed_before() {
    loom::model(|| {
        let (parking, jobs) = (parking(1), Arc::new(AtomicUsize::new(0)));
        let worker = {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || !parking.is_closed() || jobs.load(Relaxed) == 1)
        };
        jobs.store(1, Relaxed);
        parking.close();
        assert!(worker.join().unwrap());
    });
}

/// Mail is read without an order of its own: the lock gives it.
#[test]
fn a_worker_that_is_woken_by_name_finds_its_mail() {
    bounded(3, || {
        let (parking, mail) = (parking(2), Arc::new(AtomicUsize::new(0)));
        // Another worker sleeps, and must not be woken in its place.
        let other = {
            let parking = parking.clone();
            thread::spawn(move || parking.announce(1, false, Group::General))
        };
        let addressee = {
            let (parking, mail) = (parking.clone(), mail.clone());
            thread::spawn(move || {
                loop {
                    parking.announce(0, false, Group::General);
                    if mail.load(Relaxed) == 1 {
                        return parking.retract(0);
                    }
                    parking.park(0, None);
                }
            })
        };
        mail.store(1, Relaxed);
        parking.wake(0);
        assert!(!addressee.join().unwrap());
        other.join().unwrap();
        assert!(!parking.retract(1), "nobody has woken it");
    });
}

/// A searcher is woken by name while a push relies on it.
#[test]
fn a_wake_up_by_name_takes_no_wake_up_from_a_job() {
    bounded(2, || {
        let (parking, jobs) = (parking(2), Arc::new(Jobs::default()));
        let worker = {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || run_one(&parking, &jobs, 0, false))
        };
        let waker = {
            let parking = parking.clone();
            thread::spawn(move || parking.wake(0))
        };
        jobs.push();
        parking.notify();
        worker.join().unwrap();
        waker.join().unwrap();
    });
}

#[test]
fn a_reserved_worker_is_woken_for_its_job() {
    loom::model(|| {
        let (parking, jobs) = (parking(1), Arc::new(Jobs::default()));
        let worker = {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || {
                while !jobs.take() {
                    parking.announce(0, false, Group::Reserved);
                    if jobs.is_visible() {
                        parking.retract(0);
                    } else {
                        parking.park(0, None);
                    }
                }
            })
        };
        jobs.push();
        parking.notify_reserved();
        worker.join().unwrap();
    });
}

/// A worker waits in the midst of a job, for the end of something or for a job, whichever comes first. What ends it knows nothing
/// of the protocol.
fn wait_helping(parking: &Parking, jobs: &Jobs, over: &AtomicBool, worker: usize) -> bool {
    let mut searching = false;
    let mut found = false;
    while !over.load(Acquire) && !found {
        if jobs.take() {
            found = true;
            break;
        }
        parking.announce(worker, std::mem::take(&mut searching), Group::General);
        let is_over = || over.load(Acquire);
        searching = if jobs.is_visible() || is_over() {
            parking.retract(worker)
        } else {
            parking.park_unless(worker, None, is_over) == Woken::ToSearch
        };
    }
    if searching {
        parking.stop_search(|| jobs.is_visible());
    }
    found
}

#[test]
fn a_worker_that_helps_is_woken_by_the_end_and_by_a_job() {
    for has_end in [true, false] {
        bounded(3, move || {
            let (parking, jobs) = (parking(1), Arc::new(Jobs::default()));
            let over = Arc::new(AtomicBool::new(false));
            let helper = {
                let (parking, jobs, over) = (parking.clone(), jobs.clone(), over.clone());
                thread::spawn(move || wait_helping(&parking, &jobs, &over, 0))
            };
            if has_end {
                over.store(true, Release);
                helper.thread().unpark();
            } else {
                jobs.push();
                parking.notify();
            }
            assert_eq!(helper.join().unwrap(), !has_end);
        });
    }
}

/// The helper may have been woken for the job when its end comes: then it leaves the job to the other, and wakes it. (It is woken
/// by name here, since loom 0.7 takes an unparking for the end of whatever a thread waits for, a mutex included.)
#[test]
fn a_job_for_which_a_helper_was_woken_is_not_lost_with_its_end() {
    bounded(2, || {
        let (parking, jobs) = (parking(2), Arc::new(Jobs::default()));
        let over = Arc::new(AtomicBool::new(false));
        let helper = {
            let (parking, jobs, over) = (parking.clone(), jobs.clone(), over.clone());
            thread::spawn(move || {
                if !wait_helping(&parking, &jobs, &over, 0) {
                    return;
                }
                // The other is to end as well.
                jobs.push();
                parking.notify();
            })
        };
        let worker = {
            let (parking, jobs) = (parking.clone(), jobs.clone());
            thread::spawn(move || run_one(&parking, &jobs, 1, false))
        };
        jobs.push();
        parking.notify();
        over.store(true, Release);
        parking.wake(0);
        helper.join().unwrap();
        worker.join().unwrap();
    });
}

#[test]
fn a_batch_on_its_way_is_called_for_when_it_arrives() {
    loom::model(|| {
        let parking = parking(1);
        let [injector, deque] = [(); 2].map(|()| Arc::new(Jobs::default()));
        injector.push();
        let sleeper = {
            let (parking, injector, deque) = (parking.clone(), injector.clone(), deque.clone());
            thread::spawn(move || {
                let is_visible = || injector.is_visible() || deque.is_visible();
                while !is_visible() {
                    parking.announce(0, false, Group::General);
                    if is_visible() {
                        parking.retract(0);
                    } else {
                        parking.park(0, None);
                    }
                }
            })
        };
        // A worker that does not search.
        injector.take();
        deque.push();
        parking.notify();
        sleeper.join().unwrap();
    });
}
