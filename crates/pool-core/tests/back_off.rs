//! A slot whose workers die again and again is left empty for a while.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::panic::resume_unwind;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use pool_core::ThreadPool;

use self::deque::{Deque, End};

/// A wait is never shorter than it was asked to be, so this holds on any machine.
#[test]
fn the_second_loss_in_a_row_is_made_up_for_after_100_ms() {
    let (died, deaths) = channel();
    let (came, comings) = channel();
    let pool = ThreadPool::with(Deque::taking_from(End::Oldest))
        .threads(1)
        .on_start(move |_| came.send(Instant::now()).unwrap())
        .on_panic(move |_| {
            died.send(Instant::now()).unwrap();
            resume_unwind(Box::new("the handler's"));
        })
        .build()
        .unwrap();
    comings.recv().unwrap();
    let mut gaps = Vec::new();
    for _ in 0..3 {
        pool.execute(|| resume_unwind(Box::new("the job's"))).unwrap();
        let death = deaths.recv().unwrap();
        gaps.push(comings.recv().unwrap() - death);
    }
    assert!(gaps[1] >= Duration::from_millis(100) && gaps[2] >= Duration::from_millis(200), "{gaps:?}");
    // Whoever ends a job sets it back.
    assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
}
