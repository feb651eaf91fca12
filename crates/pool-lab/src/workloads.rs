//! The workloads, one file for each, and their table.
//!
//! To add one: a file here, with a type that implements [`Prepare`], and [`Workload`] for every
//! engine that has what it needs; and a line in the table of that need. The file has the workload's name, `family_name.rs`.
//!
//! The tables declare the files, so `cargo fmt` does not see these: `rustfmt` has to be told their names. A test of the
//! sources checks that they are formatted.

mod choose;

use std::sync::OnceLock;

use crate::engine::settings::Settings;
use crate::engine::table::{self, TableError, is_word};
use crate::engine::{
    AnyJobs, AnyJoins, AnyScopes, Handles, IsPool, Jobs, Joins, Loops, Need, Scopes, Survives, UnderRayon,
};
use crate::workload::{About, Binding, Failure, Family, NotStarted, Outline, Prepare, Workload};
use join_dyn::Dynamic;

/// A row of the table of workloads.
pub struct Row {
    /// The workload.
    pub about: &'static About,
    /// What it needs of an engine.
    pub needs: Need,
    /// What is known of an iteration with these parameters; see [`Outline::of`].
    pub outline: fn(&Settings) -> Result<Option<Outline>, Failure>,
    /// How any engine runs it whose type is not known: a workload that another crate has added, and an engine that is watched from
    /// outside.
    pub(crate) any: Option<Binding>,
}

/// The rows of workloads of another crate. They run on every engine that has what they need, through a box or an indirect call
/// for each job, alike for all: see [`crate::engine::AnyJobs`].
impl Row {
    /// A workload over detached jobs: `impl<E: Jobs> Workload<E> for W`.
    pub fn jobs<W: Workload<AnyJobs>>() -> Row {
        Row {
            about: W::ABOUT,
            needs: Need::Jobs,
            outline: Outline::of::<W>,
            any: Some(Binding::new::<AnyJobs, W>()),
        }
    }

    /// A workload over joins: `impl<E: Joins> Workload<E> for W`.
    pub fn joins<W: Workload<AnyJoins>>() -> Row {
        Row {
            about: W::ABOUT,
            needs: Need::Joins,
            outline: Outline::of::<W>,
            any: Some(Binding::new::<AnyJoins, W>()),
        }
    }

    /// A workload over scopes: `impl<E: Scopes> Workload<E> for W`.
    pub fn scopes<W: Workload<AnyScopes>>() -> Row {
        Row {
            about: W::ABOUT,
            needs: Need::Scopes,
            outline: Outline::of::<W>,
            any: Some(Binding::new::<AnyScopes, W>()),
        }
    }
}

/// The workloads of one need. A workload that needs the engine in another form names that form after `on`. After `any` there is
/// the engine whose type is not known, if there is one for this need.
macro_rules! table {
    (
        $need:ident, fn $bindings:ident<E: $($bound:ident)|+>, $(any $any:ident,)? const $rows:ident;
        $(mod $file:ident :: $workload:ident $(on $form:ident)?;)+
    ) => {
        table! { @rows [$($any)?] $need, $bindings, $($bound)|+, $rows; $($file $workload [$($form)?])+ }
    };
    (
        @rows $any:tt $need:ident, $bindings:ident, $($bound:ident)|+, $rows:ident;
        $($file:ident $workload:ident [$($form:ident)?])+
    ) => {
        $(pub(crate) mod $file;)+

        /// These workloads on an engine that has what they need.
        pub(crate) fn $bindings<E: $($bound +)+>() -> Vec<Binding> {
            vec![$(table!(@bind E, $file $workload $($form)?)),+]
        }

        const $rows: &[Row] = &[$(Row {
            about: $file::$workload::ABOUT,
            needs: Need::$need,
            outline: Outline::of::<$file::$workload>,
            any: table!(@any $any $file $workload $($form)?),
        }),+];
    };
    (@bind $engine:ty, $file:ident $workload:ident) => { Binding::new::<$engine, $file::$workload>() };
    (@bind $engine:ty, $file:ident $workload:ident $form:ident) => { Binding::new::<$form<$engine>, $file::$workload>() };
    (@any [] $($workload:ident)+) => { None };
    (@any [$any:ident] $($workload:ident)+) => { Some(table!(@bind $any, $($workload)+)) };
}

table! { Jobs, fn for_jobs<E: Jobs>, any AnyJobs, const JOBS;
    mod spawn_external::External;
    mod spawn_contended::Contended;
    mod spawn_nested::Nested;
    mod spawn_uneven::Uneven;
    mod skew_one_long::OneLong;
    mod burst_few::Few;
    mod latency_ping::Ping;
    mod load_poisson::Poisson;
    mod load_tenants::Tenants;
    mod load_bursty::Bursty;
    mod load_pareto::Pareto;
    mod tick_frame::Frame;
    mod fair_producers::Producers;
    mod grain_spawn::Spawn;
    mod priority_urgent::Urgent;
    mod idle_trickle::Trickle;
    mod idle_quiet::Quiet on NotStarted;
    mod io_sleep::Sleep;
    mod lifecycle_start_stop::StartStop on NotStarted;
    mod app_mandelbrot::Mandelbrot;
    mod app_hash_tree::HashTree;
}

