use std::collections::BTreeMap;

use insta::assert_snapshot;
use perflab_model::{
    bench::{
        Amount, BudgetTree, Case, CaseFault, CaseOutcome, CasePhase, CaseProgress, CaseWarmup, Cases, CurvePoint,
        Measured, Operation, SampleBlock, Sampling, Side, Steadiness, Work,
    },
    load::Load,
    plan::Plan,
    run::{Revision, RunState},
    tick::{EncodedHistogram, Phase, Tick},
    unit::Millis,
    validity::ValidityState,
    verdict::{Gate, Verdict},
};
use perflab_stats::FineHistogram;
use proptest::prelude::*;

use super::sample::{completed, ended, plan as plan_of_load, tick};
use crate::judge::{Conclusion, JudgeInput, Live, Outcome, judge};

fn case(name: &str) -> Case {
    Case {
        name: name.parse().expect("a name"),
        base: name.split(' ').next().unwrap_or(name).parse().expect("a name"),
        title: None,
        combination: indexmap::IndexMap::new(),
        work: Work::Single(Operation::Builtin { name: "probe.spin".to_owned(), parameters: indexmap::IndexMap::new() }),
        expect: indexmap::IndexMap::new(),
        amount: Amount::Iterations(400),
        warmup: CaseWarmup::Auto,
        concurrency: 1,
        leak_check: true,
        target_ns: Some(200e6),
        max_ns: Some(500e6),
        rationale: None,
        category: None,
        critical: false,
        hints: Vec::new(),
        at_most: Millis::from_secs(60),
    }
}

fn critical(name: &str) -> Case {
    Case { critical: true, ..case(name) }
}

fn plan(cases: Vec<Case>, rules: &[&str]) -> Plan {
    let budgets: Vec<BudgetTree> = Vec::new();
    Plan { load: Load::Cases(Cases { cases, budgets, at_most: None }), flows: Vec::new(), ..plan_of_load(rules) }
}

/// A case that took so many milliseconds and up to 5 % more, 400 times, and failed so often besides.
fn measured(name: &str, ms: f64, failed: u64) -> Measured {
    let all: Vec<f64> = (0..400).map(|i| ms * 1e6 * (1.0 + 0.05 * f64::from(i * 37 % 101) / 101.0)).collect();
    let mut times = FineHistogram::new();
    all.iter().for_each(|ns| times.record_ns(*ns));
    let mean = |some: &[f64]| some.iter().sum::<f64>() / some.len() as f64;
    let block = |some: &[f64]| SampleBlock { median_ns: some[some.len() / 2], mean_ns: mean(some), p95_ns: some[0] };
    let side = Side {
        sampling: Sampling::OneByOne,
        operations: all.len() as u64 + failed,
        failed,
        mean_ns: Some(mean(&all)),
        deviation_ns: Some(1e6),
        times: times.encode(),
        blocks: all.chunks(20).map(block).collect(),
        far_out: 0,
    };
    Measured {
        case: name.parse().expect("a name"),
        outcome: CaseOutcome::Completed,
        steadiness: Steadiness::Steady,
        warmup_operations: 20,
        seconds: all.iter().sum::<f64>() / 1e9,
        side: Some(side),
        without: None,
        pairs: Vec::new(),
        curve: Vec::new(),
        clock_ns: 25.0,
        cpu_ns: None,
        memory: Vec::new(),
        heap: Vec::new(),
        allocations: None,
        faults: Vec::new(),
        plans: Vec::new(),
        steal: Some(0.0),
        other: Some(0.0),
    }
}

/// A case whose every operation answered wrongly.
fn wrong(name: &str) -> Measured {
    let mut told = measured(name, 1.0, 0);
    if let Some(side) = &mut told.side {
        *side = Side {
            failed: side.operations,
            mean_ns: None,
            deviation_ns: None,
            times: EncodedHistogram::default(),
            blocks: Vec::new(),
            ..side.clone()
        };
    }
    let message = "token: expected valid, got expired".to_owned();
    told.faults = vec![CaseFault { code: "answer.wrong".to_owned(), message, input: None, count: 400 }];
    told
}

