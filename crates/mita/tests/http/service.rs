//! The financial service over real HTTP: every path that the load users call.

use crate::visitor::{PASSWORD, config, visit};
use perflab_mita::{Config, DataPlace, Target, TargetError};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case("loadtest10000@example.com")]
#[case("heavy10001@example.com")]
#[case("mobile10002@example.com")]
#[case("REPORTING10000@example.com")]
#[tokio::test]
async fn load_users_of_every_class_exist_from_the_start(#[case] email: &str) {
    let mut visitor = visit().await;
    let session = visitor.log_in(email).await;
    assert_eq!(session["expires_in"], 7200);
    let (status, list) = visitor.get("/api/transactions").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(list["transactions"].as_array().unwrap().len(), 12);
}

#[rstest]
#[case("/api/budget/current", "/lines/10/planned")]
#[case("/api/budget/analysis", "/lines/0/difference")]
#[case("/api/transactions?month=current", "/transactions/0/amount")]
#[case("/api/goals", "/goals/1/target")]
#[case("/api/insights/financial", "/cohort")]
#[case("/api/insights/trends", "/months/0/total")]
#[case("/api/calendar/current", "/days/27/planned")]
#[case("/api/analytics/spending-patterns", "/weekdays/6/total")]
#[case("/api/analytics/monthly-summary", "/spent")]
#[case("/api/users/profile", "/annual_income")]
#[tokio::test]
async fn a_page_answers_its_user_and_nobody_else(#[case] path: &str, #[case] pointer: &str) {
    let mut visitor = visit().await;
    let (status, problem) = visitor.get(path).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("token.missing")));
    visitor.token = Some("not.a.token.at.all".to_owned());
    let (status, problem) = visitor.get(path).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("token.invalid")));
    visitor.log_in("loadtest10000@example.com").await;
    let (status, page) = visitor.get(path).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer} in {page}");
}

#[tokio::test]
async fn whoever_registers_is_logged_in_and_gets_a_budget() {
    let mut visitor = visit().await;
    let new = json!({ "email": "new@example.com", "password": "Fresh123", "country": "US", "state": "CA",
        "annual_income": 60000, "timezone": "America/Los_Angeles" });
    let (status, session) = visitor.post("/api/auth/register", new.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    visitor.token = session["access_token"].as_str().map(str::to_owned);
    let (_, budget) = visitor.get("/api/budget/current").await;
    assert_eq!(budget["tier"], "lower_middle");
    assert_eq!(budget["income"], 5000.0);
    assert_eq!(budget["fixed"], 2250.0);
    let (_, goals) = visitor.get("/api/goals").await;
    assert_eq!(goals["goals"][0]["target"], 15000.0);

    let (status, problem) = visitor.post("/api/auth/register", new).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("user.exists")));
}

#[rstest]
#[case(json!({ "email": "nobody", "password": "Fresh123" }), "email")]
#[case(json!({ "email": "a@b.example", "password": "short" }), "password")]
#[case(json!({ "email": "a@b.example", "password": "Fresh123", "country": "USA" }), "country")]
#[case(json!({ "email": "a@b.example", "password": "Fresh123", "annual_income": -1 }), "annual_income")]
#[case(json!({ "password": "Fresh123" }), "email")]
#[tokio::test]
async fn a_registration_that_makes_no_sense_names_the_field(#[case] body: Value, #[case] field: &str) {
    let visitor = visit().await;
    let (status, problem) = visitor.post("/api/auth/register", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["message"].as_str().unwrap().contains(field), "{problem}");
}

#[tokio::test]
async fn an_expense_is_kept_and_counts() {
    let mut visitor = visit().await;
    visitor.log_in("loadtest10000@example.com").await;
    let (_, before) = visitor.get("/api/analytics/monthly-summary").await;
    let (status, expense) = visitor
        .post(
            "/api/expenses",
            json!({ "amount": 12.34, "category": "transport", "description": "tram", "payment_method": "card" }),
        )
        .await;
    assert_eq!(status, StatusCode::CREATED, "{expense}");
    assert!(expense["id"].is_i64());
    let (_, list) = visitor.get("/api/transactions?month=current&limit=1").await;
    assert_eq!(list["transactions"][0]["id"], expense["id"]);
    assert_eq!(list["transactions"][0]["category"], "transportation");
    assert_eq!(list["transactions"][0]["amount"], 12.34);
    let (_, after) = visitor.get("/api/analytics/monthly-summary").await;
    let cents = |summary: &Value| (summary["spent"].as_f64().unwrap() * 100.0).round();
    assert_eq!(cents(&after) - cents(&before), 1234.0);
}

