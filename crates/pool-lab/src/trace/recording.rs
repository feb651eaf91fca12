//! What was taken down, put in order: slices that begin and end, marks, who woke whom, the length of the queue.

use std::collections::HashMap;

/// The number of a job without a name.
pub const NO_NAME: u32 = u32::MAX;

/// What one thread did at one moment, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: u64,
    /// What.
    pub what: What,
}

/// What a thread did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It begins to submit a job.
    SubmitBegins,
    /// It has submitted it.
    SubmitEnds,
    /// It begins to run a job, whose name has this number.
    JobBegins(u32),
    /// It has run it.
    JobEnds {
        /// Whether the job has panicked.
        panicked: bool,
    },
    /// It begins to run half of a join that it has stolen.
    ForkBegins,
    /// It has run it.
    ForkEnds,
    /// It goes to sleep.
    ParkBegins,
    /// It is awake.
    ParkEnds,
    /// It has stolen so many jobs.
    Steals(u32),
    /// It wakes this worker.
    Wakes(u32),
    /// It has seen so many jobs in the queue.
    Queued(u32),
}

/// What begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Submit,
    Job,
    Fork,
    Park,
}

impl What {
    fn begins(self) -> Option<Kind> {
        match self {
            What::SubmitBegins => Some(Kind::Submit),
            What::JobBegins(_) => Some(Kind::Job),
            What::ForkBegins => Some(Kind::Fork),
            What::ParkBegins => Some(Kind::Park),
            _ => None,
        }
    }

    fn ends(self) -> Option<Kind> {
        match self {
            What::SubmitEnds => Some(Kind::Submit),
            What::JobEnds { .. } => Some(Kind::Job),
            What::ForkEnds => Some(Kind::Fork),
            What::ParkEnds => Some(Kind::Park),
            _ => None,
        }
    }
}

/// The events of one thread, in the order of their times.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The thread's name.
    pub thread: String,
    /// Which worker it is, if it is one.
    pub worker: Option<usize>,
    /// What it did.
    pub events: Vec<Event>,
    /// How many jobs it began, those that are dropped included.
    pub jobs: u64,
    /// How many events at the end found no room.
    pub dropped: u64,
}

/// What was taken down from one moment to another.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// When it began.
    pub begin: u64,
    /// When it ended.
    pub end: u64,
    /// Each thread that did something.
    pub lanes: Vec<Lane>,
    /// The names of jobs, by their numbers.
    pub names: Vec<String>,
    /// How many workers the pool has.
    pub workers: usize,
    /// Events of threads for which there was no buffer, as there were too many before them.
    pub lost: u64,
}

/// What a trace shows of one thread.
#[derive(Debug, PartialEq)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// What is on it: times never decrease, and what begins ends.
    pub marks: Vec<(u64, Mark)>,
}

/// What is on a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A slice begins.
    Begin(String),
    /// The slice that began last ends.
    End {
        /// It was a job, which has panicked.
        panicked: bool,
    },
    /// Jobs were stolen.
    Steal(u32),
    /// The thread wakes a worker: the beginning of this flow, if it has woken it indeed.
    Wake(u32, Option<u64>),
    /// It was woken: the end of this flow.
    Woken(u64),
    /// From here on events were dropped.
    Dropped(u64),
}

/// The wake-ups that ended a sleep: the number of each, by the place of either event.
type Flows = HashMap<(usize, usize), u64>;

impl Recording {
    /// Events that were not kept.
    pub fn dropped(&self) -> u64 {
        self.lost + self.lanes.iter().map(|lane| lane.dropped).sum::<u64>()
    }

    /// Events that were kept.
    pub fn events(&self) -> usize {
        self.lanes.iter().map(|lane| lane.events.len()).sum()
    }

