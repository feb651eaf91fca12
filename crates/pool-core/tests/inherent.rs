//! A pool by its own type does all that any pool does, without an import of the traits.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pool_core::{Attributes, Job, PoolState, Priority, Shutdown, Submit, ThreadPool, Timing};

use self::deque::{Deque, End};

fn pool() -> ThreadPool<Deque> {
    ThreadPool::with(Deque::taking_from(End::Oldest))
        .threads(2)
        .max_threads(3)
        .name("own")
        .timing(Timing::Every)
        .build()
        .unwrap()
}

#[test]
fn jobs() {
    let pool = pool();
    pool.execute(|| ()).unwrap();
    pool.execute_with(Priority::URGENT, || ()).unwrap();
    pool.try_execute(|| ()).unwrap();
    pool.execute_timeout(Duration::from_secs(30), || ()).unwrap();
    pool.submit(Job::new(|| ()), Submit::default()).unwrap();
    pool.execute_on(1, || ()).unwrap();
    pool.execute_keyed(7, || ()).unwrap();
    pool.submit_to(0, Job::new(|| ())).unwrap();
    pool.submit_keyed(7, Job::new(|| ())).unwrap();
    assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
    assert_eq!(pool.spawn_with(Attributes::new().name("two"), || 2).unwrap().join().unwrap(), 2);
    assert_eq!(pool.spawn_on(1, || 3).unwrap().join().unwrap(), 3);
    assert_eq!(pool.try_spawn(|| 4).unwrap().join().unwrap(), 4);
    assert_eq!(pool.try_spawn_with(Priority::URGENT, || 5).unwrap().join().unwrap(), 5);
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(six) = pin!(pool.spawn_async(|| 6)).poll(&mut context) else { panic!("there is room") };
    assert_eq!(six.unwrap().join().unwrap(), 6);
    let named = pool.spawn_async_with(Attributes::new().name("seven"), || 7);
    let Poll::Ready(seven) = pin!(named).poll(&mut context) else { panic!("there is room") };
    assert_eq!(seven.unwrap().join().unwrap(), 7);
    let parts = pool.spawn_broadcast(|worker| worker).unwrap();
    assert!(parts.into_iter().map(|part| part.join().unwrap()).eq(0..2));
    assert!(pool.wait_idle(None));
    assert_eq!(pool.counts().completed, 18);
}

#[test]
fn work_that_borrows() {
    let (pool, words) = (pool(), ["borrowed", "from", "here"]);
    assert_eq!(pool.map(&words, |word| word.len()), [8, 4, 4]);
    assert_eq!(pool.join(|| words.len(), || words.concat().len()), (3, 16));
    assert_eq!(pool.install(|| words[0]), "borrowed");
    assert_eq!(pool.broadcast(|worker| words[worker]).unwrap(), ["borrowed", "from"]);
    let length = pool.scope(|scope| scope.spawn(|| words[1].len()).join().unwrap());
    assert_eq!(length, 4);
    pool.scope_fifo(|scope| scope.execute(|| assert_eq!(words.len(), 3)));
    let local = pool.worker_local(|| 0);
    pool.for_each(&words, |word| local.with(|sum| *sum += word.len()));
    assert_eq!(local.into_iter().sum::<usize>(), 16);
    assert_eq!(pool.map_reduce(&words, |word| word.len(), usize::max), Some(8));
    let mut numbers = [1, 2, 3];
    pool.for_each_mut(&mut numbers, |number| *number *= 2);
    pool.for_each_chunk_mut(&mut numbers, 2, |chunk, items| items[0] += chunk);
    assert_eq!(numbers, [2, 4, 7]);
    assert!(pool.map_ordered(numbers, 2, |number| number + 1).eq([3, 5, 8]));
}

#[test]
fn jobs_that_run_later() {
    let (pool, (send, receive)) = (pool(), channel());
    let timer = pool.execute_after(Duration::MAX, || ()).unwrap();
    assert!(timer.cancel());
    // The test may have ended.
    let timer = pool.execute_every(Duration::from_millis(1), move || _ = send.send(())).unwrap();
    assert_eq!(receive.recv_timeout(Duration::from_secs(60)), Ok(()));
    timer.cancel();
}

#[test]
fn life_and_what_is_known_about_it() {
    let pool = pool();
    assert_eq!(pool.present_workers(), [0, 1]);
    pool.pause().unwrap();
    pool.execute(|| ()).unwrap();
    assert_eq!(pool.cancel_running(), 0);
    pool.resume().unwrap();
    pool.resize(3).unwrap();
    assert!(pool.wait_idle(None));
    assert_eq!((pool.name(), pool.threads(), pool.state()), ("own", 3, PoolState::Running));
    assert_eq!(pool.id(), pool.context().id());
    assert_eq!(pool.timings().unwrap().run_time.count(), 1);
    assert_eq!(pool.stats().counts.completed, 1);
    assert_eq!(pool.urgency().level_of(Priority::URGENT), pool.urgency().level_of(Priority::IDLE));
    let (jobs, _) = pool.shutdown_now_timeout(Duration::from_secs(30)).unwrap();
    assert!(jobs.is_empty() && pool.shutdown_now().0.is_empty());
    assert_eq!(pool.shutdown_timeout(Duration::from_secs(30)), Ok(Shutdown::Terminated));
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
}
