//! Suites that are wrong, each from its text to what a person is told: refused as text, as a plan, by the runner before
//! its first request, or counted under a code. What the servers saw is part of every case: not one request more than is
//! said there.
//!
//! The finer points of each error are tested where it is made; here they stand side by side, so that no kind is missing.

use std::{collections::BTreeMap, net::Ipv4Addr};

use perflab_engine::{Loopback, Settings};
use perflab_model::{
    environment::{Caps, Environment},
    id::RunId,
    launch::Overrides,
    plan::{Plan, PlanProject},
    runner::{Ending, Report},
    suite::{PlanRequest, Suite},
    unit::{Millis, Rps},
};
use rstest::rstest;

use crate::{
    server::{self, Answer, Server, path},
    support::{self, Outcome},
};

/// A suite around a scenario and steps. Line 5 are the steps, line 9 is the scenario.
fn suite(steps: &str, scenario: &str) -> String {
    format!(
        "version: 1
suite: wrong
feeds: {{users: {{file: users.csv}}}}
flows:
  home: {{steps: [{steps}]}}
classes:
  visitor: {{flows: {{home: 1}}}}
scenarios:
  smoke: {{{scenario}}}
"
    )
}

const STEPS: &str = "{get: /, name: home}";
const TEN: &str = "executor: constant_rate, rate: 10, duration: 1s, max_in_flight: 16";

fn files() -> BTreeMap<String, String> {
    BTreeMap::from([("users.csv".to_owned(), "email\na@example.com\n".to_owned())])
}

/// Everything that is said of a suite which is not even a plan.
fn refused(text: &str, files: &BTreeMap<String, String>) -> String {
    match Suite::parse(text, files) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[rstest]
#[case::unit(
    STEPS,
    "executor: constant_vus, users: 1, duration: 5 parsecs",
    "9:55: scenarios.smoke.duration: `5 parsecs` does not fit here; a duration with its unit, such as 500ms, 30s, 2m or 1h30m"
)]
#[case::unit_of_a_rule(
    STEPS,
    "executor: constant_vus, users: 1, duration: 1m, thresholds: ['p95 < 5MB']",
    "9:72: scenarios.smoke.thresholds[0]: the unit `MB` does not fit latency p95 (column 8 of the rule); times take ns, us, ms, s, m or h"
)]
#[case::no_stages(
    STEPS,
    "executor: ramping_vus, stages: []",
    "9:34: scenarios.smoke.stages: the stages take no time; write [{to: 100, for: 1m}]"
)]
#[case::no_users(
    STEPS,
    "executor: constant_vus, users: 0, duration: 1m",
    "9:42: scenarios.smoke.users: 0 is below 1, the smallest value here"
)]
#[case::variable(
    "{get: '/${id}'}",
    TEN,
    "5:24: flows.home.steps[0].get: `${id}` is never set for users of class `visitor`; set it with `extract`, or declare it under `variables`"
)]
#[case::feed(
    "{get: '/${feed.user.email}'}",
    TEN,
    "5:24: flows.home.steps[0].get: there is no feed `user`; did you mean `users`?"
)]
#[case::column(
    "{get: '/${feed.users.mail}'}",
    TEN,
    "5:24: flows.home.steps[0].get: the feed `users` has no column `mail`; did you mean `email`?"
)]
#[case::key("{gte: /}", TEN, "5:19: flows.home.steps[0].gte: unknown key `gte`; did you mean `get`?")]
#[case::executor(
    STEPS,
    "executor: constant_user, users: 1, duration: 1m",
    "9:21: scenarios.smoke.executor: `constant_user` is not known here; did you mean `constant_vus`?"
)]
#[case::tag_of_nothing(
    STEPS,
    "executor: constant_vus, users: 1, duration: 1m, tags: [auth]",
    "9:66: scenarios.smoke.tags[0]: there is no tag `auth`; the suite has no tag"
)]
#[case::class(
    STEPS,
    "executor: constant_vus, users: 1, duration: 1m, classes: [visitors]",
    "9:69: scenarios.smoke.classes[0]: there is no class `visitors`; did you mean `visitor`?"
)]
#[case::header_of_two_lines(
    "{get: /, headers: {X-Two: \"a\\r\\nb\"}}",
    TEN,
    "5:44: flows.home.steps[0].headers.X-Two: the header `X-Two` holds a line break; headers are one line; write the value in quotes"
)]
#[case::regex(
    "{get: /, checks: [{body_matches: '(a'}]}",
    TEN,
    "5:51: flows.home.steps[0].checks[0].body_matches: `(a` is no regular expression: unclosed group"
)]
#[case::path(
    "{get: home}",
    TEN,
    "5:24: flows.home.steps[0].get: the path `home` does not begin with `/`; write `/home`, or a whole address with http:// or https://"
)]
fn a_wrong_text_is_told_with_line_column_and_field(#[case] steps: &str, #[case] scenario: &str, #[case] told: &str) {
    assert_eq!(refused(&suite(steps, scenario), &files()), told);
}

