//! What pool-conformance needs of a worker in order to test a strategy without a pool. Not a part of the interface.

use crate::adapter::PoolContext;
use crate::current::{self, PoolId};
use crate::strategy::{Parking, Search};
use crate::{Submit, panic_location};

/// Has the calling thread be the worker of a slot while `work` runs.
pub fn occupy<R>(
    context: &PoolContext,
    parking: &Parking,
    slot: usize,
    work: impl FnOnce(&mut Search<'_>) -> R,
) -> R {
    let _worker = current::enter(PoolId::next(), slot);
    let mut search = Search::of_worker(context, parking, slot);
    search.start();
    work(&mut search)
}

/// How a [ticket](Submit::is_ticket) is submitted.
pub fn ticket() -> Submit {
    Submit::ticket()
}

/// Puts the panic hook of pools with [`backtraces`](crate::Builder::backtraces) before the process's, unless a panic is under
/// way.
pub fn install_panic_hook() {
    panic_location::install();
}
