use proptest::{collection::vec, prelude::*};
use rstest::rstest;

use super::*;
use crate::{
    rank::{MannWhitney, WalshAverages, critical_average, critical_count, signed_rank_p, tie_sum},
    robust::sorted,
    vectors,
};

fn series(values: &[f64]) -> Series {
    Series::new(values.to_vec()).expect("finite")
}

/// What two sides say without any noise between runs.
fn alone(vector: &str, alpha: f64) -> (serde_json::Value, Comparison) {
    let vector = vectors::named(vector);
    let (a, b) = (vectors::series(&vector["a"]), vectors::series(&vector["b"]));
    // Pairs without any difference leave the interval of Hodges and Lehmann as it is.
    let quiet = series(&[0.0; 20]);
    let question = Question { alpha, earlier: &quiet, runs: Runs::SINGLE };
    let comparison = compare(&a, &b, &question).expect("positive");
    (vector, comparison)
}

#[test]
fn shift_and_rank_ends_are_those_of_the_vectors() {
    for (name, alpha) in [("hodges_lehmann_log_95%", 0.05), ("hodges_lehmann_log_99%", 0.01)] {
        let vector = vectors::named(name);
        let (a, b) = (vectors::series(&vector["a"]), vectors::series(&vector["b"]));
        let (a, b) = (a.logs().expect("positive"), b.logs().expect("positive"));
        let differences = Differences::new(&a, &b).expect("values");
        let k = critical_count(a.len(), b.len(), &[], alpha);
        assert_eq!(vectors::number(&vector["critical_k"]), k as f64);
        vectors::assert_near(differences.median().exp(), &vector["ratio"]);
        let (low, high) = differences.ends(k);
        vectors::assert_near(low.exp(), &vector["ci"][0]);
        vectors::assert_near(high.exp(), &vector["ci"][1]);
    }
}

#[test]
fn the_interval_never_is_narrower_than_that_of_the_ranks() {
    for (name, alpha) in [("hodges_lehmann_log_95%", 0.05), ("hodges_lehmann_log_99%", 0.01)] {
        let (vector, comparison) = alone(name, alpha);
        let (low, high) = comparison.interval.expect("8 values a side");
        assert!(low <= vectors::number(&vector["ci"][0]) + 1e-9 && high >= vectors::number(&vector["ci"][1]) - 1e-9);
        vectors::assert_near(comparison.ratio, &vector["ratio"]);
    }
}

#[test]
fn the_number_of_the_end_is_that_of_the_vectors() {
    let vector = vectors::named("hodges_lehmann_k");
    for case in vector["cases"].as_array().expect("cases") {
        let size = |name: &str| vectors::number(&case[name]) as usize;
        let k = critical_count(size("n"), size("m"), &[], vectors::number(&case["alpha"]));
        assert_eq!(k as f64, vectors::number(&case["k"]), "{case}");
    }
}

#[test]
fn mann_whitney_as_in_the_vectors() {
    for name in ["mann_whitney_exact", "mann_whitney_ties_normal"] {
        let vector = vectors::named(name);
        let (a, b) = (vectors::numbers(&vector["a"]), vectors::numbers(&vector["b"]));
        let test = MannWhitney::new(&a, &b);
        vectors::assert_near(test.larger, &vector["u_b"]);
        vectors::assert_near(test.p(1.0), &vector["p"]);
        if let Some(cliff) = vector.get("cliffs_delta") {
            vectors::assert_near(2.0 * test.larger / (a.len() * b.len()) as f64 - 1.0, cliff);
        }
    }
}

#[test]
fn welch_as_in_the_vectors() {
    let vector = vectors::named("welch");
    let told = welch(&vectors::series(&vector["a"]), &vectors::series(&vector["b"])).expect("varies");
    vectors::assert_near(told.t, &vector["t"]);
    vectors::assert_near(told.degrees, &vector["df"]);
    vectors::assert_near(told.p, &vector["p"]);
    vectors::assert_near(told.interval.low, &vector["ci95_mean_difference"][0]);
    vectors::assert_near(told.interval.high, &vector["ci95_mean_difference"][1]);

    let vector = vectors::named("welch_log");
    let logs = |name: &str| series(&vectors::series(&vector[name]).logs().expect("positive"));
    let told = welch(&logs("a"), &logs("b")).expect("varies");
    vectors::assert_near(told.t, &vector["t"]);
    vectors::assert_near(told.degrees, &vector["df"]);
    vectors::assert_near(told.p, &vector["p"]);
    vectors::assert_near(f64::midpoint(told.interval.low, told.interval.high).exp(), &vector["ratio"]);
}

