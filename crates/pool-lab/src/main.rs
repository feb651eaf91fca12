//! The command line of the barometer; everything is in the library.

use std::process::ExitCode;

/// Allocations are counted here, and in no program that merely links the library.
#[global_allocator]
static COUNTING: pool_lab::system::Counting = pool_lab::system::Counting;

fn main() -> ExitCode {
    pool_lab::cli::run(std::env::args_os())
}
