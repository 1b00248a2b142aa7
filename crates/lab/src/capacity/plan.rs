//! What a search would run: its levels, how long they take, and what stands in their way.

use perflab_model::{
    capacity::{CapacityRequest, CapacityUnit, Level, PreviewStep},
    environment::Environment,
    id::RunId,
    plan::Rule,
    problem::FieldProblem,
    suite::{Draft, PlanError, PlanRequest, Suite},
    threshold::{At, Measure},
    unit::Millis,
};
use perflab_stats::capacity::Search;

/// The search that a request means, with the levels that rules name on the way.
pub fn search_of(request: &CapacityRequest, rules: &[Rule]) -> Search {
    let named = rules.iter().filter_map(|rule| match (rule.threshold.at, request.unit) {
        (Some(At::Users(users)), CapacityUnit::Users) => Some(f64::from(users)),
        (Some(At::Rate(rate)), CapacityUnit::Rate) => Some(rate),
        _ => None,
    });
    Search {
        unit: request.unit,
        from: request.from,
        to: request.to,
        resolution: request.resolution(),
        also: named.collect(),
    }
}

/// The plan of a level, as far as it can be made out.
pub(super) fn level_draft(
    suite: &Suite,
    request: &CapacityRequest,
    environment: &Environment,
    amount: f64,
    run: RunId,
) -> Draft {
    let asked = PlanRequest {
        run,
        scenario: &request.scenario,
        environment: environment.clone(),
        overrides: &request.overrides,
        seed: crate::launch::seed_of(run),
    };
    suite.level_draft(asked, &Level { unit: request.unit, amount, hold: request.hold() })
}

/// Everything that stands in the way of a search on an environment, under the names of its own fields; with the rules of
/// its scenario.
pub fn plan_problems(
    suite: &Suite,
    request: &CapacityRequest,
    environment: &Environment,
) -> (Vec<FieldProblem>, Vec<Rule>) {
    let mut problems = request.problems();
    let scenario = suite.scenarios().iter().find(|scenario| scenario.name == request.scenario);
    let rules = scenario.map(|scenario| scenario.rules.clone()).unwrap_or_default();
    if !problems.is_empty() {
        return (problems, rules);
    }
    for amount in [request.from, request.to] {
        let draft = level_draft(suite, request, environment, amount, RunId::new(uuid::Uuid::nil()));
        for error in &draft.problems {
            let found = field_problem(error);
            if !problems.contains(&found) {
                problems.push(found);
            }
        }
    }
    if let Some(scenario) = scenario
        && !rules.iter().any(|rule| rule.threshold.measure != Measure::Degradation)
    {
        problems.push(FieldProblem {
            field: "scenario".to_owned(),
            message: format!("`{}` has no threshold, so no level of it could break", scenario.name),
            hint: Some("Add one to the suite, such as `p95 < 200ms`, or choose another scenario".to_owned()),
        });
    }
    (problems, rules)
}

/// A problem of a level's plan under the name of the search's field.
fn field_problem(error: &PlanError) -> FieldProblem {
    let mut problem = error.field_problem();
    let field = match (error, problem.field.as_str()) {
        (PlanError::DoesNotFit { field: "users" | "rate", .. }, _) => "unit",
        (_, "overrides.users" | "overrides.rate") => "to",
        (_, "overrides.duration") => "hold",
        (_, other) => other,
    };
    problem.field = field.to_owned();
    problem
}

/// The levels on the way up with their times. Levels that cannot be planned are left out: their problems are told.
pub(super) fn steps(
    suite: &Suite,
    request: &CapacityRequest,
    environment: &Environment,
    search: &Search,
) -> Vec<PreviewStep> {
    search.steps().into_iter().filter_map(|level| step(suite, request, environment, level)).collect()
}

fn step(suite: &Suite, request: &CapacityRequest, environment: &Environment, level: f64) -> Option<PreviewStep> {
    let plan = level_draft(suite, request, environment, level, RunId::new(uuid::Uuid::nil())).plan?;
    Some(PreviewStep { level, ramp: plan.warmup_time(), duration: plan.load.duration() })
}

/// Most runs of a search and its longest time, if no level has to be run again.
pub fn longest(suite: &Suite, request: &CapacityRequest, environment: &Environment, search: &Search) -> (u32, Millis) {
    let mut known: Vec<(f64, Millis)> = Vec::new();
    let mut most = (0, Millis::ZERO);
    for way in search.longest_ways() {
        let mut time = Millis::ZERO;
        for level in &way {
            let took = known.iter().find(|(known, _)| known == level).map(|(_, time)| *time);
            let took = took.unwrap_or_else(|| {
                let time = step(suite, request, environment, *level).map_or(Millis::ZERO, |step| step.duration);
                known.push((*level, time));
                time
            });
            time = time.plus(took);
        }
        most = (most.0.max(u32::try_from(way.len()).unwrap_or(u32::MAX)), most.1.max(time));
    }
    most
}