fn not_run(name: &str) -> Measured {
    let message = "The database does not answer.".to_owned();
    Measured {
        outcome: CaseOutcome::Failed { code: "sql.connect".to_owned(), message },
        side: None,
        ..measured(name, 1.0, 0)
    }
}

fn unsteady(name: &str) -> Measured {
    Measured { steadiness: Steadiness::Trend, ..measured(name, 1.0, 0) }
}

/// Seconds of a benchmark run: the generator works, no request is told of.
fn seconds(n: u32) -> Vec<Tick> {
    let second = |second| {
        let mut tick = tick(second, Phase::Measured, Vec::new());
        (tick.requests, tick.point.errors) = (Vec::new(), BTreeMap::new());
        (tick.point.started, tick.point.finished) = (40, 40);
        // Whoever measures uses its CPU: that makes nothing suspect here.
        tick.point.generator.cpu = Some(0.99);
        tick
    };
    (0..n).map(second).collect()
}

fn judged(plan: &Plan, cases: &[Measured], conclusion: &Conclusion) -> Outcome {
    let (revision, ticks) = (Revision::default(), seconds(20));
    judge(&JudgeInput { plan, revision: &revision, ticks: &ticks, cases, examples: &[], conclusion, against: None })
}

fn of(rules: &[&str], cases: &[Measured]) -> Outcome {
    judged(&plan(cases.iter().map(|one| case(one.case.as_str())).collect(), rules), cases, &completed())
}

fn told(rules: &[&str], cases: &[Measured]) -> String {
    of(rules, cases).judgement.sentence
}

#[test]
fn a_run_says_which_case_missed_by_how_much_and_how_many_rules_failed() {
    let two = [measured("login", 231.0, 0), measured("token", 10.0, 0)];
    assert_snapshot!(told(&["avg < 200ms"], &two), @"login is 237 ms, limit 200 ms: 1 of 2 rules failed.");
    assert_snapshot!(told(&["avg < 200ms, max 500ms", "p95 < 200ms warn for login"], &two), @"login p95 is 242 ms, target 200 ms: 2 of 3 rules missed.");
    assert_snapshot!(told(&["avg < 200ms for login"], &two), @"login is 237 ms, limit 200 ms: the only rule failed.");
    assert_snapshot!(told(&["avg < 250ms"], &two), @"All 2 rules are met; the closest is login mean latency with 5.32 % to spare.");
    assert_snapshot!(told(&[], &two), @"Nothing was asked of it: add thresholds to the suite or the scenario for a verdict.");
}

#[test]
fn what_was_not_run_or_cannot_be_trusted_is_named_with_the_reason() {
    let cases = [measured("login", 231.0, 0), not_run("blacklist"), unsteady("hash"), wrong("token")];
    let outcome = of(&["avg < 200ms"], &cases);
    assert_eq!(outcome.judgement.verdict, Verdict::Critical, "the others stand");
    assert_snapshot!(outcome.judgement.sentence, @"login is 237 ms, limit 200 ms: 1 of 4 rules failed, 3 are undecided. Not run: blacklist (The database does not answer). Not trusted: hash (its second half has a trend), token (no right answer).");
}

#[test]
fn a_case_invalid_alone_leaves_its_rules_undecided_and_the_run_valid() {
    let outcome = of(&["avg < 200ms"], &[measured("login", 100.0, 0), unsteady("hash")]);
    assert_eq!(outcome.judgement.verdict, Verdict::Inconclusive, "what was asked of it is open");
    assert_eq!(outcome.validity.state, ValidityState::Valid);
    let gates: Vec<Option<Gate>> = outcome.summary.cases.iter().map(|case| case.gate).collect();
    assert_eq!(gates, [Some(Gate::Pass), Some(Gate::Inconclusive)]);
    let only_of_login = of(&["avg < 200ms for login"], &[measured("login", 100.0, 0), unsteady("hash")]);
    assert_eq!(only_of_login.judgement.verdict, Verdict::Excellent);
    assert!(only_of_login.results.iter().all(|row| row.request.as_deref() == Some("login")), "nothing of the other");
}

