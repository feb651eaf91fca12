use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::task::{Wake, Waker};
use std::thread;

use super::*;
use crate::sync::lock;

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct CountsWakes(AtomicUsize);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("a waker that panics"));
    }
}

fn poll(future: &mut Cancelled, waker: &Waker) -> Poll<()> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

fn listed(token: &CancelToken) -> usize {
    token.flags().map(|flag| flag.waiters.count()).sum()
}

#[test]
fn a_wait_ends_however_it_meets_the_cancellation() {
    let waits: [fn(&CancelToken) -> bool; 3] = [
        |token| {
            token.wait();
            true
        },
        |token| token.wait_timeout(Duration::MAX),
        |token| token.wait_timeout(DEADLINE),
    ];
    for round in 0..2000 {
        let above = CancelToken::new();
        let token = above.child().child();
        let (say, said) = channel();
        for wait in waits {
            let (say, token) = (say.clone(), token.clone());
            thread::spawn(move || say.send(wait(&token)).unwrap());
        }
        if round % 2 == 0 { &above } else { &token }.cancel();
        for _ in waits {
            assert_eq!(said.recv_timeout(DEADLINE), Ok(true), "it is set");
        }
        assert_eq!(listed(&token), 0);
    }
}

#[test]
fn a_wait_that_is_given_up_leaves_nothing_behind() {
    let above = CancelToken::new();
    let token = above.child();
    assert!(!token.wait_timeout(Duration::ZERO));
    assert!(!token.wait_timeout(Duration::from_millis(1)));
    let wakes = Arc::new(CountsWakes::default());
    let waker = Waker::from(wakes.clone());
    let mut futures = [token.cancelled(), token.cancelled()];
    for future in &mut futures {
        assert!(poll(future, &waker).is_pending());
    }
    assert_eq!(listed(&token), 4, "two, with each flag");
    drop(futures);
    assert_eq!((listed(&token), Arc::strong_count(&wakes)), (0, 2));
    above.cancel();
    assert_eq!(wakes.0.load(SeqCst), 0);
    assert!(token.wait_timeout(Duration::ZERO));
}

#[test]
fn the_last_waker_that_it_was_polled_with_is_woken_once() {
    let token = CancelToken::new();
    let [first, last] = [(); 2].map(|()| Arc::new(CountsWakes::default()));
    let mut future = token.cancelled();
    for wakes in [&first, &last] {
        assert!(poll(&mut future, &Waker::from(wakes.clone())).is_pending());
    }
    token.cancel();
    token.cancel();
    assert_eq!((first.0.load(SeqCst), last.0.load(SeqCst)), (0, 1));
    assert!(poll(&mut future, Waker::noop()).is_ready());
    assert!(poll(&mut future, Waker::noop()).is_ready(), "and it stays so");
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    let token = CancelToken::new();
    let wakes = Arc::new(CountsWakes::default());
    let (panics, counts) = (Waker::from(Arc::new(Panics)), Waker::from(wakes.clone()));
    let mut futures = [(); 3].map(|()| token.cancelled());
    for (future, waker) in futures.iter_mut().zip([&counts, &panics, &counts]) {
        assert!(poll(future, waker).is_pending());
    }
    token.cancel();
    assert_eq!(wakes.0.load(SeqCst), 2);
}

#[test]
fn a_token_that_is_gone_is_no_place_to_wait_at() {
    let above = CancelToken::new();
    let token = above.child();
    drop(above);
    let mut future = token.cancelled();
    assert!(poll(&mut future, Waker::noop()).is_pending());
    assert_eq!(listed(&token), 1, "with its own flag alone");
    // The waiter may be the last to hold a token whose parent goes while it waits.
    let above = CancelToken::new();
    let mut future = above.child().cancelled();
    assert!(poll(&mut future, Waker::noop()).is_pending());
    drop(above);
    assert!(poll(&mut future, Waker::noop()).is_pending());
}

#[test]
fn one_that_waits_may_drop_its_future_in_the_waker() {
    struct Drops(Mutex<Option<Cancelled>>);
    impl Wake for Drops {
        fn wake(self: Arc<Self>) {
            drop(lock(&self.0).take());
        }
    }
    let token = CancelToken::new();
    let drops = Arc::new(Drops(Mutex::new(Some(token.cancelled()))));
    let waker = Waker::from(drops.clone());
    assert!(poll(lock(&drops.0).as_mut().unwrap(), &waker).is_pending());
    let (send, receive) = channel();
    let canceller = token.clone();
    thread::spawn(move || {
        canceller.cancel();
        send.send(()).unwrap();
    });
    receive.recv_timeout(DEADLINE).expect("no lock is held while the waker runs");
    assert!(lock(&drops.0).is_none() && listed(&token) == 0);
}
