//! Operations of benchmark suites, of every kind, as a suite names them: right answers become samples, wrong ones never do.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use perflab_engine::{Settings, bench::CommandList};
use perflab_mita::{BackgroundTarget, Config};
use perflab_model::{
    bench::{Amount, Case, CaseOutcome, CaseWarmup, CommandOutput, Measured, Operation, Work},
    flow::{Request, Step},
    load::Load,
    plan::Plan,
    runner::Report,
    suite::Suite,
    unit::Millis,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    bench::{case, measured, plan_of},
    support::{carry_out, get, plan},
};

fn map(values: Value) -> IndexMap<String, Value> {
    values.as_object().cloned().unwrap_or_default().into_iter().collect()
}

fn of(operation: Operation, expect: Value, operations: u64) -> Case {
    Case { work: Work::Single(operation), expect: map(expect), ..case("one", operations) }
}

fn builtin(name: &str, parameters: Value) -> Operation {
    Operation::Builtin { name: name.to_owned(), parameters: map(parameters) }
}

fn sql(query: &str, params: Value) -> Operation {
    Operation::Sql {
        query: query.to_owned(),
        params: params.as_array().cloned().unwrap_or_default(),
        database: None,
        before: Vec::new(),
        after: Vec::new(),
        explain: false,
    }
}

fn command(name: &str, args: &[&str]) -> Operation {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Operation::Command { name: name.to_owned(), args, output: CommandOutput::WallTime }
}

/// What was measured of one case by the operations that suites have.
fn measure_in(plan: Plan, settings: Settings) -> Measured {
    measured(&carry_out(plan, settings)).into_iter().next().expect("a case was told")
}

fn measure(one: Case) -> Measured {
    measure_in(plan_of(vec![one]), Settings::default())
}

/// Samples and failures.
fn counted(told: &Measured) -> (u64, u64) {
    let side = told.side.as_ref().unwrap_or_else(|| panic!("nothing was carried out: {:?}", told.outcome));
    (side.operations, side.failed)
}

