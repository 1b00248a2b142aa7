//! What the forms of pages do, as a browser without scripts sends them: no `Referer`, and an answer that is a page.

use axum::{body::Body, http::Request};
use serde_json::json;

use crate::{
    place::on_both,
    site::{Reply, Site, request, with},
    worker::carry_out,
};

/// A form as it was sent.
pub(crate) fn form(action: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let post = with(request("POST", action, body), "content-type", "application/x-www-form-urlencoded");
    with(post, "accept", "text/html")
}

/// Where a form leads. (What it answers besides is for the framework's own scripts, which these pages do not have.)
pub(crate) async fn sent(site: &Site, form: Request<Body>) -> String {
    let reply = site.open(form).await;
    assert_eq!(reply.status(), 302);
    reply.headers()["location"].to_str().unwrap().to_owned()
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &Reply, name: &str) -> String {
    let text = page.text();
    let field = text.split("<input").find(|field| field.contains(&format!("name=\"{name}\""))).unwrap_or_default();
    field.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// The launch form of `arrivals` with what differs, and the key and mark that it carries.
async fn opened(site: &Site, more: &str) -> (String, String) {
    let page = site.get(&format!("/launch?suite=probe&scenario=arrivals&env=local%20reference{more}")).await;
    (hidden(&page, "key"), hidden(&page, "shown"))
}

/// Presses Start with what stands in the fields.
async fn start(site: &Site, key: &str, shown: &str, more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("suite", "probe"),
        ("scenario", "arrivals"),
        ("env", "local reference"),
        ("set[LIMIT]", ""),
        ("key", key),
        ("shown", shown),
    ];
    fields.extend(more);
    sent(site, form("/action/launch", &fields)).await
}

async fn runs(site: &Site) -> usize {
    site.get("/api/v1/runs").await.with_status(200)["rows"].as_array().map_or(0, Vec::len)
}