#[test]
fn a_critical_case_that_cannot_be_trusted_makes_the_run_suspect_and_no_case_at_all_invalid() {
    let cases = [measured("login", 100.0, 0), unsteady("income")];
    let with_critical = plan(vec![case("login"), critical("income")], &["avg < 200ms for login"]);
    let outcome = judged(&with_critical, &cases, &completed());
    assert_eq!((outcome.validity.state, outcome.judgement.verdict), (ValidityState::Suspect, Verdict::Issues));
    let outcome = of(&["avg < 1ms"], &[unsteady("income"), not_run("blacklist")]);
    assert_eq!((outcome.validity.state, outcome.judgement.verdict), (ValidityState::Invalid, Verdict::Inconclusive));
    assert_snapshot!(outcome.judgement.sentence, @"Invalid: no case can be trusted. income: The case was not steady: its times rose or fell to the end. Ask for more iterations on a quiet machine, and see whether what it works on grows. blacklist: The database does not answer.");
}

#[test]
fn a_run_of_wrong_answers_never_passes_and_its_errors_are_its_result() {
    let outcome = of(&["error_rate < 1%", "avg < 1s"], &[wrong("token")]);
    assert_eq!(outcome.judgement.verdict, Verdict::Critical);
    assert_snapshot!(outcome.judgement.sentence, @"token error rate is 100 %, limit 1 %: 1 of 2 rules failed, 1 is undecided. Not trusted: token (no right answer).");
    for rules in [&["avg < 1h"][..], &["p95 < 1h warn"], &["max < 1h"], &[]] {
        let outcome = of(rules, &[wrong("token")]);
        assert!(
            !matches!(outcome.judgement.verdict, Verdict::Excellent) && outcome.validity.state != ValidityState::Valid,
            "{rules:?} {outcome:#?}"
        );
        assert!(outcome.judgement.ledger.iter().all(|row| row.outcome != Gate::Pass), "{rules:?}");
    }
}

#[test]
fn cases_that_did_not_come_to_their_end_stand_in_the_summary_and_say_so() {
    let plan = plan(vec![case("login"), case("token")], &["avg < 200ms"]);
    let stopped = ended(RunState::Cancelled, "stopped", "Stopped by a person.");
    let outcome = judged(&plan, &[measured("login", 100.0, 0)], &stopped);
    assert_eq!(outcome.judgement.verdict, Verdict::Inconclusive);
    let names: Vec<&str> = outcome.summary.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["login", "token"]);
    assert!(
        matches!(&outcome.summary.cases[1].outcome, CaseOutcome::Skipped { reason } if reason.contains("before it was over"))
    );
}

#[test]
fn the_summary_reads_back_and_counts_operations() {
    let summary = of(&["avg < 250ms"], &[measured("login", 231.0, 3)]).summary;
    let totals = summary.totals;
    assert_eq!((totals.planned, totals.finished, totals.failed, totals.rate_per_s), (400, 403, 3, None));
    let login = &summary.cases[0];
    assert_eq!((login.samples, login.failed, login.target, login.max), (400, 3, Some(200.0), Some(500.0)));
    let text = serde_json::to_string(&summary).expect("writes");
    assert_eq!(serde_json::from_str::<perflab_model::summary::Summary>(&text).expect("reads"), summary);
}

#[test]
fn results_and_blocks_are_in_base_units_under_the_name_of_the_case() {
    let outcome = of(&[], &[measured("login", 231.0, 0)]);
    let find = |measure: &str, stat: &str| {
        outcome
            .results
            .iter()
            .find(|row| row.request.as_deref() == Some("login") && row.measure == measure && row.stat == stat)
    };
    let mean = find("latency", "mean").expect("samples");
    assert!(mean.unit == "s" && (mean.value - 0.2367).abs() < 1e-3, "{mean:?}");
    assert!(mean.interval.0.is_some_and(|low| low < mean.value), "{mean:?}");
    assert_eq!(find("error_rate", "rate").map(|row| row.value), Some(0.0));
    assert!(find("latency", "p99").is_none(), "400 samples show no P99");
    let blocks = outcome.blocks.find(Some("login"), "latency", "p50").expect("twenty stretches");
    assert_eq!((blocks.values.len(), blocks.samples, blocks.unit.as_str()), (20, 400, "s"));
}

