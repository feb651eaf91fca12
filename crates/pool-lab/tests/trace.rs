//! The files that `pool-lab trace` writes, as a reader of Perfetto's format finds them.

mod support {
    pub mod perfetto;
}

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use pool_core::Attributes;
use pool_lab::engine::{AnyJoins, Joins, Spec, Start, Watcher};
use pool_lab::trace::perfetto;
use pool_lab::trace::recorder::Recorder;
use pool_mpsc::MpscPool;
use pool_stealing::StealingPool;
use prost::Message;

use self::support::perfetto::{Trace, TrackDescriptor, TrackEvent, Type};

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// A trace that was read: tracks by their ids, and the events on each.
struct Read {
    said: String,
    tracks: BTreeMap<u64, TrackDescriptor>,
    events: BTreeMap<u64, Vec<(u64, TrackEvent)>>,
}

/// Runs `pool-lab trace` and reads the file.
fn trace(name: &str, arguments: &str) -> Read {
    let path: PathBuf = env::temp_dir().join(format!("pool-lab-{}-{name}.pftrace", process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    let output = command.arg("trace").args(arguments.split(' ')).arg("-o").arg(&path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments}: {said}{}", String::from_utf8_lossy(&output.stderr));
    let file = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    read(&file, said)
}

fn read(file: &[u8], said: String) -> Read {
    let mut read = Read { said, tracks: BTreeMap::new(), events: BTreeMap::new() };
    for packet in Trace::decode(file).expect("the file is a trace").packet {
        assert_eq!(packet.trusted_packet_sequence_id, Some(1));
        match (packet.track_descriptor, packet.track_event) {
            (Some(track), None) => {
                assert!(read.tracks.insert(track.uuid.unwrap(), track).is_none(), "each is described once");
            }
            (None, Some(event)) => {
                let (track, at) = (event.track_uuid.unwrap(), packet.timestamp.unwrap());
                assert!(read.tracks.contains_key(&track), "a track is described before its events");
                read.events.entry(track).or_default().push((at, event));
            }
            other => panic!("neither a track nor an event: {other:?}"),
        }
    }
    read.check_tracks();
    read.check_slices();
    read.check_flows();
    read
}

impl Read {
    fn all(&self) -> impl Iterator<Item = &TrackEvent> {
        self.events.values().flatten().map(|(_, event)| event)
    }

    fn count(&self, kind: Type, name: &str) -> usize {
        self.all().filter(|event| event.r#type() == kind && event.name() == name).count()
    }

    fn jobs(&self) -> usize {
        self.count(Type::SliceBegin, "job")
    }

    /// The names of the tracks of threads.
    fn threads(&self) -> Vec<&str> {
        self.tracks.values().filter_map(|track| Some(track.thread.as_ref()?.thread_name())).collect()
    }

    /// One process with one counter, and threads in it with ids of their own.
    fn check_tracks(&self) {
        let processes: Vec<_> = self.tracks.values().filter_map(|track| track.process.as_ref()).collect();
        let [process] = processes[..] else { panic!("{processes:?}") };
        assert!(process.process_name().contains(" on "), "{process:?}");
        let counters: Vec<_> = self.tracks.values().filter(|track| track.counter.is_some()).collect();
        let [counter] = counters[..] else { panic!("{counters:?}") };
        assert_eq!((counter.name(), counter.counter.as_ref().unwrap().unit()), ("queued jobs", 2));
        let mut ids = HashSet::new();
        for thread in self.tracks.values().filter_map(|track| track.thread.as_ref()) {
            assert_eq!(thread.pid(), process.pid());
            assert!(ids.insert(thread.tid()), "{thread:?}");
        }
    }

    /// On each track times never decrease, and what begins ends; counters are on theirs alone.
    fn check_slices(&self) {
        for (track, events) in &self.events {
            let is_counter = self.tracks[track].counter.is_some();
            let (mut last, mut open) = (0, 0);
            for (at, event) in events {
                assert!(*at >= last, "{event:?}");
                last = *at;
                match event.r#type() {
                    Type::SliceBegin => open += 1,
                    Type::SliceEnd => {
                        assert!(open > 0, "nothing has begun: {event:?}");
                        open -= 1;
                    }
                    Type::Counter => assert!(event.counter_value() >= 0),
                    Type::Instant => {}
                    Type::Unspecified => panic!("{event:?}"),
                }
                assert_eq!(event.r#type() == Type::Counter, is_counter, "{event:?}");
                assert_eq!(matches!(event.r#type(), Type::SliceBegin | Type::Instant), event.name.is_some());
            }
            assert_eq!(open, 0, "{:?}", self.tracks[track]);
        }
    }

    /// A flow leads from the thread that wakes to the one that is woken, which is not earlier.
    fn check_flows(&self) {
        let (mut begins, mut ends) = (HashMap::new(), HashMap::new());
        for (at, event) in self.events.values().flatten() {
            for flow in &event.flow_ids {
                assert!(event.name().starts_with("wakes worker "), "{event:?}");
                assert!(begins.insert(*flow, *at).is_none(), "{event:?}");
            }
            for flow in &event.terminating_flow_ids {
                assert_eq!(event.name(), "woken");
                assert!(ends.insert(*flow, *at).is_none(), "{event:?}");
            }
        }
        assert_eq!(begins.len(), ends.len());
        for (flow, woken) in ends {
            assert!(begins[&flow] <= woken);
        }
    }
}

const OURS: [&str; 5] = ["mpsc", "bounded", "priority", "fair", "stealing"];

#[test]
fn the_jobs_in_the_trace_are_those_that_ran() {
    for pool in OURS {
        let read = trace(pool, &format!("-w spawn/external:jobs=500 -p {pool} -t 2"));
        assert_eq!((read.jobs(), read.count(Type::SliceBegin, "submit")), (500, 500), "{}", read.said);
        assert!(read.said.contains("500 jobs, ") && read.said.contains("none dropped"), "{}", read.said);
        let threads = read.threads();
        let workers = [format!("worker 0 ({pool}-0)"), format!("worker 1 ({pool}-1)")];
        // One that slept all the time has no name of a thread.
        for (worker, number) in workers.iter().zip(["worker 0", "worker 1"]) {
            assert!(threads.iter().any(|thread| thread == worker || *thread == number), "{threads:?}");
        }
        assert!(threads.contains(&"main"), "{threads:?}");
        assert_eq!(threads.len(), 3, "{threads:?}");
    }
}

#[test]
fn jobs_of_jobs_lie_on_the_tracks_of_workers() {
    let read = trace("nested", "-w spawn/nested:jobs=300 -p stealing:2");
    assert!(read.jobs() >= 300, "{}", read.said);
    let inner: usize = read
        .events
        .iter()
        .filter(|(track, _)| {
            read.tracks[track]
                .thread
                .as_ref()
                .is_some_and(|thread| thread.thread_name().starts_with("worker"))
        })
        .map(|(_, events)| events.iter().filter(|(_, event)| event.name() == "submit").count())
        .sum();
    assert!(inner >= 290, "workers submit: {inner}");
}

#[test]
fn jobs_of_scopes_and_panics_and_handles_are_there() {
    let scope = trace("scope", "-w scope/flat:jobs=200 -p bounded:2");
    assert_eq!(scope.jobs(), 200, "{}", scope.said);
    let handles = trace("handles", "-w spawn/handle:jobs=100 -p mpsc:2");
    assert_eq!(handles.jobs(), 100, "{}", handles.said);
    let panics = trace("panics", "-w spawn/after-panics -p priority:2");
    assert!(panics.jobs() > 0, "{}", panics.said);
}

#[test]
fn jobs_have_their_names_and_say_that_they_have_panicked() {
    let recorder = Arc::new(Recorder::new(3, 1_000));
    let pool = MpscPool::builder().threads(1).observer(recorder.clone()).build().unwrap();
    recorder.started(pool.context());
    recorder.begin();
    assert!(pool.spawn_with(Attributes::new().name("report"), || 1).unwrap().join().is_ok());
    assert!(pool.spawn_with(Attributes::new().name("bad"), || panic!("on purpose")).unwrap().join().is_err());
    let mut file = Vec::new();
    perfetto::write(&recorder.end(), "two jobs on mpsc:1", &mut file).unwrap();
    let read = read(&file, String::new());
    for name in ["report", "bad"] {
        assert_eq!(read.count(Type::SliceBegin, name), 1, "{name}");
    }
    let notes: Vec<_> = read.all().flat_map(|event| &event.debug_annotations).collect();
    let [note] = notes[..] else { panic!("{notes:?}") };
    assert_eq!((note.name(), note.string_value()), ("outcome", "panicked"));
}

#[test]
fn stolen_halves_of_joins_are_slices_of_their_thieves() {
    let recorder = Arc::new(Recorder::new(3, 1_000));
    let pool = StealingPool::builder().threads(2).observer(recorder.clone()).build().unwrap();
    recorder.started(pool.context());
    recorder.begin();
    let both = Barrier::new(2);
    pool.install(|| pool.join(|| both.wait(), || both.wait()));
    let _ = pool.shutdown();
    let mut file = Vec::new();
    perfetto::write(&recorder.end(), "a join on stealing:2", &mut file).unwrap();
    assert_eq!(read(&file, String::new()).count(Type::SliceBegin, "half of a join"), 1);
}

#[test]
fn jobs_and_scopes_of_peers_are_seen_from_outside() {
    for pool in ["rayon", "tokio", "threadpool", "mpsc-naive"] {
        let read = trace(pool, &format!("-w spawn/external:jobs=500 -p {pool} -t 2"));
        assert_eq!((read.jobs(), read.count(Type::SliceBegin, "submit")), (500, 500), "{}", read.said);
        let threads = read.threads();
        assert!(threads.len() <= 3 && threads.len() > 1 && threads.contains(&"main"), "{threads:?}");
    }
    let scope = trace("rayon-scope", "-w scope/flat:jobs=200 -p rayon:2");
    assert_eq!(scope.jobs(), 200, "{}", scope.said);
}

#[test]
fn a_half_of_a_peers_join_that_moves_is_a_slice() {
    let recorder = Arc::new(Recorder::new(3, 1_000));
    let spec = "rayon:2".parse::<Spec>().unwrap().with_watcher(recorder.clone());
    let pool = AnyJoins::start(&spec).unwrap();
    recorder.begin();
    let both = Barrier::new(2);
    pool.enter(|context| AnyJoins::join(context, |_| both.wait(), |_| both.wait()));
    pool.enter(|context| AnyJoins::join(context, |_| (), |_| ()));
    pool.stop();
    let mut file = Vec::new();
    perfetto::write(&recorder.end(), "joins on rayon:2", &mut file).unwrap();
    let read = read(&file, String::new());
    assert_eq!(read.jobs(), 2, "each computation is one");
    assert!((1..=2).contains(&read.count(Type::SliceBegin, "half of a join")), "the second may move as well");
}

#[test]
fn the_queue_is_looked_at_and_is_empty_in_the_end() {
    let read = trace("queue", "-w spawn/external:jobs=2000 -p mpsc:1");
    let counts: Vec<i64> =
        read.all().filter(|event| event.r#type() == Type::Counter).map(TrackEvent::counter_value).collect();
    assert!(counts.len() >= 2, "{counts:?}");
    assert!(counts.iter().all(|jobs| (0..=2000).contains(jobs)), "{counts:?}");
    assert_eq!((counts[0], *counts.last().unwrap()), (0, 0));
}

#[test]
fn a_pool_that_is_woken_shows_by_whom() {
    let recorder = Arc::new(Recorder::new(3, 10_000));
    let pool = StealingPool::builder().threads(1).observer(recorder.clone()).build().unwrap();
    recorder.started(pool.context());
    recorder.begin();
    let (parks, deadline) = (|| pool.stats().workers[0].parks, Instant::now() + DEADLINE);
    let mut before = 0;
    let read = loop {
        // Each job comes when the worker sleeps, or is about to.
        while parks() == before {
            assert!(Instant::now() < deadline, "the worker never parks");
            thread::yield_now();
        }
        before = parks();
        pool.spawn(|| ()).unwrap().join().unwrap();
        let mut file = Vec::new();
        perfetto::write(&recorder.end(), "wake-ups on stealing:1", &mut file).unwrap();
        let read = read(&file, String::new());
        if read.count(Type::Instant, "woken") > 0 {
            break read;
        }
        assert!(Instant::now() < deadline, "no job wakes the worker");
    };
    let woken = read.count(Type::Instant, "woken");
    assert!(read.count(Type::Instant, "wakes worker 0") >= woken);
    assert!(read.count(Type::SliceBegin, "parked") >= woken);
}

#[test]
fn what_finds_no_room_is_dropped_and_said() {
    let read = trace("room", "-w spawn/external:jobs=500 -p mpsc:1 --buffer 100");
    assert!(read.said.contains(" dropped: see --buffer"), "{}", read.said);
    assert!(read.said.contains("500 jobs, "), "{}", read.said);
    assert!(read.jobs() < 500);
    assert!(read.count(Type::Instant, "the buffer is full") > 0);
}

#[test]
fn events_of_too_many_threads_are_not_blamed_on_the_buffer() {
    let read = trace("threads", "-w spawn/external:jobs=500 -p thread-per-job:1");
    assert!(read.said.contains(" dropped, of threads after the first 65\n"), "{}", read.said);
    assert!(!read.said.contains("--buffer"), "{}", read.said);
}

#[test]
fn every_workload_can_be_traced() {
    // Programs that use rayon have pools of their own.
    for row in pool_lab::workloads::rows().iter().filter(|row| row.about.family().name != "real") {
        // Joins are not sized down by themselves.
        let small = row.about.parameters.iter().filter(|rule| rule.quick != rule.default);
        let small: String = small.map(|rule| format!(":{}={}", rule.name, rule.quick)).collect();
        let read = trace("every", &format!("-w {}{small} -p stealing:2", row.about.name));
        assert!(!read.threads().is_empty(), "{}", row.about.name);
        let overhead = read.said.lines().nth(2).unwrap_or_default();
        assert!(overhead.contains(" without tracing, ") && overhead.contains(" with it: "), "{}", read.said);
    }
}
