//! `perflab run`: a scenario of a suite file on the spot, or a suite of a lab with `--server`.
//!
//! Both give the same table, the same ledger and the same exit codes: 0 pass or warn, 1 error (the run failed or was lost,
//! whatever its numbers say), 2 usage, 3 inconclusive, 4 waited too long, 99 failed.

mod document;
mod local;
mod place;
mod remote;
mod report;
mod terminal;

pub(super) use remote::{ANSWER_WITHIN, client, endpoint, problem};

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indexmap::IndexMap;
use perflab_model::{
    launch::Overrides,
    name::{EnvironmentName, ProjectName, ScenarioName},
    run::{Revision, RunState},
    unit::Millis,
    verdict::Gate,
};
use url::Url;

use self::place::Place;
use super::{exit, worker::HostArgs};

/// Run a scenario.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A suite file (a path, or a name with .yaml), which runs here; or the name of a suite of a lab, see --server.
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
    /// Write the summary document to this file; an older one there is removed first.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Launch on this lab instead of here. PERFLAB_SERVER says which one for suites given by name; files still run here.
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// The project of the lab; its only one where nothing is said.
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,
    /// The environment of the lab; its only one where nothing is said.
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// Wait for the end and judge by exit code; without it only the launch is reported.
    #[arg(long)]
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
    /// A tag of the lab's run; may be given several times.
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

    /// What a pipeline learns. A run that could not be carried out is an error: its numbers are not the answer to what was
    /// asked, and no choice about inconclusive ones makes them so.
    fn exit_code(&self, state: RunState, gate: Gate) -> u8 {
        match (state, gate, self.inconclusive) {
            (RunState::Failed | RunState::Lost, ..) => exit::ERROR,
            (_, Gate::Inconclusive, Some(Inconclusive::Pass)) => exit::OK,
            (_, Gate::Inconclusive, Some(Inconclusive::Fail)) => Gate::Fail.exit_code(),
            (_, gate, _) => gate.exit_code(),
        }
    }
}

pub(super) fn run(args: RunArgs) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    let place = match args.place(std::env::var("PERFLAB_SERVER").ok().as_deref()) {
        Ok(place) => place,
        Err(misplaced) => {
            eprintln!("{misplaced}");
            return Ok(exit::USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match place {
            Place::Lab(server) => remote::run(&args, &server).await,
            Place::Here => local::run(&args).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;

    use super::*;

    #[derive(Parser)]
    pub(super) struct Line {
        #[command(flatten)]
        pub(super) run: RunArgs,
    }

    /// The options of a command line.
    pub(super) fn options(words: &str) -> RunArgs {
        Line::try_parse_from(words.split_whitespace()).expect("a valid command line").run
    }

    #[rstest]
    #[case::carried_out("", RunState::Finished, Gate::Pass, 0)]
    #[case::outside_a_target("", RunState::Finished, Gate::Warn, 0)]
    #[case::outside_a_limit("", RunState::Finished, Gate::Fail, 99)]
    #[case::undecided("", RunState::Finished, Gate::Inconclusive, 3)]
    #[case::undecided_may_pass("--inconclusive=pass", RunState::Finished, Gate::Inconclusive, 0)]
    #[case::undecided_may_fail("--inconclusive=fail", RunState::Finished, Gate::Inconclusive, 99)]
    #[case::stopped("", RunState::Cancelled, Gate::Inconclusive, 3)]
    #[case::failed("", RunState::Failed, Gate::Inconclusive, 1)]
    #[case::failed_never_passes("--inconclusive=pass", RunState::Failed, Gate::Inconclusive, 1)]
    #[case::failed_is_not_a_verdict("--inconclusive=fail", RunState::Failed, Gate::Inconclusive, 1)]
    #[case::lost("--inconclusive=pass", RunState::Lost, Gate::Inconclusive, 1)]
    fn a_pipeline_learns_what_became_of_its_run(
        #[case] more: &str,
        #[case] state: RunState,
        #[case] gate: Gate,
        #[case] code: u8,
    ) {
        assert_eq!(options(&format!("run probe --scenario short {more}")).exit_code(state, gate), code);
    }
}
