use perflab_model::{
    run::Revision,
    runner::ErrorExample,
    tick::{Phase, Tick},
    verdict::Verdict,
};
use proptest::prelude::*;

use super::sample::{completed, failing, judged, outcome, plan, steady, tick};
use crate::judge::{JudgeInput, Live, judge};

fn live(rules: &[&str], ticks: &[Tick]) -> Live {
    let mut live = Live::new(&plan(rules), Revision::default());
    ticks.iter().for_each(|tick| live.tick(tick));
    live
}

#[test]
fn before_the_first_second_nothing_is_claimed() {
    let progress = live(&["p95 < 200ms"], &[]).progress();
    assert_eq!((progress.second, progress.target, progress.verdict), (0, 10.0, None));
    assert_eq!(progress.ledger[0].reason.as_deref(), Some("no samples"));
}

#[test]
fn a_rule_asks_for_a_stop_in_the_second_that_breaches_it() {
    let rule = "error_rate < 5% for 5s stop";
    let mut live = Live::new(&plan(&[rule]), Revision::default());
    let stops: Vec<bool> = failing(12, 3, 5, "http.5xx")
        .iter()
        .map(|tick| {
            live.tick(tick);
            live.stop_rule().is_some()
        })
        .collect();
    // Breaching seconds are 3 to 7.
    assert_eq!(stops.iter().position(|stop| *stop), Some(7));
    assert_eq!(live.stop_rule().as_deref(), Some(rule));
}

#[test]
fn errors_carry_at_most_three_examples_of_their_kind() {
    let ticks = failing(5, 0, 5, "http.5xx");
    let example = |n: u32| ErrorExample {
        code: "http.5xx".to_owned(),
        request: "login".to_owned(),
        second: n,
        message: format!("503 number {n}"),
    };
    let examples: Vec<ErrorExample> = (0..5).map(example).collect();
    let plan = plan(&[]);
    let outcome = judge(&JudgeInput {
        plan: &plan,
        revision: &Revision::default(),
        ticks: &ticks,
        cases: &[],
        examples: &examples,
        against: None,
        conclusion: &completed(),
    });
    assert_eq!(outcome.summary.errors[0].examples, ["503 number 0", "503 number 1", "503 number 2"]);
}

#[test]
fn the_summary_document_reads_back_and_says_who_it_is() {
    let summary = judged(&plan(&["p95 < 200ms"]), &steady(20, 100_000), &completed()).summary;
    assert_eq!((summary.schema.as_str(), summary.run.suite_version.as_str()), ("perflab.summary/1", "9f31c2e"));
    assert_eq!(
        (summary.run.seconds, summary.totals.rate_per_s, summary.run.revision.is_none()),
        (20.0, Some(20.0), true)
    );
    let text = serde_json::to_string(&summary).expect("writes");
    assert_eq!(serde_json::from_str::<perflab_model::summary::Summary>(&text).expect("reads"), summary);
}

#[test]
fn results_are_in_base_units_for_all_together_and_for_each_request() {
    let results = judged(&plan(&[]), &steady(20, 100_000), &completed()).results;
    let find = |request: Option<&str>, measure: &str, stat: &str| {
        results.iter().find(|row| row.request.as_deref() == request && row.measure == measure && row.stat == stat)
    };
    let p95 = find(Some("login"), "latency", "p95").expect("400 samples");
    assert!(p95.unit == "s" && (p95.value - 0.109).abs() < 0.001, "{p95:?}");
    assert_eq!(find(None, "throughput", "rate").map(|row| row.value), Some(20.0));
    assert_eq!(find(None, "error_rate", "rate").map(|row| row.value), Some(0.0));
    assert!(find(None, "latency", "p99").is_none(), "400 samples show no P99");
}

#[test]
fn trend_and_ledger_agree_about_requests_that_the_generator_lost() {
    let second = |second| {
        let outcomes = vec![
            outcome(2, None, &[100_000; 15]),
            outcome(5, Some("http.5xx"), &[1_000; 5]),
            outcome(0, Some("generator.fd"), &[1; 20]),
        ];
        tick(second, Phase::Measured, outcomes)
    };
    let ticks: Vec<Tick> = (0..20).map(second).collect();
    let outcome = judged(&plan(&["error_rate < 5%", "rps > 100"]), &ticks, &completed());
    let trend = |measure: &str| {
        outcome.results.iter().find(|row| row.request.is_none() && row.measure == measure).map(|row| row.value)
    };
    let ledger = |rule: &str| outcome.judgement.ledger.iter().find(|row| row.rule == rule).and_then(|row| row.value);
    assert_eq!((trend("error_rate"), ledger("error_rate < 5%")), (Some(0.25), Some(25.0)));
    assert_eq!((trend("throughput"), ledger("rps > 100")), (Some(20.0), Some(20.0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn live_and_final_never_disagree(
        well in 1_usize..60, failed in 0_usize..20, us in 1_000_u64..400_000, seconds in 1_u32..15, warm in 0_u32..5
    ) {
        let ticks: Vec<Tick> = (0..seconds + warm)
            .map(|second| {
                let phase = if second < warm { Phase::WarmUp } else { Phase::Measured };
                let outcomes = vec![outcome(2, None, &vec![us; well]), outcome(5, Some("http.5xx"), &vec![us; failed])];
                tick(second, phase, outcomes)
            })
            .collect();
        let rules = ["p95 < 200ms", "error_rate < 5% warn", "rps > 10 for login"];
        let live = live(&rules, &ticks);
        let (progress, outcome) = (live.progress(), judged(&plan(&rules), &ticks, &completed()));
        prop_assert_eq!(progress.verdict, Some(outcome.judgement.verdict));
        prop_assert_eq!(&progress.ledger, &outcome.summary.ledger);
        prop_assert_eq!(&progress.latency, &outcome.summary.latency);
        prop_assert_eq!(&progress.requests, &outcome.summary.requests);
        prop_assert_eq!(progress.totals, outcome.summary.totals);
        prop_assert_eq!(live.headline().p95_ms, outcome.summary.latency.p95);
        // The same run without its warm-up is worth the same.
        let mut kept: Vec<Tick> = ticks[warm as usize..].to_vec();
        kept.iter_mut().for_each(|tick| tick.point.second -= warm);
        let again = judged(&plan(&rules), &kept, &completed());
        prop_assert_eq!(again.judgement.verdict, outcome.judgement.verdict);
        let share = failed as f64 / (well + failed) as f64;
        prop_assert!(outcome.judgement.verdict != Verdict::Excellent || share < 0.05, "{}", share);
    }
}
