//! Rules of benchmark suites: each is held to the cases that it is for, and none that no case could decide is let through.
//!
//! In:  rules of the suite, of the defaults and of each case. Out: each case with the rules that judge it, every rule for
//! this case alone, so that a ledger says of each which case it is about.

use super::CaseRead;
use crate::{
    bench::{BudgetTree, Case, Operation, Work},
    hint::nearest,
    name::SuiteName,
    plan::Rule,
    suite::{
        SuiteCase,
        read::{Reader, rules::ParsedRule},
    },
    threshold::{Action, After, At, Dimension, Limit, Measure, Stat, Threshold, Window},
};

/// What is asked of every case whose memory is watched: MITA's limit for a leak, 5 KB an operation.
const NO_LEAK: &str = "memory slope < 5KB per 1 ops";

/// Who is judged by what.
pub(super) struct Judged {
    pub(super) cases: Vec<SuiteCase>,
    /// Rules on what all parts of a budget take together.
    pub(super) of_budgets: Vec<Rule>,
}

/// What is wrong with a rule.
struct Unfit {
    /// The part of it that is wrong; its first word where there is none.
    part: Option<&'static str>,
    message: String,
    hint: String,
}

impl Unfit {
    fn new(part: Option<&'static str>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { part, message: message.into(), hint: hint.into() }
    }
}

impl Reader<'_, '_> {
    /// Gives each case its rules.
    pub(super) fn judged(
        &mut self,
        cases: Vec<CaseRead>,
        suite: &SuiteName,
        of_suite: &[ParsedRule],
        of_defaults: &[ParsedRule],
        budgets: &[BudgetTree],
    ) -> Judged {
        let (of_budgets, of_suite): (Vec<_>, Vec<_>) =
            self.fitting(of_suite, budgets).into_iter().partition(|rule| is_of_budget(&rule.threshold));
        let of_defaults = self.fitting(of_defaults, budgets);
        for rule in &of_suite {
            self.check_any(rule, &cases);
        }
        for rule in &of_defaults {
            if self.check_unscoped(rule) {
                self.check_any(rule, &cases);
            }
        }
        let mut judged = Vec::new();
        for CaseRead { case, limits, own } in cases {
            let source = format!("case {}", case.base);
            let own = own.map(|own| self.own_rules(&own, &case, budgets));
            let mut rules = Vec::new();
            for rule in of_suite.iter().filter(|rule| concerns(&rule.threshold, &case).is_none()) {
                rules.extend(self.scoped(rule, &case, format!("suite {suite}")));
            }
            if let Some(rule) = &limits {
                rules.extend(self.scoped(rule, &case, source.clone()));
            }
            let applying = of_defaults.iter().filter(|rule| concerns(&rule.threshold, &case).is_none()).cloned();
            for rule in own.unwrap_or_else(|| applying.collect()) {
                rules.extend(self.scoped(&rule, &case, source.clone()));
            }
            let has_own = rules.iter().any(|rule| rule.source == source && rule.threshold.measure == Measure::Memory);
            if case.leak_check && !has_own {
                let leak = self.parsed_rule(NO_LEAK.parse(), NO_LEAK.to_owned(), &crate::suite::error::Path::default());
                rules.extend(leak.and_then(|rule| self.scoped(&rule, &case, source.clone())));
            }
            judged.push(SuiteCase { case, rules });
        }
        let source = format!("suite {suite}");
        let of_budgets =
            of_budgets.into_iter().map(|rule| Rule { threshold: rule.threshold, source: source.clone() }).collect();
        Judged { cases: judged, of_budgets }
    }

    /// Rules that a benchmark can decide at all.
    fn fitting(&mut self, rules: &[ParsedRule], budgets: &[BudgetTree]) -> Vec<ParsedRule> {
        let mut fitting = Vec::new();
        for rule in rules {
            match unfit(&rule.threshold, budgets) {
                Some(wrong) => self.wrong_rule(rule, wrong.part, &wrong.message, &wrong.hint),
                None => fitting.push(rule.clone()),
            }
        }
        fitting
    }

    fn own_rules(&mut self, rules: &[ParsedRule], case: &Case, budgets: &[BudgetTree]) -> Vec<ParsedRule> {
        let mut own = Vec::new();
        for rule in self.fitting(rules, budgets) {
            if !self.check_unscoped(&rule) {
                continue;
            }
            match concerns(&rule.threshold, case) {
                Some(wrong) => self.wrong_rule(&rule, wrong.part, &wrong.message, &wrong.hint),
                None => own.push(rule),
            }
        }
        own
    }

    fn check_unscoped(&mut self, rule: &ParsedRule) -> bool {
        let unscoped = rule.threshold.scope.is_none();
        if !unscoped {
            let hint = "leave it out, or write the rule under `thresholds` of the suite";
            self.wrong_rule(rule, Some("for "), "a rule of a case is for that case", hint);
        }
        unscoped
    }

