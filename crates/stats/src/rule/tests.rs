use perflab_model::{
    summary::LatencyKind,
    threshold::Level,
    tick::{OutcomeTick, Phase, Tick},
    verdict::Gate,
};
use proptest::prelude::*;
use rstest::rstest;

use super::{Judged, Rules, Rung};
use crate::{
    ReadTick,
    sample::{good, outcome, plan, tick},
};

const KIND: LatencyKind = LatencyKind::Service;

fn rules(texts: &[&str], ticks: &[Tick]) -> Rules {
    let mut rules = Rules::new(&plan(texts));
    for tick in ticks {
        rules.add(&ReadTick::new(tick, KIND), KIND);
    }
    rules
}

fn judged(text: &str, ticks: &[Tick]) -> Judged {
    let mut rows = rules(&[text], ticks).ledger();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.remove(0)
}

fn run(seconds: u32, tick: impl Fn(u32) -> Tick) -> Vec<Tick> {
    (0..seconds).map(tick).collect()
}

/// Seconds of 20 requests between 80 and 99 ms.
fn steady(seconds: u32) -> Vec<Tick> {
    let times: Vec<u64> = (0..20).map(|i| 80_000 + i * 1_000).collect();
    run(seconds, |second| good(second, Phase::Measured, &times))
}

fn failing(second: u32, failed: usize, well: usize) -> Tick {
    let outcomes = vec![outcome(2, None, &vec![10_000; well]), outcome(5, Some("http.5xx"), &vec![1_000; failed])];
    tick(second, Phase::Measured, vec![("home", outcomes)])
}

#[rstest]
#[case::the_seconds_that_were_slow("p95 < 200ms", 3)]
#[case::of_a_two_level_rule_those_over_its_target("p95 < 50ms, max 90ms", 20)]
#[case::in_a_window_as_well("p95 < 200ms over 10s", 3)]
#[case::none("error_rate < 5%", 0)]
fn each_second_is_asked_for_itself_how_long_a_rule_was_in_breach(#[case] rule: &str, #[case] seconds: u32) {
    let slow = |second: u32| (7..10).contains(&second);
    let ticks = run(20, |second| good(second, Phase::Measured, &[if slow(second) { 500_000 } else { 80_000 }; 20]));
    assert_eq!(judged(rule, &ticks).row.breach_seconds, seconds);
}

#[rstest]
#[case::inside("p95 < 200ms", Rung::Met)]
#[case::outside("p95 < 90ms", Rung::Broken(Level::Fail))]
#[case::outside_but_a_warning("p95 < 90ms warn", Rung::Broken(Level::Warn))]
#[case::across("p95 < 98500us", Rung::Undecided(Level::Fail))]
#[case::between_target_and_maximum("p95 < 90ms, max 200ms", Rung::Broken(Level::Warn))]
#[case::over_the_maximum("p95 < 50ms, max 90ms", Rung::Broken(Level::Fail))]
#[case::within_both("p95 < 200ms, max 500ms", Rung::Met)]
#[case::too_few_for_the_upper_end("p99.9 < 200ms", Rung::Undecided(Level::Fail))]
#[case::too_few_to_show_but_surely_broken("p99.9 < 50ms", Rung::Broken(Level::Fail))]
#[case::mean("avg < 100ms", Rung::Met)]
#[case::largest_is_compared_as_it_is("max < 99500us", Rung::Met)]
#[case::error_rate_of_none("error_rate < 5%", Rung::Met)]
#[case::no_errors_do_not_show_a_tiny_rate("error_rate < 0.1%", Rung::Undecided(Level::Fail))]
#[case::no_errors_are_no_errors("error_rate == 0", Rung::Met)]
#[case::enough_a_second("rps >= 15", Rung::Met)]
#[case::too_little_a_second("rps > 25", Rung::Broken(Level::Fail))]
#[case::nothing_dropped("dropped == 0", Rung::Met)]
#[case::counted("throughput count > 399", Rung::Met)]
#[case::users("users value >= 10", Rung::Met)]
#[case::of_a_baseline("avg <= baseline * 1.1", Rung::NotJudged)]
fn a_rule_is_judged_by_its_interval(#[case] text: &str, #[case] rung: Rung) {
    let row = judged(text, &steady(20));
    assert_eq!(row.rung, rung, "{row:#?}");
    assert!(row.row.reason.is_none() || row.rung != Rung::Met, "{row:#?}");
    assert_eq!(row.row.next.is_some(), row.rung != Rung::Met, "{row:#?}");
}

