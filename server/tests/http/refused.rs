//! Stop, Abort and Start that the database refuses, asked for by plain forms: from browsers without scripts, which need
//! not say from which page they come.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::json;

use crate::{
    blocked::Blocked,
    place::on_both,
    site::{Site, request, with},
};

fn form(action: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let post = with(request("POST", action, body), "content-type", "application/x-www-form-urlencoded");
    with(post, "accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
}

/// Where a form leads.
async fn sent(site: &Site, form: Request<Body>) -> String {
    let reply = site.open(form).await;
    assert!(matches!(reply.status(), StatusCode::FOUND | StatusCode::SEE_OTHER), "{}", reply.status());
    reply.headers()["location"].to_str().unwrap().to_owned()
}

/// The value of a hidden field of a page.
fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let field = page.split("<input").find(|field| field.contains(&format!("name=\"{name}\""))).unwrap_or_default();
    field.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

on_both! {
    async fn a_refused_stop_or_abort_says_why_on_the_page_of_the_run(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let (address, nothing) = (format!("/api/v1/runs/{id}/stop"), json!({}));
        let blocked = Blocked::new(&database).await;
        let (told, stop, abort) = tokio::join!(
            site.post(&address, &nothing),
            sent(&site, form("/action/stop", &[("id", &id)])),
            sent(&site, form("/action/abort", &[("id", &id)])),
        );
        blocked.release().await;
        let told = told.problem(503, "store.busy");
        let told = told["message"].as_str().unwrap();
        for place in [stop, abort] {
            assert!(place.starts_with(&format!("/runs/{id}")), "{place} is not the page it came from");
            let page = site.get(&place).await;
            assert_eq!(page.status, 200);
            assert!(page.text().contains(told), "`{told}` is not on {place}: {}", page.text());
        }
        assert_eq!(site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"], "queued");
    }

    async fn a_refused_start_says_why_in_the_form_and_works_when_it_is_pressed_again(database) {
        let site = Site::new(&database).await;
        let launch = "/launch?suite=probe&scenario=arrivals&env=local%20reference&tags=typed-by-hand";
        let page = site.get(launch).await;
        let fields = |page: &str| {
            let (key, shown) = (hidden(page, "key"), hidden(page, "shown"));
            let chosen = [("suite", "probe"), ("scenario", "arrivals"), ("env", "local reference")];
            let typed = [("set[LIMIT]", ""), ("tags", "typed-by-hand"), ("key", key), ("shown", shown)];
            form("/action/launch", &[chosen.as_slice(), typed.as_slice()].concat())
        };
        let blocked = Blocked::new(&database).await;
        let place = sent(&site, fields(page.text())).await;
        blocked.release().await;
        assert!(place.starts_with("/launch?"), "{place} is not the form");
        let page = site.get(&place).await;
        assert!(page.text().contains("role=\"alert\""), "no reason is given: {}", page.text());
        assert!(page.text().contains("typed-by-hand"), "what was typed is gone: {}", page.text());
        let place = sent(&site, fields(page.text())).await;
        assert!(place.starts_with("/runs/"), "{place}");
        assert_eq!(site.get("/api/v1/runs").await.json()["rows"].as_array().unwrap().len(), 1);
    }

    async fn a_form_of_a_browser_that_only_names_its_origin_is_taken(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        // Whether it names it follows from the policy of the page.
        assert_eq!(site.get(&format!("/runs/{id}")).await.header("referrer-policy"), "same-origin");
        let stop = form("/action/stop", &[("id", &id)]);
        sent(&site, with(stop, "origin", "http://127.0.0.1:7080")).await;
        assert_eq!(site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"], "cancelled");
    }
}