#[test]
fn pairs_as_in_the_vectors() {
    let vector = vectors::named("paired_hodges_lehmann");
    let d = vectors::numbers(&vector["d"]);
    let averages = WalshAverages::new(&d).expect("values");
    let k = critical_average(d.len(), 0.05);
    assert_eq!(k as f64, vectors::number(&vector["critical_k"]));
    vectors::assert_near(averages.median(), &vector["estimate"]);
    vectors::assert_near(averages.ends(k).0, &vector["ci95"][0]);
    vectors::assert_near(averages.ends(k).1, &vector["ci95"][1]);
    vectors::assert_near(signed_rank_p(&d), &vector["p"]);
}

#[test]
fn the_adjusted_p_of_the_vectors() {
    let vector = vectors::named("benjamini_hochberg");
    let adjusted = crate::benjamini_hochberg(&vectors::numbers(&vector["p"]));
    for (q, expected) in adjusted.iter().zip(vector["adjusted"].as_array().expect("list")) {
        vectors::assert_near(*q, expected);
    }
    let found: Vec<bool> = adjusted.iter().map(|q| *q <= 0.05).collect();
    assert_eq!(serde_json::json!(found), vector["rejected_at_5"]);
}

/// Twenty values about `level` with a spread of 1 %, no two equal.
fn blocks(level: f64) -> Series {
    series(&(0..20).map(|i| level * (1.0 + 0.01 * f64::from(i * 7 % 20 - 10) / 5.8)).collect::<Vec<_>>())
}

const QUIET: [f64; 12] = [0.002, -0.001, 0.003, -0.002, 0.001, -0.003, 0.002, 0.001, -0.001, 0.003, -0.002, 0.001];

#[rstest]
#[case::slower(110.0, Better::Lower, Word::Slower)]
#[case::faster(90.0, Better::Lower, Word::Faster)]
#[case::more_is_better(110.0, Better::Higher, Word::Faster)]
#[case::less_is_worse(90.0, Better::Higher, Word::Slower)]
#[case::same(100.2, Better::Lower, Word::Same)]
fn two_runs_get_a_word(#[case] level: f64, #[case] better: Better, #[case] word: Word) {
    let earlier = series(&QUIET);
    let question = Question { alpha: 0.05, earlier: &earlier, runs: Runs::SINGLE };
    let comparison = compare(&blocks(100.0), &blocks(level), &question).expect("positive");
    assert_eq!(comparison.word(better), word, "{comparison:?}");
}

#[test]
fn four_values_a_side_are_never_the_same() {
    let four = series(&[100.0, 100.1, 99.9, 100.05]);
    let earlier = series(&QUIET);
    let question = Question { alpha: 0.05, earlier: &earlier, runs: Runs::SINGLE };
    let comparison = compare(&four, &four, &question).expect("positive");
    assert_eq!(comparison.word(Better::Lower), Word::Inconclusive(Needed::Samples(5)));
}

#[test]
fn three_values_a_side_have_no_interval() {
    let three = series(&[100.0, 100.1, 99.9]);
    let none = Series::default();
    let question = Question { alpha: 0.05, earlier: &none, runs: Runs::SINGLE };
    let comparison = compare(&three, &three, &question).expect("positive");
    assert_eq!((comparison.interval, comparison.p), (None, None));
    assert_eq!(comparison.word(Better::Lower), Word::Inconclusive(Needed::Samples(5)));
}

#[test]
fn a_machine_that_moves_between_runs_needs_more_runs_not_more_samples() {
    let earlier = series(&[0.08, -0.06, 0.09, -0.07, 0.05, -0.09, 0.08, -0.04, 0.07, -0.08]);
    let question = Question { alpha: 0.05, earlier: &earlier, runs: Runs::SINGLE };
    let comparison = compare(&blocks(100.0), &blocks(104.0), &question).expect("positive");
    let Word::Inconclusive(Needed::Runs(runs)) = comparison.word(Better::Lower) else { panic!("{comparison:?}") };
    assert!(comparison.floor > 0.1 && runs > 5, "{comparison:?}");
    let many = Question { runs: Runs { baseline: 4 * runs, candidate: 4 * runs }, ..question };
    let comparison = compare(&blocks(100.0), &blocks(104.0), &many).expect("positive");
    assert_eq!(comparison.word(Better::Lower), Word::Slower, "{comparison:?}");
}

#[test]
fn without_any_history_two_percent_are_assumed() {
    let none = Series::default();
    let question = Question { alpha: 0.05, earlier: &none, runs: Runs::SINGLE };
    let comparison = compare(&blocks(100.0), &blocks(100.0), &question).expect("positive");
    assert!(!comparison.noise.is_measured());
    assert!((comparison.noise.variance - 0.0004).abs() < 1e-12, "{:?}", comparison.noise);
    // t with 4 degrees at 97.5 % times 2 %.
    assert!((comparison.floor - (2.776_445_f64 * 0.02).exp_m1()).abs() < 1e-6, "{}", comparison.floor);
}

