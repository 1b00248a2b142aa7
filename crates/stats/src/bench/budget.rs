//! Budgets that several cases share: what all parts took together, with an interval.
//!
//! A part that is a pair counts with what it costs more, any other with its mean. Estimates add up; of their intervals
//! each end's distance is squared and added (Zou and Donner, Statistics in Medicine 27, 2008, after Newcombe's
//! square-and-add), for the ends of all parts are hardly ever reached together.

use perflab_model::{
    bench::{BudgetPart, BudgetSummary, BudgetTree, OpenInterval},
    threshold::{Measure, Stat},
};

use super::{
    ReadCase,
    number::Lack,
    times::{ms, open},
};
use crate::{Interval, rule::Estimate};

/// Budgets within budgets beyond this are a circle.
const DEEPEST: usize = 16;

/// Every budget with what its parts took.
pub fn budgets(trees: &[BudgetTree], cases: &[ReadCase]) -> Vec<BudgetSummary> {
    trees
        .iter()
        .map(|tree| {
            let sum = sum_of(tree, trees, cases).ok();
            let (value, interval) = told(sum);
            let part = |name: &String| {
                let (ms, interval) = told(part_of(name, trees, cases, 0).ok());
                BudgetPart { name: name.clone(), ms, interval }
            };
            BudgetSummary {
                name: tree.name.clone(),
                limit: ms(tree.limit_ns * super::SECONDS),
                sum: value,
                interval,
                parts: tree.parts.iter().map(part).collect(),
            }
        })
        .collect()
}

/// What all parts of a budget took together, seconds; a part that was not measured leaves the sum open.
pub(crate) fn sum_of(tree: &BudgetTree, trees: &[BudgetTree], cases: &[ReadCase]) -> Result<Estimate, Lack> {
    sum(tree, trees, cases, 0)
}

fn sum(tree: &BudgetTree, trees: &[BudgetTree], cases: &[ReadCase], depth: usize) -> Result<Estimate, Lack> {
    let mut parts = Vec::with_capacity(tree.parts.len());
    for name in &tree.parts {
        parts.push(part_of(name, trees, cases, depth).map_err(|lack| Lack {
            reason: format!("its part `{name}` has no value: {}", lack.reason),
            next: lack.next,
            estimate: None,
        })?);
    }
    let total = parts.iter().map(|part| part.value).sum::<f64>();
    let below = parts.iter().map(|part| (part.value - part.interval.low).powi(2)).sum::<f64>().sqrt();
    let above = parts.iter().map(|part| (part.interval.high - part.value).powi(2)).sum::<f64>().sqrt();
    match parts.iter().map(|part| part.samples).min() {
        Some(samples) => Ok(Estimate {
            value: total,
            shown: true,
            interval: Interval { low: total - below, high: total + above },
            samples,
        }),
        None => Err(lack("the budget has no parts".to_owned())),
    }
}

fn part_of(name: &str, trees: &[BudgetTree], cases: &[ReadCase], depth: usize) -> Result<Estimate, Lack> {
    let named: Vec<&ReadCase> = match cases.iter().find(|read| read.case.name.as_str() == name) {
        Some(read) => vec![read],
        None => cases.iter().filter(|read| read.case.base.as_str() == name).collect(),
    };
    match (named.as_slice(), trees.iter().find(|tree| tree.name == name)) {
        ([read], _) => cost(read),
        ([], Some(tree)) if depth < DEEPEST => sum(tree, trees, cases, depth + 1),
        ([], Some(_)) => Err(lack("the budgets name each other in a circle".to_owned())),
        ([], None) => Err(lack("it has not been measured".to_owned())),
        (several, _) => Err(lack(format!("the name means {} cases", several.len()))),
    }
}

/// What a case takes of a budget.
fn cost(read: &ReadCase) -> Result<Estimate, Lack> {
    if let Some(cause) = read.validity.causes().first().filter(|_| !read.is_trusted()) {
        return Err(lack(format!("it is invalid ({})", cause.code)));
    }
    if read.is_pair() { read.number(Measure::Overhead, Stat::Value) } else { read.number(Measure::Latency, Stat::Mean) }
}

fn lack(reason: String) -> Lack {
    Lack { reason, next: "See to it that every part of the budget is measured".to_owned(), estimate: None }
}

fn told(estimate: Option<Estimate>) -> (Option<f64>, Option<OpenInterval>) {
    (estimate.map(|sum| ms(sum.value)), estimate.and_then(|sum| open(sum.interval)))
}
