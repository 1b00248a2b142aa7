//! Targets on other machines: asked before anything else, asked again while the load goes on, and believed when they take
//! their permission back. 127.0.0.2 plays the stranger.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use perflab_engine::{Asking, Loopback, Settings};
use perflab_model::{
    environment::Vouch,
    flow::{Auth, Request, Step, Think},
    plan::{Plan, PlanProject, Whole},
    runner::{Ending, Report},
    unit::Millis,
};
use rstest::rstest;

use crate::{
    server::{Answer, Server, path},
    support::{self, Outcome, constant_rate, get, plan, request, users},
};

const ASKED: &str = "/.well-known/perflab.txt";

/// Only 127.0.0.1 is this machine; permissions are read again five times a second.
fn settings() -> Settings {
    Settings {
        loopback: Loopback { v4: (Ipv4Addr::LOCALHOST, 32), v6: false },
        asking: Asking {
            every: Duration::from_millis(200),
            again: Duration::from_millis(100),
            patience: Duration::from_secs(60),
            answer_within: Duration::from_secs(5),
        },
        ..Settings::default()
    }
}

/// A stranger who answers this when asked, and `ok` to everything else.
fn stranger(agreement: impl Fn(u64) -> Answer + Send + Sync + 'static) -> Server {
    let times = AtomicU64::new(0);
    Server::stranger(move |head| match path(head) {
        ASKED => agreement(times.fetch_add(1, Ordering::Relaxed)),
        _ => Answer::body("ok"),
    })
}

fn of_project(plan: Plan) -> Plan {
    Plan { project: Some(PlanProject { name: "MITA".parse().expect("a name"), id: None }), ..plan }
}

/// Ten starts in a second, by project MITA.
fn ten(server: &Server) -> Plan {
    of_project(plan(&server.url(), constant_rate(10.0, 1, 16), vec![request(get("a", "/"))]))
}

/// Far longer than any test takes: only what is tested ends it.
fn endless(server: &Server) -> Plan {
    Plan { load: constant_rate(10.0, 3_600, 16), ..ten(server) }
}

fn carry_out(plan: Plan) -> Outcome {
    support::carry_out(plan, settings())
}

fn failed_with(outcome: &Outcome) -> (&str, &str) {
    match &outcome.done().ending {
        Ending::Failed { code, message } => (code, message),
        other => panic!("{other:?}"),
    }
}

/// What the server was sent besides the question.
fn load(server: &Server) -> usize {
    server.heads().iter().filter(|head| path(head) != ASKED).count()
}

fn questions(server: &Server) -> usize {
    server.heads().len() - load(server)
}

#[test]
fn a_target_that_agrees_is_asked_first_and_then_loaded() {
    let server = stranger(|_| Answer::body("# ours\nallow: mita\n"));
    let slowly = Settings { asking: Asking::default(), ..settings() };
    let outcome = support::carry_out(ten(&server), slowly);
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert_eq!((path(&server.heads()[0]), questions(&server), load(&server)), (ASKED, 1, 10));
    assert_eq!(outcome.sum(|tick| tick.point.finished), 10, "the question is no load");
    assert!(format!("{:?}", outcome.rest).contains("agrees to load"), "{:?}", outcome.rest);
    let question = server.heads()[0].to_ascii_lowercase();
    for line in [
        format!("\r\nhost: {}\r\n", server.authority()),
        "\r\nuser-agent: perflab/".to_owned(),
        "\r\nx-perflab-run: 00000000-0000-0000-0000-000000000000\r\n".to_owned(),
    ] {
        assert!(question.contains(&line), "{question}");
    }
}