#[test]
fn there_is_no_ratio_of_nothing() {
    let question = Question { alpha: 0.05, earlier: &Series::default(), runs: Runs::SINGLE };
    let zero = compare(&series(&[1.0, 0.0]), &series(&[1.0]), &question).expect_err("refused");
    assert_eq!(zero.to_string(), "value 2 of baseline is not positive, so there is no ratio");
    let empty = compare(&series(&[1.0]), &Series::default(), &question).expect_err("refused");
    assert_eq!(empty, CompareError::Empty(Side::Candidate));
}

#[test]
fn a_quantile_leans_where_its_samples_lean() {
    // An even spread and a long tail: the upper end of P95 lies further out than the lower one.
    let even = series(&(1..=400).map(|i| 100.0 + 0.01 * f64::from(i)).collect::<Vec<_>>());
    let tail = series(&(1..=400).map(|i| 100.0 * (1.0 + (f64::from(i) / 400.0).powi(30))).collect::<Vec<_>>());
    let p95 = |side: &Series| QuantileEstimate::of_samples(side, 0.95).expect("samples");
    let quiet = series(&QUIET);
    let question = Question { alpha: 0.05, earlier: &quiet, runs: Runs::SINGLE };
    let comparison = compare_quantiles(p95(&even), p95(&tail), &question).expect("positive");
    let (low, high) = comparison.interval.expect("400 samples");
    assert!(high / comparison.ratio > comparison.ratio / low, "{comparison:?}");
    let itself = compare_quantiles(p95(&even), p95(&even), &question).expect("positive");
    assert_eq!(itself.word(Better::Lower), Word::Same, "{itself:?}");
}

#[test]
fn a_quantile_of_too_few_samples_has_an_open_end() {
    let few = series(&(1..=60).map(f64::from).collect::<Vec<_>>());
    let p95 = QuantileEstimate::of_samples(&few, 0.95).expect("samples");
    assert_eq!(p95.high, None);
    let quiet = series(&QUIET);
    let question = Question { alpha: 0.05, earlier: &quiet, runs: Runs::SINGLE };
    let comparison = compare_quantiles(p95, p95, &question).expect("positive");
    assert_eq!(comparison.interval, None);
    assert!(matches!(comparison.word(Better::Lower), Word::Inconclusive(_)));
}

proptest! {
    #[test]
    fn the_estimate_lies_in_its_interval_and_swapping_sides_turns_it_over(
        a in vec(1.0_f64..1e4, 5..40), b in vec(1.0_f64..1e4, 5..40), earlier in vec(-0.2_f64..0.2, 0..20)
    ) {
        let earlier = series(&earlier);
        let question = Question { alpha: 0.05, earlier: &earlier, runs: Runs::SINGLE };
        let there = compare(&series(&a), &series(&b), &question).expect("positive");
        let back = compare(&series(&b), &series(&a), &question).expect("positive");
        let ((low, high), (back_low, back_high)) = (there.interval.expect("5 a side"), back.interval.expect("5 a side"));
        prop_assert!(low <= there.ratio && there.ratio <= high);
        prop_assert!((there.ratio * back.ratio - 1.0).abs() < 1e-9);
        prop_assert!((low * back_high - 1.0).abs() < 1e-6 && (high * back_low - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_unit_changes_nothing(a in vec(1.0_f64..1e3, 5..20), b in vec(1.0_f64..1e3, 5..20), unit in 1e-6_f64..1e6) {
        let none = Series::default();
        let question = Question { alpha: 0.05, earlier: &none, runs: Runs::SINGLE };
        let scaled = |values: &[f64]| series(&values.iter().map(|value| value * unit).collect::<Vec<_>>());
        let plain = compare(&series(&a), &series(&b), &question).expect("positive");
        let other = compare(&scaled(&a), &scaled(&b), &question).expect("positive");
        prop_assert!((plain.ratio / other.ratio - 1.0).abs() < 1e-9);
    }

    #[test]
    fn more_noise_between_runs_never_narrows_the_interval(
        a in vec(90.0_f64..110.0, 20..21), b in vec(90.0_f64..110.0, 20..21), earlier in vec(0.0_f64..0.1, 8..20)
    ) {
        let width = |earlier: &Series| {
            let question = Question { alpha: 0.05, earlier, runs: Runs::SINGLE };
            let (low, high) = compare(&series(&a), &series(&b), &question).expect("positive").interval.expect("20 a side");
            high / low
        };
        let twice = series(&earlier.iter().map(|ratio| 2.0 * ratio).collect::<Vec<_>>());
        prop_assert!(width(&twice) >= width(&series(&earlier)) * (1.0 - 1e-9));
    }

    #[test]
    fn ties_are_counted_by_group(values in vec(0_u8..5, 0..40)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let expected: f64 = (0..5).map(|v| {
            let t = values.iter().filter(|value| **value == f64::from(v)).count() as f64;
            t * t * t - t
        }).sum();
        prop_assert_eq!(tie_sum(&sorted(&values)), expected);
    }
}
