//! What the tickets, the handles and the waiter of a scope share.

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{
    AtomicBool, AtomicPtr,
    Ordering::{Acquire, Relaxed},
    fence,
};

use super::queue::JobQueue;
use super::spare::Spare;
use crate::JobOrder;
use crate::job::pool_context::PoolContext;
use crate::os::process_fork::refuse_to_wait;
use crate::panic::{Panic, drop_quietly};
use crate::sync::scope_progress::Progress;
use crate::sync::{Arc, lock};

pub(super) struct ScopeState {
    pub(super) context: Arc<PoolContext>,
    /// The stripe of the thread that has opened it, if that is its own.
    pub(super) home: Option<usize>,
    /// The scope that its tickets go to; else they go to the pool's queue.
    pub(super) parent: Parent,
    pub(super) jobs: JobQueue,
    pub(super) progress: Progress,
    /// The payload of the first job without a handle that panicked.
    pub(super) panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// It began in a forked child of the pool's process, where its owner runs its jobs.
    is_childs: bool,
    /// Nobody waits for the end of all jobs, which borrow nothing: a panic that no handle hears of is the pool's.
    is_detached: bool,
    /// Its owner has gone on, so no job will come: tickets that are left lead nowhere.
    pub(super) has_ended: AtomicBool,
}

thread_local! {
    /// Scopes of one pool that this thread has opened, and that have ended.
    static SPARE: Spare<Arc<ScopeState>> = const { Spare::new() };
}

impl ScopeState {
    /// The state of a new scope: one that has ended and was opened at this home, if there is one.
    pub(super) fn open(context: &Arc<PoolContext>, order: JobOrder) -> Arc<Self> {
        let home = ScopeState::home(context);
        let fits = |state: &Arc<ScopeState>| Arc::ptr_eq(&state.context, context) && state.home == home;
        let may_be_old = order == JobOrder::NewestFirst && home.is_some() && !context.is_forked();
        let spare = if may_be_old { Spare::take(&SPARE, fits) } else { None };
        let state = spare.unwrap_or_else(|| Arc::new(ScopeState::new(context.clone(), order)));
        state.parent.note(context);
        state
    }

    /// The state of a scope whose end no thread waits for.
    pub(super) fn detached(context: &Arc<PoolContext>, order: JobOrder) -> Arc<Self> {
        Arc::new(ScopeState { is_detached: true, ..ScopeState::new(context.clone(), order) })
    }

    /// The scope has ended. It is kept for the next, if nothing else holds it, such as a ticket that is left in a queue, or a handle.
    pub(super) fn keep(self: Arc<Self>) {
        // There are no weak references, so nobody makes one of this. What others have done before they let go comes before.
        let is_alone = Arc::strong_count(&self) == 1;
        fence(Acquire);
        let is_renewable = matches!(self.jobs, JobQueue::NewestFirst(_)) && !self.context.is_forked();
        if is_alone && is_renewable && self.renew() {
            Spare::keep(&SPARE, self);
        }
    }

    /// Whether the calling thread, which is this worker or none, has opened the scope, and alone has its number.
    pub(super) fn is_at_home(&self, here: Option<usize>) -> bool {
        self.is_home(self.context.stripe_of(here))
    }

    #[inline(always)]
    pub(super) fn is_home(&self, stripe: usize) -> bool {
        self.home == Some(stripe)
    }

    fn home(context: &PoolContext) -> Option<usize> {
        Some(context.stripe_of(context.index_here())).filter(|stripe| context.is_own_stripe(*stripe))
    }

    fn new(context: Arc<PoolContext>, order: JobOrder) -> Self {
        let is_childs = context.is_forked();
        let home = ScopeState::home(&context);
        let worker = context.index_here().filter(|_| home.is_some());
        let progress = Progress::new(context.workers(), worker.is_some());
        let jobs = JobQueue::new(order, context.workers(), worker);
        let (parent, panic, has_ended) = (Parent::none(), Mutex::new(None), AtomicBool::new(false));
        ScopeState { context, home, parent, jobs, progress, panic, is_childs, is_detached: false, has_ended }
    }

