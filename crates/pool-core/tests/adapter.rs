//! What an adapter of somebody else's pool says to what it cannot do.

#[path = "support/stub.rs"]
mod stub;

use std::sync::Arc;
use std::time::Duration;

use pool_core::adapter::Recorder;
use pool_core::error::{ResizeError, Unsupported};
use pool_core::{Job, Pool, PoolExt, Reason};

use self::stub::Stub;

#[test]
fn what_an_adapter_cannot_do_is_a_typed_error() {
    let pool: Arc<dyn Pool> = Arc::new(Stub::new("here", |recorder: &Arc<Recorder>, job: Job| {
        // Where it is submitted.
        recorder.admit();
        recorder.run(job, 0);
        Ok(())
    }));
    let unsupported = |operation| Unsupported { pool: "here".to_owned(), operation };
    assert_eq!(pool.pause(), Err(unsupported("pause")));
    assert_eq!(pool.resume(), Err(unsupported("resume")));
    assert_eq!(pool.resize(2), Err(ResizeError::Unsupported(unsupported("resize"))));
    assert!(pool.shutdown_timeout(Duration::ZERO).is_err());
    let error = pool.shutdown_now_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "the pool \"here\" has no operation to wait for a shutdown with a limit");
    let rejected = pool.execute_on(0, || ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Unsupported);
    assert_eq!(pool.spawn_broadcast(|worker| worker).unwrap_err().reason(), Reason::Unsupported);
    let error = pool.broadcast(|worker| worker).unwrap_err();
    assert_eq!(error.reason(), Reason::Unsupported);
    assert_eq!(error.to_string(), "the broadcast did not reach every worker: this pool cannot do that");
    assert_eq!((pool.counts().rejected, pool.counts().accounted()), (2, 2));
    assert_eq!((pool.stats().worker_counts.now, pool.threads(), pool.present_workers()), (1, 1, vec![0]));
}

/// Its own counts are wrong then, and nothing else.
#[test]
fn an_adapter_that_counts_wrongly_overflows_nothing() {
    let pool = Stub::new("confused", |recorder: &Arc<Recorder>, job: Job| {
        (0..5).for_each(|_| recorder.discard(Job::new(|| ()), Reason::Full));
        recorder.run(job, 0);
        Ok(())
    });
    for _ in 0..3 {
        pool.execute(|| ()).unwrap();
    }
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.discarded), (0, 3, 15));
    assert_eq!((counts.queued, counts.running, pool.stats().longest_queue), (0, 0, 0));
}