#[rstest]
#[case(json!({ "amount": 0 }), "amount")]
#[case(json!({ "amount": 100_000.01 }), "amount")]
#[case(json!({ "category": "food" }), "amount")]
#[case(json!({ "amount": 1, "category": "yachts" }), "yachts")]
#[case(json!({ "amount": 1, "payment_method": "barter" }), "barter")]
#[case(json!({ "amount": 1, "date": "tomorrow" }), "date")]
#[case(json!({ "amount": 1, "date": "2999-01-01" }), "date")]
#[case(json!({ "amount": 1, "description": "x".repeat(501) }), "description")]
#[tokio::test]
async fn an_expense_that_makes_no_sense_names_what_is_wrong(#[case] body: Value, #[case] named: &str) {
    let mut visitor = visit().await;
    visitor.log_in("loadtest10000@example.com").await;
    let (status, problem) = visitor.post("/api/expenses", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert!(problem["message"].as_str().unwrap().contains(named), "{problem}");
}

#[tokio::test]
async fn pages_of_a_list_show_every_transaction_once() {
    let mut visitor = visit().await;
    visitor.log_in("loadtest10000@example.com").await;
    let mut ids = Vec::new();
    let mut path = "/api/transactions?limit=5".to_owned();
    loop {
        let (status, page) = visitor.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        ids.extend(page["transactions"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/transactions?limit=5&cursor={next}");
    }
    assert_eq!(ids.len(), 12);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 12);
    let (status, _) = visitor.get("/api/transactions?limit=101").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_changed_income_changes_the_budget() {
    let mut visitor = visit().await;
    visitor.log_in("loadtest10002@example.com").await;
    let change = json!({ "annual_income": 120_000, "timezone": "America/Chicago" });
    let (status, profile) = visitor.send(Method::PUT, "/api/users/profile", Some(change)).await;
    assert_eq!(status, StatusCode::OK, "{profile}");
    assert_eq!(profile["timezone"], "America/Chicago");
    let (_, budget) = visitor.get("/api/budget/current").await;
    assert_eq!((&budget["income"], &budget["fixed"]), (&json!(10_000.0), &json!(4500.0)));
}

#[tokio::test]
async fn a_logged_out_token_is_refused_and_a_refresh_token_works_once() {
    let mut visitor = visit().await;
    let session = visitor.log_in("loadtest10000@example.com").await;
    let (status, _) = visitor.send(Method::POST, "/api/auth/logout", None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, problem) = visitor.get("/api/goals").await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("token.revoked")));

    let refresh = json!({ "refresh_token": session["refresh_token"] });
    let (status, fresh) = visitor.post("/api/auth/refresh", refresh.clone()).await;
    assert_eq!(status, StatusCode::OK, "{fresh}");
    visitor.token = fresh["access_token"].as_str().map(str::to_owned);
    assert_eq!(visitor.get("/api/goals").await.0, StatusCode::OK);
    assert_eq!(visitor.post("/api/auth/refresh", refresh).await.0, StatusCode::UNAUTHORIZED);
    // A refresh token opens no page.
    visitor.token = fresh["refresh_token"].as_str().map(str::to_owned);
    assert_eq!(visitor.get("/api/goals").await.1["code"], "token.kind");
}

#[tokio::test]
async fn five_bad_passwords_lock_the_account() {
    let visitor = visit().await;
    let wrong = json!({ "email": "heavy10000@example.com", "password": "Wrong123" });
    for _ in 0..5 {
        assert_eq!(visitor.post("/api/auth/login", wrong.clone()).await.0, StatusCode::UNAUTHORIZED);
    }
    let right = json!({ "email": "heavy10000@example.com", "password": PASSWORD });
    assert_eq!(visitor.post("/api/auth/login", right).await.0, StatusCode::LOCKED);
    let unknown = json!({ "email": "nobody@example.com", "password": "Wrong123" });
    assert_eq!(visitor.post("/api/auth/login", unknown).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_json() {
    let visitor = visit().await;
    assert_eq!(visitor.get("/api/nothing").await.0, StatusCode::NOT_FOUND);
    assert_eq!(visitor.post("/api/goals", json!({})).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(visitor.get("/health").await, (StatusCode::OK, json!({ "status": "healthy" })));
    assert_eq!(visitor.get("/").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_books_agree_with_what_the_client_saw() {
    let mut visitor = visit().await;
    visitor.log_in("loadtest10000@example.com").await;
    for _ in 0..7 {
        visitor.get("/api/goals").await;
    }
    visitor.get("/api/nothing/17").await;
    let (_, stats) = visitor.get("/_stats").await;
    let counts: perflab_mita::AccessCounts = serde_json::from_value(stats).unwrap();
    assert_eq!(counts.count("POST", "/api/auth/login", 200), 1);
    assert_eq!(counts.count("GET", "/api/goals", 200), 7);
    assert_eq!(counts.count("GET", "(other)", 404), 1);
    assert_eq!((counts.arrived, counts.connections, counts.abandoned), (10, 1, 0));
}

#[tokio::test]
async fn data_and_logouts_survive_a_restart_in_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config {
        data: DataPlace::File(folder.path().join("mita.sqlite")),
        jwt_secret: Some(perflab_mita::Secret::new("the same key twice")),
        access_log: Some(folder.path().join("access.log")),
        ..config()
    };
    let mut visitor = visit().await;
    visitor.target = Target::start(config()).await.unwrap();
    visitor.log_in("loadtest10000@example.com").await;
    let (_, expense) = visitor.post("/api/expenses", json!({ "amount": 5 })).await;
    visitor.send(Method::POST, "/api/auth/logout", None).await;
    let restarted = Target::start(config()).await.unwrap();
    std::mem::replace(&mut visitor.target, restarted).stop().await;
    assert_eq!(visitor.get("/api/transactions").await.1["code"], "token.revoked");
    visitor.log_in("loadtest10000@example.com").await;
    let (_, list) = visitor.get("/api/transactions?limit=100").await;
    let rows = list["transactions"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["id"]), (13, &expense["id"]));
    let log = std::fs::read_to_string(folder.path().join("access.log")).unwrap();
    assert!(log.lines().any(|line| line.contains(" POST /api/expenses 201 ")), "{log}");
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let config = Config { listen: ([0, 0, 0, 0], 0).into(), ..config() };
    let error = Target::start(config).await.expect_err("refused");
    assert!(matches!(error, TargetError::NotLoopback(_)));
    assert!(error.hint().is_some());
    assert!(error.to_string().contains("0.0.0.0"), "{error}");
}

#[tokio::test]
async fn h2c_clients_are_answered_too() {
    let visitor = visit().await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let answer = client.get(format!("{}/_probe", visitor.target.url())).send().await.unwrap();
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, reqwest::Version::HTTP_2));
}
