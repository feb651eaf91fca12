//! What a crash leaves behind: a line in a file, by which the next process knows of it.
//!
//! A crash is a signal that a process brings about itself: a bad access, an abort. One that comes from outside, an interrupt or
//! the end of memory, leaves nothing. Systems without signals have none of this.

use std::fs::File;
use std::io;

/// From now on a signal by which the process crashes appends its name to this file, a copy of which is held, and then does
/// what it did before. The file that was named last counts.
pub(crate) fn mark_in(file: &File) -> io::Result<Mark> {
    let copy = file.try_clone()?;
    #[cfg(unix)]
    system::mark_in(&copy);
    Ok(Mark(copy))
}

/// While this lives a crash is marked.
#[derive(Debug)]
pub(crate) struct Mark(#[allow(dead_code, reason = "the descriptor is open as long as this lives")] File);

impl Drop for Mark {
    fn drop(&mut self) {
        #[cfg(unix)]
        system::mark_nowhere(&self.0);
    }
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI32, Ordering};

    use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, c_int, sigaction, sighandler_t};

    /// The signals by which processes crash, each with its line, and with what it did before.
    static SIGNALS: [(c_int, &str, OnceLock<sigaction>); 5] = [
        (SIGABRT, "SIGABRT\n", OnceLock::new()),
        (SIGSEGV, "SIGSEGV\n", OnceLock::new()),
        (SIGBUS, "SIGBUS\n", OnceLock::new()),
        (SIGILL, "SIGILL\n", OnceLock::new()),
        (SIGFPE, "SIGFPE\n", OnceLock::new()),
    ];

    /// The descriptor of the file; -1 where there is none.
    static MARKED: AtomicI32 = AtomicI32::new(-1);

    pub(super) fn mark_in(file: &File) {
        MARKED.store(file.as_raw_fd(), Ordering::Relaxed);
        for (signal, _, before) in &SIGNALS {
            before.get_or_init(|| install(*signal));
        }
    }

    pub(super) fn mark_nowhere(file: &File) {
        let _ = MARKED.compare_exchange(file.as_raw_fd(), -1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Lets `mark` handle the signal, and returns what handled it before.
    fn install(signal: c_int) -> sigaction {
        let mut before = MaybeUninit::<sigaction>::zeroed();
        // SAFETY: all zeros is a `sigaction`: the default action, an empty mask, no flags.
        let mut ours = unsafe { before.assume_init() };
        ours.sa_sigaction = mark as extern "C" fn(c_int) as sighandler_t;
        // A thread whose stack has overflowed has another one for this.
        ours.sa_flags = libc::SA_ONSTACK;
        // SAFETY: both point to a `sigaction`, and `mark` makes only calls that are safe in a handler.
        unsafe { sigaction(signal, &raw const ours, before.as_mut_ptr()) };
        // SAFETY: it was zeroed, and where the call succeeded written.
        unsafe { before.assume_init() }
    }

    /// What did the fault does it again when this returns, and so does `abort` with its signal.
    extern "C" fn mark(signal: c_int) {
        let Some((_, line, before)) = SIGNALS.iter().find(|(known, ..)| *known == signal) else { return };
        let file = MARKED.load(Ordering::Relaxed);
        if file >= 0 {
            // SAFETY: the line is valid for reads of its length, and `write` is safe in a handler.
            unsafe { libc::write(file, line.as_ptr().cast(), line.len()) };
        }
        if let Some(before) = before.get() {
            // SAFETY: it is what the system gave, and `sigaction` is safe in a handler.
            unsafe { sigaction(signal, before, ptr::null_mut()) };
        }
    }
}
