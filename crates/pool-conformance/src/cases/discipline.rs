//! The rules of [`Strategy`], [`Inlet`] and [`Outlet`], checked on the channel alone.
//!
//! A pool around a strategy that breaks one of them hangs or loses jobs somewhere else. So these come first: a case that needs
//! a pool is not run on such a strategy, and fails with the rule.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use pool_core::adapter::{PoolContext, Recorder};
use pool_core::strategy::{
    Caller, Ends, Group, Inlet, Look, Order, Outlet, Parking, Pop, Push, Search, Strategy,
};
use pool_core::testing;
use pool_core::{Job, Submit};

use crate::run::text_of;
use crate::{Case, Subject};

/// A rule that has not been kept by then is broken. Each check takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(20);

/// The rules, on one strategy, and whether it keeps them; each is checked once.
pub(crate) struct Rules(Vec<Rule>);

struct Rule {
    name: &'static str,
    text: &'static str,
    check: Arc<dyn Fn(usize) + Send + Sync>,
    outcome: OnceLock<Result<(), String>>,
}

impl Rules {
    pub(crate) fn of<S: Strategy>(make: Arc<impl Fn() -> S + Send + Sync + 'static>) -> Arc<Self> {
        let rule = |(name, text, check): RuleOf<S>| {
            let make = make.clone();
            Rule {
                name,
                text,
                check: Arc::new(move |room| check(&|slots| Bench::open(make(), slots), room)),
                outcome: OnceLock::new(),
            }
        };
        Arc::new(Rules(rules::<S>().into_iter().map(rule).collect()))
    }