#[test]
fn value_interval_and_limit_share_the_unit_of_the_measure() {
    let row = judged("p95 < 200ms", &steady(20)).row;
    assert_eq!((row.unit.as_str(), row.limit, row.samples), ("ms", 200.0, 400));
    let value = row.value.expect("enough samples");
    assert!((97.9..98.2).contains(&value), "{value}");
    let (low, high) = row.interval.expect("an interval");
    assert!(low.expect("an end") <= value && high.expect("an end") >= value);
    // 98 of 200: 51 % to spare.
    assert!((row.margin_percent.expect("a margin") + 51.0).abs() < 0.1);
    let row = judged("error_rate < 7%", &[failing(0, 10, 90)]).row;
    assert_eq!((row.unit.as_str(), row.value, row.limit), ("%", Some(10.0), 7.0));
}

#[test]
fn an_undecided_rule_says_how_much_more_would_decide_it() {
    let row = judged("error_rate < 5%", &[failing(0, 6, 94)]).row;
    assert_eq!(row.outcome, Gate::Inconclusive);
    assert_eq!(row.reason.as_deref(), Some("the 95 % interval 2.23 to 12.6 % lies across the limit of 5 %"));
    assert!(row.next.as_deref().is_some_and(|next| next.starts_with("Measure longer: about 2,")), "{row:#?}");
    let row = judged("p99 < 200ms", &steady(11)).row;
    assert_eq!(row.value, None);
    assert_eq!(row.reason.as_deref(), Some("too few samples to show P99: 220 of 1,000"));
}

#[test]
fn a_rule_without_samples_is_undecided_never_met() {
    for text in ["p95 < 200ms", "error_rate < 1%", "checks > 99%", "p95 < 1s for budget_dashboard", "lag p99 < 5ms"] {
        let row = judged(text, &[]);
        assert_eq!(row.rung, Rung::Undecided(Level::Fail), "{text}");
        assert_eq!(row.row.reason.as_deref(), Some("no samples"), "{text}");
    }
    assert_eq!(judged("checks > 99%", &steady(5)).rung, Rung::Undecided(Level::Fail));
    assert_eq!(judged("lag p99 < 5ms warn", &steady(5)).rung, Rung::Undecided(Level::Warn));
    assert_eq!(judged("p95 < 200ms for nowhere", &steady(5)).row.outcome, Gate::Inconclusive);
    assert_eq!(judged("memory slope < 1MB", &steady(5)).row.outcome, Gate::Inconclusive);
}

#[test]
fn a_glob_judges_each_match_by_itself() {
    let both = |second| {
        let times = |us| vec![outcome(2, None, &[us; 20])];
        tick(second, Phase::Measured, vec![("budget_dashboard", times(50_000)), ("home", times(900_000))])
    };
    let rows = rules(&["p95 < 200ms for *"], &run(20, both)).ledger();
    let outcomes: Vec<(Option<&str>, Gate)> =
        rows.iter().map(|judged| (judged.row.scope.as_deref(), judged.row.outcome)).collect();
    assert_eq!(outcomes[0], (Some("home"), Gate::Fail));
    assert!(outcomes.contains(&(Some("budget_dashboard"), Gate::Pass)));
    // Requests of the plan that never came are there too, and undecided.
    assert!(outcomes.contains(&(Some("transactions_list"), Gate::Inconclusive)));
    // A flow and a group stand for their requests together.
    for scope in ["money", "overview"] {
        let rows = rules(&[&format!("p95 < 200ms for {scope}")], &run(20, both)).ledger();
        assert_eq!((rows[0].row.scope.as_deref(), rows[0].row.outcome), (Some(scope), Gate::Pass));
    }
    // A name that only the run knew.
    let rows = rules(
        &["p95 < 200ms for hidden*"],
        &run(20, |second| {
            tick(second, Phase::Measured, vec![("hidden [redirect]", vec![outcome(2, None, &[1_000; 20])])])
        }),
    );
    assert_eq!(rows.ledger()[0].row.outcome, Gate::Pass);
}

