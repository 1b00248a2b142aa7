//! References made from the code: what the parser knows is what is written here.

use std::fmt::Write as _;

use perflab_model::{
    suite,
    threshold::{Direction, Measure},
};
use serde_json::{Map, Value};

/// Every key of suite files.
pub(super) fn suite_keys() -> String {
    let schema = suite::schema();
    let mut text = "# Keys of suite files\n\nMade from the schema that this version checks suites with; \
        `perflab suite schema` prints it for editors. Wherever a number or a truth value stands, `${param.NAME}` may stand, \
        too. Unknown keys are errors.\n"
        .to_owned();
    let parts = schema.get("$defs").and_then(Value::as_object).into_iter().flatten();
    // The suites themselves first: which keys there are, then what stands under them.
    let (suites, parts): (Vec<_>, Vec<_>) = parts.partition(|(name, _)| is_suite(&schema, name));
    for (name, suite) in suites {
        let title = suite.get("title").and_then(Value::as_str).unwrap_or(name);
        section(&mut text, title, suite);
    }
    for (name, part) in parts {
        section(&mut text, name, part);
    }
    text
}

/// Whether a type of the schema is a kind of suite.
fn is_suite(schema: &Value, name: &str) -> bool {
    let kinds = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    kinds.filter_map(|kind| kind.get("$ref")?.as_str()).any(|path| path.rsplit('/').next() == Some(name))
}

fn section(text: &mut String, title: &str, schema: &Value) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n## {title}\n");
    if let Some(about) = schema.get("description").and_then(Value::as_str) {
        let _ = writeln!(text, "{about}\n");
    }
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        let kind = kind(schema);
        if !kind.is_empty() {
            let _ = writeln!(text, "Written as {kind}.");
        }
        return;
    };
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let _ = writeln!(text, "| key | value | meaning |\n|---|---|---|");
    for (key, field) in fields {
        let must = if required.contains(&key.as_str()) { " (required)" } else { "" };
        let about = field.get("description").and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "| `{key}`{must} | {} | {} |", cell(&kind(field)), cell(about));
    }
}

/// What may stand there, in words.
fn kind(schema: &Value) -> String {
    let Some(schema) = schema.as_object() else { return String::new() };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return one_of(values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")));
    }
    if let Some(value) = schema.get("const").and_then(Value::as_str) {
        return format!("`{value}`");
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema.get(choice).and_then(Value::as_array) {
            return one_of(choices.iter().filter(|choice| !is_beside_the_point(choice)).map(kind));
        }
    }
    match plain_type(schema) {
        Some("array") => {
            let of = schema.get("items").map(kind).unwrap_or_default();
            if of.is_empty() { "a list".to_owned() } else { format!("a list of {of}") }
        }
        Some("object") => {
            let of = schema.get("additionalProperties").map(kind).unwrap_or_default();
            if of.is_empty() { "a map".to_owned() } else { format!("a map of names to {of}") }
        }
        Some("integer") => format!("a whole number{}", range(schema)),
        Some("number") => format!("a number{}", range(schema)),
        Some("boolean") => "true or false".to_owned(),
        Some("string") => "a text".to_owned(),
        _ => String::new(),
    }
}

/// Null stands for a key that is left out, and a parameter may stand anywhere: neither needs saying.
fn is_beside_the_point(choice: &Value) -> bool {
    let is_null = choice.get("type").and_then(Value::as_str) == Some("null");
    let is_parameter = choice.get("pattern").and_then(Value::as_str).is_some_and(|text| text.contains("param"));
    is_null || is_parameter
}

fn plain_type(schema: &Map<String, Value>) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

fn range(schema: &Map<String, Value>) -> String {
    let bound = |key: &str| schema.get(key).filter(|value| value.is_number()).map(ToString::to_string);
    match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum")) {
        (Some(from), Some(to), _) => format!(" from {from} to {to}"),
        (Some(from), None, _) => format!(" from {from}"),
        (None, _, Some(above)) => format!(" above {above}"),
        (None, Some(to), _) => format!(" up to {to}"),
        _ => String::new(),
    }
}

