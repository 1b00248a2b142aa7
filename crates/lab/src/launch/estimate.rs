//! What a run will cost, from its plan alone.

use perflab_model::{
    flow::{Condition, Flow, Step, Think, UserClass},
    load::Load,
    plan::Plan,
    view::Estimate,
};

/// The estimate of a plan that would start at `now_us` after `ahead` other runs.
pub(super) fn estimate(plan: &Plan, now_us: i64, ahead: u64) -> Estimate {
    let duration = plan.load.duration();
    let iterations = match &plan.load {
        Load::Open { .. } => plan.load.planned_starts(),
        Load::Closed { .. } => closed_iterations(plan),
    };
    let per_iteration = mean(plan.classes.iter().map(|class| (f64::from(class.weight), requests_of(class, plan))));
    let duration_us = i64::try_from(duration.get()).unwrap_or(i64::MAX / 2_000).saturating_mul(1_000);
    Estimate {
        iterations,
        requests: iterations.zip(per_iteration).map(|(iterations, each)| iterations * each),
        duration,
        ends_us: now_us.saturating_add(duration_us),
        peak_rate: plan.load.peak_rate().map(perflab_model::unit::Rps::get),
        peak_users: plan.load.peak_users(),
        ahead,
    }
}

/// Upper bound: user seconds by mean think time, as if every answer came at once. Unknown where a class never thinks.
fn closed_iterations(plan: &Plan) -> Option<f64> {
    let Load::Closed { stages } = &plan.load else { return None };
    let user_seconds: f64 =
        stages.iter().map(|stage| f64::from(stage.from + stage.to) / 2.0 * stage.over.as_secs_f64()).sum();
    let weights: f64 = plan.classes.iter().map(|class| f64::from(class.weight)).sum();
    plan.classes.iter().try_fold(0.0, |sum, class| {
        let think = think_seconds(&class.think).filter(|seconds| *seconds > 0.0)?;
        Some(sum + user_seconds * f64::from(class.weight) / weights / think)
    })
}

fn think_seconds(think: &Think) -> Option<f64> {
    match think {
        Think::None => None,
        Think::Constant(time) | Think::Exponential(time) => Some(time.as_secs_f64()),
        Think::Uniform(from, to) => Some((from.as_secs_f64() + to.as_secs_f64()) / 2.0),
        Think::Lognormal { median, sigma } => Some(median.as_secs_f64() * (sigma * sigma / 2.0).exp()),
    }
}

/// Mean number of requests of an iteration of a class.
fn requests_of(class: &UserClass, plan: &Plan) -> f64 {
    let flows = class.flows.iter().filter_map(|(name, weight)| {
        let flow: &Flow = plan.flows.iter().find(|flow| &flow.name == name)?;
        Some((f64::from(*weight), requests_in(&flow.steps)))
    });
    mean(flows).unwrap_or(0.0)
}

fn requests_in(steps: &[Step]) -> f64 {
    steps
        .iter()
        .map(|step| match step {
            Step::Request(_) => 1.0,
            // A token that is still good costs nothing.
            Step::Auth { fresh, .. } => f64::from(u8::from(*fresh)),
            Step::Think(_) => 0.0,
            Step::Repeat { times, steps } => f64::from(*times) * requests_in(steps),
            Step::If { condition, then, otherwise } => {
                let share = match condition {
                    Condition::Chance(share) => share.get(),
                    Condition::Exists(_) | Condition::Equals { .. } => 0.5,
                };
                share * requests_in(then) + (1.0 - share) * requests_in(otherwise)
            }
            Step::Group { steps, .. } => requests_in(steps),
        })
        .sum()
}

/// Weighted mean; `None` of nothing.
fn mean(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (weights, sum) =
        values.fold((0.0, 0.0), |(weights, sum), (weight, value)| (weights + weight, sum + weight * value));
    (weights > 0.0).then(|| sum / weights)
}
