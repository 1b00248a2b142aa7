use perflab_model::{
    bench::{AllocationCount, CaseOutcome, OpenInterval, Sampling, Steadiness},
    threshold::Measure,
    validity::ValidityState,
    verdict::Gate,
};
use rstest::rstest;

use super::{
    ReadCase, budgets,
    sample::{about, budget, case, failing, growing, measured, pair, paired},
};
use crate::vectors;

fn read(name: &str, times_ms: &[f64]) -> ReadCase {
    ReadCase::new(&case(name), measured(name, times_ms))
}

#[test]
fn the_interval_of_a_mean_comes_from_twenty_blocks_and_t_with_19_degrees() {
    // Forty samples, block means alternate 10 and 12 ms: sd = √(20/19) ms, t19 = 2.093024.
    let times: Vec<f64> = (0..40).map(|i| if i / 2 % 2 == 0 { 10.0 } else { 12.0 }).collect();
    let told = read("probe", &times).summary(None, None).latency;
    let half = 2.093_024_054 * (20.0_f64 / 19.0).sqrt() / 20.0_f64.sqrt();
    assert_eq!((told.samples, told.mean), (40, Some(11.0)));
    let Some(OpenInterval(Some(low), Some(high))) = told.interval else { panic!("{told:?}") };
    assert!((low - (11.0 - half)).abs() < 1e-6 && (high - (11.0 + half)).abs() < 1e-6, "{low} {high}");
}

#[rstest]
#[case::p50_from_20(19, [false, false, false, false])]
#[case::p50(20, [true, false, false, false])]
#[case::p95_from_200(199, [true, true, false, false])]
#[case::p95(200, [true, true, true, false])]
#[case::p99_from_1000(1_000, [true, true, true, true])]
fn a_quantile_is_shown_from_ten_samples_beyond_it(#[case] samples: u32, #[case] shown: [bool; 4]) {
    let told = read("probe", &about(1.0, samples)).summary(None, None).latency;
    assert_eq!([told.p50, told.p90, told.p95, told.p99].map(|quantile| quantile.is_some()), shown);
}

#[test]
fn the_interval_of_the_median_is_that_of_its_order_statistics() {
    // Ranks 40 and 61 of a hundred.
    let times: Vec<f64> = (1..=100).map(f64::from).collect();
    let told = read("probe", &times).summary(None, None).latency;
    let Some(OpenInterval(Some(low), Some(high))) = told.p50_interval else { panic!("{told:?}") };
    assert!((low / 40.0 - 1.0).abs() < 1e-3 && (high / 61.0 - 1.0).abs() < 1e-3, "{low} {high}");
}

#[test]
fn throughput_counts_right_answers_over_the_measured_seconds_and_far_out_batches_are_samples() {
    let mut told = failing("probe", &[10.0; 100], 20);
    if let Some(side) = &mut told.side {
        side.sampling = Sampling::Batches { size: 10 };
        side.far_out = 2;
    }
    let told = ReadCase::new(&case("probe"), told).summary(None, None);
    assert_eq!((told.samples, told.failed), (100, 20));
    assert!(told.throughput_per_s.is_some_and(|rate| (rate - 100.0).abs() < 1e-9), "{:?}", told.throughput_per_s);
    assert!((told.latency.far_out - 0.2).abs() < 1e-9, "two of ten batches");
}

#[test]
fn overhead_is_the_median_of_walsh_averages_and_needs_twenty_pairs_for_an_interval() {
    let vector = vectors::named("paired_hodges_lehmann");
    let mut told = paired("limiter", 0.0, 10);
    for (pair, more) in told.pairs.iter_mut().zip(vectors::numbers(&vector["d"])) {
        (pair.without_ns, pair.with_ns) = (50e6, 50e6 + more * 1e6);
    }
    let overhead = ReadCase::new(&pair("limiter"), told).summary(None, None).overhead.expect("a pair");
    vectors::assert_near(overhead.ms, &vector["estimate"]);
    assert_eq!((overhead.pairs, overhead.interval), (10, None));
    let overhead =
        ReadCase::new(&pair("limiter"), paired("limiter", 3.0, 30)).summary(None, None).overhead.expect("a pair");
    assert!(overhead.interval.is_some() && (overhead.ms - 3.0).abs() < 0.05, "{overhead:?}");
    assert!(overhead.share.is_some_and(|share| (0.055..0.061).contains(&share)), "{overhead:?}");
}

#[test]
fn memory_is_the_heap_where_somebody_counts_else_what_is_resident() {
    let mut told = measured("probe", &about(1.0, 300));
    told.memory = growing(20_480);
    let resident = ReadCase::new(&case("probe"), told.clone()).summary(None, None).memory.expect("240 readings");
    assert!(resident.is_growing && (resident.bytes_per_operation / 20_480.0 - 1.0).abs() < 0.05, "{resident:?}");
    told.heap = growing(0);
    told.allocations = Some(AllocationCount { operations: 200, allocations: 700, bytes: 6_400 });
    let summary = ReadCase::new(&case("probe"), told).summary(None, None);
    assert!(!summary.memory.expect("240 readings").is_growing);
    let allocations = summary.allocations.expect("counted");
    assert_eq!((allocations.count, allocations.bytes), (3.5, 32.0));
}

