//! Takes down what the threads of a pool do.
//!
//! Each thread has a buffer, which is allocated beforehand and has room for so many events. When it is full the thread's later
//! events are dropped and counted, so that what is kept has no gap. An event costs a reading of the clock and a lock that no other
//! thread wants.

use std::cell::Cell;
use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use pool_core::adapter::PoolContext;
use pool_core::{JobInfo, JobOutcome, Observer};

use super::recording::{Event, Lane, NO_NAME, Recording, What};
use crate::engine::{Ran, Watcher};

/// A thread looks how long the queue is with its first event after so many nanoseconds, as that takes as long as some events.
const LOOK_AGAIN: u64 = 10_000;

/// Names of jobs beyond so many are left out.
const MOST_NAMES: usize = 1_000;

/// How long a recording waits at its end for the pool to be at rest.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes down what the threads of a pool do, from [`begin`](Recorder::begin) to [`end`](Recorder::end), again and again.
#[derive(Debug)]
pub struct Recorder {
    epoch: Instant,
    room: usize,
    /// The number of the recording, which no other recording of the process has.
    recording: AtomicU64,
    begun: AtomicU64,
    buffers: Box<[CachePadded<Mutex<Buffer>>]>,
    /// How many of them have been taken. Locked while one is taken, and while all are emptied.
    taken: Mutex<usize>,
    /// Events of threads without a buffer.
    lost: AtomicU64,
    names: Mutex<HashMap<String, u32>>,
    pool: Mutex<Option<Arc<PoolContext>>>,
}

/// The events of a thread.
#[derive(Debug, Default)]
struct Buffer {
    /// The recording that they belong to.
    recording: u64,
    lane: Lane,
    /// When the thread last looked how long the queue is.
    looked: u64,
}

static NEXT_RECORDING: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The last recording that this thread had a buffer in, and which one.
    static BUFFER: Cell<(u64, usize)> = const { Cell::new((0, 0)) };
}

impl Recorder {
    /// For so many threads, and as many events of each as there is `room` for. The events of further threads are dropped and
    /// counted.
    pub fn new(threads: usize, room: usize) -> Self {
        let buffer = || {
            let lane = Lane { events: Vec::with_capacity(room), ..Lane::default() };
            CachePadded::new(Mutex::new(Buffer { lane, ..Buffer::default() }))
        };
        Recorder {
            epoch: Instant::now(),
            room,
            recording: AtomicU64::new(NEXT_RECORDING.fetch_add(1, Relaxed)),
            begun: AtomicU64::new(0),
            buffers: (0..threads).map(|_| buffer()).collect(),
            taken: Mutex::new(0),
            lost: AtomicU64::new(0),
            names: Mutex::default(),
            pool: Mutex::default(),
        }
    }

    /// Begins anew. What was taken down before is forgotten.
    pub fn begin(&self) {
        let mut taken = lock(&self.taken);
        for buffer in &self.buffers[..*taken] {
            let mut buffer = lock(buffer);
            buffer.recording = 0;
            buffer.lane.events.clear();
        }
        *taken = 0;
        self.lost.store(0, Relaxed);
        self.recording.store(NEXT_RECORDING.fetch_add(1, Relaxed), Relaxed);
        self.begun.store(self.now(), Relaxed);
        drop(taken);
        self.look();
    }

