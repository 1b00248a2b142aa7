//! Who may ask for what, how much, and what replies carry. (Every test checks the headers of every reply it sees.)

use axum::body::Body;
use serde_json::json;

use crate::{
    place::on_both,
    site::{Site, json_request, launch, request, with},
};

/// Beyond what any request may be.
const TOO_LARGE: usize = 2 * 1024 * 1024;

on_both! {
    async fn a_foreign_name_for_this_lab_gets_nothing(database) {
        let site = Site::new(&database).await;
        for host in ["evil.example", "evil.example:7080", "127.0.0.1.evil.example", "10.0.0.5:7080", ""] {
            for path in ["/", "/api/v1/runs", "/healthz", "/api/docs/", "/nowhere"] {
                site.send(with(request("GET", path, Body::empty()), "host", host)).await.problem(403, "host.foreign");
            }
        }
        for host in ["localhost", "LOCALHOST:7080", "[::1]:7080", "127.0.0.1"] {
            assert_eq!(site.send(with(request("GET", "/healthz", Body::empty()), "host", host)).await.status, 200);
        }
    }

    async fn another_site_cannot_launch_or_stop_through_a_browser(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for path in ["/api/v1/runs".to_owned(), format!("/api/v1/runs/{id}/abort"), "/action/launch".to_owned(), "/theme".to_owned()] {
            for (name, value) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "http://evil.example"),
                ("origin", "http://127.0.0.1:9999"),
                ("origin", "null"),
            ] {
                let foreign = with(json_request(&path, &launch(json!({}))), name, value);
                site.send(foreign).await.problem(403, "site.foreign");
            }
        }
        assert_eq!(site.get("/api/v1/runs").await.json()["rows"].as_array().unwrap().len(), 1);
        assert_eq!(site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"], "queued");
        let own = with(json_request("/api/v1/runs", &launch(json!({}))), "origin", "http://127.0.0.1:7080");
        site.send(with(own, "sec-fetch-site", "same-origin")).await.with_status(202);
    }

    async fn reading_changes_nothing(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for path in ["stop", "abort"] {
            let reply = site.get(&format!("/api/v1/runs/{id}/{path}")).await;
            assert_eq!(reply.header("allow"), "POST");
            reply.problem(405, "method.not_allowed");
        }
        assert_eq!(site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"], "queued");
    }

    async fn a_body_that_is_too_large_is_refused_whether_or_not_its_length_is_told(database) {
        let site = Site::new(&database).await;
        let large = launch(json!({"tags": ["x".repeat(TOO_LARGE)]})).to_string();
        for path in ["/api/v1/runs", "/api/v1/launch/preview"] {
            let told = with(request("POST", path, large.clone()), "content-type", "application/json");
            let told = with(told, "content-length", &large.len().to_string());
            site.send(told).await.problem(413, "body.too_large");
            let parts: Vec<Result<Vec<u8>, std::io::Error>> =
                large.as_bytes().chunks(10_000).map(|part| Ok(part.to_vec())).collect();
            let streamed = request("POST", path, Body::from_stream(futures::stream::iter(parts)));
            site.send(with(streamed, "content-type", "application/json")).await.problem(413, "body.too_large");
        }
        for path in ["/action/launch", "/theme", "/csp-report"] {
            let form = with(request("POST", path, "x".repeat(TOO_LARGE)), "content-type", "application/x-www-form-urlencoded");
            assert_eq!(site.send(with(form, "content-length", &TOO_LARGE.to_string())).await.status, 413, "{path}");
        }
        assert_eq!(site.get("/api/v1/runs").await.json()["any"], false);
    }

    async fn an_address_below_the_api_that_leads_nowhere_is_told_as_the_api_speaks(database) {
        let site = Site::new(&database).await;
        for path in ["/api/v1/nothing", "/api/v2/runs", "/api/v1/runs/1/nothing", "/api/v1"] {
            site.get(path).await.problem(404, "route.not_found");
        }
        site.post("/api/v1/nothing", &json!({})).await.problem(404, "route.not_found");
    }

    async fn a_method_that_a_route_does_not_have_is_told(database) {
        let site = Site::new(&database).await;
        for (method, path) in [("DELETE", "/api/v1/runs"), ("PUT", "/api/v1/runs/1"), ("POST", "/healthz")] {
            let reply = site.send(request(method, path, Body::empty())).await;
            assert!(reply.header("allow").contains("GET"), "{method} {path}");
            let problem = reply.problem(405, "method.not_allowed");
            assert!(problem["message"].as_str().unwrap().contains(method), "{problem}");
        }
    }

    async fn an_address_that_is_no_text_is_told_as_the_api_speaks(database) {
        let site = Site::new(&database).await;
        for rest in ["", "?wait=1s", "/summary", "/series", "/requests", "/events"] {
            site.get(&format!("/api/v1/runs/%ff{rest}")).await.problem(400, "address.unreadable");
        }
        for rest in ["stop", "abort"] {
            site.post(&format!("/api/v1/runs/%ff/{rest}"), &json!({})).await.problem(400, "address.unreadable");
        }
    }

    async fn what_is_private_is_never_kept_by_a_cache(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for path in ["/", "/runs/1", "/launch", "/trends", "/api/v1/runs", &format!("/api/v1/runs/{id}"), "/runs/1/charts/latency.svg"] {
            assert_eq!(site.get(path).await.header("cache-control"), "no-store", "{path}");
        }
    }
}
