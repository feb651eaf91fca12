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

#[cfg(not(any(loom, miri)))]
use self::system::ASYMMETRIC;
use crate::sync::{Ordering::SeqCst, fence};

/// There is no asymmetry in a model.
#[cfg(any(loom, miri))]
const ASYMMETRIC: bool = false;

/// The frequent side's fence: nothing but a limit to the compiler where the system helps.
#[inline(always)]
pub fn light_fence() {
    #[cfg(loom)]
    if crate::model::is_asymmetric() {
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
/// Returns `false` if this system cannot do it. Then light fences order nothing, and nobody may rely on them.
pub fn heavy_fence() -> bool {
    fence(SeqCst);
    #[cfg(not(any(loom, miri)))]
    let done = system::interrupt_all();
    #[cfg(loom)]
    crate::model::interrupt_all();
    #[cfg(any(loom, miri))]
    let done = true;
    fence(SeqCst);
    done
}

/// Whether [`heavy_fence`] works here. The first call may take milliseconds, so no lock should be held.
pub fn can_fence() -> bool {
    #[cfg(not(any(loom, miri)))]
    let can = system::can_interrupt();
    #[cfg(any(loom, miri))]
    let can = true;
    can
}

#[cfg(all(target_os = "linux", not(any(loom, miri))))]
mod system {
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    pub(super) const ASYMMETRIC: bool = true;

    const UNKNOWN: u8 = 0;
    const YES: u8 = 1;
    const NO: u8 = 2;

    /// A kernel before 4.14 does not know `membarrier`, and a sandbox may forbid it.
    pub(super) fn can_interrupt() -> bool {
        // Not a `OnceLock`: a process that is forked while another thread is at it would wait for ever. To register twice
        // does no harm.
        static REGISTERED: AtomicU8 = AtomicU8::new(UNKNOWN);
        match REGISTERED.load(Relaxed) {
            UNKNOWN => {
                // A process that has threads already waits for an RCU grace period here: 6 to 8 ms, once.
                let can = call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
                REGISTERED.store(if can { YES } else { NO }, Relaxed);
                can
            }
            known => known == YES,
        }
    }

    pub(super) fn interrupt_all() -> bool {
        can_interrupt() && call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
    }

    fn call(command: libc::c_int) -> bool {
        // SAFETY: `membarrier` takes three integers and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(all(windows, not(any(loom, miri))))]
mod system {
    pub(super) const ASYMMETRIC: bool = true;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        #[link_name = "FlushProcessWriteBuffers"]
        safe fn flush_process_write_buffers();
    }

    pub(super) fn can_interrupt() -> bool {
        true
    }

    pub(super) fn interrupt_all() -> bool {
        flush_process_write_buffers();
        true
    }
}

#[cfg(not(any(target_os = "linux", windows, loom, miri)))]
mod system {
    pub(super) const ASYMMETRIC: bool = false;

    pub(super) fn can_interrupt() -> bool {
        true
    }

    pub(super) fn interrupt_all() -> bool {
        true
    }
}
