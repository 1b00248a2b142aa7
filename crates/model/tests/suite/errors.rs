//! What people are told about suites that are wrong: line, column, field, message, hint.

use std::collections::BTreeMap;

use perflab_model::suite::{Suite, schema};
use proptest::prelude::*;
use rstest::rstest;

use super::{parse, small};

/// The errors of a suite, one a line.
pub(super) fn errors(text: &str) -> Vec<String> {
    let files = BTreeMap::from([("users.csv".to_owned(), "email,age\na@example.com,3\n".to_owned())]);
    match Suite::parse(text, &files) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// A suite whose only flow has these steps, which begin in line 8.
fn with_steps(steps: &str) -> String {
    format!(
        "version: 1
suite: small
feeds: {{users: {{file: users.csv}}}}
auth: {{token: {{login: {{post: /login}}, bearer_from: /token}}}}
flows:
  home:
    steps:
{steps}
classes:
  visitor: {{flows: {{home: 1}}}}
scenarios:
  smoke: {{executor: constant_vus, users: 1, duration: 1m}}
"
    )
}

#[rstest]
#[case::misspelt_step("      - {gte: /}", "8:10: flows.home.steps[0].gte: unknown key `gte`; did you mean `get`?")]
#[case::nothing(
    "      - {name: home}",
    "8:9: flows.home.steps[0]: the step does nothing; give it one of get, post, put, patch, delete, head, auth, think, repeat, if, group"
)]
#[case::two_things(
    "      - {get: /, think: 1s}",
    "8:9: flows.home.steps[0]: a step does one thing, this one has get and think; give it one of get, post, put, patch, delete, head, auth, think, repeat, if, group"
)]
#[case::stray_key(
    "      - {think: 1s, json: {a: 1}}",
    "8:21: flows.home.steps[0].json: `json` belongs to a request, not to `think`"
)]
#[case::path(
    "      - {get: home}",
    "8:15: flows.home.steps[0].get: the path `home` does not begin with `/`; write `/home`, or a whole address with http:// or https://"
)]
#[case::auth(
    "      - {auth: tokn}",
    "8:16: flows.home.steps[0].auth: there is no auth entry `tokn`; did you mean `token`?"
)]
#[case::variable(
    "      - {get: '/${id}'}",
    "8:15: flows.home.steps[0].get: `${id}` is never set for users of class `visitor`; set it with `extract`, or declare it under `variables`"
)]
#[case::near_variable(
    "      - {get: /, extract: [{var: order, json_pointer: /id}]}\n      - {get: '/${ordre}'}",
    "9:15: flows.home.steps[1].get: `${ordre}` is never set for users of class `visitor`; did you mean `order`?"
)]
#[case::feed(
    "      - {get: '/${feed.user.email}'}",
    "8:15: flows.home.steps[0].get: there is no feed `user`; did you mean `users`?"
)]
#[case::column(
    "      - {get: '/${feed.users.mail}'}",
    "8:15: flows.home.steps[0].get: the feed `users` has no column `mail`; did you mean `email`?"
)]
#[case::placeholder(
    "      - {get: '/${int(9,1)}'}",
    "8:15: flows.home.steps[0].get: `${int(9,1)}` runs backwards: the first number must not be above the second"
)]
#[case::parameter(
    "      - {get: '/${param.X}'}",
    "8:15: flows.home.steps[0].get: there is no parameter `X`; declare it under `parameters`"
)]
#[case::header(
    "      - {get: /, headers: {X-Two: \"a\\r\\nb\"}}",
    "8:35: flows.home.steps[0].headers.X-Two: the header `X-Two` holds a line break; headers are one line; write the value in quotes"
)]
#[case::regex(
    "      - {get: /, checks: [{body_matches: '(a'}]}",
    "8:42: flows.home.steps[0].checks[0].body_matches: `(a` is no regular expression: unclosed group"
)]
#[case::pointer(
    "      - {get: /, extract: [{var: a, json_pointer: data.id}]}",
    "8:51: flows.home.steps[0].extract[0].json_pointer: `data.id` is no JSON pointer: it must begin with `/`; write `/data/id`"
)]
#[case::status(
    "      - {get: /, expect: 2x}",
    "8:26: flows.home.steps[0].expect: `2x` does not fit here; a status is a code such as 200 or a class such as 2xx"
)]
#[case::status_code(
    "      - {get: /, expect: [99]}",
    "8:27: flows.home.steps[0].expect[0]: 99 is below 100, the smallest value here"
)]
#[case::think(
    "      - {think: {uniform: [5s, 1s]}}",
    "8:18: flows.home.steps[0].think.uniform: 5s is longer than 1s; write [shortest, longest]"
)]
#[case::think_unit(
    "      - {think: 5}",
    "8:17: flows.home.steps[0].think: expected text or a map, found the number 5; a duration with its unit, such as 500ms, 30s, 2m or 1h30m; or none"
)]
#[case::json_variable(
    "      - {post: /, json: {a: [1, '${b}']}}",
    "8:33: flows.home.steps[0].json.a[1]: `${b}` is never set for users of class `visitor`; set it with `extract`, or declare it under `variables`"
)]
fn a_wrong_step_is_told_with_its_place(#[case] steps: &str, #[case] expected: &str) {
    assert_eq!(errors(&with_steps(steps)), [expected]);
}

