//! What a worker does that finds no job: it looks around for a while, and then parks.
//!
//! The protocol is in [`parking`](crate::sync::parking). Beside the queue, a worker looks once more at what only the pool knows
//! before it parks: its mailbox, the side queue, and whether it is to leave. A thread that changes one of these wakes the worker by
//! name, or any worker for the side queue.

use std::thread;
use std::time::{Duration, Instant};

use super::core::Core;
use super::signals::Signal;
use crate::Helping;
use crate::strategy::{Look, Outlet, Pop, Search, Strategy};
use crate::sync::parking::{Group, Woken};

/// How often the searcher looks around before it parks, and how long it pauses in between: some microseconds in all.
const LOOKS: usize = 8;
const PAUSE: usize = 16;

/// How often a worker gives its CPU away before it parks, and looks again. A thread that is about to submit may be waiting for
/// this very CPU, where the worker is its way to a job without a sleep and a wake-up. In traces, the two stay on one CPU for as long
/// as neither parks. With one yield most samples were of the slow kind; 16 by all workers cost 10 to 40 % of `spawn/contended`.
const YIELDS: usize = 4;

/// The same of the searcher, if it has taken at most [`FEW`] jobs since it last looked around: so it is with a submitter that waits
/// for each job before it sends the next. The worker has woken that thread and looks for its next job before the thread runs, which
/// takes 5 to 20 us where its CPU has halted. After more jobs the next come later, or at once; two workers that are awake then get
/// into each other's way when the jobs are tiny (`scope/flat` of 1,000: 118 ns a job with 4 yields, 212 with 32).
///
/// `latency/ping` without a gap on 2 CPUs, the median of 10 interleaved rounds:
///
/// | yields | from submit to start | processor time of both |
/// |---|---|---|
/// | 4 | 20 us | 38 to 67 us |
/// | 16 | 2 to 20 us | 36 to 71 us |
/// | 32 | 1.2 us | 18 to 42 us |
/// | 64 | 1.2 us | 18 to 34 us |
const YIELDS_AFTER_FEW: usize = 32;
const FEW: u64 = 8;

/// The same of workers that help. The searcher does not pause before: see [`helping`](super::helping). Their programs mostly wait for
/// them outside: rayon's yield as often. Small regions that follow each other find them awake then (2 workers on 2 CPUs, in
/// microseconds, with pauses before; install, with its caller, is bimodal):
///
/// | yields | a broadcast | an iterator over 100 leaves | an empty `install` |
/// |---|---|---|---|
/// | 4 | 70 | 53 | 12 to 44 |
/// | 32 | 24 | 54 | 16 to 35 |
/// | 64 | 4 | 38 | 17 to 40 |
/// | 128 | 4 | 34 | 28 |
/// | rayon | 15 | 26 | 15 |
const YIELDS_OF_HELPERS: usize = 64;

/// Where a look is at more [places](Outlet::places) than this, a worker looks less often, so that it searches for about as long as in
/// a smaller pool. The workers of a pool that has just been built all search at once. Building one of 4,000 that steal and help took 22 s
/// of processor time, and takes 2 s so. The look that follows the announcement stays complete.
const MANY_PLACES: usize = 64;

/// How often a worker looks around in place of so often, if each look is at so many places: at least once, unless never.
fn looks_within(often: usize, places: usize) -> usize {
    (often * MANY_PLACES).div_ceil(places.max(MANY_PLACES))
}

/// For how long a worker waits for what may still come, in a pool that was closed without a fence: see `closing`.
const LAST_WAIT: Duration = Duration::from_millis(2);

/// Which thread parks at an outlet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParkingThread {
    /// The worker of the slot, which has taken so many jobs.
    Worker { jobs: u64 },
    /// A thread that empties the channel when there is no worker any more.
    StandIn,
}

/// What a worker that found nothing does next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// It looks for work again.
    Again,
    /// Nothing is there, and nothing will come any more.
    Closed,
}