#[rstest]
#[case::nothing_there(Answer::status(404), "was answered with 404")]
#[case::another_project(Answer::body("allow: shop"), "it allows shop")]
#[case::expired(Answer::body("allow: MITA\nexpires: 2020-01-01T00:00:00Z"), "expired at 2020-01-01T00:00:00Z")]
#[case::a_page(Answer::body("<html></html>"), "line 1 of perflab.txt `<html></html>` is not understood")]
#[case::a_slip(Answer::body("allow: MITA\nmax-rsp: 5"), "line 2 of perflab.txt `max-rsp: 5` is not understood")]
#[case::elsewhere(Answer::redirect(302, "http://127.0.0.1:1/"), "was answered with 302")]
#[case::endless(Answer::body(&"#\n".repeat(40_000)), "longer than 64 KiB")]
#[case::another_projects_header(Answer::with_header("x-perflab-allow", "shop"), "it allows shop")]
fn a_target_that_does_not_agree_gets_the_question_and_nothing_else(#[case] answer: Answer, #[case] why: &str) {
    let server = stranger(move |_| answer.clone());
    let outcome = carry_out(ten(&server));
    let (code, message) = failed_with(&outcome);
    assert_eq!((code, questions(&server), load(&server)), ("target.not_opted_in", 1, 0));
    assert!(message.contains(why), "{message}");
    assert!(message.contains(&format!("GET {}{ASKED}", server.url())), "{message}");
    assert!(message.contains("the line `allow: MITA`") && message.contains("vouches for the environment"), "{message}");
}

#[test]
fn a_target_in_trouble_is_asked_three_times_before_the_run_is_refused() {
    let server = stranger(|_| Answer::status(500));
    let outcome = carry_out(ten(&server));
    assert_eq!((failed_with(&outcome).0, questions(&server), load(&server)), ("target.not_opted_in", 3, 0));
    let recovered = stranger(|time| if time < 2 { Answer::status(502) } else { Answer::body("allow: MITA") });
    assert_eq!(carry_out(ten(&recovered)).done().ending, Ending::Completed);
}

#[test]
fn a_header_agrees_whatever_the_rest_of_the_answer_says() {
    let answer = "HTTP/1.1 404 Not Found\r\nX-Perflab-Allow: shop\r\nX-Perflab-Allow: MITA; max-rps=1000\r\ncontent-length: 0\r\n\r\n";
    let server = stranger(move |_| Answer::Whole(answer.to_owned()));
    assert_eq!(carry_out(ten(&server)).done().ending, Ending::Completed);
    assert_eq!(load(&server), 10);
}

#[test]
fn nobody_is_asked_on_this_machine_nor_where_somebody_vouches() {
    let here = Server::always(Answer::body("ok"));
    assert_eq!(carry_out(ten(&here)).done().ending, Ending::Completed);
    assert_eq!((questions(&here), load(&here)), (0, 10));
    let server = stranger(|_| Answer::status(404));
    let mut vouched = ten(&server);
    vouched.environment.vouched = Some(Vouch { by: "ada".to_owned(), reason: "our own staging".to_owned() });
    assert_eq!(carry_out(vouched).done().ending, Ending::Completed);
    assert_eq!((questions(&server), load(&server)), (0, 10));
}

#[test]
fn a_run_of_no_project_is_allowed_by_nobody() {
    let server = stranger(|_| Answer::body("allow: MITA"));
    let outcome = carry_out(Plan { project: None, ..ten(&server) });
    assert_eq!((failed_with(&outcome).0, load(&server)), ("target.not_opted_in", 0));
}

#[test]
fn nobody_logs_in_before_the_target_has_agreed() {
    let server = stranger(|_| Answer::status(404));
    let mut plan = ten(&server);
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login: get("login", "/login"),
        bearer_from: "/token".to_owned(),
        refresh_on: None,
        prefetch: 4,
        once: false,
    });
    plan.classes[0].auth = Some("token".to_owned());
    assert_eq!((failed_with(&carry_out(plan)).0, load(&server)), ("target.not_opted_in", 0));
}

#[rstest]
#[case::starts(vec![request(get("a", "/"))], 9.0)]
#[case::requests_of_an_iteration(vec![request(get("a", "/")), request(get("b", "/"))], 19.0)]
fn a_plan_above_the_limit_of_its_target_is_refused(#[case] steps: Vec<Step>, #[case] most: f64) {
    let server = stranger(move |_| Answer::body(&format!("allow: MITA\nmax-rps: {most}")));
    let mut plan = ten(&server);
    plan.flows[0].steps = steps;
    let outcome = carry_out(plan);
    let (code, message) = failed_with(&outcome);
    assert_eq!((code, load(&server)), ("target.max_rps", 0));
    assert!(message.contains(&format!("at most {most} requests a second")), "{message}");
}

