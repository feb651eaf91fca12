//! A pool as a server would have it: it has a name, grows and shrinks, tells what happens, and gives each request its limits.
//!
//! ```text
//! cargo run --release -p pool-lab --example production
//! ```

use std::error::Error;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use pool_core::{
    Attributes, BuildError, CancelToken, JobInfo, JobOutcome, OverdueInfo, PanicInfo, Rejected, Scaling,
    Shutdown, Timing, current_token,
};
use pool_priority::{Levels, PriorityPool};

/// Requests that are served as they should be.
const REQUESTS: u64 = 200;

/// It turns a hang into a failure.
const LONG: Duration = Duration::from_secs(60);

fn build() -> Result<PriorityPool, BuildError> {
    PriorityPool::with(Levels::new(8))
        .name("requests")
        .scaling(
            Scaling::between(1, 4).keep_alive(Duration::from_millis(50)).queue_wait(Duration::from_secs(1)),
        )
        .follow_cpu_limit(true)
        .spare_threads(1)
        .stack_size(1 << 20)
        .admit_within(Duration::from_secs(60))
        .timing(Timing::Every)
        .backtraces(true)
        .on_start(|worker| println!("worker {worker} comes"))
        .on_stop(|worker| println!("worker {worker} leaves"))
        .before_job(|job| assert!(job.name.is_some(), "each of our jobs has a name"))
        .after_job(log_failure)
        .on_panic(log_panic)
        .on_overdue(log_overdue)
        .build()
}

fn log_failure(job: JobInfo<'_>, outcome: JobOutcome) {
    if outcome == JobOutcome::Panicked {
        println!("{} has failed on worker {:?}", job.name.unwrap_or("a job"), job.worker);
    }
}

fn log_panic(panic: PanicInfo<'_>) {
    let (name, message) = (panic.name.unwrap_or("a job"), panic.message.unwrap_or_default());
    println!("{name} panicked at {}: {message}", panic.location.unwrap_or("?"));
    // All of it would go into a log; here its length will do.
    let lines = panic.backtrace.map_or(0, |backtrace| backtrace.to_string().lines().count());
    println!("  with a backtrace of {lines} lines");
    assert_ne!(name, "poisonous", "this handler has a bug, too");
}

fn log_overdue(job: OverdueInfo<'_>) {
    println!(
        "{} has been running for more than {:?} and is told to stop",
        job.name.unwrap_or("a job"),
        job.age
    );
}

/// Example, and test: `tests/examples.rs` runs it.
pub fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let pool = build()?;
    serve(&pool)?;
    // Each failure of a request is its own; the pool goes on. Should the handler fail as well, its worker is replaced.
    pool.execute_with(Attributes::new().name("broken"), || panic!("a bug"))?;
    pool.execute_with(Attributes::new().name("poisonous"), || panic!("a bug that the handler trips over"))?;
    limits(&pool)?;
    stuck(&pool)?;
    // Nobody has a handle to the broken ones.
    assert!(pool.wait_idle(Some(LONG)), "{:?}", pool.counts());
    until(|| pool.stats().worker_counts.now == 1);

    if let Shutdown::Pending { queued, running } = pool.shutdown_timeout(Duration::from_secs(5))? {
        println!("{running} jobs still run; {queued} are given up");
        drop(pool.shutdown_now());
    }
    report(&pool);
    let stats = pool.stats();
    let counts = stats.counts;
    assert_eq!((counts.completed, counts.panicked, counts.expired), (REQUESTS + 3, 2, 1));
    assert_eq!((counts.cancelled, counts.accounted()), (1, counts.submitted));
    assert_eq!((stats.replaced(), stats.handler_panics), (1, 1));
    assert!(stats.worker_counts.highest > 1, "it has grown");
    Ok(())
}

/// Requests of a millisecond each, more than one worker can serve.
fn serve(pool: &PriorityPool) -> Result<(), Box<dyn Error + Send + Sync>> {
    let request = || Attributes::new().name("request").start_within(Duration::from_secs(60));
    let spawn = |_| pool.spawn_with(request(), || thread::sleep(Duration::from_millis(1)));
    for request in (0..REQUESTS).map(spawn).collect::<Result<Vec<_>, Rejected>>()? {
        request.join()?;
    }
    Ok(())
}

/// One request that comes too late, one that nobody wants any more, one that takes too long.
fn limits(pool: &PriorityPool) -> Result<(), Rejected> {
    let late = pool.spawn_with(Attributes::new().name("late").start_by(Instant::now()), || ())?;
    println!("late: {:?}", late.join());

    let gone = CancelToken::new();
    gone.cancel();
    let unwanted = pool.spawn_with(Attributes::new().name("unwanted").token(&gone), || ())?;
    println!("unwanted: {:?}", unwanted.join());

    let slow = Attributes::new().name("slow").run_limit(Duration::from_millis(10));
    let slow = pool.spawn_with(slow, || {
        let token = current_token().unwrap_or_default();
        while !token.is_cancelled() {
            thread::sleep(Duration::from_millis(1));
        }
        "stopped early"
    })?;
    println!("slow: {:?}", slow.join());
    Ok(())
}

/// A job that does not heed its token: somebody else does the work meanwhile.
fn stuck(pool: &PriorityPool) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (release, released) = mpsc::channel::<()>();
    let limit = Attributes::new().name("stuck").run_limit(Duration::from_millis(10));
    // An error is what it waits for.
    let stuck = pool.spawn_with(limit, move || released.recv().is_err())?;
    until(|| pool.stats().worker_counts.blocked == 1);
    println!("while it is stuck: {}", pool.spawn_with(Attributes::new().name("other"), || "served")?.join()?);
    drop(release);
    println!("stuck: {:?}", stuck.join());
    Ok(())
}

/// For a state that nobody announces.
fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "it hangs");
        thread::yield_now();
    }
}

fn report(pool: &PriorityPool) {
    let stats = pool.stats();
    println!("\n{stats}");
    if let Some(timings) = pool.timings() {
        let (wait, run, wake_up) = (timings.queue_wait, timings.run_time, timings.wake_up);
        println!("queue wait: {:?} at p50, {:?} at p99.9", wait.p50(), wait.p999());
        println!("run time: {:?} at p50, {:?} at p99.9", run.p50(), run.p999());
        println!("wake-up: {:?} at p50, {:?} at p99.9", wake_up.p50(), wake_up.p999());
    }
}
