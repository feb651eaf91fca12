//! What an observer hears of a pool's threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use pool_core::{JobInfo, JobOutcome, Observer, Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, Replacement, WaitIdle};
    vec![
        case!("observing", a_job_begins_and_ends_within_the_hooks).needs(&[Hooks, WaitIdle]).submits(1),
        case!("observing", everything_that_begins_ends_on_its_thread)
            .needs(&[Hooks, Counts, WaitIdle])
            .submits(20),
        case!("observing", a_worker_parks_and_is_woken_by_name).needs(&[Hooks, WaitIdle]).submits(1),
        case!("observing", an_observer_that_panics_loses_nothing)
            .needs(&[Hooks, Counts, WaitIdle, Replacement])
            .submits(20),
    ]
}

/// What was heard, and of which thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Submit { ends: bool },
    Job { worker: Option<usize>, ends: bool },
    Steal,
    Fork { worker: usize, ends: bool },
    Park { worker: usize, ends: bool },
    Wake { worker: usize },
}

#[derive(Default)]
struct Log(Mutex<Vec<(ThreadId, Heard)>>);

impl Log {
    fn add(&self, heard: Heard) {
        self.0.lock().unwrap().push((thread::current().id(), heard));
    }

    fn all(&self) -> Vec<(ThreadId, Heard)> {
        self.0.lock().unwrap().clone()
    }

    fn count(&self, wanted: impl Fn(Heard) -> bool) -> usize {
        self.all().iter().filter(|(_, heard)| wanted(*heard)).count()
    }
}

impl Observer for Log {
    fn before_submit(&self) {
        self.add(Heard::Submit { ends: false });
    }

    fn after_submit(&self) {
        self.add(Heard::Submit { ends: true });
    }

    fn before_job(&self, job: JobInfo<'_>) {
        assert_eq!(job.worker, pool_core::current().map(|worker| worker.index));
        self.add(Heard::Job { worker: job.worker, ends: false });
    }

    fn after_job(&self, job: JobInfo<'_>, _: JobOutcome) {
        self.add(Heard::Job { worker: job.worker, ends: true });
    }

    fn after_steal(&self, _: usize, jobs: usize) {
        assert!(jobs > 0);
        self.add(Heard::Steal);
    }

    fn before_fork(&self, worker: usize) {
        self.add(Heard::Fork { worker, ends: false });
    }

    fn after_fork(&self, worker: usize) {
        self.add(Heard::Fork { worker, ends: true });
    }

    fn before_park(&self, worker: usize) {
        self.add(Heard::Park { worker, ends: false });
    }

    fn after_park(&self, worker: usize) {
        self.add(Heard::Park { worker, ends: true });
    }

    fn before_wake(&self, worker: usize) {
        self.add(Heard::Wake { worker });
    }
}

fn observed(subject: &Subject, threads: usize) -> (Arc<dyn Pool>, Arc<Log>) {
    let log = Arc::new(Log::default());
    (subject.build(Setup::threads(threads).observer(log.clone())), log)
}

fn a_job_begins_and_ends_within_the_hooks(subject: &Subject) {
    struct Named(Mutex<Vec<String>>);
    impl Observer for Named {
        fn before_job(&self, job: JobInfo<'_>) {
            self.0.lock().unwrap().push(format!("observer, before {:?}", job.name));
        }
        fn after_job(&self, job: JobInfo<'_>, outcome: JobOutcome) {
            self.0.lock().unwrap().push(format!("observer, after {:?}: {outcome:?}", job.name));
        }
    }
    let seen = Arc::new(Named(Mutex::default()));
    let (before, after) = (seen.clone(), seen.clone());
    let setup = Setup::threads(1)
        .observer(seen.clone())
        .before_job(move |_| before.0.lock().unwrap().push("hook, before".to_owned()))
        .after_job(move |_, _| after.0.lock().unwrap().push("hook, after".to_owned()));
    let pool = subject.build(setup);
    let attributes = pool_core::Attributes::new().name("bad");
    assert!(pool.spawn_with(attributes, || panic_on_purpose()).unwrap().join().is_err());
    assert!(pool.wait_idle(None));
    let expected = [
        "hook, before",
        "observer, before Some(\"bad\")",
        "observer, after Some(\"bad\"): Panicked",
        "hook, after",
    ];
    assert_eq!(*seen.0.lock().unwrap(), expected);
}

