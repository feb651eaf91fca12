//! Where this differs from rayon-core, by choice: see the table in the crate's documentation.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use rayon_core::{ThreadPool, ThreadPoolBuilder, scope};

fn pool(spec: &str) -> ThreadPool {
    ThreadPoolBuilder::new().pool(spec.parse().unwrap()).build().unwrap()
}

/// rayon-core aborts the process.
#[test]
fn a_panic_without_a_handler_is_no_abort() {
    for strategy in ["stealing:1", "bounded:1", "mpsc:1", "priority:1"] {
        let pool = pool(strategy);
        pool.spawn(|| panic!("nobody hears of it"));
        assert_eq!(pool.install(|| 7), 7);
    }
}

/// rayon-core's `mixed_*_order` tests of scopes expect one order over all scopes of a worker; here the scope that is waited for
/// goes first.
#[test]
fn the_scope_that_is_waited_for_goes_first() {
    let order = Mutex::new(Vec::new());
    let note = |name| order.lock().unwrap().push(name);
    let note = &note;
    pool("stealing:1").install(|| {
        scope(|outer| {
            scope(|inner| {
                inner.spawn(move |_| note("inner"));
                outer.spawn(move |_| note("outer"));
                inner.spawn(move |_| note("inner, too"));
            });
        });
    });
    assert_eq!(*order.lock().unwrap(), ["inner, too", "inner", "outer"]);
}

#[test]
fn a_pool_that_is_dropped_runs_what_is_queued_and_what_that_spawns() {
    for strategy in ["stealing:2", "bounded:2", "mpsc:2", "priority:2"] {
        let (send, receive) = std::sync::mpsc::channel();
        let pool = pool(strategy);
        pool.spawn(move || rayon_core::spawn(move || send.send(7).unwrap()));
        drop(pool);
        assert_eq!(receive.recv(), Ok(7));
    }
}

#[test]
fn a_specification_that_means_nothing_fails_the_build() {
    let error = "stealing:help=maybe".parse::<rayon_core::PoolSpec>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`help=maybe` in the specification of a pool; expected `help=yes` or `help=no`"
    );
}

#[test]
fn scopes_broadcast_and_scoped_threads_end() {
    let ended = Arc::new(AtomicBool::new(false));
    let workers = ThreadPoolBuilder::new()
        .num_threads(3)
        .build_scoped(
            |thread| {
                thread.run();
                ended.store(true, SeqCst);
            },
            |pool| {
                let seen = Mutex::new(Vec::new());
                pool.scope(|scope| {
                    scope.spawn_broadcast(|_, context| seen.lock().unwrap().push(context.index()))
                });
                let mut seen = seen.into_inner().unwrap();
                seen.sort();
                seen
            },
        )
        .unwrap();
    assert_eq!(workers, [0, 1, 2]);
    assert!(ended.load(SeqCst));
}
