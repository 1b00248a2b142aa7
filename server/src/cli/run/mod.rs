//! `perflab run`: a scenario of a suite file on the spot, or a suite of a lab with `--server`.
//!
//! Both give the same table, the same ledger and the same exit codes: 0 pass or warn, 1 error, 2 usage, 3 inconclusive,
//! 4 waited too long, 99 failed.

mod local;
mod remote;
mod report;
mod terminal;

pub(super) use remote::{client, endpoint, problem};

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indexmap::IndexMap;
use perflab_model::{
    launch::Overrides,
    name::{EnvironmentName, ScenarioName},
    run::Revision,
    unit::Millis,
    verdict::Gate,
};
use url::Url;

use super::{exit, worker::HostArgs};

/// Run a scenario.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A suite file; with --server the name of a suite of the lab.
    suite: String,
    /// Which scenario of it.
    #[arg(long, short)]
    scenario: ScenarioName,
    /// Where the target is, e.g. http://127.0.0.1:8000; else the suite's own target.
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    target: Option<Url>,
    /// Also allow this target, as HOST or HOST:PORT; loopback addresses of the target's URL are allowed anyway.
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "server")]
    allow: Vec<String>,
    /// Users of a closed scenario.
    #[arg(long)]
    users: Option<u32>,
    /// Users started a second.
    #[arg(long)]
    spawn_rate: Option<f64>,
    /// Starts a second of an open scenario.
    #[arg(long)]
    rate: Option<f64>,
    /// From the first start to the last, e.g. 30s.
    #[arg(long)]
    duration: Option<Millis>,
    /// Most iterations at once of an open scenario.
    #[arg(long)]
    max_in_flight: Option<u32>,
    /// Where everything random comes from; repeats a run's picks.
    #[arg(long)]
    seed: Option<u64>,
    /// A parameter of the suite; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Write the summary document to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Launch on this lab instead of here.
    #[arg(long, env = "PERFLAB_SERVER", value_name = "URL")]
    server: Option<Url>,
    /// The environment of the lab; its only one where nothing is said.
    #[arg(long, value_name = "NAME", requires = "server")]
    env: Option<EnvironmentName>,
    /// Wait for the end and judge by exit code; without it only the launch is reported.
    #[arg(long, requires = "server")]
    wait: bool,
    /// Longest wait.
    #[arg(long, value_name = "TIME", default_value = "4h")]
    timeout: Millis,
    /// The commit that is measured.
    #[arg(long, value_name = "COMMIT")]
    rev: Option<String>,
    /// The branch that is measured.
    #[arg(long)]
    branch: Option<String>,
    /// A tag of the run; may be given several times.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// What an inconclusive verdict means to the pipeline; without it the exit code is 3.
    #[arg(long, value_enum, value_name = "AS")]
    inconclusive: Option<Inconclusive>,
    #[command(flatten)]
    host: HostArgs,
}

/// What an inconclusive verdict means to a pipeline.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Inconclusive {
    /// Exit code 0.
    Pass,
    /// Exit code 99.
    Fail,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

impl RunArgs {
    fn overrides(&self) -> Overrides {
        Overrides {
            users: self.users,
            spawn_rate: self.spawn_rate,
            rate: self.rate,
            duration: self.duration,
            max_in_flight: self.max_in_flight,
            seed: self.seed,
            parameters: self.set.iter().cloned().collect::<IndexMap<_, _>>(),
        }
    }

    fn revision(&self) -> Revision {
        Revision { commit: self.rev.clone(), branch: self.branch.clone() }
    }

    fn exit_code(&self, gate: Gate) -> u8 {
        match (gate, self.inconclusive) {
            (Gate::Inconclusive, Some(Inconclusive::Pass)) => exit::OK,
            (Gate::Inconclusive, Some(Inconclusive::Fail)) => Gate::Fail.exit_code(),
            (gate, _) => gate.exit_code(),
        }
    }
}

pub(super) fn run(args: RunArgs) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match &args.server {
            Some(server) => remote::run(&args, server).await,
            None => local::run(&args).await,
        }
    })
}
