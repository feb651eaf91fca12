//! The CPUs that workers share: which of them compute, and which wait for one.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Something that ends at this time.
pub(crate) struct End<T> {
    pub(crate) at: f64,
    pub(crate) what: T,
}

impl<T> PartialEq for End<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for End<T> {}

impl<T> Ord for End<T> {
    /// The earliest is the greatest, as a heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at)
    }
}

impl<T> PartialOrd for End<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// CPUs, and what workers do there.
pub(crate) struct Cpus<T> {
    /// What others leave of all of them.
    available: f64,
    /// What a worker has been given that has had a CPU from the beginning. It goes on more slowly where others take a part of them.
    given: f64,
    idle: Vec<usize>,
    /// Workers that have a CPU, until they will have been given what they need or may have.
    running: BinaryHeap<End<OnCpu<T>>>,
    /// Workers that wait for any.
    ready: VecDeque<T>,
    /// Workers that wait for this one.
    stuck: Vec<VecDeque<T>>,
}

/// A worker that has a CPU.
pub(crate) struct OnCpu<T> {
    pub(crate) cpu: usize,
    pub(crate) worker: T,
}

impl<T> Cpus<T> {
    pub(crate) fn new(cpus: usize, available: f64) -> Self {
        Cpus {
            available,
            given: 0.0,
            idle: (0..cpus).collect(),
            running: BinaryHeap::new(),
            ready: VecDeque::new(),
            stuck: (0..cpus).map(|_| VecDeque::new()).collect(),
        }
    }

    /// In how long the first worker will have been given what it needs or may have.
    pub(crate) fn next_end(&self) -> f64 {
        self.running.peek().map_or(f64::INFINITY, |end| (end.at - self.given) / self.speed())
    }

    /// Time passes. Returns how much of it workers wait for a CPU, all together.
    pub(crate) fn pass(&mut self, time: f64) -> f64 {
        if self.running.is_empty() {
            return 0.0;
        }
        let speed = self.speed();
        self.given += time * speed;
        let waiting = self.ready.len() + self.stuck.iter().map(VecDeque::len).sum::<usize>();
        time * (waiting as f64 + self.running.len() as f64 * (1.0 - speed))
    }

    /// Of a second, what a worker is given that has a CPU.
    fn speed(&self) -> f64 {
        (self.available / self.running.len() as f64).min(1.0)
    }

    /// A worker has been given what it needs or may have. Its CPU is to be [used](Cpus::run) or [left](Cpus::leave).
    pub(crate) fn stop(&mut self) -> Option<OnCpu<T>> {
        self.running.pop().map(|end| end.what)
    }

    /// A worker wants this CPU, or any. If it cannot have one it waits.
    pub(crate) fn claim(&mut self, cpu: Option<usize>, worker: T) -> Option<OnCpu<T>> {
        let place = match cpu {
            Some(cpu) => self.idle.iter().position(|idle| *idle == cpu),
            None => self.idle.len().checked_sub(1),
        };
        if let Some(place) = place {
            return Some(OnCpu { cpu: self.idle.swap_remove(place), worker });
        }
        let line = cpu.map_or(&mut self.ready, |cpu| &mut self.stuck[cpu]);
        line.push_back(worker);
        None
    }

    /// A worker has a CPU, until it has been given so much.
    pub(crate) fn run(&mut self, on: OnCpu<T>, time: f64) {
        self.running.push(End { at: self.given + time, what: on });
    }

    /// This CPU is free: returns the worker that has it next.
    pub(crate) fn leave(&mut self, cpu: usize) -> Option<OnCpu<T>> {
        let next = self.stuck[cpu].pop_front().or_else(|| self.ready.pop_front());
        if next.is_none() {
            self.idle.push(cpu);
        }
        next.map(|worker| OnCpu { cpu, worker })
    }
}
