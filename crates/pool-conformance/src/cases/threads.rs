//! The workers as threads: names, identity, thread-local values, and their end.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use pool_core::{Current, Pool, PoolExt, Shutdown, current};

use crate::case::{Case, case};
use crate::tools::{SharedCount, mailbox};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Hooks, Identity, Parallel, Shutdown, ThreadLocals};
    vec![
        case!("threads", they_are_named_after_the_pool).needs(&[Hooks, Identity, Parallel]).queues(3),
        case!("threads", current_tells_the_pool_and_the_worker).needs(&[Identity, Parallel]).queues(3),
        case!("threads", current_is_none_outside),
        case!("threads", current_tells_pools_apart).needs(&[Identity]).submits(1),
        case!("threads", current_stays_right_through_waits_and_panics)
            .needs(&[Identity, Claim::NestedWaits, Claim::NestedForks])
            .submits(3),
        case!("threads", stack_size_is_heeded).needs(&[Hooks]).submits(1),
        case!("threads", thread_locals_are_dropped_when_shutdown_returns)
            .needs(&[ThreadLocals, Parallel])
            .queues(3),
        case!("threads", a_thread_local_destructor_is_outside_the_pool)
            .needs(&[ThreadLocals, Identity])
            .submits(1),
        case!("threads", a_thread_local_destructor_may_end_the_pool).needs(&[ThreadLocals]).submits(2),
        case!("threads", a_thread_local_may_own_the_pool)
            .needs(&[ThreadLocals, Claim::InnerShutdown])
            .submits(1),
        case!("threads", start_and_stop_leaves_no_thread_behind).needs(&[Hooks, Shutdown]).submits(2),
    ]
}

/// What each of the workers answers, all asked at once.
fn ask_all<T: Send + 'static>(pool: &Arc<dyn Pool>, question: fn() -> T) -> Vec<T> {
    let meet = Arc::new(Barrier::new(pool.threads()));
    let handles: Vec<_> = (0..pool.threads())
        .map(|_| {
            let meet = meet.clone();
            pool.spawn(move || {
                meet.wait();
                question()
            })
            .unwrap()
        })
        .collect();
    handles.into_iter().map(|handle| handle.join().unwrap()).collect()
}

fn they_are_named_after_the_pool(subject: &Subject) {
    let pool = subject.build(Setup::threads(3).name("a name"));
    assert_eq!(pool.name(), "a name");
    let names: BTreeSet<_> =
        ask_all(&pool, || thread::current().name().map(str::to_owned)).into_iter().flatten().collect();
    assert_eq!(names, ["a name-0", "a name-1", "a name-2"].map(str::to_owned).into());
}

fn current_tells_the_pool_and_the_worker(subject: &Subject) {
    let pool = subject.pool_of(3);
    let workers: Vec<Current> = ask_all(&pool, current).into_iter().flatten().collect();
    assert!(workers.iter().all(|worker| worker.pool == pool.id()));
    let indices: BTreeSet<_> = workers.into_iter().map(|worker| worker.index).collect();
    assert_eq!(indices, [0, 1, 2].into());
}

fn current_is_none_outside(subject: &Subject) {
    let pool = subject.pool_of(1);
    assert_eq!(current(), None);
    pool.scope(|_| assert_eq!(current(), None, "the body of a scope runs where it is called"));
    assert_eq!(current(), None);
}

fn current_tells_pools_apart(subject: &Subject) {
    let (first, second) = (subject.pool_of(1), subject.pool_of(1));
    assert_ne!(first.id(), second.id());
    let other = second.clone();
    let (here, there, back) = first
        .spawn(move || {
            let here = current();
            let there = other.spawn(current).unwrap().join().unwrap();
            (here, there, current())
        })
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(here.unwrap().pool, first.id());
    assert_eq!(there.unwrap().pool, second.id());
    assert_eq!(back, here);
}

