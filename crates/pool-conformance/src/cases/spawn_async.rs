//! A task waits for room, and no thread does.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};
use std::thread;

use pool_core::{Attributes, Pool, PoolExt, PoolState, Reason, SpawnAsync};

use super::futures::{block_on, poll, waker};
use super::loss::{breakable, doom};
use crate::case::{Case, case};
use crate::tools::{
    Latch, Plug, SharedCount, panic_on_purpose, shut_down_elsewhere, shut_down_now_elsewhere, until,
};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, Replacement, Shutdown, ShutdownNow, WaitIdle};
    vec![
        case!("spawn_async", it_gives_a_handle).submits(1),
        case!("spawn_async", nothing_happens_before_the_first_poll).needs(&[Counts]),
        case!("spawn_async", it_waits_for_room).needs(&[Counts, WaitIdle]).fills(),
        case!("spawn_async", the_first_in_the_line_is_woken_and_the_others_are_not).fills(),
        case!("spawn_async", the_last_waker_is_the_one_that_is_woken).fills(),
        case!("spawn_async", a_dropped_one_leaves_nothing).needs(&[Counts, WaitIdle]).fills(),
        case!("spawn_async", a_dropped_one_passes_its_wake_up_on).fills(),
        case!("spawn_async", a_closed_pool_gives_the_closure_back).needs(&[Counts, Shutdown]),
        case!("spawn_async", the_end_wakes_all_who_wait).needs(&[Counts, Shutdown]).fills(),
        case!("spawn_async", so_does_shutdown_now).needs(&[Shutdown, ShutdownNow]).fills(),
        case!("spawn_async", so_does_the_loss_of_all_workers).needs(&[Hooks, Replacement]).fills(),
        case!("spawn_async", a_waker_may_submit_and_panic).needs(&[WaitIdle]).fills(),
        case!("spawn_async", no_task_is_forgotten).needs(&[Counts, WaitIdle]).fills(),
    ]
}

/// Fills the queue with jobs that wait for the latch.
fn fill(pool: &Arc<dyn Pool>, latch: &Latch) -> usize {
    let mut queued = 0;
    loop {
        let latch = latch.clone();
        match pool.try_execute(move || latch.wait()) {
            Ok(()) => queued += 1,
            Err(rejected) => {
                assert_eq!(rejected.reason(), Reason::Full);
                return queued;
            }
        }
    }
}

fn it_gives_a_handle(subject: &Subject) {
    let pool = subject.pool_of(1);
    let sum = block_on(async { pool.spawn_async(|| 20 + 3).await.unwrap().await.unwrap() });
    assert_eq!(sum, 23);
}

fn nothing_happens_before_the_first_poll(subject: &Subject) {
    let (pool, dropped) = (subject.pool_of(1), SharedCount::default());
    let held = dropped.on_drop();
    drop(pool.spawn_async(move || drop(held)));
    assert_eq!((dropped.get(), pool.counts().submitted), (1, 0));
}

fn it_waits_for_room(subject: &Subject) {
    let (pool, open) = (subject.pool_of(1), Latch::default());
    let plug = Plug::all(&pool);
    let queued = fill(&pool, &open) as u64;
    let refused = pool.counts().rejected;
    let mut waiting = pool.spawn_async(|| 5);
    let (waker, woken) = waker();
    (0..3).for_each(|_| assert!(poll(&mut waiting, &waker).is_pending()));
    let counts = pool.counts();
    assert_eq!(
        (counts.queued, counts.rejected, woken.get()),
        (queued + 1, refused, 0),
        "tried often, counted once"
    );
    plug.pull();
    open.open();
    let handle = block_on(waiting).unwrap();
    assert_eq!(handle.join().unwrap(), 5);
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.rejected), (queued + 2, refused));
    assert_eq!(counts.accounted(), counts.submitted);
}

type Number = Box<dyn FnOnce() -> usize + Send>;

/// A submission, and how often it was woken.
type Watched<'pool> = (SpawnAsync<'pool, Arc<dyn Pool>, Number, usize>, SharedCount);

