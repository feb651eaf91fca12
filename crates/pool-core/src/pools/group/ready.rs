//! The queue of a group's jobs that have ended, and who waits for one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use crate::current::PoolId;
use crate::sync::lock;

/// Which job of a group. Those that one worker may run in place lie together, the first that was pushed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pool: PoolId,
    /// The only worker that may run it, if it is for a given one.
    pub(super) worker: Option<usize>,
    /// How many were pushed before.
    pub(super) number: u64,
}

#[derive(Default)]
pub(super) struct Ready(Mutex<State>);

#[derive(Default)]
struct State {
    ended: VecDeque<Key>,
    waiter: Option<Waker>,
}

impl Ready {
    /// The job of this key has ended. Wakes who waits for one.
    pub(super) fn push(&self, key: Key) {
        let mut state = lock(&self.0);
        state.ended.push_back(key);
        let waiter = state.waiter.take();
        drop(state);
        // If it panics, the one who ends a job catches that.
        waiter.into_iter().for_each(Waker::wake);
    }

    pub(super) fn pop(&self) -> Option<Key> {
        lock(&self.0).ended.pop_front()
    }

    /// As [`pop`](Ready::pop), or leaves the waker to be called when there is one.
    pub(super) fn pop_or_wait(&self, waker: &Waker) -> Option<Key> {
        // Foreign code is called when the lock is not held.
        let mut waker = Some(waker.clone());
        let mut state = lock(&self.0);
        let key = state.ended.pop_front();
        if key.is_none() {
            std::mem::swap(&mut state.waiter, &mut waker);
        }
        drop(state);
        key
    }

    /// Whether there is one to [`pop`](Ready::pop).
    pub(super) fn has_ended(&self) -> bool {
        !lock(&self.0).ended.is_empty()
    }

    /// Leaves the waker to be called when there is one, unless there is one already.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut waker = Some(waker.clone());
        let mut state = lock(&self.0);
        if state.ended.is_empty() {
            std::mem::swap(&mut state.waiter, &mut waker);
        }
        drop(state);
    }

    /// No thread waits any more.
    pub(super) fn clear_waker(&self) {
        let waiter = lock(&self.0).waiter.take();
        drop(waiter);
    }

    /// What is to be called when the job of this key has ended.
    pub(super) fn waker(self: &Arc<Self>, key: Key) -> Waker {
        Arc::new(Member { key, ready: self.clone() }).into()
    }
}

struct Member {
    key: Key,
    ready: Arc<Ready>,
}

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.key);
    }
}
