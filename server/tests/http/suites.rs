//! Suites: listed, looked at, pushed, worked on as drafts, brought as files.

use axum::body::Body;
use serde_json::{Value, json};

use crate::{
    forms::{form, sent},
    place::on_both,
    site::{Reply, Site, request, with},
};

const TEXT: &str = "version: 1
suite: shop
title: The shop
flows:
  home: {steps: [{get: /, name: home, expect: [200]}]}
classes:
  visitor: {flows: {home: 1}}
scenarios:
  smoke: {executor: constant_vus, users: 3, duration: 5s, thresholds: [\"p95 < 200ms\"]}
";

async fn push(site: &Site, name: &str, text: &str) -> Reply {
    let body = Body::from(json!({"text": text}).to_string());
    let put = request("PUT", &format!("/api/v1/suites/{name}"), body);
    site.send(with(put, "content-type", "application/json")).await
}

/// Sends the form of a draft and gives the address that it leads to.
async fn draft(site: &Site, fields: &[(&str, &str)]) -> String {
    sent(site, form("/action/suites/draft", fields)).await
}

on_both! {
    async fn a_pushed_text_is_the_newest_version_and_says_what_it_changed(database) {
        let site = Site::new(&database).await;
        let first = push(&site, "shop", TEXT).await.with_status(200);
        assert_eq!(first["changed"], true);
        assert_eq!(push(&site, "shop", TEXT).await.with_status(200)["changed"], false, "the same text changes nothing");
        let second = push(&site, "shop", &TEXT.replace("users: 3", "users: 5")).await.with_status(200);

        let shown = site.get("/api/v1/suites/shop").await.with_status(200);
        let versions: Vec<&Value> = shown["versions"].as_array().unwrap().iter().map(|row| &row["version"]).collect();
        assert_eq!(versions, [&second["version"], &first["version"]]);
        let lines = shown["before"]["lines"].as_array().unwrap();
        let of = |change: &str| lines.iter().filter(|line| line["change"] == change).count();
        assert_eq!((of("added"), of("removed")), (1, 1));

        let older = first["version"].as_str().unwrap();
        let earlier = site.get(&format!("/api/v1/suites/shop?version={}", &older[..7])).await.with_status(200);
        assert!(earlier["text"].as_str().unwrap().contains("users: 3"));
        site.get("/api/v1/suites/shop?version=0000000").await.problem(404, "suite_version.not_found");
        let names: Vec<Value> = site.get("/suites.json").await.with_status(200).as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
        assert_eq!(names, ["probe", "shop"]);
        let page = site.get("/suites/shop").await;
        for text in ["The shop", "What ", "users: 5", "/launch?suite=shop"] {
            assert!(page.text().contains(text), "{text}: {}", page.text());
        }
    }

    async fn a_text_that_is_wrong_is_refused_with_every_place_and_nothing_is_kept(database) {
        let site = Site::new(&database).await;
        let wrong = TEXT.replace("users: 3", "usrs: 3").replace("duration: 5s", "durration: 5s");
        let refused = push(&site, "shop", &wrong).await.problem(422, "suite.invalid");
        let fields: Vec<&str> = refused["fields"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
        assert!(fields.len() >= 2 && fields.iter().all(|field| field.starts_with("9:")), "{refused}");
        let checked = site.post("/api/v1/suite-check", &json!({"text": wrong})).await.with_status(200);
        assert_eq!(checked["suite"], Value::Null);
        assert_eq!(checked["errors"].as_array().unwrap().len(), fields.len());
        site.get("/api/v1/suites/shop").await.problem(404, "suite.not_found");
        push(&site, "store", TEXT).await.problem(422, "suite.other");
        site.post("/api/v1/suite-check", &json!({"text": "a: [b"})).await.with_status(200);
    }

    async fn what_was_typed_survives_an_error_and_becomes_a_version_once_it_is_right(database) {
        let site = Site::new(&database).await;
        let wrong = TEXT.replace("users: 3", "usrs: 3");
        let page = draft(&site, &[("project", "MITA"), ("text", &wrong), ("then", "save")]).await;
        assert!(page.starts_with("/drafts/"), "{page}");
        let shown = site.get(&page).await;
        for text in ["usrs: 3", "did you mean `users`?", "Line 9"] {
            assert!(shown.text().contains(text), "{text}: {}", shown.text());
        }
        let id = page.trim_start_matches("/drafts/").to_owned();
        let text = TEXT.replace('\n', "\r\n");
        let saved = draft(&site, &[("id", &id), ("project", "MITA"), ("text", &text), ("then", "save")]).await;
        assert_eq!(saved, "/suites/shop");
        let suite = site.get("/api/v1/suites/shop").await.with_status(200);
        assert_eq!(suite["text"], TEXT, "line breaks of forms are not those of files");
        assert_eq!(site.get(&page).await.status.as_u16(), 404);
        assert!(site.get("/drafts/new?suite=shop").await.text().contains("The shop"));
        assert_eq!(site.get("/drafts/rubbish").await.status.as_u16(), 404);
    }

    async fn brought_files_become_a_draft_with_their_data(database) {
        let site = Site::new(&database).await;
        let with_data = TEXT.replace("flows:\n", "feeds:\n  users: {file: users.csv, order: unique}\nflows:\n");
        let bring = async |files: &[(&str, &str)]| {
            let mut body = String::new();
            for (name, content) in files {
                body += &format!(
                    "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
                );
            }
            body += "--x--\r\n";
            let post = request("POST", "/action/suites/upload", Body::from(body));
            site.send(with(post, "content-type", "multipart/form-data; boundary=x")).await
        };
        let alone = bring(&[("shop.yaml", &with_data)]).await;
        let page = site.get(alone.header("location")).await;
        assert!(page.text().contains("the file `users.csv` is not there"), "{}", page.text());
        let both = bring(&[("../shop.yaml", &with_data), ("users.csv", "email\na@example.com\n")]).await;
        assert_eq!(both.status.as_u16(), 303);
        let page = site.get(both.header("location")).await;
        assert!(page.text().contains("It can be used") && page.text().contains("users.csv"), "{}", page.text());
        bring(&[("users.csv", "email\n")]).await.problem(400, "upload.unreadable");
        bring(&[("a.yaml", TEXT), ("b.yaml", TEXT)]).await.problem(400, "upload.unreadable");
    }
}