#[rstest]
#[case::misspelt(
    "  smoke: {executor: constant_vus, users: 1, spwan_rate: 1, duration: 1m}",
    "8:45: scenarios.smoke.spwan_rate: unknown key `spwan_rate`; did you mean `spawn_rate`?"
)]
#[case::executor(
    "  smoke: {executor: constant_user}",
    "8:21: scenarios.smoke.executor: `constant_user` is not known here; did you mean `constant_vus`?"
)]
#[case::no_executor(
    "  smoke: {users: 1}",
    "8:3: scenarios.smoke: the scenario does not say its executor; choose one of constant_vus, ramping_vus, constant_rate, ramping_rate, spike, soak, staircase, shared_iterations, per_user_iterations"
)]
#[case::duration(
    "  smoke: {executor: constant_vus, users: 1, duration: 5}",
    "8:55: scenarios.smoke.duration: expected text, found the number 5; a duration with its unit, such as 500ms, 30s, 2m or 1h30m"
)]
#[case::parsecs(
    "  smoke: {executor: constant_vus, users: 1, duration: 5 parsecs}",
    "8:55: scenarios.smoke.duration: `5 parsecs` does not fit here; a duration with its unit, such as 500ms, 30s, 2m or 1h30m"
)]
#[case::users(
    "  smoke: {executor: constant_vus, users: many, duration: 1m}",
    "8:42: scenarios.smoke.users: expected a whole number, found the text `many`"
)]
#[case::no_users(
    "  smoke: {executor: constant_vus, users: 0, duration: 1m}",
    "8:42: scenarios.smoke.users: 0 is below 1, the smallest value here"
)]
#[case::hold(
    "  smoke: {executor: constant_vus, users: 60, spawn_rate: 1, duration: 1m}",
    "8:71: scenarios.smoke.duration: nothing is held: 60 users need 1m to start, and the whole run takes 1m; make duration longer (it includes the ramp) or spawn_rate higher"
)]
#[case::in_flight(
    "  smoke: {executor: constant_rate, rate: 5, duration: 1m}",
    "8:3: scenarios.smoke: the key `max_in_flight` is missing; constant_rate needs it"
)]
#[case::unfit(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, rate: 5}",
    "8:65: scenarios.smoke.rate: `rate` does not fit the executor constant_vus; it takes users, spawn_rate, duration"
)]
#[case::class(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, classes: [visitors]}",
    "8:69: scenarios.smoke.classes[0]: there is no class `visitors`; did you mean `visitor`?"
)]
#[case::tag(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, tags: [auth]}",
    "8:66: scenarios.smoke.tags[0]: there is no tag `auth`; the suite has no tag"
)]
#[case::rule(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, thresholds: ['p95 < 5MB']}",
    "8:72: scenarios.smoke.thresholds[0]: the unit `MB` does not fit latency p95 (column 8 of the rule); times take ns, us, ms, s, m or h"
)]
#[case::scope(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, thresholds: ['p95 < 5ms for hme']}",
    "8:72: scenarios.smoke.thresholds[0]: `for hme` means no request, flow or group here; did you mean `home`?"
)]
#[case::k6(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, thresholds: {data_sent: ['count<5']}}",
    "8:72: scenarios.smoke.thresholds.data_sent: k6's metric `data_sent` has no counterpart here (column 1 of the rule); measures are latency, response, service, lag, ttfb, error_rate, checks, throughput, iterations, dropped, late, users, memory, allocations, overhead, degradation"
)]
#[case::benchmark_measure(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, thresholds: ['overhead < 5ms']}",
    "8:72: scenarios.smoke.thresholds[0]: `overhead` is not measured in load runs; load runs measure latency, response, service, lag, ttfb, error_rate, checks, throughput, iterations, dropped, late and users"
)]
#[case::stages(
    "  smoke: {executor: ramping_rate, stages: [{to: 5, over: 1m}], max_in_flight: 5}",
    "8:52: scenarios.smoke.stages[0].over: unknown key `over`; known keys are to, for"
)]
#[case::of(
    "  smoke: {executor: spike, base: 5, peak: 50, before: 1m, at_peak: 1m, after: 1m}",
    "8:3: scenarios.smoke: the scenario does not say whether its numbers are users or a rate; write `of: users` or `of: rate`"
)]
#[case::of_misspelt(
    "  smoke: {executor: soak, of: user, level: 5, hold: 1h}",
    "8:31: scenarios.smoke.of: `user` is not known here; did you mean `users`?"
)]
#[case::peak(
    "  smoke: {executor: spike, of: users, base: 50, peak: 5, before: 1m, at_peak: 1m, after: 1m}",
    "8:55: scenarios.smoke.peak: the peak of 5 is not above the base of 50; make peak larger, or base smaller"
)]
#[case::part_of_a_user(
    "  smoke: {executor: staircase, of: users, first: 5, step: 2.5, steps: 3, each: 1m}",
    "8:59: scenarios.smoke.step: 7.5 is no number of users"
)]
#[case::no_hold(
    "  smoke: {executor: soak, of: users, level: 5, hold: 0s}",
    "8:54: scenarios.smoke.hold: the time must be above 0"
)]
#[case::no_step(
    "  smoke: {executor: staircase, of: users, first: 5, steps: 3, each: 1m}",
    "8:3: scenarios.smoke: the key `step` is missing; staircase needs it"
)]
#[case::endless_stairs(
    "  smoke: {executor: staircase, of: users, first: 5, step: 1, steps: 100000, each: 1m}",
    "8:69: scenarios.smoke.steps: 100000 is above 1000, the largest value here"
)]
#[case::open_without_slots(
    "  smoke: {executor: soak, of: rate, level: 5, hold: 1h}",
    "8:3: scenarios.smoke: the key `max_in_flight` is missing; soak needs it"
)]
#[case::slots_of_users(
    "  smoke: {executor: soak, of: users, level: 5, hold: 1h, max_in_flight: 5}",
    "8:73: scenarios.smoke.max_in_flight: `max_in_flight` does not fit the executor soak; it takes of, level, ramp_up, hold, ramp_down"
)]
#[case::another_pattern(
    "  smoke: {executor: soak, of: users, level: 5, hold: 1h, steps: 5}",
    "8:65: scenarios.smoke.steps: `steps` does not fit the executor soak; it takes of, level, ramp_up, hold, ramp_down"
)]
#[case::only_warm_up(
    "  smoke: {executor: constant_vus, users: 1, duration: 1m, warmup: 1m}",
    "8:67: scenarios.smoke.warmup: nothing is measured: the warm-up takes 1m, and the whole run 1m; make the run longer, or the warm-up shorter"
)]
#[case::only_a_ramp(
    "  smoke: {executor: ramping_vus, stages: [{to: 5, for: 1m}], warmup: ramp}",
    "8:70: scenarios.smoke.warmup: nothing is measured: the warm-up takes 1m, and the whole run 1m; make the run longer, or the warm-up shorter"
)]
fn a_wrong_scenario_is_told_with_its_place(#[case] scenario: &str, #[case] expected: &str) {
    let found = errors(&small(scenario));
    assert!(found.contains(&expected.to_owned()), "{found:#?}");
}

