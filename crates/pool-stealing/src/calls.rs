//! Who answers, asks and calls: what the rules of [`sleep`](crate::sleep) make of the marks of [`split`](crate::split).
//!
//! Apart from the pool, so that the models run this and no copy of it.

use crate::sleep::Sleep;
use crate::split::SplitStack;
use crate::sync::{Ordering::SeqCst, fence};
use pool_core::fences::heavy_fence;

/// Somebody wants forks or jobs of the caller, who owns this stack: makes some forks public, and wakes one who sleeps.
pub(crate) fn answer<T>(stack: &SplitStack<T>, sleep: &Sleep, has_light_fences: bool) {
    let has_public = stack.publish();
    sleep.notify();
    // Without fences a thief of the last public fork cannot be sure of what the owner pushes next.
    if !has_public || !has_light_fences {
        keep_asked(stack, sleep);
    }
}

/// The owner has pushed a job. Somebody may sleep, or was about to when one was last pushed here.
#[cold]
pub(crate) fn call<T>(stack: &SplitStack<T>, sleep: &Sleep, has_light_fences: bool) {
    sleep.notify();
    // While somebody sleeps the mark has to stay, so there is nothing more to answer.
    if has_light_fences && !sleep.has_sleepers() {
        answer(stack, sleep, has_light_fences);
    }
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
        ask_all(std::iter::once(stack));
        sleep.call_for(work_is_visible);
    }
}

/// Sees to it that the owner of each of these stacks finds with its next push that it is asked, or that the push is seen by
/// whoever looks after this call.
pub(crate) fn ask_all<'a, T: 'a>(stacks: impl Iterator<Item = &'a SplitStack<T>>) {
    let marks: Vec<_> = stacks.filter_map(|stack| Some((stack, stack.unfenced_mark()?))).collect();
    if !marks.is_empty() && heavy_fence() {
        marks.into_iter().for_each(|(stack, mark)| stack.fenced(mark));
    }
}

fn keep_asked<T>(stack: &SplitStack<T>, sleep: &Sleep) {
    if sleep.has_sleepers() {
        stack.stay_asked();
    }
}
