//! Stored numbers as screens show them: their unit, and the limits that rules set for them.

use perflab_model::{
    display::{self, UnitOf},
    plan::Plan,
    threshold::{Level, Limit, glob_matches},
    trend::TrendLimit,
};

use super::choose::Offer;

/// The unit in which the values of a chart read best: one for all of them, by the largest.
pub(super) fn unit(offer: &Offer, values: impl Iterator<Item = f64>) -> UnitOf {
    let largest = values.map(f64::abs).filter(|value| value.is_finite()).fold(0.0, f64::max);
    UnitOf::fitting(&offer.unit, display::is_share(&offer.measure, &offer.stat, &offer.unit), largest)
}

/// The limits that a plan's rules set for these requests, once each: fixed numbers over the whole run.
pub(super) fn limits(offer: &Offer, requests: &[Option<String>], plan: &Plan, unit: UnitOf) -> Vec<TrendLimit> {
    let mut limits: Vec<TrendLimit> = Vec::new();
    for rule in &plan.rules {
        let threshold = &rule.threshold;
        let is_whole = threshold.tags.is_empty() && threshold.window.is_none() && threshold.at.is_none();
        let fits = requests.iter().any(|request| match (request, &threshold.scope) {
            (None, None) => true,
            (Some(request), Some(scope)) => glob_matches(scope, request),
            _ => false,
        });
        let Limit::Number(limit) = threshold.limit else { continue };
        if !(is_whole && fits && offer.is_meant(threshold.measure, threshold.stat)) {
            continue;
        }
        let first = if threshold.max.is_some() { Level::Warn } else { threshold.level };
        for (value, level) in std::iter::once((limit, first)).chain(threshold.max.map(|max| (max, Level::Fail))) {
            let limit = TrendLimit { value: value * unit.times, level, rule: threshold.text.clone() };
            if !limits.contains(&limit) {
                limits.push(limit);
            }
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_request("latency", "p95", "s", 0.187, "ms", 187.0)]
    #[case::an_operation("latency", "p50", "s", 0.000_08, "µs", 80.0)]
    #[case::errors("error_rate", "rate", "", 0.02, "%", 2.0)]
    #[case::a_rate("throughput", "rate", "1/s", 66.0, "/s", 66.0)]
    #[case::growth("memory", "slope", "B", 2_048.0, "KB", 2.0)]
    #[case::a_count("allocations", "count", "", 12.0, "", 12.0)]
    fn one_unit_for_all_values_of_a_chart(
        #[case] measure: &str,
        #[case] stat: &str,
        #[case] base: &str,
        #[case] value: f64,
        #[case] sign: &str,
        #[case] shown: f64,
    ) {
        let offer = Offer { measure: measure.to_owned(), stat: stat.to_owned(), unit: base.to_owned() };
        let unit = unit(&offer, [value, value / 2.0].into_iter());
        assert_eq!(unit.sign, sign);
        assert!((value * unit.times - shown).abs() < 1e-9, "{unit:?}");
    }
}
