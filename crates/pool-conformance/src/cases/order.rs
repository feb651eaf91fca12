//! The order in which one worker starts jobs.

use std::sync::Arc;

use pool_core::{Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{Plug, mailbox};
use crate::{Claim, Subject};

const JOBS: usize = 100;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("order", one_worker_starts_jobs_first_in_first_out).needs(&[Claim::Fifo]).queues(JOBS),
        case!("order", jobs_with_and_without_handles_keep_one_order).needs(&[Claim::Fifo]).queues(JOBS),
        case!("order", jobs_from_inside_a_job_are_first_in_first_out).needs(&[Claim::Fifo]).queues(JOBS),
        case!("order", what_shutdown_now_gives_back_is_in_order)
            .needs(&[Claim::Fifo, Claim::ShutdownNow])
            .queues(JOBS),
    ]
}

fn one_worker_starts_jobs_first_in_first_out(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (send, receive) = mailbox();
    for number in 0..JOBS {
        let send = send.clone();
        pool.execute(move || send.send(number).unwrap()).unwrap();
    }
    plug.pull();
    drop(send);
    assert!(receive.iter().eq(0..JOBS));
}

fn jobs_with_and_without_handles_keep_one_order(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (send, receive) = mailbox();
    let mut handles = Vec::new();
    for number in 0..JOBS {
        let send = send.clone();
        let job = move || send.send(number).unwrap();
        if number % 2 == 0 {
            pool.execute(job).unwrap();
        } else {
            handles.push(pool.spawn(job).unwrap());
        }
    }
    plug.pull();
    drop(send);
    assert!(receive.iter().eq(0..JOBS));
    handles.into_iter().for_each(|handle| handle.join().unwrap());
}

fn jobs_from_inside_a_job_are_first_in_first_out(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox();
    let inner: Arc<dyn Pool> = pool.clone();
    pool.spawn(move || {
        for number in 0..JOBS {
            let send = send.clone();
            inner.execute(move || send.send(number).unwrap()).unwrap();
        }
    })
    .unwrap()
    .join()
    .unwrap();
    assert!(receive.iter().eq(0..JOBS));
}

fn what_shutdown_now_gives_back_is_in_order(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (send, receive) = mailbox();
    for number in 0..JOBS {
        let send = send.clone();
        pool.execute(move || send.send(number).unwrap()).unwrap();
    }
    drop(send);
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!(jobs.len(), JOBS);
    jobs.into_iter().for_each(|job| job.run());
    assert!(receive.iter().eq(0..JOBS));
}