fn refused(told: &Measured) -> (&str, &str) {
    match &told.outcome {
        CaseOutcome::Failed { code, message } => (code, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_function_of_the_target_is_measured_and_its_answer_checked() {
    let told = measure(of(builtin("auth.hash", json!({"cost": 4})), json!({"hash": "valid", "cost": 4}), 20));
    assert_eq!(told.outcome, CaseOutcome::Completed);
    assert_eq!(counted(&told), (20, 0), "{:?}", told.faults);
}

#[test]
fn a_wrong_expectation_fails_every_operation_with_its_input() {
    let told = measure(of(builtin("auth.verify", json!({"cost": 4})), json!({"matches": false}), 20));
    assert_eq!(counted(&told), (20, 20));
    let fault = &told.faults[0];
    assert_eq!((fault.code.as_str(), fault.message.as_str()), ("answer.wrong", "expected matches false, got true"));
    assert_eq!(fault.input.as_deref(), Some("a password of 16 characters at cost 4"));
}

#[rstest]
#[case(builtin("auth.logn", json!({})), json!({}), "builtin.unknown", "did you mean `auth.login`?")]
#[case(builtin("auth.hash", json!({"cots": 4})), json!({}), "builtin.parameter", "did you mean `cost`?")]
#[case(builtin("auth.hash", json!({"cost": 4})), json!({"hsh": 1}), "expect.unknown", "did you mean `hash`?")]
#[case(sql("SELEC 1", json!([])), json!({}), "", "syntax error")]
#[case(command("sleep", &[]), json!({}), "command.not_listed", "--commands FILE")]
fn what_cannot_be_carried_out_says_why(
    #[case] operation: Operation,
    #[case] expect: Value,
    #[case] code: &str,
    #[case] message: &str,
) {
    let told = measure(of(operation, expect, 3));
    match &told.outcome {
        CaseOutcome::Failed { code: came, message: text } => {
            assert_eq!(came, code);
            assert!(text.contains(message), "{text}");
        }
        // A statement is only seen to be wrong when it is carried out.
        _ => assert!(told.faults.iter().any(|fault| fault.message.contains(message)), "{:?}", told.faults),
    }
}

#[test]
fn an_operation_that_leaks_is_seen_to_grow() {
    let grown = |leak_bytes: u64| {
        let parameters = json!({"cost": 4, "leak_bytes": leak_bytes});
        let one = of(builtin("auth.hash", parameters), json!({}), 2000);
        let told = measure(Case { leak_check: true, ..one });
        let (first, last) = (told.memory.first().expect("watched"), told.memory.last().expect("watched"));
        last.bytes.saturating_sub(first.bytes)
    };
    let leaked = grown(16_384);
    assert!(leaked > 15_000_000, "{leaked} bytes of 32 MB");
    assert!(grown(0) < leaked / 4);
}

#[test]
fn extra_work_shows_as_what_the_one_side_of_a_pair_costs_more() {
    let work = Work::Pair {
        without: builtin("security.plain", json!({"work": "email"})),
        with: builtin("security.auth_limited", json!({"work": "email", "extra_ms": 6})),
    };
    let told = measure(Case { work, expect: map(json!({"done": true})), ..case("one", 10) });
    assert_eq!(counted(&told).1, 0, "{:?}", told.faults);
    // It works for 6 ms by the clock, so no machine is too slow or too fast for this.
    assert!(told.pairs.iter().all(|pair| pair.with_ns >= 6e6), "{:?}", told.pairs);
}

#[test]
fn what_neither_side_of_a_pair_answers_is_told_and_what_one_of_them_does_is_asked_of_it() {
    let of_pair = |expect: Value| {
        let (without, with) = (builtin("security.plain", json!({"work": "email"})), builtin("money.sum", json!({})));
        measure(Case { work: Work::Pair { without, with }, expect: map(expect), ..case("one", 10) })
    };
    let (told, wrong) = (of_pair(json!({"done": true, "is_exact": true})), of_pair(json!({"is_exat": true})));
    assert_eq!(counted(&told).1, 0, "{:?}", told.faults);
    assert_eq!(refused(&wrong).0, "expect.unknown");
}

#[test]
fn a_missing_index_is_seen_in_the_plan() {
    let explained = |index: bool| {
        let parameters = json!({"index": index, "users": 60, "rows": 50});
        measure(of(builtin("db.explain", parameters), json!({"uses_index": true}), 5))
    };
    assert_eq!(counted(&explained(true)), (5, 0));
    let without = explained(false);
    assert_eq!(counted(&without), (5, 5));
    assert_eq!(without.faults[0].message, "expected uses_index true, got false");
}

#[test]
fn a_statement_runs_on_the_data_of_the_target_with_its_plan() {
    let query = "SELECT count(*) AS n, max(currency) AS currency FROM transactions WHERE user_id = $1";
    let operation = match sql(query, json!(["${int(1,100)}"])) {
        Operation::Sql { query, params, database, before, after, .. } => {
            Operation::Sql { query, params, database, before, after, explain: true }
        }
        other => other,
    };
    let told = measure(of(operation.clone(), json!({"rows": 1, "n": 200, "currency": "USD"}), 20));
    assert_eq!(counted(&told), (20, 0), "{:?}", told.faults);
    assert!(told.plans[0].text.contains("transactions_by_user_time"), "{:?}", told.plans);
    let told = measure(of(operation, json!({"n": 199}), 5));
    assert_eq!(counted(&told), (5, 5));
    assert_eq!(told.faults[0].message, "expected n 199, got 200");
    assert!(told.faults[0].input.as_deref().is_some_and(|input| input.starts_with('[')), "{:?}", told.faults);
}

#[test]
fn a_statement_on_another_database_makes_its_table_and_removes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.sqlite");
    let secret = format!("sqlite:{}?mode=rwc", file.display());
    let settings = Settings { secrets: BTreeMap::from([("OWN_DB".to_owned(), secret)]), ..Settings::default() };
    let operation = |after: &[&str]| Operation::Sql {
        query: "INSERT INTO notes (text) VALUES ($1) RETURNING text".to_owned(),
        params: vec![json!("${uuid}")],
        database: Some("OWN_DB".to_owned()),
        before: vec!["CREATE TABLE notes (text TEXT)".to_owned()],
        after: after.iter().map(|text| (*text).to_owned()).collect(),
        explain: false,
    };
    for _ in 0..2 {
        let one = of(operation(&["DROP TABLE notes"]), json!({"rows": 1}), 10);
        let told = measure_in(plan_of(vec![one]), settings.clone());
        assert_eq!(counted(&told), (10, 0), "{:?}", told.faults);
    }
    let told = measure(of(operation(&[]), json!({}), 1));
    assert_eq!(refused(&told), ("secret.missing", "the secret `OWN_DB`, the address of the database, is not set"));
}

/// A list with one program.
fn listed(program: &str, args: &[&str], more: &str) -> Settings {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("commands.yaml");
    let args = serde_json::to_string(args).expect("JSON");
    std::fs::write(&path, format!("commands:\n  it: {{program: {program}, args: {args}{more}}}\n")).expect("written");
    Settings { commands: CommandList::read(&path).expect("a list"), ..Settings::default() }
}

#[rstest]
#[case("a; id")]
#[case("$(id) `id` && id | id > /tmp/x")]
#[case("--version")]
fn an_argument_reaches_the_program_as_it_is_and_no_shell(#[case] argument: &str) {
    let settings = listed("/usr/bin/printf", &["%s", ".*"], "");
    let one = of(command("it", &["%s", argument]), json!({"output": argument, "exit_code": 0}), 3);
    let told = measure_in(plan_of(vec![one]), settings);
    assert_eq!(counted(&told), (3, 0), "{:?}", told.faults);
}

#[rstest]
#[case(&["one"], "takes 2 arguments, not 1")]
#[case(&["a", "12x"], "argument 2 of `it` does not match `[0-9]+`")]
#[case(&["a", "12\n"], "argument 2 of `it` does not match")]
fn arguments_must_match_the_listed_patterns_whole(#[case] args: &[&str], #[case] message: &str) {
    let settings = listed("/bin/echo", &["[a-z]", "[0-9]+"], "");
    let told = measure_in(plan_of(vec![of(command("it", args), json!({}), 1)]), settings);
    let (code, text) = refused(&told);
    assert_eq!(code, "command.arguments");
    assert!(text.contains(message), "{text}");
}

#[test]
fn a_program_sees_only_the_variables_that_are_listed_and_a_folder_of_its_own() {
    // HOME is set wherever tests run; PATH and all else stays out.
    let told =
        measure_in(plan_of(vec![of(command("it", &[]), json!({"output": ""}), 2)]), listed("/usr/bin/env", &[], ""));
    assert_eq!(counted(&told), (2, 0), "{:?}", told.faults);
    let path = std::env::var("PATH").expect("there is one");
    let told = measure_in(
        plan_of(vec![of(command("it", &[]), json!({"output": format!("PATH={path}")}), 2)]),
        listed("/usr/bin/env", &[], ", environment: [PATH]"),
    );
    assert_eq!(counted(&told), (2, 0), "{:?}", told.faults);
    let here = std::env::current_dir().expect("there is one").display().to_string();
    let told =
        measure_in(plan_of(vec![of(command("it", &[]), json!({"output": here}), 2)]), listed("/bin/pwd", &[], ""));
    assert_eq!(counted(&told), (2, 2), "it is not ours");
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
    // `timeout` starts another process and waits for it.
    let settings = listed("/usr/bin/timeout", &["[0-9]+", "sleep", "[0-9.]+"], ", environment: [PATH], timeout_s: 0.2");
    let told = measure_in(plan_of(vec![of(command("it", &["97", "sleep", "96.125"]), json!({}), 1)]), settings);
    assert_eq!(counted(&told), (1, 1));
    assert_eq!(told.faults[0].code, "timeout");
    let alive = std::fs::read_dir("/proc").expect("Linux").filter_map(|entry| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).contains("96.125"))
    });
    assert!(!alive.into_iter().any(|is_it| is_it));
}

