//! Calls to the operating system: what the process has used, and how exactly a thread may sleep.
//!
//! On systems that cannot say, [`usage`] is `None` and the metrics made from it are absent.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What has been used so far, by the whole process or by some of its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Processor time, in user and kernel mode.
    pub cpu: Duration,
    /// Times that a thread gave up its core of its own accord, mostly by going to sleep.
    pub voluntary_switches: u64,
    /// Times that a thread lost its core to another.
    pub involuntary_switches: u64,
}

/// What the process has used so far.
#[cfg(unix)]
pub fn usage() -> Option<Usage> {
    usage_of(libc::RUSAGE_SELF)
}

/// What processes have used that this one has started, and that have ended.
#[cfg(unix)]
pub fn usage_of_children() -> Option<Usage> {
    usage_of(libc::RUSAGE_CHILDREN)
}

/// What all threads but the calling one have used so far. Only Linux can tell.
#[cfg(target_os = "linux")]
pub fn usage_of_others() -> Option<Usage> {
    let (all, own) = (usage()?, usage_of(libc::RUSAGE_THREAD)?);
    Some(Usage {
        cpu: all.cpu.saturating_sub(own.cpu),
        voluntary_switches: all.voluntary_switches.saturating_sub(own.voluntary_switches),
        involuntary_switches: all.involuntary_switches.saturating_sub(own.involuntary_switches),
    })
}

/// What all threads but the calling one have used so far: not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn usage_of_others() -> Option<Usage> {
    None
}

#[cfg(unix)]
fn usage_of(whom: libc::c_int) -> Option<Usage> {
    let mut raw = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is to writable memory of the size and alignment of `rusage`, which is all that
    // `getrusage` asks for.
    let failed = unsafe { libc::getrusage(whom, raw.as_mut_ptr()) };
    if failed != 0 {
        return None;
    }
    // SAFETY: `getrusage` returned 0, which says that it filled the whole struct.
    let raw = unsafe { raw.assume_init() };
    Some(Usage {
        cpu: duration(raw.ru_utime) + duration(raw.ru_stime),
        voluntary_switches: raw.ru_nvcsw as u64,
        involuntary_switches: raw.ru_nivcsw as u64,
    })
}

#[cfg(unix)]
fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
}

/// The processor time that the calling thread has used so far, up to this moment.
#[cfg(unix)]
pub fn thread_cpu() -> Option<Duration> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for the write of a `timespec`.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    (failed == 0).then(|| Duration::new(now.tv_sec as u64, now.tv_nsec as u32))
}

/// The processor time that the calling thread has used so far: not known on this system.
#[cfg(not(unix))]
pub fn thread_cpu() -> Option<Duration> {
    None
}

/// What the process has used so far: not known on this system.
#[cfg(not(unix))]
pub fn usage() -> Option<Usage> {
    None
}

/// What ended processes have used that this one has started: not known on this system.
#[cfg(not(unix))]
pub fn usage_of_children() -> Option<Usage> {
    None
}

/// The memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of addresses.
    pub reserved: u64,
    /// Bytes in use.
    pub resident: u64,
}

/// The memory of a process, by its number or `self`; `None` where the system does not tell.
pub fn memory_of(process: &str) -> Option<Memory> {
    let status = status_of(process)?;
    Some(Memory { reserved: bytes_in(&status, "VmSize")?, resident: bytes_in(&status, "VmRSS")? })
}

/// What `/proc/<pid>/status` says of a process, by its number or `self`; `None` where the system has no such file.
pub(crate) fn status_of(process: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/status")).ok()
}

/// The number of bytes in the line `field:` of such a file, which has them in units of 1,024.
pub(crate) fn bytes_in(status: &str, field: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(1024 * rest.split_whitespace().next()?.parse::<u64>().ok()?)
}

