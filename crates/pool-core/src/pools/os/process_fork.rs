//! What a forked child knows: that it is one, and which pools are dead there.
//!
//! `fork` copies one thread, and every lock in the state that it is in. The thread that forks therefore takes the locks
//! of this module before, and both processes give them back afterwards; the child first counts the fork, and goes through the
//! pools and has each shut its gate by plain stores. No other lock is touched.
//!
//! So nothing that is done [without forks](without_forks) is half done in a child.
//!
//! A thread that starts takes a lock of std's before it runs any code of ours (for its message at a stack overflow). In a child that was
//! forked at that moment each new thread would wait for it for ever, so a fork waits until the threads that pools start have
//! started. Threads that end take that lock as well, and so do those of other code: that is left to chance.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use crate::os;

/// A pool, as the child sees it.
pub(crate) trait AtFork: Send + Sync {
    /// The process is a fork, and the pool has no threads in it. Must take no lock.
    fn forked(&self);
}

type Pools = Vec<Weak<dyn AtFork>>;

static POOLS: Mutex<Pools> = Mutex::new(Vec::new());

/// Held while something is made that is there once for the process.
static MAKING: Mutex<()> = Mutex::new(());

/// Held while the [waiters](crate::cancel) of a token are changed, whichever token it is.
static CHANGING: Mutex<()> = Mutex::new(());

/// Threads that are about to run their first line.
static STARTING: AtomicUsize = AtomicUsize::new(0);

/// How many forks lie between the first process and this one.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// The thread that has forked this process, by its [address](thread_address).
static SURVIVOR: AtomicUsize = AtomicUsize::new(0);

/// This module's locks, between the preparation of a fork and its end.
struct Held {
    /// Not if the thread that forks has it anyway: in its child, too, it goes on with what it makes.
    _making: Option<MutexGuard<'static, ()>>,
    pools: MutexGuard<'static, Pools>,
    _changing: MutexGuard<'static, ()>,
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
    /// This thread is making something.
    static MAKES: Cell<bool> = const { Cell::new(false) };
}

/// From now on a forked child tells this pool.
pub(crate) fn register(pool: Arc<dyn AtFork>) {
    watch_forks();
    let mut pools = lock(&POOLS);
    pools.retain(|pool| pool.strong_count() > 0);
    pools.push(Arc::downgrade(&pool));
}

/// Runs `make` while no other thread forks this process: for what is made once, by the thread that needs it first, and what a child
/// would wait for in vain if it were half made. A fork waits for as long.
pub fn without_forks<R>(make: impl FnOnce() -> R) -> R {
    if MAKES.get() {
        return make();
    }
    watch_forks();
    let _making = lock(&MAKING);
    let _makes = Makes::begin();
    make()
}

struct Makes;

impl Makes {
    fn begin() -> Self {
        MAKES.set(true);
        Makes
    }
}

impl Drop for Makes {
    fn drop(&mut self) {
        MAKES.set(false);
    }
}

/// Starts a thread. No other thread forks this process before it has started.
pub(crate) fn spawn<T: Send + 'static>(
    builder: thread::Builder,
    f: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let starting = without_forks(Starting::begin);
    builder.spawn(move || {
        drop(starting);
        f()
    })
}

struct Starting;

impl Starting {
    fn begin() -> Self {
        STARTING.fetch_add(1, Relaxed);
        Starting
    }
}

impl Drop for Starting {
    /// Also if there is no thread.
    fn drop(&mut self) {
        STARTING.fetch_sub(1, Release);
    }
}

/// A number that changes when the process is forked, in the child.
pub fn forks() -> usize {
    FORKS.load(Relaxed)
}

/// Changes what a forked child goes on with, while no other thread forks this process. For what is over in a moment; it may take
/// no lock under which this is called, and calls no foreign code.
pub(crate) fn change_between_forks<R>(change: impl FnOnce() -> R) -> R {
    watch_forks();
    let _changing = lock(&CHANGING);
    change()
}

/// A thread, and the process that it is in.
#[derive(Clone, Copy)]
pub(crate) struct ThreadOrigin {
    forks: usize,
    thread: usize,
}

impl ThreadOrigin {
    /// The calling thread.
    pub(crate) fn here() -> Self {
        ThreadOrigin { forks: forks(), thread: thread_address() }
    }

    /// Whether the thread is or was one of this process. Of those of a process from before a fork, one is: that which has forked.
    pub(crate) fn is_in_this_process(self) -> bool {
        self.forks == forks() || self.thread == SURVIVOR.load(Relaxed)
    }
}

/// A number that no other thread has while this one lives, and that a fork leaves alone.
fn thread_address() -> usize {
    MAKES.with(|makes| std::ptr::from_ref(makes).addr())
}

/// A child of a fork is about to wait for what only its parent's threads do.
#[cold]
pub fn refuse_to_wait(what: &str) -> ! {
    // Not `eprintln`, whose lock may be held for ever.
    os::write_to_stderr(&format!(
        "pool-core: in a forked child, {what} that began before the fork cannot end, since the pool's threads are not \
         there; such a child is to exec or to exit\n"
    ));
    std::process::abort();
}

fn watch_forks() {
    // Not a `Once`: a child that was forked while another thread is at it would wait for ever. Who finds it undone does it,
    // and handlers that are called twice do nothing the second time.
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if !WATCHED.load(Acquire) {
        os::at_fork(before, in_parent, in_child);
        WATCHED.store(true, Release);
    }
}

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// Unwinding out of these aborts the process. Nothing in them panics: no cell is borrowed across a call.

extern "C" fn before() {
    // A thread in its last destructors holds nothing; its child is none that goes on.
    let _ = HELD.try_with(|held| {
        held.borrow_mut().get_or_insert_with(|| {
            let making = (!MAKES.get()).then(|| lock(&MAKING));
            // With the lock, so no other begins to start.
            while STARTING.load(Acquire) > 0 {
                thread::yield_now();
            }
            Held { _making: making, pools: lock(&POOLS), _changing: lock(&CHANGING) }
        });
    });
}

extern "C" fn in_parent() {
    let _ = HELD.try_with(|held| held.take());
}

extern "C" fn in_child() {
    let Some(held) = HELD.try_with(|held| held.take()).ok().flatten() else { return };
    FORKS.fetch_add(1, Relaxed);
    SURVIVOR.store(thread_address(), Relaxed);
    for pool in held.pools.iter().filter_map(Weak::upgrade) {
        pool.forked();
    }
}
