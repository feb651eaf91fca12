//! A job that the pool does not take comes back whole.

use pool_core::{Job, JoinError, Pool, PoolExt, Reason, Submit};

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("rejection", after_shutdown_the_job_comes_back).needs(&[Claim::Shutdown]),
        case!("rejection", a_rejected_job_that_is_dropped_drops_its_captures).needs(&[Claim::Shutdown]),
        case!("rejection", rejected_jobs_are_counted).needs(&[Claim::Shutdown, Claim::Counts]),
        case!("rejection", scopes_and_joins_of_a_closed_pool_run_on_the_caller).needs(&[Claim::Shutdown]),
        case!("rejection", a_returned_job_run_by_hand_completes_its_handle)
            .needs(&[Claim::ShutdownNow])
            .queues(1),
        case!("rejection", a_returned_job_that_is_dropped_tells_its_handle)
            .needs(&[Claim::ShutdownNow])
            .queues(1),
        case!("rejection", a_returned_job_may_be_submitted_elsewhere)
            .needs(&[Claim::ShutdownNow, Claim::Counts, Claim::WaitIdle])
            .queues(3),
        case!("rejection", a_rejected_job_may_be_submitted_elsewhere)
            .needs(&[Claim::Shutdown, Claim::Counts, Claim::WaitIdle])
            .submits(2),
    ]
}

fn after_shutdown_the_job_comes_back(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    let ran = SharedCount::default();
    for attempt in 1..=3 {
        let ran = ran.clone();
        let rejected = match attempt {
            1 => pool.execute(move || ran.add()).unwrap_err(),
            2 => pool.try_execute(move || ran.add()).unwrap_err(),
            _ => pool.spawn(move || ran.add()).map(|_| ()).unwrap_err(),
        };
        assert_eq!(rejected.reason(), Reason::ShutDown);
        rejected.into_job().run();
    }
    assert_eq!(ran.get(), 3);
}

fn a_rejected_job_that_is_dropped_drops_its_captures(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    let dropped = SharedCount::default();
    let held = dropped.on_drop();
    drop(pool.execute(move || drop(held)).unwrap_err());
    let held = dropped.on_drop();
    drop(pool.spawn(move || drop(held)).map(|_| ()).unwrap_err());
    assert_eq!(dropped.get(), 2);
}

fn rejected_jobs_are_counted(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    let rejected: Vec<_> = (0..5).map(|_| pool.execute(|| ()).unwrap_err()).collect();
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.rejected, counts.accounted()), (5, 5, 5));
    rejected.into_iter().for_each(|rejected| rejected.into_job().run());
    assert_eq!(pool.counts(), counts, "what runs elsewhere is not the pool's");
}

fn scopes_and_joins_of_a_closed_pool_run_on_the_caller(subject: &Subject) {
    let pool = subject.pool_of(2);
    let _ = pool.shutdown();
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    assert_eq!(pool.install(|| 3), 3);
    assert_eq!(pool.map(&[1, 2, 3], |item| item * 2), [2, 4, 6]);
    let here = std::thread::current().id();
    let sum = pool.scope(|scope| {
        let handles: Vec<_> =
            (0..100).map(|n| scope.spawn(move || (n, std::thread::current().id()))).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .map(|(n, ran_by)| {
                assert_eq!(ran_by, here);
                n
            })
            .sum::<i32>()
    });
    assert_eq!(sum, 4950);
}

/// A pool that was shut down before it came to these jobs.
fn given_back<T: Send + 'static>(
    subject: &Subject,
    job: impl FnOnce() -> T + Send + 'static,
) -> (Job, pool_core::JobHandle<T>) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle = pool.spawn(job).unwrap();
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let mut jobs = ender.join().unwrap();
    assert_eq!(jobs.len(), 1);
    (jobs.remove(0), handle)
}

fn a_returned_job_run_by_hand_completes_its_handle(subject: &Subject) {
    let (job, handle) = given_back(subject, || 42);
    assert!(!handle.is_finished());
    job.run();
    assert_eq!(handle.join().unwrap(), 42);
}

fn a_returned_job_that_is_dropped_tells_its_handle(subject: &Subject) {
    let (job, handle) = given_back(subject, || ());
    drop(job);
    assert!(matches!(handle.join(), Err(JoinError::Unrun(Reason::Dropped))));
}

fn a_returned_job_may_be_submitted_elsewhere(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (job, handle) = given_back(subject, || 7);
    pool.submit(job, Submit::default()).unwrap();
    assert_eq!(handle.join().unwrap(), 7);
    // One that its handle cancels on the way is no job of the second pool's that is never accounted for.
    let plug = Plug::all(&pool);
    let (job, handle) = given_back(subject, || ());
    pool.submit(job, Submit::default()).unwrap();
    assert!(handle.cancel());
    plug.pull();
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.accounted(), counts.queued, counts.running), (3, 3, 0, 0));
}

fn a_rejected_job_may_be_submitted_elsewhere(subject: &Subject) {
    let (closed, open) = (subject.pool_of(1), subject.pool_of(1));
    let _ = closed.shutdown();
    let ran = SharedCount::default();
    let (first, second) = (ran.clone(), ran.clone());
    let rejected = [
        closed.execute(move || first.add()).unwrap_err(),
        closed.spawn(move || second.add()).map(|_| ()).unwrap_err(),
    ];
    for rejected in rejected {
        open.submit(rejected.into_job(), Submit::default()).unwrap();
    }
    assert!(open.wait_idle(None));
    assert_eq!(ran.get(), 2);
    let counts = open.counts();
    assert_eq!((counts.submitted, counts.completed, counts.accounted()), (2, 2, 2));
}
