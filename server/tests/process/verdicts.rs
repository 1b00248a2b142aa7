//! What runs say of targets that are well, down, broken or gone.

use serde_json::{Value, json};

use crate::{
    lab::{Home, Lab, PATIENCE, alone, is_noisy, nobody, target, target_with},
    runner::Process,
};

/// The summary of a run of that scenario, and its last state.
async fn judged(lab: &Lab, run: &str) -> (Value, Value) {
    let found = lab.over(run, PATIENCE).await;
    assert_eq!(found["row"]["state"], "finished", "{found}");
    assert!(Process::of_run(&found).is_gone());
    (found["summary"].clone(), found)
}

async fn lab(home: &Home, target: &str) -> Lab {
    Lab::start(home, &format!("sqlite:{}", home.path("lab.sqlite").display()), target, &[]).await
}

/// Checks verdict and gate; where other work has spoilt the numbers, what the ledger says instead.
#[track_caller]
fn says(summary: &Value, verdict: &str, outcome: &str) {
    assert_eq!(summary["ledger"][0]["outcome"], outcome, "{summary:#}");
    if is_noisy(summary) {
        assert!(
            matches!(summary["verdict"].as_str(), Some("inconclusive" | "issues")) || summary["verdict"] == verdict
        );
    } else {
        assert_eq!(summary["verdict"], verdict, "{summary:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_well_is_excellent() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    let (summary, run) = judged(&lab, &lab.launch("short", json!({})).await).await;
    says(&summary, "excellent", "pass");
    assert_eq!(run["row"]["verdict"], summary["verdict"]);
    assert_eq!(run["judgement"]["ledger"], summary["ledger"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_down_makes_the_run_invalid_and_its_sentence_says_why() {
    let _turn = alone().await;
    let home = Home::new();
    let nobody = nobody();
    let lab = lab(&home, &nobody).await;
    let (summary, _) = judged(&lab, &lab.launch("short", json!({"duration": "2s"})).await).await;
    assert_eq!((&summary["verdict"], &summary["validity"]["state"]), (&json!("inconclusive"), &json!("invalid")));
    let told = summary["sentence"].as_str().unwrap().to_lowercase();
    assert!(told.contains("never answered"), "{told}");
    assert!(told.contains("connection refused at ") && told.contains(nobody.trim_start_matches("http://")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_answers_500_is_critical() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target_with(r#"{"errors": {"rate": 1.0}}"#));
    let lab = lab(&home, &target.target().url()).await;
    let (summary, run) = judged(&lab, &lab.launch("short", json!({"duration": "3s"})).await).await;
    says(&summary, "critical", "fail");
    assert_eq!(summary["totals"]["failed"], summary["totals"]["finished"]);
    assert_eq!(summary["errors"][0]["code"], "http.5xx", "{summary:#}");
    assert!(run["row"]["end"]["code"] == "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_goes_away_in_the_middle_is_critical() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    let run = lab.launch("short", json!({"duration": "8s"})).await;
    lab.under_load(&run).await;
    tokio::task::spawn_blocking(move || drop(target)).await.unwrap();
    let (summary, _) = judged(&lab, &run).await;
    says(&summary, "critical", "fail");
    assert!(summary["totals"]["failed"].as_u64() > Some(20), "{summary:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_asks_for_mercy_gets_it() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    let run = lab.launch("long", json!({})).await;
    lab.under_load(&run).await;
    target.target().set_faults(r#"{"stop": true}"#.parse().unwrap()).unwrap();
    let found = lab.over(&run, PATIENCE).await;
    assert_eq!((&found["row"]["state"], &found["row"]["end"]["code"]), (&json!("finished"), &json!("target_asked")));
}
