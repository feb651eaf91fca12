//! How a pool is built: its settings are checked, and its first workers started.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::ThreadPool;
use super::builder::{Builder, MOST_STACK, MOST_THREADS};
use super::core::Core;
use super::settings::Settings;
use super::worker::{self, Starter};
use super::worker_table::WorkerTable;
use crate::adapter::PoolContext;
use crate::blocking::WorkerManager;
use crate::current::current;
use crate::job::context::JobContext;
use crate::observe::observer::Observed;
use crate::os::cpu_limit::{Follower, Source};
use crate::os::cpu_set::CpuSet;
use crate::os::process_fork;
use crate::panic::Panic;
use crate::strategy::Inlet;
use crate::strategy::Strategy;
use crate::sync::parking::{Order, Parking};
use crate::{BuildError, panic_location};

impl<S: Strategy> Builder<S> {
    /// Starts the pool. Returns once the threads exist; what is submitted before they have arrived waits for them. With an
    /// [`on_start`](Builder::on_start) hook, which may fail, it returns once every worker has got past that, and with express
    /// workers (pool-priority) once all are there.
    ///
    /// # Errors
    ///
    /// [`BuildError`] when a setting makes no sense, when the operating system refuses a thread, or when a worker
    /// panics while starting. Workers that had started are stopped and joined.
    pub fn build(mut self) -> Result<ThreadPool<S>, BuildError> {
        if self.scaling.is_none() {
            self.threads.get_or_insert_default();
        }
        if let Some(worker) = current().filter(|_| self.enrolls_caller) {
            return Err(BuildError::IsWorker { index: worker.index });
        }
        let (most, bounds) = self.checked_bounds()?;
        let name = self.checked_name()?;
        let slots = self.checked_slots(*bounds.end())?;
        self.check_stack_size()?;
        // In a pool that scales, workers that sleep for long are to leave. So one worker is woken as often as can be.
        let order = if self.scaling.is_some() { Order::LastInFirstOut } else { Order::ByCpu };
        let mut parking = Parking::new(slots, order);
        if let Some(observer) = self.observer.take().map(Observed::new) {
            self.config.observer = Some(observer.clone());
            let tell = move |worker| observer.tell(|observer| observer.before_wake(worker));
            parking = parking.before_wake(tell);
        }
        let parking = Arc::new(parking);
        let ends = self.strategy.open(slots, &parking)?;
        let opened = ends.outlets.len();
        if opened != slots {
            return Err(BuildError::Outlets { strategy: S::NAME, opened, slots });
        }
        let limit = self.cpu_limit.as_ref().and_then(Source::limit);
        let process = CpuSet::of_process();
        let starter = if process.is_some_and(|(_, is_callers)| is_callers) {
            Starter::OnPoolCpus
        } else {
            Starter::OnAnyCpu
        };
        let settings = self.settings(most, limit, process.map(|(cpus, _)| cpus))?;
        let limit = limit.map(|cpus| cpus.saturating_mul(self.threads_per_cpu()));
        let threads = self.first_threads(most, limit).max(*bounds.start());
        let mut table = WorkerTable::new(threads, bounds, slots);
        table.set_ceiling(limit.filter(|_| settings.scales).unwrap_or(usize::MAX));
        if self.config.backtraces {
            panic_location::install();
        }
        let mut context = JobContext::new(&name, slots, self.on_panic, &self.config, true);
        context.watch_limits(self.on_overdue, settings.cpu_set);
        context.admit_within(self.admit_within);
        context.set_urgency(ends.inlet.urgency());
        let id = context.id();
        let context = PoolContext::new(context, self.strategy.job_order());
        let core = Core::new(context, ends, parking, table, settings, worker::start_from_anywhere);
        core.link_to_context();
        let worker_manager: Arc<dyn WorkerManager> = core.clone();
        core.context().worker_manager().set(Arc::downgrade(&worker_manager));
        process_fork::register(core.clone());
        // From here on dropping the pool stops whatever has started.
        let pool = ThreadPool { core, id };
        let building = Expected::new(&pool.core);
        let started = start_all(&pool.core, threads, starter, self.enrolls_caller);
        if pool.core.settings.may_be_empty || self.enrolls_caller {
            // What the builder has kept from ending keeps itself from now on.
            pool.core.lifecycle.keep_open();
            building.forget();
        } else {
            drop(building);
        }
        started.map(|()| pool)
    }

