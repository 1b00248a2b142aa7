use proptest::{collection::vec, prelude::*};
use rstest::rstest;

use super::*;

const SECOND: i64 = 1_000_000;

/// One run a second.
fn runs(values: &[f64]) -> Vec<PastRun> {
    values.iter().zip(0..).map(|(value, at)| PastRun { at_us: at * SECOND, value: *value }).collect()
}

fn limit(model: Model, lower: Option<f64>, upper: Option<f64>) -> LearntLimit {
    LearntLimit { model, lower, upper, min_samples: None, max_samples: None, window_seconds: None }
}

const FIVE: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];

// Mean and median 3, s = √2.5, Q1 = 2, Q3 = 4; relative changes 1, 1/2, 1/3, 1/4 with quartiles 0.3125 and 0.625.
#[rstest]
#[case::fixed(Model::Static, 0.5, 7.0, (0.5, 7.0))]
#[case::a_share_of_the_mean(Model::Percentage, 0.1, 0.2, (2.7, 3.6))]
#[case::normal(Model::ZScore, 0.975, 0.975, (3.0 - 1.959_964 * 1.581_138_8, 3.0 + 1.959_964 * 1.581_138_8))]
#[case::student(Model::TTest, 0.975, 0.975, (3.0 - 2.776_445 * 1.732_050_8, 3.0 + 2.776_445 * 1.732_050_8))]
#[case::quartiles(Model::Iqr, 1.5, 1.0, (0.0, 5.0))]
#[case::quartiles_of_changes(Model::DeltaIqr, 1.0, 2.0, (3.0 - 3.0 * 0.3125, 3.0 + 6.0 * 0.3125))]
fn each_model_has_its_limits(
    #[case] model: Model,
    #[case] lower: f64,
    #[case] upper: f64,
    #[case] expected: (f64, f64),
) {
    let model = limit(model, Some(lower), Some(upper));
    assert_eq!(model.check(), Ok(()));
    let told = model.learn(&runs(&FIVE), 10 * SECOND).expect("five runs");
    let (low, high) = (told.low.expect("lower"), told.high.expect("upper"));
    assert!((low - expected.0).abs() < 1e-5 && (high - expected.1).abs() < 1e-5, "{told:?}");
    assert_eq!(told.samples, 5);
}

#[test]
fn log_normal_limits_are_quantiles_of_the_logs() {
    let values: Vec<f64> = [-1.0_f64, 0.0, 1.0].iter().map(|x| x.exp()).collect();
    let model = limit(Model::LogNormal, Some(0.975), Some(0.975));
    let told = model.learn(&runs(&values), 10 * SECOND).expect("three runs");
    assert!((told.high.expect("upper") - 1.959_964_f64.exp()).abs() < 1e-4, "{told:?}");
    assert!((told.low.expect("lower") - (-1.959_964_f64).exp()).abs() < 1e-6, "{told:?}");
    assert_eq!(told.usual.map(|usual| (usual * 1e9).round() / 1e9), Some(1.0));
}

#[rstest]
#[case(limit(Model::ZScore, None, None), ModelError::NoBoundary)]
#[case(limit(Model::TTest, None, Some(1.0)), ModelError::Boundary { boundary: 1.0, takes: "a probability from 0.5 to below 1, such as 0.99" })]
#[case(limit(Model::Iqr, Some(-1.0), None), ModelError::Boundary { boundary: -1.0, takes: "a multiple above 0, such as 3" })]
#[case(LearntLimit { min_samples: Some(10), max_samples: Some(5), ..limit(Model::Iqr, None, Some(3.0)) }, ModelError::Samples { min: 10, max: 5 })]
#[case(LearntLimit { max_samples: Some(1), ..limit(Model::ZScore, None, Some(0.9)) }, ModelError::Samples { min: 2, max: 1 })]
fn what_means_nothing_is_refused(#[case] model: LearntLimit, #[case] error: ModelError) {
    assert_eq!(model.check(), Err(error));
}

#[test]
fn only_the_newest_runs_of_the_window_count() {
    let values = [1_000.0, 1_000.0, 100.0, 100.0, 100.0, 10.0, 10.0];
    let usual = |max_samples, window_seconds| {
        let model = LearntLimit { max_samples, window_seconds, ..limit(Model::Percentage, None, Some(0.1)) };
        let told = model.learn(&runs(&values), 7 * SECOND).expect("runs");
        (told.usual, told.samples)
    };
    assert_eq!(usual(Some(2), None), (Some(10.0), 2));
    assert_eq!(usual(None, Some(5)), (Some(64.0), 5));
    assert_eq!(usual(Some(3), Some(5)), (Some(40.0), 3));
}

#[test]
fn a_run_is_never_judged_by_itself_or_by_later_ones() {
    let model = limit(Model::Percentage, None, Some(0.1));
    let told = model.learn(&runs(&FIVE), 2 * SECOND).expect("two runs");
    assert_eq!((told.usual, told.samples), (Some(1.5), 2));
}

#[rstest]
#[case(Model::ZScore, &[5.0], NotLearnt::TooFew { have: 1, needed: 2 })]
#[case(Model::ZScore, &[5.0, 5.0, 5.0], NotLearnt::NoScatter)]
#[case(Model::LogNormal, &[5.0, 0.0, 1.0], NotLearnt::NotPositive)]
#[case(Model::DeltaIqr, &[5.0, -1.0, 1.0, 2.0], NotLearnt::NotPositive)]
fn what_cannot_be_learnt_says_why(#[case] model: Model, #[case] values: &[f64], #[case] error: NotLearnt) {
    assert_eq!(limit(model, None, Some(0.9)).learn(&runs(values), 100 * SECOND), Err(error));
}

#[test]
fn a_replay_tells_which_runs_would_have_failed() {
    let mut values: Vec<f64> = (0..30).map(|i| 100.0 + f64::from(i * 7 % 5)).collect();
    values[20] = 200.0;
    let model = LearntLimit { min_samples: Some(10), ..limit(Model::TTest, None, Some(0.999)) };
    let told = model.replay(&runs(&values));
    assert_eq!((told.judged, told.not_judged, told.broken), (20, 10, vec![20]));
}

proptest! {
    #[test]
    fn a_wider_boundary_never_breaks_more(
        values in vec(1.0_f64..1e3, 3..40), value in 1.0_f64..1e4, p in 0.5_f64..0.99, multiple in 0.1_f64..5.0
    ) {
        for model in [Model::Percentage, Model::ZScore, Model::TTest, Model::LogNormal, Model::Iqr, Model::DeltaIqr] {
            let probability = matches!(model, Model::ZScore | Model::TTest | Model::LogNormal);
            let (narrow, wide) = if probability { (p, f64::midpoint(p, 1.0)) } else { (multiple, 2.0 * multiple) };
            let broken = |boundary: f64| {
                let model = limit(model, Some(boundary), Some(boundary));
                model.learn(&runs(&values), 1_000 * SECOND).map(|limits| limits.is_broken_by(value))
            };
            prop_assert!(broken(wide) != Ok(true) || broken(narrow) == Ok(true));
        }
    }

    #[test]
    fn what_is_usual_breaks_nothing(values in vec(1.0_f64..1e3, 3..40)) {
        for model in [Model::Percentage, Model::ZScore, Model::TTest, Model::LogNormal, Model::Iqr, Model::DeltaIqr] {
            if let Ok(limits) = limit(model, Some(0.9), Some(0.9)).learn(&runs(&values), 1_000 * SECOND) {
                prop_assert!(!limits.is_broken_by(limits.usual.expect("learnt")));
            }
        }
    }
}
