//! `perflab load-test`: the scenarios of the MITA load runner by its own command line.
//!
//! In:  the runner's flags, on top of those of `perflab run`. Out: one run after the other, each as `perflab run` carries
//! it out, with its summary document in a folder, a report of all of them beside, a table, and the worst exit code.
//!
//! Everything that stands in the way of any of the runs is said before the first of them sends anything.

mod report;
mod sequence;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use url::Url;

use self::{
    report::Carried,
    sequence::{Ahead, Test},
};
use super::{
    exit,
    run::{
        Became, Orders, Place, RunOptions, Wait, Wish, check_here, check_on_lab, is_file, lab_has, orders, run_here,
        run_on_lab,
    },
};
use crate::suite_file::{self, LoadedSuite};

/// The suite that comes with the binary, as labs know it and as waiting neighbours read it.
const SHIPPED: &str = "mita";

/// Run the load tests of the MITA framework, one after the other.
#[derive(Debug, Args)]
pub(super) struct LoadTestArgs {
    /// A suite file, or with --server the name of a suite of the lab; the MITA suite that comes with perflab where nothing
    /// is said.
    suite: Option<String>,
    /// A scenario: smoke, baseline, load, stress, spike, endurance, financial, auth, mobile, or another of the suite.
    /// `all` runs smoke, baseline, load, auth, financial, mobile and stress; if smoke fails, it runs nothing else.
    #[arg(long, default_value = sequence::ALL)]
    test: String,
    /// Leave out the smoke test, so that nothing depends on it.
    #[arg(long)]
    skip_smoke: bool,
    /// Where summaries and the report go; made where it is missing.
    #[arg(long, value_name = "DIR", default_value = "load_test_reports")]
    output_dir: PathBuf,
    #[command(flatten)]
    options: RunOptions,
}

/// Where the runs take place, with what that needs.
enum Stage {
    Here { loaded: Box<LoadedSuite>, orders: Orders },
    Lab(Url),
}

impl Stage {
    /// Whether the suite has the scenario.
    async fn has(&self, wish: &Wish<'_>) -> anyhow::Result<bool> {
        match self {
            Self::Here { loaded, .. } => Ok(loaded.suite.scenario(wish.scenario).is_some()),
            Self::Lab(server) => lab_has(wish, server).await,
        }
    }

    async fn check(&self, wish: &Wish<'_>) -> anyhow::Result<Result<(), u8>> {
        match self {
            Self::Here { loaded, .. } => Ok(check_here(wish, loaded)),
            Self::Lab(server) => check_on_lab(wish, server).await,
        }
    }

    async fn run(&mut self, wish: &Wish<'_>) -> anyhow::Result<Became> {
        match self {
            Self::Here { loaded, orders } => run_here(wish, loaded, orders).await,
            Self::Lab(server) => run_on_lab(wish, server).await,
        }
    }

    /// Whether a person at the terminal wants everything to end.
    fn stopped(&self) -> bool {
        matches!(self, Self::Here { orders, .. } if orders.borrow().is_some())
    }
}

pub(super) fn load_test(mut args: LoadTestArgs) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    args.options.classes = sequence::classes(&args.options.classes);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&args))
}

