//! What happens to requests on the wire: errors by code, redirects, cookies, bodies, connections and HTTP/2.
//!
//! Each test starts a small server of its own and carries out a short open run against it inside this process.

use std::{collections::BTreeMap, time::Duration};

use perflab_model::{
    flow::{Body, Check, Extract, ExtractFrom, JsonTest, Request, StatusMatch, Step},
    plan::Plan,
    runner::{Ending, Report},
    unit::Millis,
};
use rstest::rstest;

use crate::{
    server::{self, Answer, Server, path},
    support::{self, Outcome, constant_rate, get, plan, request},
};

/// Carries out a plan of a second with ten starts.
fn ten(server: &Server, steps: Vec<Step>, change: impl FnOnce(&mut Plan)) -> Outcome {
    let mut plan = plan(&server.url(), constant_rate(10.0, 1, 16), steps);
    plan.graceful_stop = Millis::from_secs(5);
    change(&mut plan);
    support::carry_out(plan, perflab_engine::Settings::default())
}

fn codes(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for tick in &outcome.ticks {
        for (code, count) in &tick.point.errors {
            *all.entry(code.clone()).or_default() += count;
        }
    }
    all
}

fn only(code: &str, count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(code.to_owned(), count)])
}

fn names(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for request in outcome.ticks.iter().flat_map(|tick| &tick.requests) {
        *all.entry(request.name.clone()).or_default() +=
            request.outcomes.iter().map(|outcome| outcome.count).sum::<u64>();
    }
    all
}

#[rstest]
#[case::server_error(Answer::status(500), "http.5xx")]
#[case::not_found(Answer::status(404), "http.4xx")]
#[case::no_answer(Answer::Close, "connect.reset")]
#[case::reset(Answer::Reset, "connect.reset")]
#[case::silence(Answer::Hang, "timeout.read")]
#[case::half_a_body(
    Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", Duration::ZERO),
    "body.truncated"
)]
#[case::stuck_body(
    Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", Duration::from_secs(3)),
    "timeout.read"
)]
#[case::no_http(Answer::Raw("SSH-2.0-OpenSSH_9.6\r\n", Duration::ZERO), "proto.http")]
#[case::half_a_head(Answer::Raw("HTTP/1.1 200 OK\r\ncontent-le", Duration::ZERO), "connect.reset")]
#[case::false_gzip(
    Answer::Raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope", Duration::ZERO),
    "body.encoding"
)]
#[case::too_large(Answer::body(&"x".repeat(20_000)), "body.too_large")]
fn each_kind_of_failure_has_its_code(#[case] answer: Answer, #[case] code: &str) {
    let server = Server::always(answer);
    let outcome = ten(&server, vec![request(get("a", "/"))], |plan| {
        // Short only where silence is what is waited for: elsewhere a slow machine would be taken for it.
        if code == "timeout.read" {
            plan.http.read_timeout = Millis::new(200);
        }
        plan.http.max_body_bytes = 10_000;
    });
    assert_eq!(codes(&outcome), only(code, 10));
    assert_eq!(outcome.sum(|tick| tick.point.failed), 10);
    assert_eq!(outcome.done().ending, Ending::Completed);
    let examples = outcome.rest.iter().filter(|report| matches!(report, Report::Example(_))).count();
    assert!((1..=3).contains(&examples), "{examples}");
}

#[test]
fn a_port_where_nobody_listens_refuses_and_the_run_ends_as_planned() {
    let server = Server::always(Answer::body("ok"));
    let url = server.url();
    drop(server);
    let outcome = support::carry_out(
        plan(&url, constant_rate(10.0, 1, 4), vec![request(get("a", "/"))]),
        perflab_engine::Settings::default(),
    );
    assert_eq!(codes(&outcome), only("connect.refused", 10));
    assert_eq!(outcome.done().ending, Ending::Completed);
}

#[test]
fn a_slow_body_that_never_pauses_for_long_ends_at_the_total_limit() {
    let server = Server::always(Answer::Trickle);
    let outcome = ten(&server, vec![request(get("a", "/"))], |plan| {
        // A hundred pieces fit into the silence that would be too long.
        plan.http.read_timeout = Millis::new(2_000);
        plan.http.total_timeout = Millis::new(2_500);
    });
    assert_eq!(codes(&outcome), only("timeout.total", 10));
    let latency: Vec<_> = outcome.ticks.iter().filter_map(|tick| tick.point.latency).collect();
    assert!(!latency.is_empty(), "time-outs stay in the headline");
    assert!(latency.iter().all(|latency| latency.p50_us >= 2_500_000), "{latency:?}");
}

