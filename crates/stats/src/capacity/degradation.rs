//! Degradation: how much slower a quantile is at a level than at the reference level, with its interval.
//!
//! The interval is that of two order statistics put together on logs (square and add; Newcombe 1998, applied to quantiles),
//! widened by what the same target differs from run to run. Nothing is known of that when a search begins, so it is taken
//! as 2 % with the weight of four pairs of runs: a search alone cannot see changes under about 6 %.

use perflab_model::{
    capacity::{CapacityUnit, Slowdown, degradation_quantile},
    display::{count, number},
    plan::Rule,
    threshold::{At, Dimension, Level, Limit},
    verdict::{Gate, LedgerRow},
};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::quantile_interval_us;
use crate::{Histogram, missing_samples};

/// Requests that the reference level must have at least.
pub const REFERENCE_REQUESTS: u64 = 1_000;
/// What runs of the same thing differ by (a log ratio), where nothing was measured of it.
const RUN_TO_RUN: f64 = 0.02;
/// How many pairs of runs that counts for.
const RUN_TO_RUN_PAIRS: f64 = 4.0;
/// Half the width of a 95 % interval in standard errors.
const Z: f64 = 1.959_963_984_540_054;

/// The reference of a search: the place of the lowest level with enough requests. Levels come with their times.
pub fn reference<'a>(levels: impl IntoIterator<Item = (f64, &'a Histogram)>) -> Option<f64> {
    let enough = levels.into_iter().filter(|(_, times)| times.count() >= REFERENCE_REQUESTS);
    enough.map(|(level, _)| level).min_by(f64::total_cmp)
}

/// How much slower a quantile is than at the reference. Nothing where either has no times.
pub fn slowdown(reference: &Histogram, level: &Histogram, p: f64) -> Option<Slowdown> {
    let log = |(value, low, high): (f64, Option<f64>, Option<f64>)| (value.ln(), low.map(f64::ln), high.map(f64::ln));
    let (qa, la, ua) = log(quantile_interval_us(reference, p)?);
    let (qb, lb, ub) = log(quantile_interval_us(level, p)?);
    let d = qb - qa;
    let side = |of_level: Option<f64>, of_reference: Option<f64>| {
        Some(widened(((qb - of_level?).powi(2) + (qa - of_reference?).powi(2)).sqrt()))
    };
    Some(Slowdown {
        value: d.exp_m1(),
        low: side(lb, ua).map(|side| (d - side).exp_m1()),
        high: side(ub, la).map(|side| (d + side).exp_m1()),
    })
}

/// Half an interval with what runs differ by put in, by Welch and Satterthwaite; never narrower than it was.
fn widened(side: f64) -> f64 {
    let (within, between) = ((side / Z).powi(2), RUN_TO_RUN.powi(2));
    let degrees = (within + between).powi(2) / (between.powi(2) / RUN_TO_RUN_PAIRS);
    let t = StudentsT::new(0.0, 1.0, degrees.max(RUN_TO_RUN_PAIRS)).map_or(Z, |t| t.inverse_cdf(0.975));
    side.max(t * (within + between).sqrt())
}

