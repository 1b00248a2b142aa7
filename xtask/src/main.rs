//! The commands of this repository: `cargo xtask <verb>`.
//!
//! In:  a verb and its options. Out: builds, a running lab, or a verdict on the whole tree, with a line of progress for
//! every step. Each verb sets up what it can, and names the command for what it cannot.

mod bundle;
mod cargo;
mod process;
mod project;
mod report;
mod site;
mod stop;

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
    /// Builds the site alone: wasm, scripts, styles, each compressed beforehand.
    Wasm,
    /// Builds the release binary with the site inside it.
    Bundle,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    stop::listen()?;
    match cli.verb {
        Verb::Wasm => site::build().map(drop),
        Verb::Bundle => bundle::build().map(drop),
    }
}
