//! Deficit round robin over run time, without locks or clocks: see the crate's documentation for the rules.

use std::collections::VecDeque;
use std::time::Duration;

use pool_core::strategy::KEPT_JOBS;

use crate::queue::Queue;

/// What a job costs at least, in nanoseconds: its way through the queue.
const LEAST: i64 = 100;

/// A started job that is charged with an estimate until it ends.
#[derive(Debug)]
pub(crate) struct Started {
    queue: usize,
    estimate: i64,
}

/// The queues, and whose turn it is.
pub(crate) struct Scheduler<T> {
    lanes: Vec<Lane<T>>,
    /// The lanes that have something that may start, in the order of their turns.
    turns: VecDeque<usize>,
    /// The first of them has got its credit.
    is_credited: bool,
    /// The most turns that a lane has had.
    turn: i64,
    starts: usize,
    starts_before: usize,
}

struct Lane<T> {
    items: VecDeque<T>,
    /// Credit a turn.
    credit: i64,
    limit: usize,
    at_once: usize,
    running: usize,
    waits_for_turn: bool,
    /// What it may still spend at this turn, or its debt, if negative.
    deficit: i64,
    /// The turns that are paid into `deficit`.
    turns: i64,
    /// What its jobs took in the mean lately.
    mean: i64,
}

impl<T> Lane<T> {
    fn may_start(&self) -> bool {
        !self.items.is_empty() && self.running < self.at_once
    }
}

impl<T> Scheduler<T> {
    /// For these queues, and [one more](Scheduler::tickets).
    pub(crate) fn new(queues: &[Queue], quantum: Duration) -> Self {
        let tickets = Queue::new("");
        let quantum = nanoseconds(quantum);
        let lanes = queues.iter().chain([&tickets]).map(|queue| Lane {
            items: VecDeque::new(),
            credit: quantum * i64::from(queue.weight),
            limit: queue.limit,
            at_once: queue.at_once,
            running: 0,
            waits_for_turn: false,
            deficit: 0,
            turns: 0,
            mean: 0,
        });
        Scheduler {
            lanes: lanes.collect(),
            turns: VecDeque::new(),
            is_credited: false,
            turn: 0,
            starts: 0,
            starts_before: 0,
        }
    }

    /// The queue of tickets, which has no limits.
    pub(crate) fn tickets(&self) -> usize {
        self.lanes.len() - 1
    }

    /// The queue at this place, or the first, if there is none.
    pub(crate) fn queue_or_first(&self, index: usize) -> usize {
        if index < self.tickets() { index } else { 0 }
    }

    pub(crate) fn is_full(&self, queue: usize) -> bool {
        self.lanes[queue].items.len() >= self.lanes[queue].limit
    }

    pub(crate) fn push(&mut self, queue: usize, item: T) {
        self.lanes[queue].items.push_back(item);
        self.join_turns(queue);
    }

    /// Whether there is something that may start.
    pub(crate) fn has_next(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Starts the next.
    pub(crate) fn pop(&mut self) -> Option<(Started, T)> {
        let mut in_debt = 0;
        loop {
            let queue = *self.turns.front()?;
            self.begin_turn(queue);
            if self.lanes[queue].deficit > 0 {
                return self.start(queue);
            }
            self.turns.rotate_left(1);
            self.is_credited = false;
            in_debt += 1;
            if in_debt == self.turns.len() {
                self.skip_turns();
            }
        }
    }

    /// A started job has ended, or has not run at all. Returns whether another of its queue may start now that could not before.
    pub(crate) fn end(&mut self, Started { queue, estimate }: Started, took: Duration) -> bool {
        let took = nanoseconds(took).max(LEAST);
        let lane = &mut self.lanes[queue];
        lane.deficit = lane.deficit.saturating_add(estimate).saturating_sub(took);
        lane.mean += (took - lane.mean) / 8;
        lane.running -= 1;
        !lane.waits_for_turn && self.join_turns(queue)
    }

    /// Everything, the first queue first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.turns.clear();
        self.is_credited = false;
        self.lanes.iter_mut().flat_map(|lane| {
            lane.waits_for_turn = false;
            lane.items.drain(..)
        })
    }

    /// Whether so much has been started, since this was last asked, that the room was needed. `None` if there is none to give back.
    pub(crate) fn needs_room(&mut self) -> Option<bool> {
        if self.lanes.iter().any(|lane| !lane.items.is_empty()) {
            return None;
        }
        let room =
            self.lanes.iter().map(|lane| lane.items.capacity()).filter(|room| *room > KEPT_JOBS).max()?;
        let starts = self.starts.wrapping_sub(std::mem::replace(&mut self.starts_before, self.starts));
        Some(starts >= room / 4)
    }

    /// Takes the room of all queues that keep more than they may, to be dropped where nothing waits for it.
    pub(crate) fn take_room(&mut self) -> Vec<VecDeque<T>> {
        let roomy = |lane: &&mut Lane<T>| lane.items.is_empty() && lane.items.capacity() > KEPT_JOBS;
        self.lanes.iter_mut().filter(roomy).map(|lane| std::mem::take(&mut lane.items)).collect()
    }

    /// A queue comes to the end of the turns, if it has something that may start. The turns that it has missed pay its debt.
    fn join_turns(&mut self, queue: usize) -> bool {
        let lane = &mut self.lanes[queue];
        if lane.waits_for_turn || !lane.may_start() {
            return false;
        }
        let missed = (self.turn - lane.turns).saturating_mul(lane.credit);
        lane.deficit = lane.deficit.saturating_add(missed).min(0);
        lane.turns = self.turn;
        lane.waits_for_turn = true;
        self.turns.push_back(queue);
        true
    }

    /// Gives the first its credit, once a turn.
    fn begin_turn(&mut self, queue: usize) {
        if !std::mem::replace(&mut self.is_credited, true) {
            self.pay(queue, 1);
        }
    }

    fn pay(&mut self, queue: usize, turns: i64) {
        let lane = &mut self.lanes[queue];
        lane.deficit = lane.deficit.saturating_add(turns.saturating_mul(lane.credit));
        lane.turns += turns;
        self.turn = self.turn.max(lane.turns);
    }

    fn start(&mut self, queue: usize) -> Option<(Started, T)> {
        let lane = &mut self.lanes[queue];
        let item = lane.items.pop_front()?;
        let estimate = lane.mean.max(LEAST);
        lane.deficit -= estimate;
        lane.running += 1;
        if !lane.may_start() {
            lane.waits_for_turn = false;
            self.turns.pop_front();
            self.is_credited = false;
        }
        self.starts = self.starts.wrapping_add(1);
        Some((Started { queue, estimate }, item))
    }

    /// All are in debt: pays the turns at once after which the first of them is nearly out of it.
    fn skip_turns(&mut self) {
        let turns = |lane: &Lane<T>| -lane.deficit / lane.credit;
        let least = self.turns.iter().map(|&queue| turns(&self.lanes[queue])).min().unwrap_or(0);
        for place in 0..self.turns.len() {
            self.pay(self.turns[place], least);
        }
    }
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
