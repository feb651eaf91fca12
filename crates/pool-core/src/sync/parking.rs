//! Where workers without work wait, and which of them a push wakes.
//!
//! A worker without work either *searches* (looks for a job again and again for a few microseconds) or *sleeps* (is parked, and
//! costs nothing). Waking a thread costs microseconds, so the pool wakes as few as it can, but never leaves a job lying
//! while a worker sleeps and none is on its way to the job.
//!
//! # State
//!
//! One word: the number of sleepers, and whether a worker searches; there is at most one searcher. Beside it, behind a
//! mutex, the stack of sleepers. Each worker has a *parker*, a word that says why it was woken.
//!
//! # Which sleeper
//!
//! Any would do for the rules below. In a pool that scales, the last to go to sleep is the first to be woken, so that the others
//! reach the end of their keep-alive though jobs trickle in. In a pool of constant size the CPU matters more than the
//! warmth of the caches. A system puts a thread that is woken back where it last ran, if need be onto the CPU of the thread that
//! wakes it; Linux should look for an idle CPU first, but in traces of a virtual machine (kernel 6.18) it mostly did not.
//! So a thread that wakes a sleeper of its own CPU and goes on computing has the two share that CPU, often for as long
//! as they run, with the other CPU idle: in a trace of `join/nqueens` with 8 workers on 2 CPUs that was so for a fifth of the
//! time. Hence the last sleeper that ran on *another* CPU is woken; but by a thread that is about to wait, the last that ran on
//! *its own* CPU, which is about to be free. If there is none such, the last of all.
//!
//! Median times on 2 CPUs with 8 workers (with 2 there is no difference to be seen):
//!
//! | | last in, first out | by the CPU |
//! |---|---|---|
//! | `join/nqueens`, and with `alone=5` | 32.5 and 21.8 ns | 25.9 and 17.4 ns |
//! | `join/quicksort`, `alone=500` | 33.9 ns | 32.0 ns |
//! | `join/chain`, empty first half | 150 ns | 78 ns |
//! | `join/cold`, whose caller waits | 38 us | 38 us, 2 switches instead of 3 |
//! | `join/tree-sum`, 1,000 nodes: 2 us a tree | 3.4 ns | 5.3 ns |
//! | `join/chain`, empty second half | 3.8 ns | 5.7 to 13 ns |
//!
//! The last two are what it costs that a woken worker really comes: such joins are not worth a thief. Nobody can tell them
//! beforehand from those that are.
//!
//! Rejected: to let only as many workers take forks as there are CPUs (nqueens no faster, and leaves that block would wait).
//!
//! # Rules
//!
//! - **Push**: make the work visible; fence; read the word; if a worker sleeps and none searches, wake one.
//! - **Wake one**: under the lock, if the stack is not empty and the searcher's role is free, take the role on behalf of
//!   a sleeper, and take it off the stack. So later pushes see a searcher, and wake no other,
//!   while the woken thread is still on its way.
//! - **Wake a given worker**: make its work visible; under the lock, take it off the stack if it is there, and wake it.
//! - **Announce**: put oneself on the stack, count oneself as a sleeper and (a searcher) give the role back, in one
//!   addition; fence; look once more at everything that could be taken; park only if there is nothing. Otherwise retract:
//!   take oneself off the stack. If one is no longer on it, a waker was faster, and one may have the role.
//! - **Find** (a searcher finds work): give the role back; fence; if a worker sleeps and more work is visible, wake one. Only
//!   then: a lone job must not wake two.
//! - **Move** (a worker that does not search takes a batch of jobs from one place to another): as a push, when they are
//!   visible again. A worker that looked in between saw them in neither place.
//! - **Close**: wake all.
//!
//! # Why no wake-up is lost
//!
//! Let a thread push while another is about to sleep or to end its search. All fences are sequentially consistent, so
//! they have one order; call the pusher's P.
//!
//! *The pusher reads that nobody sleeps.* A worker that announces itself later has its fence after P, and so its second look sees
//! the work. (If its fence were before P, the pusher would read that it sleeps.)
//!
//! *The pusher reads that a worker searches* (in the first read, or when it tries to take the role). That searcher gives
//! the role back later than the value that was read, by announcing itself or by finding, and its fence comes after
//! P; otherwise the pusher would have read the role as free, or taken by a later searcher, for which the same holds.
//! The look that follows the fence sees the work: a searcher that announces itself takes it, one that has found wakes another for
//! it.
//!
//! *The pusher wakes one.* It holds the lock, so the worker on the stack is really there, and one that retracts or announces
//! itself meanwhile waits. The woken thread has the role and searches; for it, the above holds again.
//!
//! The same argument covers a searcher that finds: its "fence; if more work is visible" is a push of what it sees.
//!
//! *A given worker is woken.* The lock orders its announcement and the waker's look at the stack. If the worker announced
//! itself first, the waker finds it there; otherwise the worker's second look comes after the lock of the waker, and so sees
//! what was made visible before.
//!
//! # Reserved workers
//!
//! A worker that serves some jobs only (see [`Outlet::is_reserved`](crate::strategy::Outlet::is_reserved)) is no help for
//! the others. It never searches, is not counted in the word and lies on a stack of its own, whose length is a second word. A push
//! of a job for it does the same with that word: fence, read, wake one under the lock, without a role.
//!
//! # Workers that help
//!
//! A worker that waits in the midst of a job, and [helps](crate::Helping) meanwhile, sleeps here as any other, so a push wakes it.
//! The thread that ends what it waits for does not know this protocol: it unparks the thread and nothing else. So the worker looks,
//! before it parks, whether that has come, and retracts when it is unparked. *Neither wake-up is lost*: the
//! worker has announced itself there as well, before its look, so it sees the end, or the unparking comes after the look and
//! ends the parking. If it was made the searcher meanwhile, it has the role when it retracts, and gives it back with a look for
//! work that it leaves to others (*Find*). So it does before it runs anything, also what it waits for: a role that is held
//! in a job keeps all others asleep until that ends, and the job may wait for one of theirs.
//!
//! # What is left to chance
//!
//! A woken thread that the operating system does not run holds the role meanwhile. Pushes then wake nobody, but the
//! workers that are awake take the work.

