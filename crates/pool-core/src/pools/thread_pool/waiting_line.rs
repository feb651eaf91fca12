//! The tasks that wait for room in the queue: see [`room`](super::room).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::signals::{Signal, Signals};
use crate::QueueId;
use crate::job::room::PlaceId;
use crate::job::task::Waiter;

/// The wakers in the order of their places, queue by queue. The signal says whether there are some.
#[derive(Default)]
pub(super) struct WaitingLine {
    wakers: Mutex<BTreeMap<PlaceId, Waker>>,
    next: AtomicU64,
}

impl WaitingLine {
    pub(super) fn place(&self, queue: QueueId) -> PlaceId {
        (queue, self.next.fetch_add(1, Relaxed))
    }

    pub(super) fn enter(&self, place: PlaceId, waker: Waker, signals: &Signals) {
        let before = self.change(signals, |wakers| wakers.insert(place, waker));
        // Its destructor is foreign code.
        drop(before);
    }

    /// The task at this place does not wait any more. If it was woken, its wake-up goes to the next of its queue.
    pub(super) fn leave(&self, place: PlaceId, signals: &Signals) {
        let queue = place.0;
        let (waker, next) = self.change(signals, |wakers| match wakers.remove(&place) {
            Some(waker) => (Some(waker), None),
            None => (None, first_of(wakers, queue).and_then(|first| wakers.remove(&first))),
        });
        drop(waker);
        wake(next);
    }

    /// Wakes the first in each queue: which of them the room is in, only the strategy knows.
    pub(super) fn wake_first(&self, signals: &Signals) {
        let first = self.change(signals, |wakers| {
            let mut first = Vec::new();
            let mut next = wakers.keys().next().copied();
            while let Some(place) = next {
                first.extend(wakers.remove(&place));
                next = wakers.range((place.0, u64::MAX)..).next().map(|(place, _)| *place);
            }
            first
        });
        wake(first);
    }

    pub(super) fn wake_all(&self, signals: &Signals) {
        wake(self.change(signals, std::mem::take).into_values());
    }

    fn change<R>(&self, signals: &Signals, change: impl FnOnce(&mut BTreeMap<PlaceId, Waker>) -> R) -> R {
        let mut wakers = self.lock();
        let result = change(&mut wakers);
        signals.put(Signal::ROOM, !wakers.is_empty());
        result
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PlaceId, Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first_of(wakers: &BTreeMap<PlaceId, Waker>, queue: QueueId) -> Option<PlaceId> {
    wakers.range((queue, 0)..=(queue, u64::MAX)).next().map(|(place, _)| *place)
}

/// Without the lock: a waker is foreign code.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(|waker| Waiter::Waker(waker).wake());
}
