//! Models of the protocols, checked by loom in every order that the memory model allows.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p pool-stealing --lib
//! ```
//!
//! A model that loses a wake-up ends with a thread that is parked for good, which loom reports as a deadlock. Deleting
//! any one of the fences makes one of these fail.

mod forks;
mod marks;
mod sleeping;
mod without_marks;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::*};

use crate::sleep::{Sleep, Woken};
use crate::split::SplitStack;
use pool_core::fences::heavy_fence;

/// Models with three threads are explored up to this many involuntary switches.
fn bounded(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}

/// A queue, as far as the protocol is concerned: a number of jobs.
#[derive(Default)]
struct Jobs(AtomicUsize);

impl Jobs {
    fn push(&self) {
        self.0.fetch_add(1, Release);
    }

    fn take(&self) -> bool {
        self.0.fetch_update(AcqRel, Acquire, |jobs| jobs.checked_sub(1)).is_ok()
    }

    fn is_visible(&self) -> bool {
        self.0.load(Acquire) > 0
    }
}

/// A worker that runs one job, and is then busy for ever.
fn run_one(sleep: &Sleep, jobs: &Jobs, bed: usize, mut searching: bool) {
    while !jobs.take() {
        sleep.lie_down(bed, std::mem::take(&mut searching));
        if jobs.is_visible() {
            searching = sleep.get_up(bed);
        } else {
            searching = sleep.sleep(bed, None) == Woken::ToSearch;
        }
    }
    if searching {
        sleep.stop_search(|| jobs.is_visible());
    }
}

/// A fork: something that its owner writes before it is pushed, and that is to be run once.
struct Fork {
    content: UnsafeCell<u32>,
    runs: AtomicUsize,
}

impl Fork {
    /// A fork that lives until the model ends.
    fn leaked() -> *mut Fork {
        Box::into_raw(Box::new(Fork { content: UnsafeCell::new(7), runs: AtomicUsize::new(0) }))
    }

    fn run(fork: *mut Fork) {
        // SAFETY: forks are freed when all threads of the model have ended.
        let fork = unsafe { &*fork };
        fork.content.with_mut(|content| {
            // SAFETY: loom checks that nobody else is here.
            let content = unsafe { &mut *content };
            assert_eq!(std::mem::take(content), 7);
        });
        assert_eq!(fork.runs.fetch_add(1, Relaxed), 0, "run twice");
    }

    fn free(fork: *mut Fork) {
        // SAFETY: it came from `leaked`, and the model is over.
        let fork = unsafe { Box::from_raw(fork) };
        assert_eq!(fork.runs.load(Relaxed), 1, "not run");
    }
}

/// Lets threads share a pointer.
#[derive(Clone, Copy)]
struct Shared(*mut Fork);

// SAFETY: what is shared is checked by loom.
unsafe impl Send for Shared {}

fn settle(pushed: crate::split::Pushed<'_, Fork>, fork: *mut Fork) {
    if pushed.pop() || pushed.reclaim() {
        Fork::run(fork);
    }
}

/// A stack whose mark is cleared, as after an answer.
fn answered_stack() -> Arc<SplitStack<Fork>> {
    let stack = Arc::new(SplitStack::new());
    stack.publish();
    stack
}

/// As a worker asks before it sleeps. Returns whether it sees a fork.
fn ask_and_look(stack: &SplitStack<Fork>) -> bool {
    if let Some(mark) = stack.unfenced_mark() {
        heavy_fence();
        stack.fenced(mark);
    }
    stack.has_forks()
}

/// What a worker does in a join, when it has pushed.
fn answer_if_asked(stack: &SplitStack<Fork>, sleep: &Sleep) {
    if stack.is_asked() {
        let has_public = stack.publish();
        sleep.notify();
        if !has_public && sleep.has_sleepers() {
            stack.stay_asked();
        }
    }
}

/// What a worker does when it has pushed a job of its own.
fn call_if_asked(stack: &SplitStack<Fork>, sleep: &Sleep) {
    if stack.is_asked() {
        sleep.notify();
        if !sleep.has_sleepers() {
            answer_if_asked(stack, sleep);
        }
    }
}

/// As `run_one`, asking before it sleeps.
fn run_one_of(stack: &SplitStack<Fork>, sleep: &Sleep, jobs: &Jobs, bed: usize) {
    let mut searching = false;
    while !jobs.take() {
        sleep.lie_down(bed, std::mem::take(&mut searching));
        ask_and_look(stack);
        searching =
            if jobs.is_visible() { sleep.get_up(bed) } else { sleep.sleep(bed, None) == Woken::ToSearch };
    }
    if searching {
        sleep.stop_search(|| jobs.is_visible());
    }
}
