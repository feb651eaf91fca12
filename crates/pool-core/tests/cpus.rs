//! A pool's threads run on the CPUs of the process, whichever CPU the thread is bound to that starts them.
#![cfg(target_os = "linux")]

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::env;
use std::fs;
use std::mem::MaybeUninit;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use pool_core::{Attributes, Builder, Pool, PoolExt, Scaling, ThreadPool, Threads};

use self::deque::{Deque, End};

/// Set in a child process.
const CHILD: &str = "POOL_CORE_TEST_CHILD";

fn pool() -> Builder<Deque> {
    ThreadPool::with(Deque::taking_from(End::Oldest))
}

/// The CPUs that the calling thread may run on, as Linux writes it: `0-1,4`.
fn allowed() -> String {
    allowed_to("thread-self")
}

fn allowed_to(thread: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.expect("Linux tells").trim().to_owned()
}

fn on_each(pool: &dyn Pool) -> Vec<String> {
    pool.broadcast(|_| allowed()).unwrap()
}

/// Runs this on a thread that is bound to one CPU, if the process has several.
fn bound<R: Send>(body: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: a set of bits may be all zero.
            let mut cpus: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
            let size = size_of::<libc::cpu_set_t>();
            // SAFETY: the set is valid for the write of its size.
            assert_eq!(unsafe { libc::sched_getaffinity(0, size, &raw mut cpus) }, 0);
            // SAFETY: the number is within the set.
            let is_allowed = |cpu: &usize| unsafe { libc::CPU_ISSET(*cpu, &cpus) };
            let last = (0..1024).rfind(is_allowed).unwrap();
            // SAFETY: the set is initialised.
            unsafe { libc::CPU_ZERO(&mut cpus) };
            // SAFETY: the number is within the set.
            unsafe { libc::CPU_SET(last, &mut cpus) };
            // SAFETY: the set is valid for the read of its size.
            assert_eq!(unsafe { libc::sched_setaffinity(0, size, &raw const cpus) }, 0);
            assert_eq!(allowed(), last.to_string());
            body()
        });
        thread.join().unwrap()
    })
}

fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

#[test]
fn a_pool_that_a_bound_thread_builds() {
    let all = allowed();
    for pool in bound(|| [pool().threads(2).build(), pool().on_start(|_| ()).threads(2).build()]) {
        assert_eq!(on_each(&pool.unwrap()), [&*all, &*all]);
    }
    let default = bound(|| pool().build().unwrap());
    assert_eq!(default.threads(), Threads::cpu_bound().get());
    assert_eq!(bound(Threads::io_bound), Threads::io_bound());
    assert_eq!(bound(|| pool().follow_cpu_limit(true).build().unwrap()).threads(), default.threads());
}

#[test]
fn workers_that_bound_threads_have_started() {
    let all = allowed();
    let resized = pool().threads(1).max_threads(2).build().unwrap();
    bound(|| resized.resize(2).unwrap());
    until(|| resized.present_workers().len() == 2);
    assert_eq!(on_each(&resized), [&*all, &*all]);

    let scaling = pool().scaling(Scaling::between(0, 2)).build().unwrap();
    assert_eq!(bound(|| scaling.install(allowed)), all);
}

/// Its predecessor's thread starts it.
#[test]
fn one_that_replaces_a_worker_that_has_bound_itself() {
    std::panic::set_hook(Box::new(|_| ()));
    let all = allowed();
    let pool = pool().threads(1).on_panic(|_| panic!("on purpose")).build().unwrap();
    pool.execute(|| {
        bind_to_one();
        panic!("on purpose")
    })
    .unwrap();
    assert_eq!(pool.spawn(allowed).unwrap().join().unwrap(), all);
    assert_eq!(pool.stats().replaced(), 1);
}

/// Binds the calling thread.
fn bind_to_one() {
    // SAFETY: a set of bits may be all zero.
    let mut cpus: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: it takes nothing.
    let here = usize::try_from(unsafe { libc::sched_getcpu() }).unwrap();
    // SAFETY: the number is within the set.
    unsafe { libc::CPU_SET(here, &mut cpus) };
    // SAFETY: the set is valid for the read of its size.
    assert_eq!(unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const cpus) }, 0);
    assert_eq!(allowed(), here.to_string());
}

/// The first worker that runs a job with a limit starts it.
#[test]
fn the_thread_that_sees_to_limits() {
    let (say, said) = channel();
    let pool = pool().threads(1).on_overdue(move |_| say.send(allowed()).unwrap()).build().unwrap();
    let go = channel::<()>();
    let limit = Attributes::new().run_limit(Duration::from_millis(1));
    pool.execute(bind_to_one).unwrap();
    let stuck = pool.spawn_with(limit, move || go.1.recv()).unwrap();
    assert_eq!(said.recv().unwrap(), allowed());
    drop(go.0);
    assert!(stuck.join().unwrap().is_err());
}

/// Runs one test of this file again, in a process that is started by a bound thread, and so is bound itself.
fn again(test: &str) {
    let program = env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, "bound");
    let output = bound(|| command.output().unwrap());
    let told = String::from_utf8_lossy(&output.stdout);
    let one_passed = output.status.success() && told.contains("1 passed");
    assert!(one_passed, "{told}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_process_that_is_bound_stays_so() {
    if env::var_os(CHILD).is_none() {
        return again("a_process_that_is_bound_stays_so");
    }
    let only = allowed_to("self");
    assert!(only.parse::<usize>().is_ok(), "one CPU: {only}");
    let default = pool().max_threads(2).build().unwrap();
    assert_eq!((default.threads(), on_each(&default)), (1, vec![only.clone()]));
    default.resize(2).unwrap();
    until(|| default.present_workers().len() == 2);
    assert_eq!(on_each(&default), [&*only, &*only]);
}
