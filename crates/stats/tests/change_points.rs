//! The detector on measured histories whose regressions people marked.

use perflab_stats::{
    Series,
    steps::{Preset, find_steps},
};
use serde_json::Value;

struct Labelled {
    id: String,
    values: Series,
    regressions: Vec<usize>,
}

fn labelled() -> Vec<Labelled> {
    include_str!("change-points/sap-small-2021.jsonl")
        .lines()
        .map(|line| {
            let series: Value = serde_json::from_str(line).expect("a line is JSON");
            let values =
                series["values"].as_array().expect("values").iter().map(|value| value.as_f64().expect("number"));
            let regressions = series["annotations"][0].as_array().expect("one annotator").iter();
            Labelled {
                id: series["id"].as_str().expect("id").to_owned(),
                values: Series::new(values.collect()).expect("finite"),
                regressions: regressions.map(|index| index.as_u64().expect("index") as usize).collect(),
            }
        })
        .collect()
}

fn found(values: &Series, preset: Preset) -> Vec<usize> {
    find_steps(values, &[], preset).iter().flat_map(|part| &part.changes).map(|change| change.index).collect()
}

#[test]
fn every_regression_is_found_at_its_build_and_no_look_alike_raises_an_alarm() {
    let all = labelled();
    assert_eq!((all.len(), all.iter().filter(|series| !series.regressions.is_empty()).count()), (25, 5));
    for Labelled { id, values, regressions } in all {
        assert_eq!(found(&values, Preset::Balanced), regressions, "{id}");
    }
}

#[test]
fn the_strict_preset_sees_no_more_than_the_balanced_one_and_that_no_more_than_the_sensitive_one() {
    for Labelled { id, values, .. } in labelled() {
        let [sensitive, balanced, strict] =
            [Preset::Sensitive, Preset::Balanced, Preset::Strict].map(|preset| found(&values, preset).len());
        assert!(strict <= balanced && balanced <= sensitive, "{id}: {strict} {balanced} {sensitive}");
    }
}

/// What the detector was published with: alarms that no label bears out, a thousand runs.
const FALSE_ALARMS: f64 = 3.0;

#[test]
fn replayed_run_by_run_every_regression_is_told_of_and_hardly_anything_else() {
    let (mut false_alarms, mut runs) = (0, 0);
    // The longest ones are left out for the time they take.
    for Labelled { id, values, regressions } in
        labelled().into_iter().filter(|series| series.values.values().len() < 200)
    {
        let mut told: Vec<usize> = Vec::new();
        for end in 6..=values.values().len() {
            let so_far = Series::new(values.values()[..end].to_vec()).expect("finite");
            for index in found(&so_far, Preset::Balanced) {
                if !told.iter().any(|known| known.abs_diff(index) <= 5) {
                    told.push(index);
                }
            }
        }
        let is_told = |index: &usize| told.iter().any(|told| told.abs_diff(*index) <= 5);
        assert!(regressions.iter().all(is_told), "{id}: {told:?}");
        false_alarms += told.iter().filter(|told| !regressions.iter().any(|index| told.abs_diff(*index) <= 5)).count();
        runs += values.values().len();
    }
    assert!(false_alarms as f64 <= FALSE_ALARMS * runs as f64 / 1_000.0, "{false_alarms} in {runs} runs");
}
