//! An engine whose type is not known: what the workloads of other crates run on, and what is watched of a pool that tells nothing
//! itself.
//!
//! The compiler makes each pair of an engine and a workload where it knows both. Of a workload in another crate it knows none of
//! our engines' types, so such a workload runs on [`AnyJobs`], [`AnyJoins`] or [`AnyScopes`]: a box and an indirect call for
//! each job, or two indirect calls for each join, on every engine alike.
//!
//! Where the spec has a [`Watcher`], it hears of each job, and of each half of a join that another thread runs than the one that
//! joins.

use std::any::Any;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use super::traits::{Jobs, Joins, Scopes, Start};
use super::watcher::{Ran, Watcher, watched};
use super::{Spec, SpecError};

/// Starts an engine behind a trait object.
type Begin<T> = fn(&Spec) -> Result<Box<T>, SpecError>;

/// Why there is such a function: the table binds no workload to an engine that lacks what it needs.
const BOUND: &str = "a workload is bound to engines that have what it needs";

/// What all three have in common, of [`Start`].
pub(crate) trait DynStart: Send + Sync {
    fn stop(self: Box<Self>);
    fn loses_beyond(&self) -> Option<usize>;
}

impl<E: Start> DynStart for E {
    fn stop(self: Box<Self>) {
        Start::stop(*self);
    }

    fn loses_beyond(&self) -> Option<usize> {
        Start::loses_beyond(self)
    }
}

type BoxedJob = Box<dyn FnOnce() + Send>;

/// How a job is submitted, a way for each method of [`Jobs`].
#[derive(Clone, Copy)]
pub(crate) enum How {
    Plainly,
    Urgently,
    Of(u16),
    Offered,
}

pub(crate) trait DynJobs: DynStart {
    fn execute_boxed(&self, job: BoxedJob, how: How);
}

impl<E: Jobs> DynJobs for E {
    fn execute_boxed(&self, job: BoxedJob, how: How) {
        match how {
            How::Plainly => self.execute(job),
            How::Urgently => self.execute_urgent(job),
            How::Of(tenant) => self.execute_of(tenant, job),
            How::Offered => self.offer(job),
        }
    }
}

fn begin<E: Start>(spec: &Spec) -> Result<E, SpecError> {
    E::check(spec).and_then(|()| E::start(spec))
}

pub(crate) fn jobs<E: Jobs>() -> &'static (dyn Any + Send + Sync) {
    const { &((|spec| Ok(Box::new(begin::<E>(spec)?))) as Begin<dyn DynJobs>) }
}

pub(crate) fn joins<E: Joins>() -> &'static (dyn Any + Send + Sync) {
    const { &((|spec| Ok(Box::new(begin::<E>(spec)?))) as Begin<dyn DynJoins>) }
}

pub(crate) fn scopes<E: Scopes>() -> &'static (dyn Any + Send + Sync) {
    const { &((|spec| Ok(Box::new(begin::<E>(spec)?))) as Begin<dyn DynScopes>) }
}

pub(crate) trait DynScopes: DynStart {
    fn scope_any(&self, jobs: usize, job: &(dyn Fn(usize) + Send + Sync));
}

impl<E: Scopes> DynScopes for E {
    fn scope_any(&self, jobs: usize, job: &(dyn Fn(usize) + Send + Sync)) {
        self.scope_each(jobs, job);
    }
}

/// Where a closure of an engine can join.
pub(crate) trait DynContext {
    /// Runs both, perhaps at the same time.
    fn join_any(&mut self, a: Half<'_>, b: Half<'_>);
}

/// A closure that can join in turn.
type Half<'h> = &'h mut (dyn FnMut(&mut dyn DynContext) + Send);

struct Context<'x, 'c, E: Joins>(&'x mut E::Context<'c>);

impl<E: Joins> DynContext for Context<'_, '_, E> {
    fn join_any(&mut self, a: Half<'_>, b: Half<'_>) {
        E::join(self.0, |context| a(&mut Context::<E>(context)), |context| b(&mut Context::<E>(context)));
    }
}

