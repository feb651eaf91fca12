//! What pools cost in memory and threads, counted. Everything is one test, since resident memory is the process's.
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use pool_bounded::Bounded;
use pool_core::{Pool, PoolExt};
use pool_lab::engine::Engine;
use pool_lab::engines::{self, Row};

const JOBS: usize = 1_000_000;
const KIB: usize = 1024;

/// What a queue holds by default, of the pools whose queue has a bound.
const CAPACITY: usize = Bounded::DEFAULT_CAPACITY;

/// A pool of so many workers that queues so many jobs.
fn build(engine: &Engine, threads: usize, jobs: usize) -> Arc<dyn Pool> {
    let is_bounded = engine.options.iter().any(|rule| rule.name == "capacity");
    let capacity = if is_bounded { format!(":capacity={jobs}") } else { String::new() };
    pool_lab::build(&format!("{}:{threads}{capacity}", engine.name)).unwrap()
}

/// Resident bytes of this process.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * KIB
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// Waits until there are no more threads than this: one that has been joined may still be listed for a moment.
fn wait_for_threads(most: usize, name: &str) {
    let begun = Instant::now();
    while threads() > most {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{name}: {} threads, and {most} before",
            threads()
        );
        thread::yield_now();
    }
}

#[test]
fn pools_cost_what_they_say() {
    let own_threads = threads();
    for Row { engine, .. } in engines::rows().iter().filter(|row| row.engine.can.is_pool) {
        idle_workers_cost_under_a_mebibyte(engine);
        start_and_stop_leaves_nothing_behind(engine, own_threads);
        queued_jobs_cost_under_64_bytes(engine);
    }
}

fn idle_workers_cost_under_a_mebibyte(engine: &Engine) {
    let name = engine.name;
    // Many at once, so that none lives in what an earlier one left; the first pays for what a process has once.
    const POOLS: usize = 32;
    let first = build(engine, 2, CAPACITY);
    let before = resident();
    let pools: Vec<_> = (0..POOLS).map(|_| build(engine, 2, CAPACITY)).collect();
    let cost = resident().saturating_sub(before) / POOLS;
    assert!(cost < 1024 * KIB, "{name}: two idle workers cost {} KiB", cost / KIB);
    println!("{name}: two idle workers cost {} KiB", cost / KIB);
    assert_eq!(pools.iter().chain([&first]).map(|pool| pool.threads()).sum::<usize>(), 2 * (POOLS + 1));
}

fn queued_jobs_cost_under_64_bytes(engine: &Engine) {
    let name = engine.name;
    // A bounded queue is paid for when it is built.
    let before = resident();
    let pool = build(engine, 1, JOBS);
    let (release, released) = channel::<()>();
    let (started, running) = channel();
    let busy = move || {
        started.send(()).unwrap();
        let _ = released.recv();
    };
    pool.execute(busy).unwrap();
    running.recv().unwrap();
    for number in 0..JOBS {
        pool.execute(move || assert!(number < JOBS)).unwrap();
    }
    let each = resident().saturating_sub(before) as f64 / JOBS as f64;
    assert_eq!(pool.counts().queued, JOBS as u64);
    assert!(each < 64.0, "{name}: a queued job costs {each:.1} bytes");
    println!("{name}: a queued job costs {each:.1} bytes");
    drop(release);
    let _ = pool.shutdown();
    assert_eq!(pool.counts().completed, JOBS as u64 + 1);
}

fn start_and_stop_leaves_nothing_behind(engine: &Engine, own_threads: usize) {
    let name = engine.name;
    let cycle = || {
        let pool = build(engine, 2, CAPACITY);
        pool.execute(|| {}).unwrap();
        let _ = pool.shutdown();
    };
    (0..100).for_each(|_| cycle());
    wait_for_threads(own_threads, name);
    let before = resident();
    (0..1000).for_each(|_| cycle());
    wait_for_threads(own_threads, name);
    let growth = resident().saturating_sub(before);
    // Room for the allocator's moods; a leak of one word a cycle in each of a pool's parts would show.
    assert!(growth < 512 * KIB, "{name}: 1,000 pools left {} KiB behind", growth / KIB);
    println!("{name}: 1,000 pools left {} KiB behind", growth / KIB);
}
