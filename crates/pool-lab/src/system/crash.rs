//! What a crash leaves behind: a line in a file, by which the next process knows of it, and one on standard error, by which the
//! user knows how to go on.
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

/// From now on a crash says this on standard error, after a word on which engine it was that crashed. Nothing is said where this is
/// empty.
pub(crate) fn say_at_crash(text: &str) {
    #[cfg(unix)]
    system::say(text);
    #[cfg(not(unix))]
    let _ = text;
}

/// From now on this engine runs, of which a crash is to be told; none where it is empty.
pub(crate) fn runs(engine: &str) {
    #[cfg(unix)]
    system::runs(engine);
    #[cfg(not(unix))]
    let _ = engine;
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
    use std::collections::BTreeSet;
    use std::ffi::{CStr, CString};
    use std::fs::File;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;
    use std::ptr;
    use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
    use std::sync::{Mutex, OnceLock, PoisonError};

    use libc::{
        SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, STDERR_FILENO, c_char, c_int, sigaction, sighandler_t,
    };

    use crate::system::terminal;

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

    /// What is said of a crash: up to the signal's name, and after it. Both are null where there is nothing to say. What they point to
    /// is never freed, as a handler may be reading it.
    static BEFORE: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());
    static AFTER: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());

    pub(super) fn mark_in(file: &File) {
        MARKED.store(file.as_raw_fd(), Ordering::Relaxed);
        install_all();
    }

    pub(super) fn say(text: &str) {
        if text.is_empty() {
            AFTER.store(ptr::null_mut(), Ordering::Release);
            return;
        }
        if BEFORE.load(Ordering::Acquire).is_null() {
            runs("");
        }
        AFTER.store(for_ever(&format!("). {text}\n")), Ordering::Release);
        install_all();
    }

    pub(super) fn runs(engine: &str) {
        // On a terminal the line at the bottom gives way.
        let erase = if terminal::has_status() { terminal::ERASE } else { "" };
        let text = match engine {
            "" => format!("{erase}the process crashed ("),
            engine => format!("{erase}{engine} crashed the process ("),
        };
        BEFORE.store(for_ever(&text), Ordering::Release);
    }

    /// The text, which stays where it is; the same text is there once.
    fn for_ever(text: &str) -> *mut c_char {
        static TEXTS: Mutex<BTreeSet<&CStr>> = Mutex::new(BTreeSet::new());
        let text = CString::new(text).unwrap_or_default();
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = texts.get(&*text).copied().unwrap_or_else(|| {
            let kept: &CStr = Box::leak(text.into_boxed_c_str());
            texts.insert(kept);
            kept
        });
        kept.as_ptr().cast_mut()
    }

    pub(super) fn mark_nowhere(file: &File) {
        let _ = MARKED.compare_exchange(file.as_raw_fd(), -1, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn install_all() {
        for (signal, _, before) in &SIGNALS {
            before.get_or_init(|| install(*signal));
        }
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
            write(file, line.as_bytes());
        }
        // Once: a handler that was there before may end the process by another signal.
        let after = AFTER.swap(ptr::null_mut(), Ordering::Acquire);
        if !after.is_null() {
            write_text(BEFORE.load(Ordering::Acquire));
            write(STDERR_FILENO, line.trim_end().as_bytes());
            write_text(after);
        }
        if let Some(before) = before.get() {
            // SAFETY: it is what the system gave, and `sigaction` is safe in a handler.
            unsafe { sigaction(signal, before, ptr::null_mut()) };
        }
    }

    fn write_text(text: *const c_char) {
        if !text.is_null() {
            // SAFETY: it is one of `for_ever`, which end with a zero and stay.
            let text = unsafe { CStr::from_ptr(text) };
            write(STDERR_FILENO, text.to_bytes());
        }
    }

    fn write(file: c_int, text: &[u8]) {
        // SAFETY: the text is valid for the read, and `write` is safe in a handler.
        unsafe { libc::write(file, text.as_ptr().cast(), text.len()) };
    }
}