#[test]
fn a_limit_of_the_request_itself_goes_before_the_policys() {
    let server = Server::always(Answer::Hang);
    let limited = Request { timeout: Some(Millis::new(100)), ..get("a", "/") };
    let outcome = ten(&server, vec![request(limited)], |_| {});
    assert_eq!(codes(&outcome), only("timeout.total", 10));
}

#[test]
fn connections_are_kept_and_one_closed_by_the_server_costs_no_failure() {
    let server = Server::always(Answer::body("ok"));
    let outcome = ten(&server, vec![request(get("a", "/")), request(get("b", "/"))], |_| {});
    assert_eq!(codes(&outcome), BTreeMap::new());
    assert!(server.connections() < 20, "{}", server.connections());
    assert_eq!(outcome.sum(|tick| tick.point.connections), server.connections());

    let closing = Server::always(Answer::ThenClose("ok"));
    let outcome = ten(&closing, vec![request(get("a", "/"))], |_| {});
    assert_eq!(codes(&outcome), BTreeMap::new(), "a connection that was closed while idle is replaced before use");
    assert_eq!(closing.connections(), 10);
}

#[test]
fn without_reuse_each_request_has_a_connection_of_its_own() {
    let server = Server::always(Answer::body("ok"));
    let outcome = ten(&server, vec![request(get("a", "/"))], |plan| plan.http.reuse = false);
    assert_eq!(codes(&outcome), BTreeMap::new());
    assert_eq!(server.connections(), 10);
}

#[test]
fn every_request_says_who_we_are_and_which_run_this_is() {
    let server = Server::always(Answer::body("ok"));
    ten(&server, vec![request(get("a", "/x?y=1"))], |_| {});
    let head = server.heads().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get /x?y=1 http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nuser-agent: perflab/"), "{head}");
    assert!(head.contains("\r\nx-perflab-run: 00000000-0000-0000-0000-000000000000\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nhost: {}\r\n", server.authority())), "{head}");
}

#[test]
fn a_redirect_is_followed_and_counted_under_its_own_name() {
    let server = Server::new(|head| match path(head) {
        "/old" => Answer::redirect(302, "/new"),
        _ => Answer::body("arrived"),
    });
    let arrived = Request { checks: vec![Check::BodyContains("arrived".into())], ..get("a", "/old") };
    let outcome = ten(&server, vec![request(arrived)], |_| {});
    assert_eq!(codes(&outcome), BTreeMap::new());
    assert_eq!(names(&outcome), BTreeMap::from([("a".to_owned(), 10), ("a [redirect]".to_owned(), 10)]));
}

#[test]
fn a_redirect_that_the_suite_expects_is_not_followed() {
    let server = Server::always(Answer::redirect(302, "/new"));
    let wanted = Request { checks: vec![Check::Status(vec![StatusMatch::Code(302)])], ..get("a", "/") };
    let outcome = ten(&server, vec![request(wanted)], |_| {});
    assert_eq!((codes(&outcome), names(&outcome)), (BTreeMap::new(), BTreeMap::from([("a".to_owned(), 10)])));
}

#[test]
fn a_redirect_never_leads_to_a_place_that_is_not_allowed() {
    let stranger = Server::always(Answer::body("you should not be here"));
    let elsewhere = stranger.url();
    let server = Server::new(move |_| Answer::redirect(302, &elsewhere));
    let outcome = ten(&server, vec![request(get("a", "/"))], |_| {});
    assert_eq!(codes(&outcome), only("redirect.blocked", 10));
    assert_eq!(stranger.connections(), 0);
}

#[test]
fn redirects_in_a_circle_end_after_five() {
    let server = Server::always(Answer::redirect(307, "/again"));
    let outcome = ten(&server, vec![request(get("a", "/"))], |_| {});
    assert_eq!(codes(&outcome), only("redirect.loop", 10));
    assert_eq!(names(&outcome)["a [redirect]"], 50);
}

