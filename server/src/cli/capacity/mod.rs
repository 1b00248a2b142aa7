//! `perflab capacity`: the load that a target bears while the thresholds of a scenario hold, on the spot or on a lab.
//!
//! In:  a scenario and a range of levels: users of a closed scenario, starts a second of an open one.
//! Out: one run a level, a table of them, the answer in a sentence. Exit codes as for one run: 0 a capacity was found and
//! no rule on degradation is broken, 3 it was not found, 99 not even the lowest level holds or such a rule is broken.

mod local;
mod remote;
mod report;

use clap::Args;
use perflab_model::{
    capacity::{CapacityRequest, CapacityUnit},
    launch::Overrides,
    name::ScenarioName,
    run::Trigger,
    unit::Millis,
};

use super::{
    exit,
    run::{Place, RunOptions, Wait, Wish, is_file},
};

/// Find the highest load at which all thresholds hold.
#[derive(Debug, Args)]
pub(super) struct CapacityArgs {
    /// A suite file (a path, or a name with .yaml), which runs here; or the name of a suite of a lab, see --server.
    suite: String,
    /// Which scenario of it: its users, flows and thresholds, under the load of each level.
    #[arg(long, short)]
    scenario: ScenarioName,
    /// Lowest and highest level, such as 10..1000: users of a closed scenario, starts a second of an open one.
    #[arg(long, value_name = "FROM..TO", value_parser = range, conflicts_with_all = ["users", "rate", "duration"])]
    levels: (f64, f64),
    /// How long each level is held after its ramp; under 60s it says little of what a target bears for long.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    hold: Millis,
    /// How near the highest level that holds and the lowest that breaks must come, as a share.
    #[arg(long, value_name = "SHARE", default_value_t = perflab_model::capacity::USUAL_RESOLUTION)]
    resolution: f64,
    #[command(flatten)]
    options: RunOptions,
}

/// `10..1000`.
fn range(text: &str) -> Result<(f64, f64), String> {
    let wrong = || "write it as FROM..TO, such as 10..1000".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    match (from.trim().parse(), to.trim().trim_start_matches('=').parse()) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        _ => Err(wrong()),
    }
}

impl CapacityArgs {
    /// The search as a request. A scenario says by itself what its levels count.
    fn request(&self, suite: perflab_model::name::SuiteName, unit: CapacityUnit) -> CapacityRequest {
        CapacityRequest {
            project: self.options.project(),
            suite,
            scenario: self.scenario.clone(),
            environment: self.options.environment(),
            unit,
            from: self.levels.0,
            to: self.levels.1,
            hold: Some(self.hold),
            resolution: Some(self.resolution),
            overrides: Overrides { users: None, rate: None, duration: None, ..self.options.overrides() },
            revision: self.options.revision(),
            tags: self.options.tags(),
            trigger: Trigger::Cli,
        }
    }

    fn wish(&self) -> Wish<'_> {
        Wish { suite: &self.suite, scenario: &self.scenario, json: None, wait: Wait::Always, options: &self.options }
    }
}

pub(super) fn capacity(args: CapacityArgs) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    let place = match args.wish().place(std::env::var("PERFLAB_SERVER").ok().as_deref()) {
        Ok(place) => place,
        Err(misplaced) => {
            eprintln!("{misplaced}");
            return Ok(exit::USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match place {
            Place::Here => {
                if !is_file(&args.suite) {
                    eprintln!("a suite of a lab is searched by its name with --server URL, or with PERFLAB_SERVER set");
                }
                local::search(&args).await
            }
            Place::Lab(server) => remote::search(&args, &server).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        capacity: CapacityArgs,
    }

    fn read(words: &str) -> Result<CapacityArgs, clap::Error> {
        Line::try_parse_from(words.split_whitespace()).map(|line| line.capacity)
    }

    #[rstest]
    #[case("10..1000", Some((10.0, 1000.0)))]
    #[case("0.5..=3", Some((0.5, 3.0)))]
    #[case("10-1000", None)]
    #[case("10..", None)]
    fn a_range_has_two_ends(#[case] text: &str, #[case] read: Option<(f64, f64)>) {
        assert_eq!(range(text).ok(), read);
    }

    #[test]
    fn the_load_is_the_searchs_own() {
        let words = "capacity mita.yaml --scenario stress --levels 10..1000";
        let request =
            read(words).expect("a command line").request("mita".parse().expect("a name"), CapacityUnit::Users);
        assert!(request.problems().is_empty(), "{:?}", request.problems());
        for own in ["--users 5", "--rate 5", "--duration 5m"] {
            assert!(read(&format!("{words} {own}")).is_err(), "{own}");
        }
    }
}
