//! What cannot be a benchmark suite: each wrong key with its line, column and field, and the way to mend it.

use rstest::rstest;

use super::{cases::with_case, errors::errors};

#[rstest]
#[case::nothing(
    "title: x",
    "4:3: cases.one: the case does nothing; give it `operation: {…}`, or `pair: {without: {…}, with: {…}}`"
)]
#[case::both(
    "operation: {builtin: a}\npair: {without: {builtin: a}, with: {builtin: b}}",
    "4:3: cases.one: a case has an operation or a pair, not both; give it `operation: {…}`, or `pair: {without: {…}, with: {…}}`"
)]
#[case::misspelt(
    "operation: {buildin: a}",
    "5:17: cases.one.operation.buildin: unknown key `buildin`; did you mean `builtin`?"
)]
#[case::misspelt_key(
    "operation: {builtin: a}\niteration: 5",
    "6:5: cases.one.iteration: unknown key `iteration`; did you mean `iterations`?"
)]
#[case::empty(
    "operation: {}",
    "5:5: cases.one.operation: an operation is exactly one thing; give it one of builtin, http, sql, command"
)]
#[case::two(
    "operation: {builtin: a, sql: SELECT 1}",
    "5:5: cases.one.operation: an operation is exactly one thing; give it one of builtin, http, sql, command"
)]
#[case::half_a_pair("pair: {without: {builtin: a}}", "5:5: cases.one.pair: the key `with` is missing")]
#[case::no_reason(
    "operation: {builtin: a}\ntarget: 5ms",
    "6:13: cases.one.target: a limit needs its `rationale`; say why the limit is what it is: `rationale: a person waits for it`"
)]
#[case::backwards(
    "operation: {builtin: a}\nrationale: x\ntarget: 5ms\nmax: 1ms",
    "7:13: cases.one.target: the target of 5ms is beyond the maximum of 1ms; swap the two"
)]
#[case::no_unit(
    "operation: {builtin: a}\nrationale: x\ntarget: '5'",
    "7:13: cases.one.target: `5` does not fit here; a time is a number with its unit: ns, us (or µs), ms, s, m or h, such as 80us or 0.08ms"
)]
#[case::bare(
    "operation: {builtin: a}\nrationale: x\ntarget: 5",
    "7:13: cases.one.target: expected text, found the number 5; a time is a number with its unit: ns, us (or µs), ms, s, m or h, such as 80us or 0.08ms"
)]
#[case::no_time(
    "operation: {builtin: a}\nrationale: x\nmax: 0ms",
    "7:10: cases.one.max: `0ms` is no limit; write a time above 0"
)]
#[case::amount(
    "operation: {builtin: a}\niterations: 5\ntime: 5s",
    "7:11: cases.one.time: a case has iterations or a time, not both; take one of them out"
)]
#[case::none_at_all(
    "operation: {builtin: a}\niterations: 0",
    "6:17: cases.one.iterations: 0 is below 1, the smallest value here"
)]
#[case::warmup(
    "operation: {builtin: a}\nwarmup: atuo",
    "6:13: cases.one.warmup: `atuo` is not known here; did you mean `auto`?"
)]
#[case::threads(
    "operation: {builtin: a}\nconcurrency: [1, 1]",
    "6:22: cases.one.concurrency[1]: the number 1 stands there twice"
)]
#[case::no_threads(
    "operation: {builtin: a}\nconcurrency: []",
    "6:5: cases.one.concurrency: the list is empty; write numbers, such as [1, 5, 10]"
)]
#[case::zero_threads(
    "operation: {builtin: a}\nconcurrency: 0",
    "6:18: cases.one.concurrency: 0 is below 1, the smallest value here"
)]
#[case::leak(
    "operation: {sql: SELECT 1}\nleak_check: true",
    "6:17: cases.one.leak_check: only builtin operations are checked for leaks; leave it out: it watches the memory of the process that measures"
)]
#[case::matrix_name(
    "operation: {sql: '${matrix.cots}'}\nmatrix: {cost: [1]}",
    "5:22: cases.one.operation.sql: the matrix has no `cots`; did you mean `cost`?"
)]
#[case::no_matrix(
    "operation: {builtin: '${matrix.cost}'}",
    "5:26: cases.one.operation.builtin: the matrix has no `cost`; write it under `matrix` of the case: `matrix: {cost: [1, 2]}`"
)]
#[case::unused(
    "operation: {sql: SELECT 1}\nmatrix: {cost: [1]}",
    "6:14: cases.one.matrix.cost: nothing takes `cost`; write ${matrix.cost} where it belongs"
)]
#[case::empty_matrix(
    "operation: {builtin: a}\nmatrix: {cost: []}",
    "6:14: cases.one.matrix.cost: expected at least 1 items, found 0"
)]
#[case::no_list(
    "operation: {builtin: a}\nmatrix: {cost: 5}",
    "6:20: cases.one.matrix.cost: expected a list, found the number 5"
)]
#[case::reserved(
    "operation: {builtin: a}\nmatrix: {concurrency: [5]}",
    "6:14: cases.one.matrix.concurrency: `concurrency` cannot be a name in a matrix; write the numbers at the case's own key: `concurrency: [1, 5]`"
)]
#[case::twice(
    "operation: {builtin: a}\nmatrix: {cost: [5, 5]}",
    "6:24: cases.one.matrix.cost[1]: the value 5 stands there twice"
)]
#[case::same_name(
    "operation: {builtin: a}\nmatrix: {cost: [5, '5']}",
    "4:3: cases.one: two cases have the name `one [cost=5]`; look at the values of the matrix"
)]
#[case::sign(
    "operation: {builtin: a}\nmatrix: {path: ['a*']}",
    "6:14: cases.one.matrix.path: the value `a*` holds `*`; values stand in the names of cases: give each a short word, and what it stands for elsewhere"
)]
#[case::conflict(
    "operation: {builtin: {name: a, cost: 1}}\nmatrix: {cost: [2]}",
    "5:42: cases.one.operation.builtin.cost: the matrix says what `cost` is; leave it out, or write ${matrix.cost}"
)]
#[case::scope(
    "operation: {builtin: a}\nthresholds: ['p95 < 1ms for one']",
    "6:18: cases.one.thresholds[0]: a rule of a case is for that case (column 11 of the rule); leave it out, or write the rule under `thresholds` of the suite"
)]
#[case::overhead(
    "operation: {builtin: a}\nthresholds: ['overhead < 1ms']",
    "6:18: cases.one.thresholds[0]: `overhead` is measured of pairs, and `one` is none (column 1 of the rule); give the case a `pair`, or judge its latency: `avg < 5ms`"
)]
#[case::users(
    "operation: {builtin: a}\nthresholds: ['users > 5']",
    "6:18: cases.one.thresholds[0]: `users` is not measured in benchmark suites (column 1 of the rule); cases have latency, error_rate, throughput, memory, allocations and overhead"
)]
#[case::dropped(
    "operation: {builtin: a}\nthresholds: ['dropped == 0']",
    "6:18: cases.one.thresholds[0]: `dropped` is not measured in benchmark suites (column 1 of the rule); cases have latency, error_rate, throughput, memory, allocations and overhead"
)]
#[case::window(
    "operation: {builtin: a}\nthresholds: ['p95 < 1ms over 10s']",
    "6:18: cases.one.thresholds[0]: a case has no windows of time (column 11 of the rule); a case is judged as a whole, after its warm-up: leave it out"
)]
#[case::stop(
    "operation: {builtin: a}\nthresholds: ['p95 < 1ms stop']",
    "6:18: cases.one.thresholds[0]: a case is judged when it is over, so no rule ends it (column 11 of the rule); leave it out"
)]
#[case::memory(
    "operation: {builtin: a}\nleak_check: false\nthresholds: ['memory slope < 1KB per 1 ops']",
    "7:18: cases.one.thresholds[0]: the memory of `one` is not watched (column 1 of the rule); set `leak_check: true` on a case with a builtin operation"
)]
#[case::budget(
    "operation: {builtin: a}\nthresholds: ['avg < budget(all)']",
    "6:18: cases.one.thresholds[0]: there is no budget `all` (column 7 of the rule); write it under `budgets`"
)]
#[case::budget_unit(
    "operation: {builtin: a}\nthresholds: ['error_rate < budget(all)']",
    "6:18: cases.one.thresholds[0]: a budget is a time, and `error_rate` is none (column 14 of the rule); write a number"
)]
#[case::request(
    "operation: {http: {path: /}}",
    "5:24: cases.one.operation.http.path: unknown key `path`; did you mean `patch`?"
)]
#[case::two_requests(
    "operation: {http: {get: /, post: /}}",
    "5:17: cases.one.operation.http: an operation sends exactly one request; give it one of get, post, put, patch, delete, head with a path"
)]
#[case::variable(
    "operation: {http: {get: '/${ID}'}}",
    "5:29: cases.one.operation.http.get: `${ID}` is never set; declare it under `variables`"
)]
#[case::auth(
    "operation: {http: {get: /, auth: token}}",
    "5:38: cases.one.operation.http.auth: there is no auth entry `token`; the suite has no auth entry"
)]
#[case::expect(
    "operation: {http: {get: /}}\nexpect: {status: 200}",
    "6:5: cases.one.expect: what the answer of a request must be stands at the request; write `expect` and `checks` under `http`"
)]
#[case::statement(
    "operation: {sql: 'SELECT ${int(1,9)}'}",
    "5:22: cases.one.operation.sql: a statement takes no placeholders; write $1, $2 … and give the values as `params`"
)]
#[case::parameter(
    "operation: {sql: {query: SELECT $1, params: ['${user}']}}",
    "5:50: cases.one.operation.sql.params[0]: `${user}` does not fit parameters of a statement; use ${uuid}, ${today}, ${int(1,9)} or ${choice(a,b)}"
)]
#[case::database(
    "operation: {sql: {query: SELECT 1, database: 'postgres://x'}}",
    "5:50: cases.one.operation.sql.database: the address of the database is not given as a secret; write database: \"${secret.NAME}\""
)]
#[case::output(
    "operation: {command: {name: a, output: seconds}}",
    "5:44: cases.one.operation.command.output: `seconds` is not known here; choose one of wall_time, milliseconds"
)]
fn what_is_wrong_with_a_case_is_told_with_its_place(#[case] keys: &str, #[case] expected: &str) {
    assert_eq!(errors(&with_case(keys)), [expected]);
}

