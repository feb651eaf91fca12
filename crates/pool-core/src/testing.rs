//! What pool-conformance needs of a worker in order to test a strategy without a pool. Not a part of the interface.

use std::sync::atomic::AtomicUsize;

use crate::current::{self, PoolId};
use crate::{Idle, Ledger, Submit, trace};

/// Has the calling thread be the worker of a seat while `work` runs. `has_mail`: whether jobs lie in its mailbox.
pub fn sit<R>(ledger: &Ledger, seat: usize, has_mail: bool, work: impl FnOnce(&mut Idle<'_>) -> R) -> R {
    let _worker = current::enter(PoolId::next(), seat);
    let mail = AtomicUsize::new(usize::from(has_mail));
    let mut idle = Idle::of_worker(ledger, seat, &mail);
    idle.start_spell();
    work(&mut idle)
}

/// The worker's pop has returned.
pub fn has_popped(idle: &mut Idle<'_>) {
    idle.end();
}

/// How many workers wait for a job, or have not looked for one yet.
pub fn waiting(ledger: &Ledger) -> usize {
    ledger.waiting(0..ledger.workers()).count()
}

/// How a [ticket](Submit::is_ticket) is submitted.
pub fn ticket() -> Submit {
    Submit::ticket()
}

/// Puts the panic hook of pools with [`backtraces`](crate::Builder::backtraces) before the process's, unless a panic is under
/// way.
pub fn install_panic_hook() {
    trace::install();
}