/// Waits until all other threads of this process sleep, so that what one measurement leaves behind does not disturb the
/// next: pools may have queue entries to clear away, or threads that have yet to fall asleep. At most [`REST_LIMIT`].
///
/// On systems that do not tell what threads do, it waits for a moment and hopes. The processor time used would not tell
/// either: the kernel adds up a running thread's only at its ticks, milliseconds apart.
pub fn rest() {
    let start = Instant::now();
    let mut quiet = 0;
    while quiet < LOOKS && start.elapsed() < REST_LIMIT {
        thread::sleep(REST_SPELL);
        quiet = if running_threads() <= 1 { quiet + 1 } else { 0 };
    }
}

/// How long [`rest`] waits at most.
pub const REST_LIMIT: Duration = Duration::from_secs(2);

/// How long it waits before each look.
const REST_SPELL: Duration = Duration::from_micros(300);

/// How many looks in a row must find no other thread running: a busy thread may be asleep for a moment.
const LOOKS: u32 = 2;

/// The threads of this process, by their numbers; none where the system does not tell.
pub(crate) fn threads() -> BTreeSet<u32> {
    let entries = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Threads that nobody waits for any more.
static LEFT_BEHIND: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn left_behind() -> MutexGuard<'static, BTreeSet<u32>> {
    LEFT_BEHIND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on nobody waits for these threads ([`rest`]), and on Linux they run only where a core has nothing else to do.
pub(crate) fn leave_behind(threads: impl Iterator<Item = u32>) {
    let mut all = left_behind();
    threads.for_each(|thread| {
        #[cfg(target_os = "linux")]
        make_idle(thread);
        all.insert(thread);
    });
}

#[cfg(target_os = "linux")]
fn make_idle(thread: u32) {
    let no_priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters are valid for the read. A thread that has ended is an error that changes nothing.
    unsafe { libc::sched_setscheduler(thread as libc::pid_t, libc::SCHED_IDLE, &raw const no_priority) };
}

/// The threads of this process that run or could run, the calling one included, but not those that were left behind; 0 where
/// the system does not tell.
fn running_threads() -> usize {
    let left_behind = left_behind();
    // A thread that has just ended has no state any more.
    let stat = |thread| fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    threads().difference(&left_behind).filter(|thread| is_running(&stat(**thread))).count()
}

/// Reads the state from `/proc/<pid>/stat`: the letter after the name, which is in parentheses and may contain some.
fn is_running(stat: &str) -> bool {
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('R'))
}

/// While this lives, timers of the thread that made it are exact; by default Linux lets them be up to 50 us
/// late. Does nothing on other systems.
///
/// Threads inherit the setting from the thread that starts them, so no pool may be built meanwhile.
#[derive(Debug)]
pub struct ExactTimers {
    // The setting belongs to one thread, and must be undone on that thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl ExactTimers {
    /// Makes the timers of this thread exact.
    pub fn start() -> Self {
        set_timer_slack(1);
        ExactTimers { _not_send: std::marker::PhantomData }
    }
}

impl Drop for ExactTimers {
    fn drop(&mut self) {
        // Zero restores the slack with which the thread began.
        set_timer_slack(0);
    }
}

#[cfg(target_os = "linux")]
fn set_timer_slack(nanoseconds: libc::c_ulong) {
    // SAFETY: this option reads one integer and touches no memory of ours. Failure leaves the default slack,
    // which costs accuracy and nothing else.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds) };
}

#[cfg(not(target_os = "linux"))]
fn set_timer_slack(_nanoseconds: u64) {}

/// Has the calling thread run before all others that are ready, from now on, if the system allows it: it mostly sleeps, and is to be
/// punctual. Threads that it starts are as threads are by default. Does nothing on systems other than Linux.
#[cfg(target_os = "linux")]
pub fn run_before_others() {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: it reads the parameters, which are valid for that, and changes nothing but the calling thread's scheduling. It is
    // refused without the privilege, which costs punctuality and nothing else.
    unsafe {
        libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const parameters)
    };
}

