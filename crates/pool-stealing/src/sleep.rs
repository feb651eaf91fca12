//! Who sleeps, who searches, and who wakes whom.
//!
//! A worker without work either *searches* (looks around for a few microseconds) or *sleeps* (is parked, and costs
//! nothing). Waking a thread costs microseconds, so the fewer wake-ups the better, as long as work that anyone could
//! take never lies there while somebody sleeps and nobody is on the way to it.
//!
//! # State
//!
//! One word: how many sleep, and whether somebody searches; there is at most one searcher. Beside it, behind a
//! mutex, the stack of sleepers. Each sleeper has a *bed*, a word that says why it was woken.
//!
//! # Which sleeper
//!
//! Any would do for the rules below. The last to lie down has the warmest caches, but the CPU matters more. A system
//! puts a thread that is woken back where it last ran, if need be onto the CPU of whoever wakes it; Linux should look for
//! an idle CPU first, but in traces of a virtual machine (kernel 6.18) it mostly did not. So one who wakes a sleeper of its own
//! CPU and goes on computing has the two share that CPU, often for as long as they run, with the other CPU idle: in a
//! trace of `join/nqueens` with 8 workers on 2 CPUs that was so for a fifth of the time. Hence the last to lie down of those
//! that last ran *elsewhere* is woken; but by one who is about to wait, of those that ran *here*, for its CPU is about to
//! be free, and another would have to be interrupted. If there is none such, the last of all.
//!
//! Median times on 2 CPUs with 8 workers (with 2 there is no difference to be seen):
//!
//! | | whoever lay down last | by the CPU |
//! |---|---|---|
//! | `join/nqueens`, and with `alone=5` | 32.5 and 21.8 ns | 25.9 and 17.4 ns |
//! | `join/quicksort`, `alone=500` | 33.9 ns | 32.0 ns |
//! | `join/chain`, empty first half | 150 ns | 78 ns |
//! | `join/cold`, whose caller waits | 38 us | 38 us, 2 switches instead of 3 |
//! | `join/tree-sum`, 1,000 nodes: 2 us a tree | 3.4 ns | 5.3 ns |
//! | `join/chain`, empty second half | 3.8 ns | 5.7 to 13 ns |
//!
//! The last two are what it costs that whoever is woken really comes: such joins are not worth a thief. Nobody can tell them
//! beforehand from those that are.
//!
//! Rejected: to let only as many workers take forks as there are CPUs (nqueens no faster, and leaves that block would wait).
//!
//! # Rules
//!
//! - **Push**: make the work visible; fence; read the word; if somebody sleeps and nobody searches, wake one.
//! - **Wake one**: under the lock, if the stack is not empty and the searcher's role is free, take the role on behalf of
//!   a sleeper, and take it off the stack. So later pushes see a searcher, and wake nobody else,
//!   while the woken thread is still on its way.
//! - **Lie down**: put oneself on the stack, count oneself as a sleeper and (a searcher) give the role back, in one
//!   addition; fence; look once more at everything that could be taken; park only if there is nothing. Otherwise get up:
//!   take oneself off the stack. If one is no longer on it, a waker was faster, and one has the role.
//! - **Find** (a searcher finds work): give the role back; fence; if somebody sleeps and more work is visible, wake one. Only
//!   then: a lone job must not wake two.
//! - **Move** (a worker that does not search takes a batch of jobs from one place to another): as a push, when they are
//!   visible again. Whoever looked in between saw them in neither place.
//! - **Close**: wake everyone.
//!
//! # Why no wake-up is lost
//!
//! Let a thread push while another is about to sleep or to end its search. All fences are sequentially consistent, so
//! they have one order; call the pusher's P.
//!
//! *The pusher reads that nobody sleeps.* Whoever lies down later has its fence after P, and so its second look sees the
//! work. (If its fence were before P, the pusher would read that it sleeps.)
//!
//! *The pusher reads that somebody searches* (in the first read, or when it tries to take the role). That searcher gives
//! the role back later than the value that was read, by lying down or by finding, and its fence comes after
//! P; otherwise the pusher would have read the role as free, or taken by someone later, for whom the same holds.
//! The look that follows the fence sees the work: a searcher that lies down takes it, one that has found wakes another for
//! it.
//!
//! *The pusher wakes one.* It holds the lock, so the one on the stack is really there, and whoever gets up or lies
//! down meanwhile waits. The woken thread has the role and searches; for it, the above holds again.
//!
//! The same argument covers a searcher that finds: its "fence; if more work is visible" is a push of what it sees.
//!
//! # Jobs that a worker pushes
//!
//! A worker that pushes jobs of its own one after the other would issue a fence for each, mostly to find that nobody sleeps.
//! So it looks at the [mark](crate::split) of its stack instead, behind a light fence, and where the mark is not set
//! it does nothing more. Whoever lies down sets the mark at all other seats before it looks once more, with a heavy
//! fence after it unless one has followed already. So either the pusher sees the mark, or the look sees the work.
//!
//! If the mark is set, the push goes on as above. Only the worker itself clears the mark, in an
//! [`answer`](crate::calls::answer) that makes forks public and then calls as a push does, and it goes on without the mark only
//! when nobody sleeps or while it has public forks. So while anybody sleeps, every other seat has its mark or a
//! public fork that somebody was called for, save in the midst of an answer.
//!
//! *Public forks instead of the mark.* Without this rule each join was an answer for as long as anybody slept: with eight
//! workers on two cores a join of fib took 17 ns of CPU time instead of 3. Whoever was called for a public fork
//! searches, and calls for whatever else it sees when it finds something. The rule ends with the last public fork. If the
//! owner takes it back, it sets its mark itself, provided that somebody sleeps; and whoever finds that fork gone also finds the
//! jobs that were pushed before, since a look is at the forks first. If a thief takes it, the thief sets the mark,
//! with a heavy fence, and then looks at what the owner has: either the owner's next push sees the mark, or the thief's look
//! sees the push. The thief must not overlook a sleeper whom the owner saw in its answer. That one's fence, when it lay down,
//! came before it saw or set the mark; the owner cleared that mark and then made the fork public; so it
//! came before the thief's fence, after which the thief reads the word.
//!
//! *The pusher does not see the mark, and somebody searches.* That searcher was not asleep when the mark was cleared. If
//! it lies down, the above holds; if it finds something else, nobody sleeps who could be woken, unless someone has lain
//! down since, for whom the above holds too, or the mark was cleared for a public fork: that the searcher sees, and
//! wakes another for it, or takes it, which is the case above.
//!
//! # What is left to chance
//!
//! A woken thread that the operating system does not run holds the role meanwhile. Pushes then wake nobody, but the
//! workers that are awake take the work.

