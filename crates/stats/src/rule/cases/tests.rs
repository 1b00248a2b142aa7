use perflab_model::{
    bench::{AllocationCount, Case, CaseOutcome, Measured, Steadiness},
    threshold::{Level, Measure},
    verdict::Gate,
};
use proptest::prelude::*;
use rstest::rstest;

use super::CaseRules;
use crate::{
    Judged, Rung,
    bench::{
        ReadCase,
        sample::{about, budget, case, failing, growing, measured, pair, paired, plan},
    },
};

fn judged(rules: &[&str], cases: &[(Case, Measured)]) -> Vec<Judged> {
    let plan = plan(cases.iter().map(|(case, _)| case.clone()).collect(), Vec::new(), rules);
    let done: Vec<ReadCase> = cases.iter().map(|(case, measured)| ReadCase::new(case, measured.clone())).collect();
    CaseRules::new(&plan).expect("cases").judge(&done).ledger
}

fn one(rule: &str, case: Case, measured: Measured) -> Judged {
    let mut rows = judged(&[rule], &[(case, measured)]);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.remove(0)
}

/// Four hundred logins between 100 and 105 ms, of which none failed.
fn login() -> Measured {
    measured("login", &about(100.0, 400))
}

#[rstest]
#[case::inside("latency < 200ms", Rung::Met)]
#[case::the_mean_is_meant("latency avg < 103ms", Rung::Met)]
#[case::outside("avg < 90ms", Rung::Broken(Level::Fail))]
#[case::outside_but_a_warning("avg < 90ms warn", Rung::Broken(Level::Warn))]
#[case::across("avg < 102450us", Rung::Undecided(Level::Fail))]
#[case::between_target_and_maximum("latency < 90ms, max 200ms", Rung::Broken(Level::Warn))]
#[case::over_the_maximum("latency < 50ms, max 90ms", Rung::Broken(Level::Fail))]
#[case::quantile("p95 < 200ms", Rung::Met)]
#[case::too_few_for_the_upper_end("p99.9 < 200ms", Rung::Undecided(Level::Fail))]
#[case::too_few_to_show_but_surely_broken("p99.9 < 50ms", Rung::Broken(Level::Fail))]
#[case::smallest("min > 99ms", Rung::Met)]
#[case::largest("max < 101ms", Rung::Broken(Level::Fail))]
#[case::spread("stddev < 5ms", Rung::Met)]
#[case::throughput("throughput > 9/s", Rung::Met)]
#[case::too_little_throughput("throughput > 11/s", Rung::Broken(Level::Fail))]
#[case::no_errors("error_rate < 1%", Rung::Met)]
#[case::no_errors_do_not_show_a_tiny_rate("error_rate < 0.1%", Rung::Undecided(Level::Fail))]
#[case::service_is_the_same_time("service < 200ms", Rung::Met)]
#[case::at_its_concurrency("avg < 200ms at 1 users", Rung::Met)]
#[case::at_another("avg < 200ms at 20 users", Rung::Undecided(Level::Fail))]
#[case::no_pair("overhead < 5ms", Rung::Undecided(Level::Fail))]
#[case::memory_was_not_read("memory slope < 5KB per 1 ops", Rung::Undecided(Level::Fail))]
#[case::allocations_were_not_counted("allocations < 10", Rung::Undecided(Level::Fail))]
#[case::no_baseline("avg <= baseline * 1.1", Rung::NotJudged)]
#[case::not_of_cases("dropped == 0", Rung::Undecided(Level::Fail))]
#[case::no_windows("p95 < 200ms over 10s", Rung::Undecided(Level::Fail))]
#[case::another_name("avg < 1s for logout", Rung::Undecided(Level::Fail))]
fn a_rule_is_judged_by_the_whole_interval(#[case] text: &str, #[case] rung: Rung) {
    let row = one(text, case("login"), login());
    assert_eq!(row.rung, rung, "{row:#?}");
    assert_eq!(row.row.next.is_some(), row.rung != Rung::Met, "{row:#?}");
}

