//! What an adapter of somebody else's pool says to what it cannot do.

use std::sync::Arc;
use std::time::Duration;

use pool_core::{
    Job, Ledger, Pool, PoolExt, PoolState, Reason, Rejected, ResizeError, Shutdown, Submit, Unsupported,
};

/// Runs every job where it is submitted.
struct Here(Arc<Ledger>);

impl Pool for Here {
    fn submit(&self, job: Job, _: Submit) -> Result<(), Rejected> {
        self.0.admit();
        self.0.run(job, 0);
        Ok(())
    }

    fn join_erased(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        a();
        b();
    }

    fn ledger(&self) -> &Arc<Ledger> {
        &self.0
    }

    fn state(&self) -> PoolState {
        PoolState::Running
    }

    fn shutdown(&self) -> Shutdown {
        Shutdown::Terminated
    }

    fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
        (Vec::new(), Shutdown::Terminated)
    }
}

#[test]
fn what_an_adapter_cannot_do_is_a_typed_error() {
    let pool: Arc<dyn Pool> = Arc::new(Here(Ledger::for_adapter("here", 1)));
    let unsupported = |operation| Unsupported { pool: "here".to_owned(), operation };
    assert_eq!(pool.pause(), Err(unsupported("pause")));
    assert_eq!(pool.resume(), Err(unsupported("resume")));
    assert_eq!(pool.resize(2), Err(ResizeError::Unsupported(unsupported("resize"))));
    assert!(pool.shutdown_timeout(Duration::ZERO).is_err());
    let error = pool.shutdown_now_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "the pool \"here\" has no operation to wait for a shutdown with a limit");
    let rejected = pool.execute_on(0, || ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Unsupported);
    assert_eq!(pool.broadcast(|worker| worker).unwrap_err().reason(), Reason::Unsupported);
    assert_eq!((pool.counts().rejected, pool.counts().accounted()), (2, 2));
    assert_eq!((pool.stats().staff.now, pool.threads(), pool.present_workers()), (1, 1, vec![0]));
}