#[test]
fn a_program_may_tell_its_own_time_and_a_failed_one_is_no_sample() {
    let told_by = |program: &str, printed: &str| {
        let operation = Operation::Command {
            name: "it".to_owned(),
            args: vec![printed.to_owned()],
            output: CommandOutput::Milliseconds,
        };
        measure_in(plan_of(vec![of(operation, json!({}), 5)]), listed(program, &[".*"], ""))
    };
    let told = told_by("/bin/echo", "12.5");
    assert_eq!(counted(&told), (5, 0), "{:?}", told.faults);
    let mean = told.side.as_ref().and_then(|side| side.mean_ns).expect("samples");
    assert!((mean - 12.5e6).abs() < 1.0, "{mean}");
    assert_eq!(counted(&told_by("/bin/echo", "soon")), (5, 5));
    let told = measure_in(plan_of(vec![of(command("it", &[]), json!({}), 3)]), listed("/bin/false", &[], ""));
    assert_eq!((counted(&told), told.faults[0].code.as_str()), ((3, 3), "command.exit"));
}

#[rstest]
#[case("commands: {it: {program: echo}}", "must be an absolute path")]
#[case("commands: {it: {program: /bin/echo, args: ['(']}}", "is no regular expression")]
#[case("commands: {it: {program: /bin/echo, timeout_s: 0}}", "a number of seconds above 0")]
#[case("commands: {it: {program: /bin/echo, shell: true}}", "shell")]
fn a_list_that_cannot_be_used_allows_nothing_and_says_why(#[case] text: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("commands.yaml");
    std::fs::write(&path, text).expect("written");
    let settings = Settings { commands: CommandList::named(&path), ..Settings::default() };
    let told = measure_in(plan_of(vec![of(command("it", &[]), json!({}), 1)]), settings);
    let (code, text) = refused(&told);
    assert_eq!(code, "command.list");
    assert!(text.contains(message), "{text}");
}

