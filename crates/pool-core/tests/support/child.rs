//! A forked child that does something and exits.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

/// It turns a hang into a failure.
const DEADLINE_SECONDS: u32 = 20;

/// How a child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It came to the end of what it was to do.
    Done,
    Panicked,
    /// It hung.
    Hung,
    Aborted,
    Other(i32),
}

/// Set in a process that runs one test.
const ALONE: &str = "POOL_CORE_TEST_ALONE";

/// Runs the test of this name in a process of its own, for a test whose children start threads. A thread that starts or ends holds a
/// lock of std's for a moment, and a child that is forked at that moment can start none; so no other test is to have threads then.
pub fn alone(test: &str, body: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return body();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ALONE, "1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let has_passed = output.status.success() && said.contains("1 passed");
    assert!(has_passed, "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Forks; the child runs the body.
pub fn in_child(body: impl FnOnce()) -> End {
    fork_and_return().unwrap_or_else(|| {
        let outcome = catch_unwind(AssertUnwindSafe(body));
        // SAFETY: no pointers; the exit runs no destructors, which might wait for threads that are not there.
        unsafe { libc::_exit(i32::from(outcome.is_err())) }
    })
}

/// Forks; the child returns `None` from here, and goes on where it was forked.
pub fn fork_and_return() -> Option<End> {
    // SAFETY: whether what the child runs waits for a lock of another thread's is what the callers test.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        // SAFETY: no pointers; the default action of the signal ends the process.
        unsafe { libc::alarm(DEADLINE_SECONDS) };
        return None;
    }
    let mut status = 0;
    // SAFETY: `status` is valid for the write.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child);
    Some(match (libc::WIFEXITED(status), libc::WIFSIGNALED(status)) {
        (true, _) if libc::WEXITSTATUS(status) == 0 => End::Done,
        (true, _) if libc::WEXITSTATUS(status) == 1 => End::Panicked,
        (_, true) if libc::WTERMSIG(status) == libc::SIGALRM => End::Hung,
        (_, true) if libc::WTERMSIG(status) == libc::SIGABRT => End::Aborted,
        _ => End::Other(status),
    })
}