#[rstest]
#[case::both_kinds(
    "scenarios: {}\ncases: {}",
    "4:1: cases: a suite has scenarios or cases, not both; make it two suites, one with scenarios and one with cases"
)]
#[case::neither(
    "title: x",
    "1:1: the suite has neither scenarios nor cases; add `scenarios` to measure a target under load, or `cases` to measure operations one by one"
)]
#[case::none(
    "cases: {}",
    "3:1: cases: the suite has no cases; add at least one, such as `login: {operation: {builtin: auth.login}}`"
)]
#[case::of_load(
    "flows: {}\ncases: {a: {operation: {builtin: a}}}",
    "3:1: flows: unknown key `flows`; known keys are version, suite, title, description, tags, target, seed, parameters, variables, thresholds, feeds, auth, http, defaults, cases, budgets"
)]
#[case::name(
    "cases: {'a*': {operation: {builtin: a}}}",
    "3:9: cases.a*: the name of a case must not hold `*`; use letters, digits, blanks, _, - and points"
)]
#[case::matrix_in_defaults(
    "defaults: {matrix: {a: [1]}}\ncases: {a: {operation: {builtin: a}}}",
    "3:12: defaults.matrix: unknown key `matrix`; known keys are target, max, rationale, thresholds, iterations, time, warmup, concurrency, leak_check, category, critical, hints, at_most"
)]
#[case::too_many(
    "cases: {a: {operation: {builtin: a}, matrix: {x: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15], y: [1,2,3,4,5,6,7,8,9,10,11,12,13,14]}}}",
    "3:38: cases.a.matrix: the matrix has more than 200 combinations; leave some values out, or make several suites of it"
)]
#[case::unknown_scope(
    "thresholds: ['p95 < 1ms for logn']\ncases: {login: {operation: {builtin: a}}}",
    "3:14: thresholds[0]: `for logn` means no case here (column 11 of the rule); did you mean `login`?"
)]
#[case::for_nobody(
    "thresholds: ['overhead < 1ms']\ncases: {login: {operation: {builtin: a}}}",
    "3:14: thresholds[0]: `overhead` is measured of pairs, and `login` is none (column 1 of the rule); give the case a `pair`, or judge its latency: `avg < 5ms`"
)]
#[case::default_scope(
    "defaults: {thresholds: ['p95 < 1ms for a']}\ncases: {a: {operation: {builtin: a}}}",
    "3:25: defaults.thresholds[0]: a rule of a case is for that case (column 11 of the rule); leave it out, or write the rule under `thresholds` of the suite"
)]
#[case::part(
    "cases: {login: {operation: {builtin: a}}}\nbudgets: {all: {limit: 1ms, parts: [logn]}}",
    "4:37: budgets.all.parts[0]: there is no case and no budget `logn`; did you mean `login`?"
)]
#[case::several(
    "cases: {login: {operation: {builtin: a}, concurrency: [1, 5]}}\nbudgets: {all: {limit: 1ms, parts: [login]}}",
    "4:37: budgets.all.parts[0]: `login` is measured 2 times, and a budget counts one of them; name it, such as `login [concurrency=1]`"
)]
#[case::circle(
    "cases: {c: {operation: {builtin: a}}}\nbudgets: {a: {limit: 1ms, parts: [b]}, b: {limit: 1ms, parts: [c, a]}}",
    "4:27: budgets.a.parts: the budget `a` is a part of itself; take it out of one of the budgets"
)]
#[case::twice(
    "cases: {c: {operation: {builtin: a}}}\nbudgets: {a: {limit: 1ms, parts: [c, c]}}",
    "4:27: budgets.a.parts: `c` counts twice in the budget `a`; take it out of one of the budgets"
)]
#[case::budget_and_case(
    "cases: {c: {operation: {builtin: a}}}\nbudgets: {c: {limit: 1ms, parts: [c]}}",
    "4:11: budgets.c: `c` is a case, too; give one of them another name"
)]
#[case::unique(
    "feeds: {users: {file: users.csv, order: unique}}\ncases: {c: {operation: {builtin: a}}}",
    "3:41: feeds.users.order: rows for one user each belong to suites with scenarios; write `order: sequential` or `order: shuffle`"
)]
fn what_is_wrong_with_a_benchmark_suite_is_told_with_its_place(#[case] rest: &str, #[case] expected: &str) {
    let found = errors(&format!("version: 1\nsuite: small\n{rest}\n"));
    assert_eq!(found.first().map(String::as_str), Some(expected), "{found:?}");
}

#[test]
fn what_is_wrong_in_every_combination_is_told_once() {
    let text = with_case("operation: {builtin: a}\nmatrix: {cost: [1, 2, 3]}\niterations: x\nwarmup: y");
    assert_eq!(errors(&text).len(), 2, "{:?}", errors(&text));
}

#[test]
fn more_cases_than_a_run_may_have_are_refused() {
    let many: String = (0..201).map(|i| format!("  c{i}: {{operation: {{builtin: a}}}}\n")).collect();
    let found = errors(&format!("version: 1\nsuite: small\ncases:\n{many}"));
    assert_eq!(found, ["3:1: cases: the suite has more than 200 cases; leave some out, or make several suites of it"]);
}
