//! A task that waits for room hears of it, whichever thread makes it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use pool_bounded::{Bounded, BoundedPool};
use pool_core::help_one;

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

struct Says(Sender<()>);

impl Wake for Says {
    fn wake(self: Arc<Self>) {
        self.0.send(()).unwrap();
    }
}

#[test]
fn a_pop_in_the_midst_of_a_job_makes_room() {
    let pool = BoundedPool::with(Bounded::new(1)).threads(1).build().unwrap();
    let (started, running) = channel();
    let (go, goes) = channel::<()>();
    let outer = pool
        .spawn(move || {
            started.send(()).unwrap();
            goes.recv().unwrap();
            let helped = help_one();
            // Until the task has found the room that this has made.
            goes.recv().unwrap();
            helped
        })
        .unwrap();
    running.recv_timeout(DEADLINE).unwrap();
    pool.execute(|| ()).unwrap();
    let (says, woken) = channel();
    let waker = Waker::from(Arc::new(Says(says)));
    let mut context = Context::from_waker(&waker);
    let mut waiting = pin!(pool.spawn_async(|| 2));
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    go.send(()).unwrap();
    woken.recv_timeout(DEADLINE).expect("it is woken while the only worker is in the job");
    let Poll::Ready(handle) = waiting.as_mut().poll(&mut context) else { panic!("there is room") };
    go.send(()).unwrap();
    assert!(outer.join().unwrap());
    assert_eq!(handle.unwrap().join().unwrap(), 2);
}
