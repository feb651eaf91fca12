//! Scopes: tasks that borrow.

use std::fmt;

use pool_core::{JobOrder, PoolExt, SharedScope};

use crate::broadcast::{BroadcastContext, broadcast};
use crate::registry::{Registry, current_or_global};
use crate::wrapped::Wrapped;
pub use crate::wrapped::{Scope, ScopeFifo};

/// Runs `op` on a worker, then every task that it spawned, and returns its result.
///
/// # Panics
///
/// With the panic of `op`, or else with that of a task, when all have ended.
pub fn scope<'scope, OP, R>(op: OP) -> R
where
    OP: FnOnce(&Scope<'scope>) -> R + Send,
    R: Send,
{
    current_or_global().scope(op)
}

/// As [`scope`], for tasks that run the oldest first.
///
/// # Panics
///
/// As for [`scope`].
pub fn scope_fifo<'scope, OP, R>(op: OP) -> R
where
    OP: FnOnce(&ScopeFifo<'scope>) -> R + Send,
    R: Send,
{
    current_or_global().scope_fifo(op)
}

/// As [`scope`], with `op` on the calling thread.
///
/// # Panics
///
/// As for [`scope`].
pub fn in_place_scope<'scope, OP, R>(op: OP) -> R
where
    OP: FnOnce(&Scope<'scope>) -> R,
{
    current_or_global().in_place_scope(op)
}

/// As [`scope_fifo`], with `op` on the calling thread.
///
/// # Panics
///
/// As for [`scope`].
pub fn in_place_scope_fifo<'scope, OP, R>(op: OP) -> R
where
    OP: FnOnce(&ScopeFifo<'scope>) -> R,
{
    current_or_global().in_place_scope_fifo(op)
}

impl Registry {
    pub(crate) fn scope<'scope, R: Send>(&self, op: impl FnOnce(&Scope<'scope>) -> R + Send) -> R {
        self.install(|| self.in_place_scope(op))
    }

    pub(crate) fn scope_fifo<'scope, R: Send>(&self, op: impl FnOnce(&ScopeFifo<'scope>) -> R + Send) -> R {
        self.install(|| self.in_place_scope_fifo(op))
    }

    pub(crate) fn in_place_scope<'scope, R>(&self, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
        self.pool().shared_scope(JobOrder::NewestFirst, |scope| op(Scope::of(scope)))
    }

    pub(crate) fn in_place_scope_fifo<'scope, R>(&self, op: impl FnOnce(&ScopeFifo<'scope>) -> R) -> R {
        self.pool().shared_scope(JobOrder::OldestFirst, |scope| op(ScopeFifo::of(scope)))
    }
}

impl<'scope> Scope<'scope> {
    /// Spawns a task, which is called with the scope.
    pub fn spawn<BODY>(&self, body: BODY)
    where
        BODY: FnOnce(&Scope<'scope>) + Send + 'scope,
    {
        spawn(self, body);
    }

    /// Spawns a task on every worker of the pool.
    pub fn spawn_broadcast<BODY>(&self, body: BODY)
    where
        BODY: Fn(&Scope<'scope>, BroadcastContext<'_>) + Send + Sync + 'scope,
    {
        spawn_everywhere(self, body);
    }
}

impl<'scope> ScopeFifo<'scope> {
    /// Spawns a task, which is called with the scope.
    pub fn spawn_fifo<BODY>(&self, body: BODY)
    where
        BODY: FnOnce(&ScopeFifo<'scope>) + Send + 'scope,
    {
        spawn(self, body);
    }

    /// Spawns a task on every worker of the pool.
    pub fn spawn_broadcast<BODY>(&self, body: BODY)
    where
        BODY: Fn(&ScopeFifo<'scope>, BroadcastContext<'_>) + Send + Sync + 'scope,
    {
        spawn_everywhere(self, body);
    }
}

fn spawn<'scope, S: Wrapped<'scope>>(scope: &S, body: impl FnOnce(&S) + Send + 'scope) {
    scope.inner().execute(move |scope: &SharedScope<'scope>| body(S::of(scope)));
}

/// The task runs on a worker, and its broadcast goes to that worker's pool.
fn spawn_everywhere<'scope, S: Wrapped<'scope>>(
    scope: &S,
    body: impl Fn(&S, BroadcastContext<'_>) + Send + Sync + 'scope,
) {
    spawn(scope, move |scope| {
        broadcast(|context| body(scope, context));
    });
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(self.inner()).finish()
    }
}

impl fmt::Debug for ScopeFifo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScopeFifo").field(self.inner()).finish()
    }
}
