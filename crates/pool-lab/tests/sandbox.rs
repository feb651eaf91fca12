//! Pools in use whose process enters a sandbox that refuses `membarrier`: they go on, lose nothing, and end.
//!
//! A sandbox is for good, and so is what a process has found out about fences. So each scenario has a process of its own:
//! this program again, with the scenario in the environment.

#![cfg(target_os = "linux")]

#[path = "../../pool-core/tests/support/seccomp.rs"]
mod seccomp;

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::{env, thread};

use pool_core::{Pool, PoolExt, Reason, Shutdown};
use pool_lab::engines;

use self::seccomp::{Refused, refuse_membarrier};

const SCENARIO: &str = "SANDBOX_SCENARIO";

/// It turns a hang into a failure.
const DEADLINE_SECONDS: u32 = 100;

const WORKERS: usize = 3;

/// What is tested besides each of our pools with its defaults.
const VARIANTS: [&str; 2] = ["bounded:3:capacity=4", "priority:3:express=1"];

/// Each thread counts its first 64 entries with locked instructions.
const MANY: u64 = 200;

/// Runs each of these scenarios in a process of its own, in which the test of this name runs `body` instead.
fn each_alone(test: &str, scenarios: impl IntoIterator<Item = String>, body: fn(&str)) {
    if let Ok(scenario) = env::var(SCENARIO) {
        // SAFETY: no pointers; the default action of the signal ends the process.
        unsafe { libc::alarm(DEADLINE_SECONDS) };
        return body(&scenario);
    }
    let program = env::current_exe().unwrap();
    for scenario in scenarios {
        let mut run = Command::new(&program);
        let output = run.args(["--exact", test, "--nocapture"]).env(SCENARIO, &scenario).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{scenario}: {}: {said}", output.status);
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{scenario} has run");
    }
}

/// Each pool with each of these.
fn with_each(others: &[&str]) -> Vec<String> {
    let ours = engines::rows().iter().filter(|row| row.engine.can.is_pool);
    let ours = ours.map(|row| format!("{}:{WORKERS}", row.engine.name));
    let pools = ours.chain(VARIANTS.map(str::to_owned));
    pools.flat_map(|pool| others.iter().map(move |other| format!("{pool} {other}"))).collect()
}

fn fib(pool: &Arc<dyn Pool>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (left, right) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    left + right
}

fn count(ran: &AtomicU64) {
    ran.fetch_add(1, SeqCst);
}

/// Has this thread and each worker enter the gate often, and fork. Returns how many jobs have run.
fn work(pool: &Arc<dyn Pool>) -> u64 {
    let ran = Arc::new(AtomicU64::new(0));
    let submit = |pool: &Arc<dyn Pool>, ran: &Arc<AtomicU64>| {
        for _ in 0..MANY {
            let ran = ran.clone();
            pool.execute(move || count(&ran)).unwrap();
        }
    };
    submit(pool, &ran);
    let all = pool.broadcast(|_| {
        submit(pool, &ran);
        assert_eq!(fib(pool, 10), 55);
    });
    assert_eq!(all.unwrap().len(), WORKERS);
    assert_eq!(fib(pool, 14), 377);
    assert!(pool.wait_idle(None));
    ran.load(SeqCst)
}

/// Joins whose halves wait for each other, many times in one job.
fn meet(pool: &Arc<dyn Pool>) {
    pool.install(|| {
        for _ in 0..50 {
            let both = Barrier::new(2);
            pool.join(|| both.wait(), || both.wait());
        }
    });
}

fn enter_sandbox(who: &str, pool: &Arc<dyn Pool>) {
    let refuse = |refused| refuse_membarrier(refused, libc::EPERM).unwrap();
    match who {
        "everywhere" => refuse(Refused::Everywhere),
        "here" => refuse(Refused::Here),
        "one-worker" => pool.spawn_on(0, move || refuse(Refused::Here)).unwrap().join().unwrap(),
        _ => unreachable!("{who}"),
    }
}

