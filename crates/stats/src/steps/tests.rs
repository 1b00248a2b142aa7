use proptest::{collection::vec, prelude::*};

use super::*;
use crate::vectors;

fn series(values: &[f64]) -> Series {
    Series::new(values.to_vec()).expect("finite")
}

fn indices(values: &[f64], preset: Preset) -> Vec<usize> {
    find_steps(&series(values), &[], preset)
        .into_iter()
        .flat_map(|part| part.changes)
        .map(|change| change.index)
        .collect()
}

/// Values that scatter by about one, the same in every test; no two series of neighbouring seeds resemble each other.
fn noise(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    // Twelve uniform numbers less six: mean 0, variance 1.
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

fn level(seed: u64, n: usize, centre: f64, sigma: f64) -> Vec<f64> {
    noise(seed, n).into_iter().map(|z| centre * (1.0 + sigma * z)).collect()
}

#[test]
fn every_series_of_the_vectors_has_the_changes_it_should() {
    for case in vectors::named("steps_detector").as_array().expect("cases") {
        let found = indices(&vectors::numbers(&case["values"]), Preset::Balanced);
        assert_eq!(serde_json::json!(found), case["changes"], "{}", case["name"]);
    }
}

#[test]
fn the_partition_of_the_vectors() {
    let vector = vectors::named("l1_partition");
    let cuts = partition::partition(&vectors::numbers(&vector["x"]), vectors::number(&vector["penalty"]));
    assert_eq!(serde_json::json!(cuts), vector["cuts"]);
}

#[test]
fn the_scale_of_the_vectors() {
    let vector = vectors::named("noise_scale");
    let x = vectors::numbers(&vector["x"]);
    vectors::assert_near(scale::sigma(&x), &vector["diff_sigma"]);
    vectors::assert_near(scale::resolution(&x), &vector["resolution"]);
    vectors::assert_near(crate::robust::spread(&x), &vector["mad"]);
}

#[test]
fn the_correlation_of_the_vectors() {
    let vector = vectors::named("lag_correlation");
    vectors::assert_near(noise::by_differences(&vectors::numbers(&vector["x"])), &vector["rho"]);
}

#[test]
fn another_machine_is_never_a_regression() {
    let values = [level(1, 30, 100.0, 0.01), level(2, 30, 140.0, 0.01)].concat();
    assert_eq!(indices(&values, Preset::Balanced), [30]);
    let parts = find_steps(&series(&values), &[30], Preset::Balanced);
    assert_eq!(
        parts.iter().map(|part| (part.start, part.end, part.changes.len())).collect::<Vec<_>>(),
        [(0, 30, 0), (30, 60, 0)]
    );
}

#[test]
fn changes_of_a_later_part_count_from_the_first_run_of_all() {
    let values = [level(3, 40, 50.0, 0.01), level(4, 20, 100.0, 0.01), level(5, 20, 120.0, 0.01)].concat();
    let parts = find_steps(&series(&values), &[40], Preset::Balanced);
    assert_eq!(parts[1].changes[0].index, 60);
    assert!(parts[1].changes[0].plausible.contains(&60));
    assert!((parts[1].changes[0].shift - 0.2).abs() < 0.02, "{:?}", parts[1].changes[0]);
}

#[test]
fn only_the_newest_thousand_runs_are_looked_at() {
    let values = [level(6, 100, 100.0, 0.01), level(7, 600, 150.0, 0.01), level(8, 500, 180.0, 0.01)].concat();
    assert_eq!(indices(&values, Preset::Balanced), [700]);
}

#[test]
fn a_new_machine_with_few_runs_borrows_the_noise_of_the_old_one() {
    // Five quiet runs, then three 4 % higher: on a machine known to scatter by 3 % that is nothing.
    let young = [100.0, 100.1, 99.9, 100.05, 99.95, 104.0, 104.1, 103.9];
    let alone = find_steps(&series(&young), &[], Preset::Sensitive);
    assert_eq!(alone[0].changes.len(), 1, "{alone:?}");
    let values = [level(9, 60, 100.0, 0.03), young.to_vec()].concat();
    let parts = find_steps(&series(&values), &[60], Preset::Sensitive);
    assert_eq!(parts[1].changes.len(), 0, "{parts:?}");
}

#[test]
fn one_bad_run_is_suspected_and_three_decide() {
    let mut values = level(10, 30, 100.0, 0.01);
    let newest = |values: &[f64]| find_steps(&series(values), &[], Preset::Balanced)[0].newest.expect("enough runs");
    assert!(!newest(&values).is_suspected);
    values.push(112.0);
    assert!(newest(&values).is_suspected);
    assert_eq!(indices(&values, Preset::Balanced), Vec::<usize>::new());
    values.extend([111.0, 112.5]);
    assert_eq!(indices(&values, Preset::Balanced), [30]);
}

#[test]
fn creeping_is_a_drift_and_says_so() {
    let creep: Vec<f64> = noise(11, 100).iter().enumerate().map(|(i, z)| 100.0 + 0.4 * i as f64 + z).collect();
    let parts = find_steps(&series(&creep), &[], Preset::Balanced);
    assert_eq!((parts[0].changes.len(), parts[0].drifts.is_empty()), (0, false), "{parts:?}");
    assert!(parts[0].noise.as_ref().expect("noise").flags.contains(&NoiseFlag::Creeping));
    assert!(parts[0].drifts[0].shift > 0.1, "{parts:?}");
}

#[test]
fn values_around_zero_have_levels_too() {
    let values: Vec<f64> = noise(12, 30).into_iter().chain(noise(13, 30).into_iter().map(|z| z + 8.0)).collect();
    assert_eq!(indices(&values, Preset::Balanced), [30]);
}

#[test]
fn presets_differ_in_what_they_see() {
    // 1.5 % at a scatter of 0.3 %: too small for the strict one.
    let values = [level(14, 30, 100.0, 0.003), level(15, 30, 101.5, 0.003)].concat();
    let found = [Preset::Sensitive, Preset::Balanced, Preset::Strict].map(|preset| indices(&values, preset));
    assert_eq!(found, [vec![30], vec![30], vec![]]);
}

#[test]
fn noise_gets_a_class() {
    let class = |sigma: f64| find_steps(&series(&level(16, 60, 100.0, sigma)), &[], Preset::Balanced)[0].noise.clone();
    let classes = [0.004, 0.02, 0.05, 0.12].map(|sigma| class(sigma).expect("noise").class);
    assert_eq!(classes, [NoiseClass::Quiet, NoiseClass::Normal, NoiseClass::Noisy, NoiseClass::Wild]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_comes_changes_lie_inside_and_in_order(
        values in vec(prop_oneof![-1e6_f64..1e6, 90.0_f64..110.0, Just(0.0), Just(100.0)], 0..120),
        starts in vec(0_usize..130, 0..4)
    ) {
        let parts = find_steps(&series(&values), &starts, Preset::Sensitive);
        let changes: Vec<usize> = parts.iter().flat_map(|part| &part.changes).map(|change| change.index).collect();
        prop_assert!(changes.is_sorted() && changes.iter().all(|index| *index < values.len()));
        prop_assert_eq!(parts.last().map(|part| part.end), Some(values.len()));
        for change in parts.iter().flat_map(|part| &part.changes) {
            prop_assert!(change.plausible.contains(&change.index) && change.shift.is_finite() && change.p <= 1.0);
        }
    }

    #[test]
    fn the_unit_changes_nothing(seed in 1_u64..1_000, step in 0.9_f64..1.2, unit in 1e-6_f64..1e6) {
        let values = [level(seed, 25, 100.0, 0.01), level(seed + 1_000, 25, 100.0 * step, 0.01)].concat();
        let scaled: Vec<f64> = values.iter().map(|value| value * unit).collect();
        prop_assert_eq!(indices(&values, Preset::Balanced), indices(&scaled, Preset::Balanced));
    }

    #[test]
    fn one_wild_run_is_never_a_change(seed in 1_u64..1_000, at in 5_usize..55, wild in 1.5_f64..50.0) {
        let mut values = level(seed, 60, 100.0, 0.01);
        prop_assume!(indices(&values, Preset::Balanced).is_empty());
        values[at] *= wild;
        prop_assert_eq!(indices(&values, Preset::Balanced), Vec::<usize>::new());
    }

    #[test]
    fn a_clear_step_is_found_where_it_is(seed in 1_u64..1_000, at in 10_usize..50) {
        let values = [level(seed, at, 100.0, 0.01), level(seed + 1_000, 60 - at, 115.0, 0.01)].concat();
        prop_assert!(indices(&values, Preset::Balanced).contains(&at));
    }
}
