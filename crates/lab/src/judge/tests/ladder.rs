use perflab_model::{
    run::RunState,
    tick::{Phase, Tick},
    validity::ValidityState,
    verdict::{Gate, Verdict},
};
use rstest::rstest;

use super::sample::{completed, ended, failing, judged, outcome, plan, steady, tick};

#[rstest]
#[case::all_met(&["p95 < 200ms", "error_rate < 5%"], Verdict::Excellent)]
#[case::a_warning_is_broken(&["p95 < 50ms warn", "error_rate < 5%"], Verdict::Issues)]
#[case::a_target_is_broken(&["p95 < 50ms, max 500ms"], Verdict::Issues)]
#[case::a_warning_is_undecided(&["error_rate < 0.1% warn", "p95 < 200ms"], Verdict::Issues)]
#[case::a_limit_is_broken(&["p95 < 50ms", "error_rate < 5%"], Verdict::Critical)]
#[case::a_maximum_is_broken(&["p95 < 50ms, max 90ms"], Verdict::Critical)]
#[case::broken_goes_before_undecided(&["p95 < 50ms", "error_rate < 0.1%"], Verdict::Critical)]
#[case::a_limit_is_undecided(&["error_rate < 0.1%", "p95 < 50ms warn"], Verdict::Inconclusive)]
#[case::nothing_asked(&[], Verdict::Inconclusive)]
#[case::only_a_baseline_that_is_not_there(&["avg <= baseline * 1.1"], Verdict::Inconclusive)]
#[case::a_baseline_that_is_not_there_holds_up_nothing(&["avg <= baseline * 1.1", "p95 < 200ms"], Verdict::Excellent)]
fn the_first_rung_that_holds_is_the_verdict(#[case] rules: &[&str], #[case] verdict: Verdict) {
    let outcome = judged(&plan(rules), &steady(20, 100_000), &completed());
    assert_eq!(outcome.judgement.verdict, verdict, "{:#?}", outcome.judgement);
    // Gate and verdict never disagree about a run, nor do the summary and the judgement.
    assert_eq!((outcome.summary.gate, outcome.summary.verdict), (verdict.gate(), verdict));
    assert_eq!(outcome.summary.ledger, outcome.judgement.ledger);
    assert_eq!(outcome.summary.sentence, outcome.judgement.sentence);
}

#[rstest]
#[case::stopped(RunState::Cancelled, "stopped")]
#[case::aborted(RunState::Cancelled, "aborted")]
#[case::failed(RunState::Failed, "killed")]
#[case::lost(RunState::Lost, "lost")]
fn what_did_not_end_by_itself_has_no_verdict_however_bad_it_was(#[case] state: RunState, #[case] code: &str) {
    let end = ended(state, code, "Something happened.");
    let outcome = judged(&plan(&["p95 < 1ms"]), &steady(20, 100_000), &end);
    assert_eq!(outcome.judgement.verdict, Verdict::Inconclusive);
    assert_eq!(outcome.judgement.ledger[0].outcome, Gate::Fail, "the ledger still says what was measured");
}

#[test]
fn a_run_stopped_by_a_rule_is_judged_by_it() {
    let rule = "error_rate < 5% for 5s stop";
    let end = ended(RunState::Finished, "rule", "Stopped by the rule `error_rate < 5% for 5s stop`.");
    let outcome = judged(&plan(&[rule]), &failing(8, 3, 5, "http.5xx"), &end);
    assert_eq!(outcome.judgement.verdict, Verdict::Critical);
}

#[rstest]
#[case::never_answered(0, 0, "connect.refused", Verdict::Inconclusive)]
#[case::answered_and_went_away(5, 0, "connect.refused", Verdict::Critical)]
#[case::answers_500(0, 5, "http.5xx", Verdict::Critical)]
fn a_target_in_trouble(#[case] well: u32, #[case] status: u8, #[case] code: &str, #[case] verdict: Verdict) {
    let outcome =
        judged(&plan(&["error_rate < 5%", "p95 < 200ms warn"]), &failing(20, well, status, code), &completed());
    assert_eq!(outcome.judgement.verdict, verdict, "{:#?}", outcome.judgement);
    let invalid = verdict == Verdict::Inconclusive;
    assert_eq!(outcome.validity.state == ValidityState::Invalid, invalid);
}

