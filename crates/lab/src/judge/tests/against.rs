use perflab_model::{
    blocks::Blocks,
    comparison::{Band, Baseline, BaselineRun, Standing},
    id::RunId,
    run::Revision,
    tick::{Phase, Tick},
    verdict::{Gate, Verdict},
};

use super::sample;
use crate::judge::{Against, JudgeInput, Outcome, judge};

/// Twenty seconds of a request that takes about so long.
fn ticks(us: u64) -> Vec<Tick> {
    (0..20)
        .map(|second| sample::tick(second, Phase::Measured, vec![sample::outcome(2, None, &about(us, second))]))
        .collect()
}

fn about(us: u64, second: u32) -> Vec<u64> {
    (0..40).map(|at| us + us * ((u64::from(second) * 7 + at * 3) % 20) / 400).collect()
}

fn outcome(rules: &[&str], us: u64, against: Option<&Against>) -> Outcome {
    let plan = sample::plan(rules);
    let conclusion = sample::completed();
    judge(&JudgeInput {
        plan: &plan,
        revision: &Revision::default(),
        ticks: &ticks(us),
        cases: &[],
        examples: &[],
        against,
        conclusion: &conclusion,
    })
}

fn blocks(us: u64) -> Blocks {
    outcome(&[], us, None).blocks
}

/// A baseline of runs that took about so long each.
fn baseline(runs: &[u64]) -> Against {
    let named = |number: u64| BaselineRun {
        id: RunId::new(uuid::Uuid::from_u128(number.into())),
        number,
        revision: Revision::default(),
        ended_us: 0,
    };
    Against {
        baseline: Baseline { runs: (1..=runs.len() as u64).map(named).collect(), ..Baseline::default() },
        runs: runs.iter().map(|us| blocks(*us)).collect(),
        ..Against::default()
    }
}

#[test]
fn a_run_that_is_much_slower_than_its_baseline_is_critical_and_says_by_how_much() {
    let against = baseline(&[10_000, 10_050, 9_950]);
    let outcome = outcome(&["p95 < 1s"], 17_000, Some(&against));
    assert_eq!(outcome.judgement.verdict, Verdict::Critical);
    let row = &outcome.judgement.ledger[0];
    assert_eq!((row.source.as_str(), row.outcome), ("baseline", Gate::Fail));
    assert!((row.value.expect("a value") - 17.4).abs() < 0.5 && (row.limit - 10.3).abs() < 0.5, "{row:?}");
    assert!(outcome.judgement.sentence.contains("% worse than its baseline of"), "{}", outcome.judgement.sentence);
    let comparison = outcome.comparison.expect("compared");
    assert_eq!((comparison.series[0].standing, comparison.series[0].band), (Standing::Worse, Some(Band::Critical)));
    // The rule that was written is listed too, and met.
    assert!(outcome.judgement.ledger.iter().any(|row| row.rule == "p95 < 1s" && row.outcome == Gate::Pass));
}

#[test]
fn a_run_without_rules_that_is_like_its_baseline_is_excellent() {
    let against = baseline(&[10_000, 10_050, 9_950]);
    let outcome = outcome(&[], 10_020, Some(&against));
    assert_eq!(outcome.judgement.verdict, Verdict::Excellent, "{}", outcome.judgement.sentence);
    assert!(outcome.judgement.sentence.starts_with("Nothing is worse than the baseline"));
    assert_eq!(outcome.judgement.ledger.len(), 1);
}

#[test]
fn without_a_baseline_nothing_passes_as_no_change() {
    let none = Against {
        baseline: Baseline { why: "No baseline: this run can become it".to_owned(), ..Baseline::default() },
        ..Against::default()
    };
    let outcome = outcome(&[], 10_000, Some(&none));
    assert_eq!((outcome.judgement.verdict, outcome.judgement.ledger.len()), (Verdict::Inconclusive, 0));
    assert_eq!(outcome.comparison.expect("said").baseline.why, "No baseline: this run can become it");
}

#[test]
fn a_minor_change_warns_and_runs_that_are_judged_together_count_together() {
    let slower = baseline(&[10_000, 10_010, 9_990]);
    let minor = outcome(&[], 11_500, Some(&slower));
    assert_eq!(minor.judgement.verdict, Verdict::Issues, "{}", minor.judgement.sentence);
    // Two earlier tries of the same revision at the baseline's level: this one alone is not what it does.
    let tries = Against { together: vec![blocks(10_000), blocks(9_990)], ..slower };
    let together = outcome(&[], 11_500, Some(&tries));
    assert_eq!(together.judgement.verdict, Verdict::Excellent, "{}", together.judgement.sentence);
}

#[test]
fn the_same_ticks_and_the_same_baseline_give_the_same_outcome() {
    let against = baseline(&[10_000, 10_050, 9_950]);
    assert_eq!(outcome(&["p95 < 1s"], 12_000, Some(&against)), outcome(&["p95 < 1s"], 12_000, Some(&against)));
}

#[test]
fn a_rule_on_the_baseline_is_decided_by_it_for_each_request_that_it_means() {
    let runs = [10_000, 10_050, 9_950];
    let results = runs.iter().map(|us| outcome(&[], *us, None).results).collect();
    let against = Against { results, ..baseline(&runs) };
    let rules = ["p50 < baseline * 1.05", "avg <= baseline + 50% for log*", "p95 < baseline * 2 for gone"];
    let outcome = outcome(&rules, 11_000, Some(&against));
    let row = |rule: &str| outcome.judgement.ledger.iter().find(|row| row.rule == rule).expect("a row").clone();
    let broken = row(rules[0]);
    assert_eq!((broken.outcome, broken.scope.as_deref()), (Gate::Fail, None));
    assert!((broken.limit - broken.baseline.expect("known") * 1.05).abs() < 1e-6, "{broken:?}");
    let met = row(rules[1]);
    assert_eq!((met.outcome, met.scope.as_deref()), (Gate::Pass, Some("login")));
    assert_eq!(row(rules[2]).outcome, Gate::Inconclusive);
}