#[rstest]
#[case::no_yaml("version: 1\nsuite: [a\n", "look at indentation")]
#[case::a_bomb("version: 1\nsuite: bomb\na: &a [x, x]\nb: [*a, *a]\n", "neither anchors nor aliases")]
fn a_text_that_is_no_suite_is_told_so(#[case] text: &str, #[case] told: &str) {
    let said = refused(text, &files());
    assert!(said.contains(told), "{said}");
}

/// An environment of a server, and what may differ.
fn environment(base_url: &str) -> Environment {
    let base_url: url::Url = base_url.parse().expect("a URL");
    let port = base_url.port_or_known_default().expect("a port");
    Environment {
        name: "here".parse().expect("a name"),
        allow: vec![format!("{}:{port}", base_url.host_str().expect("a host")).parse().expect("an entry")],
        base_url,
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: Vec::new(),
        vouched: None,
        unverified_tls: None,
        history: perflab_model::environment::History::default(),
    }
}

fn planned(
    text: &str,
    files: &BTreeMap<String, String>,
    environment: Environment,
    overrides: &Overrides,
) -> Result<Plan, Vec<(String, String)>> {
    let suite = Suite::parse(text, files).unwrap_or_else(|errors| panic!("{errors}"));
    let scenario = "smoke".parse().expect("a name");
    let run = RunId::new(uuid::Uuid::nil());
    suite
        .plan(PlanRequest { run, scenario: &scenario, environment, overrides, seed: 7 })
        .map_err(|errors| errors.field_problems().into_iter().map(|problem| (problem.field, problem.message)).collect())
}

type Change = fn(&mut Environment, &mut Overrides);

#[rstest]
#[case::users("executor: constant_vus, users: 10, duration: 1m", |environment: &mut Environment, _: &mut Overrides| environment.caps.users = 9, "overrides.users", "10 users are above the cap of 9 for environment `here`")]
#[case::rate(TEN, |environment: &mut Environment, _: &mut Overrides| environment.caps.rate = Rps::new(9.0).expect("a rate"), "overrides.rate", "10.0/s is above the cap of 9.00/s for environment `here`")]
#[case::in_flight(TEN, |environment: &mut Environment, _: &mut Overrides| environment.caps.in_flight = 15, "overrides.max_in_flight", "16 iterations at once are above the cap of 15 for environment `here`")]
#[case::duration(TEN, |environment: &mut Environment, _: &mut Overrides| environment.caps.duration = Millis::new(999), "overrides.duration", "1s is above the longest run of 999ms for environment `here`")]
#[case::misplaced(TEN, |_: &mut Environment, overrides: &mut Overrides| overrides.users = Some(5), "overrides.users", "`users` does not fit the executor constant_rate")]
fn a_launch_above_a_cap_is_told_with_its_field(
    #[case] scenario: &str,
    #[case] change: Change,
    #[case] field: &str,
    #[case] told: &str,
) {
    let (mut environment, mut overrides) = (environment("http://127.0.0.1:1"), Overrides::default());
    change(&mut environment, &mut overrides);
    let problems = planned(&suite(STEPS, scenario), &files(), environment, &overrides).expect_err("it is refused");
    assert_eq!(problems, [(field.to_owned(), told.to_owned())]);
}

