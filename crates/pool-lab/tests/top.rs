//! `pool-lab top` in a terminal of its own.

#![cfg(unix)]

use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Long enough for the slowest machine: reaching it means that something hangs.
const FOREVER: Duration = Duration::from_secs(60);

const ALTERNATE_SCREEN_ON: &str = "\x1b[?1049h";
const ALTERNATE_SCREEN_OFF: &str = "\x1b[?1049l";

/// The program in a terminal.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    raw: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    fn start(arguments: &str, columns: u16) -> Self {
        let size = PtySize { rows: 24, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_pool-lab"));
        command.arg("top");
        command.args(arguments.split(' '));
        let child = pair.slave.spawn_command(command).unwrap();
        let (mut reader, (say, output)) = (pair.master.try_clone_reader().unwrap(), mpsc::channel());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // On Linux the end is an error.
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if say.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            output,
            raw: Vec::new(),
            screen: vt100::Parser::new(size.rows, size.cols, 0),
        }
    }

    /// Reads until the screen shows what is wanted.
    fn until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + FOREVER;
        loop {
            let shown = self.screen.screen().contents();
            if wanted(&shown) {
                return shown;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let bytes = self.output.recv_timeout(left).unwrap_or_else(|_| panic!("on the screen:\n{shown}"));
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal shows what is typed and hands it on line by line, as a shell leaves it.
    fn is_cooked(&self) -> bool {
        let settings = format!("{:?}", self.master.get_termios().unwrap());
        settings.contains("ICANON") && settings.contains("ECHO")
    }

    /// Waits for the end, and returns the exit code. The terminal is as it was before.
    fn end(mut self) -> u32 {
        let status = self.child.wait().unwrap();
        // Until the terminal has no program any more.
        while let Ok(bytes) = self.output.recv_timeout(FOREVER) {
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
        let said = String::from_utf8_lossy(&self.raw).into_owned();
        assert!(said.contains(ALTERNATE_SCREEN_ON), "{said}");
        assert!(said.rfind(ALTERNATE_SCREEN_OFF) > said.rfind(ALTERNATE_SCREEN_ON), "{said}");
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{said}");
        assert!(self.is_cooked());
        status.exit_code()
    }
}

fn shows_pool(shown: &str) -> bool {
    ["on stealing:2", "2 workers", "queued", "queue wait", "q quits"].iter().all(|text| shown.contains(text))
}

#[test]
fn it_shows_the_pool_and_q_ends_it() {
    for columns in [40, 120] {
        let mut top = Terminal::start("-w spawn/uneven -p stealing:2", columns);
        top.until(shows_pool);
        // Some jobs have run.
        let shown = top.until(|shown| shown.contains("queue wait") && !shown.contains("queue wait -"));
        assert!(shown.lines().any(|line| line.starts_with("│0 ")), "{shown}");
        assert!(shown.lines().any(|line| line.starts_with("│1 ")), "{shown}");
        assert!(!top.is_cooked());
        top.press("x");
        top.press("q");
        assert_eq!(top.end(), 0);
    }
}

#[test]
fn a_demonstration_runs_by_default_and_escape_and_ctrl_c_end_it() {
    for key in ["\x1b", "\x03"] {
        let mut top = Terminal::start("-p mpsc -t 1", 80);
        let shown = top.until(|shown| shown.contains("q quits"));
        assert!(shown.contains("load/bursty on mpsc:1"), "{shown}");
        top.press(key);
        assert_eq!(top.end(), 0);
    }
}

#[test]
fn a_signal_restores_the_terminal_as_well() {
    let mut top = Terminal::start("-w spawn/external -p bounded:1 --no-timing", 80);
    let shown = top.until(|shown| shown.contains("q quits"));
    assert!(!shown.contains("latency"), "{shown}");
    let process = top.child.process_id().unwrap();
    // SAFETY: `kill` touches no memory, and the child has not been waited for, so its number is its own.
    unsafe { libc::kill(process as libc::pid_t, libc::SIGTERM) };
    assert_ne!(top.end(), 0);
}
