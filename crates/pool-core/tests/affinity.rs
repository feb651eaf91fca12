//! Workers stay on the CPUs that they are bound to.
#![cfg(target_os = "linux")]

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::fs;

use pool_core::{BuildError, Builder, Pinning, ThreadPool};

use self::deque::{Deque, End};

fn pool(threads: usize) -> Builder<Deque> {
    ThreadPool::with(Deque::taking_from(End::Oldest)).threads(threads)
}

/// The CPUs that the calling thread may run on, as Linux writes it: `0-1,4`.
fn allowed() -> String {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.expect("Linux tells").trim().to_owned()
}

fn allowed_on_each(pool: &ThreadPool<Deque>) -> Vec<String> {
    let handles = pool.spawn_broadcast(|_| allowed()).unwrap();
    handles.into_iter().map(|handle| handle.join().unwrap()).collect()
}

#[test]
fn each_worker_stays_on_its_cpu() {
    let cpus: Vec<String> =
        core_affinity::get_core_ids().unwrap().iter().map(|cpu| cpu.id.to_string()).collect();
    let threads = cpus.len() + 1;
    let pinned = pool(threads).pin(Pinning::RoundRobin).build().unwrap();
    let expected: Vec<_> = cpus.iter().cycle().take(threads).cloned().collect();
    assert_eq!(allowed_on_each(&pinned), expected);
}

#[test]
fn cpus_may_be_named() {
    let last = core_affinity::get_core_ids().unwrap().last().unwrap().id;
    let pinned = pool(2).pin(Pinning::Cpus(vec![last])).build().unwrap();
    assert_eq!(allowed_on_each(&pinned), [last.to_string(), last.to_string()]);
    let error = pool(1).pin(Pinning::Cpus(vec![last, 99_999])).build().unwrap_err();
    assert!(matches!(error, BuildError::Cpu(99_999)), "{error}");
}

#[test]
fn by_default_workers_run_anywhere() {
    assert_eq!(allowed_on_each(&pool(1).build().unwrap()), [allowed()]);
}
