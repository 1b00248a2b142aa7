//! Faults on demand over real HTTP. Only the last test asserts times, against the closed form of the stall.

use std::time::{Duration, Instant};

use crate::visitor::{Visitor, config, visit};
use perflab_mita::{AccessCounts, BackgroundTarget};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn faulty(faults: Value) -> Visitor {
    let visitor = visit().await;
    let (status, report) = visitor.post("/_faults", faults).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    visitor
}

async fn probe(visitor: &Visitor) -> reqwest::Result<reqwest::Response> {
    visitor.client.get(format!("{}/_probe", visitor.target.url())).send().await
}

#[tokio::test]
async fn faults_are_told_and_can_be_taken_back() {
    let visitor = faulty(json!({ "errors": { "rate": 1, "status": 502 } })).await;
    assert_eq!(probe(&visitor).await.unwrap().status(), StatusCode::BAD_GATEWAY);
    let (_, report) = visitor.get("/_faults").await;
    assert_eq!(report["faults"]["errors"], json!({ "rate": 1.0, "status": 502 }));
    visitor.post("/_faults", json!({})).await;
    assert_eq!(probe(&visitor).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn faults_that_make_no_sense_change_nothing() {
    let visitor = faulty(json!({ "errors": { "rate": 1 } })).await;
    for wrong in [json!({ "errors": { "rate": 2 } }), json!({ "erors": {} })] {
        assert_eq!(visitor.post("/_faults", wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(probe(&visitor).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn faults_keep_to_their_paths_and_spare_the_controls() {
    let visitor = faulty(json!({ "path_prefix": "/health", "errors": { "rate": 1 } })).await;
    assert_eq!(visitor.get("/health").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(probe(&visitor).await.unwrap().status(), StatusCode::OK);
    visitor.post("/_faults", json!({ "errors": { "rate": 1 } })).await;
    assert_eq!(visitor.get("/_stats").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_target_can_ask_load_generators_to_stop() {
    let visitor = faulty(json!({ "stop": true })).await;
    let answer = probe(&visitor).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["x-perflab-stop"], "1");
}

#[tokio::test]
async fn a_reset_connection_is_seen_as_a_reset() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let visitor = faulty(json!({ "resets": { "rate": 1 } })).await;
    let mut stream = tokio::net::TcpStream::connect(visitor.target.addr()).await.unwrap();
    stream.write_all(b"GET /_probe HTTP/1.1\r\nHost: target\r\n\r\n").await.unwrap();
    let error = stream.read(&mut [0; 100]).await.expect_err("no answer and no farewell");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(visitor.target.counts().reset, 1);
}

#[tokio::test]
async fn a_body_can_break_off_half_way() {
    let visitor = faulty(json!({ "truncated_body": { "rate": 1 } })).await;
    let answer = probe(&visitor).await.unwrap();
    assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, Some(11)));
    assert!(answer.bytes().await.is_err());
    assert_eq!(visitor.target.counts().truncated, 1);
}

#[tokio::test]
async fn a_slow_body_arrives_whole_and_in_pieces() {
    let visitor = faulty(json!({ "slow_body": { "chunk_bytes": 4, "every_ms": 20 } })).await;
    let mut answer = probe(&visitor).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces.push(piece);
    }
    assert_eq!(pieces.concat(), br#"{"ok":true}"#);
    assert!(pieces.len() > 1, "{pieces:?}");
}

#[tokio::test]
async fn a_hanging_request_ends_with_its_client_and_does_not_keep_the_target_from_stopping() {
    let visitor = faulty(json!({ "hang": { "rate": 1 } })).await;
    let hanging = tokio::spawn(visitor.client.get(format!("{}/_probe", visitor.target.url())).send());
    while visitor.target.counts().arrived < 2 {
        tokio::task::yield_now().await;
    }
    hanging.abort();
    while visitor.target.counts().abandoned < 1 {
        tokio::task::yield_now().await;
    }
    let hanging = tokio::spawn(visitor.client.get(format!("{}/_probe", visitor.target.url())).send());
    while visitor.target.counts().arrived < 3 {
        tokio::task::yield_now().await;
    }
    visitor.target.stop().await;
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn a_target_on_threads_of_its_own_answers_and_stops() {
    let background = BackgroundTarget::start(config(), 1).unwrap();
    let url = format!("{}/_probe", background.target().url());
    assert_eq!(reqwest::get(&url).await.unwrap().status(), StatusCode::OK);
    drop(background);
    assert!(reqwest::get(&url).await.is_err());
}

#[tokio::test]
async fn the_phase_of_a_stall_is_told() {
    let stall = json!({ "sleep_ms": 0, "period_ms": 3_600_000, "freeze_ms": 10, "start_phase_ms": 1_800_000 });
    let visitor = faulty(json!({ "stall": stall })).await;
    let report = visitor.target.faults();
    let (phase, next) = (report.phase_ms.unwrap(), report.next_freeze_in_ms.unwrap());
    assert!(phase >= 1_800_000.0, "{phase}");
    assert!((phase + next - 3_600_000.0).abs() < 0.001, "{phase} + {next}");
}

#[tokio::test]
async fn counts_hold_when_errors_and_resets_are_mixed() {
    let visitor =
        faulty(json!({ "seed": 5, "errors": { "rate": 0.3, "status": 503 }, "resets": { "rate": 0.2 } })).await;
    let (mut served, mut failed) = (0, 0);
    for _ in 0..200 {
        // reqwest may try again by itself when a kept connection is reset; the target counts each try.
        match probe(&visitor).await.map(|answer| answer.status().as_u16()) {
            Ok(200) => served += 1,
            Ok(503) => failed += 1,
            Ok(status) => panic!("{status} was not ordered"),
            Err(_) => {}
        }
    }
    let AccessCounts { arrived, reset, .. } = visitor.target.counts();
    let counts = visitor.target.counts();
    assert_eq!(counts.count("GET", "/_probe", 200), served);
    assert_eq!(counts.count("GET", "/_probe", 503), failed);
    assert_eq!(arrived, served + failed + reset + 1, "one POST /_faults");
    assert!(reset > 0 && failed > 0 && served > 0);
}

/// 600 clients over two periods: each answer takes what the closed form says for the instant of its arrival.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_holds_600_requests_to_the_closed_form() {
    const PERIOD_MS: f64 = 1000.0;
    const FREEZE_MS: f64 = 200.0;
    const SLEEP_MS: f64 = 50.0;
    let stall = json!({ "sleep_ms": SLEEP_MS, "period_ms": PERIOD_MS, "freeze_ms": FREEZE_MS, "start_phase_ms": 500 });
    let visitor = faulty(json!({ "stall": stall })).await;
    let url = format!("{}/_probe", visitor.target.url());
    let begin = Instant::now();
    let tasks: Vec<_> = (0..600_u32)
        .map(|number| {
            let (client, url) = (visitor.client.clone(), url.clone());
            tokio::spawn(async move {
                // Spread over two seconds, so that both freezes and both thaws are met.
                tokio::time::sleep(Duration::from_micros(u64::from(number) * 3333)).await;
                let sent = Instant::now();
                let answer = client.get(url).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
                answer.bytes().await.unwrap();
                sent.elapsed().as_secs_f64() * 1000.0
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.push(task.await.unwrap());
    }
    assert!(begin.elapsed() > Duration::from_secs(2));
    took.sort_by(f64::total_cmp);
    // A fifth arrives in a freeze and waits 0 to 200 ms more.
    let quantile = |q: f64| SLEEP_MS + PERIOD_MS * (q - (1.0 - FREEZE_MS / PERIOD_MS)).max(0.0);
    for (q, index) in [(0.5, 300), (0.9, 540), (0.95, 570)] {
        assert!((took[index] - quantile(q)).abs() < 15.0, "Q({q}) is {}, expected {}", took[index], quantile(q));
    }
    assert!(took[0] >= SLEEP_MS, "{}", took[0]);
    let report = visitor.target.faults();
    assert_eq!((report.lateness.holds, report.holding), (600, 0));
}
