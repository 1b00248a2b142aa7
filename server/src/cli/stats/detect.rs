//! `perflab stats detect`: the changes of a history.

use perflab_stats::{
    Series,
    steps::{Change, Drift, Preset, find_steps},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Better;

/// A history, oldest run first.
#[derive(Debug, Deserialize)]
pub(super) struct History {
    id: Value,
    values: Vec<f64>,
    #[serde(default)]
    env: Option<Vec<Value>>,
    /// A change is one in either direction; the key is read so that a wrong word is told.
    #[serde(default, rename = "better")]
    _better: Option<Better>,
}

#[derive(Debug, Serialize)]
pub(super) struct Found {
    id: Value,
    changes: Vec<FoundChange>,
    drifts: Vec<FoundDrift>,
}

#[derive(Debug, Serialize)]
struct FoundChange {
    index: usize,
    from: f64,
    to: f64,
    shift: f64,
    range: [usize; 2],
}

#[derive(Debug, Serialize)]
struct FoundDrift {
    index: usize,
    last: usize,
    from: f64,
    to: f64,
    shift: f64,
}

pub(super) fn detect(history: History, preset: Preset) -> Result<Found, String> {
    let starts = match &history.env {
        Some(env) if env.len() != history.values.len() => {
            return Err(format!("`env` has {} entries for {} values", env.len(), history.values.len()));
        }
        Some(env) => (1..env.len()).filter(|at| env[*at] != env[at - 1]).collect(),
        None => Vec::new(),
    };
    let values = Series::new(history.values).map_err(|error| error.to_string())?;
    let parts = find_steps(&values, &starts, preset);
    Ok(Found {
        id: history.id,
        changes: parts.iter().flat_map(|part| &part.changes).map(FoundChange::from).collect(),
        drifts: parts.iter().flat_map(|part| &part.drifts).map(FoundDrift::from).collect(),
    })
}

impl From<&Change> for FoundChange {
    fn from(change: &Change) -> Self {
        let Change { index, ref plausible, before, after, step, .. } = *change;
        Self { index, from: before, to: after, shift: step, range: [*plausible.start(), *plausible.end()] }
    }
}

impl From<&Drift> for FoundDrift {
    fn from(drift: &Drift) -> Self {
        let Drift { index, last, before, after, step, .. } = *drift;
        Self { index, last, from: before, to: after, shift: step }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::stats::lines::answer;

    fn filter(input: &str) -> Result<Vec<Value>, String> {
        let mut output = Vec::new();
        answer(input.as_bytes(), &mut output, |history| detect(history, Preset::Balanced))
            .map_err(|error| error.to_string())?;
        Ok(serde_json::Deserializer::from_slice(&output).into_iter().map(|line| line.expect("JSON")).collect())
    }

    fn indices(answer: &Value) -> Value {
        answer["changes"].as_array().expect("changes").iter().map(|change| change["index"].clone()).collect()
    }

    #[test]
    fn every_vector_is_reproduced_in_order() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../../crates/stats/tests/vectors/statistics.json")).expect("JSON");
        let cases = vectors["steps_detector"].as_array().expect("cases");
        let lines: Vec<String> =
            cases.iter().map(|case| json!({"id": case["name"], "values": case["values"]}).to_string()).collect();
        let answers = filter(&lines.join("\n")).expect("answered");
        assert_eq!(answers.len(), cases.len());
        for (answer, case) in answers.iter().zip(cases) {
            assert_eq!((&answer["id"], &indices(answer)), (&case["name"], &case["changes"]));
        }
    }

    #[test]
    fn labelled_data_is_piped_in_as_it_is() {
        let text = include_str!("../../../../crates/stats/tests/change-points/sap-small-2021.jsonl");
        let answers = filter(text).expect("answered");
        for (answer, line) in answers.iter().zip(text.lines()) {
            let series: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!((&answer["id"], &indices(answer)), (&series["id"], &series["annotations"][0]));
        }
    }

    #[test]
    fn an_answer_has_levels_shift_and_range() {
        let values: Vec<f64> =
            (0..40).map(|i| if i < 20 { 100.0 } else { 110.0 } + f64::from(i * 7 % 5) / 10.0).collect();
        let answer = &filter(&json!({"id": 7, "values": values, "unit": "ms", "better": "lower"}).to_string())
            .expect("answered")[0];
        let change = &answer["changes"][0];
        assert_eq!((&answer["id"], &answer["drifts"]), (&json!(7), &json!([])));
        assert_eq!((&change["index"], &change["range"]), (&json!(20), &json!([20, 20])));
        assert_eq!((&change["from"], &change["to"]), (&json!(100.2), &json!(110.2)));
        assert!((change["shift"].as_f64().expect("number") - (110.2_f64 / 100.2).ln()).abs() < 1e-3, "{change}");
    }

    #[test]
    fn another_environment_begins_another_part() {
        let values: Vec<f64> =
            (0..40).map(|i| if i < 20 { 100.0 } else { 140.0 } + f64::from(i * 7 % 5) / 10.0).collect();
        let env: Vec<&str> = (0..40).map(|i| if i < 20 { "old" } else { "new" }).collect();
        let answers = filter(&json!({"id": "a", "values": values, "env": env}).to_string()).expect("answered");
        assert_eq!(answers[0]["changes"], json!([]));
    }

    #[test]
    fn the_line_that_cannot_be_read_is_named() {
        let good = r#"{"id":1,"values":[1,2,3]}"#;
        let told = |bad: &str| filter(&format!("{good}\n\n{bad}\n{good}\n")).expect_err("refused");
        assert_eq!(told("nonsense"), "line 3: expected ident (column 2)");
        assert_eq!(told(r#"{"id":1}"#), "line 3: missing field `values` (column 8)");
        assert_eq!(told(r#"{"id":1,"values":[1],"env":[]}"#), "line 3: `env` has 0 entries for 1 values");
        assert!(told(r#"{"id":1,"values":[1,null]}"#).starts_with("line 3: invalid type: null"));
        assert!(told(r#"{"id":1,"values":[1],"better":"up"}"#).starts_with("line 3: unknown variant `up`"));
    }
}