/// Judges a rule on degradation by the levels of a search. `over` says that no level will follow.
pub fn judge(rule: &Rule, unit: CapacityUnit, levels: &[(f64, Histogram)], over: bool) -> LedgerRow {
    let threshold = &rule.threshold;
    let limit = match threshold.limit {
        Limit::Number(limit) => limit,
        Limit::Baseline(_) | Limit::Budget(_) => f64::NAN,
    };
    let percent = |share: f64| (share * Dimension::Share.scale() * 1e9).round() / 1e9;
    let mut row = LedgerRow {
        rule: threshold.text.clone(),
        source: rule.source.clone(),
        level: if threshold.max.is_some() { Level::Fail } else { threshold.level },
        scope: None,
        value: None,
        unit: Dimension::Share.unit().to_owned(),
        interval: None,
        limit: percent(limit),
        max: threshold.max.map(percent),
        op: threshold.op.sign().to_owned(),
        samples: 0,
        baseline: None,
        waiver: None,
        outcome: Gate::Inconclusive,
        margin_percent: None,
        breach_seconds: 0,
        reason: None,
        next: None,
    };
    let mut open = |reason: String, next: &str| {
        row.reason = Some(reason);
        row.next = Some(next.to_owned());
        row.clone()
    };
    let wanted = match (threshold.at, unit) {
        (Some(At::Users(users)), CapacityUnit::Users) => f64::from(users),
        (Some(At::Rate(rate)), CapacityUnit::Rate) => rate,
        _ => return open("it names no load of this search".to_owned(), "Say at which load, such as `at 1000 users`"),
    };
    let Some((_, at_level)) = levels.iter().find(|(level, _)| (level - wanted).abs() <= wanted * 0.005) else {
        let reason = format!("{} {}", unit.shown(wanted), if over { "were not measured" } else { "are still to come" });
        return open(reason, "The search ends at the first level that breaks, and at its top: raise it to that load");
    };
    let Some(lowest) = reference(levels.iter().map(|(level, times)| (*level, times))).filter(|low| *low < wanted)
    else {
        let reason = format!("no lower level has {} requests to compare with", count(REFERENCE_REQUESTS));
        return open(reason, "Hold each level longer, or begin lower");
    };
    let p = degradation_quantile(threshold.stat);
    let of_reference = levels.iter().find(|(level, _)| *level == lowest).map(|(_, times)| times);
    let Some(found) = of_reference.and_then(|times| slowdown(times, at_level, p)) else {
        return open("nothing was measured at its load".to_owned(), "See the run of that level");
    };
    row.samples = at_level.count();
    row.value = (missing_samples(row.samples, p) == 0).then(|| percent(found.value));
    row.interval = Some((found.low.map(percent), found.high.map(percent)));
    row.margin_percent =
        row.value.filter(|_| limit != 0.0).map(|_| ((found.value - limit) / limit.abs() * 1e11).round() / 1e9);
    let decide = |limit: f64| match (found.low, found.high) {
        (_, Some(high)) if threshold.op.holds(high, limit) => Some(true),
        (Some(low), _) if !threshold.op.holds(low, limit) => Some(false),
        _ => None,
    };
    let limits = match threshold.max {
        Some(max) => vec![(max, Level::Fail), (limit, Level::Warn)],
        None => vec![(limit, threshold.level)],
    };
    let broken = limits.iter().find(|(limit, _)| decide(*limit) == Some(false));
    let unclear = limits.iter().find(|(limit, _)| decide(*limit).is_none());
    row.outcome = match (broken, unclear) {
        (Some((_, Level::Fail)), _) => Gate::Fail,
        (_, Some((_, Level::Fail))) => Gate::Inconclusive,
        (Some((_, Level::Warn)), _) => Gate::Warn,
        (None, Some(_)) => Gate::Inconclusive,
        (None, None) => Gate::Pass,
    };
    row.reason = match row.outcome {
        Gate::Inconclusive => Some(match row.interval {
            Some((Some(low), Some(high))) => format!(
                "the 95 % interval {} to {} % against {} lies across the limit",
                number(low),
                number(high),
                unit.shown(lowest)
            ),
            _ => "too few requests for an interval".to_owned(),
        }),
        _ => Some(format!("against {}", unit.shown(lowest))),
    };
    row.next = match row.outcome {
        Gate::Pass => None,
        Gate::Inconclusive => {
            Some("Hold each level longer, or search again: two searches see more than one".to_owned())
        }
        Gate::Fail | Gate::Warn => {
            Some("Open the run of that level: its endpoints tell which requests slow down".to_owned())
        }
    };
    row
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// An exact spread of times around a middle, in microseconds: its P95 is 1.45 times the middle.
    fn times(middle_us: f64, n: u64) -> Histogram {
        let mut histogram = Histogram::new();
        for i in 0..n {
            histogram.record((middle_us * (0.5 + (i as f64 + 0.5) / n as f64)).round() as u64, 1);
        }
        histogram
    }

    fn rule(text: &str) -> Rule {
        Rule { threshold: text.parse().expect("a rule"), source: "scenario stress".to_owned() }
    }

    #[test]
    fn a_level_twice_as_slow_is_100_percent_slower() {
        let found = slowdown(&times(20_000.0, 20_000), &times(40_000.0, 20_000), 0.95).expect("there are times");
        assert!((found.value - 1.0).abs() < 0.002, "{found:?}");
        assert!(found.low.is_some_and(|low| low > 0.85) && found.high.is_some_and(|high| high < 1.15), "{found:?}");
    }

    #[test]
    fn the_interval_is_two_order_statistics_put_together_and_widened() {
        let (a, b) = (times(20_000.0, 1_000), times(23_000.0, 1_000));
        // Ranks of P95 of 1,000 values: 936 and 964 (binomial), so the ends follow from the exact spread.
        let value = |middle: f64, rank: f64| middle * (0.5 + (rank - 0.5) / 1000.0);
        let (qa, la, ua) = (value(2e4, 950.0).ln(), value(2e4, 936.0).ln(), value(2e4, 964.0).ln());
        let (qb, lb, ub) = (value(2.3e4, 950.0).ln(), value(2.3e4, 936.0).ln(), value(2.3e4, 964.0).ln());
        let low_side = ((qb - lb).powi(2) + (ua - qa).powi(2)).sqrt();
        let high_side = ((ub - qb).powi(2) + (qa - la).powi(2)).sqrt();
        let found = slowdown(&a, &b, 0.95).expect("there are times");
        let low = (qb - qa - widened(low_side)).exp_m1();
        let high = (qb - qa + widened(high_side)).exp_m1();
        assert!((found.low.expect("an end") - low).abs() < 2e-3, "{found:?} {low}");
        assert!((found.high.expect("an end") - high).abs() < 2e-3, "{found:?} {high}");
    }

    #[test]
    fn what_runs_differ_by_is_never_forgotten() {
        // Four degrees of freedom: t is 2.776445, times 2 %.
        assert!((widened(0.0) - 2.776_445_105 * 0.02).abs() < 1e-6);
        assert!(widened(1.0) >= 1.0 && widened(1.0) < 1.01);
    }

    #[test]
    fn the_reference_is_the_lowest_level_with_a_thousand_requests() {
        let (few, many) = (times(20_000.0, 999), times(20_000.0, 1_000));
        assert_eq!(reference([(1.0, &few), (5.0, &many), (2.0, &many)]), Some(2.0));
        assert_eq!(reference([(1.0, &few)]), None);
    }

    #[rstest]
    #[case::no_slower("degradation < 15% at 1000 users", 20_000.0, Gate::Pass)]
    #[case::far_slower("degradation < 15% at 1000 users", 40_000.0, Gate::Fail)]
    #[case::far_slower_as_a_warning("degradation < 15% at 1000 users warn", 40_000.0, Gate::Warn)]
    #[case::on_the_limit("degradation < 15% at 1000 users", 23_000.0, Gate::Inconclusive)]
    #[case::of_another_quantile("degradation p99 < 15% at 1000 users", 40_000.0, Gate::Fail)]
    #[case::between_target_and_maximum("degradation < 15%, max 150% at 1000 users", 40_000.0, Gate::Warn)]
    #[case::beyond_the_maximum("degradation < 15%, max 50% at 1000 users", 40_000.0, Gate::Fail)]
    fn a_rule_is_decided_by_the_ends_of_its_interval(#[case] text: &str, #[case] at_1000: f64, #[case] expected: Gate) {
        let levels = [(10.0, times(20_000.0, 5_000)), (1000.0, times(at_1000, 20_000))];
        let row = judge(&rule(text), CapacityUnit::Users, &levels, true);
        assert_eq!(row.outcome, expected, "{row:?}");
        assert_eq!(row.next.is_none(), expected == Gate::Pass);
    }

    #[rstest]
    #[case::a_level_that_was_never_reached("degradation < 15% at 2000 users", "2,000 users were not measured")]
    #[case::another_unit("degradation < 15% at 2000/s", "it names no load of this search")]
    #[case::the_reference_itself("degradation < 15% at 10 users", "no lower level has 1,000 requests to compare with")]
    fn a_rule_without_its_levels_is_never_met(#[case] text: &str, #[case] reason: &str) {
        let levels = [(10.0, times(20_000.0, 5_000)), (1000.0, times(20_000.0, 20_000))];
        let row = judge(&rule(text), CapacityUnit::Users, &levels, true);
        assert_eq!((row.outcome, row.reason.as_deref()), (Gate::Inconclusive, Some(reason)));
        assert!(row.next.is_some());
    }

    proptest! {
        #[test]
        fn the_estimate_lies_in_its_interval_and_more_requests_never_open_it(
            a in 2_000_u32..200_000, b in 2_000_u32..200_000, n in 1_000_u64..4_000
        ) {
            let few = slowdown(&times(a.into(), n), &times(b.into(), n), 0.95).expect("times");
            prop_assert!(few.low.expect("an end") <= few.value && few.value <= few.high.expect("an end"));
            let back = slowdown(&times(b.into(), n), &times(a.into(), n), 0.95).expect("times");
            // Twice as slow one way is half as slow the other way.
            prop_assert!(((1.0 + few.value) * (1.0 + back.value) - 1.0).abs() < 1e-9);
        }
    }
}
