//! The list of runs: narrowed, paged, limited.

use serde_json::{Value, json};

use crate::{
    place::on_both,
    site::Site,
    worker::{Held, carry_out},
};

fn numbers(rows: &Value) -> Vec<u64> {
    rows.as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

on_both! {
    async fn an_empty_lab_has_an_empty_list(database) {
        let site = Site::new(&database).await;
        let page = site.get("/api/v1/runs").await.with_status(200);
        assert_eq!(page, json!({"active": [], "rows": [], "next": null, "warnings": [], "any": false}));
    }

    async fn the_list_is_also_json_under_the_name_of_its_page(database) {
        let site = Site::new(&database).await;
        site.launched(json!({"tags": ["nightly"]})).await;
        site.launched(json!({})).await;
        for query in ["", "?q=tag:nightly", "?limit=1"] {
            let list = site.get(&format!("/runs.json{query}")).await.with_status(200);
            assert_eq!(list, site.get(&format!("/api/v1/runs{query}")).await.with_status(200), "{query}");
        }
        site.get("/runs.json?cursor=x").await.problem(400, "cursor.unreadable");
    }

    async fn the_query_line_narrows_the_list(database) {
        let site = Site::new(&database).await;
        site.launched(json!({"tags": ["nightly"], "revision": {"branch": "main"}})).await;
        carry_out(&site.lab, 9_000).await;
        site.launched(json!({"scenario": "visitors", "revision": {"branch": "feature/login"}})).await;
        site.launched(json!({"trigger": "cli"})).await;
        let expected: [(&str, &[u64]); 13] = [
            ("", &[3, 2, 1]),
            ("branch:main", &[1]),
            ("branch:feature/login", &[2]),
            ("tag:nightly", &[1]),
            ("scenario:visitors", &[2]),
            ("suite:probe", &[3, 2, 1]),
            ("suite:other", &[]),
            ("state:waiting", &[3, 2]),
            ("state:finished", &[1]),
            ("trigger:cli", &[3]),
            ("verdict:excellent", &[1]),
            ("NIGHTLY", &[1]),
            ("env:nowhere", &[]),
        ];
        for (line, found) in expected {
            let encoded: String = url::form_urlencoded::byte_serialize(line.as_bytes()).collect();
            let page = site.get(&format!("/api/v1/runs?q={encoded}")).await.with_status(200);
            assert_eq!(numbers(&page["rows"]), found, "{line}");
            assert_eq!(page["warnings"], json!([]), "{line}");
            assert_eq!(page["any"], true);
        }
    }

    async fn a_word_that_is_not_understood_is_told_and_does_not_hide_the_rest(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let page = site.get("/api/v1/runs?q=verdict:great+enviroment:x").await.with_status(200);
        let warnings = page["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 2);
        assert!(warnings[0].as_str().unwrap().contains("great"), "{warnings:?}");
        assert_eq!(numbers(&page["rows"]), [1]);
    }

    async fn hostile_words_find_nothing_and_break_nothing(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        for line in ["'; DROP TABLE run; --", "%25", "_", "\\", "branch:'", "tag:%25", "\"", "a\u{301}", "<script>"] {
            let encoded: String = url::form_urlencoded::byte_serialize(line.as_bytes()).collect();
            let page = site.get(&format!("/api/v1/runs?q={encoded}")).await.with_status(200);
            assert_eq!(numbers(&page["rows"]), [] as [u64; 0], "{line}");
        }
        let reply = site.get("/api/v1/runs?q=%00").await;
        assert!(matches!(reply.status.as_u16(), 200 | 400 | 422), "{}", reply.text());
        assert_eq!(numbers(&site.get("/api/v1/runs").await.json()["rows"]), [1]);
    }

    async fn pages_follow_each_other_without_gap_or_repeat_while_new_runs_come(database) {
        let site = Site::new(&database).await;
        for _ in 0..7 {
            site.launched(json!({})).await;
        }
        let mut seen = Vec::new();
        let mut address = "/api/v1/runs?limit=3".to_owned();
        loop {
            let page = site.get(&address).await.with_status(200);
            seen.extend(numbers(&page["rows"]));
            // What is launched while somebody pages belongs to the first page, not to a later one.
            site.launched(json!({})).await;
            let Some(next) = page["next"].as_str() else { break };
            address = format!("/api/v1/runs?limit=3&cursor={next}");
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    }

    async fn a_limit_is_kept_within_bounds(database) {
        let site = Site::new(&database).await;
        for _ in 0..3 {
            site.launched(json!({})).await;
        }
        assert_eq!(numbers(&site.get("/api/v1/runs?limit=0").await.with_status(200)["rows"]), [3]);
        assert_eq!(numbers(&site.get("/api/v1/runs?limit=4000000000").await.with_status(200)["rows"]), [3, 2, 1]);
        site.get("/api/v1/runs?limit=-1").await.problem(400, "query.unreadable");
        site.get("/api/v1/runs?limit=many").await.problem(400, "query.unreadable");
    }

    async fn a_cursor_that_is_not_from_the_list_is_refused(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        for cursor in ["x", "1", "1.2", "ffffffffffffffffff.0", "%00", "'"] {
            let reply = site.get(&format!("/api/v1/runs?cursor={cursor}")).await;
            reply.problem(400, "cursor.unreadable");
        }
    }

    async fn a_project_that_is_not_there_is_told(database) {
        let site = Site::new(&database).await;
        let problem = site.get("/api/v1/runs?project=Other").await.problem(404, "project.not_found");
        assert!(problem["hint"].as_str().unwrap().contains("MITA"), "{problem}");
        site.get("/api/v1/runs?project=").await.problem(400, "query.unreadable");
    }

    async fn runs_under_way_stand_apart_whatever_the_query(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let mut held = Held::running(&site.lab).await;
        held.second(9_000).await;
        site.launched(json!({})).await;
        let page = site.get("/api/v1/runs?q=verdict:critical").await.with_status(200);
        assert_eq!(numbers(&page["rows"]), [] as [u64; 0]);
        assert_eq!(numbers(&page["active"]), [2, 1]);
        assert_eq!(page["active"][1]["state"], "running");
        assert_eq!(page["active"][1]["headline"]["finished"], 20);
    }
}
