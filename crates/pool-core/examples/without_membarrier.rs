//! Runs a program in a sandbox that refuses `membarrier`, to see that pools do without it:
//!
//! ```text
//! cargo build -p pool-core --example without_membarrier
//! target/debug/examples/without_membarrier EPERM cargo test -p pool-stealing
//! ```

#[cfg(target_os = "linux")]
#[path = "../tests/support/seccomp.rs"]
mod seccomp;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let mut arguments = std::env::args_os().skip(1);
    let errno = match arguments.next().as_deref().and_then(|errno| errno.to_str()) {
        Some("EPERM") => libc::EPERM,
        Some("ENOSYS") => libc::ENOSYS,
        _ => return fail("usage: without_membarrier EPERM|ENOSYS PROGRAM [ARGUMENT ...]"),
    };
    let Some(program) = arguments.next() else { return fail("which program?") };
    if let Err(error) = seccomp::refuse_membarrier(seccomp::Refused::Here, errno) {
        return fail(format!("no sandbox: {error}"));
    }
    // It comes back only if the program cannot be run.
    let error = Command::new(&program).args(arguments).exec();
    fail(format!("{}: {error}", program.display()))
}

#[cfg(target_os = "linux")]
fn fail(why: impl std::fmt::Display) -> std::process::ExitCode {
    eprintln!("without_membarrier: {why}");
    std::process::ExitCode::from(2)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("without_membarrier: only Linux has that call");
}
