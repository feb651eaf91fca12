//! The global pool, in a process of its own: whatever is set stays.

use std::sync::Arc;

use pool_core::{Pool, PoolExt};
use pool_stealing::StealingPool;

#[test]
fn there_is_one_for_all() {
    assert!(pool_core::global().is_none());
    let pool = pool_stealing::global();
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    assert_eq!(pool_stealing::global().id(), pool.id());
    let shared = pool_core::global().expect("the first one asked for is everybody's");
    assert_eq!(shared.id(), pool.id());
    assert_eq!(shared.spawn(|| 3).unwrap().join().unwrap(), 3);
    let late = StealingPool::builder().threads(1).name("late").build().unwrap();
    let error = pool_core::set_global(Arc::new(late)).unwrap_err();
    assert_eq!(error.to_string(), "the process has a global pool already: global");
    assert_eq!(error.0.name(), "late");
}