#[test]
fn tags_choose_outcomes() {
    let ticks = run(20, |second| failing(second, 20, 20));
    assert_eq!(judged("latency{status:5xx} p95 < 5ms", &ticks).row.samples, 400);
    assert_eq!(judged("latency{expected_response:true} p95 < 5ms", &ticks).rung, Rung::Broken(Level::Fail));
    assert_eq!(judged("latency{error:timeout} p95 < 5ms", &ticks).row.samples, 0);
    assert_eq!(judged("latency{error:http.5xx} p95 < 5ms", &ticks).row.samples, 400);
    assert_eq!(judged("latency{colour:blue} p95 < 5ms", &ticks).row.outcome, Gate::Inconclusive);
}

#[test]
fn a_method_is_that_of_the_plan_also_where_a_request_has_a_name_of_its_own() {
    let ticks = run(20, |second| {
        let requests =
            ["home", "POST /login", "home [redirect]"].map(|name| (name, vec![outcome(2, None, &[1_000; 20])]));
        tick(second, Phase::Measured, requests.to_vec())
    });
    // All requests of the plan are GET, whatever they are called.
    assert_eq!(judged("latency{method:GET} p95 < 5ms", &ticks).row.samples, 1_200);
    assert_eq!(judged("latency{method:POST} p95 < 5ms", &ticks).row.samples, 0);
}

#[test]
fn a_rule_looks_from_when_and_at_the_load_it_says() {
    let slow_start = run(30, |second| {
        let us = if second < 10 { 900_000 } else { 10_000 };
        let mut tick = good(second, Phase::Measured, &[us; 20]);
        tick.point.users = if second < 20 { 500 } else { 1_000 };
        tick
    });
    assert_eq!(judged("p95 < 200ms", &slow_start).rung, Rung::Broken(Level::Fail));
    assert_eq!(judged("p95 < 200ms after 10s", &slow_start).rung, Rung::Met);
    assert_eq!(judged("p95 < 200ms at 1000 users", &slow_start).row.samples, 200);
    assert_eq!(judged("p95 < 200ms at 2000 users", &slow_start).row.reason.as_deref(), Some("no samples"));
}

#[test]
fn for_needs_every_second_of_its_window() {
    let nine =
        run(30, |second| if (5..14).contains(&second) { failing(second, 20, 0) } else { failing(second, 0, 20) });
    let row = judged("error_rate < 5% for 10s", &nine);
    assert_eq!(
        (row.rung, row.row.reason.as_deref()),
        (Rung::Met, Some("beyond its limit for 9 s in a row at most, not for 10 s"))
    );
    let ten = run(30, |second| if (5..15).contains(&second) { failing(second, 20, 0) } else { failing(second, 0, 20) });
    let row = judged("error_rate < 5% for 10s", &ten);
    assert_eq!((row.rung, row.row.value), (Rung::Broken(Level::Fail), Some(100.0)));
    assert_eq!(judged("error_rate < 5% for 10s", &ten[..8]).rung, Rung::Undecided(Level::Fail));
}

#[test]
fn over_wants_a_full_window_and_within_takes_a_part_of_one() {
    let ticks = run(5, |second| good(second, Phase::Measured, &[900_000; 100]));
    assert_eq!(judged("p95 < 200ms over 10s", &ticks).rung, Rung::Undecided(Level::Fail));
    assert_eq!(judged("p95 < 200ms within 10s", &ticks).rung, Rung::Broken(Level::Fail));
    // A bad stretch that a whole run would hide.
    let hidden = run(100, |second| {
        good(second, Phase::Measured, &[if (40..50).contains(&second) { 900_000 } else { 10_000 }; 50])
    });
    assert_eq!(judged("p90 < 200ms", &hidden).row.outcome, Gate::Inconclusive);
    assert_eq!(judged("p90 < 200ms over 10s", &hidden).rung, Rung::Broken(Level::Fail));
    assert_eq!(judged("p90 < 2s over 10s", &hidden).rung, Rung::Met);
}