fn sending(request: Request, url: &str) -> Plan {
    let operation = Operation::Http { request: Box::new(request), auth: None };
    let cases = plan_of(vec![of(operation, json!({}), 20)]);
    let Load::Cases(_) = &cases.load else { panic!("cases") };
    Plan { classes: Vec::new(), flows: Vec::new(), ..plan(url, cases.load, Vec::<Step>::new()) }
}

#[test]
fn a_request_is_timed_as_in_a_load_suite() {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    let target = BackgroundTarget::start(config, 1).expect("a target");
    let url = format!("{}/", target.target().url());
    let told = measure_in(sending(get("health", "/health"), &url), Settings::default());
    assert_eq!(counted(&told), (20, 0), "{:?}", told.faults);
    assert!(target.target().counts().count("GET", "/health", 200) >= 20);
    let told = measure_in(sending(get("nowhere", "/nowhere"), &url), Settings::default());
    assert_eq!(counted(&told), (20, 20));
    assert_eq!(told.faults[0].code, "http.4xx");
}

#[test]
fn a_run_says_what_it_is_measured_on_in_place_of_what_is_not_set() {
    let plan = plan_of(vec![of(builtin("db.lookup", json!({"users": 60})), json!({"found": true}), 5)]);
    let outcome = carry_out(plan, Settings::default());
    let said = outcome.rest.iter().any(|report| match report {
        Report::Log(line) => line.message.contains("on a temporary SQLite file instead of Postgres"),
        _ => false,
    });
    assert_eq!(said, std::env::var("DATABASE_URL").is_err(), "{:?}", outcome.rest);
}

/// Every suite that ships, with what each of its operations answers.
#[test]
fn the_suites_that_ship_name_operations_parameters_and_fields_that_exist() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the suites ship") {
        let path = entry.expect("an entry").path();
        if !path.to_string_lossy().ends_with("_performance.yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        let suite =
            Suite::parse(&text, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
        for case in suite.cases().iter().map(|one| &one.case) {
            let mut answered = Vec::new();
            for operation in case.work.operations() {
                let Operation::Builtin { name, parameters } = operation else { continue };
                let entry =
                    perflab_mita::operations::find(name).unwrap_or_else(|error| panic!("{}: {error}", case.name));
                let own = ["leak_bytes", "extra_ms"];
                let unknown = parameters
                    .keys()
                    .find(|key| !entry.parameters.contains(&key.as_str()) && !own.contains(&key.as_str()));
                assert_eq!(unknown, None, "{} of {}", case.name, path.display());
                answered.extend(entry.fields);
                seen += 1;
            }
            let asked = case.expect.keys().find(|field| !answered.is_empty() && !answered.contains(&field.as_str()));
            assert_eq!(asked, None, "{} of {}", case.name, path.display());
        }
    }
    assert!(seen > 80, "{seen}");
}

/// A case of a suite, made short: few operations, cheap hashes, little data. Its answers stay what they are.
fn shortened(mut one: Case) -> Case {
    one.amount = Amount::Iterations(3);
    one.warmup = CaseWarmup::None;
    one.concurrency = one.concurrency.min(2);
    one.leak_check = false;
    one.at_most = Millis::from_secs(20);
    let (Work::Single(first) | Work::Pair { without: first, .. }) = &mut one.work;
    shorten(first);
    if let Work::Pair { with, .. } = &mut one.work {
        shorten(with);
    }
    one
}

fn shorten(operation: &mut Operation) {
    let Operation::Builtin { name, parameters } = operation else { return };
    if parameters.contains_key("cost") {
        parameters.insert("cost".to_owned(), json!(4));
    }
    if name.starts_with("db.") {
        parameters.insert("rows".to_owned(), json!(40));
    }
    if parameters.contains_key("settle_ms") {
        parameters.insert("settle_ms".to_owned(), json!(1));
    }
}

#[rstest]
#[case("income_classification")]
#[case("authentication")]
#[case("security_impact")]
#[case("memory")]
#[case("database")]
#[case("guidelines")]
fn every_case_that_ships_is_answered_as_it_expects(#[case] suite: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites");
    let text = std::fs::read_to_string(folder.join(format!("{suite}_performance.yaml"))).expect("the suite ships");
    let suite = Suite::parse(&text, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors}"));
    let cases: Vec<Case> = suite.cases().iter().map(|one| shortened(one.case.clone())).collect();
    let count = cases.len();
    let all = measured(&carry_out(plan_of(cases), Settings::default()));
    assert_eq!(all.len(), count);
    for told in all {
        assert_eq!((&told.outcome, told.faults.as_slice()), (&CaseOutcome::Completed, &[][..]), "{}", told.case);
    }
}
