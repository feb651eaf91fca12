//! The open loop gets an answer to every request that a server has read, also while that ends.
#![cfg(unix)]

#[path = "support/mod.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod support;

use std::process::{Command, Stdio};

use self::support::{Program, get};

const BACKENDS: [&str; 2] = ["pool", "blocking"];

/// Queues hardly anything, so that some are shed.
fn server(backend: &str) -> Program {
    Program::start(&["--backend", backend, "--workers", "1", "--queue", "1", "--deadline-ms", "60000"])
}

fn open_loop(arguments: &[&str], servers: &[(&str, &Program)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_open-loop"));
    command.args(arguments);
    command.args(servers.iter().map(|(name, server)| format!("{name}={}", server.address())));
    command.stdout(Stdio::piped());
    command
}

/// How many answers it says to have of this server.
fn answers(said: &str, name: &str) -> u64 {
    let line = said.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    let number = line.and_then(|line| line.strip_suffix(" answers"));
    number.unwrap_or_else(|| panic!("{said}")).parse().unwrap()
}

#[test]
fn both_servers_answer_all_at_each_rate() {
    let (pool, blocking) = (server("pool"), server("blocking"));
    let rates = ["--rate", "200", "--rate", "2000", "--seconds", "0.1", "--path", "/primes/2000"];
    let output = open_loop(&rates, &[("pool", &pool), ("blocking", &blocking)]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    // The header, a line for each rate and server, and the totals.
    assert_eq!(said.lines().count(), 7, "{said}");
    for (name, program) in [("pool", pool), ("blocking", blocking)] {
        assert_eq!(answers(&said, name), 220, "{said}");
        assert_eq!(program.terminate(), (220, 220));
    }
}

#[test]
fn a_server_that_ends_under_it_answers_what_it_has_read() {
    for backend in BACKENDS {
        let mut program = server(backend);
        let arguments = ["--rate", "1000", "--seconds", "1", "--path", "/primes/2000", "--may-end"];
        let client = open_loop(&arguments, &[("ends", &program)]).spawn().unwrap();
        // Until it has answered more than what is asked here.
        let good = |page: String| -> u64 {
            let line =
                page.lines().find_map(|line| line.strip_prefix("http_responses_total{status=\"200\"} "));
            line.map_or(0, |number| number.parse().unwrap())
        };
        let mut asked = 1;
        while good(program.ask(&get("/metrics"))) < asked {
            asked += 1;
        }
        let (read, answered) = program.signal_and_wait();
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!((read, answered), (answered, answers(&said, "ends") + asked), "{said}");
    }
}

#[test]
fn what_has_no_answer_is_a_failure_unless_the_server_may_end() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_open-loop"));
        command
            .args(["--rate", "50", "--seconds", "0.1", &format!("gone={gone}")])
            .args(more)
            .output()
            .unwrap()
    };
    let failed = run(&[]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(String::from_utf8_lossy(&failed.stdout).ends_with("gone: 0 answers\n"), "{failed:?}");
    assert!(run(&["--may-end"]).status.success());
    assert_eq!(run(&["nameless"]).status.code(), Some(2));
}
