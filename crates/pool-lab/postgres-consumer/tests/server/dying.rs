//! Consumers that are killed, or suspended for longer than their lease, in the midst of their jobs.
//!
//! A consumer is this test program once more, with `CONSUMER` set. Its jobs log that they begin. One with the payload `hang` then waits until it is
//! told to stop.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::{env, io, thread};

use pool_core::{CancelToken, current_token};
use postgres::{Client, NoTls};
use postgres_consumer::Queue;

use crate::cluster::Cluster;
use crate::support::{PLACES, consume_alone, count, put, wait_for_count, wait_until};

const CONSUMER: &str = "POSTGRES_CONSUMER_NAME";
const URL: &str = "POSTGRES_CONSUMER_URL";
const LOG: &str = "POSTGRES_CONSUMER_LOG";

/// A line in the log, by one write.
fn log(line: &str) {
    let mut log = OpenOptions::new().append(true).create(true).open(env::var_os(LOG).unwrap()).unwrap();
    log.write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
#[ignore = "it is run by the others, as a consumer"]
fn consumer() {
    let Ok(name) = env::var(CONSUMER) else { return };
    let mut queue = Queue::new(Client::connect(&env::var(URL).unwrap(), NoTls).unwrap());
    let stop = CancelToken::new();
    let told = stop.clone();
    // Until its standard input ends.
    thread::spawn(move || {
        io::stdin().read_to_end(&mut Vec::new()).unwrap();
        told.cancel();
    });
    let by = name.clone();
    let tally = consume_alone(&mut queue, &stop, move |job| {
        log(&format!("{by} {job}"));
        if job == "hang" {
            current_token().unwrap().wait();
        }
        Ok(())
    });
    log(&format!("{name} ends: {} done, {} lost", tally.done, tally.lost));
}

struct Consumer {
    process: Child,
    input: Option<ChildStdin>,
}

impl Consumer {
    fn start(name: &str, cluster: &Cluster) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "dying::consumer", "--ignored"])
            .env(CONSUMER, name)
            .env(URL, cluster.url())
            .env(LOG, cluster.folder().join("jobs.log"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Consumer { input: process.stdin.take(), process }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn stop(mut self) {
        self.input = None;
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // It has ended, unless the test fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(cluster: &Cluster) -> Vec<String> {
    let log = fs::read_to_string(cluster.folder().join("jobs.log")).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

/// Who has begun each job, in order.
fn begun(cluster: &Cluster) -> BTreeMap<String, Vec<String>> {
    let mut begun = BTreeMap::<_, Vec<_>>::new();
    for line in lines(cluster).iter().filter(|line| !line.contains("ends")) {
        let (by, job) = line.split_once(' ').unwrap();
        begun.entry(job.to_owned()).or_default().push(by.to_owned());
    }
    begun
}

/// All leases have a moment left.
fn let_leases_run_out(client: &mut Client) {
    client
        .batch_execute("UPDATE jobs SET visible_at = now() + interval '1 s' WHERE visible_at > now()")
        .unwrap();
}

#[test]
fn what_a_killed_consumer_had_is_done_by_another_and_only_what_ran_is_done_twice() {
    let Some(cluster) = Cluster::start() else { return };
    let (mut client, mut queue) = (cluster.connect(), cluster.queue());
    put(&mut queue, 1..=4);
    queue.put("hang").unwrap();
    queue.put("hang").unwrap();
    put(&mut queue, 7..=30);

    let mut killed = Consumer::start("A", &cluster);
    let hangs = |cluster: &Cluster| begun(cluster).get("hang").map_or(0, Vec::len);
    wait_until("both workers hang", || hangs(&cluster) == 2);
    wait_for_count(&mut client, "id <= 4", 0);
    wait_for_count(&mut client, "visible_at > now()", PLACES);
    killed.process.kill().unwrap();
    killed.process.wait().unwrap();
    assert_eq!(count(&mut client, "true"), 26, "nothing is lost");

    let_leases_run_out(&mut client);
    let heir = Consumer::start("B", &cluster);
    wait_until("both workers hang once more", || hangs(&cluster) == 4);
    heir.stop();
    let last = Consumer::start("C", &cluster);
    wait_for_count(&mut client, "true", 0);
    last.stop();

    let begun = begun(&cluster);
    assert_eq!(begun["hang"], ["A", "A", "B", "B"], "A had begun them");
    for job in (1..=4).chain(7..=30) {
        assert_eq!(begun[&job.to_string()].len(), 1, "{job}: {begun:?}");
    }
    assert!((1..=4).all(|job| begun[&job.to_string()] == ["A"]));
}

#[test]
fn a_consumer_that_was_suspended_for_too_long_does_no_harm() {
    let Some(cluster) = Cluster::start() else { return };
    let (mut client, mut queue) = (cluster.connect(), cluster.queue());
    put(&mut queue, 1..=4);
    queue.put("hang").unwrap();
    put(&mut queue, 6..=20);

    let suspended = Consumer::start("A", &cluster);
    wait_until("A has begun the job", || begun(&cluster).contains_key("hang"));
    wait_for_count(&mut client, "true", 1);
    suspended.signal("-STOP");
    let_leases_run_out(&mut client);
    let heir = Consumer::start("B", &cluster);
    wait_until("B has begun the job as well", || begun(&cluster)["hang"] == ["A", "B"]);

    // A ends the job, and acknowledges a claim that is void.
    suspended.signal("-CONT");
    suspended.stop();
    assert_eq!(count(&mut client, "claims = 2 AND visible_at > now()"), 1, "it is still B's");
    heir.stop();
    assert_eq!(count(&mut client, "true"), 0);

    let ends: Vec<String> = lines(&cluster).into_iter().filter(|line| line.contains("ends")).collect();
    assert_eq!(ends, ["A ends: 19 done, 1 lost", "B ends: 1 done, 0 lost"]);
    let begun = begun(&cluster);
    assert!((1..=4).chain(6..=20).all(|job| begun[&job.to_string()] == ["A"]), "{begun:?}");
}
