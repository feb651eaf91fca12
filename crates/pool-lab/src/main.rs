//! The command line of the barometer; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    pool_lab::cli::run(std::env::args_os())
}
