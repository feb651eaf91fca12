//! By how much a process grows: its resident memory and its threads. Only Linux tells; elsewhere both stay 0.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;

/// What the process was like at a moment.
#[derive(Debug)]
pub(crate) struct Baseline {
    resident: u64,
    threads: BTreeSet<OsString>,
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
        let resident = status(if is_reset { "VmHWM:" } else { "VmRSS:" });
        Baseline { resident, threads: threads() }
    }

    /// What has come since. Threads that have ended meanwhile do not count.
    pub(crate) fn growth(&self) -> Growth {
        let since = |field| status(field).saturating_sub(self.resident);
        let threads = threads().difference(&self.threads).count();
        Growth { peak: since("VmHWM:"), kept: since("VmRSS:"), threads }
    }
}

/// A number of bytes in `/proc/self/status`, which has them in units of 1,024.
fn status(field: &str) -> u64 {
    read(&fs::read_to_string("/proc/self/status").unwrap_or_default(), field)
}

fn read(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    1024 * number.unwrap_or(0_u64)
}

fn threads() -> BTreeSet<OsString> {
    let entries = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_in_bytes() {
        let text = "Name:\tVmRSS: 1\nVmHWM:\t    2048 kB\nVmRSS:\t   12 kB\n";
        assert_eq!(
            (read(text, "VmHWM:"), read(text, "VmRSS:"), read(text, "VmLck:")),
            (2 << 20, 12 << 10, 0)
        );
    }

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