#[test]
fn a_filter_that_selects_nothing_is_an_error() {
    let text = "
version: 1
suite: small
flows:
  home: {tags: [calm], steps: [{get: /}]}
  shop: {tags: [busy], steps: [{get: /shop}]}
classes:
  visitor: {flows: {home: 1}}
scenarios:
  smoke: {executor: constant_vus, users: 1, duration: 1m, tags: [busy]}
";
    assert_eq!(
        errors(text),
        [
            "10:59: scenarios.smoke.tags: the scenario `smoke` selects no class with a flow to do; look at its tags and classes, and at the weights"
        ]
    );
}

#[test]
fn every_fault_is_told_at_once_in_the_order_of_the_file() {
    let text = "
version: 1
suite: small
flows:
  home: {steps: [{get: home}, {auth: token}]}
classes:
  visitor: {flows: {hme: 1}, on_start: nowhere}
scenarios:
  smoke: {executor: constant_vus, users: 60, spawn_rate: 1, duration: 1m, thresholds: ['p95 < x']}
";
    let found = errors(text);
    let lines: Vec<&str> = found.iter().filter_map(|error| error.split(':').next()).collect();
    assert_eq!(lines, ["5", "5", "7", "7", "9", "9"], "{found:#?}");
}

#[rstest]
#[case::misspelt_root(
    "version: 1\nsuite: a\nscenario: {}\n",
    "3:1: scenario: unknown key `scenario`; did you mean `scenarios`?"
)]
#[case::no_name("version: 1\nscenarios: {}\n", "1:1: the key `suite` is missing")]
#[case::version("version: 2\nsuite: a\n", "1:10: version: 2 is above 1, the largest value here")]
#[case::list("- a\n- b\n", "1:1: expected a map, found a list")]
#[case::feed_elsewhere(
    "version: 1\nsuite: a\nfeeds: {users: {file: ../users.csv}}\nscenarios: {}\n",
    "3:23: feeds.users.file: `../users.csv` is not the name of a file beside the suite; give the name without a folder"
)]
fn a_wrong_suite_is_told_with_its_place(#[case] text: &str, #[case] expected: &str) {
    let found = errors(text);
    assert!(found.contains(&expected.to_owned()), "{found:#?}");
}

