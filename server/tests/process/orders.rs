//! Orders to running load: another rate, and the kill switch, with a real runner.

use serde_json::{Value, json};

use crate::{
    lab::{Home, PATIENCE, Plant, beside_others, target},
    place::on_both,
    runner::Process,
};

/// A scenario whose rate may be changed.
const SUITE: &str = r#"version: 1
suite: turnable
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
classes:
  visitor: {flows: {probe: 1}}
scenarios:
  level: {executor: constant_rate, rate: 20, duration: 10s, max_in_flight: 200, adjustable: true, warmup: 0s}
"#;

async fn launch(plant: &Plant, suite: &str, scenario: &str) -> String {
    let launched = plant.lab.post("/api/v1/runs", &json!({"suite": suite, "scenario": scenario})).await;
    format!("/api/v1/runs/{}", launched["id"].as_str().unwrap())
}

on_both! {
    async fn a_run_goes_by_its_changed_rate_from_the_next_whole_second_on(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        home.write("suites/turnable.yaml", SUITE);
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = launch(&plant, "turnable", "level").await;
        plant.lab.under_load(&run).await;
        plant.lab.post(&format!("{run}/adjust"), &json!({"rate_by": 20})).await;
        let over = plant.lab.over(&run, PATIENCE).await;
        assert_eq!((&over["row"]["state"], &over["row"]["adjusted"]), (&json!("finished"), &json!(true)), "{over}");
        let changes = over["summary"]["rate_changes"].as_array().unwrap();
        assert_eq!((changes.len(), &changes[0]["by"]), (1, &json!(20.0)), "told once: {changes:?}");
        let from = changes[0]["from_second"].as_u64().unwrap();
        assert!((1..10).contains(&from), "{from}");
        let points = plant.lab.get(&format!("{run}/series")).await;
        let count = |point: &Value, what: &str| point[what].as_u64().unwrap();
        for point in points.as_array().unwrap().iter().filter(|point| count(point, "second") < 10) {
            let planned = if count(point, "second") < from { 20 } else { 40 };
            assert_eq!(count(point, "planned"), planned, "changed from second {from} on: {point}");
        }
        let totals = &over["summary"]["totals"];
        assert_eq!(count(totals, "planned"), 20 * from + 40 * (10 - from));
        assert_eq!(count(totals, "planned"), count(totals, "started") + count(totals, "dropped"));
        // What the target itself counted.
        let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
        assert!(answered >= count(totals, "started"), "{answered} of {} starts reached the target", totals["started"]);
    }

    async fn a_kill_switch_ends_the_load_and_lets_none_begin(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let switch = async |words: &[&str]| {
            let mut command = home.perflab();
            command.arg("kill-switch").args(words).args(["--server", &plant.lab.url]);
            let output = command.output().await.unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            (output.status.code(), said)
        };
        assert_eq!(switch(&["show"]).await, (Some(0), "No kill switch is pulled.\n".to_owned()));
        let run = launch(&plant, "probe", "long").await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        let waiting = launch(&plant, "probe", "short").await;
        let (code, said) = switch(&["on", "--reason", "orders fail", "--name", "Ada"]).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("by Ada at the command line: orders fail") && said.contains("One run is being aborted."), "{said}");

        let killed = plant.lab.over(&run, PATIENCE).await;
        assert_eq!((&killed["row"]["state"], &killed["row"]["end"]["code"]), (&json!("cancelled"), &json!("kill_switch")));
        let message = killed["row"]["end"]["message"].as_str().unwrap();
        assert!(message.contains("Ada at the command line") && message.contains("orders fail"), "{message}");
        assert_eq!(killed["row"]["verdict"], "inconclusive");
        assert!(runner.is_gone());
        assert_eq!(switch(&["show"]).await.0, Some(3));
        let refused = home
            .perflab()
            .args(["run", "probe", "--scenario", "short", "--server", &plant.lab.url])
            .output()
            .await
            .unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("orders fail"), "{refused:?}");
        assert_eq!(plant.lab.get(&waiting).await["row"]["state"], "queued");

        let (code, said) = switch(&["off"]).await;
        assert_eq!((code, said.as_str()), (Some(0), "The kill switch of the whole lab is released.\n"));
        let carried_out = plant.lab.over(&waiting, PATIENCE).await;
        assert_eq!(carried_out["row"]["state"], "finished", "{carried_out}");
    }
}
