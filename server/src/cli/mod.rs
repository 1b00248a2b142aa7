//! The command line: one file for each command.

mod bounds;
mod completions;
mod exec;
mod logging;
mod run;
mod runs;
mod serve;
mod suite;
mod target;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A performance lab: launch load runs, watch them, judge them.
#[derive(Debug, Parser)]
#[command(name = "perflab", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the lab: web app, API and (unless --no-worker) a worker.
    Serve(serve::ServeArgs),
    /// Work for a lab from another process or machine, on the same Postgres.
    Worker(worker::WorkerArgs),
    /// Run a scenario of a suite file on the spot, or launch it on a lab with --server.
    Run(Box<run::RunArgs>),
    /// List the runs of a lab.
    Runs(runs::RunsArgs),
    /// Check a suite file, or print the schema of suites.
    Suite {
        #[command(subcommand)]
        command: suite::SuiteCommand,
    },
    /// The reference target: a small financial service to try the lab on.
    Target {
        #[command(subcommand)]
        command: target::TargetCommand,
    },
    /// Print completions for a shell.
    Completions(completions::CompletionsArgs),
    /// Carry out one run; started by workers, not by people.
    #[command(hide = true)]
    Exec,
}

/// Exit codes that scripts may rely on.
pub mod exit {
    /// Done, or the gate says pass or warn.
    pub const OK: u8 = 0;
    /// Something failed.
    pub const ERROR: u8 = 1;
    /// The command line or a file is wrong.
    pub const USAGE: u8 = 2;
    /// No verdict is possible.
    pub const INCONCLUSIVE: u8 = 3;
    /// Waiting took too long.
    pub const WAITED: u8 = 4;
}

impl Cli {
    /// Does what was asked and gives the exit code.
    ///
    /// # Errors
    /// What went wrong, for the terminal; the exit code is then [`exit::ERROR`].
    pub fn execute(self) -> anyhow::Result<ExitCode> {
        let code = match self.command {
            Command::Exec => return Ok(exec::exec()),
            Command::Serve(args) => serve::serve(args),
            Command::Worker(args) => worker::worker(args),
            Command::Run(args) => run::run(*args),
            Command::Runs(args) => runs::runs(args),
            Command::Suite { command } => suite::suite(command),
            Command::Target { command } => target::target(command),
            Command::Completions(args) => completions::completions(&args),
        };
        code.map(ExitCode::from)
    }
}
