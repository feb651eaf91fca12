//! Every overflow policy at the edge: one worker that is busy, one place in the queue, and it is taken.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use pool_bounded::{Bounded, BoundedPool, CoDel, Overflow};
use pool_core::{BuildError, JoinError, Reason};

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// A pool whose only worker is busy until `release` is sent to or dropped, and whose only place in the queue is taken.
struct Full {
    pool: BoundedPool,
    release: Sender<()>,
    say: Sender<u32>,
    said: Receiver<u32>,
}

impl Full {
    fn new(overflow: Overflow) -> Self {
        let pool = BoundedPool::with(Bounded::new(1).overflow(overflow)).threads(1).build().unwrap();
        let (release, released) = channel::<()>();
        let (started, running) = channel();
        pool.execute(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
        running.recv_timeout(DEADLINE).unwrap();
        let (say, said) = channel();
        let full = Full { pool, release, say, said };
        full.pool.execute(full.saying(0)).unwrap();
        full
    }

    fn saying(&self, number: u32) -> impl FnOnce() + Send + 'static {
        let say = self.say.clone();
        move || say.send(number).unwrap()
    }

    /// Lets the worker go on, and returns what was said in the end.
    fn finish(self) -> Vec<u32> {
        drop(self.release);
        let _ = self.pool.shutdown();
        let counts = self.pool.counts();
        assert_eq!(counts.submitted, counts.accounted());
        drop(self.say);
        self.said.iter().collect()
    }
}

#[test]
fn block_waits_for_room() {
    let full = Full::new(Overflow::Block);
    thread::scope(|scope| {
        let (pool, job) = (&full.pool, full.saying(1));
        let submitter = scope.spawn(move || pool.execute(job));
        full.release.send(()).unwrap();
        submitter.join().unwrap().unwrap();
    });
    assert_eq!(full.finish(), [0, 1]);
}

#[test]
fn timeout_hands_the_job_back() {
    let full = Full::new(Overflow::Timeout(Duration::from_millis(1)));
    let rejected = full.pool.execute(full.saying(1)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::TimedOut);
    rejected.into_job().run();
    assert_eq!(full.pool.counts().rejected, 1);
    assert_eq!(full.finish(), [1, 0]);
}

#[test]
fn reject_hands_the_job_back() {
    let full = Full::new(Overflow::Reject);
    let rejected = full.pool.execute(full.saying(1)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Full);
    drop(rejected);
    assert_eq!(full.finish(), [0]);
}

#[test]
fn a_rejected_job_of_a_handle_can_be_resubmitted() {
    let full = Full::new(Overflow::Reject);
    let rejected = full.pool.spawn(full.saying(1)).unwrap_err();
    let job = rejected.into_job();
    full.release.send(()).unwrap();
    assert!(full.pool.wait_idle(Some(DEADLINE)));
    full.pool.submit(job, Default::default()).unwrap();
    assert_eq!(full.finish(), [0, 1]);
}

#[test]
fn caller_runs_runs_on_the_caller() {
    let full = Full::new(Overflow::CallerRuns);
    let here = thread::current().id();
    let (say, said) = channel();
    full.pool.execute(move || say.send(thread::current().id()).unwrap()).unwrap();
    assert_eq!(said.try_recv(), Ok(here), "it has run when `execute` returns");
    assert_eq!(full.finish(), [0]);
}

#[test]
fn drop_oldest_displaces_the_one_that_waited() {
    let full = Full::new(Overflow::DropOldest);
    let oldest = full.pool.spawn(full.saying(1)).unwrap();
    full.pool.execute(full.saying(2)).unwrap();
    assert!(matches!(oldest.join(), Err(JoinError::Unrun(Reason::Displaced))));
    assert_eq!(full.pool.counts().discarded, 2);
    assert_eq!(full.finish(), [2]);
}

#[test]
fn drop_newest_displaces_the_newcomer() {
    let full = Full::new(Overflow::DropNewest);
    let newest = full.pool.spawn(full.saying(1)).unwrap();
    assert!(matches!(newest.join(), Err(JoinError::Unrun(Reason::Displaced))));
    assert_eq!(full.pool.counts().discarded, 1);
    assert_eq!(full.finish(), [0]);
}

