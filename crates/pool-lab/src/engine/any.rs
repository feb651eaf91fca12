//! An engine whose type is not known: what the workloads of other crates run on.
//!
//! The compiler makes each pair of an engine and a workload where it knows both. Of a workload in another crate it knows none of
//! our engines' types, so such a workload runs on [`AnyJobs`], [`AnyJoins`] or [`AnyScopes`]: a box and an indirect call for
//! each job, or two indirect calls for each join, on every engine alike.

use std::any::Any;

use super::traits::{Jobs, Joins, Scopes, Start};
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

pub(crate) trait DynJobs: DynStart {
    fn execute_boxed(&self, job: BoxedJob, urgent: bool);
}

impl<E: Jobs> DynJobs for E {
    fn execute_boxed(&self, job: BoxedJob, urgent: bool) {
        if urgent { self.execute_urgent(job) } else { self.execute(job) }
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
        pub struct $name(Box<dyn $object>);

        impl Start for $name {
            fn start(spec: &Spec) -> Result<Self, SpecError> {
                let mut starts = spec.engine().starts.iter();
                let begin = starts.find_map(|start| start.downcast_ref::<Begin<dyn $object>>());
                begin.expect(BOUND)(spec).map($name)
            }

            fn stop(self) {
                self.0.stop();
            }

            fn loses_beyond(&self) -> Option<usize> {
                self.0.loses_beyond()
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

impl Jobs for AnyJobs {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.0.execute_boxed(Box::new(job), false);
    }

    fn execute_urgent<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.0.execute_boxed(Box::new(job), true);
    }
}

impl Scopes for AnyScopes {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        self.0.scope_any(jobs, &job);
    }
}

/// Why the answer is there.
const RAN: &str = "an engine runs what it is given before it returns";

/// Where a closure of [`AnyJoins`] can join.
pub struct AnyContext<'c>(&'c mut (dyn DynContext + 'c));

/// Makes a closure that may be called again of one that is called once, and keeps its answer.
fn half<R>(
    closure: impl FnOnce(&mut AnyContext<'_>) -> R,
    answer: &mut Option<R>,
) -> impl FnMut(&mut dyn DynContext) {
    let mut closure = Some(closure);
    move |context| *answer = closure.take().map(|closure| closure(&mut AnyContext(context)))
}

impl Joins for AnyJoins {
    type Context<'c> = AnyContext<'c>;

    fn enter<R: Send>(&self, root: impl FnOnce(&mut AnyContext<'_>) -> R + Send) -> R {
        let mut answer = None;
        self.0.enter_any(&mut half(root, &mut answer));
        answer.expect(RAN)
    }

    fn join<A, B, RA, RB>(context: &mut AnyContext<'_>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut AnyContext<'_>) -> RA + Send,
        B: FnOnce(&mut AnyContext<'_>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let (mut left, mut right) = (None, None);
        context.0.join_any(&mut half(a, &mut left), &mut half(b, &mut right));
        (left.expect(RAN), right.expect(RAN))
    }
}
