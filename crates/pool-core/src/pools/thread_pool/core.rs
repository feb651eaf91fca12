//! What submitters and workers share.

use std::io;
use std::sync::{Arc, Mutex, Weak};

use super::going_on::GoingOn;
use super::intake::Intake;
use super::lifecycle::Lifecycle;
use super::mailbox::Mailboxes;
use super::retired_threads::RetiredThreads;
use super::room::Line;
use super::settings::Settings;
use super::side_queue::SideQueue;
use super::signals::Signal;
use super::slot::WorkerSlot;
use super::worker_table::WorkerTable;
use crate::adapter::PoolContext;
use crate::os::process_fork::AtFork;
use crate::strategy::{Ends, Helper, Outlet, Strategy};
use crate::sync::gate::Gate;
use crate::sync::parking::Parking;
use crate::{Helping, PoolState};

/// Starts a thread for the worker of this slot.
pub(super) type StartThread<S> = fn(&Arc<Core<S>>, usize) -> io::Result<()>;

pub(super) struct Core<S: Strategy> {
    /// For a submitter that starts a worker, which holds the core.
    me: Weak<Core<S>>,
    /// Starts a thread in a slot. Handed in, since the loop of a worker lies above all this.
    start_thread: StartThread<S>,
    pub(super) context: Arc<PoolContext>,
    pub(super) gate: Gate<Intake<S::Inlet>>,
    pub(super) parking: Arc<Parking>,
    pub(super) side_queue: SideQueue,
    pub(super) going_on: GoingOn,
    pub(super) line: Line,
    pub(super) mailboxes: Mailboxes,
    pub(super) lifecycle: Lifecycle,
    pub(super) slots: Box<[WorkerSlot<S::Outlet>]>,
    /// Whether the worker of each slot serves every job.
    serves_all: Box<[bool]>,
    pub(super) spare: Mutex<S::Outlet>,
    /// The strategy's own way to take work in the midst of a job, if it has one.
    pub(super) helper: Option<Box<dyn Helper>>,
    /// Held by the thread that joins the workers, so that a second shutdown returns no sooner than the first.
    pub(super) joining: Mutex<()>,
    pub(super) retired: RetiredThreads,
    pub(super) settings: Settings,
    /// A submission takes more than a push.
    pub(super) is_careful: bool,
}

impl<S: Strategy> Core<S> {
    /// The core of a pool whose first slots are about to be taken, as the worker table says.
    pub(super) fn new(
        context: PoolContext,
        ends: Ends<S>,
        parking: Arc<Parking>,
        mut table: WorkerTable,
        settings: Settings,
        start_thread: StartThread<S>,
    ) -> Arc<Self> {
        let helper = S::helper(&ends);
        let serves_all: Box<[bool]> = ends.outlets.iter().map(|outlet| !outlet.is_reserved()).collect();
        table.set_reserved(serves_all.iter().map(|all| !all));
        let slots: Box<[_]> = ends.outlets.into_iter().map(WorkerSlot::new).collect();
        let has_spares = slots.len() > *table.bounds().end();
        let is_careful = settings.scales || has_spares || context.is_careful();
        let lifecycle = Lifecycle::new(table);
        lifecycle.signals.put(Signal::ADAPTS, settings.scales || settings.cpu_limit.is_some());
        Arc::new_cyclic(|me| Core {
            me: me.clone(),
            start_thread,
            gate: Gate::new(
                context.entry_counters().clone(),
                Intake::new(ends.inlet, parking.clone()),
                me.clone(),
            ),
            parking,
            context: Arc::new(context),
            side_queue: SideQueue::default(),
            going_on: GoingOn::default(),
            line: Line::new(),
            mailboxes: Mailboxes::new(slots.len(), settings.helping == Helping::Any),
            lifecycle,
            slots,
            serves_all,
            spare: Mutex::new(ends.spare),
            helper,
            joining: Mutex::new(()),
            retired: RetiredThreads::default(),
            is_careful,
            settings,
        })
    }

    /// Whether the worker in this slot serves every job.
    pub(super) fn serves_all(&self, slot: usize) -> bool {
        self.serves_all[slot]
    }

    pub(super) fn all_serve_all(&self) -> bool {
        self.serves_all.iter().all(|all| *all)
    }

    pub(super) fn context(&self) -> &Arc<PoolContext> {
        &self.context
    }

    /// The core itself, to be kept. The caller holds it.
    pub(super) fn me(&self) -> &Weak<Self> {
        &self.me
    }

    /// Starts a worker in this slot.
    pub(super) fn start_worker(&self, slot: usize) -> io::Result<()> {
        let core = self.me.upgrade().expect("the caller holds the core");
        (self.start_thread)(&core, slot)
    }

    pub(super) fn state(&self) -> PoolState {
        self.lifecycle.state()
    }
}

impl<S: Strategy> AtFork for Core<S> {
    fn forked(&self) {
        self.lifecycle.forked();
        self.context.forked();
        self.gate.abandon();
    }
}
