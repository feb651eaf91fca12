//! Fences of unequal weight.
//!
//! Two threads that each write one place and then read the other's (Dekker's pattern) both need a full fence between
//! the two. Where one side does it a hundred million times a second and the other hardly ever, the system can
//! carry the whole cost over to the other: it interrupts every thread of the process that is running, and an interrupt
//! is a full fence at whatever point the interrupted thread has come to.
//!
//! [`light_fence`] is the frequent side's and [`heavy_fence`] the rare side's; between them they order as two
//! sequentially consistent fences do. On Linux the heavy one is `membarrier` (private, expedited; since 4.14), on Windows
//! `FlushProcessWriteBuffers`, and elsewhere both are fences of the processor.
//!
//! # Where the system does not help
//!
//! An old kernel has no `membarrier`, and a sandbox may refuse it: from the start, or from some moment on, when a process
//! that has pools enters it; for all threads of the process, or for some. So a heavy fence **may fail at any time**, and a
//! light fence orders nothing against one that has failed. A protocol that uses the pair needs an answer to that:
//!
//! - [`can_fence`] says whether heavy fences have worked so far. The first one that fails makes it say no, in the whole
//!   process and for good, also if other threads still could. It is no promise for the next one.
//! - The frequent side looks at it where it costs nothing, and from then on takes a way that needs no light fence: a real
//!   fence ([`gate`](crate) entries of pools that are built later) or a lock (forks in pool-stealing).
//! - What the frequent side did before, behind light fences alone, the rare side cannot order any more. It must neither
//!   rely on it nor wait for it: the gate never drops its inlet then, and a thief takes nothing that is private.

#[cfg(not(any(loom, miri)))]
use self::system::ASYMMETRIC;
use crate::sync::{Ordering::SeqCst, fence};

/// There is none under Miri, and a model [has its own](crate::sync::model).
#[cfg(any(loom, miri))]
const ASYMMETRIC: bool = false;

/// The frequent side's fence: nothing but a limit to the compiler where the system helps. It orders only against a heavy
/// fence that has not failed.
#[inline(always)]
pub fn light_fence() {
    #[cfg(loom)]
    if crate::sync::model::is_asymmetric() || crate::sync::model::are_fences_refused() {
        return;
    }
    if ASYMMETRIC {
        std::sync::atomic::compiler_fence(SeqCst);
    } else {
        fence(SeqCst);
    }
}

/// The rare side's fence: some 20 microseconds when other threads of the process are running, and an interrupt for
/// each of them.
///
/// Returns `false` if the system does not do it. Then light fences order nothing against this one.
#[must_use = "a fence that has failed orders nothing"]
pub fn heavy_fence() -> bool {
    fence(SeqCst);
    #[cfg(not(any(loom, miri)))]
    let done = system::interrupt_all();
    #[cfg(loom)]
    let done = crate::sync::model::interrupt_all();
    #[cfg(miri)]
    let done = true;
    fence(SeqCst);
    done
}

/// Whether [`heavy_fence`] works here, and has always worked so far. The first call may take milliseconds, so no lock
/// should be held.
pub fn can_fence() -> bool {
    #[cfg(not(any(loom, miri)))]
    let can = system::can_interrupt();
    #[cfg(loom)]
    let can = !crate::sync::model::are_fences_refused();
    #[cfg(miri)]
    let can = true;
    can
}

#[cfg(all(target_os = "linux", not(any(loom, miri))))]
mod system {
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    pub(crate) const ASYMMETRIC: bool = true;

    const UNKNOWN: u8 = 0;
    const YES: u8 = 1;
    const NO: u8 = 2;

    /// Goes from `UNKNOWN` to `YES` or `NO`, and from `YES` to `NO`. Nothing is published through it: a thread that reads an
    /// old `YES` finds out with its next fence, or is in the same case as if it had read just before the fence failed.
    // Not a `OnceLock`: a process that is forked while another thread is at it would wait for ever.
    static WORKS: AtomicU8 = AtomicU8::new(UNKNOWN);

    pub(crate) fn can_interrupt() -> bool {
        match WORKS.load(Relaxed) {
            UNKNOWN => {
                // A process that has threads already waits for an RCU grace period here: 6 to 8 ms, once. To register
                // twice does no harm; but a refusal that another thread has seen meanwhile is not forgotten.
                let works = if call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) { YES } else { NO };
                let first = WORKS.compare_exchange(UNKNOWN, works, Relaxed, Relaxed);
                first.map_or_else(|seen| seen, |_| works) == YES
            }
            known => known == YES,
        }
    }

    /// Does not try again what has failed once, on whichever thread.
    pub(crate) fn interrupt_all() -> bool {
        can_interrupt() && (call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) || refused())
    }

    #[cold]
    fn refused() -> bool {
        WORKS.store(NO, Relaxed);
        false
    }

    fn call(command: libc::c_int) -> bool {
        // SAFETY: `membarrier` takes three integers and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(all(windows, not(any(loom, miri))))]
mod system {
    pub(crate) const ASYMMETRIC: bool = true;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        #[link_name = "FlushProcessWriteBuffers"]
        safe fn flush_process_write_buffers();
    }

    pub(crate) fn can_interrupt() -> bool {
        true
    }

    pub(crate) fn interrupt_all() -> bool {
        flush_process_write_buffers();
        true
    }
}

#[cfg(not(any(target_os = "linux", windows, loom, miri)))]
mod system {
    pub(crate) const ASYMMETRIC: bool = false;

    pub(crate) fn can_interrupt() -> bool {
        true
    }

    pub(crate) fn interrupt_all() -> bool {
        true
    }
}