fn going(case: &str, phase: CasePhase, done: u64) -> CaseProgress {
    CaseProgress {
        case: case.parse().expect("a name"),
        phase,
        done,
        planned: Some(400),
        failed: 0,
        seconds: 1.0,
        mean_ns: (phase == CasePhase::Measuring).then_some(231e6),
        recent: vec![CurvePoint { second: 1.0, min_ns: 1.0, median_ns: 2.0, max_ns: 3.0 }; 20],
    }
}

#[test]
fn the_live_table_has_every_case_from_the_first_second_on() {
    let plan = plan(vec![case("income"), case("login"), case("token")], &["avg < 200ms"]);
    let mut live = Live::new(&plan, Revision::default());
    let before = live.progress();
    assert_eq!((before.verdict, before.cases.len()), (None, 3));
    assert!(before.cases.iter().all(|row| row.phase == CasePhase::Waiting && row.planned == Some(400)));
    live.case_progress(going("income", CasePhase::WarmUp, 0));
    live.case(&measured("income", 10.0, 0));
    for _ in 0..15 {
        live.case_progress(going("login", CasePhase::Measuring, 120));
    }
    seconds(3).iter().for_each(|tick| live.tick(tick));
    let now = live.progress();
    let rows: Vec<(CasePhase, u64, Option<Gate>)> =
        now.cases.iter().map(|row| (row.phase, row.done, row.gate)).collect();
    assert_eq!(
        rows,
        [(CasePhase::Done, 400, Some(Gate::Pass)), (CasePhase::Measuring, 120, None), (CasePhase::Waiting, 0, None)]
    );
    assert_eq!((now.cases[1].mean, now.cases[1].recent.len()), (Some(231.0), 200), "only the newest points");
    assert_eq!((now.totals.finished, now.totals.planned, now.second), (520, 1_200, 3));
    assert_eq!(now.verdict, Some(Verdict::Inconclusive), "two cases are to come");
    let headline = live.headline();
    assert_eq!((headline.finished, headline.p95_ms, headline.rate_per_s), (520, None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn live_and_final_never_disagree(
        ms in 1.0_f64..400.0, failed in 0_u64..20, steady in any::<bool>(), lost in any::<bool>(), all_wrong in any::<bool>()
    ) {
        let cases = [
            measured("login", ms, failed),
            if steady { measured("hash", 10.0, 0) } else { unsteady("hash") },
            if lost { not_run("blacklist") } else { measured("blacklist", 1.0, 0) },
            if all_wrong { wrong("token") } else { measured("token", 2.0, 0) },
        ];
        let rules = ["avg < 200ms, max 300ms", "error_rate < 3% warn", "p95 < 400ms for login"];
        let plan = plan(cases.iter().map(|one| case(one.case.as_str())).collect(), &rules);
        let mut live = Live::new(&plan, Revision::default());
        for (tick, one) in seconds(20).iter().zip(cases.iter().map(Some).chain(std::iter::repeat(None))) {
            live.tick(tick);
            if let Some(one) = one {
                live.case_progress(going(one.case.as_str(), CasePhase::Measuring, 1));
                live.case(one);
                // Told twice counts once.
                live.case(one);
            }
        }
        let (progress, outcome) = (live.progress(), live.conclude(&completed()));
        let again = judged(&plan, &cases, &completed());
        prop_assert_eq!(&outcome.summary, &again.summary);
        prop_assert_eq!(&outcome.judgement, &again.judgement);
        prop_assert_eq!(&outcome.results, &again.results);
        prop_assert_eq!(progress.verdict, Some(outcome.judgement.verdict));
        prop_assert_eq!(&progress.ledger, &outcome.summary.ledger);
        prop_assert_eq!(progress.totals, outcome.summary.totals);
        let fine = steady && !lost && !all_wrong;
        prop_assert!(outcome.judgement.verdict != Verdict::Excellent || (fine && ms * 1.05 < 200.1), "{}", ms);
    }
}
