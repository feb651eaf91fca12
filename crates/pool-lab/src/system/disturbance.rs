//! Whether something outside the process disturbed it.
//!
//! Linux tells how long the host kept a core from this machine (steal, `/proc/stat`), how long all programs together have
//! run (the same), how long the calling thread waited for a core (`/proc/thread-self/schedstat`), and how often threads of
//! the process were made to give one up (`getrusage`). Kernels may leave out any of these, other systems have none;
//! nothing is then seen.
//!
//! A pool with more threads than there are cores waits for cores and gives them up all by itself, and one that wakes its
//! workers onto the same core does so too. To leave out such samples would flatter it. So waiting counts only while another
//! program runs.

use std::fs;
use std::time::{Duration, Instant};

use super::os::{self, Usage};

/// Times in `/proc/stat` are in ticks. A hundred a second is what all Linux systems tell programs, whatever they count in.
const TICK: Duration = Duration::from_millis(10);

/// Other programs have disturbed what they were running beside for this share of one core's time.
const SHARE: f64 = 0.2;

/// A tick is counted whole for whoever runs when it ends, so one says little.
const FEWEST_TICKS: f64 = 2.0;

/// What the system has counted so far.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    at: Instant,
    machine: Option<Machine>,
    usage: Option<Usage>,
    /// Processor time of processes that this one has started, and that have ended.
    children: Duration,
    waited: Duration,
}

/// Of the line `cpu` in `/proc/stat`, in ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Machine {
    busy: u64,
    stolen: u64,
}

impl Counters {
    /// Reads them.
    pub fn read() -> Self {
        let machine = fs::read_to_string("/proc/stat").ok().and_then(|text| machine(&text));
        let waited = fs::read_to_string("/proc/thread-self/schedstat").ok().and_then(|text| waited(&text));
        Counters {
            at: Instant::now(),
            machine,
            usage: os::usage(),
            children: os::usage_of_children().map(|usage| usage.cpu).unwrap_or_default(),
            waited: waited.unwrap_or_default(),
        }
    }

    /// Whether something has disturbed the process since.
    pub fn is_disturbed(&self) -> bool {
        let now = Counters::read();
        let (Some(before), Some(after)) = (self.machine, now.machine) else { return false };
        let (Some(usage_before), Some(usage_after)) = (self.usage, now.usage) else { return false };
        Seen {
            elapsed: now.at - self.at,
            stolen: after.stolen.saturating_sub(before.stolen),
            busy: after.busy.saturating_sub(before.busy),
            own: (usage_after.cpu + now.children).saturating_sub(usage_before.cpu + self.children),
            waited: now.waited.saturating_sub(self.waited),
            pushed_out: usage_after.involuntary_switches.saturating_sub(usage_before.involuntary_switches),
        }
        .is_disturbed()
    }
}

/// What happened between two readings.
struct Seen {
    elapsed: Duration,
    /// In ticks, of all cores.
    stolen: u64,
    busy: u64,
    /// What the process itself has run, and those that it has started.
    own: Duration,
    waited: Duration,
    pushed_out: u64,
}

impl Seen {
    fn is_disturbed(&self) -> bool {
        let ticks = |time: Duration| time.as_secs_f64() / TICK.as_secs_f64();
        let others = self.busy as f64 - ticks(self.own);
        let others_ran = others >= FEWEST_TICKS && others > SHARE * ticks(self.elapsed);
        let made_to_wait =
            self.pushed_out > 0 || self.waited.as_secs_f64() > SHARE * self.elapsed.as_secs_f64();
        self.stolen > 0 || (others_ran && made_to_wait)
    }
}

/// Reads `/proc/stat`: user, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen.
fn machine(text: &str) -> Option<Machine> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().map_while(|number| number.parse().ok()).collect();
    let &[user, nice, system, _idle, _disk, interrupts, soft, stolen, ..] = &ticks[..] else { return None };
    Some(Machine { busy: user + nice + system + interrupts + soft, stolen })
}

/// Reads `schedstat` of a thread: the time that it ran, and the time that it waited to run, in nanoseconds.
fn waited(text: &str) -> Option<Duration> {
    Some(Duration::from_nanos(text.split_whitespace().nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(stolen: u64, busy: u64, own_ms: u64, pushed_out: u64) -> bool {
        let (elapsed, own) = (Duration::from_millis(100), Duration::from_millis(own_ms));
        Seen { elapsed, stolen, busy, own, waited: Duration::ZERO, pushed_out }.is_disturbed()
    }

    #[test]
    fn a_stolen_core_disturbs_and_so_does_a_program_that_pushes_threads_out() {
        assert!(seen(1, 0, 0, 0));
        assert!(seen(0, 20, 120, 1));
        assert!(!seen(0, 20, 120, 0), "it ran on a core that nobody wanted");
        assert!(!seen(0, 20, 199, 50), "the threads pushed each other out");
        assert!(!seen(0, 1, 0, 1), "one tick is too few");
        let waited = Duration::from_millis(30);
        let other = Seen {
            elapsed: Duration::from_millis(100),
            stolen: 0,
            busy: 9,
            own: Duration::ZERO,
            waited,
            pushed_out: 0,
        };
        assert!(other.is_disturbed());
    }

    #[test]
    fn files_of_the_kernel_are_read() {
        let text = "cpu  10 20 30 400 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        assert_eq!(machine(text), Some(Machine { busy: 73, stolen: 8 }));
        assert_eq!(machine("cpu  10 20\n"), None);
        assert_eq!(machine("intr 5\n"), None);
        assert_eq!(waited("123 456 7\n"), Some(Duration::from_nanos(456)));
        assert_eq!(waited(""), None);
    }
}