#[test]
fn an_open_run_that_comes_above_the_limit_on_its_way_is_cut_off() {
    // What the plan cannot know: each request is sent on to a second one.
    let server = Server::stranger(|head| match path(head) {
        ASKED => Answer::body("allow: MITA\nmax-rps: 25"),
        "/" => Answer::redirect(302, "/next"),
        _ => Answer::body("ok"),
    });
    let outcome = carry_out(Plan { load: constant_rate(20.0, 3_600, 16), ..ten(&server) });
    assert_eq!(failed_with(&outcome).0, "target.max_rps");
    // A second's worth above the line of 25/s, reached at 15/s above it.
    assert!(load(&server) < 150, "{}", load(&server));
}

#[test]
fn users_wait_for_their_turn_below_the_limit() {
    let server = stranger(|_| Answer::body("allow: MITA\nmax-rps: 20"));
    let outcome = carry_out(Plan { load: users(5, 3), ..ten(&server) });
    assert_eq!(outcome.done().ending, Ending::Completed);
    // 20 a second for the three seconds, and whom the end finds waiting.
    assert!((40..=70).contains(&load(&server)), "{}", load(&server));
    assert_eq!(outcome.sum(|tick| tick.point.failed), 0);
    let longest = outcome.ticks.iter().filter_map(|tick| tick.point.latency).map(|latency| latency.p50_us).max();
    assert!(longest.is_some_and(|us| us < 50_000), "the wait for a turn is no time of the target: {longest:?}");
}

#[test]
fn users_of_one_part_keep_to_what_the_other_parts_leave() {
    // Of 30 a second another part plans 10; what nobody plans is halved between the two.
    let server = stranger(|_| Answer::body("allow: MITA\nmax-rps: 30"));
    let whole = Some(Whole { parts: 2, requests_per_s: 10.0 });
    let outcome = carry_out(Plan { load: users(5, 3), whole, ..ten(&server) });
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert!((20..=40).contains(&load(&server)), "{}", load(&server));
    let too_much = Some(Whole { parts: 2, requests_per_s: 31.0 });
    let refused = carry_out(Plan { whole: too_much, ..ten(&server) });
    assert_eq!(failed_with(&refused).0, "target.max_rps");
}

#[rstest]
#[case::taken_away(
    Answer::status(404),
    "has withdrawn its permission: GET /.well-known/perflab.txt was answered with 404"
)]
#[case::given_to_another(Answer::body("allow: shop"), "has withdrawn its permission: it allows shop")]
#[case::unreadable(Answer::body("allow MITA"), "has withdrawn its permission: line 1")]
fn a_permission_that_is_taken_back_ends_the_run(#[case] then: Answer, #[case] why: &str) {
    let server = stranger(move |time| if time < 3 { Answer::body("allow: MITA") } else { then.clone() });
    let outcome = carry_out(endless(&server));
    let (code, message) = failed_with(&outcome);
    assert_eq!(code, "target.withdrawn");
    assert!(message.contains(why) && message.ends_with("the load was cut off"), "{message}");
    assert_eq!(questions(&server), 4, "it is not asked again after it said no");
    assert!(load(&server) > 0);
}

#[test]
fn a_limit_that_sinks_below_the_plan_ends_the_run() {
    let server = stranger(|time| Answer::body(if time < 3 { "allow: MITA" } else { "allow: MITA\nmax-rps: 5" }));
    assert_eq!(failed_with(&carry_out(endless(&server))).0, "target.max_rps");
}

#[test]
fn a_permission_that_expires_ends_the_run() {
    let expires = jiff::Timestamp::now() + Duration::from_secs(2);
    let server = stranger(move |_| Answer::body(&format!("allow: MITA\nexpires: {expires}")));
    let outcome = carry_out(endless(&server));
    let (code, message) = failed_with(&outcome);
    assert_eq!(code, "target.expired", "{message}");
    assert!(load(&server) > 0);
}

