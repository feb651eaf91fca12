//! rayon-demo: rayon's own benchmarks, which check their answers themselves.
//!
//! A benchmark repeats itself until it knows its time, which it prints. So that is the time here, and there is no processor time.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::UnderRayon;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::program::RayonProgram;
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `real/rayon-demo`.
pub(crate) struct RayonDemo {
    program: RayonProgram,
}

/// Those that share work among threads, one of each kind.
const VARIANTS: &[&str] = &[
    "bench=factorial/factorial_join",
    "bench=factorial/factorial_par_iter",
    "bench=fibonacci/fibonacci_join_1_2",
    "bench=fibonacci/fibonacci_split_iterative",
    "bench=find/size1/parallel_find_any_end",
    "bench=find/size1/parallel_find_first_middle",
    "bench=find/size1/parallel_find_first_missing",
    "bench=join_microbench/increment_all",
    "bench=join_microbench/increment_all_atomized",
    "bench=join_microbench/increment_all_max",
    "bench=join_microbench/increment_all_min",
    "bench=join_microbench/join_recursively",
    "bench=life/bench/par_bridge_generations",
    "bench=life/bench/par_iter_generations",
    "bench=map_collect/i_mod_10_to_i/with_fold",
    "bench=map_collect/i_to_i/with_collect",
    "bench=matmul/bench/bench_matmul_strassen",
    "bench=mergesort/bench/merge_sort_par_bench",
    "bench=nbody/bench/nbody_par_iter",
    "bench=nbody/bench/nbody_parreduce",
    "bench=pythagoras/euclid_parallel_full",
    "bench=pythagoras/euclid_parallel_outer",
    "bench=quicksort/bench/quick_sort_par_bench",
    "bench=sieve/bench/sieve_parallel",
    "bench=sort/par_sort_random",
    "bench=sort/par_sort_unstable_random",
    "bench=str_split/parallel_space_char",
    "bench=tree/tree_prefix_sum",
    "bench=tsp/bench/dj10",
    "bench=vec_collect/vec_i/with_collect",
    "bench=vec_collect/vec_i_filtered/with_collect",
];

/// A rule's values cannot contain the colons between modules.
const SEPARATOR: &str = "/";

impl Prepare for RayonDemo {
    const ABOUT: &'static About = &About {
        name: "real/rayon-demo",
        models: "a benchmark of rayon-demo, which comes with rayon",
        operation: "repeat of the benchmark",
        parameters: &[Rule::new(
            "bench",
            Allowed::Text,
            "",
            "the benchmark, as the program's --list names it, with / for ::",
        )],
        variants: VARIANTS,
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let name = parameters.text("bench").replace(SEPARATOR, "::");
        Ok(RayonDemo { program: RayonProgram::new("rayon-demo")?.arguments(["--bench", "--exact", &name]) })
    }

    fn operations(&self) -> u64 {
        1
    }
}

impl<E: UnderRayon> Workload<E> for RayonDemo {
    fn get_to_know(&mut self, _: &Arc<E>) -> Result<(), Failure> {
        self.program.find::<E>()
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let ran = self.program.run(&**engine)?;
        let said = String::from_utf8_lossy(&ran.output);
        let time = time(&said).ok_or_else(|| Failure::Program(format!("rayon-demo gave no time: {said}")))?;
        watch.computed(time);
        Ok(())
    }
}

/// The time in the one line of a benchmark: `test module::name ... bench:   1,234.56 ns/iter (+/- 78)`.
fn time(said: &str) -> Option<Duration> {
    let line = said.lines().find_map(|line| line.split_once(" bench: "))?.1;
    let number = line.trim_start().strip_suffix(')').unwrap_or(line).split(" ns/iter").next()?;
    let nanoseconds: f64 = number.trim().replace(',', "").parse().ok()?;
    Some(Duration::from_secs_f64(nanoseconds / 1e9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read() {
        let said = "\nrunning 1 test\ntest find::x ... bench:   1,234,567.25 ns/iter (+/- 78.9)\n\ntest result: ok.\n";
        assert_eq!(time(said), Some(Duration::from_nanos(1_234_567)));
        assert_eq!(time("running 0 tests\n"), None);
    }
}
