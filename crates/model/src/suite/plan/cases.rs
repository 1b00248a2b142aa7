//! From a benchmark suite to the plan of a run: which of its cases, and all that they need.
//!
//! In:  the cases of a suite and the overrides. Out: a plan of those that were named (all where none was), with their rules.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{PlanError, PlanRequest, check, with_variables};
use crate::{
    bench::{BudgetTree, Cases, Operation},
    flow::{Auth, Feed},
    launch::Overrides,
    load::{Load, Warmup},
    name::ScenarioName,
    plan::{Plan, Rule},
    suite::{Suite, SuiteCase, SuiteKind, read, read::Benchmark, templates},
    template::{Placeholder, Template},
    threshold::Limit,
    unit::Millis,
};

/// How long a request under way is waited for when the run is being ended.
const GRACE: Millis = Millis::from_secs(30);

impl Suite {
    pub(super) fn expand_cases(
        &self,
        checked: &read::Checked,
        benchmark: &Benchmark,
        request: PlanRequest<'_>,
        parameters: IndexMap<String, String>,
        problems: &mut Vec<PlanError>,
    ) -> Plan {
        refuse_overrides_of_load(request.overrides, problems);
        let environment = with_variables(request.environment, checked, problems);
        let chosen = choose(benchmark, &request.overrides.cases, problems);
        let (auth, feeds) = needed(checked, &chosen);
        for feed in feeds.iter().filter(|feed| feed.sha256.is_empty()) {
            problems.push(PlanError::FeedMissing { feed: feed.name.clone(), file: feed.file.clone() });
        }
        let (budgets, rules) = judged(benchmark, &chosen);
        let cases = Cases {
            cases: chosen.iter().map(|one| one.case.clone()).collect(),
            budgets,
            at_most: Some(environment.caps.duration),
        };
        let plan = Plan {
            run: request.run,
            project: None,
            whole: None,
            suite: self.name.clone(),
            suite_version: self.version_hash(),
            scenario: ScenarioName::whole_suite(),
            seed: request.overrides.seed.or(checked.seed).unwrap_or(request.seed),
            environment,
            load: Load::Cases(cases),
            warmup: Warmup::None,
            graceful_stop: GRACE,
            find_limit: false,
            http: checked.http.clone(),
            classes: Vec::new(),
            flows: Vec::new(),
            auth,
            feeds,
            overrides: request.overrides.clone(),
            parameters,
            rules,
        };
        check::check_cases(&plan, problems);
        plan
    }
}

/// Overrides of load say nothing about cases: they are told, not ignored.
fn refuse_overrides_of_load(overrides: &Overrides, problems: &mut Vec<PlanError>) {
    let given = [
        (overrides.users.is_some(), "users"),
        (overrides.spawn_rate.is_some(), "spawn_rate"),
        (overrides.rate.is_some(), "rate"),
        (overrides.duration.is_some(), "duration"),
        (overrides.max_in_flight.is_some(), "max_in_flight"),
        (!overrides.classes.is_empty(), "classes"),
    ];
    for (_, field) in given.into_iter().filter(|(given, _)| *given) {
        problems.push(PlanError::OfOtherKind { field, kind: SuiteKind::Benchmark });
    }
}

/// The cases that a launch names, in the order of the suite; all where it names none.
fn choose<'a>(benchmark: &'a Benchmark, named: &[String], problems: &mut Vec<PlanError>) -> Vec<&'a SuiteCase> {
    for name in named.iter().filter(|name| !benchmark.cases.iter().any(|one| one.case.is_meant_by(name))) {
        let known: BTreeSet<String> =
            benchmark.cases.iter().flat_map(|one| [one.case.base.to_string(), one.case.name.to_string()]).collect();
        problems.push(PlanError::UnknownCase { name: name.clone(), known: known.into_iter().collect() });
    }
    let is_meant = |one: &&SuiteCase| named.is_empty() || named.iter().any(|name| one.case.is_meant_by(name));
    benchmark.cases.iter().filter(is_meant).collect()
}

/// Log-ins and test data of the requests that are sent.
fn needed(checked: &read::Checked, chosen: &[&SuiteCase]) -> (Vec<Auth>, Vec<Feed>) {
    let mut names = BTreeSet::new();
    for operation in chosen.iter().flat_map(|one| one.case.work.operations()) {
        if let Operation::Http { auth: Some(auth), .. } = operation {
            names.insert(auth.as_str());
        }
    }
    let auth: Vec<Auth> = checked.auth.values().filter(|auth| names.contains(auth.name.as_str())).cloned().collect();
    let mut feeds = BTreeSet::new();
    let mut note = |template: &Template| {
        for placeholder in template.placeholders() {
            if let Placeholder::Feed { feed, .. } = placeholder {
                feeds.insert(feed.clone());
            }
        }
    };
    templates::each(&[], &[], &auth, &mut note);
    chosen.iter().for_each(|one| templates::each_of_case(&one.case, &mut note));
    let feeds = checked.feeds.values().filter(|feed| feeds.contains(&feed.name)).cloned().collect();
    (auth, feeds)
}

/// Budgets and rules of the chosen cases. A budget whose parts are not all measured cannot be judged as a whole; where a
/// rule of a case takes its limit, the number stands there.
fn judged(benchmark: &Benchmark, chosen: &[&SuiteCase]) -> (Vec<BudgetTree>, Vec<Rule>) {
    let measured: BTreeSet<&str> = chosen.iter().map(|one| one.case.name.as_str()).collect();
    let (whole, parted): (Vec<&BudgetTree>, Vec<&BudgetTree>) =
        benchmark.budgets.iter().partition(|budget| is_measured(budget, &benchmark.budgets, &measured));
    let of_whole = |rule: &&Rule| match &rule.threshold.limit {
        Limit::Budget(name) => whole.iter().any(|budget| budget.name == *name),
        _ => true,
    };
    let rules = chosen.iter().flat_map(|one| &one.rules).map(|rule| match &rule.threshold.limit {
        Limit::Budget(name) => match parted.iter().find(|budget| budget.name == *name) {
            Some(budget) => with_number(rule, budget),
            None => rule.clone(),
        },
        _ => rule.clone(),
    });
    let of_budgets = benchmark.of_budgets.iter().filter(of_whole).cloned();
    (whole.iter().map(|budget| (*budget).clone()).collect(), rules.chain(of_budgets).collect())
}

/// Whether all parts of a budget, those of its parts included, are measured. Budgets never hold themselves.
fn is_measured(budget: &BudgetTree, all: &[BudgetTree], measured: &BTreeSet<&str>) -> bool {
    budget.parts.iter().all(|part| match all.iter().find(|known| known.name == *part) {
        Some(inner) => is_measured(inner, all, measured),
        None => measured.contains(part.as_str()),
    })
}

fn with_number(rule: &Rule, budget: &BudgetTree) -> Rule {
    let pattern = format!(r"budget\s*\(\s*{}\s*\)", regex::escape(&budget.name));
    let number = format!("{}ms", budget.limit_ns / 1e6);
    let text =
        regex::Regex::new(&pattern).map(|found| found.replace(&rule.threshold.text, number.as_str()).into_owned());
    let threshold = text.ok().and_then(|text| text.parse().ok());
    Rule { threshold: threshold.unwrap_or_else(|| rule.threshold.clone()), source: rule.source.clone() }
}
