//! `perflab stats compare`: one run against another.

use perflab_stats::{
    Series,
    compare::{self, CompareError, Comparison, Needed, Question, Runs, Word},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Better;

#[derive(Debug, Deserialize)]
pub(super) struct Pair {
    id: Value,
    baseline: Vec<f64>,
    candidate: Vec<f64>,
    better: Better,
    #[serde(default = "five_percent")]
    alpha: f64,
    /// Log ratios of earlier pairs of runs of the same code.
    #[serde(default)]
    aa: Vec<f64>,
}

const fn five_percent() -> f64 {
    0.05
}

#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    id: Value,
    verdict: &'static str,
    ratio: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    /// Why there is no answer, and what would give one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) fn compare(pair: Pair) -> Result<Verdict, String> {
    let series = |name: &str, values| Series::new(values).map_err(|error| format!("`{name}`: {error}"));
    let (baseline, candidate) = (series("baseline", pair.baseline)?, series("candidate", pair.candidate)?);
    let earlier = series("aa", pair.aa)?;
    let question = Question { alpha: pair.alpha, earlier: &earlier, runs: Runs::SINGLE };
    let better = match pair.better {
        Better::Lower => compare::Better::Lower,
        Better::Higher => compare::Better::Higher,
    };
    match compare::compare(&baseline, &candidate, &question) {
        Ok(comparison) => Ok(verdict(pair.id, &comparison, better)),
        Err(error @ CompareError::Alpha) => Err(error.to_string()),
        // Nothing is wrong with the line: such numbers have no answer.
        Err(error) => Ok(Verdict {
            id: pair.id,
            verdict: "inconclusive",
            ratio: None,
            ci_low: None,
            ci_high: None,
            reason: Some(error.to_string()),
        }),
    }
}

fn verdict(id: Value, comparison: &Comparison, better: compare::Better) -> Verdict {
    let (verdict, reason) = match comparison.word(better) {
        Word::Faster => ("faster", None),
        Word::Slower => ("slower", None),
        Word::Same => ("same", None),
        Word::Inconclusive(Needed::Samples(values)) => {
            ("inconclusive", Some(format!("about {values} values a side would decide")))
        }
        Word::Inconclusive(Needed::Runs(runs)) => {
            let unsure =
                if comparison.noise.is_measured() { "" } else { " (partly assumed: `aa` has fewer than 8 pairs)" };
            let floor = comparison.floor * 100.0;
            let text = format!(
                "one run a side shows no change under {floor:.1} % here{unsure}: about {runs} runs a side would decide"
            );
            ("inconclusive", Some(text))
        }
    };
    let end = |end: fn((f64, f64)) -> f64| comparison.interval.map(end).filter(|end| end.is_finite());
    Verdict {
        id,
        verdict,
        ratio: Some(comparison.ratio).filter(|ratio| ratio.is_finite()),
        ci_low: end(|(low, _)| low),
        ci_high: end(|(_, high)| high),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::stats::lines::answer;

    fn filter(input: &Value) -> Result<Value, String> {
        let mut output = Vec::new();
        answer(input.to_string().as_bytes(), &mut output, compare).map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&output).expect("one answer"))
    }

    const QUIET: [f64; 10] = [0.001, -0.002, 0.001, 0.0, -0.001, 0.002, -0.001, 0.001, 0.0, -0.002];
    const A: [f64; 8] = [12.1, 11.8, 12.6, 12.0, 11.9, 12.3, 12.25, 11.7];
    const B: [f64; 8] = [12.9, 12.4, 13.1, 12.7, 12.5, 13.4, 12.8, 12.2];

    #[test]
    fn the_estimate_of_the_vectors_and_an_interval_no_narrower_than_theirs() {
        let answer = filter(&json!({"id": "ab", "baseline": A, "candidate": B, "better": "lower", "aa": QUIET}));
        let answer = answer.expect("answered");
        let number = |key: &str| answer[key].as_f64().expect("number");
        assert_eq!((&answer["id"], &answer["verdict"]), (&json!("ab"), &json!("slower")));
        assert!((number("ratio") - 1.055_453_514_7).abs() < 1e-6, "{answer}");
        assert!(number("ci_low") <= 1.023_809_6 && number("ci_low") > 1.0, "{answer}");
        assert!(number("ci_high") >= 1.089_430_8, "{answer}");
        assert_eq!(answer.get("reason"), None);
    }

    #[test]
    fn more_is_better_turns_the_word_over() {
        let answer = filter(&json!({"id": 1, "baseline": A, "candidate": B, "better": "higher", "aa": QUIET}));
        assert_eq!(answer.expect("answered")["verdict"], "faster");
    }

    #[test]
    fn without_history_the_floor_is_told() {
        let answer = filter(&json!({"id": 1, "baseline": A, "candidate": B, "better": "lower"})).expect("answered");
        assert_eq!(answer["verdict"], "inconclusive");
        let reason = answer["reason"].as_str().expect("reason");
        assert!(reason.starts_with("one run a side shows no change under 5.7 % here (partly assumed"), "{answer}");
    }

    #[test]
    fn numbers_without_a_ratio_are_answered_and_a_wrong_alpha_is_not() {
        let none = filter(&json!({"id": 1, "baseline": [0.0], "candidate": B, "better": "lower"})).expect("answered");
        assert_eq!(none["reason"], "value 1 of baseline is not positive, so there is no ratio");
        assert_eq!((&none["verdict"], &none["ratio"]), (&json!("inconclusive"), &Value::Null));
        let wrong = filter(&json!({"id": 1, "baseline": A, "candidate": B, "better": "lower", "alpha": 5}));
        assert_eq!(wrong.expect_err("refused"), "line 1: alpha must lie between 0 and 1");
    }
}