use std::time::Instant;

use crate::sync::{
    AtomicBool, AtomicU8, AtomicUsize, CachePadded, Mutex,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    Thread, current_cpu, fence, lock, park_until, thread,
};

const SEARCHING: usize = 1;
const SLEEPER: usize = 2;

/// What a parker says.
const ASLEEP: u8 = 0;
const SEARCH: u8 = 1;
const UP: u8 = 2;

/// Where the workers of a pool wait for work. A strategy that wakes workers itself is given it in
/// [`Strategy::open`](crate::strategy::Strategy::open).
pub struct Parking {
    /// Twice the number of sleepers, plus one while a worker searches.
    word: CachePadded<AtomicUsize>,
    /// The number of reserved workers that sleep.
    reserved: CachePadded<AtomicUsize>,
    closed: AtomicBool,
    parkers: Box<[CachePadded<AtomicU8>]>,
    sleepers: Mutex<Sleepers>,
    order: Order,
    /// Called by a thread that is about to unpark this worker.
    before_wake: Option<Box<dyn Fn(usize) + Send + Sync>>,
}

/// In which order sleepers are woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last to go to sleep first.
    LastInFirstOut,
    /// By the CPU that they ran on, and then the last to go to sleep first.
    ByCpu,
}

/// Which workers a sleeper is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Those that take every job.
    General,
    /// Those that take some jobs only.
    Reserved,
}

#[derive(Default)]
struct Sleepers {
    general: Vec<Sleeper>,
    reserved: Vec<Sleeper>,
}

struct Sleeper {
    worker: usize,
    /// Where it ran when it announced itself, if the system tells.
    cpu: Option<usize>,
    thread: Thread,
}

/// Which sleeper to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// One that last ran on the waker's CPU.
    Here,
    /// One that last ran on another CPU.
    Elsewhere,
}

impl Which {
    /// The place of the last such sleeper; of the last of all if there is none.
    fn among(self, sleepers: &[Sleeper], here: Option<usize>) -> usize {
        let fits = |sleeper: &Sleeper| (sleeper.cpu == here) == (self == Which::Here);
        sleepers.iter().rposition(fits).unwrap_or(sleepers.len().saturating_sub(1))
    }
}

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The thread has the searcher's role.
    ToSearch,
    /// This worker was meant, or all were.
    ByName,
    /// The time was over, or what the worker waits for beside jobs was ready. The announcement is retracted.
    Retracted,
}

