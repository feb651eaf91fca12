//! Standard error: what threads write there, and the one line that a signal handler does.
//!
//! On a terminal a thread may take away the status that stands in the last line, and draw it anew. After the handler's line none
//! does: a program that started this one may have ended at the same signal, and what stands in the last line may be the
//! shell's prompt.

use std::io::{self, Write};
#[cfg(unix)]
use std::ptr;
#[cfg(unix)]
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Takes away what stands in the line, up to its end.
pub(super) const ERASE: &str = "\r\x1b[K";

/// No thread writes.
const IDLE: u8 = 0;
/// A thread writes, and a handler must not.
const WRITING: u8 = 1;
/// The handler has come while a thread wrote, which writes the handler's line next.
#[cfg(unix)]
const ASKED: u8 = 2;
/// The handler's line is there.
const SAID: u8 = 3;

static STATE: AtomicU8 = AtomicU8::new(IDLE);

/// Whether the last line has a status.
static HAS_STATUS: AtomicBool = AtomicBool::new(false);

/// The handler's line, between two line ends. It is never freed, as a handler may be reading it.
#[cfg(unix)]
static NOTICE: AtomicPtr<String> = AtomicPtr::new(ptr::null_mut());

/// Writes lines, and the status below them; before these it takes away what stands in the last line, where that is asked for. After the
/// handler's line only the lines are written. Returns whether the status is there. One thread at a time may call this.
pub(super) fn write(erase: bool, lines: &str, status: &str) -> bool {
    let is_ours = STATE.compare_exchange(IDLE, WRITING, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    let erase = if erase && is_ours { ERASE } else { "" };
    let text = format!("{erase}{lines}{}", if is_ours { status } else { "" });
    // Where it cannot be written the program goes on without.
    let _ = io::stderr().write_all(text.as_bytes());
    if !is_ours {
        return false;
    }
    HAS_STATUS.store(!status.is_empty(), Ordering::SeqCst);
    if STATE.compare_exchange(WRITING, IDLE, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        return true;
    }
    STATE.store(SAID, Ordering::SeqCst);
    #[cfg(unix)]
    write_notice();
    false
}

/// From now on the handler's line is this one; there is none where it is empty.
#[cfg(unix)]
pub(super) fn prepare_notice(line: &str) {
    let notice = if line.is_empty() { String::new() } else { format!("\n{line}\n") };
    NOTICE.store(Box::into_raw(Box::new(notice)), Ordering::SeqCst);
    let _ = STATE.compare_exchange(SAID, IDLE, Ordering::SeqCst, Ordering::SeqCst);
}

/// Writes the handler's line, once. It makes only calls that are safe in a handler.
#[cfg(unix)]
pub(super) fn say_notice() {
    let next = |state| match state {
        IDLE => Some(SAID),
        WRITING => Some(ASKED),
        _ => None,
    };
    if STATE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next) == Ok(IDLE) {
        write_notice();
    }
}

#[cfg(unix)]
fn write_notice() {
    // SAFETY: it is null or a string that is never freed or changed.
    let Some(notice) = (unsafe { NOTICE.load(Ordering::SeqCst).as_ref() }) else { return };
    // A status is left where it is: the first line end is for it.
    let has_status = HAS_STATUS.load(Ordering::SeqCst);
    let text = if has_status { notice.as_str() } else { notice.trim_start_matches('\n') };
    // SAFETY: the pointer and the length are those of a string. When it cannot be written the line is missing.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
}
