//! Fork-join: the second half lies on a split stack while the first one runs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

#[cfg(not(loom))]
use pool_core::{Pool, drop_quietly, os::process_fork::refuse_to_wait, strategy::install};

use crate::calls;
use crate::current_worker;
use crate::frame::Frame;
use crate::header::Header;
#[cfg(loom)]
use crate::loom_pool::{drop_quietly, refuse_to_wait};
use crate::split::{Pushed, Room};
use crate::waiting::wait_for;
use crate::worker::Worker;
use crate::worker_queues::Owner;

/// The frame is made here, inlined into the caller, so that the second half is written where it stays. Made any
/// deeper, it would be copied from the caller's stack, in wider pieces than it was written in, for which a processor has to
/// wait until the writes have left its store buffer: 4 ns a join whose halves capture four words.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) fn join<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
where
    P: Pool + ?Sized,
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    join_framed(pool, |_: Worker<'_>| a(), &Frame::new(|_: Worker<'_>| b()))
}

/// Not inlined into the caller, because then the compiler inlines the caller into this. A recursion costs one call
/// a join instead of two, and its leaves cost none (fib: 53 instructions a join, not 60, of which the recursion without
/// a join has 24; 3.0 ns).
///
/// In a library it has 67, and takes 4.2 ns: there the thread-local read is a call as far as the compiler knows, over which
/// all arguments are kept in registers that have to be saved. The linker removes the call, but not the saving. A program that
/// is compiled with `-C relocation-model=pie` has the 53 everywhere. Rejected: writing the frame before the read, which
/// saves two registers and no time (66.7 instructions, 4.4 ns). A [`Worker`]'s joins need no such read.
#[cfg(not(loom))]
#[inline(never)]
fn join_framed<P, A, B, RA, RB>(pool: &P, a: A, frame: &Frame<B, RB>) -> (RA, RB)
where
    P: Pool + ?Sized,
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    if current_worker::is_at(pool.id()) {
        // SAFETY: the thread is there; and see `join`.
        fork(Worker::of(unsafe { current_worker::owner() }), a, frame)
    } else {
        // SAFETY: the frame was not pushed, and nothing was taken out of it.
        from_outside(pool, a, unsafe { frame.take_closure() })
    }
}

/// The join of a [`Worker`]: as [`join_framed`], without finding out where the thread is.
#[inline(never)]
pub(crate) fn join_here<A, B, RA, RB>(worker: Worker<'_>, a: A, frame: &Frame<B, RB>) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    fork(worker, a, frame)
}

impl Worker<'_> {
    /// Runs both closures, possibly at once, and returns both results: [`PoolExt::join`](pool_core::PoolExt::join), for less.
    /// Without thieves it takes 2.5 ns instead of 2.9, or of 3.6 in a program that is linked without LTO (fib, one worker).
    ///
    /// # Panics
    ///
    /// Both closures run exactly once, whatever panics. A panic is rethrown after both have finished; the first closure's
    /// payload wins.
    #[inline(always)]
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(Worker<'_>) -> RA + Send,
        B: FnOnce(Worker<'_>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        join_here(self.reborrow(), a, &Frame::new(b))
    }
}

/// Runs the closure on a worker of the pool: see [`with_worker`](crate::with_worker).
#[cfg(not(loom))]
pub(crate) fn on_worker<P, F, R>(pool: &P, f: F) -> R
where
    P: Pool + ?Sized,
    F: FnOnce(Worker<'_>) -> R + Send,
    R: Send,
{
    install(pool, || {
        if current_worker::is_at(pool.id()) {
            // SAFETY: the thread is there, and does not leave its slot inside a job.
            f(Worker::of(unsafe { current_worker::owner() }))
        } else {
            f(Worker::nowhere())
        }
    })
}

/// Has a worker do it. If the pool takes nothing any more, the caller does it, in order.
#[cfg(not(loom))]
#[cold]
#[inline(never)]
fn from_outside<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
where
    P: Pool + ?Sized,
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    on_worker(pool, |worker| worker.join(a, b))
}

/// The join of a worker.
///
/// The worker's slot is good throughout, since the slot is left only where the worker's outlet is dropped, which is not inside a
/// job: the thread that runs the join was called by the outlet's holder, further up on its stack. (While a
/// frame lies on the split stack, [`leave`](current_worker::leave) would refuse as well.)
#[inline(always)]
fn fork<A, B, RA, RB>(worker: Worker<'_>, a: A, frame: &Frame<B, RB>) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    match worker.room() {
        Some((owner, room)) => fork_into(owner, room, a, frame),
        None => make_room_and_fork(worker, a, frame),
    }
}

/// In order if the stack cannot be made larger, or the thread is no worker.
#[cold]
#[inline(never)]
fn make_room_and_fork<A, B, RA, RB>(worker: Worker<'_>, a: A, frame: &Frame<B, RB>) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    // SAFETY: this join has found no room, and every one before it has used up what it found by its push.
    match unsafe { worker.make_room() } {
        Some((owner, room)) => fork_into(owner, room, a, frame),
        // SAFETY: the frame was not pushed, and nothing was taken out of it.
        None => in_order(worker, a, unsafe { frame.take_closure() }),
    }
}

#[inline(always)]
fn fork_into<A, B, RA, RB>(owner: Owner<'_>, room: Room<'_, Header>, a: A, frame: &Frame<B, RB>) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    let pushed = room.push(frame.as_ptr());
    if owner.stack().is_asked() {
        return answer_and_go_on(owner, pushed, frame, a);
    }
    go_on(owner, pushed, frame, a)
}

