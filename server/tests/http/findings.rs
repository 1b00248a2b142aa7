//! Baselines and findings: what a run is compared with, what is told of it once, and what people make of it.

use perflab_model::id::RunId;
use serde_json::{Value, json};

use crate::{place::on_both, site::Site, worker::Held};

/// Launches a run of a revision and carries it out in so many microseconds a request; then does what its worker does.
async fn measured(site: &Site, revision: Value, latency_us: u64) -> RunId {
    let body = json!({"suite": "probe", "scenario": "arrivals", "revision": revision});
    site.post("/api/v1/runs", &body).await.with_status(202);
    carry_out(site, latency_us).await
}

async fn carry_out(site: &Site, latency_us: u64) -> RunId {
    let run = carry_out_and_die(site, latency_us).await;
    site.lab.follow_run(run).await.unwrap();
    run
}

/// The same by a worker that ends before it looks at the history.
async fn carry_out_and_die(site: &Site, latency_us: u64) -> RunId {
    let mut held = Held::of_class(&site.lab, "bench-1").await;
    let run = held.run;
    held.start().await;
    held.seconds(20, latency_us).await;
    held.finishing().await;
    held.complete().await;
    run
}

async fn of_main(site: &Site, commit: &str, latency_us: u64) -> RunId {
    measured(site, json!({"branch": "main", "commit": commit}), latency_us).await
}

async fn summary(site: &Site, run: RunId) -> Value {
    site.get(&format!("/api/v1/runs/{run}/summary")).await.with_status(200)
}

async fn findings(site: &Site, query: &str) -> Vec<Value> {
    let list = site.get(&format!("/api/v1/findings{query}")).await.with_status(200);
    list["findings"].as_array().unwrap().clone()
}

