//! Signals, closed pipes and full disks.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};

use super::*;

fn start(arguments: &str, stdout: Stdio, stderr: Stdio) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    command.args(arguments.split_whitespace()).stdout(stdout).stderr(stderr);
    // What runs in a shell's background ignores interrupts, and so would the program.
    let heed_interrupts = || {
        // SAFETY: the default action is no handler, and touches no memory.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
        Ok(())
    };
    // SAFETY: the closure makes one system call, which may be made between a fork and an exec.
    unsafe { command.pre_exec(heed_interrupts) };
    command.spawn().unwrap()
}

/// Reads the first that comes through a pipe, and closes it.
fn head(mut pipe: impl Read) -> String {
    let mut first = [0; 80];
    let length = pipe.read(&mut first).unwrap();
    String::from_utf8_lossy(&first[..length]).into_owned()
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    // The second group takes seconds, and then there is more to say.
    let measure = "measure -w join/fib:n=5,join/sleep:length=1s,join/fib:n=6 -p serial -t 1 --rounds 1";
    for arguments in ["demo", measure] {
        let mut child = start(arguments, Stdio::piped(), Stdio::piped());
        let begins = head(child.stdout.take().unwrap());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(libc::SIGPIPE), "{arguments}: {begins}");
        let said = text(&output.stderr);
        assert!(!said.contains("panicked") && !said.contains("pool-lab:"), "{arguments}: {said}");
    }
    let mut child = start(measure, Stdio::null(), Stdio::piped());
    head(child.stderr.take().unwrap());
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGPIPE), "nobody reads what it says");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_below_the_output_is_no_panic() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let code = |arguments, stdout, stderr| start(arguments, stdout, stderr).wait().unwrap().code();
    let measure = "measure -w join/fib:n=5,join/fib:n=6 -p serial -t 1 --rounds 1";
    assert_eq!(code(measure, Stdio::null(), full()), Some(0));
    assert_eq!(code("measure -p none", Stdio::null(), full()), Some(2));
    let output = start(measure, full(), Stdio::piped()).wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write to standard output") && !said.contains("[2/2]"), "{said}");
    let output = start("demo", full(), Stdio::piped()).wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).lines().count()), (Some(1), 1));
}

#[test]
fn an_interrupt_keeps_what_is_complete_and_ends_the_program_by_its_signal() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let folder = Folder::new(&format!("signal-{signal}"));
        let out = folder.0.display();
        // The second group takes minutes.
        let arguments =
            format!("measure -w join/fib:n=5,join/sleep:length=1s -p serial -t 1 --rounds 100 --out {out}");
        let mut child = start(&arguments, Stdio::null(), Stdio::piped());
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.by_ref().any(|line| line.starts_with("[2/2]")), "the second group begins");
        // SAFETY: `kill` touches no memory, and the child has not been waited for, so its number is its own.
        unsafe { libc::kill(child.id() as libc::pid_t, signal) };
        let rest: Vec<String> = said.collect();
        let notice = "Interrupted: the sample that runs is the last ...".to_owned();
        let said = format!("interrupted: 1 of 2 groups are complete, in {out}; to go on:");
        let command = format!("  {} {arguments} --resume", env!("CARGO_BIN_EXE_pool-lab"));
        assert_eq!(rest, [notice, said, command]);
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        assert_eq!(folder.times("serial.csv"), [("n=5".to_owned(), 5)]);
    }
}