#[test]
fn a_feed_without_its_file_is_told_with_the_file() {
    let text = suite("{get: '/${feed.users.email}'}", TEN);
    let problems = planned(&text, &BTreeMap::new(), environment("http://127.0.0.1:1"), &Overrides::default());
    let told = ("suite".to_owned(), "the feed `users` needs the file users.csv".to_owned());
    assert_eq!(problems.expect_err("it is refused"), [told]);
}

#[test]
fn certificates_are_verified_unless_the_environment_is_marked() {
    let text = suite(STEPS, TEN) + "http: {tls_verify: false}\n";
    let problems = planned(&text, &files(), environment("https://localhost:1"), &Overrides::default());
    let told = "the suite asks that certificates are not verified (tls_verify: false), and no administrator has marked the environment `here` for that";
    assert_eq!(problems.expect_err("it is refused"), [("environment".to_owned(), told.to_owned())]);
}

/// A run of ten starts that begins although something is wrong.
fn run_of(steps: &str, base_url: &str, change: impl FnOnce(&mut Plan), settings: Settings) -> Outcome {
    let mut plan = planned(&suite(steps, TEN), &files(), environment(base_url), &Overrides::default()).expect("a plan");
    change(&mut plan);
    support::carry_out(plan, settings)
}

fn settings() -> Settings {
    Settings { loopback: Loopback { v4: (Ipv4Addr::LOCALHOST, 32), v6: false }, ..Settings::default() }
}

type PlanChange = fn(&mut Plan);

#[rstest]
#[case::secret("{get: '/${secret.NOBODY_HAS_SET_THIS}', name: home}", |_: &mut Plan| {}, "secret.missing", "NOBODY_HAS_SET_THIS")]
#[case::denied_host("{get: 'http://192.0.2.1/', name: home}", |_: &mut Plan| {}, "target.denied", "http://192.0.2.1:80 is not on the environment's allow-list")]
#[case::another_port("{get: 'http://127.0.0.1:1/', name: home}", |_: &mut Plan| {}, "target.denied", "http://127.0.0.1:1 is not on the environment's allow-list")]
#[case::metadata("{get: 'http://169.254.169.254/', name: home}", |plan: &mut Plan| plan.environment.allow.push("169.254.0.0/16".parse().expect("an entry")), "target.denied", "169.254.169.254 is always denied")]
#[case::metadata_in_disguise("{get: 'http://[::ffff:a9fe:a9fe]/', name: home}", |plan: &mut Plan| plan.environment.allow.push("0.0.0.0/0".parse().expect("an entry")), "target.denied", "169.254.169.254 is always denied")]
#[case::credentials("{get: 'http://me:pw@127.0.0.1/', name: home}", |_: &mut Plan| {}, "target.denied", "holds a user name or a password")]
#[case::no_such_name("{get: 'http://nowhere.invalid/', name: home}", |plan: &mut Plan| plan.environment.allow.push("nowhere.invalid".parse().expect("an entry")), "dns", "`nowhere.invalid` could not be resolved")]
#[case::certificates_unverified("{get: '/', name: home}", |plan: &mut Plan| plan.http.tls_verify = Some(false), "tls.unmarked", "no administrator has marked the environment `here`")]
#[case::cap("{get: '/', name: home}", |plan: &mut Plan| plan.environment.caps.in_flight = 3, "cap.in_flight", "16 iterations at once, environment `here` allows 3")]
#[case::http2_without_tls("{get: '/', name: home}", |plan: &mut Plan| plan.http.version = perflab_model::plan::HttpVersion::H2, "plan.invalid", "`h2` is spoken over TLS only")]
#[case::descriptors("{get: '/', name: home}", |plan: &mut Plan| { plan.environment.caps.in_flight = u32::MAX; in_flight(plan, 2_000_000_000) }, "preflight.descriptors", "4000000200 file descriptors are needed (two for each of 2000000000 connections and 200 more)")]
fn a_run_that_cannot_be_is_ended_before_its_first_request(
    #[case] steps: &str,
    #[case] change: PlanChange,
    #[case] code: &str,
    #[case] told: &str,
) {
    let server = Server::always(Answer::body("ok"));
    let outcome = run_of(steps, &server.url(), change, settings());
    let Ending::Failed { code: found, message } = &outcome.done().ending else { panic!("{outcome:?}") };
    assert_eq!(found, code, "{message}");
    assert!(message.contains(told), "{message}");
    assert_eq!((server.connections(), outcome.started.is_some()), (0, false));
}

