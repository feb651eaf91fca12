//! Where this differs from rayon-core, by choice: see the table in the crate's documentation.

use std::io::{Error, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use rayon_core::{ThreadBuilder, ThreadPool, ThreadPoolBuilder, scope};

fn pool(spec: &str) -> ThreadPool {
    ThreadPoolBuilder::new().pool(spec.parse().unwrap()).build().unwrap()
}

/// rayon-core aborts the process.
#[test]
fn a_panic_without_a_handler_is_no_abort() {
    for strategy in ["stealing:1", "bounded:1", "mpsc:1", "priority:1", "fair:1"] {
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
    for strategy in ["stealing:2", "bounded:2", "mpsc:2", "priority:2", "fair:2"] {
        let (send, receive) = std::sync::mpsc::channel();
        let pool = pool(strategy);
        pool.spawn(move || rayon_core::spawn(move || send.send(7).unwrap()));
        drop(pool);
        assert_eq!(receive.recv(), Ok(7));
    }
}

/// rayon-core's are unnamed.
#[test]
fn threads_without_a_name_are_called_after_the_pool() {
    let names = |builder: ThreadPoolBuilder| {
        let pool = builder.num_threads(2).build().unwrap();
        pool.broadcast(|_| std::thread::current().name().map(str::to_owned))
    };
    let named = |names: [&str; 2]| names.map(|name| Some(name.to_owned()));
    let fair = || ThreadPoolBuilder::new().pool("fair".parse().unwrap());
    assert_eq!(names(fair()), named(["fair-0", "fair-1"]));
    assert_eq!(names(fair().thread_name(|index| format!("mine {index}"))), named(["mine 0", "mine 1"]));
}

/// A thread that the program makes has the name that the program gives it.
#[test]
fn a_spawn_handler_is_told_no_name_that_the_program_has_not_set() {
    let handled = Arc::new(Mutex::new(Vec::new()));
    let seen = handled.clone();
    let spawn = move |thread: ThreadBuilder| {
        seen.lock().unwrap().push(thread.name().map(str::to_owned));
        std::thread::Builder::new().spawn(|| thread.run()).map(drop)
    };
    let pool = ThreadPoolBuilder::new().num_threads(1).spawn_handler(spawn).build().unwrap();
    assert_eq!(pool.install(|| std::thread::current().name().map(str::to_owned)), None);
    assert_eq!(*handled.lock().unwrap(), [None]);
}

#[test]
fn a_pool_that_cannot_be_built_is_named_with_what_the_system_says() {
    let refuse = |_: ThreadBuilder| Err(Error::other("no more threads"));
    let pool = ThreadPoolBuilder::new().pool("bounded:capacity=7".parse().unwrap()).num_threads(3);
    let error = pool.spawn_handler(refuse).build().unwrap_err();
    let text =
        "the pool `bounded:3:capacity=7` cannot be built: worker 0 could not be started: no more threads";
    assert_eq!(error.to_string(), text);
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.downcast_ref::<Error>().unwrap().kind(), ErrorKind::Other);
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
