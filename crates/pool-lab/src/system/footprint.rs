//! By how much a process grows: its resident memory and its threads. Only Linux tells; elsewhere both stay 0.

use std::collections::BTreeSet;
use std::fs;

use super::os;

/// What the process was like at a moment.
#[derive(Debug)]
pub(crate) struct Baseline {
    resident: u64,
    threads: BTreeSet<u32>,
}

/// By how much it has grown since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Growth {
    /// Bytes of resident memory, at the peak.
    pub(crate) peak: u64,
    /// Bytes of resident memory, now.
    pub(crate) kept: u64,
    /// Threads that are new.
    pub(crate) threads: usize,
}

impl Baseline {
    /// Now. Forgets the peak so far.
    pub(crate) fn take() -> Self {
        // Without it, the peak is that of the process.
        let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
        let resident = status(if is_reset { "VmHWM" } else { "VmRSS" });
        Baseline { resident, threads: os::threads() }
    }

    /// What has come since. Threads that have ended meanwhile do not count.
    pub(crate) fn growth(&self) -> Growth {
        let since = |field| status(field).saturating_sub(self.resident);
        let threads = os::threads().difference(&self.threads).count();
        Growth { peak: since("VmHWM"), kept: since("VmRSS"), threads }
    }
}

/// A number of bytes that the system tells of this process; 0 where it does not.
fn status(field: &str) -> u64 {
    os::status_of("self").and_then(|status| os::bytes_in(&status, field)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_touched_and_threads_that_live_are_seen() {
        let baseline = Baseline::take();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || wait.recv());
        drop(std::hint::black_box(vec![1_u8; 64 << 20]));
        let growth = baseline.growth();
        drop(done);
        assert!(thread.join().unwrap().is_err());
        assert!(growth.threads >= 1, "{growth:?}");
        assert!(growth.peak >= growth.kept && growth.peak > 32 << 20, "{growth:?}");
    }
}
