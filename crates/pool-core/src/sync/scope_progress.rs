//! How far a scope has come, who works for it, and who waits for it.
//!
//! The jobs themselves lie in a concurrent queue, which this module never sees; it is asked whether there are some.
//!
//! # State
//!
//! - `begun`: jobs that were pushed, each counted before anyone can take it, but for those that were taken back unrun.
//! - `ended`: jobs that have run to their end. Workers add to it in batches.
//! - `home`: the same two for what the thread does that has opened the scope. Only it writes them, without a locked instruction.
//! - `tickets`: messages to the pool that lead a worker here, in the queue or being worked on; at most one a worker. In the
//!   upper half of the word, how many of them lie in the queue.
//! - `refused`: the pool has dropped a ticket, and takes no more of them.
//! - the sleepers, behind a mutex, and how many there are.
//!
//! # Rules
//!
//! - **Push**: count the job; put it in the queue; fence; claim a ticket if one more could be of use, and for a worker that pushes
//!   into its own scope, none lies in the queue; wake a sleeper who helps, if there is one.
//! - **Take** a ticket: it is in the queue no more; fence; when the first job is taken, look for another, and claim a ticket for it
//!   if none lies in the queue.
//! - **End** some jobs: count them; fence; if a thread sleeps and all have ended, wake all. The thread that has opened the scope counts
//!   them and does no more: no other waits for the end.
//! - **Take back** a job, unrun: uncount it. So does the thread that has opened the scope, or one that runs a job of it; or one that is about to
//!   give up a ticket, and wakes everyone after that.
//! - **Leave** (the holder of a ticket finds no job): give the ticket back; fence; look for a job once more; if there is
//!   one, claim a ticket again and go on; otherwise, if tickets are refused, wake everyone.
//! - **Sleep**: put oneself among the sleepers; fence; look once more at what one waits for; park only if it is not there.
//! - **Give up** (a ticket is dropped unrun): say that tickets are refused; give the ticket back; wake everyone, looking
//!   for them under the lock.
//!
//! # The end is not seen too early
//!
//! Who waits for the end reads `ended` and then `begun`, when no push can come but from jobs of the scope. Suppose a job
//! has not ended. It was pushed by the waiter before, or by a job; follow these back to the first that has not ended.
//! That one was pushed by the waiter or by a job that has ended, so if the waiter's `ended` counts it, the waiter also sees
//! it in `begun`. The same holds for all jobs that `ended` counts; so `begun` is greater. For this a job is counted before
//! it is pushed, and `ended` is read first, and acquired. A job that is taken back is in none of the counts, and the job in which that was done
//! has not ended.
//!
//! # No wake-up is lost
//!
//! Each side writes, fences, and reads what the other has written; so one of them sees the other. (For giving up the lock
//! does what the fences do elsewhere.)
//!
//! | one side writes, then reads | the other writes, then reads | so |
//! |---|---|---|
//! | a job in the queue; `tickets` | `tickets` given back; the queue | the job has a ticket, or who leaves finds it |
//! | a job in the queue; `tickets` | a ticket taken out of the queue; the queue | a ticket is yet to be taken, or who takes it finds the job |
//! | a job in the queue; sleepers | itself among the sleepers; the queue | who helps finds the job, or is woken for it |
//! | `ended`; sleepers | itself among the sleepers; `ended` | who waits finds the end, or is woken for it |
//! | `tickets` given back; `refused` | itself among the sleepers; `tickets` | who waits outside finds no ticket left, or is woken |
//!
//! In the last row the sleeper knows that tickets are refused. If it does not, it is yet to be woken for that; from the lock it
//! then knows, and it looks once more before it sleeps again.
//!
//! *The counts are not too low for a ticket.* A claimer may read an `ended` that is newer than its `begun`, and find fewer jobs
//! unfinished than there are. But the thread that has ended the others fences after that. If that fence is the earlier, the claimer
//! sees in `begun` all that was counted before it; if it is the later, the thread finds the claimer's job in the queue before
//! it leaves or sleeps. The thread that has opened the scope does not fence. What it has ended is released and acquired, and read before
//! what it has begun, so the claimer sees of that what came before.
//!
//! So only the end needs more than the fences: `ended` is released and acquired, since what the jobs borrow goes away after
//! it. `begun`, `tickets` and `refused` are relaxed: nothing is published through them. A thread outside that takes the scope for
//! abandoned too early runs a job that a worker would have run.

use crate::sync::apart::Apart;
use crate::sync::{
    AtomicBool, AtomicUsize, Mutex, MutexGuard,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    Thread, fence, lock, thread,
};

/// A ticket that lies in the queue.
const QUEUED: usize = 1 << (usize::BITS / 2);