    /// What was taken down since then. Waits until the pool has nothing to do.
    pub fn end(&self) -> Recording {
        let pool = lock(&self.pool).clone();
        if let Some(pool) = &pool {
            pool.wait_idle(Some(PATIENCE));
        }
        self.look();
        let mut names = vec![String::new(); lock(&self.names).len()];
        lock(&self.names).iter().for_each(|(name, id)| names[*id as usize] = name.clone());
        let taken = *lock(&self.taken);
        Recording {
            begin: self.begun.load(Relaxed),
            end: self.now(),
            lanes: self.buffers[..taken].iter().map(|buffer| lock(buffer).lane.clone()).collect(),
            names,
            workers: pool.map_or(0, |pool| pool.workers()),
            lost: self.lost.load(Relaxed),
        }
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    /// Takes an event of the calling thread down, and looks how long the queue is, if it is time to.
    fn add(&self, worker: Option<usize>, what: What) {
        let at = self.now();
        let recording = self.recording.load(Relaxed);
        let index = match BUFFER.get() {
            (of, index) if of == recording => index,
            _ => self.take_buffer(),
        };
        let Some(buffer) = self.buffers.get(index) else {
            self.lost.fetch_add(1, Relaxed);
            return;
        };
        let mut buffer = lock(buffer);
        // Another recording may have begun meanwhile, which this event does not belong to.
        let is_time = buffer.recording == recording && buffer.add(Event { at, what }, worker, self.room);
        drop(buffer);
        if is_time {
            self.look();
        }
    }

    #[cold]
    fn take_buffer(&self) -> usize {
        let mut taken = lock(&self.taken);
        let (index, recording) = (*taken, self.recording.load(Relaxed));
        if let Some(buffer) = self.buffers.get(index) {
            *taken += 1;
            let mut buffer = lock(buffer);
            let events = mem::take(&mut buffer.lane.events);
            let thread = thread::current().name().map_or_else(|| format!("thread {index}"), str::to_owned);
            let worker = pool_core::current().map(|worker| worker.index);
            *buffer =
                Buffer { recording, lane: Lane { thread, worker, events, ..Lane::default() }, looked: 0 };
        }
        BUFFER.set((recording, index));
        index
    }

    fn look(&self) {
        let queued = lock(&self.pool).as_ref().map(|pool| pool.counts().queued);
        if let Some(queued) = queued {
            self.add(None, What::Queued(u32::try_from(queued).unwrap_or(u32::MAX)));
        }
    }

    fn number_of(&self, name: Option<&str>) -> u32 {
        let Some(name) = name else { return NO_NAME };
        let mut names = lock(&self.names);
        match (names.get(name), names.len() as u32) {
            (Some(number), _) => *number,
            (None, many) if many as usize >= MOST_NAMES => NO_NAME,
            (None, next) => *names.entry(name.to_owned()).or_insert(next),
        }
    }
}

impl Buffer {
    /// Returns whether it is time to look how long the queue is.
    fn add(&mut self, event: Event, worker: Option<usize>, room: usize) -> bool {
        self.lane.worker = self.lane.worker.or(worker);
        if let What::JobBegins(_) = event.what {
            self.lane.jobs += 1;
        }
        if self.lane.dropped > 0 || self.lane.events.len() == room {
            self.lane.dropped += 1;
            return false;
        }
        self.lane.events.push(event);
        let may_change = matches!(event.what, What::SubmitEnds | What::JobBegins(_) | What::ParkBegins);
        let is_time = may_change && event.at >= self.looked + LOOK_AGAIN;
        if is_time {
            self.looked = event.at;
        }
        is_time
    }
}

impl Watcher for Recorder {
    fn started(&self, pool: &Arc<PoolContext>) {
        *lock(&self.pool) = Some(pool.clone());
    }

    fn begins(&self, what: Ran) {
        self.add(None, if what == Ran::Job { What::JobBegins(NO_NAME) } else { What::ForkBegins });
    }

    fn ends(&self, what: Ran) {
        self.add(None, if what == Ran::Job { What::JobEnds { panicked: false } } else { What::ForkEnds });
    }
}

impl Observer for Recorder {
    fn before_submit(&self) {
        self.add(None, What::SubmitBegins);
    }

    fn after_submit(&self) {
        self.add(None, What::SubmitEnds);
    }

    fn before_job(&self, job: JobInfo<'_>) {
        self.add(job.worker, What::JobBegins(self.number_of(job.name)));
    }

    fn after_job(&self, job: JobInfo<'_>, outcome: JobOutcome) {
        self.add(job.worker, What::JobEnds { panicked: outcome == JobOutcome::Panicked });
    }

    fn after_steal(&self, worker: usize, jobs: usize) {
        self.add(Some(worker), What::Steals(jobs as u32));
    }

    fn before_fork(&self, worker: usize) {
        self.add(Some(worker), What::ForkBegins);
    }

    fn after_fork(&self, worker: usize) {
        self.add(Some(worker), What::ForkEnds);
    }

    fn before_park(&self, worker: usize) {
        self.add(Some(worker), What::ParkBegins);
    }

    fn after_park(&self, worker: usize) {
        self.add(Some(worker), What::ParkEnds);
    }

    fn before_wake(&self, worker: usize) {
        self.add(None, What::Wakes(worker as u32));
    }
}

/// Nothing of anyone else's runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_drops_what_comes_later_and_counts_it() {
        let recorder = Recorder::new(1, 3);
        recorder.begin();
        for jobs in 1..=5 {
            recorder.after_steal(7, jobs);
        }
        let recording = recorder.end();
        let [lane] = &recording.lanes[..] else { panic!("{recording:?}") };
        let kept: Vec<What> = lane.events.iter().map(|event| event.what).collect();
        assert_eq!(kept, [What::Steals(1), What::Steals(2), What::Steals(3)]);
        assert_eq!((lane.dropped, lane.worker, recording.dropped()), (2, Some(7), 2));
    }

    #[test]
    fn a_recording_has_nothing_of_the_one_before() {
        let recorder = Recorder::new(2, 10);
        thread::scope(|scope| {
            scope.spawn(|| recorder.after_steal(1, 1));
        });
        recorder.begin();
        recorder.before_wake(2);
        let recording = recorder.end();
        let kept: Vec<What> =
            recording.lanes.iter().flat_map(|lane| &lane.events).map(|event| event.what).collect();
        assert_eq!(kept, [What::Wakes(2)]);
        assert!(recording.lanes[0].events[0].at >= recording.begin);
    }

    #[test]
    fn threads_beyond_the_buffers_are_counted_as_lost() {
        let recorder = Recorder::new(3, 1);
        recorder.begin();
        for _ in 0..5 {
            thread::scope(|scope| {
                scope.spawn(|| recorder.before_submit());
            });
        }
        let recording = recorder.end();
        assert_eq!((recording.lanes.len(), recording.lost, recording.dropped()), (3, 2, 2));
    }
}
