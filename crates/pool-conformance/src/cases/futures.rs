//! A handle is a future.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use pool_core::{JoinError, Pool, PoolExt, Reason};

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, panic_on_purpose};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("futures", awaiting_a_handle_gives_the_result).submits(1),
        case!("futures", completion_wakes_once).queues(1),
        case!("futures", the_last_waker_is_the_one_that_is_woken).queues(1),
        case!("futures", cancellation_wakes).queues(1),
        case!("futures", being_given_back_and_dropped_wakes).needs(&[Claim::ShutdownNow]).queues(1),
        case!("futures", a_panic_is_the_output).submits(1),
        case!("futures", polling_never_runs_the_job).queues(1),
        case!("futures", a_waker_may_wait_for_the_job_when_it_is_dropped).needs(&[Claim::WaitIdle]).queues(1),
    ]
}

/// Unparks a thread, and counts.
struct Unpark {
    thread: Thread,
    woken: SharedCount,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.add();
        self.thread.unpark();
    }
}

pub(super) fn waker() -> (Waker, SharedCount) {
    let woken = SharedCount::default();
    (Arc::new(Unpark { thread: thread::current(), woken: woken.clone() }).into(), woken)
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let (waker, _) = waker();
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

pub(super) fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(waker))
}

fn awaiting_a_handle_gives_the_result(subject: &Subject) {
    let pool = subject.pool_of(2);
    for number in 0..500 {
        let output = block_on(async { pool.spawn(move || number).unwrap().await });
        assert_eq!(output.unwrap(), number);
    }
}

fn completion_wakes_once(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut handle = pool.spawn(|| 4).unwrap();
    let (waker, woken) = waker();
    assert!(poll(&mut handle, &waker).is_pending());
    assert_eq!(woken.get(), 0);
    plug.pull();
    crate::tools::until(|| woken.get() > 0);
    let Poll::Ready(Ok(4)) = poll(&mut handle, &waker) else { panic!("it was woken for the result") };
    assert_eq!(woken.get(), 1);
}

fn the_last_waker_is_the_one_that_is_woken(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut handle = pool.spawn(|| ()).unwrap();
    let ((first, first_woken), (second, second_woken)) = (waker(), waker());
    assert!(poll(&mut handle, &first).is_pending());
    assert!(poll(&mut handle, &second).is_pending());
    plug.pull();
    crate::tools::until(|| second_woken.get() > 0);
    assert_eq!((first_woken.get(), second_woken.get()), (0, 1));
    // A future that was polled may still be joined.
    handle.join().unwrap();
}

fn cancellation_wakes(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut handle = pool.spawn(|| ()).unwrap();
    let (waker, woken) = waker();
    assert!(poll(&mut handle, &waker).is_pending());
    assert!(handle.cancel());
    assert_eq!(woken.get(), 1);
    assert!(matches!(poll(&mut handle, &waker), Poll::Ready(Err(JoinError::Cancelled))));
    plug.pull();
}

fn being_given_back_and_dropped_wakes(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut handle = pool.spawn(|| ()).unwrap();
    let (waker, woken) = waker();
    assert!(poll(&mut handle, &waker).is_pending());
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!(woken.get(), 0);
    drop(jobs);
    assert_eq!(woken.get(), 1);
    let output = poll(&mut handle, &waker);
    assert!(matches!(output, Poll::Ready(Err(JoinError::Unrun(Reason::Dropped)))));
}

fn a_panic_is_the_output(subject: &Subject) {
    let pool = subject.pool_of(1);
    let output = block_on(pool.spawn(|| panic_on_purpose()).unwrap());
    let error: JoinError = output.unwrap_err();
    assert!(matches!(error, JoinError::Panicked(_)));
}

fn polling_never_runs_the_job(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    let inside = ran.clone();
    let mut handle = pool.spawn(move || inside.add()).unwrap();
    let (waker, _) = waker();
    (0..10).for_each(|_| assert!(poll(&mut handle, &waker).is_pending()));
    assert_eq!(ran.get(), 0);
    plug.pull();
    handle.join().unwrap();
}

/// A waker runs somebody else's code when it is dropped, so that must not happen under a lock that the job needs.
fn a_waker_may_wait_for_the_job_when_it_is_dropped(subject: &Subject) {
    struct Waits {
        plug: Mutex<Option<Plug>>,
        pool: Arc<dyn Pool>,
    }
    impl Wake for Waits {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Waits {
        fn drop(&mut self) {
            drop(self.plug.lock().unwrap().take());
            assert!(self.pool.wait_idle(None));
        }
    }
    let pool = subject.pool_of(1);
    for how in 0..2 {
        let plug = Mutex::new(Some(Plug::all(&pool)));
        let mut handle = pool.spawn(|| 6).unwrap();
        assert!(poll(&mut handle, &Arc::new(Waits { plug, pool: pool.clone() }).into()).is_pending());
        // The handle owns the only reference to the waker, and gives it up for another one.
        if how == 0 {
            assert!(poll(&mut handle, Waker::noop()).is_pending());
        }
        assert_eq!(handle.join().unwrap(), 6);
    }
}
