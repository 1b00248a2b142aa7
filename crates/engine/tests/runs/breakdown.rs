//! Who did what: every request and every iteration belongs to one class and one part of its doings, whoever drives.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use indexmap::IndexMap;
use perflab_model::{
    breakdown::{Part, PartCounts},
    flow::{Auth, Flow, Step, Think, UserClass},
    load::{Iterations, Load, Share, UserStage},
    plan::Plan,
    runner::Ending,
    tick::EncodedHistogram,
    unit::Millis,
};

use crate::{
    server::{Answer, Server, path},
    support::{self, Outcome, Runner, constant_rate, get, plan, request, users},
};

/// Readers, of whom three come for one writer. Writing fails.
fn readers_and_writers(server: &Server, load: Load) -> Plan {
    let mut plan = plan(&server.url(), load, Vec::new());
    let flow = |name: &str, steps: Vec<Step>| Flow { name: name.to_owned(), tags: Vec::new(), steps };
    plan.flows = vec![
        flow("look", vec![request(get("look", "/look"))]),
        flow("search", vec![request(get("search", "/search")), Step::Think(Think::Constant(Millis::new(20)))]),
        flow("write", vec![request(get("look", "/look")), request(get("write", "/write"))]),
        flow("greet", vec![request(get("greet", "/greet"))]),
        flow("part", vec![request(get("part", "/part"))]),
    ];
    let class = |name: &str, weight: u32, flows: &[(&str, u32)]| UserClass {
        name: name.to_owned(),
        weight,
        flows: flows.iter().map(|(flow, weight)| ((*flow).to_owned(), *weight)).collect::<IndexMap<_, _>>(),
        ..plan.classes[0].clone()
    };
    plan.classes = vec![class("reader", 3, &[("look", 1), ("search", 1)]), class("writer", 1, &[("write", 1)])];
    plan
}

/// The same where writers log in, and readers greet and part.
fn with_log_ins(server: &Server, load: Load) -> Plan {
    let mut plan = readers_and_writers(server, load);
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login: get("log_in", "/log_in"),
        bearer_from: "/access_token".to_owned(),
        refresh_on: Some(401),
        prefetch: 0,
        once: false,
    });
    plan.classes[1].auth = Some("token".to_owned());
    plan.classes[0].on_start = Some("greet".to_owned());
    plan.classes[0].on_stop = Some("part".to_owned());
    plan
}

