//! Capacity searches: which levels are run, what goes on after a fault, and what pages and files show of it.

use perflab_lab::Lab;
use serde_json::{Value, json};

use crate::{
    forms::{form, hidden, sent},
    place::on_both,
    site::{Site, json_request, with},
    worker::{Held, carry_out},
};

const SEARCHES: &str = "/api/v1/capacity-searches";

/// A search of `arrivals` from 10 to 40 starts a second, with what differs.
fn search(differs: Value) -> Value {
    let mut body = json!({"suite": "probe", "scenario": "arrivals", "unit": "rate", "from": 10, "to": 40,
        "hold": "10s", "resolution": 0.2});
    body.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
    body
}

/// Starts a search and gives its address.
async fn started(site: &Site, differs: Value) -> String {
    let reply = site.post(SEARCHES, &search(differs)).await;
    let place = reply.header("location").to_owned();
    reply.with_status(202);
    place
}

/// Carries out the run that waits, as a target that bears 25 a second; then does what the keeper does.
async fn next(site: &Site) {
    carry_out(&site.lab, latency_at(&site.lab).await).await;
    site.lab.advance_searches().await.unwrap();
}

/// What a request takes at the rate of the run that waits.
async fn latency_at(lab: &Lab) -> u64 {
    let active = lab.runs(&perflab_model::view::RunsQuery::default()).await.unwrap().active;
    let run = lab.run(&active[0].id.to_string()).await.unwrap();
    let rate = run.plan.load.peak_rate().unwrap().get();
    assert!(run.plan.find_limit, "saturation is what a search looks for");
    assert_eq!(run.plan.warmup_time().get(), 10_000);
    if rate <= 25.0 { 50_000 } else { 400_000 }
}

fn levels(search: &Value) -> Vec<f64> {
    search["levels"].as_array().unwrap().iter().map(|level| level["level"].as_f64().unwrap()).collect()
}