use std::time::Instant;

use crossbeam_utils::CachePadded;

use crate::sync::{
    AtomicU8, AtomicUsize, Mutex,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    Thread, current_cpu, fence, lock, park_until, thread,
};

const SEARCHING: usize = 1;
const SLEEPER: usize = 2;

/// What a bed says.
const ASLEEP: u8 = 0;
const SEARCH: u8 = 1;
const UP: u8 = 2;

pub(crate) struct Sleep {
    /// Twice the number of sleepers, plus one while somebody searches.
    word: CachePadded<AtomicUsize>,
    beds: Box<[CachePadded<AtomicU8>]>,
    stack: Mutex<Vec<Sleeper>>,
}

struct Sleeper {
    bed: usize,
    /// Where it ran when it lay down, if the system tells.
    cpu: Option<usize>,
    thread: Thread,
}

/// Which sleeper to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whom {
    /// One that last ran on the waker's CPU.
    Here,
    /// One that last ran on another CPU.
    Elsewhere,
}

impl Whom {
    /// The place of the last such sleeper to lie down; of the last of all if there is none.
    fn among(self, stack: &[Sleeper], here: Option<usize>) -> usize {
        let fits = |sleeper: &Sleeper| (sleeper.cpu == here) == (self == Whom::Here);
        stack.iter().rposition(fits).unwrap_or(stack.len().saturating_sub(1))
    }
}

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The thread has the searcher's role.
    ToSearch,
    /// Everyone was woken.
    WithAll,
    /// The time was over. The thread is up.
    ByClock,
}

impl Sleep {
    pub(crate) fn new(beds: usize) -> Self {
        Sleep {
            word: CachePadded::new(AtomicUsize::new(0)),
            beds: (0..beds).map(|_| CachePadded::new(AtomicU8::new(UP))).collect(),
            stack: Mutex::new(Vec::with_capacity(beds)),
        }
    }

    /// To be called after work was made visible to others: wakes a sleeper if one is needed.
    #[inline]
    pub(crate) fn notify(&self) {
        self.notify_one(Whom::Elsewhere);
    }

    /// As [`notify`](Sleep::notify), by a thread that is about to wait.
    pub(crate) fn notify_and_wait(&self) {
        self.notify_one(Whom::Here);
    }

    #[inline]
    fn notify_one(&self, whom: Whom) {
        fence(SeqCst);
        if is_call_needed(self.word.load(Relaxed)) {
            self.wake_one(whom);
        }
    }

    /// Whether somebody sleeps. Means something after [`notify`](Sleep::notify) or another fence.
    pub(crate) fn has_sleepers(&self) -> bool {
        self.word.load(Relaxed) >= SLEEPER
    }

    /// Whether somebody searches. Means something after a fence.
    pub(crate) fn is_searched(&self) -> bool {
        self.word.load(Relaxed) & SEARCHING != 0
    }

