//! Models of the protocols, checked by loom in the orders that it explores: up to so many involuntary switches, and where an
//! access follows one of the same thread and atomic, not all of those with others' earlier loads.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p pool-stealing --lib
//! ```
//!
//! A model that loses a wake-up ends with a thread that is parked for good, which loom reports as a deadlock. Deleting
//! any one of the fences makes one of these fail.

mod forks;
mod joins;
mod marks;
mod unfenced;
mod without_marks;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::Ordering::*;
use loom::thread::{self, JoinHandle};

use crate::calls;
use crate::fork_buffer::ForkBuffer;
use crate::split::{Pushed, SplitStack};
use crate::sync::AtomicUsize;
use pool_core::strategy::{Group, Order, Parking, Woken};
use pool_core::sync::model::{Jobs, bounded};

fn parking(workers: usize) -> Arc<Parking> {
    Arc::new(Parking::new(workers, Order::ByCpu))
}

/// A worker that runs one job, and is then busy for ever. When it has announced itself it asks, and then it looks; and again if it
/// has asked in vain.
fn run_one(
    parking: &Parking,
    jobs: &Jobs,
    sleeper_index: usize,
    mut searching: bool,
    ask: impl Fn() -> bool,
) {
    while !jobs.take() {
        parking.announce(sleeper_index, std::mem::take(&mut searching), Group::General);
        let sure = ask();
        let stays = sure && !jobs.is_visible();
        searching = if stays {
            parking.park(sleeper_index, None) == Woken::ToSearch
        } else {
            parking.retract(sleeper_index)
        };
        if !sure {
            thread::yield_now();
        }
    }
    if searching {
        parking.stop_search(|| jobs.is_visible());
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
            // SAFETY: loom checks that no other thread is here.
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
struct ForkPtr(*mut Fork);

// SAFETY: what is shared is checked by loom.
unsafe impl Send for ForkPtr {}

/// As the owner.
fn push(stack: &SplitStack<Fork>, fork: *mut Fork) -> Pushed<'_, Fork> {
    // SAFETY: one thread of each model pushes, and no thread makes room at that moment.
    unsafe { stack.room() }.expect("there are as many places as a model needs").push(fork)
}

fn settle(pushed: Pushed<'_, Fork>, fork: *mut Fork) {
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
    assert!(calls::ask_all(std::iter::once(stack)));
    stack.has_forks()
}

/// A worker's stack, whose mark is cleared, its jobs, and those who park.
#[derive(Clone)]
struct Scene {
    stack: Arc<SplitStack<Fork>>,
    parking: Arc<Parking>,
    jobs: Arc<Jobs>,
}

impl Scene {
    fn new(sleepers: usize) -> Self {
        Scene { stack: answered_stack(), parking: parking(sleepers), jobs: Arc::default() }
    }

    fn spawn<R: 'static>(&self, body: impl FnOnce(&Scene) -> R + 'static) -> JoinHandle<R> {
        let scene = self.clone();
        thread::spawn(move || body(&scene))
    }

    /// A worker that runs one job of the stack's owner.
    fn spawn_sleeper(&self, sleeper_index: usize) -> JoinHandle<()> {
        self.spawn(move |scene| {
            run_one(&scene.parking, &scene.jobs, sleeper_index, false, || {
                calls::ask_all(std::iter::once(&*scene.stack))
            })
        })
    }

    /// Forks something that is not run.
    fn fork(&self) -> Pushed<'_, Fork> {
        push(&self.stack, std::ptr::dangling_mut())
    }

    /// What the owner does in a join, when it has pushed.
    fn answer_if_asked(&self) {
        if self.stack.is_asked() {
            calls::answer(&self.stack, &self.parking);
        }
    }

    /// What the owner does to push a job.
    fn push_job(&self) {
        self.jobs.push();
        if self.stack.is_asked() {
            calls::call(&self.stack, &self.parking);
        }
    }

    /// As the pool looks around.
    fn has_visible_work(&self) -> bool {
        self.stack.has_forks() || self.stack.may_hide() || self.jobs.is_visible()
    }
}
