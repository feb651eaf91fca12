//! A slot: it keeps the outlet between two workers, and the thread of the present one.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::strategy::Outlet;

/// After so many failed starts in a row a slot stays empty.
pub(super) const MOST_FAILED_STARTS: u32 = 3;

pub(super) struct WorkerSlot<O> {
    inner: Mutex<Inner<O>>,
}

struct Inner<O> {
    /// `None` while a worker is here.
    outlet: Option<O>,
    thread: Option<JoinHandle<()>>,
    record: Record,
}

/// How the last workers of a slot have ended.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Record {
    /// Workers that died since one last finished a job.
    pub(super) losses: u32,
    /// Workers that could not start since one last did.
    pub(super) failed_starts: u32,
}

impl Record {
    /// How long to wait before the next worker: not at all after the first loss, then 100 ms, doubling to 10 s.
    pub(super) fn back_off(self) -> Duration {
        const FIRST: Duration = Duration::from_millis(100);
        const LONGEST: Duration = Duration::from_secs(10);
        match self.losses {
            0 | 1 => Duration::ZERO,
            losses => FIRST.saturating_mul(1 << (losses - 2).min(16)).min(LONGEST),
        }
    }
}

impl<O: Outlet> WorkerSlot<O> {
    pub(super) fn new(outlet: O) -> Self {
        let inner = Inner { outlet: Some(outlet), thread: None, record: Record::default() };
        WorkerSlot { inner: Mutex::new(inner) }
    }

    /// Occupies the slot. The outlet is back in its place when the guard is dropped, however the worker ends; also if it panics
    /// here.
    pub(super) fn occupy(&self) -> SlotGuard<'_, O> {
        let outlet = self.lock().outlet.take().expect("a slot has one worker at a time");
        let mut guard = SlotGuard { slot: self, outlet: Some(outlet), attached: false };
        guard.outlet().attach();
        guard.attached = true;
        guard
    }

    /// Starts a thread that will be here, and retires the one that was here before.
    pub(super) fn start(
        &self,
        spawn: impl FnOnce() -> io::Result<Option<JoinHandle<()>>>,
        retire: impl FnOnce(Option<JoinHandle<()>>),
    ) -> io::Result<()> {
        // The new thread needs the lock to start. So it cannot die and be replaced before it is noted here, nor can the pool
        // end before its predecessor lies where a shutdown looks for threads to join.
        let mut inner = self.lock();
        let thread = spawn()?;
        retire(std::mem::replace(&mut inner.thread, thread));
        Ok(())
    }

    pub(super) fn take_thread(&self) -> Option<JoinHandle<()>> {
        self.lock().thread.take()
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Record)) -> Record {
        let mut inner = self.lock();
        change(&mut inner.record);
        inner.record
    }

    fn lock(&self) -> MutexGuard<'_, Inner<O>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct SlotGuard<'a, O: Outlet> {
    slot: &'a WorkerSlot<O>,
    /// `None` only in `drop`.
    outlet: Option<O>,
    attached: bool,
}

impl<O: Outlet> SlotGuard<'_, O> {
    pub(super) fn outlet(&mut self) -> &mut O {
        self.outlet.as_mut().expect("the outlet is there until the guard is dropped")
    }
}

impl<O: Outlet> Drop for SlotGuard<'_, O> {
    fn drop(&mut self) {
        let mut outlet = self.outlet.take().expect("dropped once");
        if self.attached {
            outlet.detach();
        }
        self.slot.lock().outlet = Some(outlet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_doubles_from_100_ms_to_10_s() {
        let delays: Vec<u128> = [1, 2, 3, 4, 9, 40]
            .map(|losses| Record { losses, failed_starts: 0 }.back_off().as_millis())
            .into();
        assert_eq!(delays, [0, 100, 200, 400, 10_000, 10_000]);
    }
}