fn everything_that_begins_ends_on_its_thread(subject: &Subject) {
    let (pool, log) = observed(subject, 2);
    for _ in 0..20 {
        pool.execute(|| ()).unwrap();
    }
    assert!(pool.wait_idle(None));
    pool.scope(|scope| (0..10).for_each(|_| scope.execute(|| ())));
    let panics = catch_unwind(AssertUnwindSafe(|| pool.scope(|scope| scope.execute(|| panic_on_purpose()))));
    assert!(panics.is_err());
    pool.join(|| (), || ());
    assert!(pool.wait_idle(None));
    let _ = pool.shutdown();
    let counts = pool.counts();
    // Jobs of scopes are heard of when they start.
    for (ends, submits) in [(false, 20), (true, 20)] {
        assert_eq!(log.count(|heard| heard == Heard::Submit { ends }), submits);
        let jobs = log.count(|heard| matches!(heard, Heard::Job { ends: of, .. } if of == ends));
        assert_eq!(jobs as u64, counts.completed + counts.panicked);
    }
    // What has begun last on a thread is what ends next there.
    let mut open: Vec<(ThreadId, Heard)> = Vec::new();
    for (thread, heard) in log.all() {
        let begun = match heard {
            Heard::Submit { ends: true } => Heard::Submit { ends: false },
            Heard::Job { worker, ends: true } => Heard::Job { worker, ends: false },
            Heard::Fork { worker, ends: true } => Heard::Fork { worker, ends: false },
            Heard::Park { worker, ends: true } => Heard::Park { worker, ends: false },
            Heard::Wake { .. } | Heard::Steal => continue,
            begins => {
                open.push((thread, begins));
                continue;
            }
        };
        let last = open.iter().rposition(|(other, _)| *other == thread).expect("it has begun");
        assert_eq!(open.remove(last).1, begun);
    }
    assert_eq!(open, []);
    assert_eq!(pool.stats().handler_panics, 0);
}

fn a_worker_parks_and_is_woken_by_name(subject: &Subject) {
    let (pool, log) = observed(subject, 1);
    let parks = |log: &Log, of| log.count(|heard| heard == Heard::Park { worker: 0, ends: of });
    // It may be awake just then, since the clock has woken it.
    until(|| {
        until(|| parks(&log, false) > parks(&log, true));
        pool.execute(|| ()).unwrap();
        assert!(pool.wait_idle(None));
        log.count(|heard| heard == Heard::Wake { worker: 0 }) > 0
    });
    let heard = log.all();
    let at = |wanted: Heard| heard.iter().position(|(_, heard)| *heard == wanted);
    let wake = at(Heard::Wake { worker: 0 }).expect("it was woken");
    assert_eq!(heard[wake].0, thread::current().id(), "by the thread that submits");
    assert!(at(Heard::Park { worker: 0, ends: false }).is_some_and(|parks| parks < wake));
    until(|| parks(&log, true) > 0);
}

fn an_observer_that_panics_loses_nothing(subject: &Subject) {
    struct Panics;
    impl Observer for Panics {
        fn before_submit(&self) {
            panic_on_purpose();
        }
        fn after_submit(&self) {
            panic_on_purpose();
        }
        fn before_job(&self, _: JobInfo<'_>) {
            panic_on_purpose();
        }
        fn after_job(&self, _: JobInfo<'_>, _: JobOutcome) {
            panic_on_purpose();
        }
        fn after_steal(&self, _: usize, _: usize) {
            panic_on_purpose();
        }
        fn before_fork(&self, _: usize) {
            panic_on_purpose();
        }
        fn after_fork(&self, _: usize) {
            panic_on_purpose();
        }
        fn before_park(&self, _: usize) {
            panic_on_purpose();
        }
        fn after_park(&self, _: usize) {
            panic_on_purpose();
        }
        fn before_wake(&self, _: usize) {
            panic_on_purpose();
        }
    }
    let pool = subject.build(Setup::threads(2).observer(Arc::new(Panics)));
    for _ in 0..20 {
        pool.execute(|| ()).unwrap();
    }
    assert_eq!(pool.join(|| 20, || 22), (20, 22));
    pool.scope(|scope| (0..10).for_each(|_| scope.execute(|| ())));
    assert!(pool.wait_idle(None));
    let stats = pool.stats();
    assert_eq!((stats.counts.completed, stats.replaced()), (30, 0));
    // Two for each job that is submitted, and two for each that runs.
    assert!(stats.handler_panics >= 2 * 20 + 2 * 30, "{}", stats.handler_panics);
}
