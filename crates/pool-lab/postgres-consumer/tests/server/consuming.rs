//! A consumer and a real server: what is claimed, acknowledged and released, and when.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use pool_bounded::{Bounded, BoundedPool};
use pool_core::CancelToken;
use postgres_consumer::{Settings, Tally, consume};

use crate::cluster::Cluster;
use crate::support::{
    PLACES, SETTINGS, WORKERS, consume_alone, count, pool, put, wait_for_count, wait_until,
};

/// Jobs wait here until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// Opens it when the test ends, also by a panic: nothing ends while jobs wait.
struct OpenedAtEnd<'a>(&'a Gate);

impl Drop for OpenedAtEnd<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// What jobs have done, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, payload: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(payload.to_owned());
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// As numbers, sorted.
    fn sorted(&self) -> Vec<usize> {
        let mut jobs: Vec<usize> = self.0.lock().unwrap().iter().map(|job| job.parse().unwrap()).collect();
        jobs.sort();
        jobs
    }
}

/// The server says no, and the consumer ends with that error, if more than so many jobs are claimed at any time.
fn allow_claims(client: &mut postgres::Client, most: usize) {
    let trigger = format!(
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF (SELECT count(*) FROM jobs WHERE visible_at > now()) > {most} THEN RAISE 'too many claims'; END IF;
             RETURN NULL;
         END $$;
         CREATE TRIGGER looks AFTER UPDATE ON jobs EXECUTE FUNCTION look();"
    );
    client.batch_execute(&trigger).unwrap();
}

#[test]
fn two_consumers_share_the_jobs_and_do_each_once() {
    const JOBS: usize = 300;
    let Some(cluster) = Cluster::start() else { return };
    put(&mut cluster.queue(), 0..JOBS);
    let (log, stop) = (Log::default(), CancelToken::new());
    let tallies = thread::scope(|threads| {
        let consumers = [(); 2].map(|()| {
            let (mut queue, log, stop) = (cluster.queue(), log.clone(), &stop);
            threads.spawn(move || {
                consume_alone(&mut queue, stop, move |job| {
                    log.add(job);
                    Ok(())
                })
            })
        });
        wait_for_count(&mut cluster.connect(), "true", 0);
        stop.cancel();
        consumers.map(|consumer| consumer.join().unwrap())
    });
    assert_eq!(log.sorted(), (0..JOBS).collect::<Vec<_>>());
    assert_eq!(tallies.iter().map(|tally| tally.done).sum::<u64>(), JOBS as u64);
    assert!(
        tallies.iter().all(|tally| (tally.failed, tally.lost, tally.released) == (0, 0, 0)),
        "{tallies:?}"
    );
}

#[test]
fn no_more_is_claimed_than_there_is_room_for() {
    let Some(cluster) = Cluster::start() else { return };
    let mut client = cluster.connect();
    put(&mut cluster.queue(), 0..50);
    allow_claims(&mut client, PLACES);
    let (gate, log, stop) = (Gate::default(), Log::default(), CancelToken::new());
    let tally = thread::scope(|threads| {
        let _opened = OpenedAtEnd(&gate);
        let work = {
            let (gate, log) = (gate.clone(), log.clone());
            move |job: &str| {
                // One has a place all the time, while the others come and go.
                if job == "0" {
                    gate.pass();
                }
                log.add(job);
                Ok(())
            }
        };
        let consumer = threads.spawn(|| consume_alone(&mut cluster.queue(), &stop, work));
        wait_for_count(&mut client, "true", 1);
        gate.open();
        wait_for_count(&mut client, "true", 0);
        stop.cancel();
        consumer.join().unwrap()
    });
    assert_eq!(log.sorted(), (0..50).collect::<Vec<_>>());
    assert_eq!(tally, Tally { done: 50, ..Tally::default() });
}

#[test]
fn at_a_shutdown_what_has_not_started_goes_back_and_what_runs_is_acknowledged() {
    let Some(cluster) = Cluster::start() else { return };
    let mut client = cluster.connect();
    put(&mut cluster.queue(), 0..20);
    let (gate, log, stop) = (Gate::default(), Log::default(), CancelToken::new());
    let tally = thread::scope(|threads| {
        let _opened = OpenedAtEnd(&gate);
        let work = {
            let (gate, log) = (gate.clone(), log.clone());
            move |job: &str| {
                log.add(job);
                gate.pass();
                Ok(())
            }
        };
        let consumer = threads.spawn(|| consume_alone(&mut cluster.queue(), &stop, work));
        wait_for_count(&mut client, "visible_at > now()", PLACES);
        wait_until("both workers have a job", || log.len() == WORKERS);
        stop.cancel();
        wait_for_count(&mut client, "visible_at > now()", WORKERS);
        gate.open();
        consumer.join().unwrap()
    });
    let (done, released) = (WORKERS as u64, (PLACES - WORKERS) as u64);
    assert_eq!(tally, Tally { done, released, ..Tally::default() });
    assert_eq!(
        count(&mut client, "visible_at <= now() AND attempts = 0"),
        20 - WORKERS,
        "and may be claimed anew"
    );
}

