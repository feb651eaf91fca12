//! What the conformance suite says of strategies that break a rule: which one it is, and never that something hangs.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use pool_conformance::{Claim, Subject};
use pool_core::strategy::{Caller, Ends, Inlet, Outlet, Parking, Patience, Pop, Push, Search, Strategy};
use pool_core::{BuildError, Job, Reason, Submit};

/// What a strategy does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    OpensTooFew,
    LosesJobs,
    WaitsForJobs,
    TellsOfNothing,
    TellsAlways,
    WakesNobody,
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
    parking: Arc<Parking>,
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
    const WAKES: bool = true;

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
            self.0.parking.notify();
        }
        Push::Queued
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.lock().closed = true;
    }
}

struct Exit {
    shared: Arc<Shared>,
    kept: VecDeque<Job>,
}

impl Outlet for Exit {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        let shared = &*self.shared;
        if let Some(job) = self.kept.pop_front() {
            return Pop::Job(job);
        }
        let mut state = shared.lock();
        if state.closed && shared.has(Fault::ForgetsTheRest) {
            return Pop::Empty;
        }
        while shared.has(Fault::WaitsForJobs) && state.jobs.is_empty() {
            state = shared.emptied.wait(state).unwrap();
        }
        let next = state.jobs.pop_front();
        if shared.has(Fault::KeepsJobs) {
            self.kept.extend(state.jobs.drain(..));
        }
        shared.emptied.notify_all();
        next.map_or(Pop::Empty, Pop::Job)
    }

    fn has_work(&self) -> bool {
        match self.shared.fault {
            Fault::TellsOfNothing => false,
            Fault::TellsAlways => true,
            _ => !self.shared.lock().jobs.is_empty(),
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

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let (state, emptied) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { fault: self.0, state, emptied, parking: parking.clone() });
        let exit = || Exit { shared: shared.clone(), kept: VecDeque::new() };
        let outlets = if self.0 == Fault::OpensTooFew { 1 } else { slots };
        let outlets = (0..outlets).map(|_| exit()).collect();
        Ok(Ends { outlets, spare: exit(), inlet: Entry(shared) })
    }
}

fn subject(fault: Fault) -> Subject {
    Subject::strategy("broken", move || Broken(fault)).claiming(&[Claim::Fifo]).queue_of(CAPACITY)
}

#[test]
fn without_a_fault_it_keeps_all_contracts() {
    pool_conformance::run(&subject(Fault::Nothing)).unwrap();
}

#[test]
fn each_broken_rule_is_named() {
    let broken = [
        (Fault::OpensTooFew, "Strategy::open must return one outlet for each slot"),
        (Fault::LosesJobs, "Outlet::pop give each job once"),
        (Fault::WaitsForJobs, "Outlet::pop must return Pop::Empty at once when nothing is queued"),
        (Fault::TellsOfNothing, "Outlet::has_work must be true"),
        (Fault::TellsAlways, "Outlet::has_work must be false"),
        (Fault::WakesNobody, "must wake a parked worker for a queued job"),
        (Fault::ForgetsTheRest, "Outlet::pop must give what is left when the inlet has been dropped"),
        (Fault::DrainsNothing, "Outlet::drain on the spare outlet must take every queued job"),
        (Fault::KeepsJobs, "Outlet::detach must leave what the worker held where the other outlets find it"),
        (Fault::AlwaysWaits, "Inlet::push must not wait for room when a worker pushes"),
    ];
    thread::scope(|threads| {
        for (fault, rule) in broken {
            threads.spawn(move || {
                let failures = pool_conformance::run(&subject(fault)).unwrap_err();
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