#[test]
fn a_row_has_value_interval_limit_samples_and_where_to_look() {
    let row = one("latency < 90ms, max 500ms", case("login"), login()).row;
    assert_eq!((row.scope.as_deref(), row.unit.as_str(), row.limit, row.max), (Some("login"), "ms", 90.0, Some(500.0)));
    let (value, (low, high)) = (row.value.expect("a value"), row.interval.expect("an interval"));
    assert!(low.expect("an end") < value && value < high.expect("an end"), "{row:#?}");
    assert_eq!((row.samples, row.outcome), (400, Gate::Warn));
    assert_eq!(row.next.as_deref(), Some("Look at password hash parameters, the database query and the network"));
    let hinted = Case { hints: vec!["the cost sweep of this case".to_owned()], ..case("login") };
    assert_eq!(one("avg < 90ms", hinted, login()).row.next.as_deref(), Some("Look at the cost sweep of this case"));
}

#[test]
fn without_a_scope_each_case_is_judged_with_one_each_match_by_name_or_base() {
    let cases = || {
        ["hash [cost=10]", "hash [cost=12]", "token"]
            .map(|name| (case(name), measured(name, &about(10.0, 300))))
            .to_vec()
    };
    let names = |rule: &str| -> Vec<String> {
        judged(&[rule], &cases()).into_iter().filter_map(|judged| judged.row.scope).collect()
    };
    assert_eq!(names("avg < 1s"), ["hash [cost=10]", "hash [cost=12]", "token"]);
    assert_eq!(names("avg < 1s for hash"), ["hash [cost=10]", "hash [cost=12]"]);
    assert_eq!(names("avg < 1s for hash [cost=12]"), ["hash [cost=12]"]);
    assert_eq!(names("avg < 1s for *"), ["hash [cost=10]", "hash [cost=12]", "token"]);
}

#[rstest]
#[case::within("overhead < 5ms", 3.0, 30, Rung::Met)]
#[case::over("overhead < 5ms", 7.0, 30, Rung::Broken(Level::Fail))]
#[case::across("overhead < 5ms", 5.0, 30, Rung::Undecided(Level::Fail))]
#[case::too_few_pairs("overhead < 5ms", 3.0, 19, Rung::Undecided(Level::Fail))]
#[case::the_time_with_it("avg < 60ms", 3.0, 30, Rung::Met)]
#[case::its_largest_difference("overhead max < 2ms", 3.0, 30, Rung::Broken(Level::Fail))]
fn overhead_is_judged_by_the_interval_of_its_pairs(
    #[case] rule: &str,
    #[case] more: f64,
    #[case] pairs: u32,
    #[case] rung: Rung,
) {
    let row = one(rule, pair("limiter"), paired("limiter", more, pairs));
    assert_eq!(row.rung, rung, "{row:#?}");
}

#[rstest]
#[case::not_growing(0, "memory slope < 5KB per 1 ops", Rung::Met)]
#[case::a_leak(20_480, "memory slope < 5KB per 1 ops", Rung::Broken(Level::Fail))]
#[case::within_10_mb_per_1000(4_096, "memory slope < 10MB per 1000 ops", Rung::Met)]
#[case::suspected_is_an_issue_and_no_failure(5_120, "memory slope < 5KB per 1 ops", Rung::Undecided(Level::Warn))]
#[case::what_is_used_at_most(0, "memory max < 50MB", Rung::Broken(Level::Fail))]
fn memory_is_judged_by_whether_it_grows_and_by_its_bounds(#[case] bytes: u64, #[case] rule: &str, #[case] rung: Rung) {
    let told = Measured { heap: growing(bytes), ..login() };
    let row = one(rule, case("login"), told);
    assert_eq!(row.rung, rung, "{row:#?}");
    if rule.contains("slope") {
        assert_eq!(row.row.unit, "KB/op");
    }
}

#[test]
fn allocations_are_those_of_one_operation() {
    let told =
        Measured { allocations: Some(AllocationCount { operations: 100, allocations: 700, bytes: 12_800 }), ..login() };
    assert_eq!(one("allocations <= 7", case("login"), told.clone()).rung, Rung::Met);
    assert_eq!(one("allocations < 7", case("login"), told).rung, Rung::Broken(Level::Fail));
}