    /// A rule that judges no case at all was meant otherwise.
    fn check_any(&mut self, rule: &ParsedRule, cases: &[CaseRead]) {
        if cases.is_empty() || cases.iter().any(|one| concerns(&rule.threshold, &one.case).is_none()) {
            return;
        }
        let scope = rule.threshold.scope.as_deref().unwrap_or("*");
        if let Some(wrong) =
            cases.iter().filter(|one| one.case.is_meant_by(scope)).find_map(|one| concerns(&rule.threshold, &one.case))
        {
            return self.wrong_rule(rule, wrong.part, &wrong.message, &wrong.hint);
        }
        let known = cases.iter().flat_map(|one| [one.case.base.as_str(), one.case.name.as_str()]);
        let hint = nearest(scope, known).map_or_else(
            || "name a case, or use a glob such as login*".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        self.wrong_rule(rule, Some("for "), &format!("`for {scope}` means no case here"), &hint);
    }

    /// The rule for this case alone.
    fn scoped(&mut self, rule: &ParsedRule, case: &Case, source: String) -> Option<Rule> {
        match rule.threshold.scoped(case.name.as_str()) {
            Ok(threshold) => Some(Rule { threshold, source }),
            Err(error) => {
                self.wrong_rule(rule, None, &error.message, "make the rule shorter");
                None
            }
        }
    }
}

/// Why a benchmark could never decide a rule.
fn unfit(rule: &Threshold, budgets: &[BudgetTree]) -> Option<Unfit> {
    let measure = rule.measure;
    let stats_fit = match measure {
        Measure::Latency | Measure::ErrorRate => true,
        Measure::Throughput => matches!(rule.stat, Stat::Rate | Stat::Mean | Stat::Count),
        Measure::Memory => matches!(rule.stat, Stat::Slope),
        Measure::Allocations => matches!(rule.stat, Stat::Mean | Stat::Value | Stat::Slope),
        Measure::Overhead => matches!(rule.stat, Stat::Mean | Stat::Value),
        _ => {
            let hint = "cases have latency, error_rate, throughput, memory, allocations and overhead";
            return Some(Unfit::new(None, format!("`{measure}` is not measured in benchmark suites"), hint));
        }
    };
    if !stats_fit {
        let hint = format!("write `{measure}` alone for its {}", measure.own_stat());
        return Some(Unfit::new(None, format!("`{measure} {}` is not measured in benchmark suites", rule.stat), hint));
    }
    let whole = "a case is judged as a whole, after its warm-up: leave it out";
    if !rule.tags.is_empty() {
        return Some(Unfit::new(Some("{"), "operations of a case have no tags", "name cases by `for`"));
    }
    if let Some(window) = rule.window {
        let part = match window {
            Window::For(_) => "for ",
            Window::Over(_) => "over ",
            Window::Within(_) => "within ",
        };
        return Some(Unfit::new(Some(part), "a case has no windows of time", whole));
    }
    if matches!(rule.after, Some(After::Time(_))) {
        return Some(Unfit::new(Some("after "), "a case has no moments that a rule could begin at", whole));
    }
    if matches!(rule.at, Some(At::Rate(_))) {
        let hint = "write `at 10 users` for the case with that concurrency";
        return Some(Unfit::new(Some("at"), "operations of a case come at no planned rate", hint));
    }
    if rule.action == Action::Stop {
        return Some(Unfit::new(Some("stop"), "a case is judged when it is over, so no rule ends it", "leave it out"));
    }
    let Limit::Budget(name) = &rule.limit else { return None };
    if measure.dimension(rule.stat) != Dimension::Time {
        return Some(Unfit::new(
            Some("budget("),
            format!("a budget is a time, and `{measure}` is none"),
            "write a number",
        ));
    }
    if budgets.iter().any(|budget| budget.name == *name) {
        return None;
    }
    let hint = nearest(name, budgets.iter().map(|budget| budget.name.as_str()))
        .map_or_else(|| "write it under `budgets`".to_owned(), |near| format!("did you mean `{near}`?"));
    Some(Unfit::new(Some("budget("), format!("there is no budget `{name}`"), hint))
}

/// A rule of the suite on a budget is about what its parts take together, not about each case; with a scope, and in a case,
/// the budget's limit is only its number.
fn is_of_budget(rule: &Threshold) -> bool {
    rule.scope.is_none() && matches!(rule.limit, Limit::Budget(_))
}

/// Why a rule says nothing about a case.
fn concerns(rule: &Threshold, case: &Case) -> Option<Unfit> {
    if rule.scope.as_deref().is_some_and(|scope| !case.is_meant_by(scope)) {
        return Some(Unfit::new(Some("for "), format!("the rule is not for `{}`", case.base), "look at its name"));
    }
    if let Some(At::Users(users)) = rule.at
        && users != case.concurrency
    {
        let message = format!("`{}` has no concurrency of {users}", case.base);
        return Some(Unfit::new(Some("at"), message, "write one of its `concurrency`"));
    }
    let local = || case.work.operations().iter().any(|operation| matches!(operation, Operation::Builtin { .. }));
    match rule.measure {
        Measure::Overhead if !matches!(case.work, Work::Pair { .. }) => {
            let hint = "give the case a `pair`, or judge its latency: `avg < 5ms`";
            Some(Unfit::new(None, format!("`overhead` is measured of pairs, and `{}` is none", case.base), hint))
        }
        Measure::Throughput if matches!(case.work, Work::Pair { .. }) => {
            let hint = "judge its overhead, or measure the operation as a case of its own";
            Some(Unfit::new(None, format!("`{}` is a pair, done in turns: it has no throughput", case.base), hint))
        }
        Measure::Memory if !case.leak_check => {
            let hint = "set `leak_check: true` on a case with a builtin operation";
            Some(Unfit::new(None, format!("the memory of `{}` is not watched", case.base), hint))
        }
        Measure::Allocations if !local() => {
            let hint = "judge builtin operations by it: others are done elsewhere";
            Some(Unfit::new(None, format!("the allocations of `{}` are not counted", case.base), hint))
        }
        _ => None,
    }
}