#[test]
fn a_target_that_went_away_for_good_never_passes_however_few_requests_were_left_to_fail() {
    // 50 users without think time at 500/s for 50 s; then refused, each waits a second before it asks again.
    let ticks: Vec<Tick> = (0..60)
        .map(|second| {
            let outcomes = if second < 50 {
                vec![outcome(2, None, &[100_000; 500])]
            } else {
                vec![outcome(0, Some("connect.refused"), &[200; 50])]
            };
            tick(second, Phase::Measured, outcomes)
        })
        .collect();
    let rules = ["error_rate < 5%", "p95 < 200ms"];
    let outcome = judged(&plan(&rules), &ticks, &completed());
    assert_eq!(outcome.judgement.verdict, Verdict::Critical);
    let ledger: Vec<(&str, &str, Gate)> =
        outcome.judgement.ledger.iter().map(|row| (row.rule.as_str(), row.source.as_str(), row.outcome)).collect();
    assert_eq!(ledger[0], ("target answers until the end", "built in", Gate::Fail));
    assert!(ledger[1..].iter().all(|(_, _, outcome)| *outcome == Gate::Pass), "{ledger:?}");
    // One that comes back is judged by its rules alone.
    let mut back = ticks;
    back.push(tick(60, Phase::Measured, vec![super::sample::outcome(2, None, &[100_000; 500])]));
    assert_eq!(judged(&plan(&rules), &back, &completed()).judgement.verdict, Verdict::Excellent);
    // And a run of which nothing was asked stays one.
    assert_eq!(judged(&plan(&[]), &back, &completed()).judgement.verdict, Verdict::Inconclusive);
}

#[test]
fn a_warm_up_that_fills_the_run_leaves_nothing_to_judge() {
    let ticks: Vec<Tick> = (0..5)
        .map(|second| {
            let phase = if second < 4 { Phase::WarmUp } else { Phase::Draining };
            tick(second, phase, vec![outcome(2, None, &[100_000; 300])])
        })
        .collect();
    let outcome = judged(&plan(&["p95 < 200ms"]), &ticks, &completed());
    assert_eq!(
        (outcome.judgement.verdict, outcome.validity.causes),
        (Verdict::Inconclusive, vec!["too_short".to_owned()])
    );
    assert_eq!(outcome.summary.totals.finished, 0);
}

#[test]
fn suspect_numbers_are_at_best_issues_and_never_hide_a_broken_limit() {
    let suspect = |tick: Tick| {
        let mut tick = tick;
        tick.point.generator.other = Some(0.1);
        tick
    };
    let ticks: Vec<Tick> = steady(20, 100_000).into_iter().map(suspect).collect();
    let verdict = |rule| judged(&plan(&[rule]), &ticks, &completed()).judgement.verdict;
    assert_eq!(verdict("p95 < 200ms"), Verdict::Issues);
    assert_eq!(verdict("p95 < 50ms"), Verdict::Critical);
}

#[test]
fn invalid_numbers_neither_pass_nor_fail() {
    for rule in ["p95 < 200ms", "p95 < 50ms"] {
        let mut ticks = steady(20, 100_000);
        ticks[3].point.generator.gap_ms = Some(2_000);
        let outcome = judged(&plan(&[rule]), &ticks, &completed());
        assert_eq!(outcome.judgement.verdict, Verdict::Inconclusive);
        assert_eq!(outcome.summary.gate, Gate::Inconclusive);
    }
}

#[test]
fn a_run_that_never_left_its_warm_up_tells_no_numbers() {
    let warm: Vec<Tick> =
        (0..5).map(|second| tick(second, Phase::WarmUp, vec![outcome(2, None, &[100_000; 300])])).collect();
    let outcome = judged(&plan(&["p95 < 1ms"]), &warm, &completed());
    assert_eq!(outcome.judgement.verdict, Verdict::Inconclusive);
    assert_eq!((outcome.summary.latency.samples, outcome.summary.totals.finished), (0, 0));
    assert!(outcome.results.is_empty());
}