on_both! {
    async fn a_run_that_is_worse_than_its_baseline_fails_and_is_told_once(database) {
        let site = Site::new(&database).await;
        let first = of_main(&site, "1111111", 50_000).await;
        let comparison = site.get(&format!("/api/v1/runs/{first}/comparison")).await.with_status(200);
        assert!(comparison["baseline"]["why"].as_str().unwrap().starts_with("No baseline: this run can become it"), "{comparison}");
        for commit in ["2222222", "3333333", "4444444"] {
            let run = of_main(&site, commit, 50_000).await;
            assert_eq!(summary(&site, run).await["verdict"], "excellent");
        }
        assert_eq!(findings(&site, "").await, Vec::<Value>::new());

        let slow = of_main(&site, "5555555", 90_000).await;
        let told = summary(&site, slow).await;
        assert_eq!((&told["verdict"], &told["ledger"][0]["source"]), (&json!("critical"), &json!("baseline")));
        assert!(told["sentence"].as_str().unwrap().contains("worse than its baseline"), "{told}");
        let raised = findings(&site, "").await;
        let count = raised.len();
        assert!(count > 0 && raised.iter().all(|finding| finding["worse"] == true), "{raised:?}");
        assert_eq!(raised[0]["first"]["revision"]["commit"], "5555555");
        assert_eq!(raised[0]["good"]["revision"]["commit"], "4444444");

        // The next run is as bad, and nobody is told again.
        of_main(&site, "6666666", 90_000).await;
        assert_eq!(findings(&site, "").await.len(), count);
        let card = site.get(&format!("/api/v1/findings/{}", raised[0]["id"].as_str().unwrap())).await.with_status(200);
        assert_eq!(card["runs"].as_array().unwrap().len(), 2, "{card}");
        assert_eq!(card["suspects"][0]["revision"]["commit"], "4444444");
        let page = site.get(&format!("/findings/{}", raised[0]["id"].as_str().unwrap())).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("git log --oneline 4444444..5555555"), "{}", page.text());
        assert!(site.get("/findings").await.text().contains("5555555"));
        assert!(site.get(&format!("/runs/{slow}")).await.text().contains("Beside its baseline"));
    }

    async fn what_a_person_closes_as_wanted_becomes_the_baseline(database) {
        let site = Site::new(&database).await;
        for commit in ["1111111", "2222222", "3333333"] {
            of_main(&site, commit, 50_000).await;
        }
        of_main(&site, "4444444", 90_000).await;
        for finding in findings(&site, "").await {
            let place = format!("/api/v1/findings/{}", finding["id"].as_str().unwrap());
            let change = json!({"state": "wont_fix", "assignee": "Ada", "note": "The audit log is wanted", "name": "Ada"});
            let card = site.post(&place, &change).await.with_status(200);
            assert_eq!((&card["finding"]["state"], &card["finding"]["closed_by"]), (&json!("wont_fix"), &json!("Ada over the API")));
            assert_eq!(card["notes"].as_array().unwrap().len(), 3);
        }
        assert_eq!(findings(&site, "").await, Vec::<Value>::new());
        assert!(!findings(&site, "?state=closed&assignee=Ada").await.is_empty());
        let next = of_main(&site, "5555555", 90_000).await;
        let comparison = site.get(&format!("/api/v1/runs/{next}/comparison")).await.with_status(200);
        assert_eq!(comparison["baseline"]["runs"].as_array().unwrap().len(), 4, "{comparison}");
        assert_eq!(findings(&site, "").await, Vec::<Value>::new(), "what a person closed is not told again");
    }

    async fn a_branch_is_compared_with_main_up_to_its_merge_base(database) {
        let site = Site::new(&database).await;
        of_main(&site, "1111111", 50_000).await;
        of_main(&site, "2222222", 50_000).await;
        // Main became slower after the branch had left it: that is not the branch's doing.
        of_main(&site, "3333333", 55_000).await;
        let branch = json!({"branch": "cache", "commit": "aaaaaaa", "merge_base": "2222222", "dirty": true});
        let run = measured(&site, branch, 50_000).await;
        let comparison = site.get(&format!("/api/v1/runs/{run}/comparison")).await.with_status(200);
        assert_eq!(comparison["baseline"]["runs"].as_array().unwrap().len(), 2, "{comparison}");
        assert!(comparison["baseline"]["why"].as_str().unwrap().contains("up to the merge base 2222222"), "{comparison}");
        let row = site.get(&format!("/api/v1/runs/{run}")).await.with_status(200)["row"].clone();
        assert_eq!((&row["revision"]["dirty"], &row["worker_class"]), (&json!(true), &json!("bench-1")));
    }

    async fn a_pinned_run_is_the_baseline_until_it_is_taken_away(database) {
        let site = Site::new(&database).await;
        let first = of_main(&site, "1111111", 50_000).await;
        of_main(&site, "2222222", 50_000).await;
        let pin = format!("/api/v1/runs/{first}/baseline");
        assert_eq!(site.put(&pin, &json!({"reason": "release 1", "name": "Ada"})).await.status, 204);
        site.put(&pin, &json!({"reason": " "})).await.problem(422, "reason.invalid");
        let run = of_main(&site, "3333333", 50_000).await;
        let baseline = site.get(&format!("/api/v1/runs/{run}/comparison")).await.with_status(200)["baseline"].clone();
        assert_eq!((&baseline["pinned"], baseline["runs"].as_array().unwrap().len()), (&json!(true), 1));
        assert_eq!(baseline["why"], "Run #1, pinned by Ada over the API: release 1");
        assert_eq!(site.delete(&pin).await.status, 204);
        let reject = format!("/api/v1/runs/{first}/rejection");
        assert_eq!(site.put(&reject, &json!({"reason": "the cache was cold"})).await.status, 204);
        let run = of_main(&site, "4444444", 50_000).await;
        let baseline = site.get(&format!("/api/v1/runs/{run}/comparison")).await.with_status(200)["baseline"].clone();
        let numbers: Vec<&Value> = baseline["runs"].as_array().unwrap().iter().map(|run| &run["number"]).collect();
        assert_eq!(numbers, [&json!(2), &json!(3)]);
    }

    async fn what_a_worker_did_not_come_to_the_keeper_does_once(database) {
        let site = Site::new(&database).await;
        for commit in ["1111111", "2222222", "3333333"] {
            of_main(&site, commit, 50_000).await;
        }
        let body = json!({"suite": "probe", "scenario": "arrivals", "revision": {"branch": "main", "commit": "4444444"}});
        site.post("/api/v1/runs", &body).await.with_status(202);
        let run = carry_out_and_die(&site, 90_000).await;
        assert_eq!(findings(&site, "").await, Vec::<Value>::new());
        let (one, other) = tokio::join!(site.lab.follow_runs(), site.lab.follow_run(run));
        one.unwrap();
        other.unwrap();
        let raised = findings(&site, "").await;
        assert!(!raised.is_empty());
        site.lab.follow_runs().await.unwrap();
        site.lab.follow_run(run).await.unwrap();
        assert_eq!(findings(&site, "").await, raised);
    }

    async fn load_is_repeated_only_where_the_environment_allows_it(database) {
        let site = Site::new(&database).await;
        for repeats in [false, true] {
            let project = site.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
            let mut environment = crate::site::environment();
            environment.history.repeat_load = repeats;
            site.lab.put_environment(project, &environment).await.unwrap();
            let commit = if repeats { "bbbbbbb" } else { "aaaaaaa" };
            of_main(&site, "1111111", 50_000).await;
            // 8 % more at an assumed noise of 2 % between two single runs: in a band, and not shown.
            let unsure = of_main(&site, commit, 54_000).await;
            let waiting = site.get("/api/v1/runs?q=trigger:repeat").await.with_status(200);
            let of_it = waiting["rows"].as_array().unwrap().iter().filter(|row| row["repeat_of"] == json!(unsure)).count();
            assert_eq!(of_it, if repeats { 2 } else { 0 }, "{waiting}");
            if repeats {
                carry_out(&site, 50_000).await;
                let last = carry_out(&site, 50_000).await;
                let comparison = site.get(&format!("/api/v1/runs/{last}/comparison")).await.with_status(200);
                assert_eq!(comparison["baseline"]["together_with"].as_array().unwrap().len(), 2);
                let rows = site.get("/api/v1/runs?q=trigger:repeat").await.with_status(200)["rows"].clone();
                assert_eq!(rows.as_array().unwrap().len(), 2, "a revision is repeated twice at most");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_finding_and_a_wrong_choice_are_told() {
    let site = Site::new("sqlite::memory:").await;
    site.get("/api/v1/findings/nothing").await.problem(404, "finding.not_found");
    site.get("/api/v1/findings?state=gone").await.problem(422, "state.invalid");
    assert_eq!(site.get("/findings/nothing").await.status, 404);
    assert!(site.get("/findings").await.text().contains("Nothing waits for anybody"));
}
