//! The `perflab` binary.

use std::process::ExitCode;

use clap::Parser;
use perflab_server::cli::{Cli, exit};

/// Counts what benchmark cases allocate, by plain counters of each thread: about two nanoseconds an allocation.
#[global_allocator]
static ALLOCATOR: alloc_tracker::Allocator<std::alloc::System> = alloc_tracker::Allocator::system();

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("perflab: {error:#}");
            ExitCode::from(exit::ERROR)
        }
    }
}