    /// Takes the searcher's role, if it is free.
    pub(crate) fn try_search(&self) -> bool {
        self.word.load(Relaxed) & SEARCHING == 0 && self.take_role()
    }

    /// The searcher has found work, or has no use for the role any more.
    pub(crate) fn stop_search(&self, more_is_visible: impl FnOnce() -> bool) {
        self.word.fetch_sub(SEARCHING, AcqRel);
        fence(SeqCst);
        self.call_for(more_is_visible);
    }

    /// Wakes a sleeper if one is needed and there is work for it. To be called after a fence.
    pub(crate) fn call_for(&self, work_is_visible: impl FnOnce() -> bool) {
        if is_call_needed(self.word.load(Relaxed)) && work_is_visible() {
            self.wake_one(Whom::Elsewhere);
        }
    }

    /// Announces that this thread is about to sleep in this bed. It must look for work once more, and then either
    /// [`get_up`](Sleep::get_up) or [`sleep`](Sleep::sleep).
    pub(crate) fn lie_down(&self, bed: usize, searching: bool) {
        let mut stack = lock(&self.stack);
        self.beds[bed].store(ASLEEP, Relaxed);
        stack.push(Sleeper { bed, cpu: current_cpu(), thread: thread::current() });
        self.word.fetch_add(if searching { SLEEPER - SEARCHING } else { SLEEPER }, AcqRel);
        drop(stack);
        fence(SeqCst);
    }

    /// Takes the announcement back. Returns whether the thread has been made the searcher meanwhile.
    pub(crate) fn get_up(&self, bed: usize) -> bool {
        let mut stack = lock(&self.stack);
        if let Some(place) = stack.iter().position(|sleeper| sleeper.bed == bed) {
            stack.remove(place);
            self.word.fetch_sub(SLEEPER, AcqRel);
            return false;
        }
        self.beds[bed].load(Relaxed) == SEARCH
    }

    /// Parks until somebody wakes this bed, or until then.
    pub(crate) fn sleep(&self, bed: usize, until: Option<Instant>) -> Woken {
        loop {
            match self.beds[bed].load(Acquire) {
                SEARCH => return Woken::ToSearch,
                UP => return Woken::WithAll,
                _ if park_until(until) => {}
                _ if self.get_up(bed) => return Woken::ToSearch,
                _ => return Woken::ByClock,
            }
        }
    }

    /// Wakes everyone who sleeps now.
    pub(crate) fn wake_all(&self) {
        let mut stack = lock(&self.stack);
        self.word.fetch_sub(SLEEPER * stack.len(), AcqRel);
        stack.iter().for_each(|sleeper| self.beds[sleeper.bed].store(UP, Release));
        let sleepers = std::mem::take(&mut *stack);
        drop(stack);
        sleepers.into_iter().for_each(|sleeper| sleeper.thread.unpark());
    }

    #[cold]
    fn wake_one(&self, whom: Whom) {
        let mut stack = lock(&self.stack);
        if stack.is_empty() || !self.take_role() {
            return;
        }
        let chosen = whom.among(&stack, current_cpu());
        let Sleeper { bed, thread, .. } = stack.remove(chosen);
        self.word.fetch_sub(SLEEPER, AcqRel);
        self.beds[bed].store(SEARCH, Release);
        drop(stack);
        thread.unpark();
    }

    fn take_role(&self) -> bool {
        self.word.fetch_or(SEARCHING, AcqRel) & SEARCHING == 0
    }
}

fn is_call_needed(word: usize) -> bool {
    word >= SLEEPER && word & SEARCHING == 0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn lying(cpus: &[Option<usize>]) -> Vec<Sleeper> {
        let sleeper =
            |(bed, cpu): (usize, &Option<usize>)| Sleeper { bed, cpu: *cpu, thread: thread::current() };
        cpus.iter().enumerate().map(sleeper).collect()
    }

    #[test]
    fn who_goes_on_wakes_the_last_that_ran_elsewhere() {
        let chosen = |cpus: &[_]| Whom::Elsewhere.among(&lying(cpus), Some(7));
        assert_eq!(chosen(&[Some(1), Some(2), Some(7), Some(7)]), 1);
        assert_eq!(chosen(&[Some(7), Some(2), Some(3)]), 2);
        assert_eq!(chosen(&[Some(7), Some(7)]), 1);
    }

    #[test]
    fn who_waits_wakes_the_last_that_ran_here() {
        let chosen = |cpus: &[_]| Whom::Here.among(&lying(cpus), Some(7));
        assert_eq!(chosen(&[Some(7), Some(7), Some(1)]), 1);
        assert_eq!(chosen(&[Some(1), Some(2)]), 1);
    }

    #[test]
    fn where_the_system_does_not_tell_the_last_is_woken() {
        for whom in [Whom::Here, Whom::Elsewhere] {
            assert_eq!(whom.among(&lying(&[None, None, None]), None), 2);
        }
    }
}