#[test]
fn a_partial_window_may_break_a_rule_but_never_leaves_it_open() {
    // The first second has three slow requests: alone they show nothing, and in a full window they do not matter.
    let ticks = run(30, |second| {
        let times = if second == 0 { vec![190_000; 3] } else { vec![100_000; 100] };
        good(second, Phase::Measured, &times)
    });
    assert_eq!(judged("p95 < 200ms within 10s", &ticks).rung, Rung::Met);
    assert_eq!(judged("p95 < 200ms within 1m", &ticks).rung, Rung::Met, "the last partial window is all there is");
    assert_eq!(judged("p95 < 200ms within 1m", &ticks[..1]).rung, Rung::Undecided(Level::Fail));
}

#[test]
fn a_two_level_rule_stops_over_its_maximum_only() {
    for text in ["error_rate < 5%, max 50% stop", "error_rate < 5%, max 50% for 5s stop"] {
        let over_target = run(20, |second| failing(second, 10, 40));
        assert_eq!(rules(&[text], &over_target).stop(), None, "{text}");
        let over_maximum = run(20, |second| failing(second, 40, 10));
        assert_eq!(rules(&[text], &over_maximum).stop(), Some(text), "{text}");
    }
}

#[test]
fn a_stop_that_says_from_when_it_looks_watches_the_warm_up_too_and_judges_nothing_of_it() {
    let text = "error_rate < 5% for 5s after 10s stop";
    let warm = run(60, |second| {
        let failed = if second < 20 { 50 } else { 0 };
        Tick { point: tick(second, Phase::WarmUp, Vec::new()).point, ..failing(second, failed, 50) }
    });
    assert_eq!(rules(&[text], &warm[..14]).stop(), None);
    let stopped = rules(&[text], &warm[..15]);
    assert_eq!(stopped.stop(), Some(text), "seconds 10 to 14");
    let ledger = stopped.ledger();
    assert_eq!(ledger[0].rung, Rung::Undecided(Level::Fail));
    assert_eq!(ledger[0].row.reason.as_deref(), Some("it ended the run in its warm-up, which is never judged"));
    // Without a time of its own a rule begins after the warm-up, and a rule that stops nothing has no business in it.
    for text in ["error_rate < 5% for 5s stop", "error_rate < 5% for 5s after 10s"] {
        assert_eq!(rules(&[text], &warm).stop(), None, "{text}");
    }
}

#[test]
fn a_stop_needs_a_hundred_samples_in_its_window() {
    let text = "error_rate < 5% for 10s stop";
    let few = run(20, |second| failing(second, 9, 0));
    assert_eq!(rules(&[text], &few).stop(), None);
    let many = run(20, |second| failing(second, 10, 0));
    assert_eq!(rules(&[text], &many[..9]).stop(), None);
    assert_eq!(rules(&[text], &many[..10]).stop(), Some(text));
    assert_eq!(rules(&["error_rate < 5% for 10s"], &many).stop(), None);
}

#[test]
fn a_rule_that_stopped_the_run_stays_broken_whatever_still_ends_well() {
    let text = "error_rate < 50% stop";
    let mut ticks = run(10, |second| failing(second, 20, 5));
    ticks.push(good(10, Phase::Draining, &[1_000; 5_000]));
    let rules = rules(&[text], &ticks);
    assert_eq!(rules.stop(), Some(text));
    assert_eq!(rules.ledger()[0].rung, Rung::Broken(Level::Fail));
}

#[test]
fn the_ledger_has_broken_rules_first_and_then_undecided_ones() {
    let texts = ["p95 < 200ms", "p95 < 90ms warn", "error_rate < 0.1%", "p95 < 120ms", "p50 < 10ms"];
    let order: Vec<String> = rules(&texts, &steady(20)).ledger().into_iter().map(|judged| judged.row.rule).collect();
    assert_eq!(order, ["p50 < 10ms", "p95 < 90ms warn", "error_rate < 0.1%", "p95 < 120ms", "p95 < 200ms"]);
}

