//! A runner as its worker sees it: orders, silence, refusals, log-ins, and users who meet a target that is away.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use perflab_model::{
    flow::{Auth, Body, Feed, FeedOrder, Request, Think},
    load::{Load, UserStage},
    plan::Plan,
    runner::{Ending, Order, Report},
    tick::Phase,
    unit::Millis,
};

use crate::{
    server::{Answer, Server},
    support::{self, Outcome, Runner, constant_rate, get, plan, request, users},
};

/// Reads reports up to the first tick; the run is well under way then.
fn until_first_tick(runner: &mut Runner, outcome: &mut Outcome) {
    while outcome.ticks.is_empty() {
        outcome.take(runner.next().expect("the runner reports"));
    }
}

fn rest(mut runner: Runner, mut outcome: Outcome) -> Outcome {
    while let Some(report) = runner.next() {
        outcome.take(report);
    }
    outcome
}

fn failed_with(outcome: &Outcome) -> (&str, &str) {
    match &outcome.done().ending {
        Ending::Failed { code, message } => (code, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stop_ends_the_starts_and_waits_for_what_is_open() {
    let server = Server::always(Answer::Slow(Duration::from_millis(400)));
    let mut runner = Runner::start(plan(&server.url(), constant_rate(20.0, 60, 40), vec![request(get("a", "/"))]));
    let mut outcome = Outcome::default();
    until_first_tick(&mut runner, &mut outcome);
    runner.order(Order::Stop);
    let ordered = Instant::now();
    let outcome = rest(runner, outcome);
    assert_eq!(outcome.done().ending, Ending::Stopped);
    assert!(ordered.elapsed() < Duration::from_secs(10));
    assert_eq!(outcome.sum(|tick| tick.point.aborted), 0, "what was open was answered");
    assert_eq!(outcome.sum(|tick| tick.point.started), outcome.sum(|tick| tick.point.finished));
    assert_eq!(server.heads().len() as u64, outcome.sum(|tick| tick.point.finished));
    assert_eq!(outcome.ticks.last().map(|tick| tick.point.phase), Some(Phase::Draining));
}

#[test]
fn abort_cuts_off_what_is_open() {
    let server = Server::always(Answer::Hang);
    let mut runner = Runner::start(plan(&server.url(), constant_rate(20.0, 60, 40), vec![request(get("a", "/"))]));
    let mut outcome = Outcome::default();
    until_first_tick(&mut runner, &mut outcome);
    runner.order(Order::Abort);
    let ordered = Instant::now();
    let outcome = rest(runner, outcome);
    assert!(ordered.elapsed() < Duration::from_secs(5));
    assert_eq!(outcome.done().ending, Ending::Aborted);
    let aborted = outcome.sum(|tick| tick.point.aborted);
    assert!(aborted > 0);
    assert_eq!(outcome.sum(|tick| tick.point.failed), 0, "our own cutting off is not the target's fault");
    assert_eq!(outcome.sum(|tick| tick.point.started), outcome.sum(|tick| tick.point.finished) + aborted);
}

#[test]
fn open_requests_are_cut_off_when_the_plans_patience_ends() {
    let server = Server::always(Answer::Hang);
    let mut plan = plan(&server.url(), constant_rate(10.0, 1, 40), vec![request(get("a", "/"))]);
    plan.graceful_stop = Millis::new(300);
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert_eq!(outcome.sum(|tick| tick.point.aborted), 10);
}

#[test]
fn a_runner_whose_worker_vanishes_stops_sending() {
    let server = Server::always(Answer::body("ok"));
    let mut runner = Runner::start(plan(&server.url(), constant_rate(20.0, 60, 10), vec![request(get("a", "/"))]));
    let mut outcome = Outcome::default();
    until_first_tick(&mut runner, &mut outcome);
    runner.vanish();
    let outcome = rest(runner, outcome);
    assert_eq!(outcome.done().ending, Ending::Orphaned);
}

#[test]
fn closed_users_stop_and_abort_as_well() {
    for (order, ending) in [(Order::Stop, Ending::Stopped), (Order::Abort, Ending::Aborted)] {
        let server = Server::always(Answer::Slow(Duration::from_millis(50)));
        let mut plan = plan(&server.url(), users(5, 60), vec![request(get("a", "/"))]);
        plan.classes[0].think = Think::Constant(Millis::from_secs(20));
        let mut runner = Runner::start(plan);
        let mut outcome = Outcome::default();
        until_first_tick(&mut runner, &mut outcome);
        assert_eq!(outcome.ticks[0].point.users, 5);
        runner.order(order);
        let ordered = Instant::now();
        let outcome = rest(runner, outcome);
        assert!(ordered.elapsed() < Duration::from_secs(8), "{order:?}: thinking users leave at once");
        assert_eq!(outcome.done().ending, ending);
        assert_eq!(outcome.done().mismatches, Vec::<String>::new());
        assert_eq!(outcome.sum(|tick| tick.point.finished), 5);
    }
}

#[test]
fn users_come_and_go_as_the_stages_say() {
    let server = Server::always(Answer::body("ok"));
    let stage = |from, to, seconds| UserStage { from, to, over: Millis::from_secs(seconds) };
    let load =
        Load::Closed { stages: vec![stage(0, 6, 2), stage(6, 6, 3), stage(6, 2, 2), stage(2, 2, 4)], iterations: None };
    let mut plan = plan(&server.url(), load, vec![request(get("a", "/"))]);
    plan.classes[0].think = Think::Constant(Millis::new(100));
    let outcome = Runner::start(plan).finish();
    let users: Vec<u32> = outcome.ticks.iter().map(|tick| tick.point.users).collect();
    assert_eq!(outcome.done().ending, Ending::Completed, "{users:?}");
    // goose looks at its plan twice a second, and later on a busy machine: each is read well inside its hold.
    assert_eq!(users[3], 6, "{users:?}");
    assert_eq!(users[9], 2, "{users:?}");
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
}

#[test]
fn classes_share_the_users_by_weight() {
    let server = Server::always(Answer::body("ok"));
    let mut plan = plan(&server.url(), users(8, 2), vec![request(get("a", "/a"))]);
    let mut other = plan.classes[0].clone();
    other.name = "other".to_owned();
    other.weight = 3;
    other.headers = vec![("x-class".to_owned(), "other".parse().expect("a template"))];
    plan.classes.push(other);
    for class in &mut plan.classes {
        class.think = Think::Constant(Millis::from_secs(30));
    }
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    let others = server.heads().iter().filter(|head| head.contains("x-class: other")).count();
    assert_eq!((server.heads().len(), others), (8, 6));
}

#[test]
fn fewer_users_than_a_round_of_weights_are_split_by_weight_all_the_same() {
    let server = Server::always(Answer::body("ok"));
    let mut plan = plan(&server.url(), users(40, 2), vec![request(get("a", "/a"))]);
    let mut rare = plan.classes[0].clone();
    (plan.classes[0].weight, rare.weight) = (95, 5);
    rare.name = "rare".to_owned();
    rare.headers = vec![("x-class".to_owned(), "rare".parse().expect("a template"))];
    plan.classes.push(rare);
    for class in &mut plan.classes {
        class.think = Think::Constant(Millis::from_secs(30));
    }
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    let rare = server.heads().iter().filter(|head| head.contains("x-class: rare")).count();
    assert_eq!((server.heads().len(), rare), (40, 2));
}

#[test]
fn visitors_that_follow_each_other_need_no_more_rows_than_users() {
    let server = Server::always(Answer::body("ok"));
    let mut get_row = get("a", "/a");
    get_row.headers = vec![("x-row".to_owned(), "${feed.users.email}".parse().expect("a template"))];
    let mut plan = plan(&server.url(), users(3, 3), vec![request(get_row)]);
    plan.classes[0].think = Think::Constant(Millis::new(50));
    plan.classes[0].iterations = Some((2, 2));
    plan.feeds = vec![users_feed()];
    let outcome = Runner::start_with(plan, &[], feeds()).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert!(outcome.rest.iter().all(|report| !format!("{report:?}").contains("no row")), "{:?}", outcome.rest);
    let asked = server.heads();
    assert!(asked.len() > 30, "each place had many visitors, one after the other: {}", asked.len());
    for email in ["a@x", "b@x", "c@x"] {
        assert!(asked.iter().any(|head| head.contains(email)), "nobody had the row of {email}");
    }
}

#[test]
fn a_user_whose_target_is_away_asks_again_once_a_second_and_not_a_thousand_times() {
    let server = Server::always(Answer::body("ok"));
    let url = server.url();
    drop(server);
    let outcome = Runner::start(plan(&url, users(5, 3), vec![request(get("a", "/"))])).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    let asked = outcome.sum(|tick| tick.point.finished);
    assert!((10..=20).contains(&asked), "{asked}");
    assert_eq!(outcome.sum(|tick| tick.point.errors.get("connect.refused").copied().unwrap_or(0)), asked);
}

fn with_login(plan: &mut Plan, refresh_on: Option<u16>) {
    plan.auth = vec![Auth {
        name: "token".to_owned(),
        login: Request {
            method: "POST".to_owned(),
            body: Body::Json(serde_json::json!({"user": "${feed.users.email}", "password": "${secret.TEST_PW}"})),
            ..get("login", "/login")
        },
        bearer_from: "/token".to_owned(),
        refresh_on,
        prefetch: 0,
        once: false,
    }];
    plan.classes[0].auth = Some("token".to_owned());
    plan.feeds = vec![users_feed()];
}

fn users_feed() -> Feed {
    Feed {
        name: "users".to_owned(),
        file: "users.csv".to_owned(),
        sha256: String::new(),
        order: FeedOrder::Unique,
        columns: vec!["email".to_owned()],
        rows: 3,
        share: None,
    }
}

fn feeds() -> BTreeMap<String, String> {
    BTreeMap::from([("users".to_owned(), "email\na@x\nb@x\nc@x\n".to_owned())])
}

#[test]
fn each_user_logs_in_once_with_a_row_of_its_own_and_carries_the_token() {
    let server = Server::new(|head| {
        if head.starts_with("POST /login") { Answer::body(r#"{"token": "t1"}"#) } else { Answer::body("ok") }
    });
    let mut plan = plan(&server.url(), users(3, 2), vec![request(get("a", "/"))]);
    with_login(&mut plan, None);
    plan.classes[0].think = Think::Constant(Millis::new(300));
    let outcome = Runner::start_with(plan, &[("TEST_PW", "s3cret")], feeds()).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    let mut logins: Vec<String> =
        server.requests().into_iter().filter(|(head, _)| head.starts_with("POST")).map(|(_, body)| body).collect();
    logins.sort();
    let of = |user| format!(r#"{{"user":"{user}","password":"s3cret"}}"#);
    assert_eq!(logins, [of("a@x"), of("b@x"), of("c@x")]);
    for head in server.heads().iter().filter(|head| head.starts_with("GET")) {
        assert!(head.contains("authorization: Bearer t1"), "{head}");
    }
}

#[test]
fn a_refused_log_in_is_counted_and_its_user_sends_nothing_more() {
    let server = Server::always(Answer::Whole(
        "HTTP/1.1 401 Unauthorized\r\ncontent-length: 16\r\n\r\nnot with s3cret!".to_owned(),
    ));
    let mut plan = plan(&server.url(), users(3, 3), vec![request(get("a", "/"))]);
    with_login(&mut plan, None);
    let outcome = Runner::start_with(plan, &[("TEST_PW", "s3cret")], feeds()).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert_eq!(server.heads().len(), 3);
    assert_eq!(outcome.sum(|tick| tick.point.errors.get("auth.failed").copied().unwrap_or(0)), 3);
    assert_eq!(outcome.ticks[1].point.users, 0, "nobody is at work any more");
    let examples: Vec<_> = outcome.rest.iter().filter(|report| matches!(report, Report::Example(_))).collect();
    let told = format!("{examples:?}");
    assert!(told.contains("not with [secret]!") && !told.contains("s3cret"), "{told}");
}

#[test]
fn a_401_brings_a_new_token_once_and_stays_a_failure() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let logins = AtomicU32::new(0);
    let server = Server::new(move |head| {
        if head.starts_with("POST /login") {
            let number = logins.fetch_add(1, Ordering::Relaxed) + 1;
            Answer::body(&format!(r#"{{"token": "t{number}"}}"#))
        } else if head.contains("Bearer t1") {
            Answer::status(401)
        } else {
            Answer::body("ok")
        }
    });
    let mut plan = plan(&server.url(), users(1, 2), vec![request(get("a", "/"))]);
    with_login(&mut plan, Some(401));
    plan.classes[0].think = Think::Constant(Millis::new(200));
    let outcome = Runner::start_with(plan, &[("TEST_PW", "s3cret")], feeds()).finish();
    assert_eq!(outcome.sum(|tick| tick.point.errors.get("http.4xx").copied().unwrap_or(0)), 1);
    assert_eq!(outcome.sum(|tick| tick.point.failed), 1);
    assert_eq!(server.heads().iter().filter(|head| head.starts_with("POST")).count(), 2);
}

#[test]
fn a_target_that_refuses_every_token_gets_no_storm_of_log_ins() {
    let server = Server::new(|head| {
        if head.starts_with("POST /login") { Answer::body(r#"{"token": "t"}"#) } else { Answer::status(401) }
    });
    let mut plan = plan(&server.url(), users(1, 2), vec![request(get("a", "/"))]);
    with_login(&mut plan, Some(401));
    plan.classes[0].think = Think::Constant(Millis::new(50));
    Runner::start_with(plan, &[("TEST_PW", "s3cret")], feeds()).finish();
    assert_eq!(server.heads().iter().filter(|head| head.starts_with("POST")).count(), 2);
}

#[test]
fn users_beyond_the_rows_of_a_unique_feed_send_nothing_and_that_is_said() {
    let server = Server::always(Answer::body(r#"{"token": "t"}"#));
    let mut plan = plan(&server.url(), users(5, 2), vec![request(get("a", "/"))]);
    with_login(&mut plan, None);
    plan.classes[0].think = Think::Constant(Millis::new(500));
    let outcome = Runner::start_with(plan, &[("TEST_PW", "s3cret")], feeds()).finish();
    assert_eq!(outcome.ticks[0].point.users, 3);
    assert!(format!("{:?}", outcome.rest).contains("feed `users` has no row left"));
}

#[test]
fn a_secret_without_a_value_ends_the_run_before_it_begins() {
    let server = Server::always(Answer::body("ok"));
    let mut plan = plan(&server.url(), users(1, 1), vec![request(get("a", "/"))]);
    with_login(&mut plan, None);
    let outcome = Runner::start_with(plan, &[], feeds()).finish();
    let (code, message) = failed_with(&outcome);
    assert_eq!(code, "secret.missing");
    assert!(message.contains("TEST_PW"), "{message}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_target_that_is_not_listed_gets_not_one_byte() {
    let server = Server::always(Answer::body("ok"));
    let mut plan = plan(&server.url(), constant_rate(10.0, 1, 4), vec![request(get("a", "/"))]);
    plan.environment.allow = vec!["localhost".parse().expect("an entry")];
    let outcome = Runner::start(plan).finish();
    assert_eq!(failed_with(&outcome).0, "target.denied");
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_labs_own_port_is_denied_though_it_is_listed() {
    let server = Server::always(Answer::body("ok"));
    let port = server.authority().rsplit_once(':').expect("a port").1.to_owned();
    let plan = plan(&server.url(), constant_rate(10.0, 1, 4), vec![request(get("a", "/"))]);
    let outcome = Runner::start_with(plan, &[("PERFLAB_DENIED_PORTS", &port)], BTreeMap::new()).finish();
    assert_eq!(failed_with(&outcome).0, "target.denied");
    assert_eq!(server.connections(), 0);
}

#[test]
fn caps_hold_in_the_runner_too() {
    let server = Server::always(Answer::body("ok"));
    let mut plan = plan(&server.url(), constant_rate(10.0, 1, 4), vec![request(get("a", "/"))]);
    plan.environment.caps.in_flight = 3;
    let outcome = Runner::start(plan).finish();
    assert_eq!(failed_with(&outcome).0, "cap.in_flight");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_person_adds_to_the_rate_of_an_adjustable_run() {
    let server = Server::always(Answer::body("ok"));
    let mut load = constant_rate(10.0, 4, 10);
    if let Load::Open { limits, .. } = &mut load {
        limits.adjustable = true;
    }
    let mut runner = Runner::start(plan(&server.url(), load, vec![request(get("a", "/"))]));
    let mut outcome = Outcome::default();
    until_first_tick(&mut runner, &mut outcome);
    runner.order(Order::Adjust { number: 7, by: 30.0 });
    let outcome = rest(runner, outcome);
    let obeyed = outcome.rest.iter().find_map(|report| match report {
        Report::Adjusted(obeyed) => Some(*obeyed),
        _ => None,
    });
    let obeyed = obeyed.expect("the runner says from when on it counts");
    assert_eq!(obeyed.number, 7);
    let planned = |second: u32| outcome.ticks[second as usize].point.planned;
    assert_eq!((planned(obeyed.from_second - 1), planned(obeyed.from_second)), (10, 40));
    assert_eq!(outcome.ticks[3].point.planned, 40);
    assert!((outcome.ticks[3].point.target - 40.0).abs() < 1e-6);
    assert_eq!(outcome.sum(|tick| tick.point.dropped), 0);
}

#[test]
fn the_same_seed_sends_the_same_requests() {
    let sent = || {
        let server = Server::always(Answer::body("ok"));
        let steps = vec![request(get("a", "/${int(1,1000000)}/${choice(x,y,z)}/${uuid}"))];
        let plan = plan(&server.url(), constant_rate(40.0, 1, 10), steps);
        let outcome = support::carry_out(plan, perflab_engine::Settings::default());
        assert_eq!(outcome.sum(|tick| tick.point.finished), 40);
        let mut heads: Vec<String> =
            server.heads().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect();
        heads.sort();
        heads.dedup();
        heads
    };
    let first = sent();
    assert_eq!(first.len(), 40, "and iterations differ from each other");
    assert_eq!(first, sent());
}