#[test]
fn a_pool_that_is_shut_down_ends_its_consumer() {
    let Some(cluster) = Cluster::start() else { return };
    let mut client = cluster.connect();
    put(&mut cluster.queue(), 0..20);
    let (gate, log, pool) = (Gate::default(), Log::default(), pool());
    let tally = thread::scope(|threads| {
        let _opened = OpenedAtEnd(&gate);
        let work = {
            let (gate, log) = (gate.clone(), log.clone());
            move |job: &str| {
                log.add(job);
                gate.pass();
                Ok(())
            }
        };
        let consumer =
            threads.spawn(|| consume(&mut cluster.queue(), &pool, SETTINGS, &CancelToken::new(), work));
        wait_for_count(&mut client, "visible_at > now()", PLACES);
        wait_until("both workers have a job", || log.len() == WORKERS);
        let ending = threads.spawn(|| pool.shutdown_now());
        wait_until("it takes no more", || pool.state() != pool_core::PoolState::Running);
        gate.open();
        let (never_started, _) = ending.join().unwrap();
        drop(never_started);
        consumer.join().unwrap().unwrap()
    });
    assert_eq!(tally.done + tally.released, PLACES as u64);
    assert_eq!((tally.failed, tally.lost), (0, 0));
    assert_eq!(count(&mut client, "visible_at <= now() AND attempts = 0") as u64, 20 - tally.done);
}

#[test]
fn what_the_pool_rejects_goes_back_and_is_done_when_there_is_room() {
    let Some(cluster) = Cluster::start() else { return };
    let mut client = cluster.connect();
    put(&mut cluster.queue(), 0..5);
    // Full of the jobs of others, which the consumer has no regard for.
    let pool = BoundedPool::with(Bounded::new(1)).threads(1).build().unwrap();
    let (gate, log, stop) = (Gate::default(), Log::default(), CancelToken::new());
    for _ in 0..2 {
        let gate = gate.clone();
        pool.execute(move || gate.pass()).unwrap();
    }
    let tally = thread::scope(|threads| {
        let _opened = OpenedAtEnd(&gate);
        let work = {
            let log = log.clone();
            move |job: &str| {
                log.add(job);
                Ok(())
            }
        };
        let consumer = threads.spawn(|| consume(&mut cluster.queue(), &pool, SETTINGS, &stop, work));
        wait_until("five jobs are rejected", || pool.counts().rejected >= 5);
        assert_eq!(log.len(), 0);
        gate.open();
        wait_for_count(&mut client, "true", 0);
        stop.cancel();
        consumer.join().unwrap().unwrap()
    });
    assert_eq!(log.sorted(), [0, 1, 2, 3, 4], "each once");
    assert_eq!((tally.done, tally.failed, tally.lost), (5, 0, 0));
    assert_eq!(tally.released, pool.counts().rejected);
}

#[test]
fn panics_and_errors_are_tried_again_and_then_kept() {
    let Some(cluster) = Cluster::start() else { return };
    let mut client = cluster.connect();
    put(&mut cluster.queue(), 0..10);
    let (log, stop) = (Log::default(), CancelToken::new());
    let tally = thread::scope(|threads| {
        let log = log.clone();
        let work = move |job: &str| {
            log.add(job);
            match job {
                "3" => panic!("three is too much"),
                "7" => Err("seven as well".to_owned()),
                _ => Ok(()),
            }
        };
        let consumer = threads.spawn(|| consume_alone(&mut cluster.queue(), &stop, work));
        wait_for_count(&mut client, "true", 2);
        let tried_out = "attempts = 3 AND visible_at <= now() AND last_error IS NOT NULL";
        wait_for_count(&mut client, tried_out, 2);
        stop.cancel();
        consumer.join().unwrap()
    });
    assert_eq!(tally, Tally { done: 8, failed: 6, ..Tally::default() });
    assert_eq!(log.sorted(), [0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 7, 7, 8, 9]);
    let errors = client.query("SELECT last_error FROM jobs ORDER BY id", &[]).unwrap();
    let errors: Vec<&str> = errors.iter().map(|row| row.get(0)).collect();
    assert_eq!(errors, ["three is too much", "seven as well"]);
}

#[test]
fn a_long_job_keeps_its_lease() {
    let Some(cluster) = Cluster::start() else { return };
    let mut client = cluster.connect();
    put(&mut cluster.queue(), [1]);
    let (gate, stop, pool) = (Gate::default(), CancelToken::new(), pool());
    let settings = Settings { lease: std::time::Duration::from_secs(6), ..SETTINGS };
    thread::scope(|threads| {
        let _opened = OpenedAtEnd(&gate);
        let work = {
            let gate = gate.clone();
            move |_: &str| {
                gate.pass();
                Ok(())
            }
        };
        let consumer = threads.spawn(|| consume(&mut cluster.queue(), &pool, settings, &stop, work));
        wait_for_count(&mut client, "visible_at > now()", 1);
        client.batch_execute("CREATE TABLE first_lease AS SELECT visible_at AS ends FROM jobs").unwrap();
        wait_for_count(&mut client, "visible_at > (SELECT ends FROM first_lease)", 1);
        gate.open();
        wait_for_count(&mut client, "true", 0);
        stop.cancel();
        consumer.join().unwrap().unwrap()
    });
}
