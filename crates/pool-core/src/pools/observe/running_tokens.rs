//! The tokens of the jobs that run, so that they can all be told to stop.
//!
//! Only a job that has a token is listed, for as long as it runs, with the counters of the thread that runs it. Only
//! [`Pool::cancel_running`](crate::Pool::cancel_running) uses a worker's list from another thread, so its lock is free.

use std::sync::Mutex;

use crate::CancelToken;
use crate::cancel::Wakers;
use crate::sync::lock;

#[derive(Default)]
pub(crate) struct RunningTokens(Mutex<Vec<CancelToken>>);

impl RunningTokens {
    /// Lists the token until the guard is dropped.
    pub(crate) fn list(&self, token: &CancelToken) -> ListedToken<'_> {
        lock(&self.0).push(token.clone());
        ListedToken { running: self, token: token.clone() }
    }

    /// Sets the tokens that are listed, and returns how many there were.
    pub(crate) fn cancel(&self) -> usize {
        let tokens = lock(&self.0);
        let (told, wakers) = (tokens.len(), tokens.iter().filter_map(CancelToken::set).collect::<Vec<_>>());
        drop(tokens);
        wakers.into_iter().for_each(Wakers::wake);
        told
    }
}

pub(crate) struct ListedToken<'a> {
    running: &'a RunningTokens,
    token: CancelToken,
}

impl Drop for ListedToken<'_> {
    fn drop(&mut self) {
        let mut tokens = lock(&self.running.0);
        // Mostly it is the last: others are behind it where threads share a list.
        if let Some(place) = tokens.iter().rposition(|token| token.is(&self.token)) {
            tokens.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::context::JobContext;

    #[test]
    fn a_token_is_listed_once_for_each_job_and_set_while_it_is() {
        let running = RunningTokens::default();
        let [first, second, third] = [(); 3].map(|()| CancelToken::new());
        let (twice, other) = ([running.list(&first), running.list(&first)], running.list(&second));
        drop(running.list(&third));
        assert_eq!(running.cancel(), 3);
        assert!(first.is_cancelled() && second.is_cancelled() && !third.is_cancelled());
        drop(twice);
        assert_eq!(running.cancel(), 1);
        drop(other);
        assert_eq!(running.cancel(), 0);
    }
    #[test]
    fn what_starts_late_is_told_at_its_start() {
        let context = JobContext::for_adapter("late", 1);
        let [early, late] = [(); 2].map(|()| CancelToken::new());
        context.cancel_running(false);
        drop(context.current_cx().list(&early));
        context.cancel_running(true);
        drop(context.current_cx().list(&late));
        assert!(!early.is_cancelled() && late.is_cancelled());
    }
}
