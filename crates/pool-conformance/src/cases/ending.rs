//! A handle always ends: every form of shutdown against every form of submission.
//!
//! The rounds of the races are few by default; `POOL_CONFORMANCE_ROUNDS` sets another number for each form of shutdown.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use pool_core::{
    Attributes, CancelToken, Job, JobHandle, JoinError, Pool, PoolExt, PoolState, Priority, Reason, Rejected,
    Shutdown,
};

use crate::case::Case;
use crate::tools::{Plug, SharedCount, ended, until};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    // What is given back, and what a job may begin, is not looked at here.
    let needs = [Claim::Shutdown, Claim::Lifecycle, Claim::Counts];
    let races = FORMS.into_iter().map(|form| {
        Case::new(format!("ending::races_with_{}", form.name), move |subject| race(subject, form))
            .needs(&needs)
    });
    let blocked = Case::new("ending::a_job_that_waited_for_room", a_job_that_waited_for_room);
    let drops = Case::new("ending::races_with_drop", |subject| {
        (0..rounds()).for_each(|round| drop_once(subject, round))
    });
    races.chain([drops.needs(&needs), blocked.needs(&needs)]).collect()
}

/// A form of shutdown.
#[derive(Clone, Copy)]
struct Form {
    name: &'static str,
    /// Begins it, and returns what it gives back. The pool is dropped here.
    end: fn(Arc<dyn Pool>) -> Vec<Job>,
    /// A job of the pool does it.
    inside: bool,
}

const FORMS: [Form; 11] = [
    Form { name: "shutdown", end: shutdown, inside: false },
    Form { name: "shutdown_timeout", end: shutdown_timeout, inside: false },
    Form { name: "shutdown_now", end: shutdown_now, inside: false },
    Form { name: "shutdown_now_timeout", end: shutdown_now_timeout, inside: false },
    Form { name: "shutdown_now_twice_at_once", end: shutdown_now_twice, inside: false },
    Form { name: "shutdown_cut_short", end: shutdown_cut_short, inside: false },
    Form { name: "shutdown_from_a_worker", end: shutdown, inside: true },
    Form { name: "shutdown_timeout_from_a_worker", end: shutdown_timeout, inside: true },
    Form { name: "shutdown_now_from_a_worker", end: shutdown_now, inside: true },
    Form { name: "shutdown_now_timeout_from_a_worker", end: shutdown_now_timeout, inside: true },
    Form { name: "shutdown_now_twice_from_a_worker", end: shutdown_now_repeated, inside: true },
];

fn shutdown(pool: Arc<dyn Pool>) -> Vec<Job> {
    let _ = pool.shutdown();
    Vec::new()
}

fn shutdown_timeout(pool: Arc<dyn Pool>) -> Vec<Job> {
    let _ = pool.shutdown_timeout(Duration::ZERO);
    Vec::new()
}

fn shutdown_now(pool: Arc<dyn Pool>) -> Vec<Job> {
    pool.shutdown_now().0
}

fn shutdown_now_timeout(pool: Arc<dyn Pool>) -> Vec<Job> {
    pool.shutdown_now_timeout(Duration::ZERO).expect("the pool claims it").0
}

fn shutdown_now_repeated(pool: Arc<dyn Pool>) -> Vec<Job> {
    let first = shutdown_now(pool.clone());
    first.into_iter().chain(shutdown_now_timeout(pool)).collect()
}

fn shutdown_now_twice(pool: Arc<dyn Pool>) -> Vec<Job> {
    thread::scope(|threads| {
        let hasty = threads.spawn(|| shutdown_now_timeout(pool.clone()));
        let patient = shutdown_now(pool.clone());
        patient.into_iter().chain(hasty.join().unwrap()).collect()
    })
}

fn shutdown_cut_short(pool: Arc<dyn Pool>) -> Vec<Job> {
    let _ = pool.shutdown_timeout(Duration::ZERO);
    shutdown_now_timeout(pool)
}

/// What the submitters of a round share.
#[derive(Clone)]
struct Round {
    pool: Arc<dyn Pool>,
    /// Captures that were made, and those that were dropped.
    made: SharedCount,
    dropped: SharedCount,
    token: CancelToken,
}

/// One way into the pool, taken once. The error is that of the pool.
type Submission = fn(&Round, &mut Vec<JobHandle<()>>) -> Result<(), Rejected>;

