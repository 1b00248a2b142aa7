//! What must not leave: secrets, tokens and the values of one user, whether in reports or to another place.
//!
//! Each test starts small servers of its own and carries out a short open run against them inside this process.

use std::collections::BTreeMap;

use perflab_model::{
    environment::AllowedTarget,
    flow::{Auth, Body, Check, Extract, ExtractFrom, Request, StatusMatch, Step},
    plan::Plan,
    runner::Ending,
    unit::Millis,
};
use rstest::rstest;

use crate::{
    server::{Answer, Server, path},
    support::{self, Outcome, constant_rate, get, plan, request},
};

const SECRET: &str = "s3cret-0123456789abcdef";

/// Carries out a plan of a second with ten starts.
fn ten(server: &Server, steps: Vec<Step>, change: impl FnOnce(&mut Plan)) -> Outcome {
    let mut plan = plan(&server.url(), constant_rate(10.0, 1, 16), steps);
    plan.graceful_stop = Millis::from_secs(5);
    change(&mut plan);
    let secrets = BTreeMap::from([("LOAD_PW".to_owned(), SECRET.to_owned())]);
    support::carry_out(plan, perflab_engine::Settings { secrets, ..Default::default() })
}

/// Everything that was said, ticks aside.
fn said(outcome: &Outcome) -> String {
    format!("{:?} {:?}", outcome.rest, outcome.done)
}

