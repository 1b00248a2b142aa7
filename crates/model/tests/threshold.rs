//! The language of thresholds, from its public door: what people and k6 write, and what they are told when it is wrong.

use perflab_model::{
    threshold::{Action, After, At, BaselineChange, Direction, Level, Limit, Measure, Op, Stat, Threshold, Window},
    unit::Millis,
};
use proptest::prelude::*;
use rstest::rstest;

fn read(text: &str) -> Threshold {
    match text.parse() {
        Ok(threshold) => threshold,
        Err(error) => panic!("`{text}`: {error}"),
    }
}

#[rstest]
#[case::k6_percentile("p(95)<200", Measure::Latency, Stat::Quantile(0.95), Op::Less, 0.2)]
#[case::k6_mean("avg<200", Measure::Latency, Stat::Mean, Op::Less, 0.2)]
#[case::k6_median("med<=1.5", Measure::Latency, Stat::Quantile(0.5), Op::LessOrEqual, 0.0015)]
#[case::k6_rate("rate<0.01", Measure::ErrorRate, Stat::Rate, Op::Less, 0.01)]
#[case::k6_count("count>100", Measure::Throughput, Stat::Count, Op::Greater, 100.0)]
#[case::k6_value("value<=50", Measure::Users, Stat::Value, Op::LessOrEqual, 50.0)]
#[case::k6_strict("max===1000", Measure::Latency, Stat::Max, Op::Equal, 1.0)]
#[case::short_percentile("p95 < 200ms", Measure::Latency, Stat::Quantile(0.95), Op::Less, 0.2)]
#[case::fraction("p99.9 < 1s", Measure::Latency, Stat::Quantile(0.999), Op::Less, 1.0)]
#[case::own_stat("latency < 1m", Measure::Latency, Stat::Mean, Op::Less, 60.0)]
#[case::micro("service p50 < 80µs", Measure::Service, Stat::Quantile(0.5), Op::Less, 80e-6)]
#[case::nano("min >= 80 ns", Measure::Latency, Stat::Min, Op::GreaterOrEqual, 80e-9)]
#[case::percent("error_rate < 1%", Measure::ErrorRate, Stat::Rate, Op::Less, 0.01)]
#[case::checks("checks > 0.99", Measure::Checks, Stat::Rate, Op::Greater, 0.99)]
#[case::rate("throughput >= 50/s", Measure::Throughput, Stat::Rate, Op::GreaterOrEqual, 50.0)]
#[case::second_name("rps >= 50", Measure::Throughput, Stat::Rate, Op::GreaterOrEqual, 50.0)]
#[case::k6_name("http_req_waiting p(90) < 100", Measure::Ttfb, Stat::Quantile(0.9), Op::Less, 0.1)]
#[case::dropped("dropped == 0", Measure::Dropped, Stat::Count, Op::Equal, 0.0)]
#[case::iterations("iterations rate != 0/s", Measure::Iterations, Stat::Rate, Op::NotEqual, 0.0)]
#[case::slope("memory slope < 10MB per 1000 ops", Measure::Memory, Stat::Slope, Op::Less, 10_485.76)]
#[case::bare_memory("memory < 1", Measure::Memory, Stat::Slope, Op::Less, 1_048_576.0)]
#[case::allocations("allocations < 500", Measure::Allocations, Stat::Mean, Op::Less, 500.0)]
#[case::overhead("overhead < 5ms", Measure::Overhead, Stat::Value, Op::Less, 0.005)]
#[case::degradation("degradation < 15%", Measure::Degradation, Stat::Value, Op::Less, 0.15)]
#[case::bare_degradation("degradation < 15", Measure::Degradation, Stat::Value, Op::Less, 0.15)]
#[case::exponent("avg < 2e2", Measure::Latency, Stat::Mean, Op::Less, 0.2)]
fn a_rule_says_what_is_judged_and_its_limit_in_base_units(
    #[case] text: &str,
    #[case] measure: Measure,
    #[case] stat: Stat,
    #[case] op: Op,
    #[case] limit: f64,
) {
    let rule = read(text);
    assert_eq!((rule.measure, rule.op), (measure, op));
    match (rule.stat, stat) {
        (Stat::Quantile(a), Stat::Quantile(b)) => assert!((a - b).abs() < 1e-12),
        (a, b) => assert_eq!(a, b),
    }
    let Limit::Number(found) = rule.limit else { panic!("no number: {:?}", rule.limit) };
    assert!((found - limit).abs() <= limit.abs() * 1e-12, "{found} is not {limit}");
    assert_eq!(rule.to_string(), text);
}

