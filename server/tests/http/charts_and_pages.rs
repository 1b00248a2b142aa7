//! Pages and charts with what people and targets may write into them.

use serde_json::json;

use crate::{
    place::on_both,
    site::Site,
    worker::{Held, carry_out},
};

const SCRIPT: &str = "<script>alert(1)</script>";
const IMAGE: &str = "\"><img src=x onerror=alert(1)>";

/// Whether any of the hostile texts stands in a page as markup.
fn is_harmless(page: &str) -> bool {
    !page.contains("<script>alert") && !page.contains("<img src=x") && !page.contains("\"><img")
}

on_both! {
    async fn hostile_texts_are_kept_as_they_are_and_shown_as_text(database) {
        let site = Site::new(&database).await;
        let quotes = "'; DROP TABLE run; -- \" ` \\";
        let id = site
            .launched(json!({
                "tags": [SCRIPT, IMAGE, quotes, "\u{202e}gnp.exe", "=1+1"],
                "revision": {"branch": IMAGE, "commit": SCRIPT},
            }))
            .await;
        let run = site.get(&format!("/api/v1/runs/{id}")).await.with_status(200);
        assert_eq!(run["row"]["tags"], json!([SCRIPT, IMAGE, quotes, "\u{202e}gnp.exe", "=1+1"]));
        assert_eq!(run["row"]["revision"]["branch"], IMAGE);
        let mut held = Held::running(&site.lab).await;
        held.second(9_000).await;
        held.example(&format!("500 {SCRIPT} {IMAGE}")).await;
        for _ in 0..2 {
            for path in ["/", "/runs", "/runs/1", "/trends", "/launch", &format!("/runs/{id}")] {
                let page = site.get(path).await;
                assert_eq!(page.status, 200, "{path}");
                assert!(page.header("content-type").starts_with("text/html"), "{path}");
                assert!(is_harmless(page.text()), "{path}: {}", page.text());
            }
            if site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"] == "running" {
                held.finishing().await;
                // Once more when it is over: its page is another one then.
                let (lab, run, attempt) = (site.lab.clone(), held.run, held.attempt);
                held.complete().await;
                assert!(lab.db().beat(run, attempt).await.is_err());
                held = {
                    site.launched(json!({})).await;
                    Held::claim(&site.lab).await
                };
            }
        }
        drop(held);
    }

    async fn what_stands_in_an_address_is_shown_as_text(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let hostile: String = url::form_urlencoded::byte_serialize(format!("{SCRIPT}{IMAGE}").as_bytes()).collect();
        for path in [
            format!("/?q={hostile}"),
            format!("/runs?q={hostile}"),
            format!("/runs?cursor={hostile}"),
            format!("/runs/{hostile}"),
            format!("/launch?suite={hostile}&scenario={hostile}&env={hostile}"),
            format!("/trends?suite={hostile}&request={hostile}&measure={hostile}"),
            format!("/runs/1?tab={hostile}"),
            format!("/{hostile}"),
        ] {
            let page = site.get(&path).await;
            assert!(page.status.as_u16() < 500, "{path}: {}", page.status);
            assert!(is_harmless(page.text()), "{path}: {}", page.text());
        }
    }

    async fn names_that_would_end_the_title_of_a_page_are_shown_as_text(database) {
        let site = Site::new(&database).await;
        let name = "</title><script>alert(1)</script>";
        site.add_suite_called(name).await;
        let id = site.launched(json!({"suite": name, "scenario": name})).await;
        carry_out(&site.lab, 9_000).await;
        let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        for path in
            [format!("/runs/{id}"), format!("/trends?suite={encoded}"), format!("/launch?suite={encoded}&scenario={encoded}"), "/".to_owned()]
        {
            let page = site.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            assert!(!page.text().contains(name), "{path}: {}", page.text());
        }
    }

    async fn every_page_answers_on_an_empty_lab(database) {
        let site = Site::empty(&database).await;
        for path in ["/", "/runs", "/launch", "/trends"] {
            let page = site.get(path).await;
            assert!(page.status.as_u16() < 500, "{path}: {}", page.status);
            assert!(page.text().contains("<h1"), "{path}: {}", page.text());
        }
        let page = site.get("/runs/1").await;
        assert_eq!(page.status, 404, "{}", page.text());
    }

    async fn a_page_of_a_run_that_is_not_there_has_status_404(database) {
        let site = Site::new(&database).await;
        for path in ["/runs/7", "/runs/x", "/runs/01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(site.get(path).await.status, 404, "{path}");
        }
    }

    async fn charts_are_files_that_stand_alone(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let run = carry_out(&site.lab, 9_000).await;
        let page = site.get(&format!("/runs/{run}")).await;
        assert!(page.text().contains("Excellent"), "{}", page.text());
        for theme in ["", "?theme=dark"] {
            let chart = site.get(&format!("/runs/1/charts/latency.svg{theme}")).await;
            assert_eq!(chart.status, 200, "{}", chart.text());
            assert!(chart.header("content-type").starts_with("image/svg+xml"));
            assert!(chart.text().starts_with("<svg"), "{}", chart.text());
        }
        let table = site.get("/runs/1/charts/latency.csv").await;
        assert!(table.header("content-disposition").starts_with("attachment;"));
        assert!(table.text().lines().count() > 20, "{}", table.text());
        for file in ["nothing.svg", "latency.exe", "..%2F..%2Fetc%2Fpasswd", "%00", "latency.svg%0d%0aX: y"] {
            site.get(&format!("/runs/1/charts/{}", file.replace(' ', "%20"))).await.problem(404, "chart.not_found");
        }
        assert_eq!(site.get("/trends/chart.svg").await.status, 200);
        site.get("/trends/other.svg").await.problem(404, "chart.not_found");
    }

    async fn an_address_that_is_no_text_is_answered_in_the_shape_of_what_was_asked_for(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        for path in ["/%FF", "/runs/%FF", "/docs/%FF"] {
            let page = site.get(path).await;
            assert_eq!(page.status, 404, "{path}: {}", page.text());
            assert!(page.header("content-type").starts_with("text/html"), "{path}");
            assert!(page.text().contains("<h1"), "{path}: {}", page.text());
        }
        for path in ["/?q=%FF", "/launch?suite=%FF", "/trends?measure=%FF", "/runs/1?tab=%FF"] {
            let page = site.get(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text());
            assert!(page.text().contains("<h1"), "{path}: {}", page.text());
        }
        for path in ["/runs/%FF/charts/latency.svg", "/runs/1/charts/%FF.svg", "/trends/%FF"] {
            site.get(path).await.problem(400, "address.unreadable");
        }
        assert_eq!(site.get("/runs/1/charts/latency.svg?theme=%FF").await.status, 200);
    }

    async fn trend_points_lead_to_their_runs(database) {
        let site = Site::new(&database).await;
        site.launched(json!({"revision": {"branch": SCRIPT}})).await;
        let run = carry_out(&site.lab, 9_000).await;
        let page = site.get("/trends").await;
        assert!(page.text().contains(&format!("/runs/{run}")) || page.text().contains("/runs/1"), "{}", page.text());
        assert!(is_harmless(page.text()));
        assert!(page.text().contains(&format!("\t/runs/{run}")), "a click on its point opens it");
        let chart = site.get("/trends/chart.svg").await;
        assert!(is_harmless(chart.text()), "{}", chart.text());
    }
}
