//! Threads that the program makes, and the thread that builds the pool as one of its workers.

#[path = "support/lifo.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod lifo;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use pool_core::{BuildError, Helping, JobOrder, Shutdown, ThreadPool, WorkerThread, current, help_one};

use self::lifo::Lifo;

#[test]
fn threads_have_the_names_that_a_function_gives() {
    let pool =
        ThreadPool::with(Lifo).threads(1).thread_names(|index| format!("number {index}")).build().unwrap();
    let name = pool.spawn(|| thread::current().name().map(str::to_owned)).unwrap().join().unwrap();
    assert_eq!(name.as_deref(), Some("number 0"));
}

#[test]
fn the_program_makes_the_threads() {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let spawn = {
        let threads = threads.clone();
        move |worker: WorkerThread| {
            let (index, name, stack) = (worker.index(), worker.name().to_owned(), worker.stack_size());
            let thread = thread::spawn(move || {
                worker.run();
                (index, name, stack, current())
            });
            threads.lock().unwrap().push(thread);
            Ok(())
        }
    };
    let builder = ThreadPool::with(Lifo).threads(2).name("ours").stack_size(1 << 20).spawn_handler(spawn);
    let pool = builder.build().unwrap();
    assert_eq!(pool.broadcast(|index| index).unwrap(), [0, 1]);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    let ends: Vec<_> = threads.lock().unwrap().drain(..).map(|thread| thread.join().unwrap()).collect();
    let expected = [0, 1].map(|index| (index, format!("ours-{index}"), Some(1 << 20), None));
    assert_eq!(ends, expected);
}

#[test]
fn a_handler_that_fails_fails_the_build() {
    for fails_by_an_error in [true, false] {
        let spawn = move |worker: WorkerThread| {
            if worker.index() == 0 {
                thread::spawn(|| worker.run());
                return Ok(());
            }
            if fails_by_an_error { Err(io::Error::other("no more")) } else { Ok(()) }
        };
        match ThreadPool::with(Lifo).threads(2).spawn_handler(spawn).build() {
            Err(BuildError::Spawn { index: 1, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The pool goes on with the workers that it has.
#[test]
fn a_worker_that_is_dropped_later_is_a_failed_start() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let spawn = {
        let kept = kept.clone();
        move |worker: WorkerThread| {
            if worker.index() == 0 {
                thread::spawn(|| worker.run());
            } else {
                kept.lock().unwrap().push(worker);
            }
            Ok(())
        }
    };
    let pool = ThreadPool::with(Lifo).threads(2).spawn_handler(spawn).build().unwrap();
    kept.lock().unwrap().clear();
    assert_eq!(pool.spawn(|| 7).unwrap().join().unwrap(), 7);
    assert_eq!(pool.stats().worker_counts.failed_starts, 1);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
}

#[test]
fn a_worker_that_dies_is_replaced_by_the_handler() {
    let made = Arc::new(AtomicUsize::new(0));
    let spawn = {
        let made = made.clone();
        move |worker: WorkerThread| {
            made.fetch_add(1, SeqCst);
            thread::spawn(|| worker.run());
            Ok(())
        }
    };
    let (send, dies) = std::sync::mpsc::channel();
    let on_panic = move |_: pool_core::PanicInfo<'_>| {
        send.send(()).unwrap();
        panic!("a handler that kills its worker");
    };
    let pool = ThreadPool::with(Lifo).threads(1).spawn_handler(spawn).on_panic(on_panic).build().unwrap();
    pool.execute(|| panic!("a job")).unwrap();
    dies.recv().unwrap();
    assert_eq!(pool.spawn(|| 7).unwrap().join().unwrap(), 7);
    assert_eq!(made.load(SeqCst), 2);
}

/// On a thread of its own: it stays enrolled.
fn on_a_thread(test: impl FnOnce() + Send + 'static) {
    thread::spawn(test).join().unwrap();
}

#[test]
fn the_caller_is_a_worker() {
    on_a_thread(|| {
        let builder = ThreadPool::with(Lifo).threads(2).helping(Helping::Any).enroll_caller(true);
        let pool = builder.build().unwrap();
        assert_eq!(current().map(|here| (here.pool, here.index)), Some((pool.id(), 0)));
        assert!(matches!(
            ThreadPool::with(Lifo).enroll_caller(true).build(),
            Err(BuildError::IsWorker { index: 0 })
        ));
        assert_eq!(pool.broadcast(|index| index).unwrap(), [0, 1]);
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        // Not this thread, which waits for it without helping.
        let (send, receive) = std::sync::mpsc::channel();
        pool.execute(move || send.send(current().unwrap().index).unwrap()).unwrap();
        assert_eq!(receive.recv(), Ok(1));
        assert!(matches!(pool.shutdown(), Shutdown::Pending { .. } | Shutdown::Terminated));
    });
}

#[test]
fn the_caller_may_be_the_only_worker() {
    on_a_thread(|| {
        let pool =
            ThreadPool::with(Lifo).threads(1).helping(Helping::Any).enroll_caller(true).build().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let count = ran.clone();
        pool.execute(move || {
            count.fetch_add(1, SeqCst);
        })
        .unwrap();
        assert!(help_one());
        assert_eq!(ran.load(SeqCst), 1);
        let counted = &ran;
        pool.shared_scope(JobOrder::NewestFirst, |scope| {
            scope.execute(move |scope| {
                scope.execute(move |_| {
                    counted.fetch_add(1, SeqCst);
                })
            });
        });
        assert_eq!(ran.load(SeqCst), 2);
    });
}

#[test]
fn a_shared_scope_runs_the_newest_or_the_oldest_first() {
    let pool = ThreadPool::with(Lifo).threads(1).build().unwrap();
    for (order, expected) in
        [(JobOrder::NewestFirst, [3, 31, 30, 2, 1]), (JobOrder::OldestFirst, [1, 2, 3, 30, 31])]
    {
        let seen = Mutex::new(Vec::new());
        let note = |number| seen.lock().unwrap().push(number);
        let note = &note;
        pool.install(|| {
            pool.shared_scope(order, |scope| {
                scope.execute(move |_| note(1));
                scope.execute(move |_| note(2));
                scope.execute(move |scope| {
                    note(3);
                    scope.execute(move |_| note(30));
                    scope.execute(move |_| note(31));
                });
            });
        });
        assert_eq!(*seen.lock().unwrap(), expected);
    }
}