#[test]
fn clauses_stand_in_any_order() {
    let rule = read("error_rate < 5% stop for 10s after 30s for login warn");
    assert_eq!(rule.window, Some(Window::For(Millis::from_secs(10))));
    assert_eq!(rule.after, Some(After::Time(Millis::from_secs(30))));
    assert_eq!(rule.scope.as_deref(), Some("login"));
    assert_eq!((rule.level, rule.action), (Level::Warn, Action::Stop));
    let same = read("error_rate < 5% for login warn for 10s after 30s stop");
    assert_eq!(Threshold { text: String::new(), ..rule }, Threshold { text: String::new(), ..same });
}

#[rstest]
#[case("p95 < 200ms for /api/budget", "/api/budget")]
#[case("p95 < 200ms for POST /login warn", "POST /login")]
#[case("p95 < 200ms for add to cart stop", "add to cart")]
#[case("p95 < 200ms for \"look at home\" warn", "look at home")]
#[case("p95 < 200ms for 'budget_*'", "budget_*")]
#[case("p95 < 200ms for 3rd party", "3rd party")]
fn a_scope_runs_to_the_next_keyword_or_quote(#[case] text: &str, #[case] scope: &str) {
    assert_eq!(read(text).scope.as_deref(), Some(scope));
}

#[test]
fn windows_and_loads_are_read() {
    assert_eq!(read("p99 < 500ms over 1m stop").window, Some(Window::Over(Millis::from_secs(60))));
    assert_eq!(read("p99 < 500ms within 1m30s").window, Some(Window::Within(Millis::from_secs(90))));
    assert_eq!(read("avg < 1s after warmup").after, Some(After::Warmup));
    assert_eq!(read("degradation < 15% at 1000 users").at, Some(At::Users(1000)));
    assert_eq!(read("p95 < 1s at 200/s").at, Some(At::Rate(200.0)));
    assert_eq!(read("overhead < 5ms warn").level, Level::Warn);
}

#[test]
fn a_two_level_rule_has_a_target_and_a_maximum() {
    for text in ["p95 < 200ms, max 500ms for login", "p95 < 200ms max 500ms for login"] {
        let rule = read(text);
        assert_eq!((rule.limit, rule.max), (Limit::Number(0.2), Some(0.5)));
        assert_eq!(rule.scope.as_deref(), Some("login"));
    }
}

#[rstest]
#[case("avg <= baseline * 1.10 after warmup", Limit::Baseline(BaselineChange::Times(1.1)))]
#[case("avg <= baseline + 10%", Limit::Baseline(BaselineChange::PlusShare(0.1)))]
#[case("avg <= baseline - 5ms", Limit::Baseline(BaselineChange::Plus(-0.005)))]
#[case("overhead < budget(security)", Limit::Budget("security".to_owned()))]
fn limits_follow_the_baseline_or_a_budget(#[case] text: &str, #[case] limit: Limit) {
    assert_eq!(read(text).limit, limit);
}

#[test]
fn tags_choose_values() {
    let rule = read("http_req_duration{status:200, name:login} p(95) < 200");
    assert_eq!(rule.tags, [("status".to_owned(), "200".to_owned()), ("name".to_owned(), "login".to_owned())]);
}