impl Parking {
    /// For so many workers.
    pub fn new(workers: usize, order: Order) -> Self {
        Parking {
            word: CachePadded::new(AtomicUsize::new(0)),
            reserved: CachePadded::new(AtomicUsize::new(0)),
            closed: AtomicBool::new(false),
            parkers: (0..workers).map(|_| CachePadded::new(AtomicU8::new(UP))).collect(),
            sleepers: Mutex::new(Sleepers { general: Vec::with_capacity(workers), reserved: Vec::new() }),
            order,
            before_wake: None,
        }
    }

    /// As it is, with a hook that each thread calls which is about to wake a worker. No lock is held then.
    pub(crate) fn before_wake(self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        Parking { before_wake: Some(Box::new(hook)), ..self }
    }

    /// To be called after work was made visible to others: wakes a sleeper if one is needed.
    #[inline]
    pub fn notify(&self) {
        self.notify_one(Which::Elsewhere);
    }

    /// As [`notify`](Parking::notify), by a thread that is about to wait.
    #[inline]
    pub fn notify_and_wait(&self) {
        self.notify_one(Which::Here);
    }

    #[inline]
    fn notify_one(&self, which: Which) {
        fence(SeqCst);
        if is_call_needed(self.word.load(Relaxed)) {
            self.wake_one(which);
        }
    }

    /// As [`notify`](Parking::notify), without its fence, which may cost more than the rest of a push: for a push that ends with a
    /// sequentially consistent read-modify-write, of which the worker's last look reads the result in a sequentially consistent
    /// load; or that ends with giving back a mutex which that look takes. `is_awaited`: the caller is about to wait.
    #[inline]
    pub fn notify_ordered(&self, is_awaited: bool) {
        if is_call_needed(self.word.load(SeqCst)) {
            self.wake_one(if is_awaited { Which::Here } else { Which::Elsewhere });
        }
    }

    /// As [`notify`](Parking::notify), for work that reserved workers can take. Returns whether one was woken.
    pub fn notify_reserved(&self) -> bool {
        fence(SeqCst);
        self.reserved.load(Relaxed) > 0 && self.wake_reserved()
    }

    /// Whether a worker sleeps. Means something after [`notify`](Parking::notify) or another fence.
    #[inline]
    pub fn has_sleepers(&self) -> bool {
        self.word.load(Relaxed) >= SLEEPER
    }

    /// Whether a worker searches. Means something after a fence.
    pub fn is_searched(&self) -> bool {
        self.word.load(Relaxed) & SEARCHING != 0
    }

    /// Takes the searcher's role, if it is free.
    pub fn try_search(&self) -> bool {
        self.word.load(Relaxed) & SEARCHING == 0 && self.take_role()
    }

    /// The searcher has found work, or has no use for the role any more.
    pub fn stop_search(&self, more_is_visible: impl FnOnce() -> bool) {
        self.word.fetch_sub(SEARCHING, AcqRel);
        fence(SeqCst);
        self.call_for(more_is_visible);
    }

    /// Wakes a sleeper if one is needed and there is work for it. To be called after a fence.
    pub fn call_for(&self, work_is_visible: impl FnOnce() -> bool) {
        if is_call_needed(self.word.load(Relaxed)) && work_is_visible() {
            self.wake_one(Which::Elsewhere);
        }
    }

    /// Announces that the calling thread, which is this worker, is about to sleep. It must look for work once more, and then either
    /// [`retract`](Parking::retract) or [`park`](Parking::park). A reserved worker is no searcher.
    pub fn announce(&self, worker: usize, searching: bool, group: Group) {
        let mut sleepers = lock(&self.sleepers);
        self.parkers[worker].store(ASLEEP, Relaxed);
        let sleeper = Sleeper { worker, cpu: current_cpu(), thread: thread::current() };
        match group {
            Group::General => {
                sleepers.general.push(sleeper);
                self.word.fetch_add(if searching { SLEEPER - SEARCHING } else { SLEEPER }, AcqRel);
            }
            Group::Reserved => {
                sleepers.reserved.push(sleeper);
                self.reserved.fetch_add(1, AcqRel);
            }
        }
        drop(sleepers);
        fence(SeqCst);
    }

    /// Takes the announcement back, if there is one. Returns whether the thread has been made the searcher meanwhile.
    pub fn retract(&self, worker: usize) -> bool {
        let mut sleepers = lock(&self.sleepers);
        self.take_off(&mut sleepers, worker).is_none() && self.parkers[worker].swap(UP, Relaxed) == SEARCH
    }

    /// Parks until this worker is woken, or until then.
    pub fn park(&self, worker: usize, until: Option<Instant>) -> Woken {
        while self.is_asleep(worker) && park_until(until) {}
        self.end_sleep(worker)
    }

