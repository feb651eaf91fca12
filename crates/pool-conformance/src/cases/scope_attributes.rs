//! What jobs of a scope may ask for, and how they are cancelled.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use pool_core::{Attributes, CancelToken, JoinError, Pool, PoolExt, Reason, current_token, job_name};

use crate::case::{Case, case};
use crate::tools::SharedCount;
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("scope_attributes", a_token_keeps_jobs_from_starting_and_the_scope_ends)
            .needs(&[Claim::Counts])
            .submits(1),
        case!("scope_attributes", a_job_has_its_name_and_its_token).submits(1),
        case!("scope_attributes", a_job_that_is_too_late_does_not_start).needs(&[Claim::Counts]).submits(1),
        case!("scope_attributes", a_handle_cancels_its_job).needs(&[Claim::Counts]).submits(1),
        case!("scope_attributes", a_named_jobs_panic_is_the_scopes).needs(&[Claim::Counts]).submits(1),
        case!("scope_attributes", they_may_be_nothing_in_particular).submits(1),
    ]
}

fn a_token_keeps_jobs_from_starting_and_the_scope_ends(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (token, ran, held) = (CancelToken::new(), SharedCount::default(), SharedCount::default());
    token.cancel();
    pool.scope(|scope| {
        for _ in 0..50 {
            let (ran, captured) = (&ran, held.on_drop());
            scope.execute_with(Attributes::new().token(&token), move || {
                let _captured = captured;
                ran.add();
            });
            let handle = scope.spawn_with(Attributes::new().token(&token), || ran.add());
            assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
            scope.execute(|| ran.add());
        }
    });
    let counts = pool.counts();
    assert_eq!((ran.get(), held.get()), (50, 50));
    assert_eq!((counts.submitted, counts.completed, counts.cancelled), (150, 50, 100));
}

fn a_job_has_its_name_and_its_token(subject: &Subject) {
    let pool = subject.pool_of(1);
    let token = CancelToken::new();
    pool.scope(|scope| {
        let named = scope.spawn_with(Attributes::new().name("in a scope").token(&token), || {
            current_token().unwrap().cancel();
            job_name()
        });
        assert_eq!(named.join().unwrap().as_deref(), Some("in a scope"));
    });
    assert!(!token.is_cancelled(), "it was the job's own");
}

fn a_job_that_is_too_late_does_not_start(subject: &Subject) {
    let pool = subject.pool_of(1);
    pool.scope(|scope| {
        let late = scope.spawn_with(Attributes::new().start_within(Duration::ZERO), || ());
        assert!(matches!(late.join(), Err(JoinError::Unrun(Reason::Expired))));
        scope.execute_with(Attributes::new().start_within(Duration::ZERO), || unreachable!("it is too late"));
    });
    assert_eq!(pool.counts().expired, 2);
}

fn a_handle_cancels_its_job(subject: &Subject) {
    let pool = subject.pool_of(2);
    let ran = SharedCount::default();
    let cancelled = pool.scope(|scope| {
        let handles: Vec<_> = (0..100).map(|_| scope.spawn(|| ran.add())).collect();
        let cancelled: Vec<bool> = handles.iter().map(|handle| handle.cancel()).collect();
        for (handle, cancelled) in handles.into_iter().zip(&cancelled) {
            assert_eq!(matches!(handle.join(), Err(JoinError::Cancelled)), *cancelled);
        }
        cancelled.into_iter().filter(|cancelled| *cancelled).count()
    });
    assert_eq!(ran.get() + cancelled, 100);
    let counts = pool.counts();
    assert_eq!((counts.cancelled, counts.submitted), (cancelled as u64, counts.accounted()));
}

fn a_named_jobs_panic_is_the_scopes(subject: &Subject) {
    let pool = subject.pool_of(1);
    for has_handle in [false, true] {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.scope(|scope| {
                let throw = || resume_unwind(Box::new(7_u8));
                let attributes = Attributes::new().name("throws");
                if has_handle {
                    drop(scope.spawn_with(attributes, throw));
                } else {
                    scope.execute_with(attributes, throw);
                }
            })
        }));
        assert_eq!(outcome.unwrap_err().downcast_ref::<u8>(), Some(&7), "with a handle: {has_handle}");
    }
    assert_eq!(pool.counts().panicked, 2);
}

fn they_may_be_nothing_in_particular(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    pool.scope(|scope| {
        scope.execute_with(Attributes::new(), || ran.add());
        assert_eq!(scope.spawn_with(Attributes::new(), || 5).join().unwrap(), 5);
    });
    assert_eq!(ran.get(), 1);
}
