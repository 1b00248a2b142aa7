//! What can be launched, what a launch would do, and launching.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::{
    blocked::Blocked,
    place::on_both,
    site::{Site, json_request, launch, request, with},
};

/// The fields that a reply complains of.
fn fields(problems: &Value) -> Vec<String> {
    problems.as_array().unwrap().iter().map(|problem| problem["field"].as_str().unwrap().to_owned()).collect()
}

fn launch_with_key(body: &Value, key: &str) -> axum::http::Request<axum::body::Body> {
    with(json_request("/api/v1/runs", body), "idempotency-key", key)
}

on_both! {
    async fn options_name_every_scenario_and_environment_with_their_load_and_caps(database) {
        let site = Site::new(&database).await;
        let options = site.get("/api/v1/launch/options").await.with_status(200);
        assert_eq!(options["project"], "MITA");
        assert_eq!(options["suites"][0]["name"], "probe");
        assert_eq!(options["suites"][0]["scenarios"][0]["name"], "arrivals");
        assert_eq!(options["suites"][0]["scenarios"][0]["open"], true);
        assert_eq!(options["suites"][0]["scenarios"][1]["open"], false);
        assert_eq!(options["suites"][0]["parameters"][0]["name"], "LIMIT");
        assert_eq!(options["environments"][0]["name"], "local reference");
        assert_eq!(options["environments"][0]["waiting"], 0);
    }

    async fn options_of_an_empty_lab_say_how_to_begin(database) {
        let site = Site::empty(&database).await;
        let problem = site.get("/api/v1/launch/options").await.problem(404, "project.none");
        assert!(problem["hint"].as_str().unwrap().contains("perflab serve"), "{problem}");
    }

    async fn a_preview_shows_load_rules_and_estimate_and_changes_nothing(database) {
        let site = Site::new(&database).await;
        let body = launch(json!({"overrides": {"rate": 40, "duration": "10s"}}));
        let preview = site.post("/api/v1/launch/preview", &body).await.with_status(200);
        assert_eq!(preview["problems"], json!([]));
        assert_eq!(preview["estimate"]["iterations"], 400.0);
        assert_eq!(preview["estimate"]["duration"], "10s");
        assert_eq!(preview["rules"][0]["threshold"], "p95 < 200ms");
        assert_eq!(preview["request"]["environment"], "local reference");
        assert_eq!(site.get("/api/v1/runs").await.with_status(200)["any"], false);
    }

    async fn a_preview_names_every_wrong_field_at_once(database) {
        let site = Site::new(&database).await;
        let body = launch(json!({
            "environment": "staging",
            "tags": ["a,b"],
            "revision": {"branch": ""},
        }));
        let preview = site.post("/api/v1/launch/preview", &body).await.with_status(200);
        assert_eq!(fields(&preview["problems"]), ["tags", "revision.branch", "environment"]);
        let body = launch(json!({"overrides": {"users": 5, "rate": 1e9, "parameters": {"LIMIT": "5000"}}}));
        let preview = site.post("/api/v1/launch/preview", &body).await.with_status(200);
        let fields = fields(&preview["problems"]);
        for field in ["overrides.users", "overrides.rate", "overrides.parameters.LIMIT"] {
            assert!(fields.iter().any(|found| found == field), "{field} is not among {fields:?}");
        }
    }

    async fn a_launch_is_accepted_and_says_where_the_run_is(database) {
        let site = Site::new(&database).await;
        let reply = site.launch(json!({"tags": ["nightly"], "revision": {"branch": "main", "commit": "c93e5aa"}})).await;
        let place = reply.header("location").to_owned();
        let launched = reply.with_status(202);
        assert_eq!(launched["number"], 1);
        assert_eq!(launched["replayed"], false);
        assert_eq!(place, format!("/api/v1/runs/{}", launched["id"].as_str().unwrap()));
        let run = site.get(&place).await.with_status(200);
        assert_eq!(run["row"]["state"], "queued");
        assert_eq!(run["row"]["tags"], json!(["nightly"]));
        assert_eq!(run["row"]["revision"], json!({"branch": "main", "commit": "c93e5aa"}));
        assert_eq!(run["plan"]["environment"]["base_url"], "http://127.0.0.1:8000/");
    }

    async fn a_program_may_say_that_a_person_at_a_terminal_asks_and_nothing_else(database) {
        let site = Site::new(&database).await;
        for (said, kept) in [("cli", "cli"), ("api", "api"), ("schedule", "api"), ("browser", "api")] {
            let id = site.launched(json!({"trigger": said})).await;
            let run = site.get(&format!("/api/v1/runs/{id}")).await.with_status(200);
            assert_eq!(run["row"]["trigger"], kept);
        }
    }

    async fn a_repeated_launch_with_the_same_key_gives_the_first_answer(database) {
        let site = Site::new(&database).await;
        let body = launch(json!({}));
        let first = site.send(launch_with_key(&body, "one")).await;
        assert_eq!(first.header("idempotent-replayed"), "");
        let first = first.with_status(202);
        let second = site.send(launch_with_key(&body, "one")).await;
        assert_eq!(second.header("idempotent-replayed"), "true");
        assert_eq!(second.header("location"), format!("/api/v1/runs/{}", first["id"].as_str().unwrap()));
        let second = second.with_status(202);
        assert_eq!((&second["id"], &second["number"]), (&first["id"], &first["number"]));
        let other = site.send(launch_with_key(&body, "two")).await.with_status(202);
        assert_ne!(other["id"], first["id"]);
    }

    async fn a_key_stands_for_one_body_only(database) {
        let site = Site::new(&database).await;
        site.send(launch_with_key(&launch(json!({})), "one")).await.with_status(202);
        let problem = site.send(launch_with_key(&launch(json!({"tags": ["other"]})), "one")).await
            .problem(422, "idempotency_key.reused");
        assert!(problem["hint"].as_str().unwrap().contains("new key"), "{problem}");
        assert_eq!(site.get("/api/v1/runs").await.json()["rows"].as_array().unwrap().len(), 1);
    }

    async fn a_key_stands_for_what_is_asked_and_not_for_how_it_is_written(database) {
        let site = Site::new(&database).await;
        let written = [
            r#"{"suite":"probe","scenario":"arrivals","tags":["b","a"],"overrides":{"rate":40,"seed":7}}"#,
            r#"{"suite":"probe","scenario":"arrivals","tags":["a"," b "],"overrides":{"seed":7,"rate":40.0}}"#,
            r#"
            {
                "overrides": {"rate": 4e1, "seed": 7, "users": null, "parameters": {}},
                "scenario": "arrivals", "suite": "probe", "tags": ["a", "b", "a"],
                "environment": null, "revision": {}, "trigger": "api"
            }"#,
        ];
        for (at, body) in written.into_iter().enumerate() {
            let body = with(request("POST", "/api/v1/runs", body), "content-type", "application/json");
            let launched = site.send(with(body, "idempotency-key", "one")).await.with_status(202);
            assert_eq!(launched["replayed"], at > 0, "{}", written[at]);
        }
        let other = launch(json!({"tags": ["a", "b"], "overrides": {"rate": 41, "seed": 7}}));
        site.send(launch_with_key(&other, "one")).await.problem(422, "idempotency_key.reused");
    }

    async fn a_key_whose_first_launch_is_under_way_is_told_so_and_works_afterwards(database) {
        let site = Site::new(&database).await;
        let body = launch(json!({}));
        let blocked = Blocked::new(&database).await;
        let mut sending: futures::stream::FuturesUnordered<_> = (0..2)
            .map(|_| {
                let (site, request) = (site.clone(), launch_with_key(&body, "one"));
                tokio::spawn(async move { site.send(request).await })
            })
            .collect();
        let second = sending.next().await.unwrap().unwrap();
        blocked.release().await;
        assert_eq!(second.header("retry-after"), "2");
        second.problem(409, "idempotency_key.in_progress");
        let first = sending.next().await.unwrap().unwrap().with_status(202);
        assert_eq!(first["replayed"], false);
        let again = site.send(launch_with_key(&body, "one")).await.with_status(202);
        assert_eq!((&again["id"], &again["replayed"]), (&first["id"], &json!(true)));
    }

    async fn a_key_is_not_used_up_by_a_launch_that_was_refused(database) {
        let site = Site::new(&database).await;
        site.send(launch_with_key(&launch(json!({"environment": "staging"})), "one")).await
            .problem(422, "launch.invalid");
        site.send(launch_with_key(&launch(json!({})), "one")).await.with_status(202);
    }

    async fn a_replay_works_when_the_suite_has_changed_meanwhile(database) {
        let site = Site::new(&database).await;
        let body = launch(json!({"scenario": "visitors"}));
        let first = site.send(launch_with_key(&body, "one")).await.with_status(202);
        site.replace_suite_without_visitors().await;
        let again = site.send(launch_with_key(&body, "one")).await.with_status(202);
        assert_eq!(again["id"], first["id"]);
    }

    async fn fifty_launches_at_once_with_one_key_make_one_run(database) {
        let site = Site::new(&database).await;
        let body = launch(json!({}));
        let sending: Vec<_> = (0..50)
            .map(|_| {
                let (site, body) = (site.clone(), body.clone());
                tokio::spawn(async move {
                    loop {
                        let reply = site.send(launch_with_key(&body, "the same")).await;
                        // Where the machine is slow, those behind may be told to come again.
                        if reply.status != 409 {
                            return reply.with_status(202);
                        }
                    }
                })
            })
            .collect();
        let mut ids = Vec::new();
        let mut fresh = 0;
        for sent in sending {
            let launched = sent.await.unwrap();
            fresh += usize::from(launched["replayed"] == false);
            ids.push(launched["id"].clone());
        }
        ids.dedup();
        assert_eq!((ids.len(), fresh), (1, 1));
        assert_eq!(site.get("/api/v1/runs").await.json()["rows"].as_array().unwrap().len(), 1);
    }

    async fn a_key_that_cannot_be_kept_is_refused(database) {
        let site = Site::new(&database).await;
        for key in ["", &"k".repeat(201)] {
            site.send(launch_with_key(&launch(json!({})), key)).await.problem(400, "idempotency_key.unreadable");
        }
        let mut request = launch_with_key(&launch(json!({})), "k");
        request.headers_mut().insert("idempotency-key", axum::http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
        site.send(request).await.problem(400, "idempotency_key.unreadable");
    }

    async fn a_body_that_cannot_be_read_is_refused_with_the_place(database) {
        let site = Site::new(&database).await;
        let mentions = [
            (launch(json!({"scenari": "x"})), "scenari"),
            (launch(json!({"overrides": {"userz": 3}})), "userz"),
            (launch(json!({"revision": {"comit": "c93e5aa"}})), "comit"),
            (launch(json!({"overrides": {"duration": 30}})), "30"),
            (launch(json!({"overrides": {"duration": "soon"}})), "soon"),
            (launch(json!({"overrides": {"users": -1}})), "-1"),
            (launch(json!({"suite": "a\nb"})), "control"),
            (json!({"scenario": "arrivals"}), "suite"),
            (json!([]), "line 1"),
        ];
        for path in ["/api/v1/runs", "/api/v1/launch/preview"] {
            for (body, mention) in &mentions {
                let problem = site.post(path, body).await.problem(400, "body.json");
                assert!(problem["message"].as_str().unwrap().contains(mention), "{mention} is not in {problem}");
            }
        }
    }

    async fn a_body_that_is_no_json_is_refused(database) {
        let site = Site::new(&database).await;
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let request = with(request("POST", "/api/v1/runs", launch(json!({})).to_string()), "content-type", kind);
            site.send(request).await.problem(400, "body.type");
        }
        site.send(request("POST", "/api/v1/runs", launch(json!({})).to_string())).await.problem(400, "body.type");
        let broken = with(request("POST", "/api/v1/runs", "{\"suite\": "), "content-type", "application/json");
        site.send(broken).await.problem(400, "body.json");
    }

    async fn a_launch_that_cannot_be_done_names_every_wrong_field_and_makes_no_run(database) {
        let site = Site::new(&database).await;
        let problem = site.launch(json!({"suite": "prob", "environment": "staging"})).await
            .problem(422, "launch.invalid");
        let found = fields(&problem["fields"]);
        assert!(found.contains(&"suite".to_owned()) && found.contains(&"environment".to_owned()), "{problem}");
        let problem = site.launch(json!({"scenario": "arrivalz"})).await.problem(422, "launch.invalid");
        assert_eq!(fields(&problem["fields"]), ["scenario"]);
        site.launch(json!({"project": "Other"})).await.problem(404, "project.not_found");
        assert_eq!(site.get("/api/v1/runs").await.json()["any"], false);
    }

    async fn tags_and_branches_that_cannot_be_kept_are_refused_by_field(database) {
        let site = Site::new(&database).await;
        let refused = [
            (json!({"tags": ["\u{0}"]}), "tags"),
            (json!({"tags": [" "]}), "tags"),
            (json!({"tags": ["x".repeat(61)]}), "tags"),
            (json!({"tags": (0..21).map(|i| i.to_string()).collect::<Vec<_>>()}), "tags"),
            (json!({"revision": {"branch": "a\u{0}b"}}), "revision.branch"),
            (json!({"revision": {"commit": "a\r\nSet-Cookie: x"}}), "revision.commit"),
            (json!({"revision": {"branch": "b".repeat(201)}}), "revision.branch"),
        ];
        for (differs, field) in refused {
            let problem = site.launch(differs).await.problem(422, "launch.invalid");
            assert_eq!(fields(&problem["fields"]), [field]);
        }
        assert_eq!(site.get("/api/v1/runs").await.json()["any"], false);
    }

    async fn numbers_rise_without_gaps_and_refused_launches_take_none(database) {
        let site = Site::new(&database).await;
        for number in 1..=3 {
            site.launch(json!({"scenario": "no such"})).await.problem(422, "launch.invalid");
            assert_eq!(site.launch(json!({})).await.with_status(202)["number"], number);
        }
    }
}