on_both! {
    async fn start_launches_what_the_page_has_shown(database) {
        let site = Site::new(&database).await;
        let (key, shown) = opened(&site, "&rate=12&tags=release%201.1,").await;
        let place = start(&site, &key, &shown, &[("rate", "12"), ("tags", "release 1.1,")]).await;
        assert!(place.starts_with("/runs/"), "{place}");
        let run = site.get(&format!("/api/v1{place}")).await.with_status(200);
        assert_eq!(run["plan"]["overrides"]["rate"], 12.0);
        assert_eq!(run["row"]["tags"], json!(["release 1.1"]));
        assert_eq!(run["row"]["trigger"], "browser");
    }

    async fn nothing_is_started_that_the_page_had_not_shown(database) {
        let site = Site::new(&database).await;
        let (key, shown) = opened(&site, "").await;
        let place = start(&site, &key, &shown, &[("rate", "19")]).await;
        assert!(place.starts_with("/launch?"), "{place}");
        assert_eq!(runs(&site).await, 0);
        let page = site.get(&place).await;
        assert!(page.text().contains("Nothing was started"), "{}", page.text());
        assert!(page.text().contains("value=\"19\""), "{}", page.text());
        // The page shows it now: pressed again, it starts.
        let place = start(&site, &hidden(&page, "key"), &hidden(&page, "shown"), &[("rate", "19")]).await;
        assert!(place.starts_with("/runs/"), "{place}");
        assert_eq!(runs(&site).await, 1);
    }

    async fn a_suite_that_changes_after_the_page_was_shown_is_not_launched_unseen(database) {
        let site = Site::new(&database).await;
        let (key, shown) = opened(&site, "").await;
        site.replace_suite_without_visitors().await;
        let place = start(&site, &key, &shown, &[]).await;
        assert!(place.starts_with("/launch?"), "{place}");
        assert_eq!(runs(&site).await, 0);
    }

    async fn a_launch_that_is_refused_comes_back_with_everything_that_was_typed_and_the_reason(database) {
        let site = Site::new(&database).await;
        let (key, shown) = opened(&site, "").await;
        start(&site, &key, &shown, &[]).await;
        // Back in the browser, another number and the same key: the key stands for another request by now.
        let (_, shown) = opened(&site, "&rate=19").await;
        let place = start(&site, &key, &shown, &[("rate", "19")]).await;
        let page = site.get(&place).await;
        assert!(page.text().contains("role=\"alert\""), "{}", page.text());
        assert!(page.text().contains("value=\"19\""), "{}", page.text());
        assert_ne!(hidden(&page, "key"), key);
        assert_eq!(runs(&site).await, 1);
    }

    async fn what_is_wrong_with_a_field_is_said_at_the_field(database) {
        let site = Site::new(&database).await;
        let (key, _) = opened(&site, "").await;
        let (_, shown) = opened(&site, "&rate=nonsense&tags=ok&rev=main").await;
        let place = start(&site, &key, &shown, &[("rate", "nonsense"), ("tags", "ok"), ("rev", "main")]).await;
        let page = site.get(&place).await;
        for typed in ["value=\"nonsense\"", "value=\"ok\"", "value=\"main\"", "`nonsense` is not a number"] {
            assert!(page.text().contains(typed), "{typed} is not in {}", page.text());
        }
    }

    async fn stop_and_abort_lead_to_the_page_of_the_run_and_say_when_there_is_none(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for (action, address) in [("/action/stop", id.as_str()), ("/action/abort", "7")] {
            let place = sent(&site, form(action, &[("id", address)])).await;
            assert!(place.starts_with(&format!("/runs/{address}")), "{place}");
        }
        assert_eq!(site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"], "cancelled");
        let page = site.get(&sent(&site, form("/action/stop", &[("id", "7")])).await).await;
        assert_eq!(page.status, 404);
        assert!(page.text().contains("There is no run `7`"), "{}", page.text());
    }

    async fn a_link_to_what_is_not_there_says_so_instead_of_choosing_something_else(database) {
        let site = Site::new(&database).await;
        let page = site.get("/launch?suite=probe&scenario=arivals&env=gone&users=5").await;
        for told in ["There is no environment `gone`", "The suite has no scenario `arivals`", "arivals · not there", "gone · not there"] {
            assert!(page.text().contains(told), "{told} is not in {}", page.text());
        }
        let page = site.get("/launch?suite=probe&scenario=arrivals&users=5&set[NOTHING]=1").await;
        assert!(page.text().contains("users 5, NOTHING = 1"), "{}", page.text());
    }

    async fn run_again_asks_for_what_was_asked_for_and_says_when_the_suite_has_changed(database) {
        let site = Site::new(&database).await;
        site.launched(json!({"overrides": {"max_in_flight": 30}, "revision": {"branch": "user@fix"}})).await;
        let run = carry_out(&site.lab, 9_000).await;
        let page = site.get(&format!("/runs/{run}")).await;
        let again = page.text().split("href=\"").find(|link| link.starts_with("/launch?suite=") || link.starts_with("/launch?project="));
        let again = again.and_then(|link| link.split('"').next()).unwrap_or_default().replace("&amp;", "&");
        assert!(again.contains("max_in_flight=30") && again.contains("rev=user%40fix%40"), "{again}");
        assert!(!again.contains("rate=") && !again.contains("duration=") && !again.contains("seed="), "{again}");
        let form = site.get(&again).await;
        assert!(form.text().contains("with the same version of its suite"), "{}", form.text());
        site.replace_suite_without_visitors().await;
        let form = site.get(&again).await;
        assert!(form.text().contains("Suite probe has changed since arrivals #1"), "{}", form.text());
    }

    async fn the_list_tells_the_newest_result_and_the_verdict_of_each_environment_whatever_it_shows(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let run = carry_out(&site.lab, 9_000).await;
        for path in ["/", "/?q=env%3Anowhere"] {
            let page = site.get(path).await;
            assert!(page.text().contains("The newest result is arrivals #1 on local reference"), "{}", page.text());
            let cards = page.text().split("id=\"runs-overview\"").nth(1).unwrap_or_default();
            let verdicts = cards.split("Latest verdict").nth(1).unwrap_or_default();
            assert!(verdicts.split("</ul>").next().unwrap_or_default().contains(&format!("/runs/{run}")), "{cards}");
        }
    }
}