#[test]
fn a_case_that_is_invalid_alone_leaves_its_rules_undecided_and_the_others_stand() {
    let unsteady = Measured { steadiness: Steadiness::Trend, ..measured("token", &about(10.0, 300)) };
    let rows = judged(&["avg < 200ms"], &[(case("login"), login()), (case("token"), unsteady)]);
    let rungs: Vec<(Option<&str>, Rung)> = rows.iter().map(|row| (row.row.scope.as_deref(), row.rung)).collect();
    assert_eq!(rungs, [(Some("token"), Rung::Undecided(Level::Fail)), (Some("login"), Rung::Met)]);
    assert!(rows[0].row.reason.as_deref().is_some_and(|reason| reason.contains("not steady")), "{rows:#?}");
}

#[test]
fn of_a_case_whose_every_operation_failed_only_rules_on_errors_are_judged_and_nothing_is_met() {
    let rules = ["error_rate < 1%", "avg < 200ms", "p95 < 1s warn", "throughput > 0", "max < 1h"];
    let rows = judged(&rules, &[(case("login"), failing("login", &[], 500))]);
    let rung = |rule: &str| rows.iter().find(|row| row.row.rule == rule).map(|row| row.rung);
    assert_eq!(rung("error_rate < 1%"), Some(Rung::Broken(Level::Fail)));
    assert!(rows.iter().all(|row| row.rung != Rung::Met), "{rows:#?}");
}

#[test]
fn what_was_not_measured_is_undecided_and_says_why() {
    let mut failed = login();
    failed.outcome = CaseOutcome::Failed { code: "sql.connect".to_owned(), message: "nobody answers".to_owned() };
    failed.side = None;
    let row = one("avg < 200ms", case("login"), failed).row;
    assert_eq!(row.outcome, Gate::Inconclusive);
    assert_eq!(row.reason.as_deref(), Some("it could not be carried out: nobody answers"));
    let rules = CaseRules::new(&plan(vec![case("login")], Vec::new(), &["avg < 200ms"])).expect("cases");
    let pending = rules.judge(&[]);
    assert_eq!(pending.ledger[0].row.reason.as_deref(), Some("it has not been measured yet"));
}

#[test]
fn critical_cases_stand_first_within_an_outcome() {
    let critical = Case { critical: true, ..case("income") };
    let rows = judged(&["avg < 50ms"], &[(case("login"), login()), (critical, measured("income", &about(60.0, 300)))]);
    assert_eq!(rows[0].row.scope.as_deref(), Some("income"), "though login is further beyond");
}

fn security(rules: &[&str]) -> (CaseRules, Vec<ReadCase>) {
    let cases = vec![pair("limiter"), pair("blacklist")];
    let done = vec![
        ReadCase::new(&cases[0], paired("limiter", 3.0, 40)),
        ReadCase::new(&cases[1], paired("blacklist", 4.0, 40)),
    ];
    let budgets = vec![budget("security", 6.5, &["limiter", "blacklist"])];
    (CaseRules::new(&plan(cases, budgets, rules)).expect("cases"), done)
}

#[test]
fn a_budget_is_judged_as_a_whole_also_when_no_rule_names_it() {
    let (rules, done) = security(&[]);
    let rows = rules.judge(&done).ledger;
    assert_eq!(rows.len(), 1, "{rows:#?}");
    let row = &rows[0].row;
    assert_eq!((rows[0].rung, row.source.as_str()), (Rung::Broken(Level::Fail), "budget security"));
    assert_eq!((row.scope.as_deref(), row.limit, row.samples), (Some("security"), 6.5, 40));
    assert!(row.value.is_some_and(|ms| (ms - 7.0).abs() < 0.1), "{row:#?}");
}

