//! Everything of [`PoolExt`] behind `Arc<dyn Pool>` and `&dyn Pool`.

use std::sync::Arc;
use std::time::Duration;

use pool_core::{Job, Pool, PoolExt, PoolState, Priority, Submit};

use crate::Subject;
use crate::case::{Case, case};
use crate::tools::{SharedCount, mailbox};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("dynamic", every_method_works_on_an_object).submits(1),
        case!("dynamic", a_reference_to_an_object_will_do).submits(1),
        case!("dynamic", an_arc_of_an_object_is_a_pool).submits(1),
        case!("dynamic", attributes_are_taken).submits(1),
        case!("dynamic", a_job_made_by_hand_is_taken).submits(1),
    ]
}

fn every_method_works_on_an_object(subject: &Subject) {
    let pool: Arc<dyn Pool> = subject.pool_of(2);
    check_all(&*pool);
}

fn a_reference_to_an_object_will_do(subject: &Subject) {
    let pool = subject.pool_of(1);
    let object: &dyn Pool = &*pool;
    check_all(object);
}

fn an_arc_of_an_object_is_a_pool(subject: &Subject) {
    fn generic<P: Pool>(pool: P) {
        check_all(&pool);
        assert_eq!(pool.state(), PoolState::Running);
        assert_eq!(pool.context().id(), pool.id());
    }
    generic(subject.pool_of(2));
}

fn check_all<P: Pool + ?Sized>(pool: &P) {
    // One after the other, so that the smallest queue will do.
    let (send, receive) = mailbox();
    let say = |what: &'static str| {
        let send = send.clone();
        move || send.send(what).unwrap()
    };
    pool.execute(say("execute")).unwrap();
    assert_eq!(receive.recv(), Ok("execute"));
    pool.try_execute(say("try_execute")).unwrap();
    assert_eq!(receive.recv(), Ok("try_execute"));
    pool.execute_timeout(Duration::from_secs(3600), say("execute_timeout")).unwrap();
    assert_eq!(receive.recv(), Ok("execute_timeout"));
    pool.execute_timeout(Duration::MAX, say("without an end")).unwrap();
    assert_eq!(receive.recv(), Ok("without an end"));
    pool.execute_with(Submit::default(), say("execute_with")).unwrap();
    assert_eq!(receive.recv(), Ok("execute_with"));
    assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
    assert_eq!(pool.spawn_with(Submit::default(), || 2).unwrap().join().unwrap(), 2);
    assert_eq!(pool.join(|| 3, || 4), (3, 4));
    assert_eq!(pool.install(|| 5), 5);
    assert_eq!(pool.map(&[1, 2, 3], |item| item + 1), [2, 3, 4]);
    assert_eq!(pool.scope(|scope| scope.spawn(|| 6).join().unwrap()), 6);
    assert!(pool.threads() > 0);
    assert!(!pool.name().is_empty());
}

fn attributes_are_taken(subject: &Subject) {
    let pool = subject.pool_of(1);
    for step in 0..Priority::STEPS as u8 {
        let submit = Submit::default().priority(Priority::new(step).expect("on the scale"));
        assert_eq!(pool.spawn_with(submit, move || step).unwrap().join().unwrap(), step);
    }
}

fn a_job_made_by_hand_is_taken(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    for number in 1..=10 {
        let inside = ran.clone();
        pool.submit(Job::new(move || inside.add()), Submit::default()).unwrap();
        crate::tools::until(|| ran.get() == number);
    }
}
