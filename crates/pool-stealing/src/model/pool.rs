//! As much of a pool as a join needs around it: seats, who sits in them, and what they share. There are no jobs, and
//! nothing panics.

pub(crate) fn drop_quietly<T>(value: T) {
    drop(value);
}

/// Nobody forks a model.
pub(crate) fn refuse_to_wait(what: &str) -> ! {
    unreachable!("{what} in a forked child")
}

pub(crate) mod seat {
    use crate::frame::Header;
    use crate::split::SplitStack;
    use crate::sync::{Mutex, Thread, lock, thread};

    pub(crate) struct Seat {
        index: usize,
        pub(crate) stack: SplitStack<Header>,
        thread: Mutex<Option<Thread>>,
    }

    impl Seat {
        pub(crate) fn new(index: usize) -> Self {
            Seat { index, stack: SplitStack::new(), thread: Mutex::new(None) }
        }

        pub(crate) fn without_room() -> Self {
            Seat { index: 0, stack: SplitStack::without_room(), thread: Mutex::new(None) }
        }

        pub(crate) fn take(&self) {
            *lock(&self.thread) = Some(thread::current());
        }

        /// Nobody can tell in a model.
        pub(crate) fn is_off_cpu(&self) -> bool {
            false
        }

        pub(crate) fn unpark(&self) {
            if let Some(thread) = &*lock(&self.thread) {
                thread.unpark();
            }
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Owner<'a>(&'a Seat);

    impl<'a> Owner<'a> {
        pub(crate) unsafe fn new(seat: &'a Seat) -> Self {
            Owner(seat)
        }

        pub(crate) fn index(self) -> usize {
            self.0.index
        }

        pub(crate) fn count_stolen_fork(self) {}

        pub(crate) fn seat(self) -> &'a Seat {
            self.0
        }

        pub(crate) fn stack(self) -> &'a SplitStack<Header> {
            &self.0.stack
        }
    }
}

pub(crate) mod shared {
    use super::seat::Seat;
    use loom::sync::Arc;
    use pool_core::strategy::{Order, Parking};

    pub(crate) struct Shared {
        pub(crate) seats: Box<[Seat]>,
        pub(crate) parking: Arc<Parking>,
    }

    impl Shared {
        pub(crate) fn new(seats: usize) -> Self {
            let seats: Box<[Seat]> = (0..seats).map(Seat::new).collect();
            Shared { parking: Arc::new(Parking::new(seats.len(), Order::ByCpu)), seats }
        }

        pub(crate) fn is_forked(&self) -> bool {
            false
        }

        pub(crate) fn has_visible_work(&self) -> bool {
            self.seats.iter().any(|seat| seat.stack.has_forks() || seat.stack.may_hide())
        }
    }
}

pub(crate) mod here {
    use std::cell::Cell;

    use loom::sync::Arc;

    use super::seat::Owner;
    use super::shared::Shared;
    use crate::worker::Worker;

    loom::thread_local! {
        static HERE: Cell<Option<(&'static Shared, usize)>> = Cell::new(None);
    }

    /// Sits down there, and hands over the worker's handle.
    pub(crate) fn work<R>(shared: &Arc<Shared>, index: usize, body: impl FnOnce(Worker<'_>) -> R) -> R {
        shared.seats[index].take();
        // SAFETY: the caller has the `Arc` until this returns, and nobody looks any more then.
        HERE.with(|here| here.set(Some((unsafe { &*(&raw const **shared) }, index))));
        // SAFETY: the thread sits there.
        let result = body(unsafe { worker_if_any() });
        HERE.with(|here| here.set(None));
        result
    }

    /// The number of the seat where the thread sits.
    pub(crate) fn index() -> Option<usize> {
        HERE.with(|here| here.get()).map(|(_, index)| index)
    }

    pub(crate) unsafe fn shared<'a>() -> Option<&'a Shared> {
        HERE.with(|here| here.get()).map(|(shared, _)| shared)
    }

    pub(crate) unsafe fn worker_if_any<'a>() -> Worker<'a> {
        let (shared, index) = HERE.with(|here| here.get()).expect("all threads of a model sit somewhere");
        // SAFETY: the thread sits there.
        Worker::of(unsafe { Owner::new(&shared.seats[index]) })
    }
}