/// Submissions that wait in a pool of one worker, which has popped one job off the full queue since and is held by it.
fn after_one_pop<'pool, const N: usize>(
    pool: &'pool Arc<dyn Pool>,
    open: &OpensOnDrop,
) -> [Watched<'pool>; N] {
    let plug = Plug::all(pool);
    fill(pool, &open.0);
    let waiting = std::array::from_fn(|number| {
        let mut waiting = pool.spawn_async(Box::new(move || number) as Number);
        let (waker, woken) = waker();
        assert!(poll(&mut waiting, &waker).is_pending());
        (waiting, woken)
    });
    plug.pull();
    until(|| waiting.iter().any(|(_, woken)| woken.get() > 0));
    waiting
}

/// Also when a case fails half-way.
#[derive(Default)]
struct OpensOnDrop(Latch);

impl Drop for OpensOnDrop {
    fn drop(&mut self) {
        self.0.open();
    }
}

fn the_first_in_the_line_is_woken_and_the_others_are_not(subject: &Subject) {
    let (pool, open) = (subject.pool_of(1), OpensOnDrop::default());
    let [(mut first, first_woken), (mut second, second_woken)] = after_one_pop(&pool, &open);
    assert_eq!((first_woken.get(), second_woken.get()), (1, 0));
    let Poll::Ready(Ok(first)) = poll(&mut first, Waker::noop()) else { panic!("there is room") };
    assert!(poll(&mut second, Waker::noop()).is_pending(), "the room is taken");
    drop(open);
    assert_eq!(block_on(second).unwrap().join().unwrap(), 1);
    assert_eq!(first.join().unwrap(), 0);
}

fn the_last_waker_is_the_one_that_is_woken(subject: &Subject) {
    let (pool, open) = (subject.pool_of(1), OpensOnDrop::default());
    let plug = Plug::all(&pool);
    fill(&pool, &open.0);
    let mut waiting = pool.spawn_async(|| ());
    let ((first, first_woken), (second, second_woken)) = (waker(), waker());
    assert!(poll(&mut waiting, &first).is_pending());
    assert!(poll(&mut waiting, &second).is_pending());
    plug.pull();
    until(|| second_woken.get() > 0);
    assert_eq!((first_woken.get(), second_woken.get()), (0, 1));
}

fn a_dropped_one_leaves_nothing(subject: &Subject) {
    let (pool, open) = (subject.pool_of(1), Latch::default());
    let plug = Plug::all(&pool);
    let queued = fill(&pool, &open) as u64;
    let (dropped, told) = (SharedCount::default(), Arc::new(Mutex::new(Vec::new())));
    let (held, tells) = (dropped.on_drop(), told.clone());
    let attributes = Attributes::new().on_unrun(move |reason| tells.lock().unwrap().push(reason));
    let mut waiting = pool.spawn_async_with(attributes, move || drop(held));
    let (waker, woken) = waker();
    assert!(poll(&mut waiting, &waker).is_pending());
    drop(waiting);
    assert_eq!((dropped.get(), told.lock().unwrap().as_slice()), (1, &[Reason::Cancelled][..]));
    assert_eq!((pool.counts().cancelled, pool.counts().queued), (1, queued));
    plug.pull();
    open.open();
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.accounted(), woken.get()), (queued + 1, counts.submitted, 0));
}

fn a_dropped_one_passes_its_wake_up_on(subject: &Subject) {
    let (pool, open) = (subject.pool_of(1), OpensOnDrop::default());
    let [(first, first_woken), (second, second_woken), (mut third, third_woken)] =
        after_one_pop(&pool, &open);
    assert_eq!((first_woken.get(), second_woken.get()), (1, 0));
    drop(first);
    assert_eq!((second_woken.get(), third_woken.get()), (1, 0));
    drop(second);
    assert_eq!(third_woken.get(), 1);
    let Poll::Ready(Ok(third)) = poll(&mut third, Waker::noop()) else { panic!("there is room") };
    drop(open);
    assert_eq!(third.join().unwrap(), 2);
    assert_eq!(pool.counts().cancelled, 2);
}

fn a_closed_pool_gives_the_closure_back(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    let error = block_on(pool.spawn_async(|| 6)).map(drop).unwrap_err();
    assert_eq!((error.reason(), error.into_closure()()), (Reason::ShutDown, 6));
    assert_eq!((pool.counts().submitted, pool.counts().rejected), (1, 1));
}

