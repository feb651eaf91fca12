//! The pools that are exported.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pool_core::{Pool, Stats, Timings};

/// The pools that are exported, and the bounds of the histograms. A clone is the same list, so that pools may be added and removed
/// after it was registered.
///
/// It keeps no pool alive: one that is dropped is not exported any more, and its name is free.
#[derive(Clone)]
pub struct Pools(Arc<Shared>);

struct Shared {
    entries: Mutex<Vec<Entry>>,
    bounds: Vec<Duration>,
}

struct Entry {
    name: String,
    read: Box<dyn Fn() -> Option<(Stats, Option<Timings>)> + Send>,
}

/// What a pool has counted and timed by now.
pub(crate) struct Reading {
    pub(crate) name: String,
    pub(crate) stats: Stats,
    pub(crate) timings: Option<Timings>,
}

/// Two pools cannot be exported under one name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pool is exported as {0:?} already; give this one another name, or add it under one with `add_as`")]
pub struct NameTaken(String);

/// A third of a decade from one to the next, about, from 1 us to 1 minute.
const BOUNDS_US: [u64; 24] = [
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

impl Pools {
    /// None yet. The histograms have bounds from 1 us to 1 minute, three in a decade.
    pub fn new() -> Self {
        Self::with_bounds(BOUNDS_US.map(Duration::from_micros))
    }

    /// None yet, and histograms with these bounds. What is longer than the last counts in a bucket that has none.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use pool_metrics::Pools;
    /// // Is the service within its objective?
    /// let pools = Pools::with_bounds([50, 100, 200, 400].map(Duration::from_millis));
    /// ```
    pub fn with_bounds(bounds: impl IntoIterator<Item = Duration>) -> Self {
        let mut bounds: Vec<Duration> = bounds.into_iter().collect();
        bounds.sort_unstable();
        bounds.dedup();
        Pools(Arc::new(Shared { entries: Mutex::default(), bounds }))
    }

    /// Exports this pool under its own name.
    ///
    /// # Errors
    ///
    /// [`NameTaken`] if there is another one of that name.
    pub fn add<P: Pool + ?Sized + 'static>(&self, pool: &Arc<P>) -> Result<(), NameTaken> {
        self.add_as(pool.name(), pool)
    }

    /// Exports this pool under another name.
    ///
    /// # Errors
    ///
    /// [`NameTaken`] if there is another one of that name.
    pub fn add_as<P: Pool + ?Sized + 'static>(
        &self,
        name: impl Into<String>,
        pool: &Arc<P>,
    ) -> Result<(), NameTaken> {
        let (name, pool) = (name.into(), Arc::downgrade(pool));
        let read = move || pool.upgrade().map(|pool| (pool.stats(), pool.timings()));
        let mut entries = self.entries();
        entries.retain(|entry| (entry.read)().is_some());
        if entries.iter().any(|entry| entry.name == name) {
            return Err(NameTaken(name));
        }
        entries.push(Entry { name, read: Box::new(read) });
        Ok(())
    }

    /// Exports the pool of this name no more. Returns whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let mut entries = self.entries();
        let before = entries.len();
        entries.retain(|entry| entry.name != name);
        entries.len() < before
    }

    /// Reads each pool once.
    pub(crate) fn read(&self) -> Vec<Reading> {
        let read = |entry: &Entry| {
            let (stats, timings) = (entry.read)()?;
            Some(Reading { name: entry.name.clone(), stats, timings })
        };
        self.entries().iter().filter_map(read).collect()
    }

    pub(crate) fn bounds(&self) -> &[Duration] {
        &self.0.bounds
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Pools {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries().iter().map(|entry| &entry.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use pool_bounded::BoundedPool;

    use super::*;

    fn pool() -> Arc<BoundedPool> {
        Arc::new(BoundedPool::builder().threads(1).build().unwrap())
    }

    #[test]
    fn a_name_is_taken_for_as_long_as_its_pool_lives() {
        let (pools, first, second) = (Pools::new(), pool(), pool());
        pools.add(&first).unwrap();
        let error = pools.add(&second).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a pool is exported as \"bounded\" already; give this one another name, or add it under one with `add_as`"
        );
        let second: Arc<dyn Pool> = second;
        pools.add_as("other", &second).unwrap();
        assert_eq!(format!("{pools:?}"), r#"["bounded", "other"]"#);
        drop(first);
        pools.add(&second).unwrap();
        assert!(pools.remove("other") && !pools.remove("other"));
        let names: Vec<String> = pools.read().into_iter().map(|reading| reading.name).collect();
        assert_eq!(names, ["bounded"]);
    }

    #[test]
    fn a_dropped_pool_is_not_read() {
        let (pools, pool) = (Pools::new(), pool());
        pools.clone().add(&pool).unwrap();
        assert_eq!(pools.read().len(), 1);
        drop(pool);
        assert!(pools.read().is_empty());
    }

    #[test]
    fn bounds_are_put_in_order() {
        let millis = |bounds: &[u64]| bounds.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!(Pools::with_bounds(millis(&[5, 1, 5, 2])).bounds(), millis(&[1, 2, 5]));
    }
}
