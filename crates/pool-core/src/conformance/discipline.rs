//! The rules of [`Strategy`], [`Inlet`] and [`Outlet`], checked on the channel alone.
//!
//! A pool around a strategy that breaks one of them hangs or loses jobs somewhere else. So these come first: a case that needs
//! a pool is not run on such a strategy, and fails with the rule.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::run::text_of;
use super::tools::until;
use super::{Case, Subject};
use crate::adapter::Ledger;
use crate::current::{self, PoolId};
use crate::strategy::{Caller, Ends, Idle, Inlet, Outlet, Pop, Push, Strategy};
use crate::{Job, Submit};

/// A rule that has not been kept by then is broken. Each check takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

/// The rules, on one strategy, and whether it keeps them; each is checked once.
pub(super) struct Rules(Vec<Rule>);

struct Rule {
    name: &'static str,
    text: &'static str,
    check: Arc<dyn Fn(usize) + Send + Sync>,
    outcome: OnceLock<Result<(), String>>,
}

impl Rules {
    pub(super) fn of<S: Strategy>(make: Arc<impl Fn() -> S + Send + Sync + 'static>) -> Arc<Self> {
        let rule = |(name, text, check): RuleOf<S>| {
            let make = make.clone();
            Rule {
                name,
                text,
                check: Arc::new(move |room| check(&|seats| Bench::open(make(), seats), room)),
                outcome: OnceLock::new(),
            }
        };
        Arc::new(Rules(rules::<S>().into_iter().map(rule).collect()))
    }

    /// A case for each.
    pub(super) fn cases(self: &Arc<Self>) -> Vec<Case> {
        let case = |index: usize| {
            let rules = self.clone();
            let check = move |subject: &Subject| {
                // Each relies on those before it.
                let before = rules.first_broken(index, subject.room());
                before.unwrap_or_else(|broken| panic!("not checked: {broken}"));
                rules.0[index].outcome(subject.room()).unwrap_or_else(|broken| panic!("{broken}"));
            };
            Case::new(format!("discipline::{}", self.0[index].name), check).of_a_rule()
        };
        (0..self.0.len()).map(case).collect()
    }

    /// The first rule that is broken is the error.
    pub(super) fn check(&self, room: usize) -> Result<(), String> {
        self.first_broken(self.0.len(), room)
    }

    /// The same, of the first so many.
    fn first_broken(&self, rules: usize, room: usize) -> Result<(), String> {
        self.0[..rules].iter().try_for_each(|rule| rule.outcome(room))
    }
}

impl Rule {
    fn outcome(&self, room: usize) -> Result<(), String> {
        self.outcome.get_or_init(|| self.find_out(room)).clone()
    }

    /// On a thread of its own, which is left behind if it hangs.
    fn find_out(&self, room: usize) -> Result<(), String> {
        let (send, receive) = sync_channel(1);
        let check = self.check.clone();
        thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| check(room)));
            // The receiver is gone when this came too late.
            let _ = send.send(outcome.map_err(text_of));
        });
        let how = match receive.recv_timeout(DEADLINE) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(text)) => text,
            Err(RecvTimeoutError::Timeout) => format!("nothing has happened for {DEADLINE:?}"),
            Err(RecvTimeoutError::Disconnected) => "the thread has died".to_owned(),
        };
        Err(format!("the strategy breaks a rule: {} ({how})", self.text))
    }
}

