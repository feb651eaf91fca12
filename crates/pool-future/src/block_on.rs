//! Blocking on a future, in a job or elsewhere.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use pool_core::block_in_place;
use pool_core::strategy::{Awaited, wait_helping};

/// Polls a future on the calling thread until it is ready, and returns its output.
///
/// In a job, the pool loses no worker by it if
///
/// - it has [spare slots](pool_core::Builder::spare_threads): another stands in while this one blocks, as for [`block_in_place`];
/// - or its workers [help](pool_core::Builder::helping) while they wait: then this one runs other jobs on its stack.
///
/// A worker of any other pool blocks, and with the last one that does so for a future of the same pool, the pool stands still.
/// `.await` in a future costs no thread anywhere.
///
/// ```
/// use std::sync::Arc;
/// use pool_future::{block_on, spawn_future};
/// use pool_stealing::StealingPool;
///
/// let pool = Arc::new(StealingPool::builder().threads(1).spare_threads(1).build()?);
/// let inner = pool.clone();
/// // The only worker waits for what only a worker can do.
/// let job = pool.spawn(move || block_on(spawn_future(&inner, async { 42 }).unwrap()).unwrap())?;
/// assert_eq!(job.join()?, 42);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// # Panics
///
/// With what the future panics with.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let signal = Arc::new(Signal { is_set: AtomicBool::new(true), thread: thread::current() });
    let future = pin!(future);
    let blocked = Blocked {
        waker: Waker::from(signal.clone()),
        signal,
        future: RefCell::new(future),
        output: Cell::new(None),
        is_over: Cell::new(false),
    };
    blocked.poll(&mut || ());
    if !blocked.is_over() && !wait_helping(&blocked) {
        block_in_place(|| blocked.wait());
    }
    match blocked.output.take().expect("a wait ends with an output") {
        Ok(output) => output,
        Err(payload) => resume_unwind(payload),
    }
}

/// A future, and the thread that waits for it.
struct Blocked<'a, F: Future> {
    future: RefCell<Pin<&'a mut F>>,
    output: Cell<Option<thread::Result<F::Output>>>,
    is_over: Cell<bool>,
    signal: Arc<Signal>,
    waker: Waker,
}

impl<F: Future> Blocked<'_, F> {
    /// Polls the future if it has been woken. Returns whether it had; if so, it calls `woken` before.
    fn poll(&self, woken: &mut dyn FnMut()) -> bool {
        if !self.signal.is_set.swap(false, SeqCst) {
            return false;
        }
        woken();
        let mut future = self.future.borrow_mut();
        let mut context = Context::from_waker(&self.waker);
        // A panic must not pass through the pool's loop.
        let output = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))) {
            Ok(Poll::Pending) => return true,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(payload),
        };
        self.output.set(Some(output));
        self.is_over.set(true);
        true
    }

    fn wait(&self) {
        while !self.is_over() {
            if !self.poll(&mut || ()) {
                thread::park();
            }
        }
    }
}

impl<F: Future> Awaited for Blocked<'_, F> {
    fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// The waker has the thread from the beginning.
    fn announce(&self) {}

    fn run_own(&self, found: &mut dyn FnMut()) -> bool {
        self.poll(found)
    }

    fn is_ready(&self) -> bool {
        self.is_over() || self.signal.is_set.load(SeqCst)
    }
}

struct Signal {
    is_set: AtomicBool,
    thread: Thread,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, SeqCst);
        self.thread.unpark();
    }
}