/// Submits until the pool takes nothing more. Returns how many jobs it took.
fn submit_until_closed(pool: &Arc<dyn Pool>, begun: &Barrier, ran: &Arc<AtomicU64>) -> u64 {
    for accepted in 0.. {
        if accepted == 2 * MANY {
            begun.wait();
        }
        let ran = ran.clone();
        if let Err(rejected) = pool.execute(move || count(&ran)) {
            assert_eq!(rejected.reason(), Reason::ShutDown);
            return accepted;
        }
    }
    unreachable!("there are not so many numbers")
}

/// Returns how many jobs came back.
fn end(how: &str, pool: &Arc<dyn Pool>) -> u64 {
    match how {
        "shutdown" => assert_eq!(pool.shutdown(), Shutdown::Terminated),
        "from-a-job" => {
            let inner = pool.clone();
            pool.spawn(move || assert!(matches!(inner.shutdown(), Shutdown::Pending { .. })))
                .unwrap()
                .join()
                .unwrap();
            assert_eq!(pool.shutdown(), Shutdown::Terminated);
        }
        "shutdown-now" => {
            let (jobs, shutdown) = pool.shutdown_now();
            assert_eq!(shutdown, Shutdown::Terminated);
            return jobs.len() as u64;
        }
        _ => unreachable!("{how}"),
    }
    0
}

#[test]
fn a_pool_in_use_goes_on_and_ends() {
    let scenarios = with_each(&[
        "everywhere shutdown",
        "everywhere shutdown-now",
        "everywhere from-a-job",
        "here shutdown",
        "one-worker shutdown",
        "one-worker from-a-job",
    ]);
    each_alone("a_pool_in_use_goes_on_and_ends", scenarios, |scenario| {
        let mut words = scenario.split(' ');
        let mut word = || words.next().unwrap();
        let (spec, who, how) = (word(), word(), word());
        let pool = pool_lab::build(spec).unwrap();
        let all_from = |pool| assert_eq!(work(pool), (1 + WORKERS as u64) * MANY);
        all_from(&pool);
        enter_sandbox(who, &pool);
        meet(&pool);
        all_from(&pool);

        let (ran, begun) = (Arc::new(AtomicU64::new(0)), Barrier::new(3));
        let before = pool.counts();
        let (accepted, returned) = thread::scope(|threads| {
            let submit = || threads.spawn(|| submit_until_closed(&pool, &begun, &ran));
            let submitters = [submit(), submit()];
            begun.wait();
            let returned = end(how, &pool);
            (submitters.map(|submitter| submitter.join().unwrap()).iter().sum::<u64>(), returned)
        });
        let counts = pool.counts();
        assert_eq!(ran.load(SeqCst) + counts.discarded - before.discarded, accepted);
        assert_eq!(counts.discarded - before.discarded, returned);
        assert_eq!((counts.accounted(), counts.queued, counts.running), (counts.submitted, 0, 0));

        let next = pool_lab::build(spec).unwrap();
        meet(&next);
        all_from(&next);
        assert_eq!(next.shutdown(), Shutdown::Terminated);
    });
}

#[test]
fn a_pool_at_rest_can_be_dropped() {
    let scenarios = with_each(&["everywhere", "here", "one-worker"]);
    each_alone("a_pool_at_rest_can_be_dropped", scenarios, |scenario| {
        let (spec, who) = scenario.split_once(' ').unwrap();
        let [pool, other] = [(); 2].map(|()| pool_lab::build(spec).unwrap());
        work(&pool);
        work(&other);
        enter_sandbox(who, &pool);
        let context = pool.context().clone();
        drop(pool);
        let counts = context.counts();
        assert_eq!((counts.submitted, counts.queued), (counts.completed, 0));
        // That one finds out when the fence has failed elsewhere.
        meet(&other);
        work(&other);
        drop(other);
    });
}