#[test]
fn a_k6_map_gives_the_measure_by_its_key() {
    let rule = Threshold::of_k6("http_req_duration{status:200}", "p(95)<200").expect("a k6 rule");
    assert_eq!((rule.measure, rule.stat), (Measure::Latency, Stat::Quantile(0.95)));
    assert_eq!(rule.to_string(), "http_req_duration{status:200} p(95)<200");
    assert_eq!(rule.text.parse::<Threshold>(), Ok(rule));
    let failed = Threshold::of_k6("http_req_failed", "rate<0.01").expect("a k6 rule");
    assert_eq!((failed.measure, failed.limit), (Measure::ErrorRate, Limit::Number(0.01)));
    let error = Threshold::of_k6("iteration_duration", "avg<1").expect_err("no counterpart");
    assert_eq!(error.message, "k6's metric `iteration_duration` has no counterpart here");
}

#[rstest]
#[case("", 1, "the rule does not say what is judged", "begin with a measure")]
#[case("< 200ms", 1, "the rule does not say what is judged", "begin with a measure")]
#[case("p95 200ms", 5, "a comparison is missing here", "use <, <=")]
#[case("p95 = 200ms", 5, "a comparison is missing here", "equality is written ==")]
#[case("p95 <", 6, "a number is missing here", "")]
#[case("p95 < fast", 7, "`fast` is not a limit", "a limit is a number")]
#[case("p95 < 10MB", 9, "the unit `MB` does not fit latency p95", "times take ns")]
#[case("error_rate < 5ms", 15, "the unit `ms` does not fit error_rate rate", "shares take %")]
#[case("dropped < 5%", 12, "the unit `%` does not fit dropped count", "counts take no unit")]
#[case("error_rate < 5", 14, "5 is not a share: error_rate lies between 0 and 1", "write 5% for a percentage")]
#[case("p95 < 5mss", 8, "`mss` is not a unit", "times take")]
#[case("p95 < 5MS", 8, "`MS` is not a unit", "did you mean `ms`?")]
#[case("latncy p95 < 5ms", 1, "`latncy` is neither a measure nor a stat", "did you mean `latency`?")]
#[case("p101 < 5ms", 1, "`101` is not a percentile", "between 0 and 100")]
#[case("p(95 < 5ms", 1, "`p(` is not closed by `)`", "write p(95)")]
#[case("vus_max value < 5", 1, "k6's metric `vus_max` has no counterpart here", "measures are latency")]
#[case("latency rate < 5", 9, "`latency` has no `rate`", "it has avg")]
#[case("p95 avg < 5ms", 5, "a rule has one stat only", "two rules")]
#[case("p95 latency < 5ms", 5, "the measure must stand first, and only once", "latency p95")]
#[case("p95 < 200ms warn fail", 18, "a second level", "each may stand once")]
#[case("p95 < 200ms for a for b", 19, "a second scope", "each may stand once")]
#[case("p95 < 200ms for 5s over 1m", 20, "a second window", "each may stand once")]
#[case("p95 < 200ms, warn", 12, "a maximum is missing here", "only the maximum may stand")]
#[case("p95 < 500ms, max 200ms", 7, "the target is beyond its maximum, so it could never warn", "swap")]
#[case("p95 < 200ms wran", 13, "`wran` is not known here", "did you mean `warn`?")]
#[case("p95 < 200ms for", 16, "`for` needs a name or a duration", "write a name")]
#[case("p95 < 200ms over lunch", 18, "`over` needs a duration", "`over 30s`")]
#[case("p95 < 200ms at noon", 16, "`at` needs a number of users or a rate", "at 1000 users")]
#[case("p95 < 200ms per 1000 ops", 13, "`per … ops` does not fit latency", "memory")]
#[case("avg < baseline", 15, "`baseline` needs *, + or - and a number", "baseline * 1.10")]
#[case("avg < budget()", 7, "a budget needs its name", "budget(name)")]
#[case("latency{status} < 5", 8, "`status` is not a tag", "{status:200}")]
#[case("µµ < 5", 1, "`µµ` is neither a measure nor a stat", "measures are")]
fn a_wrong_rule_is_told_with_its_column_and_a_way_on(
    #[case] text: &str,
    #[case] column: usize,
    #[case] message: &str,
    #[case] hint: &str,
) {
    let error = text.parse::<Threshold>().expect_err("a wrong rule");
    assert_eq!((error.message.as_str(), error.column), (message, column));
    assert!(error.hint.clone().unwrap_or_default().contains(hint), "{:?} lacks `{hint}`", error.hint);
}

