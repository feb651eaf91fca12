//! How workers answer, ask and call: what the rules of [`Parking`] make of the marks of [`split`](crate::split).
//!
//! Apart from the pool, so that the models run this and no copy of it.
//!
//! # Jobs that a worker pushes
//!
//! A worker that pushes jobs of its own one after the other would issue a fence for each, mostly to find that no worker sleeps.
//! So it looks at the [mark](crate::split) of its stack instead, behind a light fence, and where the mark is not set
//! it does nothing more. A worker that announces that it is about to park sets the mark at all other slots before it looks once more, with a heavy
//! fence after it unless one has followed already. So either the pusher sees the mark, or the look sees the work.
//!
//! If the mark is set, the push goes on as above. Only the worker itself clears the mark, in an
//! [`answer`] that makes forks public and then calls as a push does, and it goes on without the mark only
//! when no worker sleeps or while it has public forks. So while a worker sleeps, every other slot has its mark or a
//! public fork that a worker was woken for, save in the midst of an answer.
//!
//! *Public forks instead of the mark.* Without this rule each join was an answer for as long as a worker slept: with eight
//! workers on two cores a join of fib took 17 ns of CPU time instead of 3. A worker that was woken for a public fork
//! searches, and wakes another for what else it sees when it finds something. The rule ends with the last public fork. If the
//! owner takes it back, it sets its mark itself, provided that a worker sleeps; and a thread that finds that fork gone also finds the
//! jobs that were pushed before, since a look is at the forks first. If a thief takes it, the thief sets the mark,
//! with a heavy fence, and then looks at what the owner has: either the owner's next push sees the mark, or the thief's look
//! sees the push. The thief must not overlook a sleeper that the owner saw in its answer. That one's fence, when it announced itself,
//! came before it saw or set the mark; the owner cleared that mark and then made the fork public; so it
//! came before the thief's fence, after which the thief reads the word.
//!
//! *The pusher does not see the mark, and there is a searcher.* That searcher was not asleep when the mark was cleared. If
//! it announces itself, the above holds; if it finds something else, no worker sleeps that could be woken, unless one has announced itself
//! since, for which the above holds too, or the mark was cleared for a public fork: that the searcher sees, and
//! wakes another for it, or takes it, which is the case above.

use pool_core::strategy::Parking;
use pool_core::sync::fences::{can_fence, heavy_fence};

use crate::split::SplitStack;
use crate::sync::{Ordering::SeqCst, fence};

/// A worker wants forks or jobs of the caller, which owns this stack: makes some forks public, and wakes a sleeper.
pub(crate) fn answer<T>(stack: &SplitStack<T>, parking: &Parking) {
    if !can_fence() {
        return share(stack, parking);
    }
    let has_public = stack.publish();
    parking.notify();
    if !has_public {
        keep_asked(stack, parking);
    }
}

/// The owner has pushed a job. A worker may sleep, or was about to when a job was last pushed here.
#[cold]
pub(crate) fn call<T>(stack: &SplitStack<T>, parking: &Parking) {
    if !can_fence() {
        return share(stack, parking);
    }
    parking.notify();
    // While a worker sleeps the mark has to stay, so there is nothing more to answer.
    if !parking.has_sleepers() {
        answer(stack, parking);
    }
}

/// Makes public what the owner has pushed, since no other thread can be sure to get at it otherwise.
#[cold]
fn share<T>(stack: &SplitStack<T>, parking: &Parking) {
    stack.publish_all();
    parking.notify();
}

/// The owner has taken a public fork back. Sleepers rely on its mark when it was the last.
pub(crate) fn took_back<T>(stack: &SplitStack<T>, parking: &Parking) {
    if !stack.has_public() {
        keep_asked(stack, parking);
    }
}

/// A thief has taken the last public fork. The owner may have done without the mark while it had some. Sleepers
/// rely on the mark again, and on the thief for what the owner has pushed meanwhile.
pub(crate) fn took_the_last<T>(
    stack: &SplitStack<T>,
    parking: &Parking,
    work_is_visible: impl FnOnce() -> bool,
) {
    fence(SeqCst);
    if parking.has_sleepers() {
        // If the owner may have missed the mark, that counts as work, for a worker that looks again and again.
        let _sure = ask_all(std::iter::once(stack));
        parking.call_for(work_is_visible);
    }
}

/// Sees to it that the owner of each of these stacks finds with its next push that it is asked, or that the push is seen by
/// a worker that looks after this call. Returns `false` if a heavy fence has failed: then neither may be so, and a worker that
/// is about to sleep is to look again after a [while](crate::split::POLL).
#[must_use = "the owner may have missed the mark"]
pub(crate) fn ask_all<'a, T: 'a>(stacks: impl Iterator<Item = &'a SplitStack<T>>) -> bool {
    let marks: Vec<_> = stacks.filter_map(|stack| Some((stack, stack.unfenced_mark()?))).collect();
    let sure = marks.is_empty() || heavy_fence();
    if sure {
        marks.into_iter().for_each(|(stack, mark)| stack.fenced(mark));
    }
    sure
}

fn keep_asked<T>(stack: &SplitStack<T>, parking: &Parking) {
    if parking.has_sleepers() {
        stack.stay_asked();
    }
}