    /// Jobs that have begun, whether kept or not.
    pub fn jobs(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.jobs).sum()
    }

    /// A track for each worker, by number, and then one for each other thread. Times count from the beginning.
    pub fn tracks(&self) -> Vec<Track> {
        let flows = self.flows();
        let heard = (0..self.lanes.len()).map(|lane| (self.lanes[lane].worker, self.track(lane, &flows)));
        // A worker of which nothing is heard has slept all the time.
        let is_heard = |worker: &usize| self.lanes.iter().any(|lane| lane.worker == Some(*worker));
        let asleep = (0..self.workers).filter(|worker| !is_heard(worker)).map(|worker| {
            let marks = vec![(0, Mark::Begin(PARKED.to_owned())), (self.length(), END)];
            (Some(worker), Track { name: format!("worker {worker}"), marks })
        });
        let mut tracks: Vec<(Option<usize>, Track)> = heard.chain(asleep).collect();
        tracks.sort_by_key(|(worker, _)| worker.unwrap_or(usize::MAX));
        tracks.into_iter().map(|(_, track)| track).collect()
    }

    /// How many jobs were queued, and when, in order.
    pub fn queue(&self) -> Vec<(u64, u32)> {
        let events = self.lanes.iter().flat_map(|lane| &lane.events);
        let mut queue: Vec<(u64, u32)> = events
            .filter_map(|event| match event.what {
                What::Queued(jobs) => Some((self.since_begin(event.at), jobs)),
                _ => None,
            })
            .collect();
        queue.sort_by_key(|(at, _)| *at);
        queue
    }

    fn since_begin(&self, at: u64) -> u64 {
        at.saturating_sub(self.begin)
    }

    fn length(&self) -> u64 {
        self.since_begin(self.end)
    }

    /// A sleep was ended by the last thread that woke the worker meanwhile. Without one it was ended by the clock.
    fn flows(&self) -> Flows {
        let mut wakes: HashMap<usize, Vec<(u64, usize, usize)>> = HashMap::new();
        for (lane, event, Event { at, what }) in self.places() {
            if let What::Wakes(worker) = what {
                wakes.entry(worker as usize).or_default().push((at, lane, event));
            }
        }
        wakes.values_mut().for_each(|wakes| wakes.sort_unstable());
        let (mut flows, mut number) = (Flows::new(), 0);
        let mut asleep_since = vec![self.begin; self.lanes.len()];
        for (lane, event, Event { at, what }) in self.places() {
            match what {
                What::ParkBegins => asleep_since[lane] = at,
                What::ParkEnds => {
                    let worker = self.lanes[lane].worker.unwrap_or(usize::MAX);
                    let wakes = wakes.get(&worker).map_or(&[][..], Vec::as_slice);
                    let before = wakes.partition_point(|(wake, ..)| *wake <= at);
                    if let Some((wake, from, by)) = wakes[..before].last()
                        && *wake >= asleep_since[lane]
                    {
                        number += 1;
                        flows.extend([((*from, *by), number), ((lane, event), number)]);
                    }
                }
                _ => {}
            }
        }
        flows
    }

    /// All events, with the numbers of their lanes and their places there.
    fn places(&self) -> impl Iterator<Item = (usize, usize, Event)> {
        let lanes = self.lanes.iter().enumerate();
        lanes.flat_map(|(lane, of)| {
            of.events.iter().enumerate().map(move |(place, event)| (lane, place, *event))
        })
    }

    fn track(&self, number: usize, flows: &Flows) -> Track {
        let lane = &self.lanes[number];
        let mut slices = Slices::default();
        for (place, event) in lane.events.iter().enumerate() {
            let (at, flow) = (self.since_begin(event.at), flows.get(&(number, place)).copied());
            if let Some(kind) = event.what.begins() {
                slices.begin(at, kind, self.name_of(event.what));
            }
            if let Some(kind) = event.what.ends() {
                slices.end(at, kind, event.what == What::JobEnds { panicked: true });
            }
            match (event.what, flow) {
                (What::Steals(jobs), _) => slices.marks.push((at, Mark::Steal(jobs))),
                (What::Wakes(worker), flow) => slices.marks.push((at, Mark::Wake(worker, flow))),
                (What::ParkEnds, Some(flow)) => slices.marks.push((at, Mark::Woken(flow))),
                _ => {}
            }
        }
        let last = lane.events.last().map_or(0, |event| self.since_begin(event.at));
        if lane.dropped > 0 {
            slices.marks.push((last, Mark::Dropped(lane.dropped)));
        }
        let end = if lane.dropped > 0 { last } else { last.max(self.length()) };
        slices.end_all(end);
        let name = match lane.worker {
            Some(worker) => format!("worker {worker} ({})", lane.thread),
            None => lane.thread.clone(),
        };
        Track { name, marks: slices.marks }
    }

    fn name_of(&self, what: What) -> String {
        match what {
            What::JobBegins(name) => self.names.get(name as usize).map_or("job", String::as_str),
            What::ForkBegins => "half of a join",
            What::ParkBegins => PARKED,
            _ => "submit",
        }
        .to_owned()
    }
}

const PARKED: &str = "parked";

const END: Mark = Mark::End { panicked: false };

/// What is on a track so far, and which slices have not ended.
#[derive(Default)]
struct Slices {
    marks: Vec<(u64, Mark)>,
    open: Vec<Kind>,
}

impl Slices {
    fn begin(&mut self, at: u64, kind: Kind, name: String) {
        self.open.push(kind);
        self.marks.push((at, Mark::Begin(name)));
    }

    /// Ends the innermost slice of this kind, and what is in it.
    fn end(&mut self, at: u64, kind: Kind, panicked: bool) {
        let Some(depth) = self.open.iter().rposition(|open| *open == kind) else {
            // A sleep that began before the recording did. Nothing else is under way then.
            if kind == Kind::Park && self.marks.is_empty() {
                self.marks.extend([(0, Mark::Begin(PARKED.to_owned())), (at, END)]);
            }
            return;
        };
        while self.open.len() > depth + 1 {
            self.open.pop();
            self.marks.push((at, END));
        }
        self.open.pop();
        self.marks.push((at, Mark::End { panicked }));
    }

    fn end_all(&mut self, at: u64) {
        self.marks.extend(self.open.drain(..).map(|_| (at, END)));
    }
}

#[cfg(test)]
mod tests;
