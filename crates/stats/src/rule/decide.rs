//! An interval against a limit: wholly inside, wholly outside, or across; and what would decide it.

use perflab_model::threshold::{Level, Measure, Op, Stat, Threshold};

use super::{estimate::Estimate, gathered::is_time};
use crate::quantile::smallest_sample;

/// What the values say about one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Interval wholly inside.
    Met,
    /// Interval wholly outside.
    Broken,
    /// Interval across the limit.
    Undecided,
}

/// Where a rule stands on the ladder from rules to verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// Met.
    Met,
    /// A target (warn) or a limit or maximum (fail) is broken.
    Broken(Level),
    /// Too little was measured to say, about a target (warn) or a limit or maximum (fail).
    Undecided(Level),
    /// There is nothing to compare with yet, so it neither passes nor holds up the run.
    NotJudged,
}

/// Limits of a rule, the worse first. A two-level rule warns over its limit and fails over its maximum.
pub(super) fn limits(rule: &Threshold, limit: f64) -> Vec<(f64, Level)> {
    match rule.max {
        Some(max) => vec![(max, Level::Fail), (limit, Level::Warn)],
        None => vec![(limit, rule.level)],
    }
}

/// What an estimate means against all limits of a rule.
pub(super) fn rung(rule: &Threshold, limits: &[(f64, Level)], estimate: &Estimate) -> Rung {
    for (limit, level) in limits {
        match decide(rule.measure, rule.op, *limit, estimate) {
            Decision::Broken => return Rung::Broken(*level),
            Decision::Undecided => return Rung::Undecided(*level),
            Decision::Met => {}
        }
    }
    Rung::Met
}

/// Judges an estimate.
pub(super) fn decide(measure: Measure, op: Op, limit: f64, estimate: &Estimate) -> Decision {
    let holds = |value: f64| op.holds(value, limit);
    let as_it_is = matches!(op, Op::Equal | Op::NotEqual) || at_the_edge(measure, op, limit);
    if as_it_is {
        return if holds(estimate.value) { Decision::Met } else { Decision::Broken };
    }
    // Which end must be inside, and which outside, follows from the direction of the comparison.
    let (inner, outer) = match op {
        Op::Less | Op::LessOrEqual => (estimate.interval.high, estimate.interval.low),
        _ => (estimate.interval.low, estimate.interval.high),
    };
    match (holds(inner), holds(outer)) {
        (true, _) => Decision::Met,
        (false, false) => Decision::Broken,
        (false, true) => Decision::Undecided,
    }
}

/// A share cannot lie beyond 0 and 1, so no interval could ever show that it stays at such a limit: it is compared as
/// it is, like a count.
fn at_the_edge(measure: Measure, op: Op, limit: f64) -> bool {
    matches!(measure, Measure::ErrorRate | Measure::Checks)
        && match op {
            Op::Less | Op::LessOrEqual => limit <= 0.0,
            _ => limit >= 1.0,
        }
}

/// How far a value is beyond a limit, as a share of it: positive is beyond. Nothing where that has no meaning.
pub(super) fn margin(op: Op, limit: f64, value: f64) -> Option<f64> {
    let beyond = match op {
        Op::Less | Op::LessOrEqual => value - limit,
        Op::Greater | Op::GreaterOrEqual => limit - value,
        Op::Equal | Op::NotEqual => return None,
    };
    (limit != 0.0).then(|| beyond / limit.abs()).filter(|margin| margin.is_finite())
}

/// How much worse a value is, for choosing the worst of several; larger is worse.
pub(super) fn badness(op: Op, value: f64) -> f64 {
    match op {
        Op::Greater | Op::GreaterOrEqual => -value,
        _ => value,
    }
}

/// About how many more samples (of rates: seconds) would decide, if what comes is like what came. Nothing when the
/// value sits on its limit. `share_above` tells which share of times lies beyond a limit in seconds.
pub(super) fn more_samples(
    rule: &Threshold,
    limit: f64,
    share_above: impl Fn(f64) -> Option<f64>,
    estimate: &Estimate,
) -> Option<u64> {
    // Half the width of a 95 % interval shrinks with the root of the samples; 1.96 standard errors of a share.
    const Z_SQUARED: f64 = 1.96 * 1.96;
    let n = estimate.samples as f64;
    let needed = match (rule.measure, rule.stat) {
        (measure, Stat::Quantile(p)) if is_time(measure) => {
            let distance = (1.0 - share_above(limit)?) - p;
            let by_distance = Z_SQUARED * p * (1.0 - p) / distance.powi(2);
            by_distance.max(smallest_sample(p) as f64)
        }
        (Measure::ErrorRate | Measure::Checks, _) => {
            let share = estimate.value;
            let distance = (share - limit).abs();
            // Without any failure the upper end is 3.7 of n.
            (Z_SQUARED * share * (1.0 - share) / distance.powi(2)).max(3.7 / distance)
        }
        _ => {
            let half = (estimate.interval.high - estimate.interval.low) / 2.0;
            if half.is_finite() {
                n * (half / (estimate.value - limit)).powi(2)
            } else {
                crate::interval::MIN_BLOCKS as f64
            }
        }
    };
    // A tenth more: the estimate itself is a guess.
    let more = (needed * 1.1 - n).ceil();
    (more.is_finite() && more < 1e9).then_some(more.max(1.0) as u64)
}
