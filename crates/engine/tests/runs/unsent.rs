//! What a plan makes impossible: requests that are never sent count among the errors, and nowhere else.

use std::collections::BTreeMap;

use perflab_model::{
    flow::{Condition, Extract, ExtractFrom, Request, Step},
    runner::Report,
    unit::Millis,
};

use crate::{
    server::{Answer, Server, path},
    support::{self, Outcome, Runner, constant_rate, get, plan, request, users},
};

/// Carries out an open plan of a second with ten starts.
fn ten(server: &Server, steps: Vec<Step>) -> Outcome {
    let plan = plan(&server.url(), constant_rate(10.0, 1, 16), steps);
    support::carry_out(plan, perflab_engine::Settings::default())
}

fn codes(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (code, count) in outcome.ticks.iter().flat_map(|tick| &tick.point.errors) {
        *all.entry(code.clone()).or_default() += count;
    }
    all
}

fn only(code: &str, count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(code.to_owned(), count)])
}

/// Two requests, the second of which needs a value that the first never brings.
fn without_a_value() -> Vec<Step> {
    let take = Extract { var: "v".into(), from: ExtractFrom::JsonPointer("/v".into()), required: false };
    let first = Request { extract: vec![take], ..get("a", "/item") };
    vec![request(first), request(get("b", "/use/${v}"))]
}

#[test]
fn a_header_value_with_a_line_break_is_never_sent() {
    let server = Server::new(|head| match path(head) {
        "/item" => Answer::body(r#"{"v": "x\r\nEvil: 1"}"#),
        _ => Answer::body("ok"),
    });
    let first = Request {
        extract: vec![Extract { var: "v".into(), from: ExtractFrom::JsonPointer("/v".into()), required: true }],
        ..get("a", "/item")
    };
    let second =
        Request { headers: vec![("x-value".into(), "${v}".parse().expect("a template"))], ..get("b", "/next") };
    let outcome = ten(&server, vec![request(first), request(second)]);
    assert!(server.heads().iter().all(|head| path(head) == "/item"));
    assert_unsent(&server, &outcome, "plan.bad_value");
}

#[test]
fn a_request_whose_variable_has_no_value_is_not_sent_and_no_request() {
    let server = Server::always(Answer::body("{}"));
    let outcome = ten(&server, without_a_value());
    assert_unsent(&server, &outcome, "plan.unset_variable");
}

/// The first request of each of the ten iterations was sent, the second was not: the books say what the target saw.
fn assert_unsent(server: &Server, outcome: &Outcome, code: &str) {
    assert_eq!(server.heads().len(), 10);
    assert_eq!(codes(outcome), only(code, 10));
    assert_eq!(outcome.sum(|tick| tick.point.finished), 10);
    assert_eq!(outcome.sum(|tick| tick.point.failed), 0);
    let examples = outcome.rest.iter().filter(|report| matches!(report, Report::Example(one) if one.code == code));
    assert!((1..=3).contains(&examples.count()), "{:?}", outcome.rest);
}

#[test]
fn a_user_whose_request_cannot_be_sent_pauses_and_goose_is_not_told_of_it() {
    let server = Server::always(Answer::body("{}"));
    let outcome = Runner::start(plan(&server.url(), users(3, 3), without_a_value())).finish();
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    // A second between iterations: four of each user at most, where there would be thousands.
    assert!((3..=12).contains(&server.heads().len()), "{}", server.heads().len());
    assert_eq!(outcome.sum(|tick| tick.point.finished), server.heads().len() as u64);
}

#[test]
fn an_iteration_without_end_is_given_up_and_told() {
    let server = Server::always(Answer::body("ok"));
    let never = Step::If { condition: Condition::Exists("never".to_owned()), then: Vec::new(), otherwise: Vec::new() };
    let inner = Step::Repeat { times: 2_000, steps: vec![never] };
    let steps = vec![request(get("a", "/")), Step::Repeat { times: 2_000, steps: vec![inner] }];
    let mut plan = plan(&server.url(), constant_rate(2.0, 1, 4), steps);
    plan.graceful_stop = Millis::from_secs(30);
    let outcome = support::carry_out(plan, perflab_engine::Settings::default());
    assert_eq!((server.heads().len(), codes(&outcome)), (2, only("plan.endless", 2)));
    let told = outcome.rest.iter().any(|report| matches!(report, Report::Example(one) if one.code == "plan.endless"));
    assert!(told, "{:?}", outcome.rest);
}