/// Ends a pool while three wait for room in it, and sees that each of them gets its closure back.
fn end_wakes<T>(subject: &Subject, end: impl FnOnce(&Arc<dyn Pool>) -> thread::JoinHandle<T>) {
    let (pool, open) = (subject.pool_of(1), Latch::default());
    let plug = Plug::all(&pool);
    fill(&pool, &open);
    let refused = pool.counts().rejected;
    let mut waiting = [1, 2, 3].map(|number| pool.spawn_async(move || number));
    let wakers = [(); 3].map(|()| waker());
    for (waiting, (waker, _)) in waiting.iter_mut().zip(&wakers) {
        assert!(poll(waiting, waker).is_pending());
    }
    let ender = end(&pool);
    for ((number, waiting), (_, woken)) in (1..).zip(&mut waiting).zip(&wakers) {
        until(|| woken.get() > 0);
        let Poll::Ready(Err(error)) = poll(waiting, Waker::noop()) else { panic!("it is over") };
        assert_eq!((error.reason(), error.into_closure()()), (Reason::ShutDown, number));
    }
    assert_eq!(pool.counts().rejected, refused + 3);
    plug.pull();
    open.open();
    drop(ender.join().unwrap());
    assert_eq!((pool.state(), pool.counts().queued), (PoolState::Terminated, 0));
}

fn the_end_wakes_all_who_wait(subject: &Subject) {
    end_wakes(subject, shut_down_elsewhere);
}

fn so_does_shutdown_now(subject: &Subject) {
    end_wakes(subject, shut_down_now_elsewhere);
}

fn so_does_the_loss_of_all_workers(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    fill(&pool, &Latch::default());
    let mut waiting = pool.spawn_async(|| 7);
    let (waker, woken) = waker();
    assert!(poll(&mut waiting, &waker).is_pending());
    broken.store(true, SeqCst);
    doom.open();
    until(|| woken.get() > 0);
    let error = block_on(waiting).map(drop).unwrap_err();
    assert_eq!((error.reason(), error.into_closure()()), (Reason::NoWorkers, 7));
}

/// A waker is foreign code, which a worker calls.
fn a_waker_may_submit_and_panic(subject: &Subject) {
    struct Submits(Arc<dyn Pool>, SharedCount);
    impl Wake for Submits {
        fn wake(self: Arc<Self>) {
            let ran = self.1.clone();
            while self
                .0
                .try_execute({
                    let ran = ran.clone();
                    move || ran.add()
                })
                .is_err()
            {
                thread::yield_now();
            }
            panic_on_purpose();
        }
    }
    let (pool, open, ran) = (subject.pool_of(2), Latch::default(), SharedCount::default());
    let plug = Plug::all(&pool);
    fill(&pool, &open);
    let mut waiting = pool.spawn_async(|| 8);
    assert!(poll(&mut waiting, &Arc::new(Submits(pool.clone(), ran.clone())).into()).is_pending());
    plug.pull();
    open.open();
    until(|| ran.get() == 1);
    assert_eq!(block_on(waiting).unwrap().join().unwrap(), 8);
    assert!(pool.wait_idle(None));
    assert_eq!(pool.stats().replaced(), 0);
}

/// Tasks that wait, tasks that give up, and threads that take their room, against workers that soon find nothing.
fn no_task_is_forgotten(subject: &Subject) {
    const THREADS: usize = 4;
    const JOBS: usize = 300;
    let (pool, ran) = (subject.pool_of(2), SharedCount::default());
    let dropped: usize = thread::scope(|threads| {
        let submitters: Vec<_> = (0..THREADS)
            .map(|number| {
                let (pool, ran) = (&pool, &ran);
                threads.spawn(move || {
                    let mut dropped = 0;
                    for job in 0..JOBS {
                        let ran = ran.clone();
                        let mut submission = pool.spawn_async(move || ran.add());
                        match poll(&mut submission, Waker::noop()) {
                            Poll::Ready(submitted) => drop(submitted.unwrap()),
                            Poll::Pending if (job + number).is_multiple_of(3) => {
                                drop(submission);
                                dropped += 1;
                            }
                            Poll::Pending => drop(block_on(submission).unwrap()),
                        }
                    }
                    dropped
                })
            })
            .collect();
        submitters.into_iter().map(|submitter| submitter.join().unwrap()).sum()
    });
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!(counts.submitted, (THREADS * JOBS) as u64);
    assert_eq!((ran.get(), counts.cancelled), (THREADS * JOBS - dropped, dropped as u64));
    assert_eq!((counts.accounted(), counts.rejected), (counts.submitted, 0));
}