fn one_of(kinds: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for kind in kinds.filter(|kind| !kind.is_empty()) {
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    seen.join(" or ")
}

/// A text inside a table's cell: no bar may part it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The measures, and how rules about them are written.
pub(super) fn thresholds() -> String {
    let mut text = format!(
        "# The threshold language\n\n{}\n\n## Measures\n\nA rule without a measure is about `latency`, a rule without a \
         statistic about the measure's own. Every threshold string of k6 is valid as it is.\n\n\
         | measure | what | own statistic | unit | better | in k6 |\n|---|---|---|---|---|---|\n",
        "A rule is a measure, a statistic, a comparison and a limit, then clauses in any order: \
         `p95 < 200ms for /api/budget* after warmup warn`. What it means and how it is judged stands in \
         [Suites and thresholds](suites.md#thresholds).",
    );
    for measure in Measure::ALL {
        let better = match measure.direction() {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
            Direction::Neutral => "–",
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {} | {better} | {} |",
            measure.name(),
            measure.label(),
            measure.own_stat().to_string().trim(),
            if measure.unit().is_empty() { "–" } else { measure.unit() },
            K6_NAMES
                .iter()
                .filter(|name| Measure::named(name) == Some(measure))
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    text.push_str(GRAMMAR);
    text
}

/// What k6 calls its metrics. The parser says which of our measures each is.
const K6_NAMES: [&str; 6] =
    ["http_req_duration", "http_req_waiting", "http_req_failed", "http_reqs", "dropped_iterations", "vus"];

/// The parser of `model::threshold` is the judge; a test holds each example to it.
const GRAMMAR: &str = "
## Statistics

`avg` (or `mean`), `min`, `max`, `med`, `p95` (or `p(95)`, any number from 0 to 100), `stddev`, `count`, `rate`, `value`,
`slope`. Which ones fit depends on the measure; an error names those that do.

## Limits

A number with a unit of the measure: `ns us µs ms s m h` for times, `%` for shares, `/s` for rates, `B KB MB GB` for memory (in
steps of 1,024). A bare number of a time is milliseconds, of a share the share itself (0.01 is 1 %). Two limits make a rule
of two levels: over the first it warns, over the second it fails.

## Clauses

| clause | meaning | example |
|---|---|---|
| `for NAME` | only requests, flows, groups or cases that match; `*` stands for anything | `p95 < 200ms for /api/budget*` |
| `for 10s` | broken when every second of so long a time breaches | `error_rate < 5% for 10s` |
| `over 1m` | every full window of that length | `p99 < 500ms over 1m` |
| `within 1m` | the same; a window that is not full yet may break it, too | `p99 < 500ms within 1m` |
| `after warmup`, `after 30s` | only what comes later | `p95 < 200ms after 30s` |
| `at 100/s`, `at 50 users` | only seconds with about that load | `p95 < 200ms at 100/s` |
| `warn`, `fail` | what follows when it is broken; fail where nothing is said | `error_rate < 1% warn` |
| `stop`, `continue` | whether a breach ends the run | `error_rate < 5% for 10s after 30s stop` |
| `, max LIMIT` | the second level | `p95 < 200ms, max 500ms` |
";

#[cfg(test)]
mod tests {
    use perflab_model::threshold::Threshold;

    use super::*;

    #[test]
    fn every_key_of_the_schema_is_told_with_its_meaning() {
        let text = suite_keys();
        let keys = [
            "## Load suite",
            "## Benchmark suite",
            "| `suite` (required) | a text |",
            "| `max_in_flight` |",
            "## Scenario",
            "[Scenario](#scenario)",
            "| `cases` (required) | a map of names to [Case](#case) |",
            "## Case",
            "| `leak_check` |",
        ];
        for key in keys {
            assert!(text.contains(key), "{key}");
        }
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            assert!(!line.ends_with("|  |"), "without a meaning: {line}");
            assert!(!line.contains("`|"), "a cell that breaks the table: {line}");
        }
    }

    #[test]
    fn every_example_of_a_rule_is_a_rule() {
        let examples = GRAMMAR.lines().filter_map(|line| line.trim_end_matches(" |").rsplit_once("| `"));
        let mut count = 0;
        for (_, example) in examples {
            let example = example.trim_end_matches('`');
            example.parse::<Threshold>().unwrap_or_else(|error| panic!("{example}: {error}"));
            count += 1;
        }
        assert_eq!(count, 9);
    }

    #[test]
    fn every_measure_is_told() {
        let text = thresholds();
        for measure in Measure::ALL {
            assert!(text.contains(&format!("| `{}` |", measure.name())), "{}", measure.name());
        }
    }
}