table! { Panics, fn for_panics<E: Survives>, const PANICS;
    mod spawn_after_panics::AfterPanics;
}

table! { Handles, fn for_handles<E: Handles>, const HANDLES;
    mod spawn_handle::Handle;
}

table! { Joins, fn for_joins<E: Joins>, any AnyJoins, const JOINS;
    mod join_fib::Fib;
    mod join_skynet::Skynet;
    mod join_tree_sum::TreeSum;
    mod join_nqueens::NQueens;
    mod join_quicksort::Quicksort;
    mod join_matmul::Matmul;
    mod join_cold::Cold;
    mod join_hidden_leaf::HiddenLeaf;
    mod join_sleep::NestedSleep;
    mod join_chain::Chain;
    mod grain_join::Join;
}

table! { JobsAndJoins, fn for_jobs_and_joins<E: Jobs | Joins>, const JOBS_AND_JOINS;
    mod skew_join_under_load::JoinUnderLoad;
}

table! { Scopes, fn for_scopes<E: Scopes>, any AnyScopes, const SCOPES;
    mod scope_flat::Flat;
    mod grain_scope::Scope;
}

table! { Loops, fn for_loops<E: Loops>, const LOOPS;
    mod loop_items::Items;
}

table! { IsPool, fn for_pools<E: IsPool>, const POOLS;
    mod join_dyn::Dyn on Dynamic;
}

table! { UnderRayon, fn for_programs<E: UnderRayon>, const PROGRAMS;
    mod real_b3sum::B3sum;
    mod real_oxipng::Oxipng;
    mod real_tokei::Tokei;
    mod real_rayon_demo::RayonDemo;
}

static ROWS: OnceLock<Vec<&Row>> = OnceLock::new();

fn built_in() -> Vec<&'static Row> {
    [JOBS, PANICS, HANDLES, JOINS, JOBS_AND_JOINS, SCOPES, LOOPS, POOLS, PROGRAMS]
        .into_iter()
        .flatten()
        .collect()
}

fn in_order(mut rows: Vec<&'static Row>) -> Vec<&'static Row> {
    // The sort is stable.
    rows.sort_by_key(|row| Family::position(row.about.family().name));
    rows
}

/// All workloads, by family; those that the program has added as well.
pub fn rows() -> &'static [&'static Row] {
    ROWS.get_or_init(|| in_order(built_in()))
}

/// Adds workloads to the table, at the start of a program: before anything else asks for the table.
///
/// # Errors
///
/// [`TableError`] when a name cannot be one, is taken, or the table is in use.
pub fn add(theirs: Vec<Row>) -> Result<(), TableError> {
    let mut rows = built_in();
    for row in theirs {
        let name = row.about.name;
        let fits = name.split_once('/').is_some_and(|(family, rest)| is_word(family) && is_word(rest));
        table::check(name, fits, "mine/echo", rows.iter().any(|known| known.about.name == name))?;
        // The table is never dropped.
        rows.push(Box::leak(Box::new(row)));
    }
    ROWS.set(in_order(rows)).map_err(|_| TableError::InUse { table: "workloads" })
}

/// The workload of this name.
pub fn find(name: &str) -> Option<&'static Row> {
    rows().iter().copied().find(|row| row.about.name == name)
}

/// The names of all workloads, in a list.
pub fn names() -> String {
    rows().iter().map(|row| row.about.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Task;

    #[test]
    fn every_workload_has_a_family_and_a_unique_name_and_says_what_it_is() {
        let mut seen = std::collections::BTreeSet::new();
        for Row { about, .. } in rows() {
            assert_eq!(about.name.split('/').count(), 2, "{}", about.name);
            assert!(Family::of(about.name).is_some(), "{}", about.name);
            assert!(seen.insert(about.name), "{}", about.name);
            assert!(!about.models.is_empty() && !about.operation.is_empty(), "{}", about.name);
            assert!(about.parameters.iter().all(|rule| !rule.about.is_empty()), "{}", about.name);
        }
    }

    #[test]
    fn what_is_singled_out_is_a_variant() {
        for Row { about, .. } in rows() {
            let variants: Vec<String> = Task::variants(about).iter().map(Task::variant).collect();
            let single = about.not_in_bench.iter().copied().chain(about.headline);
            for variant in single {
                assert!(variants.iter().any(|known| known == variant), "{}:{variant}", about.name);
            }
        }
    }
}