#[test]
fn try_execute_and_execute_timeout_work_under_every_policy() {
    for overflow in [Overflow::Block, Overflow::CallerRuns, Overflow::DropOldest, Overflow::DropNewest] {
        let full = Full::new(overflow);
        let refused = full.pool.try_execute(full.saying(1)).unwrap_err().reason();
        assert_eq!(refused, Reason::Full, "{overflow:?}");
        let late = full.pool.execute_timeout(Duration::from_millis(1), full.saying(2)).unwrap_err().reason();
        assert_eq!(late, Reason::TimedOut, "{overflow:?}");
        assert_eq!(full.pool.counts().rejected, 2);
        assert_eq!(full.finish(), [0], "{overflow:?}");
    }
}

#[test]
fn a_scope_and_a_join_go_round_a_full_queue() {
    for overflow in [Overflow::Block, Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let full = Full::new(overflow);
        let sum = thread::scope(|threads| {
            let pool = &full.pool;
            let waiter = threads.spawn(move || {
                pool.scope(|scope| {
                    let parts: Vec<_> = (1..=10).map(|number| scope.spawn(move || number)).collect();
                    parts.into_iter().map(|part| part.join().unwrap()).sum::<u32>()
                })
            });
            full.release.send(()).unwrap();
            waiter.join().unwrap()
        });
        assert_eq!(sum, 55, "{overflow:?}");
        assert_eq!(full.pool.join(|| 1, || 2), (1, 2), "{overflow:?}");
        assert_eq!(full.finish(), [0], "{overflow:?}");
    }
}

#[test]
fn displacing_from_many_threads_loses_no_job() {
    let full = Full::new(Overflow::DropOldest);
    thread::scope(|scope| {
        for submitter in 1..=4 {
            let (pool, say) = (&full.pool, &full.say);
            scope.spawn(move || {
                for _ in 0..1000 {
                    let say = say.clone();
                    pool.execute(move || say.send(submitter).unwrap()).unwrap();
                }
            });
        }
    });
    let counts = full.pool.counts();
    assert_eq!((counts.submitted, counts.discarded, counts.queued), (4002, 4000, 1));
    assert_eq!(full.finish().len(), 1);
}

#[test]
fn a_capacity_beyond_the_largest_is_refused_and_the_largest_is_not() {
    let shed = Overflow::Shed(CoDel::default());
    for asked in [usize::MAX, u32::MAX as usize, Bounded::MOST_CAPACITY + 1] {
        for overflow in [Overflow::Block, shed] {
            let error = BoundedPool::with(Bounded::new(asked).overflow(overflow)).build().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("a capacity of {asked} is more than the largest possible, 16777216")
            );
        }
    }
    let pool = BoundedPool::with(Bounded::new(Bounded::MOST_CAPACITY)).threads(1).build().unwrap();
    assert_eq!(pool.spawn(|| 7).unwrap().join().unwrap(), 7);
}

/// In a process of its own, which may have half of what the largest queue takes.
#[cfg(target_os = "linux")]
#[test]
fn a_capacity_that_the_system_has_no_memory_for_is_an_error() {
    const CHILD: &str = "POOL_BOUNDED_LITTLE_MEMORY";
    if std::env::var_os(CHILD).is_some() {
        let error = BoundedPool::with(Bounded::new(Bounded::MOST_CAPACITY)).threads(1).build().unwrap_err();
        let BuildError::OutOfMemory { what: "capacity", asked, bytes } = error else { panic!("{error}") };
        assert_eq!((asked, bytes), (Bounded::MOST_CAPACITY, 640 << 20));
        return;
    }
    let test = std::env::current_exe().unwrap();
    let child = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 327680 && exec \"$0\" --exact \"$1\""])
        .arg(test)
        .arg("a_capacity_that_the_system_has_no_memory_for_is_an_error")
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_capacity_of_zero_is_refused() {
    let error = BoundedPool::with(Bounded::new(0)).build().unwrap_err();
    assert!(matches!(error, BuildError::Strategy(_)));
    assert_eq!(error.to_string(), "a bounded queue needs a capacity of at least 1, not 0");
}
