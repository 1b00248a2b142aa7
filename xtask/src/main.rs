//! The commands of this repository: `cargo xtask <verb>`.
//!
//! In:  a verb and its options. Out: builds, a running lab, or a verdict on the whole tree, with a line of progress for
//! every step. Each verb sets up what it can, and names the command for what it cannot.

mod bench;
mod bundle;
mod cargo;
mod demo;
mod dev;
mod postgres;
mod process;
mod project;
mod redis;
mod report;
mod services;
mod setup;
mod site;
mod stall;
mod stop;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Set-up, builds, the development loop, tests, the release bundle.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Builds the lab as it is released, starts it with the reference target, and opens it.
    Demo(demo::Options),
    /// Builds the lab, starts it with the reference target, and does so again whenever a file changes.
    Dev(dev::Options),
    /// Runs every test there is; installs what they need, or says how to.
    Test(test::Options),
    /// Format, lints, and whether the browser's half compiles: the quick part of `test`.
    Check,
    /// Measures one stalling target by arrivals and by users who wait, and shows what the latter do not see.
    Stall,
    /// Measures perflab itself and writes docs/benchmarks.md.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Builds the site alone: wasm, scripts, styles, each compressed beforehand.
    Wasm,
    /// Builds the release binary with the site inside it.
    Bundle,
}

fn main() -> ExitCode {
    match Cli::parse().verb.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Verb {
    fn run(self) -> Result<ExitCode> {
        stop::listen()?;
        match self {
            Self::Demo(options) => demo::run(&options)?,
            Self::Dev(options) => dev::run(&options)?,
            Self::Test(options) => return test::run(&options),
            Self::Check => return test::check(),
            Self::Stall => stall::run()?,
            Self::Bench { bench } => bench::run(&bench)?,
            Self::Wasm => drop(site::build()?),
            Self::Bundle => drop(bundle::build()?),
        }
        Ok(ExitCode::SUCCESS)
    }
}
