//! Rules over the cases of a benchmark suite.
//!
//! In:  a plan with cases, and what was measured of those that are over.
//! Out: ledger rows with the rung of each, critical cases first; what became of each case. No rule ends the run: a case is
//! judged when it is over.
//!
//! Without a scope a rule judges each case that has its measure; a glob each match. A rule on a budget (`overhead <
//! budget(security)`) judges what all its parts took together where it has no scope; with one the budget's limit is its
//! number. A budget that no rule names is judged all the same.
//!
//! A case that is invalid alone leaves its rules undecided. Of one whose every operation failed, rules on errors are
//! judged: its errors are the result.

mod subject;

use perflab_model::{
    bench::{Case, Cases, Work},
    load::Load,
    plan::{Plan, Rule},
    threshold::{Level, Limit, Measure, Op, Stat},
    verdict::Gate,
};

use self::subject::{NotOfCases, Subject};
use super::{
    Judged, Rung,
    decide::{limits, rung},
    finding::{Finding, Why},
    limit_of, row, undecided,
};
use crate::{
    bench::{Lack, NO_RIGHT_ANSWER, ReadCase, places, sentence, sum_of},
    memory::MemoryVerdict,
};

/// All rules of a benchmark run.
#[derive(Clone, Debug)]
pub struct CaseRules {
    rules: Vec<Rule>,
    cases: Cases,
}

/// How the rules stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseJudgement {
    /// Every rule: broken ones first, then undecided, then met; within these critical cases first, then by source, and the
    /// closest margin first.
    pub ledger: Vec<Judged>,
    cases: Vec<CaseStand>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq)]
struct CaseStand {
    name: String,
    worst: Rung,
    measure: Measure,
}

impl CaseJudgement {
    /// What became of a case's rules: the worst of them, by the ladder of verdicts. Nothing when it has none.
    pub fn gate(&self, case: &str) -> Option<Gate> {
        let stand = self.cases.iter().find(|stand| stand.name == case)?;
        Some(match stand.worst {
            Rung::Met => Gate::Pass,
            Rung::Broken(Level::Fail) => Gate::Fail,
            Rung::Undecided(Level::Fail) => Gate::Inconclusive,
            Rung::Broken(Level::Warn) | Rung::Undecided(Level::Warn) => Gate::Warn,
            Rung::NotJudged => return None,
        })
    }

    /// The measure by which a case missed.
    pub fn missed(&self, case: &str) -> Option<Measure> {
        let stand = self.cases.iter().find(|stand| stand.name == case)?;
        matches!(stand.worst, Rung::Broken(_)).then_some(stand.measure)
    }

    fn note(&mut self, case: &str, judged: &Judged) {
        let (rung, measure) = (judged.rung, judged.measure);
        match self.cases.iter_mut().find(|stand| stand.name == case) {
            Some(stand) if height(rung) > height(stand.worst) => (stand.worst, stand.measure) = (rung, measure),
            Some(_) => {}
            None => self.cases.push(CaseStand { name: case.to_owned(), worst: rung, measure }),
        }
    }
}

/// The ladder of verdicts, the worst highest.
const fn height(rung: Rung) -> u8 {
    match rung {
        Rung::NotJudged => 0,
        Rung::Met => 1,
        Rung::Undecided(Level::Warn) => 2,
        Rung::Broken(Level::Warn) => 3,
        Rung::Undecided(Level::Fail) => 4,
        Rung::Broken(Level::Fail) => 5,
    }
}

