//! `perflab run`: a scenario or the cases of a suite file on the spot, every suite of a folder with `--all`, or a suite of a
//! lab with `--server`.
//!
//! Both give the same table, the same ledger and the same exit codes: 0 pass or warn, 1 error (the run failed or was lost,
//! whatever its numbers say), 2 usage, 3 inconclusive, 4 waited too long, 99 failed.

mod all;
mod cases;
mod classes;
mod document;
mod local;
mod place;
mod remote;
mod report;
mod terminal;

pub(super) use local::{Orders, check as check_here, environment, host, orders, run as run_here};
pub(super) use place::{Place, is_file};
pub(super) use remote::{
    ANSWER_WITHIN, check as check_on_lab, client, endpoint, has as lab_has, problem, refused, run as run_on_lab,
};
pub(super) use report::{ledger as report_ledger, text as report_text};
pub(super) use terminal::Terminal;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indexmap::IndexMap;
use perflab_model::{
    bench::WHOLE_SUITE,
    environment::AllowedTarget,
    launch::{Overrides, case_names},
    load::Load,
    name::{EnvironmentName, ProjectName, ScenarioName},
    run::{Revision, RunEnd, RunState},
    summary::Summary,
    unit::{Millis, Rps},
    verdict::Gate,
};
use url::Url;

use super::{exit, worker::HostArgs};
use crate::suite_file;

/// Run a scenario, or the cases of a benchmark suite.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A suite file (a path, or a name with .yaml), which runs here; or the name of a suite of a lab, see --server.
    #[arg(required_unless_present = "all")]
    suite: Option<String>,
    /// Every suite of this folder instead, those with critical cases first; of load suites the scenario that --scenario
    /// names. What is not run is named with the reason. With --json FILE the documents go into a folder of that name.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["suite", "server", "wait", "env", "tags"])]
    all: Option<PathBuf>,
    /// Which scenario of it; left out of a benchmark suite, which has cases.
    #[arg(long, short, default_value = WHOLE_SUITE, hide_default_value = true)]
    scenario: ScenarioName,
    /// Write the summary document to this file; an older one there is removed first.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Wait for the end and judge by exit code; without it only the launch is reported.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    options: RunOptions,
}

/// What differs from the scenario, and where and for whom it runs.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Where the target is, e.g. http://127.0.0.1:8000; else the suite's own target.
    #[arg(long, visible_alias = "host", value_name = "URL", conflicts_with = "server")]
    target: Option<Url>,
    /// Also allow this target, as HOST, HOST:PORT, https://HOST:PORT or 10.1.0.0/16:PORT; may be given several times. A
    /// loopback address of the target's URL is allowed anyway.
    #[arg(long, value_name = "TARGET", conflicts_with = "server")]
    allow: Vec<AllowedTarget>,
    /// Vouch that targets on other machines may be loaded, with a reason; without it they are asked whether they agree to
    /// load (GET /.well-known/perflab.txt). The report names who vouched.
    #[arg(long, value_name = "REASON", conflicts_with = "server", value_parser = reason)]
    vouch: Option<String>,
    /// Do not verify the certificates of targets. The report says so.
    #[arg(long, conflicts_with = "server")]
    insecure_tls: bool,
    /// Only this class of users, instead of those that the scenario chooses; may be given several times.
    #[arg(long = "user-class", value_name = "CLASS")]
    pub(super) classes: Vec<String>,
    /// Only these cases of a benchmark suite, by name or glob, with commas between; may be given several times.
    #[arg(long = "case", visible_alias = "cases", value_name = "NAME")]
    cases: Vec<String>,
    /// Users of a closed scenario.
    #[arg(long)]
    users: Option<u32>,
    /// Users started a second.
    #[arg(long)]
    spawn_rate: Option<f64>,
    /// Starts a second of an open scenario.
    #[arg(long)]
    rate: Option<f64>,
    /// The highest rate that is allowed here; 20,000/s where nothing is said, so that a slip of the keyboard does no harm.
    #[arg(long, value_name = "RATE", conflicts_with = "server", value_parser = rate_cap)]
    max_rate: Option<Rps>,
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
    /// Launch on this lab instead of here. PERFLAB_SERVER says which one for suites given by name; files still run here.
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// The project of the lab, its only one where nothing is said. Of a run here: the name that a target on another machine
    /// must agree to; the suite's where nothing is said.
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,
    /// The environment of the lab; its only one where nothing is said.
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// Longest wait.
    #[arg(long, value_name = "TIME", default_value = "4h")]
    timeout: Millis,
    /// The commit that is measured. Without it, and without a branch, a run of a lab is of the git checkout that the command is
    /// given in.
    #[arg(long, value_name = "COMMIT")]
    rev: Option<String>,
    /// The branch that is measured.
    #[arg(long)]
    branch: Option<String>,
    /// The commit at which the branch left the baseline branch: the run is compared with runs up to there.
    #[arg(long, value_name = "COMMIT")]
    merge_base: Option<String>,
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

