//! As much of a pool as a join needs around it: slots, who is in them, and what they share. There are no jobs, and
//! nothing panics.

pub(crate) fn drop_quietly<T>(value: T) {
    drop(value);
}

/// A model is never forked.
pub(crate) fn refuse_to_wait(what: &str) -> ! {
    unreachable!("{what} in a forked child")
}

pub(crate) mod worker_queues {
    use crate::header::Header;
    use crate::split::SplitStack;
    use crate::sync::{Mutex, Thread, lock, thread};

    pub(crate) struct WorkerQueues {
        index: usize,
        pub(crate) stack: SplitStack<Header>,
        thread: Mutex<Option<Thread>>,
    }

    impl WorkerQueues {
        pub(crate) fn new(index: usize) -> Self {
            WorkerQueues { index, stack: SplitStack::new(), thread: Mutex::new(None) }
        }

        pub(crate) fn without_room() -> Self {
            WorkerQueues { index: 0, stack: SplitStack::without_room(), thread: Mutex::new(None) }
        }

        pub(crate) fn take(&self) {
            *lock(&self.thread) = Some(thread::current());
        }

        /// A model cannot tell.
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
    pub(crate) struct Owner<'a>(&'a WorkerQueues);

    impl<'a> Owner<'a> {
        pub(crate) unsafe fn new(slot: &'a WorkerQueues) -> Self {
            Owner(slot)
        }

        pub(crate) fn index(self) -> usize {
            self.0.index
        }

        pub(crate) fn count_stolen_fork(self) {}

        pub(crate) fn slot(self) -> &'a WorkerQueues {
            self.0
        }

        pub(crate) fn stack(self) -> &'a SplitStack<Header> {
            &self.0.stack
        }
    }
}

pub(crate) mod channel {
    use super::worker_queues::WorkerQueues;
    use loom::sync::Arc;
    use pool_core::strategy::{Order, Parking};

    pub(crate) struct Channel {
        pub(crate) slots: Box<[WorkerQueues]>,
        pub(crate) parking: Arc<Parking>,
    }

    impl Channel {
        pub(crate) fn new(slots: usize) -> Self {
            let slots: Box<[WorkerQueues]> = (0..slots).map(WorkerQueues::new).collect();
            Channel { parking: Arc::new(Parking::new(slots.len(), Order::ByCpu)), slots }
        }

        pub(crate) fn is_forked(&self) -> bool {
            false
        }

        pub(crate) fn has_visible_work(&self) -> bool {
            self.slots.iter().any(|slot| slot.stack.has_forks() || slot.stack.may_hide())
        }
    }
}

pub(crate) mod current_worker {
    use std::cell::Cell;

    use loom::sync::Arc;

    use super::channel::Channel;
    use super::worker_queues::Owner;
    use crate::worker::Worker;

    loom::thread_local! {
        static CURRENT: Cell<Option<(&'static Channel, usize)>> = Cell::new(None);
    }

    /// Occupies the slot there, and hands over the worker's handle.
    pub(crate) fn work<R>(channel: &Arc<Channel>, index: usize, body: impl FnOnce(Worker<'_>) -> R) -> R {
        channel.slots[index].take();
        // SAFETY: the caller has the `Arc` until this returns, and then no thread reads it any more.
        CURRENT.with(|here| here.set(Some((unsafe { &*(&raw const **channel) }, index))));
        // SAFETY: the thread is there.
        let result = body(unsafe { worker_if_any() });
        CURRENT.with(|here| here.set(None));
        result
    }

    /// The number of the slot where the thread is.
    pub(crate) fn index() -> Option<usize> {
        CURRENT.with(|here| here.get()).map(|(_, index)| index)
    }

    pub(crate) unsafe fn channel<'a>() -> Option<&'a Channel> {
        CURRENT.with(|here| here.get()).map(|(channel, _)| channel)
    }

    pub(crate) unsafe fn worker_if_any<'a>() -> Worker<'a> {
        let (channel, index) = CURRENT.with(|here| here.get()).expect("all threads of a model are workers");
        // SAFETY: the thread is there.
        Worker::of(unsafe { Owner::new(&channel.slots[index]) })
    }
}
