//! Jobs that wait for their tokens.

use std::time::Duration;

use pool_core::{Attributes, CancelToken, JoinError, PoolExt, current_token};

use crate::Subject;
use crate::case::{Case, case};
use crate::tools::{Latch, Plug, ended};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("token_waits", a_job_that_waits_for_its_token_ends_with_its_handle).submits(1),
        case!("token_waits", a_job_that_waits_for_its_token_ends_with_the_group).submits(1),
        case!("token_waits", a_run_limit_ends_the_wait).submits(1),
        case!("token_waits", a_pool_that_cancels_what_runs_ends_the_wait).submits(1),
        case!("token_waits", a_token_that_is_set_stops_what_waits_in_the_queue).queues(1),
    ]
}

/// A job that opens the latch and then waits for its own token.
fn waits(started: &Latch) -> impl FnOnce() + Send + 'static {
    let started = started.clone();
    move || {
        let token = current_token().expect("the job has a token");
        started.open();
        token.wait();
    }
}

fn a_job_that_waits_for_its_token_ends_with_its_handle(subject: &Subject) {
    let (pool, started) = (subject.pool_of(1), Latch::default());
    let attributes = Attributes::new().token(&CancelToken::new());
    let handle = pool.spawn_with(attributes, waits(&started)).unwrap();
    started.wait();
    assert!(!handle.cancel(), "it has started");
    ended(handle).unwrap();
}

fn a_job_that_waits_for_its_token_ends_with_the_group(subject: &Subject) {
    let pool = subject.pool_of(1);
    for _ in 0..200 {
        let (group, started) = (CancelToken::new(), Latch::default());
        let handle = pool.spawn_with(Attributes::new().token(&group), waits(&started)).unwrap();
        started.wait();
        // The job is about to wait, or waits.
        group.cancel();
        ended(handle).unwrap();
    }
}

fn a_run_limit_ends_the_wait(subject: &Subject) {
    let pool = subject.pool_of(1);
    let attributes = Attributes::new().run_limit(Duration::from_millis(1));
    ended(pool.spawn_with(attributes, waits(&Latch::default())).unwrap()).unwrap();
}

fn a_pool_that_cancels_what_runs_ends_the_wait(subject: &Subject) {
    let (pool, started) = (subject.pool_of(1), Latch::default());
    let attributes = Attributes::new().token(&CancelToken::new());
    let handle = pool.spawn_with(attributes, waits(&started)).unwrap();
    started.wait();
    assert_eq!(pool.cancel_running(), 1);
    ended(handle).unwrap();
}

fn a_token_that_is_set_stops_what_waits_in_the_queue(subject: &Subject) {
    let (pool, group) = (subject.pool_of(1), CancelToken::new());
    let plug = Plug::all(&pool);
    let handle = pool.spawn_with(Attributes::new().token(&group), waits(&Latch::default())).unwrap();
    group.cancel();
    plug.pull();
    assert!(matches!(ended(handle), Err(JoinError::Cancelled)));
}
