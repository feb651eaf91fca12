//! Signals: what ends the program from outside, and when.
//!
//! - A pipe that its reader has closed ends the program quietly, as it ends other programs
//!   ([`die_at_closed_pipes`]).
//! - While an [`Interrupts`] lives, the first SIGINT, SIGTERM or SIGHUP is noted, and answered by a line on standard error: a
//!   measurement looks at the note between two samples, and ends in order. The second one ends the process at once.
//!
//! Signals that the process was started to ignore (`nohup`) stay ignored. Systems without signals have none of this.

use std::process;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that was caught; 0 is none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);

/// Ends the process by SIGPIPE when it writes into a pipe whose reader has closed it, where Rust would let it go on with an error.
pub fn die_at_closed_pipes() {
    #[cfg(unix)]
    system::restore(libc::SIGPIPE);
}

/// While this lives, signals that ask the process to end are noted first. One at a time is enough: they are the process's.
#[derive(Debug)]
pub struct Interrupts(());

impl Interrupts {
    /// Begins to catch signals. The first one that comes is answered at once by this line on standard error, which says what the
    /// program still does; by nothing where it is empty. What stands in the last line of a terminal is left alone from then on.
    pub fn catch(answer: &str) -> Self {
        CAUGHT.store(0, Ordering::Relaxed);
        #[cfg(unix)]
        system::catch_all(answer);
        #[cfg(not(unix))]
        let _ = answer;
        Interrupts(())
    }

    /// Ends the process by the signal that was caught, as if it never had been. Returns when there was none.
    pub fn die_if_caught(self) {
        let signal = CAUGHT.load(Ordering::Relaxed);
        drop(self);
        if signal != 0 {
            #[cfg(unix)]
            system::raise(signal);
            // Shells report a death by signal like this.
            process::exit(128 + signal);
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        #[cfg(unix)]
        system::release_all();
    }
}

/// Whether a signal has been caught since the last [`Interrupts`] began.
pub fn is_caught() -> bool {
    CAUGHT.load(Ordering::Relaxed) != 0
}

#[cfg(unix)]
mod system {
    use std::sync::atomic::{AtomicBool, Ordering};

    use libc::{SIG_DFL, SIG_IGN, SIGHUP, SIGINT, SIGTERM, c_int, sighandler_t};

    use super::CAUGHT;
    use crate::system::stderr;

    /// The signals that ask a process to end, and whether our handler is installed for each.
    static SIGNALS: [(c_int, AtomicBool); 3] = [
        (SIGINT, AtomicBool::new(false)),
        (SIGTERM, AtomicBool::new(false)),
        (SIGHUP, AtomicBool::new(false)),
    ];

    /// Notes the signal, answers it, and lets the next one end the process.
    extern "C" fn note(signal: c_int) {
        // The thread may be about to look at that of its own call.
        let errno = errno::errno();
        CAUGHT.store(signal, Ordering::Relaxed);
        release_all();
        stderr::say_notice();
        errno::set_errno(errno);
    }

    pub(super) fn catch_all(answer: &str) {
        stderr::prepare_notice(answer);
        let handler = note as extern "C" fn(c_int) as sighandler_t;
        for (signal, ours) in &SIGNALS {
            // Before the handler is installed, as it may run at once.
            ours.store(true, Ordering::Relaxed);
            if set(*signal, handler) == SIG_IGN {
                ours.store(false, Ordering::Relaxed);
                set(*signal, SIG_IGN);
            }
        }
    }

    /// Gives back the signals that our handler has. Runs inside of it, too, so it does nothing but atomics and `signal`.
    pub(super) fn release_all() {
        for (signal, ours) in &SIGNALS {
            if ours.swap(false, Ordering::Relaxed) {
                restore(*signal);
            }
        }
    }

    /// Lets the signal do again what it does to other programs.
    pub(super) fn restore(signal: c_int) {
        set(signal, SIG_DFL);
    }

    /// Returns what the signal did before.
    fn set(signal: c_int, action: sighandler_t) -> sighandler_t {
        // SAFETY: the action is SIG_DFL, SIG_IGN or `note`, which makes only calls that are safe in a handler.
        unsafe { libc::signal(signal, action) }
    }

    pub(super) fn raise(signal: c_int) {
        // SAFETY: `raise` takes any number, and touches no memory of ours.
        unsafe { libc::raise(signal) };
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_noted_and_the_next_would_kill() {
        let interrupts = Interrupts::catch("");
        assert!(!is_caught());
        system::raise(libc::SIGTERM);
        assert!(is_caught());
        // SAFETY: a query, of a signal that exists.
        let action = unsafe { libc::signal(libc::SIGTERM, libc::SIG_DFL) };
        assert_eq!(action, libc::SIG_DFL);
        drop(interrupts);
        drop(Interrupts::catch(""));
        assert!(!is_caught());
    }
}