/// Has the calling thread run before all others that are ready: not on this system.
#[cfg(not(target_os = "linux"))]
pub fn run_before_others() {}

/// What a program writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// How many characters a line of the terminal has that this stream is; `None` when it is none, or does not say.
#[cfg(unix)]
pub fn terminal_columns(stream: Stream) -> Option<usize> {
    let file = match stream {
        Stream::Output => libc::STDOUT_FILENO,
        Stream::Error => libc::STDERR_FILENO,
    };
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: this request writes a `winsize` and nothing else, and `size` is valid for that.
    let failed = unsafe { libc::ioctl(file, libc::TIOCGWINSZ, &raw mut size) };
    (failed == 0).then_some(usize::from(size.ws_col))
}

/// How many characters a line of the terminal has: not known on this system.
#[cfg(not(unix))]
pub fn terminal_columns(_: Stream) -> Option<usize> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn processor_time_grows_with_work() {
        let before = usage().unwrap();
        let mut x = 1_u64;
        while usage().unwrap().cpu == before.cpu {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        assert!(usage().unwrap().cpu > before.cpu);
    }

    #[cfg(unix)]
    #[test]
    fn a_thread_that_sleeps_uses_no_processor_time_and_one_that_computes_does() {
        let start = thread_cpu().unwrap();
        let slept = Instant::now();
        thread::sleep(Duration::from_millis(20));
        assert!(thread_cpu().unwrap() - start < slept.elapsed());
        let mut x = 1_u64;
        while thread_cpu().unwrap() - start < Duration::from_millis(2) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_this_thread_does_is_not_what_others_do() {
        let before = usage_of(libc::RUSAGE_THREAD).unwrap();
        // A sleep that is over before the thread has left its CPU is no switch.
        thread::sleep(Duration::from_millis(20));
        let after = usage_of(libc::RUSAGE_THREAD).unwrap();
        assert!(after.voluntary_switches > before.voluntary_switches);
        assert!(usage_of_others().unwrap().cpu <= usage().unwrap().cpu);
    }

    #[test]
    fn a_field_of_a_status_is_read_in_bytes() {
        let text = "Name:\tVmRSS: 1\nVmHWM:\t    2048 kB\nVmRSS:\t   12 kB\nVmPin:\tmany kB\n";
        let read = |field| bytes_in(text, field);
        assert_eq!((read("VmHWM"), read("VmRSS"), read("VmLck")), (Some(2 << 20), Some(12 << 10), None));
        assert_eq!((read("VmPin"), read("Vm")), (None, None));
    }

    #[test]
    fn the_state_comes_after_the_name() {
        assert!(is_running("7 (a) R 1 2"));
        assert!(is_running("7 (odd) S (name) R 1 2"));
        assert!(!is_running("7 (R) S 1 2"));
        assert!(!is_running(""));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_looks_runs_and_one_that_was_left_behind_is_not_waited_for() {
        use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
        use std::sync::{Arc, mpsc};

        assert!(running_threads() >= 1);
        let done = Arc::new(AtomicBool::new(false));
        let (is_done, (tell, told)) = (Arc::clone(&done), mpsc::channel());
        let spinning = thread::spawn(move || {
            // SAFETY: the call has no arguments and cannot fail.
            tell.send(unsafe { libc::gettid() }).unwrap();
            while !is_done.load(Relaxed) {}
        });
        let number = told.recv().unwrap() as u32;
        assert!(threads().contains(&number));
        leave_behind([number].into_iter());
        // SAFETY: a query, of a thread that lives.
        assert_eq!(unsafe { libc::sched_getscheduler(number as libc::pid_t) }, libc::SCHED_IDLE);
        assert!(left_behind().contains(&number));
        done.store(true, Relaxed);
        spinning.join().unwrap();
    }

    #[test]
    fn sleeping_is_a_voluntary_switch() {
        let before = usage().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        assert!(usage().unwrap().voluntary_switches > before.voluntary_switches);
    }
}
