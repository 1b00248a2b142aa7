//! Which series a query means, and which of its numbers.

use perflab_model::{
    display,
    threshold::{Measure, Stat, glob_matches},
    trend::{ANY, TrendQuery},
};
use perflab_store::{Number, TrendChoice};

/// Most series of one chart: more lines could not be told apart.
pub(super) const MOST_SERIES: usize = 8;

/// What is shown first where it is there, in this order.
const FIRST: [(&str, &str); 6] = [
    ("latency", "p95"),
    ("latency", "p50"),
    ("latency", "p99"),
    ("latency", "mean"),
    ("throughput", "rate"),
    ("error_rate", "rate"),
];

/// A number that trends can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The measure of the stored result.
    pub(super) measure: String,
    /// Which number of it.
    pub(super) stat: String,
    /// The base unit.
    pub(super) unit: String,
}

impl Offer {
    /// The word in addresses: `latency_p95`, `throughput`.
    pub(super) fn code(&self) -> String {
        display::number_code(&self.measure, &self.stat)
    }

    /// The words of screens: `Latency, p95`.
    pub(super) fn label(&self) -> String {
        display::number_label(&self.measure, &self.stat)
    }

    /// Whether a rule is about this number.
    pub(super) fn is_meant(&self, measure: Measure, stat: Stat) -> bool {
        let name = stat.name();
        measure.name() == self.measure && (name == self.stat || (stat == Stat::Mean && self.stat == "mean"))
    }
}