impl<S: Strategy> Core<S> {
    /// Looks around for a while, as long as something may be pushed; one worker, the searcher, for longer than the others. Mail
    /// ends it. `jobs`: so many it has taken since it last did.
    #[cold]
    pub(super) fn search_before_parking(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        search: &mut Search<'_>,
        jobs: u64,
    ) -> Pop {
        if outlet.is_reserved() {
            return Pop::Empty;
        }
        let is_searcher = search.begin();
        let places = outlet.places();
        let (looks, yields) = match self.settings.helping {
            Helping::Any => (0, YIELDS_OF_HELPERS),
            Helping::Own if is_searcher => (LOOKS, if jobs <= FEW { YIELDS_AFTER_FEW } else { YIELDS }),
            Helping::Own => (0, YIELDS),
        };
        let (looks, yields) = (looks_within(looks, places), looks_within(yields, places));
        for look in 0..looks + yields {
            if self.mailboxes.has_mail(index) || self.parking.is_closed() {
                break;
            }
            if look < looks {
                (0..PAUSE).for_each(|_| std::hint::spin_loop());
            } else {
                thread::yield_now();
            }
            match outlet.pop(search) {
                Pop::Empty => {}
                found => return found,
            }
        }
        Pop::Empty
    }

    /// Parks until there may be work.
    #[cold]
    pub(super) fn park(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        search: &mut Search<'_>,
        thread: ParkingThread,
    ) -> Waited {
        outlet.prepare_to_park(search);
        let may_end = self.lifecycle.signals.now().has(Signal::UNFENCED) && self.gate.is_quiet();
        let group = if outlet.is_reserved() { Group::Reserved } else { Group::General };
        self.parking.announce(index, search.set_searcher(false), group);
        // In this order: what was pushed before it was closed is seen then.
        let closed = self.parking.is_closed();
        let look = outlet.look();
        let is_wanted = thread != ParkingThread::StandIn && self.has_other_work(index, outlet);
        if closed || is_wanted || look == Look::Work {
            search.set_searcher(self.parking.retract(index));
            return if is_wanted || look == Look::Work { Waited::Again } else { Waited::Closed };
        }
        self.wake_line_before_parking();
        search.begin_wait();
        let keep_alive = match thread {
            ParkingThread::Worker { jobs } => {
                let since = search.idle_since(jobs);
                self.keep_alive(outlet).and_then(|limit| since.checked_add(limit))
            }
            ParkingThread::StandIn => None,
        };
        let look_again = if let Look::NothingUntil(then) = look { Some(then) } else { None };
        let is_unfenced = self.lifecycle.signals.now().has(Signal::UNFENCED);
        let last_wait = is_unfenced.then(|| Instant::now() + LAST_WAIT);
        let until = [keep_alive, look_again, last_wait].into_iter().flatten().min();
        let woken = self.parking.park(index, until);
        search.set_searcher(woken == Woken::ToSearch);
        search.end_wait();
        if woken != Woken::Retracted {
            search.restart_idle();
            return Waited::Again;
        }
        let is_past = |moment: Option<Instant>| moment.is_some_and(|moment| moment <= Instant::now());
        if is_past(keep_alive) {
            search.restart_idle();
            self.shrink();
        }
        if may_end && is_past(last_wait) && outlet.look() != Look::Work {
            return Waited::Closed;
        }
        Waited::Again
    }

    /// Whether there is something for this worker that does not come through the channel.
    fn has_other_work(&self, index: usize, outlet: &S::Outlet) -> bool {
        self.mailboxes.has_mail(index)
            || self.lifecycle.signals.now().has(Signal::SIDE_QUEUE)
            || self.lifecycle.workers.may_be_surplus(index)
                && outlet.may_leave()
                && !self.lifecycle.is_draining()
    }

    /// Whether a worker may find something to do.
    pub(super) fn has_work(&self, outlet: &S::Outlet) -> bool {
        outlet.has_work() || self.lifecycle.signals.now().has(Signal::SIDE_QUEUE)
    }

    /// For how long a worker of a pool that scales waits before the pool is to have one less.
    fn keep_alive(&self, outlet: &S::Outlet) -> Option<Duration> {
        /// Long enough to cost nothing.
        const SELDOM: Duration = Duration::from_millis(10);
        if !self.settings.scales || !outlet.may_leave() {
            return None;
        }
        let keep_alive = self.settings.keep_alive;
        if self.lifecycle.workers.can_shrink() {
            Some(keep_alive)
        } else {
            // Workers that wait when the pool is as small as it may be wait for ever: it may grow and shrink without them. Not so
            // while workers that are to leave still run jobs: these may be wanted again, and then this one is to leave.
            self.lifecycle.workers.exceeds_least().then(|| keep_alive.max(SELDOM))
        }
    }
}
