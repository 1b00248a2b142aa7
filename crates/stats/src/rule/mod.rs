//! Rules against values: each with its 95 % interval, wholly inside (met), wholly outside (broken), across (undecided).
//!
//! In:  the rules of a plan, and ticks one by one.
//! Out: ledger rows with the rung of each, at any moment; and whether a rule asks for the run to end.
//! Promise: warm-up never reaches a rule; more bad values never improve one; live and afterwards are the same code.

mod decide;
mod filter;
mod gathered;
mod names;
mod next_step;
mod row;
mod watch;

use perflab_model::{
    plan::{Plan, Rule},
    summary::LatencyKind,
    threshold::{After, At, Limit, Measure, Stat, glob_matches},
    tick::{Phase, Point},
    verdict::LedgerRow,
};

pub use decide::Rung;
use gathered::{Second, is_time};
use names::{Names, Subject};
use watch::Watch;

use crate::{ReadOutcome, ReadTick};

/// How near users or rate must be to what `at` names: the last of 1,000 users may be on its way.
const AT_TOLERANCE: f64 = 0.005;

/// A judged rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The row of the ledger.
    pub row: LedgerRow,
    /// What it means for the verdict.
    pub rung: Rung,
    /// What was judged.
    pub measure: Measure,
    /// Which number of it.
    pub stat: Stat,
}

/// All rules of a run.
#[derive(Clone, Debug)]
pub struct Rules(Vec<Entry>);

/// One rule and what it is judged on.
#[derive(Clone, Debug)]
struct Entry {
    rule: Rule,
    judging: Judging,
}

#[derive(Clone, Debug)]
enum Judging {
    /// It cannot be judged, and why; the hint says what to do.
    Not {
        rung: Rung,
        reason: String,
        next: String,
    },
    Values {
        limit: f64,
        seconds: usize,
        watches: Vec<Watch>,
    },
}

