//! The line of those who wait for room in a queue without blocking their threads.
//!
//! A waiter puts itself into the line, tries once more to get in, and only then waits to be woken. A thread that has popped from the
//! queue reads one bit, which says whether there is a line, and if so takes the first out and wakes it. That one tries again, and
//! goes back to its old place if another was faster.
//!
//! The line is behind a mutex; what is said here is about the bit, which is read without it.
//!
//! # No wake-up is lost
//!
//! - waiter: enter the line, which sets the bit; fence; try; if there is no room, wait.
//! - popper: pop; read the bit; if it is set, take out the first and wake it.
//!
//! If the attempt does not find the room of the pop, the popper finds the bit: the pop and the reading of the bit are in the one order of
//! sequentially consistent operations (as the pops of our strategies are, or behind a mutex that the attempt takes as well), and so
//! is the fence. A waiter that waits has found no room after it entered. So for each pop after that one waiter is taken out of the line,
//! and as many are woken as can get in.
//!
//! A waiter may be taken out that does not need it any more: it has given up, or has found room before. When it leaves and is not in
//! the line, the next is woken in its place. It may also have been taken out twice, if it entered again in between; then it got in with
//! the one, and the other goes on.
//!
//! The queue may be several, each with room of its own. Then the popper, which does not know them, takes out the first of each.

use std::collections::BTreeMap;

use crate::sync::{
    AtomicU64, Mutex,
    Ordering::{Relaxed, SeqCst},
    fence, lock,
};

/// A queue, and a number that grows.
pub(crate) type Place<Q> = (Q, u64);

/// `W` is what wakes a waiter. It may be foreign code: none is woken or dropped under the lock.
pub(crate) struct WaitingLine<Q, W> {
    waiters: Mutex<BTreeMap<Place<Q>, W>>,
    next: AtomicU64,
}

impl<Q: Copy + Ord, W> WaitingLine<Q, W> {
    pub(crate) fn new() -> Self {
        WaitingLine { waiters: Mutex::new(BTreeMap::new()), next: AtomicU64::new(0) }
    }

    /// A place at the end of the line for this queue.
    pub(crate) fn place(&self, queue: Q) -> Place<Q> {
        (queue, self.next.fetch_add(1, Relaxed))
    }

    /// Puts a waiter in its place. Returns the one that was there. The caller tries once more before it waits.
    ///
    /// `note`, here and below, sets the bit, or clears it; it is called with the lock.
    #[must_use = "it is to be dropped without a lock"]
    pub(crate) fn enter(&self, place: Place<Q>, waiter: W, note: impl FnOnce(bool)) -> Option<W> {
        let before = self.change(note, |waiters| waiters.insert(place, waiter));
        fence(SeqCst);
        before
    }

    /// The waiter at this place does not wait any more. Returns it; or, if it was taken out to be woken, the next of its queue, which is to
    /// be woken.
    pub(crate) fn leave(&self, place: Place<Q>, note: impl FnOnce(bool)) -> Left<W> {
        self.change(note, |waiters| match waiters.remove(&place) {
            Some(waiter) => Left::Was(waiter),
            None => {
                let end = (place.0, u64::MAX);
                let next = waiters.range((place.0, 0)..=end).next().map(|(place, _)| *place);
                Left::Next(next.and_then(|next| waiters.remove(&next)))
            }
        })
    }

    /// Takes out the first of each queue, to be woken.
    pub(crate) fn take_first(&self, note: impl FnOnce(bool)) -> Vec<W> {
        self.change(note, |waiters| {
            let mut first = Vec::new();
            let mut next = waiters.keys().next().copied();
            while let Some(place) = next {
                first.extend(waiters.remove(&place));
                next = waiters.range((place.0, u64::MAX)..).next().map(|(place, _)| *place);
            }
            first
        })
    }

    /// Takes out all, to be woken.
    pub(crate) fn take_all(&self, note: impl FnOnce(bool)) -> Vec<W> {
        self.change(note, std::mem::take).into_values().collect()
    }

    fn change<R>(&self, note: impl FnOnce(bool), change: impl FnOnce(&mut BTreeMap<Place<Q>, W>) -> R) -> R {
        let mut waiters = lock(&self.waiters);
        let result = change(&mut waiters);
        note(!waiters.is_empty());
        result
    }
}