    /// Makes one that has ended, and that nothing else holds, as good as new. Returns whether it is.
    fn renew(&self) -> bool {
        self.has_ended.store(false, Relaxed);
        self.progress.renew()
    }

    /// Whether a scope that one of its jobs opens in this pool sends its tickets here.
    pub(super) fn may_be_parent(&self, pool: &PoolContext) -> bool {
        let is_same = std::ptr::eq(&*self.context, pool) && pool.nests_scopes();
        is_same && !self.is_detached && !pool.is_forked() && pool.index_here().is_some()
    }

    pub(super) fn has_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Aborts a child that was forked while the scope was open: others of the parent's threads may have held the locks of the
    /// scope and of its queue, and run the jobs.
    #[inline(always)]
    pub(super) fn refuse_after_fork(&self) {
        if self.is_from_before_fork() {
            refuse_to_wait("a scope");
        }
    }

    #[inline(always)]
    fn is_from_before_fork(&self) -> bool {
        self.context.is_forked() && !self.is_childs
    }

    /// Keeps the first payload, since only one can be rethrown, and drops all others.
    #[cold]
    pub(super) fn keep_panic(&self, panic: Panic) {
        if self.is_from_before_fork() {
            // It is not rethrown, and the lock may be held for ever.
            return drop_quietly(panic.into_payload());
        }
        if self.is_detached {
            return self.context.report_quietly(panic);
        }
        let payload = panic.into_payload();
        let second = {
            let mut first = lock(&self.panic);
            if first.is_some() { Some(payload) } else { first.replace(payload) }
        };
        // Without the lock, since its destructor may do anything; and the worker must not die of what that panics with.
        drop_quietly(second);
    }
}

thread_local! {
    /// The scope whose jobs this thread runs, the innermost if there are several.
    static INNERMOST: Cell<*const Arc<ScopeState>> = const { Cell::new(ptr::null()) };
}

/// While it lives, the thread runs jobs of a scope.
pub(super) struct Turn<'a> {
    before: *const Arc<ScopeState>,
    scope: PhantomData<&'a Arc<ScopeState>>,
}

impl<'a> Turn<'a> {
    pub(super) fn of(scope: &'a Arc<ScopeState>) -> Self {
        Turn { before: INNERMOST.replace(scope), scope: PhantomData }
    }
}

/// Whether this thread runs jobs of a scope, also in the midst of which it helps.
pub(super) fn is_in_turn() -> bool {
    !INNERMOST.get().is_null()
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        INNERMOST.set(self.before);
    }
}

/// The scope around a scope, if there is one.
pub(super) struct Parent(AtomicPtr<Arc<ScopeState>>);

impl Parent {
    pub(super) fn none() -> Self {
        Parent(AtomicPtr::default())
    }

    /// The calling thread opens a scope in this pool.
    pub(super) fn note(&self, pool: &PoolContext) {
        let innermost = INNERMOST.get();
        // SAFETY: a `Turn` that is alive on this thread borrows what it points to.
        let fits = unsafe { innermost.as_ref() }.is_some_and(|scope| scope.may_be_parent(pool));
        self.0.store(if fits { innermost.cast_mut() } else { ptr::null_mut() }, Relaxed);
    }

    pub(super) fn is_some(&self) -> bool {
        !self.0.load(Relaxed).is_null()
    }

    /// # Safety
    ///
    /// The scope inside is open: one of its jobs has not ended, or its owner has not gone on. So it is while the reference is used.
    pub(super) unsafe fn get(&self) -> Option<&Arc<ScopeState>> {
        // SAFETY: the scope inside was opened in a job that a `Turn` has run, and ends before that job. The turn borrows what this
        // points to, and its jobs end before it does.
        unsafe { self.0.load(Relaxed).as_ref() }
    }
}
