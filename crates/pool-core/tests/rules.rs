//! What the conformance suite says of strategies that break a rule: which one it is, and never that something hangs.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use pool_core::conformance::{self, Claim, Subject};
use pool_core::strategy::{Caller, Ends, Idle, Inlet, Outlet, Patience, Pop, Push, Strategy};
use pool_core::{BuildError, Job, Reason, Submit};

/// What a strategy does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    OpensTooFew,
    LosesJobs,
    DoesNotLook,
    IgnoresTheTime,
    SaysNothing,
    HeedsNothing,
    WakesNobody,
    EndsInSilence,
    ForgetsTheRest,
    DrainsNothing,
    KeepsJobs,
    AlwaysWaits,
}

const CAPACITY: usize = 8;

struct Broken(Fault);

struct Shared {
    fault: Fault,
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    pushed: usize,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

struct Entry(Arc<Shared>);

impl Inlet for Entry {
    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        let mut state = self.0.lock();
        let may_wait =
            caller == Caller::Outside && !submit.is_ticket() && submit.patience() == Patience::Policy;
        while state.jobs.len() >= CAPACITY {
            if !may_wait && !self.0.has(Fault::AlwaysWaits) {
                let policy = submit.patience() == Patience::Policy && !submit.is_ticket();
                return if policy { Push::RunHere(job) } else { Push::Refused(job, Reason::Full) };
            }
            state = self.0.emptied.wait(state).unwrap();
        }
        state.pushed += 1;
        if !self.0.has(Fault::LosesJobs) || !state.pushed.is_multiple_of(3) {
            state.jobs.push_back(job);
        }
        if !self.0.has(Fault::WakesNobody) {
            self.0.filled.notify_one();
        }
        Push::Queued
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        if !self.0.has(Fault::EndsInSilence) {
            self.0.filled.notify_all();
        }
    }
}

struct Exit {
    shared: Arc<Shared>,
    kept: VecDeque<Job>,
}

impl Outlet for Exit {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        let shared = &*self.shared;
        let is_over = || until.is_some_and(|until| until <= Instant::now());
        if let Some(job) = self.kept.pop_front() {
            return Pop::Job(job);
        }
        let mut state = shared.lock();
        if shared.has(Fault::DoesNotLook) && is_over() {
            return Pop::TimedOut;
        }
        loop {
            if state.closed && shared.has(Fault::ForgetsTheRest) {
                return Pop::Closed;
            }
            let next = state.jobs.pop_front();
            if shared.has(Fault::KeepsJobs) {
                self.kept.extend(state.jobs.drain(..));
            }
            shared.emptied.notify_all();
            match next {
                Some(job) => return Pop::Job(job),
                None if state.closed => return Pop::Closed,
                None => {}
            }
            if !shared.has(Fault::SaysNothing) && idle.begin() && !shared.has(Fault::HeedsNothing) {
                return Pop::TimedOut;
            }
            let until = until.filter(|_| !shared.has(Fault::IgnoresTheTime));
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => shared.filled.wait(state).unwrap(),
                Some(left) if left.is_zero() => return Pop::TimedOut,
                Some(left) => shared.filled.wait_timeout(state, left).unwrap().0,
            };
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        if !self.shared.has(Fault::DrainsNothing) {
            jobs.extend(self.shared.lock().jobs.drain(..));
            self.shared.emptied.notify_all();
        }
    }
}

impl Strategy for Broken {
    type Inlet = Entry;
    type Outlet = Exit;
    const NAME: &'static str = "broken";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        let (state, filled, emptied) = (Mutex::default(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { fault: self.0, state, filled, emptied });
        let exit = || Exit { shared: shared.clone(), kept: VecDeque::new() };
        let outlets = if self.0 == Fault::OpensTooFew { 1 } else { seats };
        let outlets = (0..outlets).map(|_| exit()).collect();
        Ok(Ends { outlets, spare: exit(), inlet: Entry(shared) })
    }
}

fn subject(fault: Fault) -> Subject {
    Subject::strategy("broken", move || Broken(fault)).claiming(&[Claim::Fifo]).queue_of(CAPACITY)
}

#[test]
fn without_a_fault_it_keeps_all_contracts() {
    conformance::run(&subject(Fault::Nothing)).unwrap();
}

#[test]
fn each_broken_rule_is_named() {
    let broken = [
        (Fault::OpensTooFew, "Strategy::open must return one outlet for each seat"),
        (Fault::LosesJobs, "Outlet::pop give each job once"),
        (Fault::DoesNotLook, "Outlet::pop must return a queued job though `until` is over"),
        (Fault::IgnoresTheTime, "Outlet::pop must return Pop::TimedOut by `until`"),
        (Fault::SaysNothing, "Outlet::pop must call Idle::begin before it waits"),
        (
            Fault::HeedsNothing,
            "Outlet::pop must return Pop::TimedOut instead of waiting when Idle::begin says so",
        ),
        (Fault::WakesNobody, "a job that Inlet::push has queued must wake a waiting worker"),
        (Fault::EndsInSilence, "dropping the inlet must wake every waiting worker"),
        (Fault::ForgetsTheRest, "Outlet::pop must give what is left before Pop::Closed"),
        (Fault::DrainsNothing, "Outlet::drain on the spare outlet must take every queued job"),
        (Fault::KeepsJobs, "Outlet::detach must leave what the worker held where the other outlets find it"),
        (Fault::AlwaysWaits, "Inlet::push must not wait for room when a worker pushes"),
    ];
    thread::scope(|threads| {
        for (fault, rule) in broken {
            threads.spawn(move || {
                let failures = conformance::run(&subject(fault)).unwrap_err();
                let (rules, pools): (Vec<_>, Vec<_>) =
                    failures.iter().partition(|failure| failure.starts_with("discipline::"));
                assert!(rules.iter().any(|failure| failure.contains(rule)), "{fault:?}: {rules:#?}");
                let says_so = |failure: &&String| failure.contains("not run: the strategy breaks a rule");
                assert!(pools.len() > 100 && pools.iter().all(says_so), "{fault:?}: {pools:#?}");
                assert!(pools[0].contains(rule), "{fault:?}: {}", pools[0]);
            });
        }
    });
}