pub(crate) struct Progress {
    /// How many workers the pool has: more tickets are of no use.
    workers: usize,
    /// A worker has opened the scope, and runs its jobs when it waits: most such scopes end before a ticket is taken. So it queues
    /// one, and who takes that queues the next.
    one_at_a_time: bool,
    home: Apart<Home>,
    begun: Apart<AtomicUsize>,
    ended: Apart<AtomicUsize>,
    tickets: Apart<AtomicUsize>,
    refused: AtomicBool,
    /// The length of `sleepers`.
    asleep: AtomicUsize,
    sleepers: Mutex<Vec<Sleeper>>,
}

/// The counts of one thread.
struct Home {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

struct Sleeper {
    thread: Thread,
    /// It is a worker of the pool and runs the scope's jobs.
    helps: bool,
}

impl Progress {
    pub(crate) fn new(workers: usize, one_at_a_time: bool) -> Self {
        Progress {
            workers: workers.min(QUEUED - 1),
            one_at_a_time,
            home: Apart::new(Home { begun: AtomicUsize::new(0), ended: AtomicUsize::new(0) }),
            begun: Apart::new(AtomicUsize::new(0)),
            ended: Apart::new(AtomicUsize::new(0)),
            tickets: Apart::new(AtomicUsize::new(0)),
            refused: AtomicBool::new(false),
            asleep: AtomicUsize::new(0),
            sleepers: Mutex::new(Vec::new()),
        }
    }

    /// Counts a job that is about to be put in the queue.
    ///
    /// `at_home` for one thread alone.
    #[inline(always)]
    pub(crate) fn begin(&self, at_home: bool) {
        if at_home {
            self.home.begun.store(self.home.begun.load(Relaxed).wrapping_add(1), Relaxed);
        } else {
            self.begun.fetch_add(1, Relaxed);
        }
    }

    /// What was [counted](Progress::begin) was taken out of the queue unrun, in a job of the scope or by its owner.
    ///
    /// `at_home` for one thread alone. It may be one that was counted elsewhere: the sum matters.
    pub(crate) fn take_back(&self, at_home: bool) {
        if at_home {
            self.home.begun.store(self.home.begun.load(Relaxed).wrapping_sub(1), Relaxed);
        } else {
            self.begun.fetch_sub(1, Relaxed);
        }
    }

    /// Jobs that are [counted](Progress::begin) have just been put where all threads find them, in a push `at_home` or elsewhere.
    /// Returns whether the caller is to send a ticket.
    #[inline(always)]
    pub(crate) fn pushed(&self, at_home: bool) -> bool {
        fence(SeqCst);
        let one_at_a_time = at_home && self.one_at_a_time;
        let word = self.tickets.load(Relaxed);
        let claimed = may_claim(word, self.workers, one_at_a_time) && self.claim(one_at_a_time);
        if self.asleep.load(Relaxed) != 0 {
            self.wake_for_a_job();
        }
        claimed
    }

    /// Claims a ticket, if there are fewer than could be of use. Jobs that run count as well: a ticket that is
    /// busy with one leads no worker to the next.
    ///
    /// `one_at_a_time`: only if none lies in the queue.
    #[inline(never)]
    fn claim(&self, one_at_a_time: bool) -> bool {
        if self.refused.load(Relaxed) {
            return false;
        }
        let ended = self.ended();
        let unfinished = self.begun().saturating_sub(ended);
        let useful = self.workers.min(unfinished);
        let claim = |word| may_claim(word, useful, one_at_a_time).then_some(word + QUEUED + 1);
        self.tickets.fetch_update(Relaxed, Relaxed, claim).is_ok()
    }

    /// A ticket was taken out of the queue, and its holder is about to take a job.
    pub(crate) fn take_ticket(&self) {
        self.tickets.fetch_sub(QUEUED, Relaxed);
        fence(SeqCst);
    }

    /// The holder of a ticket has taken its first job. Returns whether it is to send another ticket.
    pub(crate) fn send_next(&self, has_jobs: impl FnOnce() -> bool) -> bool {
        self.one_at_a_time && self.tickets.load(Relaxed) < QUEUED && has_jobs() && self.claim(true)
    }

    /// The holder of a ticket puts it into the queue again.
    pub(crate) fn requeue(&self) {
        self.tickets.fetch_add(QUEUED, Relaxed);
    }

    /// So many jobs have run to their end. The last touch of the scope's borrows is before this.
    ///
    /// `at_home` for the thread that has opened the scope.
    #[inline]
    pub(crate) fn end(&self, jobs: usize, at_home: bool) {
        if jobs == 0 {
            return;
        }
        if at_home {
            return self.home.ended.store(self.home.ended.load(Relaxed) + jobs, Release);
        }
        self.ended.fetch_add(jobs, Release);
        fence(SeqCst);
        if self.asleep.load(Relaxed) != 0 && self.is_over() {
            self.wake_all();
        }
    }