    /// How many workers the pool has while no limit of a container says otherwise, and between which numbers it can be
    /// resized.
    fn checked_bounds(&self) -> Result<(usize, RangeInclusive<usize>), BuildError> {
        if let Some(scaling) = self.scaling {
            scaling.check()?;
            return Ok((scaling.min, scaling.min..=scaling.max));
        }
        let asked = self.threads.unwrap_or_default();
        let threads = asked.get();
        let unlimited = if self.cpu_limit.is_some() { asked.at_most() } else { threads };
        let max = self.max_threads.unwrap_or(unlimited);
        match threads {
            0 => Err(BuildError::ZeroThreads),
            _ if threads > max => Err(BuildError::BeyondMax { threads, max }),
            _ => Ok((unlimited.min(max), 1..=max)),
        }
    }

    fn threads_per_cpu(&self) -> usize {
        if self.scaling.is_some() { 1 } else { self.threads.unwrap_or_default().per_cpu() }
    }

    /// How many workers the pool starts with, of so many at most, under this limit.
    fn first_threads(&self, most: usize, limit: Option<usize>) -> usize {
        match limit {
            Some(limit) => limit.min(most),
            None if self.scaling.is_some() => most,
            // There may be a limit of another kind, which is not followed.
            None => self.threads.unwrap_or_default().get(),
        }
    }

    fn checked_slots(&self, most: usize) -> Result<usize, BuildError> {
        let asked = most.saturating_add(self.spare_threads);
        if asked > MOST_THREADS {
            return Err(BuildError::TooManyThreads { asked, most: MOST_THREADS });
        }
        Ok(asked)
    }

    fn check_stack_size(&self) -> Result<(), BuildError> {
        match self.stack_size {
            Some(asked) if asked > MOST_STACK => {
                Err(BuildError::TooLarge { what: "stack size", asked, most: MOST_STACK })
            }
            _ => Ok(()),
        }
    }

    fn settings(
        &self,
        threads: usize,
        cpu_limit: Option<usize>,
        process: Option<CpuSet>,
    ) -> Result<Settings, BuildError> {
        #[cfg(feature = "affinity")]
        let cpus = self.pinning.cpus(process.as_ref())?;
        #[cfg(feature = "affinity")]
        let process = super::pinning::set_of(&cpus, process);
        Ok(Settings {
            stack_size: self.stack_size,
            cpu_set: process,
            #[cfg(feature = "affinity")]
            cpus,
            spawn_handler: self.spawn_handler.clone(),
            thread_names: self.thread_names.clone(),
            on_start: self.on_start.clone(),
            on_stop: self.on_stop.clone(),
            helping: self.helping,
            scales: self.scaling.is_some(),
            may_be_empty: self.scaling.is_some_and(|scaling| scaling.min == 0),
            keep_alive: self.scaling.map(|scaling| scaling.keep_alive).unwrap_or_default(),
            queue_wait: self.scaling.and_then(|scaling| scaling.queue_wait),
            cpu_limit: self.cpu_limit.clone().map(|source| Follower::new(source, cpu_limit)),
            threads_per_cpu: self.threads_per_cpu(),
            threads,
        })
    }

    fn checked_name(&self) -> Result<String, BuildError> {
        let name = self.name.clone().unwrap_or_else(|| S::NAME.to_owned());
        if name.contains('\0') { Err(BuildError::Name(name)) } else { Ok(name) }
    }
}

/// A worker that is about to be started, or the builder, counted as alive: the pool does not end without it. Dropping this ends
/// the count, also in a panic; or the drop of the pool would wait for ever.
struct Expected<'a, S: Strategy>(&'a Core<S>);

impl<'a, S: Strategy> Expected<'a, S> {
    fn new(core: &'a Core<S>) -> Self {
        core.lifecycle.add_alive();
        Expected(core)
    }

    /// From here on the worker itself tells when it is gone.
    fn forget(self) {
        std::mem::forget(self);
    }
}

impl<S: Strategy> Drop for Expected<'_, S> {
    fn drop(&mut self) {
        self.0.worker_has_ended();
    }
}

fn start_all<S: Strategy>(
    core: &Arc<Core<S>>,
    threads: usize,
    starter: Starter,
    enrolls_caller: bool,
) -> Result<(), BuildError> {
    if enrolls_caller {
        worker::enroll(core, 0);
    }
    for index in usize::from(enrolls_caller)..threads {
        let worker = Expected::new(core);
        // Open and not only expected: the table has these workers as there from the beginning, so they count as idle.
        core.mailboxes.open(index);
        worker::start(core, index, starter).map_err(|source| BuildError::Spawn { index, source })?;
        worker.forget();
    }
    if !core.settings.on_start.is_set() && core.all_serve_all() {
        // Nothing can go wrong any more: all are starting, and the first to start takes what there is.
        core.lifecycle.finish_building();
        return Ok(());
    }
    core.lifecycle.wait_started().map_err(|payload| BuildError::Start(Panic::new(payload)))
}
