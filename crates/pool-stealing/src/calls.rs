//! Who answers, asks and calls: what the rules of [`sleep`](crate::sleep) make of the marks of [`split`](crate::split).
//!
//! Apart from the pool, so that the models run this and no copy of it.

use crate::sleep::Sleep;
use crate::split::SplitStack;
use crate::sync::{Ordering::SeqCst, fence};
use pool_core::fences::{can_fence, heavy_fence};

/// Somebody wants forks or jobs of the caller, who owns this stack: makes some forks public, and wakes one who sleeps.
pub(crate) fn answer<T>(stack: &SplitStack<T>, sleep: &Sleep) {
    if !can_fence() {
        return share(stack, sleep);
    }
    let has_public = stack.publish();
    sleep.notify();
    if !has_public {
        keep_asked(stack, sleep);
    }
}

/// The owner has pushed a job. Somebody may sleep, or was about to when one was last pushed here.
#[cold]
pub(crate) fn call<T>(stack: &SplitStack<T>, sleep: &Sleep) {
    if !can_fence() {
        return share(stack, sleep);
    }
    sleep.notify();
    // While somebody sleeps the mark has to stay, so there is nothing more to answer.
    if !sleep.has_sleepers() {
        answer(stack, sleep);
    }
}

/// What the owner has pushed is for everyone, since nobody can be sure to get at it otherwise.
#[cold]
fn share<T>(stack: &SplitStack<T>, sleep: &Sleep) {
    stack.publish_all();
    sleep.notify();
}

/// The owner has taken a public fork back. Those who sleep rely on its mark when it was the last.
pub(crate) fn took_back<T>(stack: &SplitStack<T>, sleep: &Sleep) {
    if !stack.has_public() {
        keep_asked(stack, sleep);
    }
}

/// A thief has taken the last public fork. The owner may have done without the mark while it had some. Those who sleep
/// rely on the mark again, and on the thief for what the owner has pushed meanwhile.
pub(crate) fn took_the_last<T>(stack: &SplitStack<T>, sleep: &Sleep, work_is_visible: impl FnOnce() -> bool) {
    fence(SeqCst);
    if sleep.has_sleepers() {
        // If the owner may have missed the mark, that counts as work, for one who looks again and again.
        let _sure = ask_all(std::iter::once(stack));
        sleep.call_for(work_is_visible);
    }
}

/// Sees to it that the owner of each of these stacks finds with its next push that it is asked, or that the push is seen by
/// whoever looks after this call. Returns `false` if a heavy fence has failed: then neither may be so, and whoever wants to
/// sleep is to look again after a [while](crate::split::POLL).
#[must_use = "the owner may have missed the mark"]
pub(crate) fn ask_all<'a, T: 'a>(stacks: impl Iterator<Item = &'a SplitStack<T>>) -> bool {
    let marks: Vec<_> = stacks.filter_map(|stack| Some((stack, stack.unfenced_mark()?))).collect();
    let sure = marks.is_empty() || heavy_fence();
    if sure {
        marks.into_iter().for_each(|(stack, mark)| stack.fenced(mark));
    }
    sure
}

fn keep_asked<T>(stack: &SplitStack<T>, sleep: &Sleep) {
    if sleep.has_sleepers() {
        stack.stay_asked();
    }
}