    /// Whether all jobs have ended. Means something to the thread that started the first of them.
    pub(crate) fn is_over(&self) -> bool {
        let ended = self.ended();
        ended == self.begun()
    }

    fn begun(&self) -> usize {
        self.home.begun.load(Relaxed).wrapping_add(self.begun.load(Relaxed))
    }

    fn ended(&self) -> usize {
        self.home.ended.load(Acquire) + self.ended.load(Acquire)
    }

    /// The holder of a ticket has found no job. Returns whether it has claimed one again, which is to go into the queue.
    pub(crate) fn leave(&self, has_jobs: impl FnOnce() -> bool) -> bool {
        self.tickets.fetch_sub(1, Relaxed);
        fence(SeqCst);
        if has_jobs() && self.claim(false) {
            return true;
        }
        // The last ticket may have gone with this one: a refused one has woken no thread that could see that.
        if self.refused.load(Relaxed) {
            self.wake_all();
        }
        false
    }

    /// The holder of a ticket is busy with a job on top of one of which it had another ticket.
    pub(crate) fn count_out(&self) {
        self.tickets.fetch_sub(1, Relaxed);
    }

    /// It is so no more. There may be more tickets than are of use then.
    pub(crate) fn count_in(&self) {
        self.tickets.fetch_add(1, Relaxed);
    }

    /// From now on there are no more tickets: one is about to be [given up](Progress::give_up).
    pub(crate) fn refuse(&self) {
        self.refused.store(true, Relaxed);
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.refused.load(Relaxed)
    }

    /// A ticket was dropped unrun.
    pub(crate) fn give_up(&self) {
        self.refuse();
        self.tickets.fetch_sub(QUEUED + 1, Relaxed);
        // No fence: the sleepers' lock is always taken, and a thread that takes it later sees what came before.
        self.wake_all();
    }

    /// The scope has ended, and no other thread knows it: it is as it was made. Returns `false` if no worker would come to it.
    pub(crate) fn renew(&self) -> bool {
        let counts = [&self.home.begun, &self.home.ended, &*self.begun, &self.ended, &self.tickets];
        counts.into_iter().for_each(|count| count.store(0, Relaxed));
        !self.refused.load(Relaxed) && self.asleep.load(Relaxed) == 0
    }

    /// How many tickets there may be in the pool.
    pub(crate) fn tickets(&self) -> usize {
        self.tickets.load(Relaxed) % QUEUED
    }

    /// Whether no worker will come by any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.refused.load(Relaxed) && self.tickets() == 0
    }

    /// Parks the thread, unless it is `ready`, until something has changed or for no reason.
    pub(crate) fn sleep(&self, helps: bool, ready: impl FnOnce() -> bool) {
        self.announce(helps);
        if !ready() {
            thread::park();
        }
        self.retract();
    }

    /// Puts the calling thread among the sleepers. It looks once more before it parks, and [retracts](Progress::retract) when
    /// it waits no more. It may announce itself again before that.
    pub(crate) fn announce(&self, helps: bool) {
        self.change_sleepers(|sleepers, thread| sleepers.push(Sleeper { thread, helps }));
        fence(SeqCst);
    }

    /// The calling thread does not sleep here any more.
    pub(crate) fn retract(&self) {
        // A thread that is on the list reads its own length, or one that was written since: not 0.
        if self.asleep.load(Relaxed) != 0 {
            self.change_sleepers(|_, _| {});
        }
    }

    /// Changes the list after the calling thread was taken off it.
    fn change_sleepers(&self, change: impl FnOnce(&mut Vec<Sleeper>, Thread)) {
        let me = thread::current();
        let mut sleepers = self.sleepers();
        sleepers.retain(|sleeper| sleeper.thread.id() != me.id());
        change(&mut sleepers, me);
        self.asleep.store(sleepers.len(), Relaxed);
    }

    #[cold]
    fn wake_for_a_job(&self) {
        if self.refused.load(Relaxed) {
            // The job may be for a thread outside to run.
            return self.wake_all();
        }
        let mut sleepers = self.sleepers();
        if let Some(place) = sleepers.iter().position(|sleeper| sleeper.helps) {
            // It is taken off the list, so that the next job wakes the next.
            let helper = sleepers.swap_remove(place);
            self.asleep.store(sleepers.len(), Relaxed);
            drop(sleepers);
            helper.thread.unpark();
        }
    }

    #[cold]
    fn wake_all(&self) {
        self.sleepers().iter().for_each(|sleeper| sleeper.thread.unpark());
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<Sleeper>> {
        lock(&self.sleepers)
    }
}

/// Whether one ticket more than this word counts is of use, if so many are.
#[inline(always)]
fn may_claim(word: usize, useful: usize, one_at_a_time: bool) -> bool {
    word % QUEUED < useful && !(one_at_a_time && word >= QUEUED)
}

#[cfg(all(test, loom))]
mod model;