pub(crate) trait DynJoins: DynStart {
    fn enter_any(&self, root: Half<'_>);
}

impl<E: Joins> DynJoins for E {
    fn enter_any(&self, root: Half<'_>) {
        self.enter(|context| root(&mut Context::<E>(context)));
    }
}

macro_rules! any {
    ($(#[$doc:meta])* $name:ident($object:ident)) => {
        $(#[$doc])*
        pub struct $name {
            engine: Box<dyn $object>,
            watcher: Option<Arc<dyn Watcher>>,
        }

        impl Start for $name {
            fn start(spec: &Spec) -> Result<Self, SpecError> {
                let mut starts = spec.engine().starts.iter();
                let begin = starts.find_map(|start| start.downcast_ref::<Begin<dyn $object>>());
                let engine = begin.expect(BOUND)(spec)?;
                Ok($name { engine, watcher: spec.watcher().cloned() })
            }

            fn stop(self) {
                self.engine.stop();
            }

            fn loses_beyond(&self) -> Option<usize> {
                self.engine.loses_beyond()
            }
        }
    };
}

any! {
    /// Any engine that runs detached jobs.
    AnyJobs(DynJobs)
}

any! {
    /// Any engine that joins.
    AnyJoins(DynJoins)
}

any! {
    /// Any engine that has scopes.
    AnyScopes(DynScopes)
}

impl AnyJobs {
    fn submit(&self, job: impl FnOnce() + Send + 'static, how: How) {
        let Some(watcher) = &self.watcher else { return self.engine.execute_boxed(Box::new(job), how) };
        let of_job = Arc::clone(watcher);
        watcher.before_submit();
        self.engine.execute_boxed(Box::new(move || watched(Some(&*of_job), Ran::Job, job)), how);
        watcher.after_submit();
    }
}

impl Jobs for AnyJobs {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.submit(job, How::Plainly);
    }

    fn execute_urgent<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.submit(job, How::Urgently);
    }

    fn execute_of<F: FnOnce() + Send + 'static>(&self, tenant: u16, job: F) {
        self.submit(job, How::Of(tenant));
    }

    fn offer<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.submit(job, How::Offered);
    }
}

impl Scopes for AnyScopes {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        let watcher = self.watcher.as_deref();
        self.engine.scope_any(jobs, &|i| watched(watcher, Ran::Job, || job(i)));
    }
}

/// Why the answer is there.
const RAN: &str = "an engine runs what it is given before it returns";

/// Where a closure of [`AnyJoins`] can join.
pub struct AnyContext<'c> {
    at: &'c mut (dyn DynContext + 'c),
    watcher: Option<&'c dyn Watcher>,
}

