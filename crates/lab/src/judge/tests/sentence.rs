use insta::assert_snapshot;
use perflab_model::{run::RunState, tick::Tick};

use super::sample::{completed, ended, failing, judged, plan, steady};
use crate::judge::Conclusion;

fn told(rules: &[&str], ticks: &[Tick], end: &Conclusion) -> String {
    judged(&plan(rules), ticks, end).judgement.sentence
}

fn of(rules: &[&str]) -> String {
    told(rules, &steady(20, 100_000), &completed())
}

#[test]
fn all_met() {
    assert_snapshot!(of(&["p95 < 125ms", "error_rate < 5%", "max < 1s"]), @"");
    assert_snapshot!(of(&["p95 < 125ms for login"]), @"");
    assert_snapshot!(of(&["p95 < 125ms", "avg <= baseline * 1.1"]), @"");
}

#[test]
fn broken() {
    assert_snapshot!(of(&["p95 < 50ms for login", "p95 < 90ms", "error_rate < 5%", "max < 1s"]), @"");
    assert_snapshot!(of(&["p95 < 50ms for login", "error_rate < 5%"]), @"");
    assert_snapshot!(of(&["p95 < 50ms, max 100ms for login"]), @"");
    assert_snapshot!(of(&["p95 < 50ms warn", "rps >= 10"]), @"");
    assert_snapshot!(of(&["p99 < 50ms"]), @"");
}

#[test]
fn undecided() {
    assert_snapshot!(of(&["error_rate < 0.1%", "p95 < 200ms"]), @"");
    assert_snapshot!(of(&["p99 < 105ms"]), @"");
    assert_snapshot!(of(&["checks > 99%"]), @"");
    assert_snapshot!(of(&["error_rate < 0.1% warn", "p95 < 200ms", "p90 < 50ms warn"]), @"");
}

#[test]
fn nothing_asked() {
    assert_snapshot!(of(&[]), @"");
    assert_snapshot!(of(&["avg <= baseline * 1.1"]), @"");
}

#[test]
fn a_target_in_trouble() {
    let rules = ["error_rate < 5%", "p95 < 200ms warn"];
    assert_snapshot!(told(&rules, &failing(20, 0, 0, "connect.refused"), &completed()), @"");
    assert_snapshot!(told(&rules, &failing(60, 42, 0, "connect.refused"), &completed()), @"");
    assert_snapshot!(told(&rules, &failing(20, 0, 5, "http.5xx"), &completed()), @"");
    assert_snapshot!(told(&rules, &steady(20, 3_000_000), &completed()), @"");
}

#[test]
fn ended_early() {
    let stopped = ended(RunState::Cancelled, "stopped", "Stopped by a person.");
    assert_snapshot!(told(&["p95 < 200ms"], &steady(20, 100_000), &stopped), @"");
    let killed = ended(RunState::Failed, "killed", "The runner was killed; what was measured until then is kept.");
    assert_snapshot!(told(&["p95 < 200ms"], &steady(20, 100_000), &killed), @"");
    let rule = ended(RunState::Finished, "rule", "Stopped by the rule `error_rate < 5% for 5s stop`.");
    assert_snapshot!(told(&["error_rate < 5% for 5s stop"], &failing(8, 3, 5, "http.5xx"), &rule), @"");
}

#[test]
fn untrustworthy() {
    let others = |share: f64| -> Vec<Tick> {
        let with = |mut tick: Tick| {
            tick.point.generator.other = Some(share);
            tick
        };
        steady(20, 100_000).into_iter().map(with).collect()
    };
    assert_snapshot!(told(&["p95 < 200ms"], &others(0.1), &completed()), @"");
    assert_snapshot!(told(&["p95 < 200ms"], &others(0.5), &completed()), @"");
}
