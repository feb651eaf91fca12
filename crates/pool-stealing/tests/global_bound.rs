//! The global pool, in a process of its own, where a thread is the first to use it that is bound to one CPU.
#![cfg(target_os = "linux")]

use std::thread;

use pool_core::Threads;

#[test]
fn it_has_a_worker_for_each_cpu_of_the_process() {
    let allowed = || core_affinity::get_core_ids().unwrap().len();
    let (all, expected) = (allowed(), Threads::cpu_bound().get());
    let pool = thread::spawn(move || {
        core_affinity::set_for_current(core_affinity::get_core_ids().unwrap()[0]);
        assert_eq!(allowed(), 1);
        pool_stealing::global()
    });
    let pool = pool.join().unwrap();
    assert_eq!(pool.threads(), expected);
    assert!(pool.broadcast(|_| allowed()).unwrap().into_iter().all(|cpus| cpus == all));
}