/// A reason that says something.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("say in a line why the targets may be loaded".to_owned());
    }
    Ok(text.to_owned())
}

fn rate_cap(text: &str) -> Result<Rps, String> {
    let rate: f64 = text.parse().map_err(|_| "write it as a number of starts a second, such as 50000".to_owned())?;
    Rps::new(rate).map_err(|error| error.to_string())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

/// One run as a command line asks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    /// A file, or the name of a suite of a lab.
    pub(super) suite: &'a str,
    /// Which scenario of it.
    pub(super) scenario: &'a ScenarioName,
    /// Where the summary document goes.
    pub(super) json: Option<&'a Path>,
    /// Whether the end of a launched run is waited for.
    pub(super) wait: Wait,
    /// The rest.
    pub(super) options: &'a RunOptions,
}

/// Whether the end of a run on a lab is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// It is only launched.
    No,
    /// By an option, which has no meaning for a run here.
    Asked,
    /// By the command itself.
    Always,
}

/// What became of a run.
#[derive(Debug)]
pub(super) struct Became {
    /// What a pipeline learns.
    pub(super) code: u8,
    /// What was measured; nothing where it was only launched, was refused, or ended without results.
    pub(super) measured: Option<Box<Measured>>,
}

/// A run that has ended.
#[derive(Debug)]
pub(super) struct Measured {
    /// Where the target was.
    pub(super) target: Url,
    /// What was planned.
    pub(super) load: Load,
    /// How it ended.
    pub(super) end: RunEnd,
    /// What it says.
    pub(super) summary: Summary,
}

impl Became {
    /// A run of which there is nothing but the exit code.
    pub(super) const fn only(code: u8) -> Self {
        Self { code, measured: None }
    }
}

impl RunArgs {
    fn wish(&self) -> Wish<'_> {
        Wish {
            suite: self.suite.as_deref().unwrap_or_default(),
            scenario: &self.scenario,
            json: self.json.as_deref(),
            wait: if self.wait { Wait::Asked } else { Wait::No },
            options: &self.options,
        }
    }
}

impl RunOptions {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            users: self.users,
            spawn_rate: self.spawn_rate,
            rate: self.rate,
            duration: self.duration,
            max_in_flight: self.max_in_flight,
            seed: self.seed,
            classes: self.classes.clone(),
            cases: self.cases.iter().flat_map(|names| case_names(names)).collect(),
            parameters: self.set.iter().cloned().collect::<IndexMap<_, _>>(),
        }
    }

    pub(super) fn project(&self) -> Option<ProjectName> {
        self.project.clone()
    }

    pub(super) fn environment(&self) -> Option<EnvironmentName> {
        self.env.clone()
    }

    pub(super) fn tags(&self) -> Vec<String> {
        self.tags.clone()
    }

    pub(super) const fn timeout(&self) -> Millis {
        self.timeout
    }

    pub(super) fn revision(&self) -> Revision {
        Revision {
            commit: self.rev.clone(),
            branch: self.branch.clone(),
            merge_base: self.merge_base.clone(),
            dirty: false,
        }
    }

    /// The same for a run of a lab: where nothing was said, what the checkout here is at.
    pub(super) fn revision_for_lab(&self) -> Revision {
        let said = self.revision();
        if said == Revision::default() { super::checkout::revision() } else { said }
    }

    /// What a pipeline learns. A run that could not be carried out is an error: its numbers are not the answer to what was
    /// asked, and no choice about inconclusive ones makes them so.
    pub(super) fn exit_code(&self, state: RunState, gate: Gate) -> u8 {
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
    if let Some(folder) = &args.all {
        let (scenario, json, options) = (&args.scenario, args.json.as_deref(), &args.options);
        let folder = all::Folder { folder, scenario, json, options };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(async { all::run(&folder, &mut orders()?).await });
    }
    let wish = args.wish();
    let place = match wish.place(std::env::var("PERFLAB_SERVER").ok().as_deref()) {
        Ok(place) => place,
        Err(misplaced) => {
            eprintln!("{misplaced}");
            return Ok(exit::USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let became = runtime.block_on(async {
        match place {
            Place::Lab(server) => remote::run(&wish, &server).await,
            Place::Here => match suite_file::load(Path::new(wish.suite)) {
                Ok(loaded) => local::run(&wish, &loaded, &mut orders()?).await,
                Err(error) => {
                    eprintln!("{error}");
                    if !is_file(wish.suite) {
                        eprintln!(
                            "a suite of a lab is launched by its name with --server URL, or with PERFLAB_SERVER set"
                        );
                    }
                    Ok(Became::only(exit::USAGE))
                }
            },
        }
    })?;
    Ok(became.code)
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
        assert_eq!(options(&format!("run probe --scenario short {more}")).options.exit_code(state, gate), code);
    }
}