on_both! {
    async fn a_search_goes_up_to_the_first_level_that_breaks_and_then_halves(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        for _ in 0..5 {
            assert_eq!(site.get(&place).await.with_status(200)["row"]["state"], "running");
            next(&site).await;
        }
        let found = site.get(&place).await.with_status(200);
        assert_eq!(levels(&found), [10.0, 20.0, 40.0, 30.0, 25.0]);
        assert_eq!(found["row"]["state"], "finished");
        assert_eq!(found["row"]["conclusion"]["kind"], "found");
        assert_eq!((&found["row"]["conclusion"]["capacity"], &found["row"]["conclusion"]["breaks_at"]), (&json!(25.0), &json!(30.0)));
        assert_eq!(found["gate"], "pass");
        assert_eq!(found["levels"][2]["outcome"], "breaks");
        assert!(found["levels"][2]["reason"].as_str().unwrap().contains("p95 < 200ms"), "{found}");
        assert_eq!(found["limits_ms"], json!([200.0]));
        assert!(found["sentence"].as_str().unwrap().starts_with("The capacity is 25/s"), "{found}");
        let rows = site.get("/api/v1/runs").await.with_status(200)["rows"].clone();
        assert!(rows.as_array().unwrap().iter().all(|row| row["search"] == found["row"]["id"]));
        let trend = site.get("/api/v1/trends").await.with_status(200);
        assert_eq!(trend["runs"], json!([]), "levels of a search are no history of the scenario");
    }

    async fn a_level_whose_worker_vanished_is_run_once_more(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        next(&site).await;
        let mut held = Held::running(&site.lab).await;
        held.second(50_000).await;
        held.vanish().await;
        // Whoever asks, and however often: one run is made.
        let (one, two) = tokio::join!(site.lab.advance_searches(), site.lab.advance_searches());
        one.unwrap();
        two.unwrap();
        let now = site.get(&place).await.with_status(200);
        assert_eq!(levels(&now), [10.0, 20.0, 20.0]);
        assert_eq!((&now["levels"][1]["outcome"], &now["levels"][2]["again"]), (&json!("unusable"), &json!(true)));
        for _ in 0..4 {
            next(&site).await;
        }
        assert_eq!(site.get(&place).await.with_status(200)["row"]["conclusion"]["capacity"], 25.0);
    }

    async fn a_level_that_cannot_be_measured_twice_ends_the_search_without_a_capacity(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        next(&site).await;
        for _ in 0..2 {
            Held::claim(&site.lab).await.fail().await;
            site.lab.advance_searches().await.unwrap();
        }
        let over = site.get(&place).await.with_status(200);
        assert_eq!((&over["row"]["state"], &over["row"]["conclusion"]["kind"]), (&json!("finished"), &json!("unusable")));
        assert_eq!(over["gate"], "inconclusive");
        let sentence = over["sentence"].as_str().unwrap();
        assert!(sentence.contains("20/s could not be measured, twice"), "{sentence}");
        assert!(sentence.contains("All thresholds held at 10/s"), "{sentence}");
    }

    async fn a_stopped_search_makes_no_more_runs(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        let stop = format!("{place}/stop");
        assert_eq!(site.post(&stop, &json!({})).await.with_status(200), "stopped");
        let over = site.get(&place).await.with_status(200);
        assert_eq!((&over["row"]["state"], &over["levels"][0]["state"]), (&json!("stopped"), &json!("cancelled")));
        assert_eq!(site.post(&stop, &json!({})).await.with_status(200), "already_over");
        site.lab.advance_searches().await.unwrap();
        assert_eq!(site.get(&place).await.with_status(200)["row"]["runs"], 1);
    }

    async fn a_run_under_way_is_asked_to_end_with_its_search(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        let mut held = Held::running(&site.lab).await;
        held.second(50_000).await;
        site.post(&format!("{place}/stop"), &json!({})).await.with_status(200);
        assert_eq!(site.get(&place).await.with_status(200)["row"]["state"], "running", "its run is still under way");
        held.complete().await;
        site.lab.advance_searches().await.unwrap();
        let over = site.get(&place).await.with_status(200);
        assert_eq!((&over["row"]["state"], &over["row"]["conclusion"]["kind"]), (&json!("stopped"), &json!("stopped")));
    }

    async fn a_person_who_stops_one_run_stops_its_search(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        let run = site.get(&place).await.with_status(200)["levels"][0]["run"].as_str().unwrap().to_owned();
        site.post(&format!("/api/v1/runs/{run}/stop"), &json!({})).await.with_status(200);
        site.lab.advance_searches().await.unwrap();
        let over = site.get(&place).await.with_status(200);
        assert_eq!(over["row"]["state"], "stopped");
        assert!(over["sentence"].as_str().unwrap().contains("Run #1 was ended"), "{over}");
    }

    async fn a_key_makes_a_repeated_start_one_search(database) {
        let site = Site::new(&database).await;
        let start = |body: &Value| with(json_request(SEARCHES, body), "idempotency-key", "k");
        let first = site.send(start(&search(json!({})))).await.with_status(202);
        let again = site.send(start(&search(json!({})))).await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.with_status(202)["id"], first["id"]);
        site.send(start(&search(json!({"to": 50})))).await.problem(422, "idempotency_key.reused");
        assert_eq!(site.get(SEARCHES).await.with_status(200).as_array().unwrap().len(), 1);
        assert_eq!(site.get("/api/v1/runs").await.with_status(200)["rows"].as_array().unwrap().len(), 1);
    }

    async fn what_is_wrong_with_a_search_is_told_at_its_fields(database) {
        let site = Site::new(&database).await;
        let fields = |problem: &Value| -> Vec<String> {
            problem["fields"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap().to_owned()).collect()
        };
        let told = async |differs: Value| fields(&site.post(SEARCHES, &search(differs)).await.problem(422, "capacity.invalid"));
        assert_eq!(told(json!({"unit": "users"})).await, ["unit"]);
        assert_eq!(told(json!({"to": 1e9})).await, ["to"]);
        assert_eq!(told(json!({"from": 50})).await, ["to"]);
        assert_eq!(told(json!({"hold": "9h"})).await, ["hold"]);
        assert_eq!(told(json!({"overrides": {"rate": 5}})).await, ["overrides.rate"]);
        assert_eq!(told(json!({"scenario": "gone"})).await, ["scenario"]);
        assert_eq!(site.get(SEARCHES).await.with_status(200), json!([]));
        site.get(&format!("{SEARCHES}/7")).await.problem(404, "capacity.not_found");
    }

    async fn an_environment_that_leads_elsewhere_ends_the_search(database) {
        let site = Site::new(&database).await;
        let place = started(&site, json!({})).await;
        let project = site.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
        let (_, mut environment) = site.lab.db().environments(project).await.unwrap().remove(0);
        environment.base_url = "http://127.0.0.1:8001".parse().unwrap();
        site.lab.put_environment(project, &environment).await.unwrap();
        next(&site).await;
        let over = site.get(&place).await.with_status(200);
        assert_eq!((&over["row"]["state"], levels(&over)), (&json!("failed"), vec![10.0]));
        assert!(over["sentence"].as_str().unwrap().contains("leads elsewhere"), "{over}");
    }

    async fn a_preview_names_the_levels_and_the_longest_time_and_changes_nothing(database) {
        let site = Site::new(&database).await;
        let preview = site.post(&format!("{SEARCHES}/preview"), &search(json!({}))).await.with_status(200);
        let steps: Vec<f64> =
            preview["steps"].as_array().unwrap().iter().map(|step| step["level"].as_f64().unwrap()).collect();
        assert_eq!(steps, [10.0, 20.0, 40.0]);
        assert_eq!(preview["steps"][0]["duration"], "20s");
        assert_eq!(preview["rules"], json!(["p95 < 200ms"]));
        assert!(preview["most_runs"].as_u64().unwrap() >= 5, "{preview}");
        assert_eq!(site.get("/api/v1/runs").await.with_status(200)["any"], false);
    }

    async fn the_form_starts_what_it_has_shown_and_the_page_tells_the_answer(database) {
        let site = Site::new(&database).await;
        let page = site.get("/capacity/new?suite=probe&scenario=arrivals&from=10&to=40&hold=10s").await;
        assert!(page.text().contains("from 10/s to 40/s"), "{}", page.text());
        let (key, shown) = (hidden(&page, "key"), hidden(&page, "shown"));
        let fields = |to: &'static str| {
            form("/action/capacity", &[("suite", "probe"), ("scenario", "arrivals"), ("env", "local reference"), ("from", "10"),
                ("to", to), ("hold", "10s"), ("key", &key), ("shown", &shown)])
        };
        let refused = sent(&site, fields("80")).await;
        assert!(refused.starts_with("/capacity/new?"), "{refused}");
        assert!(site.get(&refused).await.text().contains("Nothing was started"));
        let place = sent(&site, fields("40")).await;
        assert!(place.starts_with("/capacity/0"), "{place}");
        assert_eq!(sent(&site, fields("40")).await, place, "pressed twice, it is one search");
        assert!(site.get(&place).await.text().contains("The first level, 10/s, is under way."));
        for _ in 0..8 {
            next(&site).await;
        }
        let page = site.get(&place).await;
        assert!(page.text().contains("The capacity is 25/s"), "{}", page.text());
        assert!(page.text().contains("holds to 25/s"), "the capacity is drawn");
        assert!(site.get("/capacity").await.text().contains("25/s"));
        let svg = site.get(&format!("{place}/charts/latency.svg")).await;
        assert_eq!((svg.status.as_u16(), svg.header("content-type")), (200, "image/svg+xml"));
        let csv = site.get(&format!("{place}/charts/throughput.csv")).await;
        assert!(csv.text().starts_with("step,level,unit,run,throughput_per_s,thresholds\n1,10,rate,"), "{}", csv.text());
        site.get(&format!("{place}/charts/cpu.svg")).await.problem(404, "chart.not_found");
        let list = site.get("/").await;
        assert!(list.text().contains(&format!("href=\"{place}\"")), "a run of a search leads to it");
    }

    async fn a_search_that_is_not_there_is_a_page_that_says_so(database) {
        let site = Site::new(&database).await;
        let page = site.get("/capacity/7").await;
        assert_eq!(page.status, 404);
        assert!(page.text().contains("There is no capacity search"), "{}", page.text());
        let stopped = sent(&site, form("/action/capacity-stop", &[("id", "7")])).await;
        assert!(stopped.starts_with("/capacity/7?"), "{stopped}");
    }
}
