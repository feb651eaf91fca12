//! What is on a terminal, and on nothing else.

use std::fs::File;
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::{Child, Stdio};
use std::ptr;

use super::*;

/// The two ends of a terminal of so many columns: the one that a person sits at, and the one for programs.
fn open_terminal(columns: u16) -> (File, OwnedFd) {
    let (mut person, mut program) = (-1, -1);
    let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let (name, settings) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the two numbers are written, the size is read, and the others may be null.
    let failed = unsafe {
        libc::openpty(&raw mut person, &raw mut program, name, settings, (&raw const size).cast_mut())
    };
    assert_eq!(failed, 0);
    // SAFETY: `openpty` has just opened it, and nobody else has it.
    let person = unsafe { File::from_raw_fd(person) };
    // SAFETY: as above.
    (person, unsafe { OwnedFd::from_raw_fd(program) })
}

/// Starts the program on a terminal.
fn start(terminal: OwnedFd, arguments: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    command.args(arguments.split_whitespace()).env_remove("COLUMNS").env("TERM", "xterm");
    let (output, error) = (terminal.try_clone().unwrap(), terminal);
    command.stdin(Stdio::null()).stdout(output).stderr(error).spawn().unwrap()
}

/// All that the program writes to a terminal.
fn on_terminal(columns: u16, arguments: &str) -> String {
    let (mut person, program) = open_terminal(columns);
    let mut child = start(program, arguments);
    let mut written = Vec::new();
    // When the last program has let go of the terminal Linux says so by an error.
    let _ = person.read_to_end(&mut written);
    assert!(child.wait().unwrap().success(), "{}", text(&written));
    text(&written)
}

/// What stands in each line at the end, and what stood in it before it was taken away.
fn lines(written: &str) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut erased) = (Vec::new(), Vec::new());
    for line in written.split('\n') {
        let mut states: Vec<String> =
            line.split("\r\u{1b}[K").map(|state| state.trim_end_matches('\r').to_owned()).collect();
        kept.extend(states.pop());
        erased.extend(states);
    }
    (kept, erased)
}

const COLUMNS: u16 = 40;

#[test]
fn a_terminal_shows_what_is_left_and_no_line_is_wider_than_it() {
    let chosen = "-w join/fib:n=10,join/fib:n=11,join/fib:n=12 -p rayon,threadpool -t 1 --rounds 3";
    for (arguments, status) in [
        (format!("measure {chosen}"), "[2/3, "),
        ("claims --quick --only lock-while-running,unbounded-queue".to_owned(), "[2/2, "),
        ("verify --statistics --budget 1 -w join/fib:n=5 -p rayon --out .".to_owned(), "[1/1, "),
    ] {
        let folder = Folder::new("terminal");
        let arguments = arguments.replace("--out .", &format!("--out {}", folder.0.display()));
        let written = on_terminal(COLUMNS, &arguments);
        let (kept, erased) = lines(&written);
        assert!(
            erased.iter().any(|line| line.starts_with(status) && line.contains(" left] ")),
            "{written:?}"
        );
        assert!(kept.iter().all(|line| !line.contains(" left] ")), "what was shown is gone: {written:?}");
        for line in kept.iter().chain(&erased) {
            assert!(line.chars().count() <= usize::from(COLUMNS), "{line}");
        }
    }
}

/// What started it has ended at the same signal, and what stands in the last line may be the shell's by then.
#[test]
fn an_interrupt_is_answered_at_once_and_nothing_is_taken_away_after_it() {
    let folder = Folder::new("interrupted");
    let (mut person, program) = open_terminal(200);
    // The second group takes minutes.
    let chosen = "-w join/fib:n=5,join/sleep:length=1s -p serial -t 1 --rounds 100";
    let mut child = start(program, &format!("measure {chosen} --out {}", folder.0.display()));
    let (mut written, mut byte) = (Vec::new(), [0]);
    while !written.ends_with(b"[2/2") {
        person.read_exact(&mut byte).unwrap();
        written.extend(byte);
    }
    // SAFETY: `kill` touches no memory, and the child has not been waited for, so its number is its own.
    unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
    let mut rest = Vec::new();
    let _ = person.read_to_end(&mut rest);
    let rest = text(&rest);
    let answer = "\r\nInterrupted: the sample that runs is the last ...\r\n";
    let (status, after) = rest.split_once(answer).unwrap_or_else(|| panic!("{rest:?}"));
    assert!(status.contains("join/sleep"), "the line that said how far it is stays: {rest:?}");
    assert!(
        after.starts_with("interrupted: 1 of 2 groups are complete") && !after.contains('\u{1b}'),
        "{rest:?}"
    );
    assert!(!child.wait().unwrap().success());
}

#[test]
fn a_pipe_has_a_line_for_each_step_and_no_guess() {
    let output = pool_lab("measure -w join/fib:n=10,join/fib:n=11 -p serial -t 1 --rounds 2");
    let said = text(&output.stderr);
    let (warning, said) = said.split_once('\n').unwrap();
    assert!(warning.contains(UNOPTIMISED), "{warning}");
    assert_eq!(said, "[1/2] join/fib:n=10, 1 thread: serial\n[2/2] join/fib:n=11, 1 thread: serial\n");
    assert!(!text(&output.stdout).contains('\u{1b}'));
    let claims = pool_lab("claims --quick --only unbounded-queue");
    assert_eq!(text(&claims.stderr), "");
}
