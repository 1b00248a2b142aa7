//! The command line: one file for each command.

mod bounds;
mod capacity;
mod checkout;
mod completions;
mod demo_data;
mod exec;
mod kill_switch;
mod load_test;
mod logging;
mod person;
mod run;
mod runs;
mod serve;
mod stats;
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
    /// Run the load tests of the MITA framework with the flags of its runner.
    LoadTest(Box<load_test::LoadTestArgs>),
    /// Find the load that a target bears while the thresholds of a scenario hold.
    Capacity(Box<capacity::CapacityArgs>),
    /// List the runs of a lab.
    Runs(runs::RunsArgs),
    /// Stop all load of a lab, or of one environment, and let nothing begin until it is released.
    KillSwitch {
        #[command(subcommand)]
        command: kill_switch::KillSwitchCommand,
    },
    /// Check a suite file, or print the schema of suites.
    Suite {
        #[command(subcommand)]
        command: suite::SuiteCommand,
    },
    /// Write a year of demo runs, with the truth about them, into an empty database.
    DemoData(demo_data::DemoDataArgs),
    /// Judge numbers from elsewhere by the lab's own statistics: JSON lines in, JSON lines out.
    Stats {
        #[command(subcommand)]
        command: stats::StatsCommand,
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
            Command::LoadTest(args) => load_test::load_test(*args),
            Command::Capacity(args) => capacity::capacity(*args),
            Command::Runs(args) => runs::runs(args),
            Command::KillSwitch { command } => kill_switch::kill_switch(command),
            Command::DemoData(args) => demo_data::demo_data(&args),
            Command::Stats { command } => stats::stats(command),
            Command::Suite { command } => suite::suite(command),
            Command::Target { command } => target::target(command),
            Command::Completions(args) => completions::completions(&args),
        };
        code.map(ExitCode::from)
    }
}
