//! What a run will cost, from its plan alone.

use perflab_model::{flow::Think, load::Load, plan::Plan, view::Estimate};

/// The estimate of a plan that would start at `now_us` after `ahead` other runs.
pub(super) fn estimate(plan: &Plan, now_us: i64, ahead: u64) -> Estimate {
    let duration = plan.load.duration();
    if !plan.load.parts().is_empty() {
        return of_parts(plan, now_us, ahead);
    }
    let iterations = match &plan.load {
        Load::Open { .. } => plan.load.planned_starts(),
        Load::Closed { iterations: Some(_), .. } => plan.load.planned_iterations().map(|planned| planned as f64),
        Load::Closed { .. } => closed_iterations(plan),
        Load::Combined { .. } | Load::Cases(_) => None,
    };
    let per_iteration = plan.requests_per_iteration();
    let duration_us = i64::try_from(duration.get()).unwrap_or(i64::MAX / 2_000).saturating_mul(1_000);
    Estimate {
        iterations,
        requests: iterations.zip(per_iteration).map(|(iterations, each)| iterations * each),
        duration,
        at_most: plan.load.ends_early(),
        ends_us: now_us.saturating_add(duration_us),
        peak_rate: plan.load.peak_rate().map(perflab_model::unit::Rps::get),
        peak_users: plan.load.peak_users(),
        ahead,
        needs: plan.needs(),
    }
}

/// What all parts do together; unknown where it is of one of them.
fn of_parts(plan: &Plan, now_us: i64, ahead: u64) -> Estimate {
    let sum = |of: fn(&Estimate) -> Option<f64>, each: &[Estimate]| -> Option<f64> {
        each.iter().try_fold(0.0, |sum, one| Some(sum + of(one)?))
    };
    let alone = |part: Plan| {
        let load = part.load.pieces().first().map(|(_, load)| (*load).clone());
        estimate(&Plan { load: load.unwrap_or_else(|| part.load.clone()), ..part }, now_us, ahead)
    };
    let each: Vec<Estimate> = plan.of_parts().into_iter().map(alone).collect();
    let duration = plan.load.duration();
    let duration_us = i64::try_from(duration.get()).unwrap_or(i64::MAX / 2_000).saturating_mul(1_000);
    Estimate {
        iterations: sum(|one| one.iterations, &each),
        requests: sum(|one| one.requests, &each),
        duration,
        at_most: plan.load.ends_early(),
        ends_us: now_us.saturating_add(duration_us),
        peak_rate: plan.load.peak_rate().map(perflab_model::unit::Rps::get),
        peak_users: plan.load.peak_users(),
        ahead,
        needs: plan.needs(),
    }
}

/// Upper bound: user seconds by mean think time, as if every answer came at once. Unknown where a class never thinks.
fn closed_iterations(plan: &Plan) -> Option<f64> {
    let Load::Closed { stages, .. } = &plan.load else { return None };
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