#[test]
fn what_to_do_next_fits_the_place() {
    let slow = |name: &'static str| {
        run(20, move |second| tick(second, Phase::Measured, vec![(name, vec![outcome(2, None, &[900_000; 20])])]))
    };
    let login = rules(&["p95 < 200ms for /login"], &slow("POST /login")).ledger();
    assert!(login[0].row.next.as_deref().is_some_and(|next| next.contains("password hash")));
    let budget = rules(&["p95 < 200ms for budget_*"], &slow("budget_dashboard")).ledger();
    assert!(budget[0].row.next.as_deref().is_some_and(|next| next.contains("indexes")));
}

fn rank(rung: Rung) -> u8 {
    match rung {
        Rung::Met => 0,
        Rung::NotJudged => 1,
        Rung::Undecided(_) => 2,
        Rung::Broken(_) => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn warm_up_never_reaches_a_rule(warm in proptest::collection::vec(1_u64..5_000_000, 1..60), seconds in 1_u32..12) {
        let texts = ["p95 < 100ms", "error_rate < 1%", "rps > 10", "max < 1s", "p90 < 95ms over 3s", "error_rate < 5% for 2s stop", "max < 1us after 2s"];
        let judged_only = run(seconds, |second| good(second + 3, Phase::Measured, &[95_000; 30]));
        let mut with_warm_up = run(3, |second| {
            tick(second, Phase::WarmUp, vec![("home", vec![outcome(5, Some("http.5xx"), &warm), outcome(2, None, &warm)])])
        });
        with_warm_up.extend(judged_only.clone());
        prop_assert_eq!(rules(&texts, &with_warm_up).ledger(), rules(&texts, &judged_only).ledger());
    }

    #[test]
    fn more_bad_values_never_improve_a_rule(
        well in 1_usize..200, failed in 0_usize..50, slow in 0_usize..50, more in 1_usize..100, limit in 1_u32..30
    ) {
        let second = |at, well: usize, failed: usize, slow: usize| {
            let mut outcomes: Vec<OutcomeTick> = vec![outcome(2, None, &vec![10_000; well])];
            outcomes.push(outcome(5, Some("http.5xx"), &vec![1_000; failed]));
            outcomes.push(outcome(2, None, &vec![3_000_000; slow]));
            tick(at, Phase::Measured, vec![("home", outcomes)])
        };
        for text in [&format!("error_rate < {limit}%"), "max < 1s", "error_rate < 5% for 2s"] {
            let before = run(6, |at| second(at, well, failed, slow));
            let after = run(6, |at| second(at, well, failed + more, slow + more));
            let (before, after) = (judged(text, &before), judged(text, &after));
            prop_assert!(rank(after.rung) >= rank(before.rung), "{} {:?} {:?}", text, before, after);
        }
        // At the same number of requests, slower ones never improve a percentile.
        for text in ["p95 < 200ms", "p50 < 200ms", "avg < 200ms"] {
            let before = run(6, |at| second(at, well + more, 0, slow));
            let after = run(6, |at| second(at, well, 0, slow + more));
            let (before, after) = (judged(text, &before), judged(text, &after));
            prop_assert!(rank(after.rung) >= rank(before.rung), "{} {:?} {:?}", text, before, after);
        }
    }
}

/// Rates, shares and rows of breaches are counted in seconds, also where a point holds several of them.
#[rstest]
#[case::rate("rps >= 10")]
#[case::share("error_rate < 20%")]
#[case::time("p50 < 90ms")]
#[case::in_a_row("error_rate < 5% for 8s")]
#[case::in_a_row_too_long("error_rate < 5% for 60s")]
#[case::window("rps >= 10 over 12s")]
fn points_of_several_seconds_are_judged_as_their_seconds(#[case] text: &str) {
    let seconds = run(40, |second| failing(second, if second < 24 { 4 } else { 0 }, 16));
    let mut merger = crate::Merger::new(4, KIND);
    let mut points: Vec<Tick> =
        seconds.iter().filter_map(|tick| merger.add(tick.clone()).expect("our own histograms")).collect();
    points.extend(merger.finish().expect("our own histograms"));
    assert_eq!(points.len(), 10);
    let (apart, merged) = (judged(text, &seconds), judged(text, &points));
    assert_eq!((merged.rung, merged.row.outcome, merged.row.value), (apart.rung, apart.row.outcome, apart.row.value));
    assert_eq!(merged.row.samples, apart.row.samples);
}