type Open<'a, S> = &'a dyn Fn(usize) -> Bench<S>;
type RuleOf<S> = (&'static str, &'static str, fn(Open<'_, S>, usize));

/// In this order: each relies on those before it.
fn rules<S: Strategy>() -> Vec<RuleOf<S>> {
    vec![
        ("an_outlet_for_each_seat", "Strategy::open must return one outlet for each seat", outlets),
        (
            "each_job_once",
            "Inlet::push must queue a job while there is room, and Outlet::pop give each job once",
            each_once,
        ),
        (
            "it_looks_before_it_times_out",
            "Outlet::pop must return a queued job though `until` is over",
            looks,
        ),
        ("it_returns_in_time", "Outlet::pop must return Pop::TimedOut by `until`", in_time),
        ("it_says_that_it_waits", "Outlet::pop must call Idle::begin before it waits", begins),
        (
            "it_heeds_what_it_is_told",
            "Outlet::pop must return Pop::TimedOut instead of waiting when Idle::begin says so",
            heeds,
        ),
        ("a_job_wakes_a_worker", "a job that Inlet::push has queued must wake a waiting worker", wakes),
        ("the_end_wakes_all", "dropping the inlet must wake every waiting worker", closes),
        ("the_rest_comes_before_the_end", "Outlet::pop must give what is left before Pop::Closed", rest),
        (
            "the_spare_outlet_drains_all",
            "Outlet::drain on the spare outlet must take every queued job, and not wait for one",
            drains,
        ),
        (
            "a_worker_keeps_nothing",
            "Outlet::detach must leave what the worker held where the other outlets find it",
            detaches,
        ),
        (
            "not_everybody_waits_for_room",
            "Inlet::push must not wait for room when a worker pushes, or a ticket is pushed, or the submitter does not wait",
            waits_for_nobody,
        ),
    ]
}

/// A channel, and what the workers at it tell of themselves.
struct Bench<S: Strategy> {
    ends: Ends<S>,
    ledger: Ledger,
    /// Jobs say their numbers when they run.
    say: Sender<usize>,
    said: Receiver<usize>,
}

impl<S: Strategy> Bench<S> {
    fn open(strategy: S, seats: usize) -> Self {
        let ends = strategy.open(seats).unwrap_or_else(|error| panic!("for {seats} seats: {error}"));
        let (say, said) = channel();
        Bench { ends, ledger: Ledger::for_adapter("discipline", seats), say, said }
    }

    fn job(&self, number: usize) -> Job {
        let say = self.say.clone();
        Job::new(move || say.send(number).expect("the check waits for its jobs"))
    }

    /// Queues this many jobs, from outside.
    fn fill(&self, jobs: usize) {
        (0..jobs).for_each(|number| queue(&self.ends.inlet, self.job(number), Caller::Outside));
    }

    /// The numbers of the jobs that have run, in order of the numbers.
    fn ran(&self) -> Vec<usize> {
        let mut ran: Vec<usize> = self.said.try_iter().collect();
        ran.sort_unstable();
        ran
    }
}

fn queue(inlet: &impl Inlet, job: Job, caller: Caller) {
    let push = inlet.push(job, Submit::default(), caller);
    assert!(matches!(push, Push::Queued), "a push with room returned {push:?}");
}

/// Sits down in this seat, as a worker does, for as long as `work` takes. `mail`: whether it has some.
fn sit<O: Outlet, R>(
    ledger: &Ledger,
    index: usize,
    outlet: &mut O,
    mail: bool,
    work: impl FnOnce(&mut O, &mut Idle<'_>) -> R,
) -> R {
    let _worker = current::enter(PoolId::next(), index);
    let mail = AtomicUsize::new(usize::from(mail));
    let mut idle = Idle::of_worker(ledger, index, &mail);
    idle.start_spell();
    outlet.attach();
    let result = work(outlet, &mut idle);
    outlet.detach();
    result
}

/// Pops as a worker does, and runs what it gets.
fn pop<O: Outlet>(outlet: &mut O, until: Option<Instant>, idle: &mut Idle<'_>) -> Popped {
    let popped = outlet.pop(until, idle);
    idle.end();
    match popped {
        Pop::Job(job) => {
            job.run();
            Popped::Job
        }
        Pop::TimedOut => Popped::TimedOut,
        Pop::Closed => Popped::Closed,
        Pop::Shed(..) => panic!("a job was shed though the queue was not too long"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Popped {
    Job,
    TimedOut,
    Closed,
}

/// Pops whatever is said for no reason left out.
fn pop_until_something<O: Outlet>(outlet: &mut O, idle: &mut Idle<'_>) -> Popped {
    loop {
        match pop(outlet, None, idle) {
            Popped::TimedOut => {}
            other => return other,
        }
    }
}

fn outlets<S: Strategy>(open: Open<'_, S>, _: usize) {
    for seats in 1..=4 {
        let outlets = open(seats).ends.outlets.len();
        assert_eq!(outlets, seats, "for {seats} seats there were {outlets} outlets");
    }
}

fn each_once<S: Strategy>(open: Open<'_, S>, room: usize) {
    let mut bench = open(1);
    for jobs in (1..=room.min(8)).chain([1, 1, 1]) {
        bench.fill(jobs);
        sit(&bench.ledger, 0, &mut bench.ends.outlets[0], false, |outlet, idle| {
            (0..jobs).for_each(|_| assert_eq!(pop_until_something(outlet, idle), Popped::Job));
        });
        assert!(bench.ran().into_iter().eq(0..jobs), "not every job came once");
    }
}

fn looks<S: Strategy>(open: Open<'_, S>, _: usize) {
    let mut bench = open(1);
    for _ in 0..20 {
        bench.fill(1);
        let now = Some(Instant::now());
        let popped =
            sit(&bench.ledger, 0, &mut bench.ends.outlets[0], false, |outlet, idle| pop(outlet, now, idle));
        assert_eq!(popped, Popped::Job, "with a job queued");
    }
}

fn in_time<S: Strategy>(open: Open<'_, S>, _: usize) {
    let mut bench = open(1);
    for wait in [0, 1, 2, 0, 3] {
        let time = Some(Instant::now() + Duration::from_millis(wait));
        let popped =
            sit(&bench.ledger, 0, &mut bench.ends.outlets[0], false, |outlet, idle| pop(outlet, time, idle));
        assert_eq!(popped, Popped::TimedOut, "with nothing queued");
    }
}

/// Has workers pop in all seats until the channel is closed, or until they have run a job when they are to stop. The rest goes
/// on here.
fn with_workers<S: Strategy>(
    bench: Bench<S>,
    meanwhile: impl FnOnce(&Ledger, S::Inlet, &mut dyn FnMut(&S::Inlet), &AtomicBool),
) {
    let Bench { ends, ledger, say, said } = bench;
    let Ends { inlet, outlets, spare: _spare } = ends;
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        for (index, mut outlet) in outlets.into_iter().enumerate() {
            let (ledger, stop) = (&ledger, &stop);
            threads.spawn(move || {
                sit(ledger, index, &mut outlet, false, |outlet, idle| work(outlet, idle, stop))
            });
        }
        let mut run_one = |inlet: &S::Inlet| {
            let say = say.clone();
            queue(
                inlet,
                Job::new(move || say.send(0).expect("the check waits for its jobs")),
                Caller::Outside,
            );
            said.recv().expect("the job says so");
        };
        meanwhile(&ledger, inlet, &mut run_one, &stop);
    });
}

fn work<O: Outlet>(outlet: &mut O, idle: &mut Idle<'_>, stop: &AtomicBool) {
    while pop_until_something(outlet, idle) == Popped::Job {
        if stop.load(SeqCst) {
            return;
        }
    }
    assert_eq!(pop(outlet, None, idle), Popped::Closed, "after Pop::Closed");
}

/// Waits until this many workers wait.
fn wait_for_waiting(ledger: &Ledger, workers: usize) {
    // A worker that has not begun yet counts as one that waits.
    let parks = || ledger.stats().workers.iter().filter(|worker| worker.parks > 0).count();
    until(|| parks() == ledger.workers() && ledger.waiting(0..ledger.workers()).count() == workers);
}

fn begins<S: Strategy>(open: Open<'_, S>, _: usize) {
    let mut bench = open(1);
    for times in 1..=3 {
        let soon = Some(Instant::now() + Duration::from_millis(1));
        sit(&bench.ledger, 0, &mut bench.ends.outlets[0], false, |outlet, idle| pop(outlet, soon, idle));
        let begun = bench.ledger.stats().workers[0].parks;
        assert!(begun >= times, "{times} pops with nothing queued called it {begun} times");
    }
}

fn heeds<S: Strategy>(open: Open<'_, S>, _: usize) {
    let mut bench = open(1);
    for _ in 0..5 {
        let popped =
            sit(&bench.ledger, 0, &mut bench.ends.outlets[0], true, |outlet, idle| pop(outlet, None, idle));
        assert_eq!(popped, Popped::TimedOut, "with nothing queued");
    }
}

fn wakes<S: Strategy>(open: Open<'_, S>, _: usize) {
    for seats in 1..=2 {
        with_workers(open(seats), |ledger, inlet, run_one, stop| {
            for _ in 0..50 {
                wait_for_waiting(ledger, seats);
                run_one(&inlet);
            }
            wait_for_waiting(ledger, seats);
            stop.store(true, SeqCst);
            (0..seats).for_each(|_| run_one(&inlet));
        });
    }
}

fn closes<S: Strategy>(open: Open<'_, S>, _: usize) {
    for _ in 0..10 {
        with_workers(open(3), |ledger, inlet, _, _| {
            wait_for_waiting(ledger, 3);
            drop(inlet);
        });
    }
}

fn rest<S: Strategy>(open: Open<'_, S>, room: usize) {
    let jobs = room.min(5);
    let bench = open(1);
    bench.fill(jobs);
    let Bench { ends, ledger, said, .. } = bench;
    let Ends { inlet, mut outlets, spare: _spare } = ends;
    drop(inlet);
    sit(&ledger, 0, &mut outlets[0], false, |outlet, idle| work(outlet, idle, &AtomicBool::new(false)));
    let ran = said.try_iter().count();
    assert_eq!(ran, jobs, "of {jobs} queued jobs it gave {ran}");
}

fn drains<S: Strategy>(open: Open<'_, S>, room: usize) {
    for jobs in [0, room.min(5)] {
        let mut bench = open(2);
        bench.fill(jobs);
        let mut drained = Vec::new();
        bench.ends.spare.drain(&mut drained);
        assert_eq!(drained.len(), jobs, "of {jobs} queued jobs {} were drained", drained.len());
        bench.ends.spare.drain(&mut drained);
        drained.into_iter().for_each(Job::run);
        assert!(bench.ran().into_iter().eq(0..jobs), "not every job came once");
    }
}

fn detaches<S: Strategy>(open: Open<'_, S>, room: usize) {
    let jobs = room.min(4);
    let mut bench = open(2);
    let numbered: Vec<Job> = (0..jobs).map(|number| bench.job(number)).collect();
    let Bench { ends, ledger, .. } = &mut bench;
    let Ends { inlet, outlets, .. } = ends;
    sit(ledger, 1, &mut outlets[1], false, |outlet, idle| {
        numbered.into_iter().for_each(|job| queue(inlet, job, Caller::Worker(1)));
        assert_eq!(pop_until_something(outlet, idle), Popped::Job);
    });
    sit(ledger, 0, &mut outlets[0], false, |outlet, idle| {
        let over = Some(Instant::now());
        (1..jobs)
            .for_each(|_| assert_eq!(pop(outlet, over, idle), Popped::Job, "while another seat held jobs"));
    });
    assert!(bench.ran().into_iter().eq(0..jobs), "not every job came once");
}

fn waits_for_nobody<S: Strategy>(open: Open<'_, S>, room: usize) {
    if room == usize::MAX {
        return;
    }
    let mut bench = open(1);
    bench.fill(room);
    let job = || Job::new(|| ());
    let Ends { inlet, outlets, .. } = &mut bench.ends;
    sit(&bench.ledger, 0, &mut outlets[0], false, |_, _| {
        drop(inlet.push(job(), Submit::default(), Caller::Worker(0)));
    });
    drop(inlet.push(job(), Submit::ticket(), Caller::Outside));
    drop(inlet.push(job(), Submit::default().no_wait(), Caller::Outside));
}
