//! What concerns a whole process: the CPUs that its workers stay on, one pool for everybody, figures for a monitor, and
//! children that it forks.
//!
//! ```text
//! cargo run --release -p pool-lab --example process
//! ```

use std::error::Error;
use std::fs;
use std::sync::Arc;

use pool_core::{Pinning, Pool, PoolExt, PoolState, Reason, Stats, Timing};
use pool_stealing::StealingPool;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Example, and test: `tests/example_process.rs` runs it.
pub fn main() -> Outcome {
    pinned()?;
    for_everybody()?;
    as_json()?;
    #[cfg(unix)]
    for pool in ["mpsc:2", "bounded:2", "priority:2", "stealing:2"] {
        forked(&pool_lab::build(pool)?)?;
    }
    Ok(())
}

/// Each worker stays on one CPU.
fn pinned() -> Outcome {
    let pool = StealingPool::builder().threads(2).pin(Pinning::RoundRobin).build()?;
    for (worker, cpus) in pool.broadcast(|worker| (worker, allowed_cpus()))? {
        println!("worker {worker} may run on CPU {}", cpus.as_deref().unwrap_or("?"));
        assert!(cpus.is_none_or(|cpus| cpus.parse::<usize>().is_ok()), "one CPU, not several");
    }
    Ok(())
}

/// The CPUs that the calling thread may run on, as Linux tells them.
fn allowed_cpus() -> Option<String> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    let cpus = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(cpus.trim().to_owned())
}

/// Code that is handed no pool uses the process's.
fn for_everybody() -> Outcome {
    let (left, right) = pool_stealing::global().join(|| 20, || 22);
    // The first call has built it, and from now on it can be had without knowing its strategy.
    let pool = pool_core::global().ok_or("somebody has built it")?;
    let sum = pool.spawn(move || left + right)?.join()?;
    println!("the pool for everybody is {:?}, and says {sum}", pool.name());
    assert_eq!(sum, 42);
    Ok(())
}

/// Statistics and times, for whoever collects them (feature `serde`).
fn as_json() -> Outcome {
    let pool = StealingPool::builder().threads(1).timing(Timing::Every).build()?;
    pool.spawn(|| ())?.join()?;
    assert!(pool.wait_idle(None));
    let stats = pool.stats();
    let text = serde_json::to_string(&stats)?;
    assert_eq!(serde_json::from_str::<Stats>(&text)?, stats);
    println!("{text}");
    println!("{}", serde_json::to_string(&pool.timings())?);
    Ok(())
}

/// In a forked child the pool has no threads. It knows, and gives every job back; the child may build another.
#[cfg(unix)]
fn forked(pool: &Arc<dyn Pool>) -> Outcome {
    pool.spawn(|| ())?.join()?;
    let status = unix::in_child(|| {
        let rejected = pool.spawn(|| ()).unwrap_err();
        assert_eq!((rejected.reason(), pool.state()), (Reason::Forked, PoolState::Terminated));
        // Joins and scopes run here.
        assert_eq!(pool.join(|| 20, || 22), (20, 22));
        assert_eq!(pool.scope(|scope| scope.spawn(|| 42).join().unwrap()), 42);
        assert!(pool.wait_idle(None) && pool.timings().is_none());
        // Nothing is lost: the job can be run here, or given to a pool of the child's own.
        let own = pool_lab::build("stealing:2").unwrap();
        own.submit(rejected.into_job(), Default::default()).unwrap();
        assert!(own.wait_idle(None));
    })?;
    println!("a child of {:?} has ended with status {status}", pool.name());
    assert_eq!(status, 0);
    // Here it goes on as before.
    Ok(pool.spawn(|| ())?.join()?)
}

/// Forking, which std leaves to the system.
#[cfg(unix)]
mod unix {
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Runs this in a child process, and returns its status: 0 if it has come to its end.
    pub(crate) fn in_child(body: impl FnOnce()) -> io::Result<i32> {
        // SAFETY: of this process's threads only this one goes on in the child, where it uses no lock that another may have
        // held (pools take none there, and the allocator looks after its own), prints nothing, and exits.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: no pointers. If the child were to hang, the signal's default action would end it.
            unsafe { libc::alarm(60) };
            let outcome = catch_unwind(AssertUnwindSafe(body));
            // SAFETY: no pointers; no destructor runs that might wait for threads which are not there.
            unsafe { libc::_exit(i32::from(outcome.is_err())) };
        }
        let mut status = 0;
        // SAFETY: `status` is valid for the write.
        match (child, unsafe { libc::waitpid(child, &raw mut status, 0) }) {
            (1.., waited) if waited == child => Ok(status),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
