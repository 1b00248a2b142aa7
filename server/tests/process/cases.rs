//! Benchmark suites on the spot: what each case was worth, wrong answers, and whole folders.

use serde_json::{Value, json};

use crate::{
    command_line::{perflab, stderr, stdout},
    lab::{Home, alone},
};

/// One case that answers as expected and a critical one that never does.
const SUITE: &str = r#"
version: 1
suite: probe_cases
defaults: {iterations: 300, warmup: none, leak_check: false}
cases:
  tier:
    operation: {builtin: {name: income.cohort, income: 1500, region: US-CA}}
    expect: {tier: low}
    thresholds: ["p95 < 10s"]
  wrong:
    operation: {builtin: {name: income.cohort, income: 1500, region: US-CA}}
    expect: {tier: high}
    critical: true
    thresholds: ["error_rate < 1%", "p95 < 10s"]
"#;

fn ledger<'a>(summary: &'a Value, case: &str, rule: &str) -> &'a Value {
    let rows = summary["ledger"].as_array().unwrap();
    let row = rows.iter().find(|row| row["scope"] == case && row["rule"].as_str().unwrap().starts_with(rule));
    row.unwrap_or_else(|| panic!("no row `{rule}` of {case} in {summary:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_on_the_spot_tells_each_case_and_wrong_answers_never_pass() {
    let _turn = alone().await;
    let home = Home::new();
    home.write("suites/cases.yaml", SUITE);
    let output = perflab(&home, &["run", "suites/cases.yaml", "--json", "summary.json"]).await;
    let summary: Value = serde_json::from_str(&home.read("summary.json")).unwrap();
    // On a machine that others keep busy nothing can be trusted, but what was wrong was wrong.
    assert!(matches!(output.status.code(), Some(99 | 3)), "{output:?}");
    assert_eq!(summary["gate"], if output.status.code() == Some(99) { "fail" } else { "inconclusive" });
    let names: Vec<&Value> = summary["cases"].as_array().unwrap().iter().map(|case| &case["name"]).collect();
    assert_eq!(names, ["wrong", "tier"], "critical ones run first");
    let (wrong, tier) = (&summary["cases"][0], &summary["cases"][1]);
    assert_eq!((&wrong["samples"], &wrong["latency"]["mean"]), (&json!(0), &Value::Null));
    assert!(wrong["failed"].as_u64().unwrap() > 0, "{wrong:#}");
    assert_eq!(wrong["faults"][0]["code"], "answer.wrong");
    assert_eq!(ledger(&summary, "wrong", "error_rate")["outcome"], "fail");
    assert_eq!(ledger(&summary, "wrong", "p95")["outcome"], "inconclusive", "nothing was timed");
    assert_eq!(tier["failed"], json!(0));
    assert!(tier["samples"].as_u64().unwrap() > 0 && tier["latency"]["mean"].as_f64().unwrap() > 0.0, "{tier:#}");
    let told = stdout(&output);
    assert!(told.contains("wrong (critical)") && told.contains("answer.wrong"), "{told}");
    assert!(told.contains("2 cases, "), "{told}");
    // Only some of them.
    let output = perflab(&home, &["run", "suites/cases.yaml", "--cases", "tier", "--json", "summary.json"]).await;
    let summary: Value = serde_json::from_str(&home.read("summary.json")).unwrap();
    assert_eq!(summary["cases"].as_array().map(Vec::len), Some(1), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_run_critical_suites_first_and_what_was_not_run_is_named() {
    let _turn = alone().await;
    let home = Home::new();
    std::fs::create_dir(home.path("all")).unwrap();
    let calm = SUITE.replace("probe_cases", "calm").replace("critical: true", "critical: false");
    home.write("all/a_calm.yaml", &calm.replace("tier: high", "tier: low"));
    home.write("all/b_critical.yaml", SUITE);
    home.write("all/c_broken.yaml", "version: 1\nsuite: broken\ncases: {one: {operation: nothing}}\n");
    home.write(
        "all/d_load.yaml",
        "version: 1\nsuite: loaded\ntarget: {base_url: \"http://127.0.0.1:9\"}\n\
         flows: {home: {steps: [{get: /}]}}\nclasses: {visitor: {flows: {home: 1}}}\n\
         scenarios: {calm: {executor: constant_vus, users: 1, duration: 1s}}\n",
    );
    let output = perflab(&home, &["run", "--all", "all", "--json", "documents"]).await;
    let (told, errors) = (stdout(&output), stderr(&output));
    assert!(matches!(output.status.code(), Some(99 | 2)), "{output:?}");
    let place = |text: &str| errors.find(text).unwrap_or_else(|| panic!("`{text}` is missing in {errors}"));
    assert!(place("1 of 2: all/b_critical.yaml") < place("2 of 2: all/a_calm.yaml"), "{errors}");
    assert!(told.contains("2 of 4 suites were run"), "{told}");
    assert!(told.contains("not run: all/c_broken.yaml: ") && told.contains("not run: all/d_load.yaml: "), "{told}");
    for document in ["documents/calm.json", "documents/probe_cases.json"] {
        let summary: Value = serde_json::from_str(&home.read(document)).unwrap();
        assert_eq!(summary["schema"], "perflab.summary/1");
    }
    let output = perflab(&home, &["run", "--all", "all", "suites/cases.yaml"]).await;
    assert_eq!(output.status.code(), Some(2), "one or the other");
}
