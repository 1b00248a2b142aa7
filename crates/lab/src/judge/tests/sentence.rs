use insta::assert_snapshot;
use perflab_model::{
    run::RunState,
    runner::{Done, Ending},
    tick::{Phase, Tick},
};

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
    assert_snapshot!(of(&["p95 < 125ms", "error_rate < 5%", "max < 1s"]), @"All 3 rules are met; the closest is p95 with 12.8 % to spare.");
    assert_snapshot!(of(&["p95 < 125ms for login"]), @"The only rule is met: login p95 is 109 ms, its limit 125 ms.");
    assert_snapshot!(told(&["p95 < 125ms"], &steady(6, 100_000), &completed()), @"The only rule is met: p95 is at most 110 ms, its limit 125 ms.");
    assert_snapshot!(of(&["p95 < 125ms", "avg <= baseline * 1.1"]), @"The only rule is met: p95 is 109 ms, its limit 125 ms. One more waits for a baseline.");
}

#[test]
fn broken() {
    assert_snapshot!(of(&["p95 < 50ms for login", "p95 < 90ms", "error_rate < 5%", "max < 1s"]), @"Login p95 is 109 ms, its limit 50 ms. Of the 4 rules: 2 met, 2 missed.");
    assert_snapshot!(of(&["p95 < 50ms for login", "error_rate < 5%"]), @"Login p95 is 109 ms, its limit 50 ms. The other rule is met.");
    assert_snapshot!(of(&["p95 < 50ms, max 100ms for login"]), @"Login p95 is 109 ms, its maximum 100 ms.");
    assert_snapshot!(of(&["p95 < 50ms warn", "rps >= 10"]), @"P95 is 109 ms, its target 50 ms. The other rule is met.");
    assert_snapshot!(of(&["p99 < 50ms"]), @"P99 is at least 110 ms, its limit 50 ms.");
}

#[test]
fn undecided() {
    assert_snapshot!(of(&["error_rate < 0.1%", "p95 < 200ms"]), @"Undecided: error rate is 0 %; the 95 % interval 0 to 0.918 % lies across the limit of 0.1 %. Measure longer: about 3,671 more samples would decide. The other rule is met.");
    assert_snapshot!(of(&["p99 < 105ms"]), @"P99 is at least 110 ms, its limit 105 ms.");
    assert_snapshot!(of(&["checks > 99%"]), @"Undecided: checks passed > 99 %: no samples. Give the flow's requests checks, or take the rule out.");
    assert_snapshot!(of(&["error_rate < 0.1% warn", "p95 < 200ms", "p90 < 50ms warn"]), @"P90 is 109 ms, its target 50 ms. Of the 3 rules: 1 met, 1 missed, 1 undecided.");
}

#[test]
fn nothing_asked() {
    assert_snapshot!(of(&[]), @"Nothing was asked of it: add thresholds to the suite or the scenario for a verdict.");
    assert_snapshot!(of(&["avg <= baseline * 1.1"]), @"Nothing could be asked of it yet: its rules compare with a baseline, and there is none.");
}

#[test]
fn a_target_in_trouble() {
    let rules = ["error_rate < 5%", "p95 < 200ms warn"];
    assert_snapshot!(told(&rules, &failing(20, 0, 0, "connect.refused"), &completed()), @"Invalid: the target never answered (connection refused at 127.0.0.1:8000). Start it, or correct the environment's base URL.");
    assert_snapshot!(told(&rules, &failing(60, 42, 0, "connect.refused"), &completed()), @"The target went away: it last answered at 0:41, and 360 requests failed from then to the end (mostly connect.refused). Of the 2 rules: 1 met, 1 missed.");
    assert_snapshot!(told(&["p95 < 200ms warn"], &failing(60, 42, 0, "connect.refused"), &completed()), @"The target went away: it last answered at 0:41, and 360 requests failed from then to the end (mostly connect.refused). The only rule is met.");
    assert_snapshot!(told(&[], &failing(60, 42, 0, "connect.refused"), &completed()), @"The target went away: it last answered at 0:41, and 360 requests failed from then to the end (mostly connect.refused).");
    assert_snapshot!(told(&rules, &failing(20, 0, 5, "http.5xx"), &completed()), @"Error rate is 100 %, its limit 5 %. Mostly because the target answered with server errors (http.5xx). Of the 2 rules: 1 missed, 1 undecided.");
    assert_snapshot!(told(&rules, &steady(20, 3_000_000), &completed()), @"P95 is 3,271 ms, its target 200 ms. The other rule is met.");
}

#[test]
fn ended_early() {
    let stopped = ended(RunState::Cancelled, "stopped", "Stopped by a person.");
    assert_snapshot!(told(&["p95 < 200ms"], &steady(20, 100_000), &stopped), @"Stopped by a person after 0:20: no verdict is possible. Run it to its end for one.");
    let killed = ended(RunState::Failed, "killed", "The runner was killed; what was measured until then is kept.");
    assert_snapshot!(told(&["p95 < 200ms"], &steady(20, 100_000), &killed), @"No verdict is possible: the runner was killed; what was measured until then is kept.");
    let denied = ended(RunState::Failed, "preflight.descriptors", "The limit of open files is 64; raise it to 1,000.");
    assert_snapshot!(told(&["p95 < 200ms"], &[], &denied), @"No verdict is possible: the limit of open files is 64; raise it to 1,000.");
    let rule = ended(RunState::Finished, "rule", "Stopped by the rule `error_rate < 5% for 5s stop`.");
    assert_snapshot!(told(&["error_rate < 5% for 5s stop"], &failing(8, 3, 5, "http.5xx"), &rule), @"Error rate is 100 %, its limit 5 %. Mostly because the target answered with server errors (http.5xx). Stopped by the rule `error_rate < 5% for 5s stop`.");
}

#[test]
fn a_rule_that_ended_the_run_in_its_warm_up() {
    let warm: Vec<Tick> = failing(15, 0, 5, "http.5xx")
        .into_iter()
        .map(|mut tick| {
            tick.point.phase = Phase::WarmUp;
            tick
        })
        .collect();
    let text = "error_rate < 5% for 5s after 5s stop";
    let rule = ended(RunState::Finished, "rule", "Stopped by the rule `error_rate < 5% for 5s after 5s stop`.");
    let rule = Conclusion { done: rule.done.map(|done| Done { ending: Ending::Stopped, ..done }), ..rule };
    assert_snapshot!(told(&[text], &warm, &rule), @"Invalid: a rule ended the run in its warm-up, which is never judged. See its errors for what was wrong. Stopped by the rule `error_rate < 5% for 5s after 5s stop`.");
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
    assert_snapshot!(told(&["p95 < 200ms"], &others(0.1), &completed()), @"The only rule is met: p95 is 109 ms, its limit 200 ms. The numbers are suspect: CPU of other programs on the host 10.0 % (limit 5 %).");
    assert_snapshot!(told(&["p95 < 200ms"], &others(0.5), &completed()), @"Invalid: other programs took CPU time on the generator's host. Stop them, or run on a worker that has nothing else to do.");
}