impl Rules {
    /// Rules of a plan, before the first second.
    pub fn new(plan: &Plan) -> Self {
        let names = Names::of(plan);
        Self(plan.rules.iter().map(|rule| Entry { rule: rule.clone(), judging: judging(rule, &names) }).collect())
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a second.
    pub fn add(&mut self, tick: &ReadTick, kind: LatencyKind) {
        for Entry { rule, judging } in &mut self.0 {
            let threshold = &rule.threshold;
            let Judging::Values { limit, seconds, watches } = judging else { continue };
            if !counts(rule, &tick.point) {
                continue;
            }
            if let Some(glob) = &threshold.scope {
                for (name, _) in &tick.requests {
                    let flows_only = watches.iter().any(|watch| matches!(watch.subject, Subject::Several { .. }));
                    let known = watches.iter().any(|watch| watch.subject.holds(name));
                    if !flows_only && !known && glob_matches(glob, name) {
                        watches.push(Watch::new(threshold, *limit, Subject::Request(name.clone()), *seconds));
                    }
                }
            }
            for watch in watches.iter_mut() {
                let second = second_of(rule, &watch.subject, tick, kind);
                if tick.point.phase == Phase::Draining {
                    watch.add_drained(threshold, &second);
                } else {
                    watch.add(threshold, &second);
                }
            }
            if tick.point.phase != Phase::Draining {
                *seconds += 1;
            }
        }
    }

    /// The text of the first rule that asks for the run to end.
    pub fn stop(&self) -> Option<&str> {
        self.0.iter().find_map(|Entry { rule, judging }| match judging {
            Judging::Values { watches, .. } if watches.iter().any(Watch::asks_to_stop) => {
                Some(rule.threshold.text.as_str())
            }
            _ => None,
        })
    }

    /// Every rule as it stands: broken ones first, then undecided, then met; within these in the order of their
    /// sources, and the closest margin first.
    pub fn ledger(&self) -> Vec<Judged> {
        let mut rows: Vec<Judged> = Vec::new();
        for Entry { rule, judging } in &self.0 {
            match judging {
                Judging::Not { rung, reason, next } => rows.push(row::not_judged(rule, *rung, reason, next)),
                Judging::Values { watches, .. } if watches.is_empty() => rows.push(row::nothing_matches(rule)),
                Judging::Values { limit, watches, .. } => {
                    rows.extend(watches.iter().map(|watch| row::row(rule, *limit, watch)));
                }
            }
        }
        rows.sort_by(|a, b| row::order(a).partial_cmp(&row::order(b)).unwrap_or(std::cmp::Ordering::Equal));
        rows
    }
}

fn judging(rule: &Rule, names: &Names) -> Judging {
    let threshold = &rule.threshold;
    let limit = match &threshold.limit {
        Limit::Number(limit) => *limit,
        Limit::Baseline(_) => {
            return Judging::Not {
                rung: Rung::NotJudged,
                reason: "no baseline yet: this run can become it".to_owned(),
                next: "Give the rule a fixed limit if it must decide already".to_owned(),
            };
        }
        Limit::Budget(name) => {
            return Judging::Not {
                rung: Rung::NotJudged,
                reason: format!("the suite gives no value for the budget `{name}`"),
                next: "Write the limit as a number".to_owned(),
            };
        }
    };
    let undecided = Rung::Undecided(if threshold.max.is_some() { Default::default() } else { threshold.level });
    let not = |reason: String, next: &str| Judging::Not { rung: undecided, reason, next: next.to_owned() };
    if matches!(threshold.measure, Measure::Memory | Measure::Allocations | Measure::Overhead | Measure::Degradation) {
        return not(
            format!("a load run does not measure {}", threshold.measure.label().to_lowercase()),
            "Take the rule out of this suite, or ask it of a benchmark suite",
        );
    }
    let of_starts =
        matches!(threshold.measure, Measure::Iterations | Measure::Dropped | Measure::Late | Measure::Users);
    if of_starts && (threshold.scope.is_some() || !threshold.tags.is_empty()) {
        return not(
            format!("{} are counted for the whole run, not for a request", threshold.measure.label().to_lowercase()),
            "Take scope and tags out of the rule",
        );
    }
    if let Some((tag, _)) = threshold.tags.iter().find(|(tag, _)| !filter::is_known(tag)) {
        return not(
            format!("no value of a load run has the tag `{tag}`"),
            &format!("Use one of {}, or a scope: for <request or flow>", filter::KNOWN),
        );
    }
    let subjects = match &threshold.scope {
        None => vec![Subject::Everything],
        Some(glob) => names.subjects(glob),
    };
    let watches = subjects.into_iter().map(|subject| Watch::new(threshold, limit, subject, 0)).collect();
    Judging::Values { limit, seconds: 0, watches }
}

/// Whether a rule looks at a second: never at the warm-up, from when it says, at the load it says.
fn counts(rule: &Rule, point: &Point) -> bool {
    let threshold = &rule.threshold;
    let late_enough = match threshold.after {
        Some(After::Time(time)) => u64::from(point.second) * 1000 >= time.get(),
        Some(After::Warmup) | None => true,
    };
    let near = |value: f64, wanted: f64| (value - wanted).abs() <= wanted * AT_TOLERANCE;
    let at_load = match threshold.at {
        None => true,
        Some(_) if point.phase == Phase::Draining => false,
        Some(At::Users(users)) => near(f64::from(point.users), f64::from(users)),
        Some(At::Rate(rate)) => near(point.target, rate),
    };
    point.phase != Phase::WarmUp && late_enough && at_load
}

/// What a second has for a rule on a subject.
fn second_of(rule: &Rule, subject: &Subject, tick: &ReadTick, kind: LatencyKind) -> Second {
    let threshold = &rule.threshold;
    let point = &tick.point;
    let mut second = Second { users: point.users, ..Second::default() };
    second.part = match threshold.measure {
        Measure::Iterations => point.iterations,
        Measure::Dropped => point.dropped,
        Measure::Late => point.late,
        _ => 0,
    };
    let outcomes = tick
        .requests
        .iter()
        .filter(|(name, _)| subject.holds(name))
        .flat_map(|(name, outcomes)| outcomes.iter().map(move |outcome| (name, outcome)))
        .filter(|(name, outcome)| filter::fits(&threshold.tags, name, outcome));
    let chosen = filter::chooses_outcomes(&threshold.tags);
    for (_, outcome) in outcomes {
        match threshold.measure {
            Measure::ErrorRate => {
                second.part += if outcome.is_failed() { outcome.count } else { 0 };
                second.whole += if outcome.is_finished() { outcome.count } else { 0 };
            }
            Measure::Checks => {
                second.part += outcome.checks_passed;
                second.whole += outcome.checks_passed + outcome.checks_failed;
            }
            Measure::Throughput => second.part += if outcome.is_finished() { outcome.count } else { 0 },
            measure if is_time(measure) && (chosen && outcome.is_finished() || outcome.counts_as_latency()) => {
                if let Some(times) = times(measure, outcome, kind) {
                    second.times.merge(times);
                }
            }
            _ => {}
        }
    }
    second
}

fn times(measure: Measure, outcome: &ReadOutcome, kind: LatencyKind) -> Option<&crate::Histogram> {
    match (measure, kind) {
        (Measure::Response, _) | (Measure::Latency, LatencyKind::Response) => Some(&outcome.response),
        (Measure::Service, _) | (Measure::Latency, LatencyKind::Service) => Some(&outcome.service),
        (Measure::Lag, _) => outcome.lag.as_ref(),
        (Measure::Ttfb, _) => outcome.ttfb.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