/// Makes a closure that may be called again of one that is called once, and keeps its answer.
fn half<R>(
    closure: impl FnOnce(&mut AnyContext<'_>) -> R,
    answer: &mut Option<R>,
    watcher: Option<&dyn Watcher>,
) -> impl FnMut(&mut dyn DynContext) {
    let mut closure = Some(closure);
    move |at| *answer = closure.take().map(|closure| closure(&mut AnyContext { at, watcher }))
}

/// Runs half of a join, and tells of it where that is not on the thread that joins.
fn run_half<R>(
    half: impl FnOnce(&mut AnyContext<'_>) -> R,
    at: &mut AnyContext<'_>,
    home: Option<ThreadId>,
) -> R {
    let has_moved = home.is_some_and(|home| home != thread::current().id());
    let watcher = at.watcher.filter(|_| has_moved);
    watched(watcher, Ran::Half, || half(at))
}

impl Joins for AnyJoins {
    type Context<'c> = AnyContext<'c>;

    fn enter<R: Send>(&self, root: impl FnOnce(&mut AnyContext<'_>) -> R + Send) -> R {
        let (mut answer, watcher) = (None, self.watcher.as_deref());
        let root = |context: &mut AnyContext<'_>| watched(watcher, Ran::Job, || root(context));
        self.engine.enter_any(&mut half(root, &mut answer, watcher));
        answer.expect(RAN)
    }

    fn join<A, B, RA, RB>(context: &mut AnyContext<'_>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut AnyContext<'_>) -> RA + Send,
        B: FnOnce(&mut AnyContext<'_>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let (mut left, mut right, watcher) = (None, None, context.watcher);
        let home = watcher.map(|_| thread::current().id());
        context.at.join_any(
            &mut half(|at: &mut AnyContext<'_>| run_half(a, at, home), &mut left, watcher),
            &mut half(|at: &mut AnyContext<'_>| run_half(b, at, home), &mut right, watcher),
        );
        (left.expect(RAN), right.expect(RAN))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::sync::{Arc, Mutex, mpsc};

    use super::*;

    fn start<E: Start>(engine: &str) -> E {
        E::start(&engine.parse().unwrap()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn joins_of_any_engine_nest_and_give_both_answers() {
        fn fib(context: &mut AnyContext<'_>, n: u64) -> u64 {
            if n < 2 {
                return n;
            }
            let (a, b) = AnyJoins::join(context, |c| fib(c, n - 1), |c| fib(c, n - 2));
            a + b
        }
        for engine in ["stealing:2", "bounded:2", "rayon:2", "chili:2", "serial:1", "stealing-worker:2"] {
            let any: AnyJoins = start(engine);
            assert_eq!(Start::loses_beyond(&any), None);
            let answer = any.enter(|context| {
                let (words, number) = AnyJoins::join(context, |_| "borrowed".to_owned(), |c| fib(c, 12));
                (words, number)
            });
            assert_eq!(answer, ("borrowed".to_owned(), 144), "{engine}");
            any.stop();
        }
    }

    #[test]
    fn a_scope_of_any_engine_runs_each_job_once_and_its_jobs_borrow() {
        for engine in ["stealing:2", "mpsc:2", "rayon:2", "paralight:2", "orx-parallel:2"] {
            let any: AnyScopes = start(engine);
            let ran: Vec<AtomicU32> = (0..100).map(|_| AtomicU32::new(0)).collect();
            any.scope_each(ran.len(), |i| {
                ran[i].fetch_add(1, Relaxed);
            });
            any.scope_each(0, |_| unreachable!("there is no job"));
            assert!(ran.iter().all(|count| count.load(Relaxed) == 1), "{engine}");
            any.stop();
        }
    }

    #[test]
    fn jobs_of_any_engine_run() {
        for engine in ["bounded:2:capacity=100:overflow=reject", "fair:2", "threadpool:2"] {
            let any: AnyJobs = start(engine);
            assert_eq!(Start::loses_beyond(&any), engine.starts_with("bounded").then_some(100), "{engine}");
            let (send, receive) = mpsc::channel();
            for i in 0..8 {
                let send = send.clone();
                let job = move || send.send(i).expect("the receiver waits");
                match i % 4 {
                    0 => any.execute(job),
                    1 => any.execute_urgent(job),
                    2 => any.execute_of(1, job),
                    _ => any.offer(job),
                }
            }
            let mut ran: Vec<u32> = receive.iter().take(8).collect();
            ran.sort_unstable();
            assert_eq!(ran, (0..8).collect::<Vec<u32>>(), "{engine}");
            any.stop();
        }
    }

    /// Writes down how it was asked to run jobs, and runs none.
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn note(&self, what: &str) {
            self.0.lock().unwrap().push(what.to_owned());
        }
    }

    impl Start for Notes {
        fn start(_: &Spec) -> Result<Self, SpecError> {
            Ok(Notes(Arc::default()))
        }

        fn stop(self) {
            self.note("stop");
        }

        fn loses_beyond(&self) -> Option<usize> {
            Some(7)
        }
    }

    impl Jobs for Notes {
        fn execute<F: FnOnce() + Send + 'static>(&self, _: F) {
            self.note("execute");
        }

        fn execute_urgent<F: FnOnce() + Send + 'static>(&self, _: F) {
            self.note("execute_urgent");
        }

        fn execute_of<F: FnOnce() + Send + 'static>(&self, tenant: u16, _: F) {
            self.note(&format!("execute_of {tenant}"));
        }

        fn offer<F: FnOnce() + Send + 'static>(&self, _: F) {
            self.note("offer");
        }
    }

    #[test]
    fn every_way_to_submit_reaches_the_engine() {
        let notes = Arc::default();
        let any = AnyJobs { engine: Box::new(Notes(Arc::clone(&notes))), watcher: None };
        any.execute(|| ());
        any.execute_urgent(|| ());
        any.execute_of(300, || ());
        any.offer(|| ());
        assert_eq!(Start::loses_beyond(&any), Some(7));
        any.stop();
        assert_eq!(*notes.lock().unwrap(), ["execute", "execute_urgent", "execute_of 300", "offer", "stop"]);
    }
}