/// What a waiter leaves behind.
pub(crate) enum Left<W> {
    /// Itself. It was not woken.
    Was(W),
    /// It was woken, or is about to be, and this is to be woken in its place.
    Next(Option<W>),
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_queue_is_taken_and_keeps_its_place() {
        let line = WaitingLine::new();
        let places = ["a", "b", "a", "c"].map(|queue| line.place(queue));
        let is_there = std::cell::Cell::new(false);
        let note = |there| is_there.set(there);
        for (place, waiter) in places.into_iter().zip(0..) {
            assert_eq!(line.enter(place, waiter, note), None);
        }
        assert_eq!(line.enter(places[0], 10, note), Some(0), "it has another waker now");
        assert_eq!(line.take_first(note), [10, 1, 3]);
        assert_eq!(line.enter(places[0], 11, note), None);
        assert_eq!(line.take_first(note), [11], "it comes before the other of its queue");
        assert!(is_there.get());
        assert!(matches!(line.leave(places[3], note), Left::Next(None)), "none of its queue is left");
        assert!(matches!(line.leave(places[0], note), Left::Next(Some(2))));
        assert!(!is_there.get() && line.take_all(note).is_empty());
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::sync::Ordering::AcqRel;
    use crate::sync::model::bounded;
    use crate::sync::{AtomicBool, AtomicUsize, Thread, thread, total_order};

    /// A queue that is full, and who waits for room in it.
    struct Queue {
        room: AtomicUsize,
        line: WaitingLine<u8, Thread>,
        has_line: AtomicBool,
    }

    impl Queue {
        fn full() -> Arc<Queue> {
            let (room, has_line) = (AtomicUsize::new(0), AtomicBool::new(false));
            Arc::new(Queue { room, line: WaitingLine::new(), has_line })
        }

        fn note(&self) -> impl Fn(bool) {
            |is_there| self.has_line.store(is_there, SeqCst)
        }

        fn try_push(&self) -> bool {
            let mut room = self.room.load(Relaxed);
            while room > 0 {
                match self.room.compare_exchange_weak(room, room - 1, AcqRel, Relaxed) {
                    Ok(_) => return true,
                    Err(now) => room = now,
                }
            }
            false
        }

        fn pop(&self) {
            self.room.fetch_add(1, SeqCst);
            total_order();
            if self.has_line.load(SeqCst) {
                self.line.take_first(self.note()).into_iter().for_each(|waiter| waiter.unpark());
            }
        }

        fn leave(&self, place: Place<u8>) {
            if let Left::Next(Some(next)) = self.line.leave(place, self.note()) {
                next.unpark();
            }
        }

        /// Waits until it gets in.
        fn push(&self) {
            let place = self.line.place(0);
            loop {
                drop(self.line.enter(place, thread::current(), self.note()));
                if self.try_push() {
                    return self.leave(place);
                }
                thread::park();
                if self.try_push() {
                    return self.leave(place);
                }
            }
        }

        /// Waits, and gives up whatever has come of it.
        fn give_up(&self) {
            let place = self.line.place(0);
            drop(self.line.enter(place, thread::current(), self.note()));
            self.leave(place);
        }
    }

    #[test]
    fn room_is_found_or_its_maker_finds_the_waiter() {
        loom::model(|| {
            let queue = Queue::full();
            let waiter = thread::spawn({
                let queue = queue.clone();
                move || queue.push()
            });
            queue.pop();
            waiter.join().unwrap();
        });
    }

    #[test]
    fn two_get_in_where_there_is_room_for_two() {
        bounded(3, || {
            let queue = Queue::full();
            let waiters = [(); 2].map(|()| {
                let queue = queue.clone();
                thread::spawn(move || queue.push())
            });
            queue.pop();
            queue.pop();
            waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        });
    }

    #[test]
    fn one_that_gives_up_leaves_its_wake_up_to_the_next() {
        bounded(3, || {
            let queue = Queue::full();
            let [stays, gives_up]: [fn(&Queue); 2] = [Queue::push, Queue::give_up];
            let waiters = [gives_up, stays].map(|wait| {
                let queue = queue.clone();
                thread::spawn(move || wait(&queue))
            });
            queue.pop();
            waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        });
    }
}