const SUBMISSIONS: [Submission; 14] = [
    |round, _| round.pool.execute(round.job()),
    |round, _| round.pool.try_execute(round.job()),
    |round, _| round.pool.execute_timeout(Duration::from_secs(30), round.job()),
    |round, handles| round.pool.spawn(round.job()).map(|handle| handles.push(handle)),
    |round, _| round.pool.spawn(round.job()).map(check),
    |round, handles| {
        let attributes =
            Attributes::new().name("race").priority(Priority::URGENT).token(&round.token.child());
        round.pool.spawn_with(attributes, round.job()).map(|handle| handles.push(handle))
    },
    |round, handles| {
        let attributes = Attributes::new().start_within(Duration::from_micros(50)).priority(Priority::IDLE);
        round.pool.spawn_with(attributes, round.job()).map(|handle| handles.push(handle))
    },
    |round, _| round.pool.execute_on(0, round.job()),
    |round, handles| round.pool.spawn_on(1, round.job()).map(|handle| handles.push(handle)),
    |round, handles| {
        let held = Arc::new(round.job());
        let broadcast = round.pool.spawn_broadcast(move |_| {
            let _held = &held;
        });
        broadcast.map(|more| handles.extend(more))
    },
    |round, _| {
        // It says why if it did not reach every worker, and has left no part behind in any case.
        let _ = round.pool.broadcast(|_| ());
        round.is_running()
    },
    nested,
    |round, _| {
        round.pool.scope(|scope| {
            let handles = [(); 3].map(|()| scope.spawn(round.job()));
            scope.execute(round.job());
            handles.into_iter().for_each(|handle| handle.join().unwrap());
        });
        round.is_running()
    },
    |round, _| {
        round.pool.join(round.job(), round.job());
        let lengths = round.pool.map(&["a", "bc"], |text| text.len());
        assert_eq!((lengths, round.pool.install(|| 3)), (vec![1, 2], 3));
        round.is_running()
    },
];

/// A job that submits others, and waits for some.
fn nested(round: &Round, handles: &mut Vec<JobHandle<()>>) -> Result<(), Rejected> {
    let (inner, held) = (round.pool.clone(), [(); 3].map(|()| round.job()));
    let outer = round.pool.spawn(move || {
        let [first, second, third] = held;
        let awaited = inner.spawn(first);
        let detached = inner.spawn(second);
        inner.scope(|scope| scope.execute(third));
        drop(detached);
        if let Ok(handle) = awaited {
            let _ = handle.join();
        }
    });
    outer.map(|handle| handles.push(handle))
}

/// The job of this handle has not panicked, and the handle ends.
fn check(handle: JobHandle<()>) {
    if let Err(JoinError::Panicked(panic)) = ended(handle) {
        panic!("{panic}");
    }
}

impl Round {
    fn new(subject: &Subject) -> Self {
        let (made, dropped, token) = Default::default();
        Round { pool: subject.pool_of(2), made, dropped, token }
    }

    /// A job that holds something.
    fn job(&self) -> impl FnOnce() + Send + 'static {
        self.made.add();
        let held = self.dropped.on_drop();
        move || drop(held)
    }

    /// For submissions that run on the caller when the pool takes nothing more.
    fn is_running(&self) -> Result<(), Rejected> {
        match self.pool.state() {
            PoolState::Running => Ok(()),
            _ => Err(Rejected::new(Job::new(|| ()), Reason::ShutDown)),
        }
    }

    /// Submits until the pool takes nothing more.
    fn submit(&self, submission: Submission) -> Vec<JobHandle<()>> {
        let mut handles = Vec::new();
        loop {
            // A queue without a limit is not to take all memory.
            while self.pool.counts().queued > LONGEST as u64 {
                thread::yield_now();
            }
            match submission(self, &mut handles) {
                Ok(()) => {}
                Err(rejected) if rejected.reason() == Reason::ShutDown => return handles,
                // The queue is full, or a worker is not there yet.
                Err(_) => thread::yield_now(),
            }
        }
    }
}

/// No queue that is to be filled is longer.
const LONGEST: usize = 64;

const ROUNDS: &str = "POOL_CONFORMANCE_ROUNDS";

pub(crate) fn rounds_are_set() -> bool {
    std::env::var_os(ROUNDS).is_some()
}

fn rounds() -> usize {
    let rounds = std::env::var(ROUNDS).ok();
    rounds.map_or(2 * SUBMISSIONS.len(), |rounds| rounds.parse().expect("a number of rounds"))
}