    /// As [`park`](Parking::park), for a worker that also waits for something of its own: not at all if that `is_ready`, and
    /// otherwise until the thread is unparked, whoever does it. The announcement is retracted then: what has unparked the thread may
    /// have forgotten it, so the worker announces itself there anew before it parks again.
    pub fn park_unless(
        &self,
        worker: usize,
        until: Option<Instant>,
        is_ready: impl FnOnce() -> bool,
    ) -> Woken {
        if self.is_asleep(worker) && !is_ready() {
            park_until(until);
        }
        self.end_sleep(worker)
    }

    fn is_asleep(&self, worker: usize) -> bool {
        self.parkers[worker].load(Acquire) == ASLEEP
    }

    /// The thread is awake, for whatever reason.
    fn end_sleep(&self, worker: usize) -> Woken {
        match self.parkers[worker].load(Acquire) {
            SEARCH => {
                // The role is given once.
                self.parkers[worker].store(UP, Relaxed);
                Woken::ToSearch
            }
            UP => Woken::ByName,
            _ if self.retract(worker) => Woken::ToSearch,
            _ => Woken::Retracted,
        }
    }

    /// Wakes this worker, if it sleeps or is about to.
    #[cold]
    pub fn wake(&self, worker: usize) {
        let mut sleepers = lock(&self.sleepers);
        let Some(sleeper) = self.take_off(&mut sleepers, worker) else { return };
        self.parkers[worker].store(UP, Release);
        drop(sleepers);
        self.unpark(&sleeper);
    }

    /// Wakes every worker that sleeps or is about to.
    pub fn wake_all(&self) {
        let mut sleepers = lock(&self.sleepers);
        let Sleepers { general, reserved } = std::mem::take(&mut *sleepers);
        self.word.fetch_sub(SLEEPER * general.len(), AcqRel);
        self.reserved.fetch_sub(reserved.len(), AcqRel);
        let all: Vec<Sleeper> = general.into_iter().chain(reserved).collect();
        all.iter().for_each(|sleeper| self.parkers[sleeper.worker].store(UP, Release));
        drop(sleepers);
        all.iter().for_each(|sleeper| self.unpark(sleeper));
    }

    /// Nothing will be pushed any more. Wakes every worker.
    pub fn close(&self) {
        self.closed.store(true, Release);
        self.wake_all();
    }

    /// Whether nothing will be pushed any more. What was pushed is visible then.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Acquire)
    }

    #[cold]
    fn wake_one(&self, which: Which) {
        let mut sleepers = lock(&self.sleepers);
        let general = &mut sleepers.general;
        if general.is_empty() || !self.take_role() {
            return;
        }
        let chosen = match self.order {
            Order::ByCpu => which.among(general, current_cpu()),
            Order::LastInFirstOut => general.len() - 1,
        };
        let sleeper = general.remove(chosen);
        self.word.fetch_sub(SLEEPER, AcqRel);
        self.parkers[sleeper.worker].store(SEARCH, Release);
        drop(sleepers);
        self.unpark(&sleeper);
    }

    #[cold]
    fn wake_reserved(&self) -> bool {
        let mut sleepers = lock(&self.sleepers);
        let Some(sleeper) = sleepers.reserved.pop() else { return false };
        self.reserved.fetch_sub(1, AcqRel);
        self.parkers[sleeper.worker].store(UP, Release);
        drop(sleepers);
        self.unpark(&sleeper);
        true
    }

    fn unpark(&self, sleeper: &Sleeper) {
        if let Some(hook) = &self.before_wake {
            hook(sleeper.worker);
        }
        sleeper.thread.unpark();
    }

    fn take_off(&self, sleepers: &mut Sleepers, worker: usize) -> Option<Sleeper> {
        let is_it = |sleeper: &Sleeper| sleeper.worker == worker;
        if let Some(place) = sleepers.general.iter().position(is_it) {
            self.word.fetch_sub(SLEEPER, AcqRel);
            return Some(sleepers.general.remove(place));
        }
        let place = sleepers.reserved.iter().position(is_it)?;
        self.reserved.fetch_sub(1, AcqRel);
        Some(sleepers.reserved.remove(place))
    }

    fn take_role(&self) -> bool {
        self.word.fetch_or(SEARCHING, AcqRel) & SEARCHING == 0
    }
}

fn is_call_needed(word: usize) -> bool {
    word >= SLEEPER && word & SEARCHING == 0
}

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests;