fn current_stays_right_through_waits_and_panics(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    pool.spawn(move || {
        let here = current();
        assert!(here.is_some());
        assert_eq!(inner.spawn(current).unwrap().join().unwrap(), here);
        assert!(inner.spawn(|| crate::tools::panic_on_purpose()).unwrap().join().is_err());
        assert_eq!(inner.scope(|scope| scope.spawn(current).join().unwrap()), here);
        assert_eq!(inner.join(current, current), (here, here));
        assert_eq!(current(), here);
    })
    .unwrap()
    .join()
    .unwrap();
}

fn stack_size_is_heeded(subject: &Subject) {
    /// Goes down until it is this many bytes away from where it began.
    fn dig(start: usize, bytes: usize) -> usize {
        let here = std::hint::black_box([0_u8; 1024]);
        let depth = start.abs_diff((&raw const here).addr());
        if depth < bytes { dig(start, bytes) } else { depth }
    }
    let pool = subject.build(Setup::threads(1).stack_size(32 << 20));
    let depth = pool.spawn(|| {
        let start = 0_u8;
        dig((&raw const start).addr(), 24 << 20)
    });
    // Twelve times what a thread has by default, or a crash.
    assert!(depth.unwrap().join().unwrap() >= 24 << 20);
}

/// Does something when its thread ends.
struct AtEnd(Option<Box<dyn FnOnce() + Send>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(action) = self.0.take() {
            action();
        }
    }
}

fn at_thread_end(action: impl FnOnce() + Send + 'static) {
    thread_local! {
        static AT_END: RefCell<Vec<AtEnd>> = const { RefCell::new(Vec::new()) };
    }
    AT_END.with_borrow_mut(|actions| actions.push(AtEnd(Some(Box::new(action)))));
}

fn thread_locals_are_dropped_when_shutdown_returns(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(3);
        let (dropped, meet) = (SharedCount::default(), Arc::new(Barrier::new(3)));
        for _ in 0..3 {
            let (dropped, meet) = (dropped.clone(), meet.clone());
            pool.execute(move || {
                at_thread_end(move || {
                    thread::yield_now();
                    dropped.add();
                });
                meet.wait();
            })
            .unwrap();
        }
        let _ = pool.shutdown();
        assert_eq!(dropped.get(), 3);
    }
}

fn a_thread_local_destructor_is_outside_the_pool(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox();
    pool.execute(move || at_thread_end(move || send.send(current()).unwrap())).unwrap();
    let _ = pool.shutdown();
    assert_eq!(receive.recv(), Ok(None));
}

fn a_thread_local_destructor_may_end_the_pool(subject: &Subject) {
    let pool = subject.pool_of(2);
    let ended = SharedCount::default();
    for _ in 0..2 {
        let (inner, ended) = (pool.clone(), ended.clone());
        pool.spawn(move || {
            at_thread_end(move || {
                let _ = inner.shutdown();
                let _ = inner.shutdown_now();
                ended.add();
            })
        })
        .unwrap()
        .join()
        .unwrap();
    }
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    assert_eq!(ended.get(), 2);
}

fn a_thread_local_may_own_the_pool(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox::<()>();
    let (inner, ender) = (pool.clone(), pool.clone());
    pool.execute(move || {
        at_thread_end(move || {
            drop(inner);
            drop(send);
        });
        let _ = ender.shutdown();
    })
    .unwrap();
    drop(pool);
    assert!(receive.recv().is_err(), "the worker has gone");
}

fn start_and_stop_leaves_no_thread_behind(subject: &Subject) {
    // Other cases run at the same time, the same one of another subject among them; the system shows 15 bytes.
    static CASES: AtomicUsize = AtomicUsize::new(0);
    let name = format!("cycle{}", CASES.fetch_add(1, SeqCst));
    for _ in 0..50 {
        let pool = subject.build(Setup::threads(3).name(&name));
        pool.spawn(|| ()).unwrap().join().unwrap();
        drop(pool.spawn(|| ()).unwrap());
        let _ = pool.shutdown();
    }
    // A thread that has been joined may still be listed for a moment.
    crate::tools::until(|| threads_called(&format!("{name}-")).is_none_or(|threads| threads == 0));
}

/// How many threads of this process have names that begin like this; `None` where the system does not tell.
fn threads_called(prefix: &str) -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    Some(tasks.flatten().filter_map(name).filter(|name| name.starts_with(prefix)).count())
}