#[test]
fn a_rule_on_a_budget_judges_the_whole_without_a_scope_and_each_case_with_one() {
    let (rules, done) = security(&["overhead < budget(security) warn"]);
    let rows = rules.judge(&done).ledger;
    assert_eq!(rows.iter().map(|row| row.rung).collect::<Vec<_>>(), [Rung::Broken(Level::Warn)]);
    let (rules, done) = security(&["overhead < budget(security) for limiter"]);
    let rows = rules.judge(&done).ledger;
    let told: Vec<(&str, Rung, f64)> =
        rows.iter().map(|row| (row.row.scope.as_deref().unwrap_or("-"), row.rung, row.row.limit)).collect();
    assert_eq!(told, [("security", Rung::Broken(Level::Fail), 6.5), ("limiter", Rung::Met, 6.5)]);
    let (rules, done) = security(&[]);
    let rows = rules.judge(&done[..1]).ledger;
    assert_eq!(rows[0].rung, Rung::Undecided(Level::Fail), "one part is not measured");
}

#[test]
fn the_worst_of_its_rules_is_what_became_of_a_case() {
    let plan =
        plan(vec![case("login"), case("token")], Vec::new(), &["avg < 200ms for login", "p95 < 50ms warn for login"]);
    let judgement = CaseRules::new(&plan).expect("cases").judge(&[ReadCase::new(&case("login"), login())]);
    assert_eq!(judgement.gate("login"), Some(Gate::Warn));
    assert_eq!(judgement.missed("login"), Some(Measure::Latency));
    assert_eq!((judgement.gate("token"), judgement.missed("token")), (None, None));
}

/// Worse is higher.
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
    fn more_bad_values_never_improve_a_rule(
        well in 20_u32..300, failed in 0_u64..50, slow in 0_usize..50, more in 1_u64..60, limit in 1_u32..30
    ) {
        let told = |well: u32, failed: u64, slow: usize| {
            let mut times = about(10.0, well);
            times.extend(std::iter::repeat_n(3_000.0, slow));
            failing("login", &times, failed)
        };
        for text in [&format!("error_rate < {limit}%"), "max < 1s"] {
            let before = one(text, case("login"), told(well, failed, slow));
            let after = one(text, case("login"), told(well, failed + more, slow + more as usize));
            prop_assert!(rank(after.rung) >= rank(before.rung), "{} {:?} {:?}", text, before, after);
        }
        // At the same number of operations, slower ones never improve a percentile.
        for text in ["p95 < 200ms", "p50 < 200ms"] {
            let before = one(text, case("login"), told(well + more as u32, 0, slow));
            let after = one(text, case("login"), told(well, 0, slow + more as usize));
            prop_assert!(rank(after.rung) >= rank(before.rung), "{} {:?} {:?}", text, before, after);
        }
    }

    #[test]
    fn nothing_is_met_without_samples(failed in 0_u64..500, steadiness in 0_usize..5) {
        let mut told = failing("login", &[], failed);
        told.steadiness = [
            Steadiness::Declared, Steadiness::Steady, Steadiness::StillWarming, Steadiness::Trend, Steadiness::Unknown,
        ][steadiness];
        let rules = [
            "avg < 1h", "p95 < 1h", "max < 1h", "min < 1h", "stddev < 1h", "throughput >= 0", "error_rate < 1%",
            "memory slope < 1GB per 1 ops", "allocations < 1000000", "avg < 1h warn", "avg < 1h, max 2h",
        ];
        for row in judged(&rules, &[(case("login"), told)]) {
            prop_assert!(row.rung != Rung::Met, "{:#?}", row);
        }
    }

    #[test]
    fn a_mean_is_met_only_when_its_whole_interval_is_inside(ms in 1.0_f64..100.0, limit in 1_u32..100, n in 20_u32..400) {
        let row = one(&format!("avg < {limit}ms"), case("login"), measured("login", &about(ms, n)));
        let (low, high) = row.row.interval.expect("twenty blocks");
        let inside = high.expect("an end") < f64::from(limit);
        let outside = low.expect("an end") >= f64::from(limit);
        prop_assert_eq!(row.rung == Rung::Met, inside);
        prop_assert_eq!(matches!(row.rung, Rung::Broken(_)), outside);
    }
}
