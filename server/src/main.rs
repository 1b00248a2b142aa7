//! The `perflab` binary.

use std::process::ExitCode;

use clap::Parser;
use perflab_server::cli::{Cli, exit};

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("perflab: {error:#}");
            ExitCode::from(exit::ERROR)
        }
    }
}