fn oops(body: &str) -> Answer {
    Answer::Whole(format!("HTTP/1.1 500 Oops\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

fn failures(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (code, count) in outcome.ticks.iter().flat_map(|tick| &tick.point.errors) {
        *all.entry(code.clone()).or_default() += count;
    }
    all
}

fn take(var: &str, pointer: &str) -> Extract {
    Extract { var: var.to_owned(), from: ExtractFrom::JsonPointer(pointer.to_owned()), required: true }
}

fn header(name: &str, value: &str) -> (String, perflab_model::template::Template) {
    (name.to_owned(), value.parse().expect("a template"))
}

fn log_in(plan: &mut Plan, login: Request) {
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login,
        bearer_from: "/access_token".to_owned(),
        refresh_on: Some(401),
        prefetch: 0,
        once: false,
    });
    plan.classes[0].auth = Some("token".to_owned());
}

/// Lets the plan send to this server as well.
fn allow(plan: &mut Plan, server: &Server) {
    let listed = url::Url::parse(&server.url()).expect("a URL");
    plan.environment.allow.push(AllowedTarget::of_host("127.0.0.1", listed.port()).expect("an entry"));
}

#[test]
fn a_log_in_that_is_answered_otherwise_than_expected_does_not_show_its_token() {
    let server = Server::always(Answer::body(r#"{"access_token": "eyJhbGciOi-token-of-a-user"}"#));
    let created = Request { checks: vec![Check::Status(vec![StatusMatch::Code(201)])], ..get("login", "/login") };
    let outcome = ten(&server, vec![request(get("a", "/"))], |plan| log_in(plan, created));
    assert_eq!(failures(&outcome).keys().collect::<Vec<_>>(), ["check.status"]);
    assert!(!said(&outcome).contains("eyJhbG"), "{}", said(&outcome));
}

#[test]
fn a_value_taken_from_an_answer_is_masked_where_a_later_answer_repeats_it() {
    let server = Server::new(|head| match path(head) {
        "/item" => Answer::body(r#"{"session": "abcdefgh-12345678"}"#),
        _ => oops("no session abcdefgh-12345678 is here"),
    });
    let first = Request { extract: vec![take("session", "/session")], ..get("a", "/item") };
    let outcome = ten(&server, vec![request(first), request(get("b", "/use"))], |_| {});
    assert!(!said(&outcome).contains("abcdefgh"), "{}", said(&outcome));
    assert!(said(&outcome).contains("no session [secret] is"), "{}", said(&outcome));
}

#[rstest]
#[case::where_examples_are_cut(190)]
#[case::where_bodies_are_cut(500)]
fn a_secret_that_lies_across_a_cut_does_not_leave_its_head(#[case] before: usize) {
    let server = Server::always(oops(&format!("{}{SECRET}", ".".repeat(before))));
    let authorised = Request { headers: vec![header("x-key", "${secret.LOAD_PW}")], ..get("a", "/") };
    let outcome = ten(&server, vec![request(authorised)], |_| {});
    assert!(said(&outcome).contains("...."), "{}", said(&outcome));
    assert!(!said(&outcome).contains("s3cre"), "{}", said(&outcome));
}

#[rstest]
#[case::host("Host")]
#[case::run("x-perflab-run")]
#[case::allow("X-Perflab-Allow")]
#[case::length("content-length")]
#[case::framing("Transfer-Encoding")]
#[case::connection("connection")]
fn headers_that_say_where_and_how_a_request_goes_are_not_a_suites_to_set(#[case] name: &str) {
    let server = Server::always(Answer::body("ok"));
    let of_request = Request { headers: vec![header(name, "x")], ..get("a", "/") };
    let outcome = ten(&server, vec![request(of_request)], |_| {});
    assert!(matches!(&outcome.done().ending, Ending::Failed { code, .. } if code == "plan.invalid"), "{outcome:?}");
    let outcome = ten(&server, vec![request(get("a", "/"))], |plan| plan.classes[0].headers = vec![header(name, "x")]);
    assert!(matches!(&outcome.done().ending, Ending::Failed { code, .. } if code == "plan.invalid"), "{outcome:?}");
    assert_eq!(server.connections(), 0);
}

#[rstest]
#[case::no_port("https://h:${secret.LOAD_PW}/")]
#[case::not_listed("https://${secret.LOAD_PW}.example/")]
fn an_address_that_cannot_be_used_is_told_without_the_secret_in_it(#[case] address: &str) {
    let server = Server::always(Answer::body("ok"));
    let outcome = ten(&server, vec![request(get("a", address))], |_| {});
    assert!(matches!(outcome.done().ending, Ending::Failed { .. }), "{outcome:?}");
    assert!(!said(&outcome).contains("s3cret"), "{}", said(&outcome));
}

#[test]
fn what_belongs_to_one_place_does_not_follow_a_redirect_to_another() {
    let other = Server::always(Answer::body("ok"));
    let elsewhere = other.url();
    let server = Server::new(move |head| match path(head) {
        "/start" => Answer::Whole(
            "HTTP/1.1 200 OK\r\nset-cookie: sid=abc; Path=/\r\ncontent-length: 18\r\n\r\n{\"csrf\": \"c5rf-1\"}"
                .to_owned(),
        ),
        _ => Answer::redirect(302, &elsewhere),
    });
    let start = Request { extract: vec![take("csrf", "/csrf")], ..get("a", "/start") };
    let headers = [
        ("authorization", "Bearer t0ken"),
        ("x-api-key", "${secret.LOAD_PW}"),
        ("x-csrf", "${csrf}"),
        ("x-platform", "mobile"),
    ];
    let go = Request { headers: headers.iter().map(|(name, value)| header(name, value)).collect(), ..get("b", "/go") };
    let outcome = ten(&server, vec![request(start), request(go)], |plan| allow(plan, &other));
    assert_eq!(failures(&outcome), BTreeMap::new());
    let sent = server.heads().into_iter().find(|head| path(head) == "/go").expect("it was asked for").to_lowercase();
    for own in ["bearer t0ken", "cookie: sid=abc", SECRET, "c5rf-1", "x-platform: mobile"] {
        assert!(sent.contains(own), "{own}: {sent}");
    }
    assert!(!other.heads().is_empty());
    for head in other.heads() {
        let head = head.to_lowercase();
        for kept in ["t0ken", "cookie", "s3cret", "c5rf"] {
            assert!(!head.contains(kept), "{kept}: {head}");
        }
        assert!(head.contains("x-platform: mobile") && head.contains("x-perflab-run: "), "{head}");
        assert!(head.contains(&format!("host: {}", other.authority())), "{head}");
    }
}

#[test]
fn a_redirect_that_would_carry_a_users_values_to_another_place_is_not_followed() {
    let other = Server::always(Answer::body("ok"));
    let elsewhere = other.url();
    let server = Server::new(move |_| Answer::redirect(307, &elsewhere));
    let post = |json| Request { method: "POST".to_owned(), body: Body::Json(json), ..get("a", "/") };
    let private = post(serde_json::json!({"password": "${secret.LOAD_PW}"}));
    let outcome = ten(&server, vec![request(private)], |plan| allow(plan, &other));
    assert_eq!(failures(&outcome), BTreeMap::from([("redirect.blocked".to_owned(), 10)]));
    assert_eq!(other.connections(), 0);
    let public = post(serde_json::json!({"amount": "${int(1,9)}"}));
    let outcome = ten(&server, vec![request(public)], |plan| allow(plan, &other));
    assert_eq!((failures(&outcome), other.heads().len()), (BTreeMap::new(), 10));
}

#[test]
fn what_a_redirect_has_turned_into_a_visit_carries_nothing_any_more_and_is_followed() {
    let other = Server::always(Answer::body("ok"));
    let elsewhere = other.url();
    let server = Server::new(move |head| match path(head) {
        "/done" => Answer::redirect(302, &elsewhere),
        _ => Answer::redirect(303, "/done"),
    });
    let body = Body::Json(serde_json::json!({"password": "${secret.LOAD_PW}"}));
    let post = Request { method: "POST".to_owned(), body, ..get("a", "/") };
    let outcome = ten(&server, vec![request(post)], |plan| allow(plan, &other));
    assert_eq!(failures(&outcome), BTreeMap::new());
    assert_eq!(other.requests().into_iter().filter(|(_, body)| body.is_empty()).count(), 10);
}

#[test]
fn a_cookie_goes_back_to_the_port_that_set_it_only() {
    let other = Server::always(Answer::body("ok"));
    let elsewhere = other.url();
    let server = Server::always(Answer::with_header("set-cookie", "sid=abc; Path=/"));
    let steps = vec![request(get("a", "/in")), request(get("b", &elsewhere)), request(get("c", "/again"))];
    ten(&server, steps, |plan| allow(plan, &other));
    assert!(other.heads().iter().all(|head| !head.to_lowercase().contains("cookie")));
    let again: Vec<String> = server.heads().into_iter().filter(|head| path(head) == "/again").collect();
    assert_eq!(again.len(), 10);
    assert!(again.iter().all(|head| head.to_lowercase().contains("cookie: sid=abc")));
}
