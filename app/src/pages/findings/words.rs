//! A finding in words: what moved, by how much, and since when.

use perflab_model::{
    display::{self, UnitOf},
    finding::{Finding, FindingKind, FindingState, SeriesKey},
};

use crate::components::{encoded, with_unit};

/// `checkout: Latency, p95`, or the number alone where all requests are meant.
pub(super) fn subject(series: &SeriesKey) -> String {
    let number = display::number_label(&series.measure, &series.stat);
    series.request.as_ref().map_or_else(|| number.clone(), |request| format!("{request}: {number}"))
}

/// `+18.2 %`.
pub(super) fn shift(finding: &Finding) -> String {
    format!("{} %", display::signed(finding.shift * 100.0))
}

/// `187 ms to 231 ms`.
pub(crate) fn moved(finding: &Finding) -> String {
    let (one, other) = levels(finding, display::number);
    format!("{one} to {other}")
}

/// The same with all digits, for `title`.
pub(super) fn moved_exactly(finding: &Finding) -> String {
    let (one, other) = levels(finding, display::exact);
    format!("{one} to {other}")
}

fn levels(finding: &Finding, number: fn(f64) -> String) -> (String, String) {
    let is_share = display::is_share(&finding.series.measure, &finding.series.stat, &finding.unit);
    let unit = UnitOf::fitting(&finding.unit, is_share, finding.before.abs().max(finding.after.abs()));
    let told = |value: f64| with_unit(&number(value * unit.times), unit.sign);
    (told(finding.before), told(finding.after))
}

/// The mark of its badge.
pub(super) fn mark(finding: &Finding) -> &'static str {
    match (finding.state.is_open(), finding.worse, finding.band) {
        (false, ..) => "stopped",
        (true, false, _) => "excellent",
        (true, true, Some(band)) if band >= perflab_model::comparison::Band::Significant => "critical",
        (true, true, _) => "issues",
    }
}

/// `significant`, or that it is for the better.
pub(super) fn band(finding: &Finding) -> &'static str {
    match (finding.worse, finding.band) {
        (false, _) => "better",
        (true, Some(band)) => band.word(),
        (true, None) => "worse",
    }
}

/// The answer of a finding's page.
pub(super) fn answer(finding: &Finding) -> String {
    let direction = if finding.worse { "worse" } else { "better" };
    let by = display::number(finding.shift.abs() * 100.0);
    let from = match &finding.good {
        Some(good) => format!("after run #{} and ", good.number),
        None => String::new(),
    };
    let since = match finding.kind {
        FindingKind::Drift => format!("it crept from run #{} to run #{}", finding.first.number, finding.to.number),
        _ if finding.from.id == finding.to.id => format!("{from}with run #{}", finding.first.number),
        _ => format!(
            "{from}with one of the runs #{} to #{}, most likely #{}",
            finding.from.number, finding.to.number, finding.first.number
        ),
    };
    let state = match finding.state {
        FindingState::Faded => " More runs took the evidence away.",
        FindingState::Fixed => " It is fixed.",
        _ => "",
    };
    format!("{} is {by} % {direction}, {}: {since}.{state}", subject(&finding.series), moved(finding))
}

/// One line of a run's page: what moved and where to read of it.
pub(crate) fn finding_line(finding: &Finding) -> String {
    format!("{}, {} ({})", subject(&finding.series), shift(finding), finding.state.word().to_lowercase())
}

/// The trend of a finding's number.
pub(super) fn trend(series: &SeriesKey) -> String {
    let mut address = format!(
        "/trends?suite={}&scenario={}&env={}&measure={}",
        encoded(series.suite.as_str()),
        encoded(series.scenario.as_str()),
        encoded(series.environment.as_str()),
        encoded(&display::number_code(&series.measure, &series.stat))
    );
    for (name, value) in [("request", &series.request), ("branch", &series.branch)] {
        if let Some(value) = value {
            address.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    address
}

#[cfg(test)]
pub(super) mod tests {
    use perflab_model::{
        blocks::Better,
        comparison::Band,
        finding::NamedRun,
        id::{FindingId, RunId},
        run::Revision,
    };

    use super::*;

    pub(in crate::pages::findings) fn finding() -> Finding {
        let run = |number: u64| NamedRun {
            id: RunId::new(uuid::Uuid::from_u128(number.into())),
            number,
            revision: Revision { commit: Some(format!("{number:07}")), ..Revision::default() },
            ended_us: 1_773_325_512_000_000,
        };
        Finding {
            id: FindingId::new(uuid::Uuid::nil()),
            project: "MITA".parse().expect("a name"),
            series: SeriesKey {
                suite: "mita".parse().expect("a name"),
                scenario: "load".parse().expect("a name"),
                environment: "staging".parse().expect("a name"),
                worker_class: "bench-1".to_owned(),
                branch: Some("main".to_owned()),
                request: Some("check out".to_owned()),
                measure: "latency".to_owned(),
                stat: "p95".to_owned(),
            },
            unit: "s".to_owned(),
            better: Better::Lower,
            kind: FindingKind::Step,
            state: FindingState::New,
            band: Some(Band::Significant),
            worse: true,
            first: run(41),
            from: run(40),
            to: run(42),
            good: Some(run(39)),
            before: 0.187,
            after: 0.231,
            shift: 0.235,
            evidence: Some(1e-6),
            closed_by: None,
            assignee: None,
            url: None,
            due_us: None,
            created_us: 1_773_325_512_000_000,
            changed_us: 1_773_325_512_000_000,
        }
    }

    #[test]
    fn the_answer_says_what_moved_by_how_much_and_since_when() {
        assert_eq!(
            answer(&finding()),
            "check out: Latency, p95 is 23.5 % worse, 187 ms to 231 ms: after run #39 and with one of the runs #40 to #42, \
             most likely #41."
        );
    }

    #[test]
    fn the_trend_is_that_of_the_very_number() {
        assert_eq!(
            trend(&finding().series),
            "/trends?suite=mita&scenario=load&env=staging&measure=latency_p95&request=check%20out&branch=main"
        );
    }
}