/// Apart from the rest of the join, so that nothing has to be kept over the answer where no thread has asked:
/// 3 instructions a join, and 12 % of its time.
#[cold]
#[inline(never)]
fn answer_and_go_on<A, B, RA, RB>(
    owner: Owner<'_>,
    pushed: Pushed<'_, Header>,
    frame: &Frame<B, RB>,
    a: A,
) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    // SAFETY: nothing that is called here leaves a slot.
    if let Some(channel) = unsafe { current_worker::channel() }.filter(|channel| !channel.is_forked()) {
        calls::answer(owner.stack(), &channel.parking);
    }
    go_on(owner, pushed, frame, a)
}

/// The join from the moment when the second half is pushed.
#[inline(always)]
fn go_on<A, B, RA, RB>(owner: Owner<'_>, pushed: Pushed<'_, Header>, frame: &Frame<B, RB>, a: A) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA + Send,
    B: FnOnce(Worker<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    let a = match catch_unwind(AssertUnwindSafe(|| a(Worker::of(owner)))) {
        Ok(a) => a,
        Err(payload) => unwind(owner, pushed, frame, payload),
    };
    if pushed.pop() {
        // SAFETY: the frame was popped.
        let b = unsafe { frame.take_closure() };
        return (a, b(Worker::of(owner)));
    }
    finish_public(owner, pushed, frame, a)
}

/// The end of a join whose fork was public. Apart for the same reason as [`answer_and_go_on`].
#[cold]
#[inline(never)]
fn finish_public<F, R, RA>(
    owner: Owner<'_>,
    pushed: Pushed<'_, Header>,
    frame: &Frame<F, R>,
    a: RA,
) -> (RA, R)
where
    F: FnOnce(Worker<'_>) -> R + Send,
    R: Send,
{
    match settle_public(owner, pushed, frame) {
        Settled::Owner(b) => (a, b(Worker::of(owner))),
        Settled::Thief(Ok(b)) => (a, b),
        Settled::Thief(Err(payload)) => {
            // Before the unwinding: a destructor that panics in its course would abort.
            drop_quietly(a);
            resume_unwind(payload)
        }
    }
}

/// What became of a fork that was public.
enum Settled<F, R> {
    /// It was not stolen.
    Owner(F),
    /// A thief ran it.
    Thief(thread::Result<R>),
}

#[cold]
#[inline(never)]
fn settle_public<F, R>(owner: Owner<'_>, pushed: Pushed<'_, Header>, frame: &Frame<F, R>) -> Settled<F, R>
where
    F: FnOnce(Worker<'_>) -> R + Send,
    R: Send,
{
    // SAFETY: nothing that is called here leaves a slot.
    let Some(channel) = (unsafe { current_worker::channel() }) else { unreachable!("an owner is in a slot") };
    if channel.is_forked() {
        return settle_in_child(pushed, frame);
    }
    if pushed.reclaim() {
        calls::took_back(owner.stack(), &channel.parking);
        // SAFETY: the frame was reclaimed.
        return Settled::Owner(unsafe { frame.take_closure() });
    }
    // SAFETY: `reclaim` has just found that it was stolen.
    wait_for(owner, unsafe { frame.stolen() });
    // SAFETY: `wait_for` returns when it is done.
    Settled::Thief(unsafe { frame.take_result() })
}

/// In a forked child no other thread takes what is forked. What is public was so before, or was about to be, when the process was
/// forked; and the fork itself is of this process, unless the thread has returned into a join of its parent's.
#[cold]
fn settle_in_child<F, R>(pushed: Pushed<'_, Header>, frame: &Frame<F, R>) -> Settled<F, R>
where
    F: FnOnce(Worker<'_>) -> R + Send,
    R: Send,
{
    if pushed.was_stolen() {
        refuse_to_wait("a join");
    }
    // SAFETY: the frame was not stolen when the process was forked, and could not be since then.
    Settled::Owner(unsafe { frame.take_closure() })
}

/// The first half has panicked: the second is settled all the same, and then the panic goes on.
#[cold]
#[inline(never)]
fn unwind<F, R>(
    owner: Owner<'_>,
    pushed: Pushed<'_, Header>,
    frame: &Frame<F, R>,
    payload: Box<dyn Any + Send>,
) -> !
where
    F: FnOnce(Worker<'_>) -> R + Send,
    R: Send,
{
    let settled = if pushed.pop() {
        // SAFETY: the frame was popped.
        Settled::Owner(unsafe { frame.take_closure() })
    } else {
        settle_public(owner, pushed, frame)
    };
    let outcome = match settled {
        Settled::Owner(b) => catch_unwind(AssertUnwindSafe(|| b(Worker::of(owner)))),
        Settled::Thief(outcome) => outcome,
    };
    drop_quietly(outcome);
    resume_unwind(payload)
}

/// Both halves in order, each exactly once: for a stack that is full, and for pools that take nothing any more.
#[cold]
#[inline(never)]
fn in_order<A, B, RA, RB>(worker: Worker<'_>, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(Worker<'_>) -> RA,
    B: FnOnce(Worker<'_>) -> RB,
{
    match catch_unwind(AssertUnwindSafe(|| a(worker.reborrow()))) {
        Ok(a) => (a, b(worker)),
        Err(payload) => {
            drop_quietly(catch_unwind(AssertUnwindSafe(|| b(worker))));
            resume_unwind(payload)
        }
    }
}