#[test]
fn a_rule_travels_as_its_text() {
    let rule = read("p95 < 200ms, max 500ms for login");
    let json = serde_json::to_string(&rule).expect("rules are texts");
    assert_eq!(json, r#""p95 < 200ms, max 500ms for login""#);
    assert_eq!(serde_json::from_str::<Threshold>(&json).expect("the same rule"), rule);
}

#[test]
fn measures_know_how_they_are_shown() {
    assert_eq!((Measure::Latency.unit(), Measure::Latency.shown(0.2)), ("ms", 200.0));
    assert_eq!((Measure::ErrorRate.unit(), Measure::ErrorRate.shown(0.25)), ("%", 25.0));
    assert_eq!(Measure::Throughput.unit(), "/s");
    assert_eq!(Measure::Throughput.direction(), Direction::Higher);
    assert_eq!(Measure::Latency.direction(), Direction::Lower);
    assert_eq!(Stat::Quantile(0.999).label(), "P99.9");
    for measure in Measure::ALL {
        assert_eq!(Measure::named(measure.name()), Some(measure));
        assert!(measure.has(measure.own_stat()));
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = text.parse::<Threshold>();
    }

    #[test]
    fn no_mixture_of_its_words_makes_the_parser_panic(words in prop::collection::vec(prop::sample::select(vec![
        "latency", "p95", "p(95)", "<", "<=", "200", "200ms", "%", "5%", ",", "max", "for", "over", "10s", "login",
        "after", "warmup", "at", "users", "/s", "warn", "stop", "baseline", "*", "+", "-", "budget(", ")", "{", "}",
        "status:200", "per", "ops", "\"", "'", "µs", "error_rate", "memory",
    ]), 0..12), gap in prop::sample::select(vec!["", " ", "\t"])) {
        let text = words.join(gap);
        if let Ok(rule) = text.parse::<Threshold>() {
            prop_assert_eq!(rule.to_string().parse::<Threshold>(), Ok(rule));
        }
    }

    #[test]
    fn a_printed_rule_reads_back_the_same(
        measure in prop::sample::select(vec!["latency", "response", "service", "ttfb", "lag"]),
        quantile in 1_u32..100,
        limit in 0.001_f64..10_000.0,
        unit in prop::sample::select(vec!["", "ns", "us", "ms", "s"]),
        clause in prop::sample::select(vec!["", " warn", " stop for login", " for 10s after warmup", " over 1m at 5 users"]),
    ) {
        let rule = read(&format!("{measure} p{quantile} < {limit}{unit}{clause}"));
        prop_assert_eq!(rule.to_string().parse::<Threshold>(), Ok(rule));
    }
}

#[rstest]
#[case("p95 < 200ms", "login", "p95 < 200ms for login")]
#[case("p95 < 200ms for log* warn", "login", "p95 < 200ms for login warn")]
#[case("avg < 5ms, max 8ms warn", "hash [cost=12]", "avg < 5ms, max 8ms warn for hash [cost=12]")]
#[case("p95 < 200ms for 'a b' continue", "at 5", "p95 < 200ms for \"at 5\" continue")]
#[case("http_req_duration p(95)<200", "10s", "http_req_duration p(95)<200 for \"10s\"")]
#[case("p95 < 1s for 10s", "login", "p95 < 1s for 10s for login")]
fn a_rule_can_be_kept_for_one_name_alone(#[case] rule: &str, #[case] name: &str, #[case] text: &str) {
    let scoped = read(rule).scoped(name).expect("a rule");
    assert_eq!(scoped.text, text);
    assert_eq!(scoped.scope.as_deref(), Some(name));
    let unscoped = |rule: Threshold| Threshold { text: String::new(), scope: None, ..rule };
    assert_eq!(unscoped(scoped), unscoped(read(rule)));
}