#[test]
fn a_permission_that_is_prolonged_in_time_goes_on() {
    let begun = jiff::Timestamp::now();
    // Always two seconds more than half a second ago: it would have expired within the run.
    let server = stranger(move |time| {
        let expires = begun + Duration::from_millis(2_000 + time * 200);
        Answer::body(&format!("allow: MITA\nexpires: {expires}"))
    });
    let outcome = carry_out(Plan { load: constant_rate(10.0, 3, 16), ..ten(&server) });
    assert_eq!(outcome.done().ending, Ending::Completed);
}

#[test]
fn a_target_that_cannot_answer_has_taken_nothing_back() {
    let server = stranger(|time| match time {
        0 => Answer::body("allow: MITA"),
        1..=5 => Answer::status(503),
        _ => Answer::body("allow: MITA"),
    });
    let outcome = carry_out(Plan { load: constant_rate(10.0, 2, 16), ..ten(&server) });
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert!(questions(&server) > 6, "{}", questions(&server));
}

#[test]
fn a_target_that_says_nothing_for_too_long_is_left_alone() {
    let server = stranger(|time| if time == 0 { Answer::body("allow: MITA") } else { Answer::status(500) });
    let mut impatient = settings();
    impatient.asking.patience = Duration::from_millis(800);
    let outcome = support::carry_out(endless(&server), impatient);
    let (code, message) = failed_with(&outcome);
    assert_eq!(code, "target.unconfirmed");
    assert!(message.contains("was answered with 500"), "{message}");
}

const STOP: &str = "HTTP/1.1 503 Service Unavailable\r\nx-perflab-stop: 1\r\ncontent-length: 0\r\n\r\n";

#[rstest]
#[case::at_once(0)]
#[case::later(3)]
fn a_target_may_answer_the_question_with_a_stop(#[case] from: u64) {
    let server =
        stranger(move |time| if time < from { Answer::body("allow: MITA") } else { Answer::Whole(STOP.to_owned()) });
    assert_eq!(carry_out(endless(&server)).done().ending, Ending::TargetAsked);
    assert_eq!(load(&server) > 0, from > 0);
}

/// A target on this machine that sends its visitors to the stranger.
fn sends_on_to(stranger: &Server) -> (Server, Plan) {
    let to = stranger.url();
    let server = Server::new(move |_| Answer::redirect(302, &to));
    let mut plan = ten(&server);
    plan.environment.allow.push(stranger.authority().parse().expect("an entry"));
    (server, plan)
}

#[test]
fn a_redirect_to_a_stranger_who_has_not_agreed_is_not_followed() {
    let stranger = stranger(|_| Answer::status(404));
    let (_server, plan) = sends_on_to(&stranger);
    let outcome = carry_out(plan);
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert_eq!((questions(&stranger), load(&stranger)), (1, 0));
    let told = format!("{:?}", outcome.rest);
    assert!(told.contains("redirect.blocked") && told.contains("has not agreed to load"), "{told}");
}

#[test]
fn a_redirect_to_a_stranger_who_agrees_is_followed_until_the_stranger_takes_it_back() {
    let agreeing = stranger(|_| Answer::body("allow: MITA"));
    let (_server, plan) = sends_on_to(&agreeing);
    assert_eq!(carry_out(plan).done().ending, Ending::Completed);
    assert_eq!(load(&agreeing), 10);
    let wavering = stranger(|time| if time == 0 { Answer::body("allow: MITA") } else { Answer::status(404) });
    let (_server, plan) = sends_on_to(&wavering);
    let outcome = carry_out(Plan { load: constant_rate(10.0, 3_600, 16), ..plan });
    assert_eq!(failed_with(&outcome).0, "target.withdrawn");
}

