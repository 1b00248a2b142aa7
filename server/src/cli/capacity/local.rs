//! A search without any lab: level after level on this machine.

use std::path::Path;

use async_trait::async_trait;
use perflab_lab::capacity::{answer, longest, measure, plan_problems, search_of};
use perflab_model::{
    capacity::{CapacityUnit, Conclusion, ConclusionKind, Level, LevelOutcome, Measured},
    id::RunId,
    load::Load,
    order::Orders as Asked,
    plan::Plan,
    run::RunState,
    runner::{Job, Started},
    suite::PlanRequest,
    tick::Tick,
    unit::Millis,
};
use perflab_stats::capacity::{Next, Tried};

use super::{CapacityArgs, exit, report};
use crate::{
    cli::run::{Terminal, environment, host, orders},
    suite_file::{self, LoadedSuite},
    worker::drive::{Chunk, Host, Sink, SinkError, drive},
};

pub(super) async fn search(args: &CapacityArgs) -> anyhow::Result<u8> {
    let loaded = match suite_file::load(Path::new(&args.suite)) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("{error}");
            return Ok(exit::USAGE);
        }
    };
    let environment = match environment(&args.options, &loaded) {
        Ok(environment) => environment,
        Err(error) => {
            eprintln!("{error:#}");
            return Ok(exit::USAGE);
        }
    };
    let suite = &loaded.suite;
    let scenario = suite.scenarios().iter().find(|scenario| scenario.name == args.scenario);
    let unit = match scenario.map(|scenario| &scenario.load) {
        Some(Load::Open { .. }) => CapacityUnit::Rate,
        _ => CapacityUnit::Users,
    };
    let request = args.request(suite.name.clone(), unit);
    let (problems, rules) = plan_problems(suite, &request, &environment);
    if !problems.is_empty() {
        for problem in problems {
            eprintln!("{}: {}", problem.field, problem.message);
            if let Some(hint) = problem.hint {
                eprintln!("  {hint}");
            }
        }
        return Ok(exit::USAGE);
    }
    let search = search_of(&request, &rules);
    let (runs, time) = longest(suite, &request, &environment, &search);
    let time = Millis::from_secs(time.get().div_ceil(1000));
    eprintln!(
        "the capacity of {} from {} to {}: at most {runs} runs in {time}, if none has to be made again",
        args.scenario,
        unit.shown(request.from),
        unit.shown(request.to)
    );
    let mut orders = orders()?;
    let wish = args.wish();
    let _lock = tokio::select! {
        lock = host(&wish) => lock?,
        _ = orders.changed() => return Ok(exit::INCONCLUSIVE),
    };
    let mut levels: Vec<(f64, Measured)> = Vec::new();
    let conclusion = loop {
        let tried: Vec<Tried> =
            levels.iter().map(|(level, measured)| Tried { level: *level, outcome: measured.outcome }).collect();
        if let Some(stopped) = levels.last().and_then(|(_, measured)| measured.stopped.clone()) {
            break ended_early(&tried, stopped);
        }
        let level = match search.next(&tried) {
            Next::Run(level) => level,
            Next::Done(conclusion) => break conclusion,
        };
        let plan = match level_plan(&loaded, &request, &environment, level) {
            Ok(plan) => plan,
            Err(why) => break Conclusion { kind: ConclusionKind::NotCarriedOut, ..ended_early(&tried, why) },
        };
        let measured = run(args, &loaded, plan, &orders).await;
        eprintln!("{}", report::line(unit, level, &measured));
        levels.push((level, measured));
    };
    let said: Vec<(f64, Option<&Measured>)> = levels.iter().map(|(level, measured)| (*level, Some(measured))).collect();
    let answer = answer(&request, &rules, &said, Some(&conclusion));
    print!("{}", report::text(unit, &levels, &answer));
    Ok(args.options.exit_code(RunState::Finished, answer.gate))
}

fn level_plan(
    loaded: &LoadedSuite,
    request: &perflab_model::capacity::CapacityRequest,
    environment: &perflab_model::environment::Environment,
    amount: f64,
) -> Result<Plan, String> {
    let id = RunId::new(uuid::Uuid::now_v7());
    let (high, low) = id.uuid().as_u64_pair();
    let asked = PlanRequest {
        run: id,
        scenario: &request.scenario,
        environment: environment.clone(),
        overrides: &request.overrides,
        seed: (high ^ low) & ((1 << 53) - 1),
    };
    let draft = loaded.suite.level_draft(asked, &Level { unit: request.unit, amount, hold: request.hold() });
    match (draft.plan, draft.problems.first()) {
        (Some(plan), None) => Ok(plan),
        (_, problem) => Err(problem.map_or_else(|| "the level has no plan".to_owned(), ToString::to_string)),
    }
}

/// Runs one level.
async fn run(args: &CapacityArgs, loaded: &LoadedSuite, plan: Plan, orders: &crate::cli::run::Orders) -> Measured {
    let feeds =
        plan.feeds.iter().filter_map(|feed| Some((feed.name.clone(), loaded.files.get(&feed.file)?.clone()))).collect();
    let job = Job { plan, feeds };
    let mut sink = Keeping { terminal: Terminal::new(&job.plan), ticks: Vec::new(), last: 0 };
    let revision = args.options.revision();
    let driven = drive(&job, &revision, None, &mut sink, orders.clone(), Host::default(), || {
        jiff::Timestamp::now().as_microsecond()
    })
    .await;
    sink.terminal.end();
    let mut measured = measure(&job.plan, Some(&driven.end), Some(&driven.outcome.summary), &sink.ticks);
    let willed = driven.end.state == RunState::Cancelled || driven.end.code == "target_asked";
    measured.stopped = willed.then(|| driven.end.message.clone());
    measured
}

/// What is known where a search ends before its answer.
fn ended_early(tried: &[Tried], why: String) -> Conclusion {
    let of = |outcome: LevelOutcome| tried.iter().filter(move |one| one.outcome == outcome).map(|one| one.level);
    let breaks_at = of(LevelOutcome::Breaks).min_by(f64::total_cmp);
    let holds = of(LevelOutcome::Holds).filter(|level| breaks_at.is_none_or(|high| *level < high));
    Conclusion { kind: ConclusionKind::Stopped, capacity: holds.max_by(f64::total_cmp), breaks_at, reason: Some(why) }
}

/// Shows a run and keeps its seconds.
struct Keeping {
    terminal: Terminal,
    ticks: Vec<Tick>,
    last: u64,
}

#[async_trait]
impl Sink for Keeping {
    async fn started(&mut self, started: &Started) -> Result<(), SinkError> {
        self.terminal.started(started).await
    }

    async fn write(&mut self, chunk: &Chunk) -> Result<Asked, SinkError> {
        // What is told twice has happened once.
        if chunk.number > self.last {
            self.last = chunk.number;
            self.ticks.extend(chunk.ticks.iter().cloned());
        }
        self.terminal.write(chunk).await
    }

    async fn finishing(&mut self) -> Result<(), SinkError> {
        self.terminal.finishing().await
    }
}
