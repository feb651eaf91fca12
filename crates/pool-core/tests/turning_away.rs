//! An outlet hears of it before its worker turns to something else than the next pop, so that nobody waits meanwhile for
//! what a worker does that is about to pop.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;
#[path = "support/hold.rs"]
mod hold;
#[path = "support/watched.rs"]
mod watched;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc;

use pool_core::{Builder, ThreadPool, current};

use self::deque::{Deque, End, Full};
use self::hold::hold;
use self::watched::{Expected, Watched};

fn pool(deque: Deque) -> (Builder<Watched>, Expected) {
    let expected = Expected::default();
    (ThreadPool::with(Watched { deque, expected: expected.clone() }), expected)
}

/// Whether the calling worker is expected to pop.
fn is_expected(expected: &Expected) -> bool {
    expected[current().expect("a worker runs this").index].load(SeqCst)
}

#[test]
fn before_a_worker_leaves() {
    let (builder, expected) = pool(Deque::taking_from(End::Oldest));
    let (sender, receiver) = mpsc::channel();
    let on_stop = move |_| sender.send(is_expected(&expected)).unwrap();
    let pool = builder.threads(2).on_stop(on_stop).build().unwrap();
    pool.resize(1).unwrap();
    assert!(!receiver.recv().unwrap(), "a worker that leaves is expected to pop");
}

#[test]
fn before_mail() {
    let (builder, expected) = pool(Deque::taking_from(End::Oldest));
    let pool = builder.threads(2).build().unwrap();
    let handles = pool.spawn_broadcast(move |_| is_expected(&expected)).unwrap();
    let expected: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
    assert_eq!(expected, [false, false]);
}

#[test]
fn before_a_ticket_that_found_no_room() {
    let (builder, expected) = pool(Deque::holding(1, Full::Refuse));
    let pool = builder.threads(1).build().unwrap();
    let (started, start) = mpsc::channel();
    let release = hold(&pool, &started);
    start.recv().unwrap();
    pool.execute(|| {}).unwrap();
    let (sender, receiver) = mpsc::channel();
    pool.scope(|scope| {
        // The queue is full, so the ticket of this job waits elsewhere.
        scope.spawn(move || sender.send(is_expected(&expected)).unwrap());
        release.send(()).unwrap();
        // The caller runs nothing of the scope before this.
        assert!(!receiver.recv().unwrap(), "a worker with a ticket in hand is expected to pop");
    });
}