#[test]
fn cookies_belong_to_one_iteration() {
    let server = Server::new(|head| match path(head) {
        "/in" => Answer::with_header("set-cookie", "sid=1; Path=/"),
        _ => Answer::body("ok"),
    });
    let outcome = ten(&server, vec![request(get("a", "/in")), request(get("b", "/next"))], |_| {});
    assert_eq!(codes(&outcome), BTreeMap::new());
    for head in server.heads() {
        let has_cookie = head.to_ascii_lowercase().contains("cookie: sid=1");
        assert_eq!(has_cookie, path(&head) == "/next", "{head}");
    }
}

#[test]
fn values_taken_from_an_answer_are_sent_later_and_a_missing_one_ends_the_iteration() {
    let server = Server::new(|head| match path(head) {
        "/item" => Answer::body(r#"{"id": "a b/1", "n": 3}"#),
        _ => Answer::body("{}"),
    });
    let take = |var: &str, pointer: &str| Extract {
        var: var.to_owned(),
        from: ExtractFrom::JsonPointer(pointer.to_owned()),
        required: true,
    };
    let first = Request { extract: vec![take("id", "/id"), take("n", "/n")], ..get("a", "/item") };
    let second = Request {
        method: "POST".to_owned(),
        body: Body::Json(serde_json::json!({"n": "${n}", "k": "${int(5,5)}", "list": ["${id}", true]})),
        extract: vec![take("none", "/none")],
        ..get("b", "/use/${id}")
    };
    let steps = vec![request(first), request(second), request(get("never", "/never"))];
    let outcome = ten(&server, steps, |_| {});
    assert_eq!(codes(&outcome), only("extract.missing", 10));
    assert!(!names(&outcome).contains_key("never"));
    let (head, body) = server.requests().into_iter().find(|(head, _)| head.starts_with("POST")).expect("it was sent");
    assert!(head.starts_with("POST /use/a%20b/1 HTTP/1.1"), "{head}");
    assert_eq!(body, r#"{"n":"3","k":5,"list":["a b/1",true]}"#);
}

#[test]
fn a_failed_check_makes_the_request_fail_under_the_checks_name() {
    let server = Server::always(Answer::body(r#"{"ok": false}"#));
    let checked = Request {
        checks: vec![
            Check::Status(vec![StatusMatch::Code(200)]),
            Check::Json { pointer: "/ok".into(), test: JsonTest::Equals(true.into()) },
        ],
        ..get("a", "/")
    };
    let outcome = ten(&server, vec![request(checked)], |_| {});
    assert_eq!(codes(&outcome), only("check.json", 10));
    let all: Vec<_> = outcome.ticks.iter().flat_map(|tick| &tick.requests).flat_map(|one| &one.outcomes).collect();
    assert_eq!(all.iter().map(|one| one.checks_passed).sum::<u64>(), 10);
    assert_eq!(all.iter().map(|one| one.checks_failed).sum::<u64>(), 10);
}

#[test]
fn a_target_that_asks_to_be_left_alone_is_left_alone() {
    let server = Server::always(Answer::Raw(
        "HTTP/1.1 503 Service Unavailable\r\nx-perflab-stop: 1\r\ncontent-length: 0\r\n\r\n",
        Duration::ZERO,
    ));
    let mut plan = plan(&server.url(), constant_rate(20.0, 30, 4), vec![request(get("a", "/"))]);
    plan.graceful_stop = Millis::from_secs(5);
    let outcome = support::carry_out(plan, perflab_engine::Settings::default());
    assert_eq!(outcome.done().ending, Ending::TargetAsked);
    assert!(server.heads().len() <= 4, "{}", server.heads().len());
}

#[test]
fn http2_without_tls_carries_the_same_run() {
    let server = server::h2c();
    let mut plan = plan(&server.url, constant_rate(200.0, 1, 50), vec![request(get("a", "/hello"))]);
    plan.http.version = perflab_model::plan::HttpVersion::H2c;
    let outcome = support::carry_out(plan, perflab_engine::Settings::default());
    assert_eq!(codes(&outcome), BTreeMap::new());
    assert_eq!(outcome.sum(|tick| tick.point.finished), 200);
    assert_eq!(outcome.sum(|tick| tick.point.connections), 1);
}

#[test]
fn a_value_stays_one_value_wherever_in_the_url_it_stands() {
    let server = Server::new(|head| match path(head) {
        "/item" => Answer::body(r##"{"v": "a&b=c+d%41 #e", "next": "/page?x=%20&y=1#top"}"##),
        _ => Answer::body("ok"),
    });
    let take =
        |var: &str| Extract { var: var.to_owned(), from: ExtractFrom::JsonPointer(format!("/{var}")), required: true };
    let first = Request { extract: vec![take("v"), take("next")], ..get("a", "/item") };
    let steps = vec![
        request(first),
        request(get("b", "/search?q=${v}&n=1")),
        request(get("c", "/use/${v}/x%20y")),
        request(get("d", "${next}")),
    ];
    let outcome = ten(&server, steps, |_| {});
    assert_eq!(codes(&outcome), BTreeMap::new());
    let paths: Vec<String> = server.heads().iter().take(4).map(|head| path(head).to_owned()).collect();
    assert_eq!(
        paths,
        ["/item", "/search?q=a%26b%3Dc%2Bd%2541+%23e&n=1", "/use/a&b=c+d%2541%20%23e/x%20y", "/page?x=%20&y=1"]
    );
}

#[test]
fn an_answer_larger_than_checks_read_is_not_called_wrong() {
    let server = Server::always(Answer::body(&format!(r#"{{"pad": "{}", "ok": true}}"#, "x".repeat(5_000))));
    let checked = Request {
        checks: vec![Check::Json { pointer: "/ok".into(), test: JsonTest::Equals(true.into()) }],
        ..get("a", "/")
    };
    let limited = |plan: &mut Plan| plan.http.max_kept_bytes = 1_000;
    let outcome = ten(&server, vec![request(checked)], limited);
    assert_eq!(codes(&outcome), only("check.too_large", 10));
    let taking = Request {
        extract: vec![Extract { var: "v".into(), from: ExtractFrom::JsonPointer("/ok".into()), required: true }],
        ..get("a", "/")
    };
    let outcome = ten(&server, vec![request(taking), request(get("never", "/never"))], limited);
    assert_eq!(codes(&outcome), only("check.too_large", 10));
    assert!(!names(&outcome).contains_key("never"), "without the value the iteration is over");
    let outcome = ten(&server, vec![request(get("a", "/"))], limited);
    assert_eq!(codes(&outcome), BTreeMap::new(), "what nothing reads may be as large as it likes");
}

/// Sizes around that from which bodies are read aside of those that wait for their answers.
#[rstest]
#[case::small(100)]
#[case::large(300_000)]
fn an_answer_is_checked_and_taken_from_whatever_its_size(#[case] size: usize) {
    let server = Server::always(Answer::body(&format!(r#"{{"pad": "{}", "next": "/b"}}"#, "x".repeat(size))));
    let checked = |wanted: &str| Request {
        checks: vec![Check::Json { pointer: "/next".into(), test: JsonTest::Equals(wanted.into()) }],
        extract: vec![Extract { var: "next".into(), from: ExtractFrom::JsonPointer("/next".into()), required: true }],
        ..get("a", "/a")
    };
    let outcome = ten(&server, vec![request(checked("/b")), request(get("b", "${next}"))], |_| {});
    assert_eq!(codes(&outcome), BTreeMap::new());
    assert_eq!(server.heads().iter().filter(|head| head.starts_with("GET /b ")).count(), 10);
    let outcome = ten(&server, vec![request(checked("/c"))], |_| {});
    assert_eq!(codes(&outcome), only("check.json", 10));
}

#[test]
fn five_hundred_names_are_counted_apart_though_each_may_be_redirected() {
    let server = Server::always(Answer::body("ok"));
    let steps = (0..500).map(|i| request(get(&format!("r{i}"), "/"))).collect();
    let plan = plan(&server.url(), constant_rate(1.0, 1, 4), steps);
    let outcome = support::carry_out(plan, perflab_engine::Settings::default());
    let names = names(&outcome);
    assert_eq!((names.len(), names.contains_key("(other)")), (500, false));
    assert!(!format!("{:?}", outcome.rest).contains("beyond the 500th"), "{:?}", outcome.rest);
}

#[test]
fn http2_on_an_address_without_tls_is_refused_before_anything_is_sent() {
    let server = Server::always(Answer::body("ok"));
    let outcome =
        ten(&server, vec![request(get("a", "/"))], |plan| plan.http.version = perflab_model::plan::HttpVersion::H2);
    assert!(matches!(&outcome.done().ending, Ending::Failed { code, .. } if code == "plan.invalid"), "{outcome:?}");
    assert_eq!(server.connections(), 0);
}