/// Every number that these requests have (all of them without requests), those that are looked at most first.
pub(super) fn offers(numbers: &[Number], requests: &[Option<String>]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let place = |offer: &Offer| {
        FIRST.iter().position(|(measure, stat)| offer.measure == *measure && offer.stat == *stat).unwrap_or(FIRST.len())
    };
    for number in numbers.iter().filter(|number| requests.contains(&number.request)) {
        let offer = Offer { measure: number.measure.clone(), stat: number.stat.clone(), unit: number.unit.clone() };
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    offers.sort_by_key(place);
    offers
}

/// The number of that code, also one that no new run has: then there is nothing to draw, and nothing else is drawn.
pub(super) fn named(offers: &[Offer], code: &str) -> Option<Offer> {
    let known = FIRST.iter().map(|(measure, stat)| Offer {
        measure: (*measure).to_owned(),
        stat: (*stat).to_owned(),
        unit: if *measure == "latency" {
            "s"
        } else if *measure == "throughput" {
            "1/s"
        } else {
            ""
        }
        .to_owned(),
    });
    offers.iter().cloned().chain(known).find(|offer| offer.code() == code)
}

/// The requests that are meant, and how many more fit.
pub(super) fn requests(asked: Option<&str>, known: &[String]) -> (Vec<Option<String>>, u64) {
    let Some(asked) = asked else { return (vec![None], 0) };
    // A name may hold the sign itself.
    if !asked.contains(ANY) || known.iter().any(|name| name == asked) {
        return (vec![Some(asked.to_owned())], 0);
    }
    let mut fitting: Vec<Option<String>> =
        known.iter().filter(|name| glob_matches(asked, name)).cloned().map(Some).collect();
    let left_out = fitting.len().saturating_sub(MOST_SERIES) as u64;
    fitting.truncate(MOST_SERIES);
    (fitting, left_out)
}

/// The suite and scenario that a query means, and their series on its environment: of those that fit, what ran last.
/// There is no series on an environment that has no run of it.
pub(super) fn choose<'a>(
    choices: &'a [TrendChoice],
    query: &TrendQuery,
) -> (Option<&'a TrendChoice>, Option<&'a TrendChoice>) {
    let mut fitting = choices.iter().filter(|choice| {
        query.suite.as_ref().is_none_or(|wanted| *wanted == choice.suite)
            && query.scenario.as_ref().is_none_or(|wanted| *wanted == choice.scenario)
    });
    let newest = fitting.clone().next();
    let chosen = fitting.find(|choice| query.environment.as_ref().is_none_or(|wanted| *wanted == choice.environment));
    (chosen.or(newest), chosen)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn choice(scenario: &str, environment: &str) -> TrendChoice {
        TrendChoice {
            suite: "mita".parse().expect("a name"),
            scenario: scenario.parse().expect("a name"),
            environment: environment.parse().expect("a name"),
        }
    }

    fn number(request: Option<&str>, measure: &str, stat: &str, unit: &str) -> Number {
        Number {
            request: request.map(str::to_owned),
            measure: measure.to_owned(),
            stat: stat.to_owned(),
            unit: unit.to_owned(),
        }
    }

    #[test]
    fn the_numbers_of_a_benchmark_case_are_offered_by_their_own_names() {
        let numbers = [
            number(Some("hash"), "allocations", "bytes", "B"),
            number(Some("hash"), "latency", "p50", "s"),
            number(Some("hash"), "memory", "slope", "B"),
            number(Some("limiter"), "overhead", "value", "s"),
        ];
        let told: Vec<_> =
            offers(&numbers, &[Some("hash".to_owned())]).iter().map(|offer| (offer.code(), offer.label())).collect();
        let expected =
            [("latency_p50", "Latency, p50"), ("allocations_bytes", "Allocations, bytes"), ("memory", "Memory growth")];
        assert_eq!(told, expected.map(|(code, label)| (code.to_owned(), label.to_owned())));
    }

    #[test]
    fn a_measure_that_no_new_run_has_is_still_the_one_that_was_asked_for() {
        assert_eq!(named(&[], "latency_p99").map(|offer| offer.code()).as_deref(), Some("latency_p99"));
        assert_eq!(named(&[], "warp"), None);
    }

    #[test]
    fn a_pattern_means_every_request_that_fits_up_to_what_can_be_told_apart() {
        let known: Vec<String> = (0..12).map(|n| format!("login {n:02}")).chain(["a*b".to_owned()]).collect();
        let (some, left_out) = requests(Some("login *"), &known);
        assert_eq!((some.len(), left_out), (MOST_SERIES, 4));
        assert_eq!(some[0].as_deref(), Some("login 00"));
        assert_eq!(requests(Some("a*b"), &known), (vec![Some("a*b".to_owned())], 0), "a name of its own");
        assert_eq!(requests(None, &known), (vec![None], 0));
        assert_eq!(requests(Some("gone*"), &known), (Vec::new(), 0));
    }

    #[rstest]
    #[case::nothing_is_said(None, None, Some(("load", "staging")), true)]
    #[case::a_scenario(Some("smoke"), None, Some(("smoke", "production")), true)]
    #[case::an_environment(None, Some("production"), Some(("smoke", "production")), true)]
    #[case::an_environment_without_runs(Some("load"), Some("production"), Some(("load", "staging")), false)]
    #[case::an_unknown_environment(None, Some("gone"), Some(("load", "staging")), false)]
    #[case::an_unknown_scenario(Some("gone"), None, None, false)]
    fn another_environment_is_never_shown_in_place_of_the_one_that_was_asked_for(
        #[case] scenario: Option<&str>,
        #[case] environment: Option<&str>,
        #[case] named: Option<(&str, &str)>,
        #[case] shown: bool,
    ) {
        let choices = [choice("load", "staging"), choice("smoke", "production"), choice("smoke", "staging")];
        let query = TrendQuery {
            scenario: scenario.map(|name| name.parse().expect("a name")),
            environment: environment.map(|name| name.parse().expect("a name")),
            ..TrendQuery::default()
        };
        let (series, chosen) = choose(&choices, &query);
        assert_eq!(series, named.map(|(scenario, environment)| choice(scenario, environment)).as_ref());
        assert_eq!(chosen.is_some(), shown);
    }
}
