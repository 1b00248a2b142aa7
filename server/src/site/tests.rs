//! The site as a browser sees it, without a network.

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use rstest::rstest;
use tower::ServiceExt;

use super::{assets, router, with_headers};

fn site() -> Router {
    with_headers(router(|| {}))
}

async fn reply(request: Request<Body>) -> Response<Body> {
    site().oneshot(request).await.expect("a router always answers")
}

async fn text(reply: Response<Body>) -> String {
    let bytes = reply.into_body().collect().await.expect("a page is complete").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("a page is text")
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a valid request")
}

fn policy(reply: &Response<Body>) -> String {
    let policy = reply.headers().get(CONTENT_SECURITY_POLICY).expect("every reply has a policy");
    policy.to_str().expect("a policy is text").to_owned()
}

#[rstest]
#[case::a_page("/nowhere")]
#[case::a_file("/pkg/0/perflab.css")]
#[case::a_method_that_is_not_allowed("/csp-report")]
#[tokio::test]
async fn every_reply_carries_the_protecting_headers(#[case] path: &str) {
    let reply = reply(get(path)).await;
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "permissions-policy",
        "cache-control",
    ] {
        assert!(reply.headers().contains_key(name), "{path} has no {name}");
    }
    assert!(policy(&reply).contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_page_with_status_404() {
    let reply = reply(get("/no/such/page")).await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    assert_eq!(reply.headers()[CACHE_CONTROL], "no-store");
    let page = text(reply).await;
    assert!(page.contains("<title>Not found · perflab</title>"), "{page}");
    assert!(page.contains("There is no page at this address."), "{page}");
}

#[tokio::test]
async fn only_scripts_with_the_nonce_of_the_header_are_in_a_page_and_no_two_pages_share_one() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let reply = reply(get("/nowhere")).await;
        let policy = policy(&reply);
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        let page = text(reply).await;
        assert!(nonce.len() >= 22, "{policy}");
        for script in page.split("<script").skip(1) {
            assert!(script.split('>').next().unwrap_or_default().contains(nonce), "<script{script}");
        }
        assert!(page.contains("<script"), "{page}");
        seen.push(nonce.to_owned());
    }
    assert_ne!(seen[0], seen[1]);
}

#[rstest]
#[case::dark("perflab_theme=dark", Some("dark"))]
#[case::system("perflab_theme=system", None)]
#[tokio::test]
async fn a_page_has_its_theme_from_the_first_byte(#[case] cookie: &str, #[case] theme: Option<&str>) {
    let request = Request::get("/nowhere").header(COOKIE, cookie).body(Body::empty()).expect("a valid request");
    let page = text(reply(request).await).await;
    let root = page.split("<html").nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default().to_owned();
    assert_eq!(root.split("data-theme=\"").nth(1).and_then(|rest| rest.split('"').next()), theme, "{root}");
}

#[tokio::test]
async fn the_theme_can_be_chosen_without_scripts() {
    let request = Request::post("/theme")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("back=%2Fnowhere&theme=dark"))
        .expect("a valid request");
    let reply = reply(request).await;
    assert_eq!(reply.status(), StatusCode::SEE_OTHER);
    assert_eq!(reply.headers()[LOCATION], "/nowhere");
    assert!(reply.headers()[SET_COOKIE].to_str().unwrap_or_default().starts_with("perflab_theme=dark;"));
}

#[tokio::test]
async fn a_page_of_another_build_gets_no_files_of_this_one() {
    let reply = reply(get("/pkg/another/perflab.css")).await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_name_files_by_the_build_that_serves_them() {
    let page = text(reply(get("/nowhere")).await).await;
    assert!(page.contains(&format!("/pkg/{}/perflab.css", assets::build())), "{page}");
}

#[rstest]
#[case::a_report(r#"{"csp-report":{"blocked-uri":"inline"}}"#.to_owned(), StatusCode::NO_CONTENT)]
#[case::anything_else("hello".to_owned(), StatusCode::BAD_REQUEST)]
#[case::too_large("x".repeat(100_000), StatusCode::PAYLOAD_TOO_LARGE)]
#[tokio::test]
async fn a_report_of_blocked_content_is_taken(#[case] body: String, #[case] status: StatusCode) {
    let request = Request::post("/csp-report")
        .header("content-type", "application/csp-report")
        .body(Body::from(body))
        .expect("a valid request");
    assert_eq!(reply(request).await.status(), status);
}
