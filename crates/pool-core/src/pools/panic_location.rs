//! Where a panic began.
//!
//! By the time a panic is caught, its stack is gone. Only std's panic hook sees it, and there is one for the whole
//! process. So the first pool that wants backtraces puts a hook of ours before the one that it finds, for good. Ours
//! looks at a number of its thread, how many jobs of such pools it is in the middle of, and if there are any, leaves
//! the trace in a thread-local value for whoever catches the panic. Then it calls the other hook.
//!
//! std cannot exchange a hook in one step, so a panic elsewhere in just that moment is printed by std's own hook.
//!
//! It is a best effort: what rethrows a payload (`resume_unwind`) does not pass the hook, so such a panic has the
//! trace of the last one that began in the job, if any.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::thread;

use crate::os::process_fork::without_forks;

/// What the hook has seen of a panic.
pub(crate) struct PanicLocation {
    pub(crate) location: Option<String>,
    pub(crate) backtrace: Backtrace,
}

thread_local! {
    // Without a destructor: the hook reads it in any panic of any thread, at the thread's very end, too.
    static ARMED: Cell<usize> = const { Cell::new(0) };
    static LAST: Cell<Option<Box<PanicLocation>>> = const { Cell::new(None) };
}

/// Puts our hook before the process's, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    // In the middle of a panic the hook cannot be changed; the next pool will.
    if thread::panicking() {
        return;
    }
    without_forks(|| {
        ONCE.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                note(info);
                before(info);
            }));
        });
    });
}

fn note(info: &PanicHookInfo<'_>) {
    if ARMED.get() != 0 {
        let location = info.location().map(ToString::to_string);
        put_back(Some(Box::new(PanicLocation { location, backtrace: Backtrace::force_capture() })));
    }
}

/// Leaves a trace to be taken on this thread, or none.
pub(crate) fn put_back(trace: Option<Box<PanicLocation>>) {
    // At the end of a thread there is no such place any more, and then there is nothing to be had.
    let _ = LAST.try_with(|last| last.set(trace));
}

/// Takes the trace of the last panic on this thread, if there is one.
pub(crate) fn take() -> Option<Box<PanicLocation>> {
    LAST.try_with(Cell::take).ok().flatten()
}

/// A job starts that wants its panic traced.
pub(crate) fn arm() {
    // What a panic has left that nobody asked about.
    drop(take());
    ARMED.set(ARMED.get() + 1);
}

/// The job has ended. A panic that was caught within it is no concern of the pool's.
pub(crate) fn disarm(panicked: bool) {
    ARMED.set(ARMED.get() - 1);
    if !panicked {
        drop(take());
    }
}
