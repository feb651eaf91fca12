//! The workloads, one file for each or for a few of a kind. The table is in [`crate::workload`].

pub(crate) mod after_panics;
pub(crate) mod burst;
pub(crate) mod chain;
mod effort;
pub(crate) mod fib;
pub(crate) mod flat;
mod generated_tree;
pub(crate) mod handle;
pub(crate) mod hash_tree;
pub(crate) mod hidden_leaf;
pub(crate) mod idle;
pub(crate) mod join_under_load;
pub(crate) mod lifecycle;
pub(crate) mod mandelbrot;
pub(crate) mod matmul;
pub(crate) mod nested_sleep;
pub(crate) mod nqueens;
pub(crate) mod one_long;
pub(crate) mod ping;
pub(crate) mod quicksort;
pub(crate) mod sleep;
pub(crate) mod spawn;
pub(crate) mod tree_sum;
pub(crate) mod uneven;
pub(crate) mod urgent;
