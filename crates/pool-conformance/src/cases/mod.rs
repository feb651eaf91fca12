//! The cases, a file for each theme.

pub(crate) mod discipline;
pub(crate) mod ending;
pub(crate) mod static_path;

mod attributes;
mod broadcasting;
mod cancelling;
mod captures;
mod closures;
mod counting;
mod dynamic;
mod empty;
mod forking;
mod futures;
mod groups;
mod handles;
mod hooks;
mod in_place;
mod job_hooks;
mod job_names;
mod lifecycle;
mod limit;
mod loops;
mod loss;
mod map_ordered;
mod numbers;
mod observing;
mod order;
mod overdue;
mod panics;
mod reentry;
mod rejection;
mod scope_attributes;
mod scopes;
mod shutdown;
mod shutdown_now;
mod spawn_async;
mod threads;
mod timers;
mod timing;
mod token_waits;
mod try_spawn;
mod unrun;
mod visibility;
mod waiting;
mod worker_local;
mod workforce;

use crate::Case;

/// Every case that can be run on any pool.
pub fn cases() -> Vec<Case> {
    [
        visibility::cases(),
        order::cases(),
        limit::cases(),
        counting::cases(),
        panics::cases(),
        rejection::cases(),
        reentry::cases(),
        try_spawn::cases(),
        spawn_async::cases(),
        handles::cases(),
        groups::cases(),
        in_place::cases(),
        futures::cases(),
        cancelling::cases(),
        token_waits::cases(),
        attributes::cases(),
        unrun::cases(),
        overdue::cases(),
        waiting::cases(),
        scopes::cases(),
        scope_attributes::cases(),
        loops::cases(),
        map_ordered::cases(),
        worker_local::cases(),
        timers::cases(),
        forking::cases(),
        shutdown::cases(),
        shutdown_now::cases(),
        ending::cases(),
        loss::cases(),
        hooks::cases(),
        job_hooks::cases(),
        job_names::cases(),
        observing::cases(),
        timing::cases(),
        threads::cases(),
        workforce::cases(),
        numbers::cases(),
        empty::cases(),
        lifecycle::cases(),
        broadcasting::cases(),
        closures::cases(),
        captures::cases(),
        dynamic::cases(),
    ]
    .concat()
}
