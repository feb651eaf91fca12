//! Which pool this thread is working for, if any.

use std::borrow::Cow;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::name::Name;

/// The identity of a pool: no two pools of a process have the same, even after one is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolId(NonZeroU64);

impl PoolId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Relaxed);
        PoolId(NonZeroU64::new(id).expect("fewer than 2^64 pools are built"))
    }
}

/// A worker, as the job that it runs sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Current {
    /// The worker's pool, to be compared with [`Pool::id`](crate::Pool::id).
    pub pool: PoolId,
    /// The worker's number in the pool, from 0.
    pub index: usize,
}

thread_local! {
    // None has a destructor, so all can be read while other thread-local values are being dropped.
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
    static MEMBER_OF: Cell<Option<PoolId>> = const { Cell::new(None) };
    static JOB_NAME: Cell<ManuallyDrop<Option<Name>>> = const { Cell::new(ManuallyDrop::new(None)) };
}

/// The worker that the calling thread is, or `None` on a thread of no pool.
///
/// ```
/// # use pool_core::{current, PoolId};
/// fn is_worker_of(pool: PoolId) -> bool {
///     current().is_some_and(|worker| worker.pool == pool)
/// }
/// ```
#[inline]
pub fn current() -> Option<Current> {
    CURRENT.get()
}

/// Marks this thread as a worker until the guard is dropped.
pub(crate) fn enter(pool: PoolId, index: usize) -> Entered {
    Entered { before: CURRENT.replace(Some(Current { pool, index })) }
}

pub(crate) struct Entered {
    before: Option<Current>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// Marks this thread as one that the pool started, for the rest of its life: it must not wait for its own end, not
/// even from a thread-local destructor, when it is no worker any more.
pub(crate) fn become_member(pool: PoolId) {
    MEMBER_OF.set(Some(pool));
}

/// As [`become_member`], until the guard is dropped: for a thread from outside that does what the pool ends with.
pub(crate) fn stand_in(pool: PoolId) -> StandsIn {
    StandsIn { before: MEMBER_OF.replace(Some(pool)) }
}

pub(crate) struct StandsIn {
    before: Option<PoolId>,
}

impl Drop for StandsIn {
    fn drop(&mut self) {
        MEMBER_OF.set(self.before);
    }
}

pub(crate) fn is_member(pool: PoolId) -> bool {
    MEMBER_OF.get() == Some(pool)
}

/// The [name](crate::Attributes::name) of the job that this thread runs, if it has one. In the panic handler, that of the
/// job that panicked.
///
/// ```
/// fn log(line: &str) {
///     println!("[{}] {line}", pool_core::job_name().as_deref().unwrap_or("-"));
/// }
/// ```
pub fn job_name() -> Option<Cow<'static, str>> {
    current_name().map(Cow::from)
}

/// As [`job_name`], without a copy.
pub(crate) fn current_name() -> Option<Name> {
    let name = replace_name(None);
    replace_name(name.clone());
    name
}

pub(crate) fn has_name() -> bool {
    let name = replace_name(None);
    let has_name = name.is_some();
    replace_name(name);
    has_name
}

fn replace_name(name: Option<Name>) -> Option<Name> {
    ManuallyDrop::into_inner(JOB_NAME.replace(ManuallyDrop::new(name)))
}

/// Names the job that this thread runs until the guard is dropped.
pub(crate) fn enter_named(name: Option<Name>) -> Named {
    Named { before: replace_name(name) }
}

pub(crate) struct Named {
    before: Option<Name>,
}

impl Drop for Named {
    fn drop(&mut self) {
        replace_name(self.before.take());
    }
}