fn in_flight(plan: &mut Plan, most: u32) {
    if let perflab_model::load::Load::Open { limits, .. } = &mut plan.load {
        limits.max_in_flight = most;
    }
}

#[test]
fn the_labs_own_port_is_never_loaded() {
    let server = Server::always(Answer::body("ok"));
    let port = server.authority().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let own = Settings { denied_ports: vec![port], ..settings() };
    let outcome = run_of(STEPS, &server.url(), |_| {}, own);
    assert!(matches!(&outcome.done().ending, Ending::Failed { code, .. } if code == "target.denied"), "{outcome:?}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_stranger_who_has_not_agreed_gets_the_question_only() {
    let server = Server::stranger(|_| Answer::status(404));
    let project = PlanProject { name: "MITA".parse().expect("a name"), id: None };
    let outcome = run_of(STEPS, &server.url(), |plan| plan.project = Some(project), settings());
    let Ending::Failed { code, message } = &outcome.done().ending else { panic!("{outcome:?}") };
    assert_eq!(code, "target.not_opted_in");
    assert!(message.contains("the line `allow: MITA`"), "{message}");
    assert_eq!(server.heads().iter().map(|head| path(head)).collect::<Vec<_>>(), ["/.well-known/perflab.txt"]);
}

fn codes(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (code, count) in outcome.ticks.iter().flat_map(|tick| &tick.point.errors) {
        *all.entry(code.clone()).or_default() += count;
    }
    all
}

/// The message of an example with this code.
fn example(outcome: &Outcome, code: &str) -> String {
    let found = outcome.rest.iter().find_map(|report| match report {
        Report::Example(example) if example.code == code => Some(example.message.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{:?}", outcome.rest))
}

#[test]
fn a_redirect_to_a_denied_host_is_counted_and_not_followed() {
    let denied = Server::always(Answer::body("you should not be here"));
    let to = denied.url();
    let server = Server::new(move |_| Answer::redirect(302, &to));
    let outcome = run_of(STEPS, &server.url(), |_| {}, settings());
    assert_eq!(codes(&outcome), BTreeMap::from([("redirect.blocked".to_owned(), 10)]));
    assert!(example(&outcome, "redirect.blocked").contains(&format!("{} is not on", denied.url())));
    assert_eq!((server.heads().len(), denied.connections()), (10, 0));
}

#[test]
fn a_body_without_end_is_read_to_its_limit() {
    // A kilobyte that becomes a megabyte.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, &vec![b'a'; 1 << 20]).expect("memory takes it");
    let packed = packer.finish().expect("memory takes it");
    assert!(packed.len() < 2_000);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let server = Server::always(Answer::Bytes([head.into_bytes(), packed].concat()));
    let limited = |plan: &mut Plan| plan.http.max_body_bytes = 100_000;
    let outcome = run_of(STEPS, &server.url(), limited, settings());
    assert_eq!(codes(&outcome), BTreeMap::from([("body.too_large".to_owned(), 10)]));
    assert!(example(&outcome, "body.too_large").contains("100000"), "{}", example(&outcome, "body.too_large"));
    assert_eq!(server.heads().len(), 10);
}

#[test]
fn a_certificate_that_nobody_knows_is_an_error_of_each_request_and_nothing_is_sent() {
    let server = server::tls();
    let outcome = run_of(STEPS, &server.url, |_| {}, settings());
    assert_eq!(codes(&outcome), BTreeMap::from([("tls.certificate".to_owned(), 10)]));
    assert!(example(&outcome, "tls.certificate").contains("certificate"));
    assert_eq!(server.requests(), 0);
}