#[rstest]
#[case::steady(Steadiness::Steady, 0.0, ValidityState::Valid)]
#[case::declared(Steadiness::Declared, 0.0, ValidityState::Valid)]
#[case::still_warming(Steadiness::StillWarming, 0.0, ValidityState::Invalid)]
#[case::trend(Steadiness::Trend, 0.0, ValidityState::Invalid)]
#[case::nobody_can_tell(Steadiness::Unknown, 0.0, ValidityState::Suspect)]
#[case::a_busy_host(Steadiness::Steady, 0.06, ValidityState::Suspect)]
#[case::a_very_busy_host(Steadiness::Steady, 0.21, ValidityState::Invalid)]
fn each_case_is_trusted_or_not_by_itself(
    #[case] steadiness: Steadiness,
    #[case] other: f64,
    #[case] state: ValidityState,
) {
    let mut told = measured("probe", &about(1.0, 300));
    (told.steadiness, told.other) = (steadiness, Some(other));
    let validity = ReadCase::new(&case("probe"), told).validity().clone();
    assert_eq!(validity.state, state, "{validity:#?}");
    assert!(validity.causes().iter().all(|signal| signal.cause.is_some()));
}

#[test]
fn a_case_whose_every_operation_failed_has_no_times_and_is_invalid() {
    let read = ReadCase::new(&case("probe"), failing("probe", &[], 500));
    assert_eq!(read.validity().causes, ["no_right_answer"]);
    let told = read.summary(None, None);
    assert_eq!((told.samples, told.failed), (0, 500));
    assert_eq!((told.latency.mean, told.latency.p50, told.throughput_per_s), (None, None, None));
}

#[test]
fn what_was_not_run_says_why() {
    let mut told = measured("probe", &[]);
    told.side = None;
    told.outcome =
        CaseOutcome::Failed { code: "sql.connect".to_owned(), message: "The database does not answer.".to_owned() };
    let read = ReadCase::new(&case("probe"), told);
    let cause = read.validity().causes()[0].clone();
    assert_eq!((cause.value.as_str(), cause.cause.as_deref()), ("sql.connect", Some("The database does not answer.")));
    let never = ReadCase::never(&case("probe"), "The run ended before its turn.");
    assert!(!never.was_run() && !never.is_trusted());
}

#[test]
fn suspect_numbers_pass_at_best_as_a_warning() {
    let mut told = measured("probe", &about(1.0, 300));
    told.other = Some(0.1);
    let read = ReadCase::new(&case("probe"), told);
    assert_eq!(read.summary(Some(Gate::Pass), None).gate, Some(Gate::Warn));
    assert_eq!(read.summary(Some(Gate::Fail), None).gate, Some(Gate::Fail));
}

#[rstest]
#[case::classification("income_classification", Measure::Latency, "profile loading")]
#[case::login("login", Measure::Latency, "password hash parameters")]
#[case::growth("login", Measure::Memory, "object life cycles")]
#[case::query("user_lookup", Measure::Latency, "indexes")]
fn a_miss_says_where_to_look_as_the_seed_does(#[case] name: &str, #[case] measure: Measure, #[case] first: &str) {
    let read = read(name, &about(1.0, 300));
    assert_eq!(read.summary(Some(Gate::Fail), Some(measure)).hints[0], first);
    assert!(read.summary(Some(Gate::Pass), None).hints.is_empty(), "what is met needs no hint");
    let own = perflab_model::bench::Case { hints: vec!["the cost sweep".to_owned()], ..case(name) };
    let read = ReadCase::new(&own, measured(name, &about(1.0, 300)));
    assert_eq!(read.summary(Some(Gate::Fail), Some(measure)).hints, ["the cost sweep"]);
}

#[test]
fn a_budget_adds_up_what_its_parts_cost_and_squares_the_distances_of_their_ends() {
    let cases = [
        ReadCase::new(&pair("limiter"), paired("limiter", 3.0, 30)),
        ReadCase::new(&pair("blacklist"), paired("blacklist", 4.0, 30)),
        read("audit", &about(2.0, 400)),
    ];
    let trees = [budget("security", 15.0, &["checks", "audit"]), budget("checks", 10.0, &["limiter", "blacklist"])];
    let told = budgets(&trees, &cases);
    let [whole, checks] = told.as_slice() else { panic!("{told:?}") };
    let ends = |interval: Option<OpenInterval>| match interval {
        Some(OpenInterval(Some(low), Some(high))) => (low, high),
        other => panic!("{other:?}"),
    };
    let value = |ms: Option<f64>| ms.expect("measured");
    let parts = &checks.parts;
    let by_hand = |pick: fn(&(f64, f64)) -> f64| -> f64 {
        parts.iter().map(|part| (pick(&ends(part.interval)) - value(part.ms)).powi(2)).sum::<f64>().sqrt()
    };
    let sum = value(parts[0].ms) + value(parts[1].ms);
    assert!((value(checks.sum) - sum).abs() < 1e-9 && (sum - 7.0).abs() < 0.1, "{checks:?}");
    let (low, high) = ends(checks.interval);
    assert!((low - (sum - by_hand(|ends| ends.0))).abs() < 1e-6, "{checks:?}");
    assert!((high - (sum + by_hand(|ends| ends.1))).abs() < 1e-6, "{checks:?}");
    assert!((value(whole.sum) - sum - value(whole.parts[1].ms)).abs() < 1e-6, "a budget within a budget: {whole:?}");
    assert_eq!((whole.limit, whole.parts[0].name.as_str()), (15.0, "checks"));
}

#[test]
fn a_budget_with_a_part_that_was_not_measured_or_a_circle_has_no_sum() {
    let cases = [ReadCase::new(&pair("limiter"), paired("limiter", 3.0, 30))];
    let trees = [budget("security", 15.0, &["limiter", "blacklist"]), budget("round", 1.0, &["round"])];
    let told = budgets(&trees, &cases);
    assert_eq!((told[0].sum, told[1].sum), (None, None));
    assert!(told[0].parts[0].ms.is_some() && told[0].parts[1].ms.is_none(), "{told:?}");
}