async fn run(args: &LoadTestArgs) -> anyhow::Result<u8> {
    let mut stage = match stage(args)? {
        Ok(stage) => stage,
        Err(code) => return Ok(code),
    };
    let mut tests = match sequence::tests(&args.test, args.skip_smoke) {
        Ok(tests) => tests,
        Err(told) => {
            eprintln!("{told}");
            return Ok(exit::USAGE);
        }
    };
    if args.test == sequence::ALL {
        let mut had = Vec::new();
        for test in tests {
            if stage.has(&wish(args, &test, None)).await? {
                had.push(test);
            }
        }
        tests = had;
    }
    if tests.is_empty() {
        eprintln!(
            "`--test all` runs {}, and the suite has none of them; name one with --test",
            sequence::ORDER.join(", ")
        );
        return Ok(exit::USAGE);
    }
    for test in &tests {
        if let Err(code) = stage.check(&wish(args, test, None)).await? {
            eprintln!("{}: cannot be run, so nothing was sent", test.scenario);
            return Ok(code);
        }
    }
    std::fs::create_dir_all(&args.output_dir)
        .with_context(|| format!("the folder {} cannot be made", args.output_dir.display()))?;

    let mut carried = Vec::new();
    let mut ended = None;
    for (index, test) in tests.iter().enumerate() {
        eprintln!("\n{} of {}: {}", index + 1, tests.len(), test.scenario);
        let done = one(args, test, &mut stage).await;
        let ahead = Ahead { code: done.code, stopped: stage.stopped(), skip_smoke: args.skip_smoke };
        carried.push(done);
        let left = &tests[index + 1..];
        ended = sequence::ends(test, left, ahead);
        if let Some(why) = &ended {
            eprintln!("{why}");
            break;
        }
    }

    let not_run = &tests[carried.len()..];
    let report = args.output_dir.join(format!("comprehensive_report_{}.json", stamp(&Timestamp::now())));
    let document = report::document(&carried, not_run, ended.as_deref(), &Timestamp::now());
    std::fs::write(&report, serde_json::to_string_pretty(&document)? + "\n")
        .with_context(|| format!("the report cannot be written to {}", report.display()))?;
    print!("{}", report::text(&carried, not_run, ended.as_deref()));
    println!("report: {}", report.display());
    Ok(sequence::worst(carried.iter().map(|done| done.code)))
}

/// Where the runs take place, or the exit code when that cannot be.
fn stage(args: &LoadTestArgs) -> anyhow::Result<Result<Stage, u8>> {
    let usage = |told: &dyn std::fmt::Display| {
        eprintln!("{told}");
        Ok(Err(exit::USAGE))
    };
    let exported = std::env::var("PERFLAB_SERVER").ok();
    // The suite that comes with the binary runs here like a file, whatever lab somebody has exported.
    let exported = args.suite.as_ref().and(exported.as_deref());
    let scenario = match args.test.parse() {
        Ok(scenario) => scenario,
        Err(error) => return usage(&format!("`{}` is no scenario's name: {error}", args.test)),
    };
    let test = Test { scenario, report_name: String::new() };
    match wish(args, &test, None).place(exported) {
        Err(misplaced) => usage(&misplaced),
        Ok(Place::Lab(server)) => Ok(Ok(Stage::Lab(server))),
        Ok(Place::Here) => {
            let loaded = match &args.suite {
                Some(suite) => suite_file::load(Path::new(suite)),
                None => suite_file::shipped(),
            };
            match loaded {
                Ok(loaded) => Ok(Ok(Stage::Here { loaded: Box::new(loaded), orders: orders()? })),
                Err(error) => {
                    let name = args.suite.as_ref().filter(|suite| !is_file(suite));
                    let hint = name.map_or("", |_| "\na suite of a lab is named with --server URL");
                    usage(&format!("{error}{hint}"))
                }
            }
        }
    }
}

fn wish<'a>(args: &'a LoadTestArgs, test: &'a Test, json: Option<&'a Path>) -> Wish<'a> {
    let suite = args.suite.as_deref().unwrap_or(SHIPPED);
    // Each is waited for: the smoke test decides about the others.
    let (wait, options) = (Wait::Always, &args.options);
    Wish { suite, scenario: &test.scenario, json, wait, options }
}

/// Carries out one of them. What goes wrong is its result, for the others must be told of.
async fn one(args: &LoadTestArgs, test: &Test, stage: &mut Stage) -> Carried {
    let (began, clock) = (Timestamp::now(), Instant::now());
    let summary = args.output_dir.join(format!("{}_{}.json", test.report_name, stamp(&began)));
    let became = match stage.run(&wish(args, test, Some(&summary))).await {
        Ok(became) => became,
        Err(error) => {
            eprintln!("perflab: {error:#}");
            Became::only(exit::ERROR)
        }
    };
    let Became { code, measured } = became;
    Carried { test: test.clone(), began: stamp(&began), took: clock.elapsed(), code, measured, summary }
}

/// An instant (UTC) as it stands in the names of files.
fn stamp(at: &Timestamp) -> String {
    at.strftime("%Y%m%d_%H%M%S").to_string()
}