impl CaseRules {
    /// Rules of a plan with cases; nothing for a load.
    pub fn new(plan: &Plan) -> Option<Self> {
        let Load::Cases(cases) = &plan.load else { return None };
        let mut rules = plan.rules.clone();
        for tree in &cases.budgets {
            let is_named = rules
                .iter()
                .any(|rule| rule.threshold.scope.is_none() && rule.threshold.limit == Limit::Budget(tree.name.clone()));
            if is_named {
                continue;
            }
            let is_pair = |part: &String| {
                let case = cases.cases.iter().find(|case| case.name.as_str() == part || case.base.as_str() == part);
                case.is_none_or(|case| matches!(case.work, Work::Pair { .. }))
            };
            let measure = if tree.parts.iter().all(is_pair) { Measure::Overhead } else { Measure::Latency };
            if let Ok(threshold) = format!("{} <= budget({})", measure.name(), tree.name).parse() {
                rules.push(Rule { threshold, source: format!("budget {}", tree.name) });
            }
        }
        Some(Self { rules, cases: cases.clone() })
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Every rule as it stands.
    pub fn judge(&self, done: &[ReadCase]) -> CaseJudgement {
        let mut judgement = CaseJudgement::default();
        for rule in &self.rules {
            let limit = match limit_of(rule, &self.cases.budgets) {
                Ok(limit) => limit,
                Err(lack) => {
                    judgement.ledger.push(row::not_judged(rule, Rung::NotJudged, &lack.reason, lack.next));
                    continue;
                }
            };
            match self.subjects(rule) {
                Err(NotOfCases { reason, next }) => {
                    judgement.ledger.push(row::not_judged(rule, undecided(rule), &reason, &next));
                }
                Ok(subjects) => {
                    for subject in subjects {
                        let judged = self.row(rule, limit, &subject, done);
                        if let Subject::Case(case) = subject {
                            judgement.note(case.name.as_str(), &judged);
                        }
                        judgement.ledger.push(judged);
                    }
                }
            }
        }
        judgement.ledger.sort_by(|a, b| {
            let key = |judged: &Judged| {
                let (outcome, source, margin) = row::order(judged);
                (outcome, !self.is_critical(judged), source, margin)
            };
            key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
        });
        judgement
    }

    fn is_critical(&self, judged: &Judged) -> bool {
        let scope = judged.row.scope.as_deref();
        self.cases.cases.iter().any(|case| case.critical && Some(case.name.as_str()) == scope)
    }

    fn row(&self, rule: &Rule, limit: f64, subject: &Subject<'_>, done: &[ReadCase]) -> Judged {
        let read = match subject {
            Subject::Case(case) => read_of(case, done),
            Subject::Budget(_) => None,
        };
        let told = row::Told {
            subject: Some(subject.name()),
            finding: self.finding(rule, limit, subject, done),
            breach_seconds: 0,
            seconds: 0,
            share_above: &|limit| read.and_then(|read| read.share_above(limit)),
            samples: samples(rule.threshold.measure),
            when_broken: match subject {
                Subject::Case(case) => sentence(&places(case, rule.threshold.measure)),
                Subject::Budget(_) => "Look at the parts of the budget, the largest first".to_owned(),
            },
        };
        row::row(rule, limit, told)
    }

    fn finding(&self, rule: &Rule, limit: f64, subject: &Subject<'_>, done: &[ReadCase]) -> Finding {
        let threshold = &rule.threshold;
        let number = match subject {
            Subject::Budget(tree) => sum_of(tree, &self.cases.budgets, done),
            Subject::Case(case) => match read_of(case, done) {
                None => return open(rule, "it has not been measured yet", "It comes in its turn"),
                Some(read) => {
                    if let Some(finding) = distrusted(rule, read) {
                        return finding;
                    }
                    let falls = matches!(threshold.op, Op::Less | Op::LessOrEqual);
                    if threshold.measure == Measure::Memory && threshold.stat == Stat::Slope && falls {
                        return growth(rule, limit, read);
                    }
                    read.number(threshold.measure, threshold.stat)
                }
            },
        };
        match number {
            Ok(estimate) => Finding {
                rung: rung(threshold, &limits(threshold, limit), &estimate),
                estimate: Some(estimate),
                why: Why::Plain,
            },
            Err(lack) => lacking(rule, lack),
        }
    }
}

fn read_of<'a>(case: &Case, done: &'a [ReadCase]) -> Option<&'a ReadCase> {
    done.iter().find(|read| read.case().name == case.name)
}

/// An invalid case leaves its rules undecided; its numbers are shown all the same.
fn distrusted(rule: &Rule, read: &ReadCase) -> Option<Finding> {
    let threshold = &rule.threshold;
    let cause = read.validity().causes().into_iter().next().filter(|_| !read.is_trusted() && read.was_run())?;
    if cause.code == NO_RIGHT_ANSWER {
        // Rules on errors are judged, all others have nothing to judge.
        return None;
    }
    let reason =
        format!("the case is invalid: {}", cause.cause.as_deref().unwrap_or(&cause.label).trim_end_matches('.'));
    Some(Finding {
        rung: undecided(rule),
        estimate: read.number(threshold.measure, threshold.stat).ok(),
        why: Why::Told { reason, next: Some("Run it again; nothing follows from these numbers".to_owned()) },
    })
}

/// Growth is judged by whether it is growth at all, then by its bounds: what lies between is suspected.
fn growth(rule: &Rule, limit: f64, read: &ReadCase) -> Finding {
    let threshold = &rule.threshold;
    let (growth, estimate) = match (read.growth(), read.number(threshold.measure, threshold.stat)) {
        (Ok(growth), Ok(estimate)) => (growth, estimate),
        (Err(lack), _) | (_, Err(lack)) => return lacking(rule, lack),
    };
    let found = |rung, why| Finding { rung, estimate: Some(estimate), why };
    let mut is_suspected = false;
    for (limit, level) in limits(threshold, limit) {
        match growth.against(limit) {
            MemoryVerdict::Over => return found(Rung::Broken(level), Why::Plain),
            MemoryVerdict::Suspected => is_suspected = true,
            MemoryVerdict::Within => {}
        }
    }
    if is_suspected {
        let reason = "its memory grows, and the limit lies between the bounds of how much".to_owned();
        let next = Some(sentence(&places(read.case(), threshold.measure)));
        return found(Rung::Undecided(Level::Warn), Why::Told { reason, next });
    }
    if growth.is_growing {
        return found(Rung::Met, Why::Plain);
    }
    let reason = "its memory does not grow: no rise beyond chance and 1 KB an operation".to_owned();
    found(Rung::Met, Why::Told { reason, next: None })
}

fn lacking(rule: &Rule, lack: Lack) -> Finding {
    Finding { estimate: lack.estimate, ..open(rule, &lack.reason, &lack.next) }
}

fn open(rule: &Rule, reason: &str, next: &str) -> Finding {
    let why = Why::Told { reason: reason.to_owned(), next: Some(next.to_owned()) };
    Finding { rung: undecided(rule), estimate: None, why }
}

/// What samples of a measure are called: one, several.
const fn samples(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Overhead => ("pair", "pairs"),
        Measure::Memory => ("reading", "readings"),
        Measure::ErrorRate | Measure::Throughput | Measure::Allocations => ("operation", "operations"),
        _ => ("sample", "samples"),
    }
}

#[cfg(test)]
mod tests;