#[rstest]
#[case::syntax("version: 1\nsuite: [a\n", "look at indentation")]
#[case::duplicate("version: 1\nsuite: a\nsuite: b\n", "duplicate")]
#[case::nothing("", "expected a map")]
fn text_that_is_no_suite_at_all_is_told_so(#[case] text: &str, #[case] part: &str) {
    let found = errors(text);
    assert!(found.first().is_some_and(|error| error.to_lowercase().contains(part)), "{found:#?}");
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = String::from("version: 1\nsuite: bomb\na: &a [x, x, x, x, x, x, x, x, x]\n");
    for (this, last) in ('b'..='j').zip('a'..='i') {
        text.push_str(&format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 9].join(", ")));
    }
    let found = errors(&text);
    assert!(found.len() == 1 && found[0].contains("neither anchors nor aliases"), "{found:#?}");
}

#[rstest]
#[case::flow("version: 1\nsuite: deep\nflows: ", "[", "]")]
#[case::map("version: 1\nsuite: deep\nflows: ", "{a: ", "}")]
fn ten_thousand_levels_are_refused(#[case] head: &str, #[case] open: &str, #[case] close: &str) {
    let text = format!("{head}{}{}\n", open.repeat(10_000), close.repeat(10_000));
    assert_eq!(errors(&text).len(), 1);
}

#[test]
fn more_than_a_mebibyte_is_refused() {
    let text = format!("version: 1\nsuite: big\ndescription: {}\n", "x".repeat(1 << 20));
    assert!(errors(&text)[0].contains("at most 1048576 are read"));
}

#[test]
fn short_forms_mean_what_they_say() {
    let suite = parse(&small(
        "  one: {executor: ramping_vus, start: 2, stages: [{to: 10, for: 1m}, {to: 0, for: 30s}], think: 1s, thresholds: {http_req_duration: ['p(95)<200'], http_req_failed: 'rate<0.01'}}",
    ));
    let scenario = &suite.scenarios()[0];
    assert_eq!(scenario.load.summary(), "10 users, 1m30s");
    let rules: Vec<&str> = scenario.rules.iter().map(|rule| rule.threshold.text.as_str()).collect();
    assert_eq!(rules, ["http_req_duration p(95)<200", "http_req_failed rate<0.01"]);
}

#[test]
fn the_schema_says_what_every_key_means() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for (place, fields) in schema["$defs"].as_object().expect("definitions") {
        for (key, field) in fields["properties"].as_object().into_iter().flatten() {
            assert!(field["description"].is_string(), "{place}.{key} has no description");
        }
    }
    for key in ["suite", "scenarios", "flows", "classes", "auth", "feeds", "thresholds", "parameters"] {
        assert!(schema["$defs"]["Suite"]["properties"][key].is_object(), "{key} is missing");
    }
    for key in ["suite", "cases", "defaults", "budgets", "auth", "feeds", "thresholds", "parameters"] {
        assert!(schema["$defs"]["BenchmarkSuite"]["properties"][key].is_object(), "{key} is missing");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        errors(&text);
    }

    #[test]
    fn no_value_in_any_place_makes_the_parser_panic(
        key in prop::sample::select(vec![
            "title", "tags", "target", "seed", "parameters", "variables", "thresholds", "feeds", "auth", "flows",
            "classes", "http", "defaults", "scenarios", "cases",
        ]),
        value in prop::sample::select(vec![
            "1", "-1", "1e400", ".nan", "~", "text", "[]", "[1, a]", "{}", "{a: 1}", "{a: {}}", "{a: {steps: []}}",
            "{a: {steps: [{get: '${'}]}}", "{a: {login: {get: /}, bearer_from: ''}}", "{a: {flows: {}}}",
            "{a: {executor: ramping_vus, stages: []}}", "{a: {executor: constant_vus, users: 4294967295, spawn_rate: 1e-300, duration: 1h}}",
            "{a: {executor: constant_rate, rate: 1e300, per: 1ms, duration: 1h, max_in_flight: 1}}", "{A: {default: x, range: [2, 1]}}",
        ]),
    ) {
        errors(&format!("version: 1\nsuite: a\n{key}: {value}\n"));
    }
}
