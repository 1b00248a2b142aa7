//! Numbers of a table that break a rule.
//!
//! In:  a ledger. Out: which of an endpoint's numbers it calls broken, with the word for it.
//! A rule on a stretch of time or on some answers only judges another number than the table shows, so it marks none.

use leptos::prelude::*;
use perflab_model::{
    summary::LatencyKind,
    threshold::{Measure, Stat, Threshold},
    verdict::{Gate, LedgerRow},
};

use super::verdict::{outcome_mark, outcome_word};

/// A rule that a number breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The outcome (`data-v`).
    mark: &'static str,
    /// The same as a word: `over limit`.
    word: String,
    /// The rule.
    rule: String,
}

/// What a ledger says of the numbers of one endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breaches<'a> {
    /// The endpoint.
    pub(super) request: &'a str,
    /// From where its times count.
    pub(super) kind: Option<LatencyKind>,
    /// The rules.
    pub(super) ledger: &'a [LedgerRow],
}

impl Breaches<'_> {
    /// The worst rule that a percentile of the times breaks.
    pub(super) fn quantile(&self, share: f64) -> Option<Broken> {
        self.find(|rule| self.is_headline(rule) && matches!(rule.stat, Stat::Quantile(p) if (p - share).abs() < 1e-9))
    }

    /// The worst rule that the largest time breaks.
    pub(super) fn max(&self) -> Option<Broken> {
        self.find(|rule| self.is_headline(rule) && rule.stat == Stat::Max)
    }

    /// The worst rule that the error rate breaks.
    pub(super) fn error_rate(&self) -> Option<Broken> {
        self.find(|rule| rule.measure == Measure::ErrorRate)
    }

    /// The worst rule that the requests a second break.
    pub(super) fn throughput(&self) -> Option<Broken> {
        self.find(|rule| rule.measure == Measure::Throughput && rule.stat == Stat::Rate)
    }

    fn is_headline(&self, rule: &Threshold) -> bool {
        match rule.measure {
            Measure::Latency => true,
            Measure::Response => self.kind == Some(LatencyKind::Response),
            Measure::Service => self.kind == Some(LatencyKind::Service),
            _ => false,
        }
    }

    /// Ledgers name what is broken first, the worst at their head.
    fn find(&self, judges: impl Fn(&Threshold) -> bool) -> Option<Broken> {
        let of_request = |row: &&LedgerRow| {
            row.scope.as_deref() == Some(self.request) && matches!(row.outcome, Gate::Warn | Gate::Fail)
        };
        self.ledger
            .iter()
            .filter(of_request)
            .find(|row| row.rule.parse().is_ok_and(|rule: Threshold| is_whole(&rule) && judges(&rule)))
            .map(|row| Broken {
                mark: outcome_mark(row.outcome),
                word: outcome_word(row).to_lowercase(),
                rule: row.rule.clone(),
            })
    }
}

/// Whether a rule judges what the table shows: all answers since the warm-up.
fn is_whole(rule: &Threshold) -> bool {
    rule.window.is_none() && rule.after.is_none() && rule.at.is_none() && rule.tags.is_empty()
}

/// A number, with an icon and a word where it breaks a rule.
#[component]
pub(super) fn Judged(
    /// The rule that it breaks.
    broken: Option<Broken>,
    /// The number.
    children: Children,
) -> impl IntoView {
    match broken {
        None => children().into_any(),
        Some(broken) => view! {
            <span class="verdict" data-v=broken.mark>{children()}</span>
            <span class="sub" title=broken.rule>{broken.word}</span>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::threshold::Level;
    use rstest::rstest;

    use super::*;

    fn row(rule: &str, scope: &str, outcome: Gate) -> LedgerRow {
        LedgerRow {
            rule: rule.to_owned(),
            source: "suite mita".to_owned(),
            level: Level::Fail,
            scope: Some(scope.to_owned()),
            value: Some(231.0),
            unit: "ms".to_owned(),
            interval: None,
            limit: 200.0,
            max: None,
            op: "<".to_owned(),
            samples: 500,
            baseline: None,
            waiver: None,
            outcome,
            margin_percent: None,
            breach_seconds: 0,
            reason: None,
            next: None,
        }
    }

    #[rstest]
    #[case::of_this_endpoint("p95 < 200ms for login", "login", Gate::Fail, true)]
    #[case::in_the_words_of_k6("http_req_duration p(95)<200", "login", Gate::Warn, true)]
    #[case::of_another_endpoint("p95 < 200ms for budget", "budget", Gate::Fail, false)]
    #[case::that_is_met("p95 < 500ms for login", "login", Gate::Pass, false)]
    #[case::of_another_percentile("p99 < 200ms for login", "login", Gate::Fail, false)]
    #[case::of_a_stretch_of_time("p95 < 200ms over 10s for login", "login", Gate::Fail, false)]
    fn a_percentile_is_marked_by_a_rule(
        #[case] rule: &str,
        #[case] scope: &str,
        #[case] outcome: Gate,
        #[case] marked: bool,
    ) {
        let ledger = [row(rule, scope, outcome)];
        let breaches = Breaches { request: "login", kind: Some(LatencyKind::Service), ledger: &ledger };
        assert_eq!(breaches.quantile(0.95).is_some(), marked);
        assert_eq!(breaches.error_rate(), None);
    }

    #[test]
    fn a_mark_is_an_icon_and_a_word() {
        let ledger = [row("error_rate < 1% for login", "login", Gate::Fail)];
        let breaches = Breaches { request: "login", kind: None, ledger: &ledger };
        let broken = breaches.error_rate().expect("the rule is broken");
        assert_eq!((broken.mark, broken.word.as_str()), ("critical", "over limit"));
    }
}
