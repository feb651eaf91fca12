//! What the pool does not take comes back as the closure that it was.

use pool_core::{Attributes, Pool, PoolExt, Reason, SpawnError};

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Shutdown, WaitIdle};
    vec![
        case!("try_spawn", it_gives_a_handle).submits(2),
        case!("try_spawn", a_full_queue_gives_the_closure_back).needs(&[Counts, WaitIdle]).fills(),
        case!("try_spawn", a_closed_pool_gives_the_closure_back).needs(&[Counts, Shutdown]),
        case!("try_spawn", a_closure_that_comes_back_tells_nothing).needs(&[Shutdown]),
    ]
}

/// Calls what has come back, whatever its size, and sees that what it holds was not dropped before.
fn closures_come_back(pool: &dyn Pool, expected: Reason) {
    let dropped = SharedCount::default();
    let held = dropped.on_drop();
    let small: SpawnError<_> = pool
        .try_spawn(move || {
            drop(held);
            1
        })
        .map(drop)
        .unwrap_err();
    let (held, bulk) = (dropped.on_drop(), [7_u8; 600]);
    let large = pool
        .try_spawn_with(Attributes::new().name("large"), move || {
            drop(held);
            bulk
        })
        .map(drop)
        .unwrap_err();
    assert_eq!((small.reason(), large.reason()), (expected, expected));
    assert_eq!(small.to_string(), format!("job rejected: {expected}"));
    assert_eq!(dropped.get(), 0);
    assert_eq!((small.into_closure()(), large.into_closure()()), (1, [7; 600]));
    assert_eq!(dropped.get(), 2);
    let held = dropped.on_drop();
    drop(pool.try_spawn(move || drop(held)));
    assert_eq!(dropped.get(), 3);
}

fn it_gives_a_handle(subject: &Subject) {
    let pool = subject.pool_of(1);
    assert_eq!(pool.try_spawn(|| 4).unwrap().join().unwrap(), 4);
    let named = Attributes::new().name("five");
    let name = pool.try_spawn_with(named, pool_core::job_name).unwrap().join().unwrap();
    assert_eq!(name.as_deref(), Some("five"));
}

/// Whatever the policy: nothing waits, nothing is displaced, nothing runs here.
fn a_full_queue_gives_the_closure_back(subject: &Subject) {
    let (pool, ran) = (subject.pool_of(1), SharedCount::default());
    let plug = Plug::all(&pool);
    let mut queued = 0;
    loop {
        let ran = ran.clone();
        match pool.try_spawn(move || ran.add()) {
            Ok(_) => queued += 1,
            Err(_) => break,
        }
    }
    assert_eq!(queued, subject.room());
    closures_come_back(&pool, Reason::Full);
    let counts = pool.counts();
    assert_eq!((counts.rejected, counts.queued, ran.get()), (4, queued as u64, 0));
    plug.pull();
    assert!(pool.wait_idle(None));
    assert_eq!(ran.get(), queued);
    assert_eq!(pool.counts().accounted(), pool.counts().submitted);
}

fn a_closed_pool_gives_the_closure_back(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    closures_come_back(&pool, Reason::ShutDown);
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.rejected), (3, 3));
}

fn a_closure_that_comes_back_tells_nothing(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), SharedCount::default());
    let _ = pool.shutdown();
    let tells = told.clone();
    let attributes = Attributes::new().on_unrun(move |_| tells.add());
    let held = told.on_drop();
    let error = pool.try_spawn_with(attributes, move || drop(held)).map(drop).unwrap_err();
    assert_eq!(told.get(), 0);
    drop(error.into_closure());
    assert_eq!(told.get(), 1, "what it holds is dropped with it, and that is all");
}