    /// A case for each.
    pub(crate) fn cases(self: &Arc<Self>) -> Vec<Case> {
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
    pub(crate) fn check(&self, room: usize) -> Result<(), String> {
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
        ("an_outlet_for_each_slot", "Strategy::open must return one outlet for each slot", outlets),
        (
            "each_job_once",
            "Inlet::push must queue a job while there is room, and Outlet::pop give each job once",
            each_once,
        ),
        ("it_does_not_wait", "Outlet::pop must return Pop::Empty at once when nothing is queued", empty),
        (
            "it_tells_of_jobs",
            "Outlet::has_work must be true, and Outlet::look return Look::Work, while a job is queued",
            tells,
        ),
        (
            "it_tells_of_nothing_else",
            "Outlet::has_work must be false, and Outlet::look not return Look::Work, when nothing is queued",
            tells_no_more,
        ),
        (
            "a_job_wakes_a_worker",
            "an Inlet::push that says that it WAKES must wake a parked worker for a queued job",
            wakes,
        ),
        ("the_rest_stays", "Outlet::pop must give what is left when the inlet has been dropped", rest),
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
    parking: Arc<Parking>,
    context: Arc<PoolContext>,
    /// Jobs say their numbers when they run.
    say: Sender<usize>,
    said: Receiver<usize>,
}

impl<S: Strategy> Bench<S> {
    fn open(strategy: S, slots: usize) -> Self {
        let parking = Arc::new(Parking::new(slots, Order::ByCpu));
        let ends =
            strategy.open(slots, &parking).unwrap_or_else(|error| panic!("for {slots} slots: {error}"));
        let (say, said) = channel();
        let context = Recorder::new("discipline", slots).context().clone();
        Bench { ends, parking, context, say, said }
    }

    fn job(&self, number: usize) -> Job {
        let say = self.say.clone();
        Job::new(move || say.send(number).expect("the check waits for its jobs"))
    }

    /// Queues this many jobs, from outside.
    fn fill(&self, jobs: usize) {
        (0..jobs).for_each(|number| queue(&self.ends.inlet, self.job(number), Caller::Outside));
    }

    /// Occupies this slot, as a worker does, for as long as `work` takes.
    fn occupy<R>(&mut self, index: usize, work: impl FnOnce(&mut S::Outlet, &mut Search<'_>) -> R) -> R {
        occupy(&self.context, &self.parking, index, &mut self.ends.outlets[index], work)
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

fn occupy<O: Outlet, R>(
    context: &PoolContext,
    parking: &Parking,
    index: usize,
    outlet: &mut O,
    work: impl FnOnce(&mut O, &mut Search<'_>) -> R,
) -> R {
    testing::occupy(context, parking, index, |search| {
        outlet.attach();
        let result = work(outlet, search);
        outlet.detach();
        result
    })
}

/// Pops as a worker does, and runs what it gets. Returns whether it got something.
fn pop<O: Outlet>(outlet: &mut O, search: &mut Search<'_>) -> bool {
    match outlet.pop(search) {
        Pop::Job(job) => {
            job.run();
            true
        }
        Pop::Empty => false,
        Pop::Shed(..) => panic!("a job was shed though the queue was not too long"),
    }
}

fn outlets<S: Strategy>(open: Open<'_, S>, _: usize) {
    for slots in 1..=4 {
        let outlets = open(slots).ends.outlets.len();
        assert_eq!(outlets, slots, "for {slots} slots there were {outlets} outlets");
    }
}

fn each_once<S: Strategy>(open: Open<'_, S>, room: usize) {
    let mut bench = open(1);
    for jobs in (1..=room.min(8)).chain([1, 1, 1]) {
        bench.fill(jobs);
        bench.occupy(0, |outlet, search| {
            (0..jobs).for_each(|_| assert!(pop(outlet, search), "Pop::Empty with a job queued"));
        });
        assert!(bench.ran().into_iter().eq(0..jobs), "not every job came once");
    }
}

fn empty<S: Strategy>(open: Open<'_, S>, _: usize) {
    let mut bench = open(2);
    for jobs in [0, 1, 0] {
        bench.fill(jobs);
        bench.occupy(0, |outlet, search| {
            let popped = std::iter::from_fn(|| pop(outlet, search).then_some(())).count();
            assert_eq!(popped, jobs, "with {jobs} jobs queued");
        });
    }
}

fn tells<S: Strategy>(open: Open<'_, S>, _: usize) {
    for teller in 0..2 {
        let mut bench = open(2);
        bench.fill(1);
        bench.occupy(teller, |outlet, search| {
            assert!(outlet.has_work(), "has_work is false");
            assert_eq!(outlet.look(), Look::Work);
            assert!(pop(outlet, search), "Pop::Empty with a job queued");
        });
    }
}

fn tells_no_more<S: Strategy>(open: Open<'_, S>, _: usize) {
    let mut bench = open(2);
    for jobs in [0, 1] {
        bench.fill(jobs);
        bench.occupy(0, |outlet, search| {
            (0..jobs).for_each(|_| assert!(pop(outlet, search), "Pop::Empty with a job queued"));
            assert!(!pop(outlet, search));
            assert!(!outlet.has_work(), "has_work is true");
            assert_ne!(outlet.look(), Look::Work);
        });
    }
}

fn wakes<S: Strategy>(open: Open<'_, S>, _: usize) {
    if !S::Inlet::WAKES {
        return;
    }
    let mut bench = open(1);
    let job = bench.job(0);
    let Bench { ends: Ends { inlet, outlets, .. }, parking, context, .. } = &mut bench;
    let (announce, announced) = channel();
    thread::scope(|threads| {
        threads.spawn(|| {
            let parking = &**parking;
            occupy(context, parking, 0, &mut outlets[0], |outlet, search| {
                assert!(!pop(outlet, search), "nothing was pushed");
                let group = if outlet.is_reserved() { Group::Reserved } else { Group::General };
                outlet.prepare_to_park(search);
                parking.announce(0, false, group);
                assert_ne!(outlet.look(), Look::Work, "nothing was pushed");
                announce.send(()).expect("the check waits for this");
                parking.park(0, None);
                assert!(pop(outlet, search), "Pop::Empty with a job queued");
            });
        });
        announced.recv().expect("the worker says so");
        queue(&*inlet, job, Caller::Outside);
    });
    assert_eq!(bench.ran(), [0]);
}

fn rest<S: Strategy>(open: Open<'_, S>, room: usize) {
    let jobs = room.min(5);
    let bench = open(1);
    bench.fill(jobs);
    let Bench { ends, context, parking, said, .. } = bench;
    let Ends { inlet, mut outlets, spare: _spare } = ends;
    drop(inlet);
    occupy(&context, &parking, 0, &mut outlets[0], |outlet, search| while pop(outlet, search) {});
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
    let Bench { ends: Ends { inlet, outlets, .. }, parking, context, .. } = &mut bench;
    occupy(context, parking, 1, &mut outlets[1], |outlet, search| {
        numbered.into_iter().for_each(|job| queue(&*inlet, job, Caller::Worker(1)));
        assert!(pop(outlet, search), "Pop::Empty with a job queued");
    });
    occupy(context, parking, 0, &mut outlets[0], |outlet, search| {
        (1..jobs).for_each(|_| assert!(pop(outlet, search), "Pop::Empty while another slot held jobs"));
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
    let Bench { ends: Ends { inlet, outlets, .. }, parking, context, .. } = &mut bench;
    occupy(context, parking, 0, &mut outlets[0], |_, _| {
        drop(inlet.push(job(), Submit::default(), Caller::Worker(0)));
    });
    drop(inlet.push(job(), testing::ticket(), Caller::Outside));
    drop(inlet.push(job(), Submit::default().no_wait(), Caller::Outside));
}
