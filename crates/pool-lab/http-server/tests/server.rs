//! The program answers, sheds, is not held by bad clients, and ends gracefully.
#![cfg(unix)]

#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use self::support::{Program, get, post, status};

/// Each of these is tested with both.
const BACKENDS: [&str; 2] = ["pool", "blocking"];

/// A number that takes far longer than any test.
const ENDLESS: &str = "/primes/100000000";

/// The server with one worker, and room for one request that waits.
fn one_worker(backend: &str, more: &[&str]) -> Program {
    Program::start(&[&["--backend", backend, "--workers", "1", "--queue", "1"], more].concat())
}

#[test]
fn it_answers() {
    for backend in BACKENDS {
        let program = Program::start(&["--backend", backend, "--deadline-ms", "60000"]);
        let answer = program.ask(&get("/primes/100"));
        assert_eq!(status(&answer), 200, "{answer}");
        assert!(answer.ends_with("\r\n\r\n25\n"), "{answer}");
        // FNV-1a of "a", as published.
        assert!(program.ask(&post("/checksum", "a")).ends_with(&format!("{}\n", 0xaf63_dc4c_8601_ec8c_u64)));
        assert_eq!(status(&program.ask(&get("/primes/many"))), 400);
        assert_eq!(status(&program.ask(&get("/primes/100000001"))), 400);
        assert_eq!(status(&program.ask(&post("/primes/3", ""))), 404);
        let page = program.ask(&get("/metrics"));
        assert!(page.contains("http_responses_total{status=\"200\"} 2\n"), "{page}");
        assert_eq!(page.contains("pool_jobs_submitted_total{pool=\"requests\"} 2\n"), backend == "pool");
        assert_eq!(program.terminate(), (6, 6));
    }
}

#[test]
fn one_too_many_is_told_to_come_back() {
    for backend in BACKENDS {
        let program = one_worker(backend, &["--deadline-ms", "600000", "--retry-after", "7"]);
        let _running = program.send(&get(ENDLESS));
        // One computes, and one waits.
        if backend == "pool" {
            program.until_page_has("pool_jobs_running{pool=\"requests\"} 1\n");
        } else {
            program.until_page_has("http_requests_in_flight 2\n");
        }
        let _waiting = program.send(&get("/primes/10"));
        program.until_page_has("http_requests_in_flight 3\n");
        let shed = program.ask(&get("/primes/10"));
        assert_eq!(status(&shed), 503, "{shed}");
        assert!(shed.to_lowercase().contains("\r\nretry-after: 7\r\n"), "{shed}");
    }
}

#[test]
fn what_computes_is_told_to_stop_at_its_deadline() {
    for backend in BACKENDS {
        let program = one_worker(backend, &["--deadline-ms", "500"]);
        assert_eq!(status(&program.ask(&get(ENDLESS))), 504);
        // And the worker is free again.
        program.until_answers(&get("/primes/10"), 200);
        let (read, answered) = program.terminate();
        assert_eq!(read, answered);
    }
}

#[test]
fn slow_and_malformed_requests_hold_no_worker() {
    for backend in BACKENDS {
        let program = one_worker(backend, &["--deadline-ms", "60000", "--read-ms", "500"]);
        let slow_heads: Vec<_> = (0..20).map(|_| program.send("GET /primes/10 HT")).collect();
        let half = "POST /checksum HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf";
        let slow_bodies: Vec<_> = (0..20).map(|_| program.send(half)).collect();
        let garbage = program.send("\u{1}\u{2}nonsense\r\n\r\n").read();
        assert_eq!(status(&garbage), 400, "{garbage}");
        for _ in 0..20 {
            assert_eq!(status(&program.ask(&get("/primes/10"))), 200);
        }
        for slow in slow_bodies {
            assert_eq!(status(&slow.read()), 408);
        }
        for slow in slow_heads {
            // The connection ends without an answer, or with one that says why.
            let answer = slow.read();
            assert!(answer.is_empty() || status(&answer) == 408, "{answer}");
        }
        let (read, answered) = program.terminate();
        assert_eq!((read, answered), (40, 40));
    }
}

#[test]
fn a_client_that_goes_frees_its_worker() {
    for backend in BACKENDS {
        let program = one_worker(backend, &["--deadline-ms", "600000"]);
        // On a connection that it would go on with, so that the server listens meanwhile.
        let gone = program.send(&get(ENDLESS).replace("Connection: close\r\n", ""));
        program.until_page_has("http_requests_in_flight 2\n");
        drop(gone);
        program.until_answers(&get("/primes/10"), 200);
        program.until_page_has("http_responses_total{status=\"499\"} 1\n");
    }
}

#[test]
fn sigterm_under_load_loses_no_request() {
    for backend in BACKENDS {
        let mut program = Program::start(&[
            "--backend",
            backend,
            "--workers",
            "2",
            "--queue",
            "8",
            "--deadline-ms",
            "60000",
        ]);
        let answers = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let (address, answers) = (program.address(), answers.clone());
                thread::spawn(move || {
                    // Until the server takes no more: refused, or closed without a byte.
                    while let Ok(answer) = support::ask(address, &get("/primes/3000")) {
                        if answer.is_empty() {
                            break;
                        }
                        assert!([200, 503].contains(&status(&answer)), "{answer}");
                        assert!(answer.ends_with('\n'), "cut off: {answer}");
                        answers.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        while answers.load(SeqCst) < 200 {
            thread::yield_now();
        }
        let (read, answered) = program.signal_and_wait();
        clients.into_iter().for_each(|client| client.join().unwrap());
        assert_eq!((read, answered), (answered, answers.load(SeqCst) as u64));
    }
}

#[test]
fn what_is_under_way_at_sigterm_is_answered_and_no_more_is_taken() {
    for backend in BACKENDS {
        let mut program = Program::start(&[
            "--backend",
            backend,
            "--workers",
            "1",
            "--queue",
            "30",
            "--deadline-ms",
            "15000",
        ]);
        let first = program.send(&get(ENDLESS));
        program.until_page_has("http_requests_in_flight 2\n");
        let behind: Vec<_> = (0..19).map(|_| program.send(&get("/primes/10"))).collect();
        program.until_page_has("http_requests_in_flight 21\n");
        // A connection that has brought a request before and rests.
        let mut resting = program.connect();
        resting.write_all(get("/nothing").replace("Connection: close\r\n", "").as_bytes()).unwrap();
        let mut line = [0; 12];
        resting.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"HTTP/1.1 404");
        let (read, answered) = program.signal_and_wait();
        assert_eq!(status(&first.read()), 504);
        for request in behind {
            // The worker is free when their deadline is near.
            assert!([200, 504].contains(&status(&request.read())));
        }
        assert_eq!(read, answered);
        assert!(support::ask(program.address(), &get("/primes/10")).is_err());
    }
}