/// Each form of submission, beside each other one in turn.
fn pair(round: usize) -> [Submission; 2] {
    let of = SUBMISSIONS.len();
    [round % of, (round % of + 1 + round / of % (of - 1)) % of].map(|which| SUBMISSIONS[which])
}

fn race(subject: &Subject, form: Form) {
    for round in 0..rounds() {
        race_once(subject, form, round);
    }
}

fn race_once(subject: &Subject, form: Form, number: usize) {
    let round = Round::new(subject);
    let pair = pair(number);
    let start = Arc::new(Barrier::new(3));
    let ender = ender(&round, form, start.clone(), number % 7);
    let (handles, given_back) = thread::scope(|threads| {
        let submitters = pair.map(|submission| {
            let (start, round) = (&start, &round);
            threads.spawn(move || {
                start.wait();
                round.submit(submission)
            })
        });
        // Whoever is given a job back runs it or drops it, or its handle waits for that.
        let given_back = ender().len() as u64;
        round.token.cancel();
        let handles = submitters.map(|submitter| submitter.join().unwrap());
        (handles, given_back)
    });
    // Nobody calls again.
    until(|| round.pool.state() == PoolState::Terminated);
    handles.into_iter().flatten().for_each(check);
    let Round { pool, made, dropped, .. } = round;
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.queued, counts.running), (counts.accounted(), 0, 0), "{counts}");
    assert!(given_back <= counts.discarded, "{counts}");
    assert_eq!(dropped.get(), made.get(), "captures are dropped");
    assert_eq!(pool.shutdown_now().0.len(), 0);
}

/// The pool goes with the last of those who have it: this thread, a submitter, or a job.
fn drop_once(subject: &Subject, number: usize) {
    let round = Round::new(subject);
    let (context, made, dropped) = (round.pool.context().clone(), round.made.clone(), round.dropped.clone());
    let submitters = pair(number).map(|submission| {
        let round = round.clone();
        thread::spawn(move || {
            let mut handles = Vec::new();
            (0..10).for_each(|_| drop(submission(&round, &mut handles)));
            handles
        })
    });
    (0..number % 7).for_each(|_| thread::yield_now());
    drop(round);
    let handles = submitters.map(|submitter| submitter.join().unwrap());
    handles.into_iter().flatten().for_each(check);
    // A drop inside a job is only begun.
    until(|| context.wait_idle(Some(Duration::ZERO)) && dropped.get() == made.get());
    let counts = context.counts();
    assert_eq!((counts.submitted, counts.queued, counts.running), (counts.accounted(), 0, 0), "{counts}");
}

/// What ends the pool in this form when the submitters have started, and a moment later; in a job if it is to be so, which runs
/// before there are others.
fn ender(round: &Round, form: Form, start: Arc<Barrier>, pauses: usize) -> Box<dyn FnOnce() -> Vec<Job>> {
    let pool = round.pool.clone();
    let end = move || {
        start.wait();
        (0..pauses).for_each(|_| thread::yield_now());
        (form.end)(pool)
    };
    if !form.inside {
        return Box::new(end);
    }
    let handle = round.pool.spawn(end).unwrap();
    Box::new(move || ended(handle).unwrap())
}

/// The submitter waits for room in a full queue when the pool is shut down, and the only worker stays busy.
fn a_job_that_waited_for_room(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(1);
        let plug = Plug::all(&pool);
        let dropped = SharedCount::default();
        let queued = if subject.room() > LONGEST { 0 } else { subject.room() };
        let queued: Vec<_> = (0..queued).map(|_| pool.spawn(|| ())).collect();
        let submitted = pool.counts().submitted;
        thread::scope(|threads| {
            let submitters = [(); 3].map(|()| {
                let (pool, held) = (&pool, dropped.on_drop());
                threads.spawn(move || pool.spawn(move || drop(held)))
            });
            until(|| pool.counts().submitted == submitted + 3);
            let (jobs, shutdown) = pool.shutdown_now_timeout(Duration::ZERO).unwrap();
            assert!(matches!(shutdown, Shutdown::Pending { .. }), "{shutdown:?}");
            drop(jobs);
            for submitter in submitters {
                if let Ok(handle) = submitter.join().unwrap() {
                    check(handle);
                }
            }
        });
        assert_eq!(dropped.get(), 3, "their captures are dropped");
        queued.into_iter().flatten().for_each(check);
        plug.pull();
        until(|| pool.state() == PoolState::Terminated);
        let counts = pool.counts();
        assert_eq!((counts.submitted, counts.queued, counts.running), (counts.accounted(), 0, 0), "{counts}");
    }
}
