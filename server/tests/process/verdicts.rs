//! What runs say of targets that are well, slow, down, broken or gone: on the API and on the page.

use serde_json::{Value, json};

use crate::{
    lab::{Home, PATIENCE, Plant, alone, beside_others, host_noise, nobody, target, target_with},
    place::on_both,
    runner::Process,
};

/// The run after it has ended by itself, with its summary. Its page says what its summary says.
async fn judged(plant: &Plant, run: &str) -> (Value, Value) {
    let found = plant.lab.over(run, PATIENCE).await;
    assert_eq!((&found["row"]["state"], &found["row"]["end"]["code"]), (&json!("finished"), &json!("completed")));
    Process::of_run(&found).gone_within(PATIENCE).await;
    let summary = found["summary"].clone();
    assert_eq!(found["row"]["verdict"], summary["verdict"]);
    assert_eq!(found["judgement"]["ledger"], summary["ledger"]);
    let page = plant.lab.page(&format!("/runs/{}", found["row"]["number"])).await;
    let sentence = summary["sentence"].as_str().unwrap();
    assert!(page.contains(sentence), "the page does not say: {sentence}");
    (found, summary)
}

/// Checks the verdict, and what the first rule came to. On a machine that others keep busy the verdict is the one that
/// follows from that.
#[track_caller]
fn says(summary: &Value, verdict: &str, outcome: &str) {
    assert_eq!(summary["ledger"][0]["outcome"], outcome, "{summary:#}");
    let expected = match (verdict, host_noise(summary)) {
        (_, "invalid") => "inconclusive",
        ("excellent", "suspect") => "issues",
        _ => verdict,
    };
    assert_eq!(summary["verdict"], expected, "{summary:#}");
}

/// The sentence of a verdict that stands.
fn sentence(summary: &Value) -> String {
    if summary["verdict"] == "inconclusive" { String::new() } else { summary["sentence"].as_str().unwrap().to_owned() }
}

on_both! {
    async fn a_target_that_is_well_is_excellent(database) {
        let _turn = alone().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let (_, summary) = judged(&plant, &plant.lab.launch("calm", json!({})).await).await;
        says(&summary, "excellent", "pass");
    }

    async fn a_target_that_is_slow_is_critical_and_its_sentence_says_how_slow(database) {
        let _turn = alone().await;
        let (home, target) = (Home::new(), target_with(r#"{"latency": {"distribution": "constant", "ms": 400}}"#));
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let (_, summary) = judged(&plant, &plant.lab.launch("quick", json!({})).await).await;
        says(&summary, "critical", "fail");
        assert_eq!(summary["ledger"][0]["rule"], "p95 < 100ms", "{summary:#}");
        let told = sentence(&summary);
        assert!(told.is_empty() || told.starts_with("P95 is ") && told.contains(", its limit 100 ms."), "{told}");
    }

    async fn a_target_that_is_down_makes_the_run_invalid_and_its_sentence_says_why(database) {
        let _turn = alone().await;
        let (home, nobody) = (Home::new(), nobody());
        let plant = Plant::start(&home, &database, &nobody.url()).await;
        let (_, summary) = judged(&plant, &plant.lab.launch("calm", json!({"duration": "2s"})).await).await;
        assert_eq!((&summary["verdict"], &summary["validity"]["state"]), (&json!("inconclusive"), &json!("invalid")));
        assert_eq!(summary["validity"]["causes"][0], "target_down", "{summary:#}");
        let told = summary["sentence"].as_str().unwrap();
        let place = nobody.url().trim_start_matches("http://").to_owned();
        assert!(told.contains(&format!("target never answered (connection refused at {place})")), "{told}");
    }

    async fn a_target_that_answers_500_is_critical(database) {
        let _turn = alone().await;
        let (home, target) = (Home::new(), target_with(r#"{"errors": {"rate": 1.0}}"#));
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let (_, summary) = judged(&plant, &plant.lab.launch("calm", json!({"duration": "3s"})).await).await;
        says(&summary, "critical", "fail");
        assert_eq!(summary["totals"]["failed"], summary["totals"]["finished"]);
        assert_eq!(summary["errors"][0]["code"], "http.5xx", "{summary:#}");
        let told = sentence(&summary);
        assert!(told.is_empty() || told.contains("the target answered with server errors (http.5xx)"), "{told}");
    }

    async fn a_target_that_goes_away_in_the_middle_is_critical(database) {
        let _turn = alone().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("calm", json!({"duration": "12s"})).await;
        plant.lab.under_load(&run).await;
        tokio::task::spawn_blocking(move || drop(target)).await.unwrap();
        let (_, summary) = judged(&plant, &run).await;
        says(&summary, "critical", "fail");
        assert!(summary["totals"]["failed"].as_u64() > Some(20), "{summary:#}");
        let told = sentence(&summary);
        assert!(told.is_empty() || told.contains("it last answered at "), "{told}");
    }

    async fn a_target_that_asks_for_mercy_gets_it(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        plant.lab.under_load(&run).await;
        target.target().set_faults(r#"{"stop": true}"#.parse().unwrap()).unwrap();
        let found = plant.lab.over(&run, PATIENCE).await;
        assert_eq!((&found["row"]["state"], &found["row"]["end"]["code"]), (&json!("finished"), &json!("target_asked")));
    }
}
