//! What a rule of a benchmark suite is judged on: cases, or a budget as a whole.

use perflab_model::{
    bench::{BudgetTree, Case},
    plan::Rule,
    threshold::{After, At, Limit, Measure, Window},
};

use super::CaseRules;
use crate::bench::{has, is_of_cases};

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// A case.
    Case(&'a Case),
    /// What all parts of a budget took together.
    Budget(&'a BudgetTree),
}

impl Subject<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Case(case) => case.name.as_str(),
            Self::Budget(tree) => &tree.name,
        }
    }
}

/// Why a rule says nothing about cases, and what to do.
#[derive(Clone, Debug)]
pub(super) struct NotOfCases {
    pub(super) reason: String,
    pub(super) next: String,
}

impl CaseRules {
    /// What a rule is judged on, in the order of the cases.
    pub(super) fn subjects(&self, rule: &Rule) -> Result<Vec<Subject<'_>>, NotOfCases> {
        let threshold = &rule.threshold;
        let not = |reason: String, next: &str| Err(NotOfCases { reason, next: next.to_owned() });
        let label = threshold.measure.label().to_lowercase();
        if !is_of_cases(threshold.measure) {
            return not(
                format!("a benchmark suite does not measure {label}"),
                "Take the rule out of this suite, or ask it of a load suite",
            );
        }
        if !threshold.tags.is_empty() {
            return not("cases have no tags".to_owned(), "Name the case instead: for <case>");
        }
        if matches!(threshold.window, Some(Window::For(_) | Window::Over(_) | Window::Within(_))) {
            return not("a case is judged as a whole, not over a window".to_owned(), "Take the window out of the rule");
        }
        if matches!(threshold.after, Some(After::Time(_))) {
            return not(
                "a case is judged from the end of its warm-up".to_owned(),
                "Take `after` out of the rule, or give the case another warm-up",
            );
        }
        let at_once = match threshold.at {
            None => None,
            Some(At::Users(users)) => Some(users),
            Some(At::Rate(_)) => {
                return not(
                    "cases go on one after the other, at no planned rate".to_owned(),
                    "Write `at 10 users` for the case with that concurrency",
                );
            }
        };
        if let (None, Limit::Budget(name)) = (&threshold.scope, &threshold.limit)
            && let Some(tree) = self.cases.budgets.iter().find(|tree| tree.name == *name)
        {
            return Ok(vec![Subject::Budget(tree)]);
        }
        let meant = |case: &&Case| {
            let is_named = threshold.scope.as_ref().is_none_or(|glob| case.is_meant_by(glob));
            is_named && at_once.is_none_or(|users| case.concurrency == users)
        };
        let named: Vec<&Case> = self.cases.cases.iter().filter(meant).collect();
        if named.is_empty() {
            let reason = match (&threshold.scope, at_once) {
                (_, Some(users)) => format!("no case has a concurrency of {users}"),
                (Some(glob), None) => format!("no case is called `{glob}`"),
                (None, None) => "there is no case".to_owned(),
            };
            return not(reason, "Correct the rule; the table of cases has all names");
        }
        let able: Vec<Subject<'_>> =
            named.into_iter().filter(|case| has(case, threshold.measure)).map(Subject::Case).collect();
        if able.is_empty() {
            let (reason, next) = match threshold.measure {
                Measure::Overhead => {
                    ("only pairs have an overhead".to_owned(), "Give the case a `pair` with both ways of doing it")
                }
                Measure::Memory => ("its memory is not watched".to_owned(), "Set `leak_check: true` for the case"),
                _ => (format!("what it does has no {label}"), "Take the rule out, or name another case"),
            };
            return not(reason, next);
        }
        Ok(able)
    }
}