fn server() -> Server {
    let written = AtomicU64::new(0);
    Server::new(move |head| match path(head) {
        "/log_in" => Answer::body(r#"{"access_token": "t"}"#),
        // Every other one is refused because of its token, the rest fails.
        "/write" if written.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => Answer::status(401),
        "/write" => Answer::status(500),
        _ => Answer::body("ok"),
    })
}

fn values(encoded: &Option<EncodedHistogram>) -> u64 {
    encoded.as_ref().map_or(0, |encoded| support::decode(encoded).len())
}

/// What each part of each class came to over the run.
fn parts(outcome: &Outcome) -> BTreeMap<(String, Part), PartCounts> {
    let mut all: BTreeMap<(String, Part), PartCounts> = BTreeMap::new();
    for class in outcome.ticks.iter().flat_map(|tick| &tick.classes) {
        for part in &class.parts {
            all.entry((class.name.clone(), part.part.clone())).or_default().add(&part.counts);
        }
    }
    all
}

fn of(parts: &BTreeMap<(String, Part), PartCounts>, class: &str, part: Part) -> PartCounts {
    parts.get(&(class.to_owned(), part)).copied().unwrap_or_default()
}

fn flow(name: &str) -> Part {
    Part::Flow(name.to_owned())
}

/// In every second the parts add up to what the second counted, and over the run to its starts.
fn assert_the_parts_add_up(outcome: &Outcome) {
    for tick in &outcome.ticks {
        let point = &tick.point;
        let mut counts = PartCounts::default();
        let (mut latencies, mut durations, mut users) = (0, 0, 0);
        for class in &tick.classes {
            users += class.user_seconds;
            for part in &class.parts {
                counts.add(&part.counts);
                latencies += values(&part.latency);
                durations += values(&part.duration);
                assert!(values(&part.duration) <= part.counts.iterations, "{part:?}");
            }
        }
        assert_eq!((counts.finished, counts.failed), (point.finished, point.failed), "second {}", point.second);
        assert_eq!((counts.iterations, counts.iterations_aborted), (point.iterations, point.iterations_aborted));
        assert_eq!(latencies, point.latency.map_or(0, |latency| latency.samples));
        assert!(durations <= counts.iterations);
        assert_eq!(users, u64::from(point.users));
    }
    let begun: u64 = parts(outcome).values().map(|counts| counts.iterations_started).sum();
    assert_eq!(begun, outcome.sum(|tick| tick.point.started));
    let over = outcome.sum(|tick| tick.point.iterations + tick.point.iterations_aborted);
    assert_eq!(begun, over, "started = finished + cut off");
}

#[test]
fn the_parts_of_an_open_run_add_up_and_follow_the_weights() {
    let server = server();
    let plan = readers_and_writers(&server, constant_rate(200.0, 2, 64));
    let outcome = support::carry_out(plan, perflab_engine::Settings::default());
    assert_the_parts_add_up(&outcome);
    let parts = parts(&outcome);
    let [look, search, write] = [("reader", "look"), ("reader", "search"), ("writer", "write")]
        .map(|(class, name)| of(&parts, class, flow(name)));
    assert_eq!(look.iterations + search.iterations + write.iterations, 400);
    // Four hundred picks at three to one: four standard deviations.
    assert!(write.iterations.abs_diff(100) < 35, "{write:?}");
    assert_eq!((look.finished, look.failed, look.iterations_failed), (look.iterations, 0, 0));
    // What a writer looks at first is no reader's look, although both are the same request.
    assert_eq!((write.finished, write.failed), (2 * write.iterations, write.iterations));
    assert_eq!(write.iterations_failed, write.iterations, "one failed request makes a failed iteration");
    let pauses = outcome.ticks.iter().flat_map(|tick| &tick.classes).flat_map(|class| &class.parts);
    for part in pauses.filter(|part| part.part == flow("search")) {
        let shortest = part.duration.as_ref().map_or(u64::MAX, |times| support::decode(times).min());
        assert!(shortest >= 20_000, "a pause within the flow is part of the iteration: {shortest}");
    }
}

#[test]
fn what_is_done_once_and_log_ins_that_no_flow_writes_stand_apart() {
    let server = server();
    let mut plan = with_log_ins(&server, users(8, 3));
    plan.graceful_stop = Millis::from_secs(5);
    for class in &mut plan.classes {
        class.think = Think::Constant(Millis::new(50));
    }
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    assert_the_parts_add_up(&outcome);
    let parts = parts(&outcome);
    let greet = of(&parts, "reader", Part::OnStart("greet".to_owned()));
    assert_eq!((greet.finished, greet.iterations_started), (6, 0), "six of eight users are readers");
    assert_eq!(of(&parts, "reader", Part::OnStop("part".to_owned())).finished, 6);
    let (write, log_in) = (of(&parts, "writer", flow("write")), of(&parts, "writer", Part::LogIn));
    assert!(log_in.finished >= 2, "two writers log in: {log_in:?}");
    assert_eq!((log_in.iterations_started, log_in.failed), (0, 0));
    assert_eq!(write.failed, write.iterations, "log-ins after a refused token are not the flow's: {write:?}");
    assert!(outcome.ticks.iter().any(|tick| tick.classes.iter().any(|class| class.user_seconds == 6)));
}

#[test]
fn iterations_that_users_share_are_told_by_class_and_flow_as_well() {
    let server = server();
    let load = Load::Closed {
        stages: vec![UserStage { from: 4, to: 4, over: Millis::from_secs(20) }],
        iterations: Some(Iterations { count: 60, share: Share::All }),
    };
    let outcome = Runner::start(readers_and_writers(&server, load)).finish();
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    assert_the_parts_add_up(&outcome);
    let iterations: u64 = parts(&outcome).values().map(|counts| counts.iterations).sum();
    assert_eq!(iterations, 60);
}