#[test]
fn an_address_that_is_filled_in_later_is_asked_as_well() {
    let stranger = Arc::new(stranger(|_| Answer::status(404)));
    let there = stranger.url();
    let server = Server::new(move |_| Answer::body(&format!("{{\"next\": \"{there}/x\"}}")));
    let take = perflab_model::flow::Extract {
        var: "next".to_owned(),
        from: perflab_model::flow::ExtractFrom::JsonPointer("/next".to_owned()),
        required: true,
    };
    let first = Request { extract: vec![take], ..get("a", "/") };
    let mut plan = ten(&server);
    plan.flows[0].steps = vec![request(first), request(get("b", "${next}"))];
    plan.environment.allow.push(stranger.authority().parse().expect("an entry"));
    carry_out(plan);
    assert_eq!((questions(&stranger), load(&stranger)), (1, 0));
}

#[test]
fn every_request_of_whatever_kind_says_who_we_are() {
    let server = Server::stranger(|head| match path(head) {
        ASKED => Answer::body("allow: MITA"),
        "/login" => Answer::body(r#"{"token": "abc"}"#),
        "/" => Answer::redirect(302, "/next"),
        _ => Answer::body("ok"),
    });
    let mut plan = ten(&server);
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login: get("login", "/login"),
        bearer_from: "/token".to_owned(),
        refresh_on: None,
        prefetch: 2,
        once: false,
    });
    plan.classes[0].auth = Some("token".to_owned());
    plan.classes[0].think = Think::None;
    plan.graceful_stop = Millis::from_secs(5);
    let outcome = carry_out(plan);
    assert_eq!(outcome.done().ending, Ending::Completed);
    let heads = server.heads();
    for kind in [ASKED, "/login", "/", "/next"] {
        assert!(heads.iter().any(|head| path(head) == kind), "{kind}");
    }
    for head in heads.iter().map(|head| head.to_ascii_lowercase()) {
        assert!(head.contains("\r\nuser-agent: perflab/"), "{head}");
        assert!(head.contains("\r\nx-perflab-run: 00000000-0000-0000-0000-000000000000\r\n"), "{head}");
    }
}

#[rstest]
#[case::a_log_in_before_the_run("/login")]
#[case::a_redirect("/next")]
fn a_stop_counts_wherever_it_is_said(#[case] at: &'static str) {
    let server = Server::new(move |head| match path(head) {
        asked if asked == at => Answer::Whole(STOP.to_owned()),
        "/login" => Answer::body(r#"{"token": "abc"}"#),
        "/" => Answer::redirect(302, "/next"),
        _ => Answer::body("ok"),
    });
    let mut plan = endless(&server);
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login: get("login", "/login"),
        bearer_from: "/token".to_owned(),
        refresh_on: None,
        prefetch: 1,
        once: false,
    });
    plan.classes[0].auth = Some("token".to_owned());
    let outcome = carry_out(plan);
    assert_eq!(outcome.done().ending, Ending::TargetAsked, "{:?}", outcome.rest.last());
    let told = outcome.rest.iter().filter(|report| matches!(report, Report::Example(_))).count();
    assert!(told <= 3, "{told}");
}

#[rstest]
#[case::refused("127.0.0.2", "target.not_opted_in")]
#[case::no_such_name("nowhere-4711.invalid", "dns")]
fn a_host_that_is_a_secret_is_not_told(#[case] host: &str, #[case] code: &str) {
    let (server, stranger) = (Server::always(Answer::body("ok")), stranger(|_| Answer::status(404)));
    let port = stranger.authority().rsplit_once(':').expect("a port").1.to_owned();
    let mut plan = ten(&server);
    plan.flows[0].steps = vec![request(get("a", &format!("http://${{secret.HOST}}:{port}/")))];
    plan.environment.allow.push(format!("{host}:{port}").parse().expect("an entry"));
    let mut settings = settings();
    settings.secrets.insert("HOST".to_owned(), host.to_owned());
    let outcome = support::carry_out(plan, settings);
    let (found, message) = failed_with(&outcome);
    assert_eq!(found, code, "{message}");
    assert!(!message.contains(host) && message.contains("[secret]"), "{message}");
    assert_eq!(server.connections(), 0);
}
