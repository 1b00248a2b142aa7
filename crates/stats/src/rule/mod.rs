//! Rules against values: each with its 95 % interval, wholly inside (met), wholly outside (broken), across (undecided).
//!
//! In:  the rules of a plan, and ticks one by one.
//! Out: ledger rows with the rung of each, at any moment; and whether a rule asks for the run to end.
//! Promise: warm-up never reaches a rule; more bad values never improve one; live and afterwards are the same code.
//! Rules on the cases of a benchmark suite ([`CaseRules`]) take what was measured of each instead of ticks, and share
//! everything that follows: the decision, the row, its words.

mod cases;
mod decide;
mod estimate;
mod filter;
mod finding;
mod gathered;
mod guard;
mod names;
mod next_step;
mod row;
mod watch;

use perflab_model::{
    bench::BudgetTree,
    plan::{Plan, Rule},
    summary::LatencyKind,
    threshold::{After, At, Level, Limit, Measure, Stat, TAGS, glob_matches},
    tick::{Phase, Point},
    verdict::LedgerRow,
};

pub use cases::{CaseJudgement, CaseRules};
pub use decide::Rung;
pub(crate) use estimate::Estimate;
use filter::Filter;
use gathered::{Second, is_time};
use guard::Guard;
use names::{Names, Subject};
use watch::Watch;

use crate::{ReadOutcome, ReadTick, phase::Phases};

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
pub struct Rules {
    entries: Vec<Entry>,
    phases: Phases,
}

/// One rule and what it is judged on.
#[derive(Clone, Debug)]
struct Entry {
    rule: Rule,
    filter: Filter,
    judging: Judging,
    guard: Option<Guard>,
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
        let entry = |rule: &Rule| {
            let judging = judging(rule, &names);
            let guard = match &judging {
                Judging::Values { limit, watches, .. } => Guard::of(&rule.threshold, *limit, watches),
                Judging::Not { .. } => None,
            };
            Entry { rule: rule.clone(), filter: Filter::new(&rule.threshold.tags, plan), judging, guard }
        };
        Self { entries: plan.rules.iter().map(entry).collect(), phases: Phases::default() }
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a second.
    pub fn add(&mut self, tick: &ReadTick, kind: LatencyKind) {
        let phase = self.phases.next(tick.point.phase);
        for Entry { rule, filter, judging, guard } in &mut self.entries {
            let threshold = &rule.threshold;
            let Judging::Values { limit, seconds, watches } = judging else { continue };
            if phase == Phase::WarmUp {
                if let Some(guard) = guard.as_mut().filter(|_| begins(rule, &tick.point)) {
                    guard.add(threshold, |subject| second_of(rule, filter, subject, tick, kind));
                }
                continue;
            }
            if !begins(rule, &tick.point) || !at_its_load(rule, &tick.point, phase) {
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
                let second = second_of(rule, filter, &watch.subject, tick, kind);
                if phase == Phase::Draining {
                    watch.add_drained(threshold, &second);
                } else {
                    watch.add(threshold, &second);
                }
            }
            if phase != Phase::Draining {
                *seconds += tick.point.seconds as usize;
            }
        }
    }

    /// The text of the first rule that asks for the run to end.
    pub fn stop(&self) -> Option<&str> {
        let asks = |entry: &&Entry| {
            let judged = match &entry.judging {
                Judging::Values { watches, .. } => watches.iter().any(Watch::asks_to_stop),
                Judging::Not { .. } => false,
            };
            judged || entry.guard.as_ref().is_some_and(Guard::asks_to_stop)
        };
        self.entries.iter().find(asks).map(|entry| entry.rule.threshold.text.as_str())
    }

    /// Every rule as it stands: broken ones first, then undecided, then met; within these in the order of their
    /// sources, and the closest margin first.
    pub fn ledger(&self) -> Vec<Judged> {
        let mut rows: Vec<Judged> = Vec::new();
        for Entry { rule, judging, guard, .. } in &self.entries {
            match judging {
                Judging::Values { .. } if guard.as_ref().is_some_and(Guard::asks_to_stop) => {
                    rows.push(row::not_judged(rule, undecided(rule), guard::REASON, guard::NEXT));
                }
                Judging::Not { rung, reason, next } => rows.push(row::not_judged(rule, *rung, reason, next)),
                Judging::Values { watches, .. } if watches.is_empty() => rows.push(row::nothing_matches(rule)),
                Judging::Values { limit, watches, .. } => {
                    rows.extend(watches.iter().map(|watch| row_of(rule, *limit, watch)));
                }
            }
        }
        rows.sort_by(|a, b| row::order(a).partial_cmp(&row::order(b)).unwrap_or(std::cmp::Ordering::Equal));
        rows
    }
}

fn row_of(rule: &Rule, limit: f64, watch: &Watch) -> Judged {
    let subject = watch.subject.name();
    let told = row::Told {
        subject,
        finding: watch.finding(&rule.threshold),
        breach_seconds: watch.breach_seconds(),
        seconds: watch.gathered.seconds(),
        share_above: &|limit| watch.gathered.share_above(limit),
        samples: row::samples_of_load(rule),
        when_broken: next_step::for_broken(rule, subject),
    };
    row::row(rule, limit, told)
}

/// A rule that has nothing to be held against, and what to do.
struct NoLimit {
    reason: String,
    next: &'static str,
}

/// The number that a rule is held against, in the base unit.
fn limit_of(rule: &Rule, budgets: &[BudgetTree]) -> Result<f64, NoLimit> {
    match &rule.threshold.limit {
        Limit::Number(limit) => Ok(*limit),
        Limit::Baseline(_) => Err(NoLimit {
            reason: "no baseline yet: this run can become it".to_owned(),
            next: "Give the rule a fixed limit if it must decide already",
        }),
        Limit::Budget(name) => {
            budgets.iter().find(|budget| budget.name == *name).map(|budget| budget.limit_ns * 1e-9).ok_or_else(|| {
                NoLimit {
                    reason: format!("the suite gives no value for the budget `{name}`"),
                    next: "Write the limit as a number",
                }
            })
        }
    }
}

fn judging(rule: &Rule, names: &Names) -> Judging {
    let threshold = &rule.threshold;
    let limit = match limit_of(rule, &[]) {
        Ok(limit) => limit,
        Err(NoLimit { reason, next }) => {
            return Judging::Not { rung: Rung::NotJudged, reason, next: next.to_owned() };
        }
    };
    let not = |reason: String, next: &str| Judging::Not { rung: undecided(rule), reason, next: next.to_owned() };
    if threshold.measure == Measure::Degradation {
        return Judging::Not {
            rung: Rung::NotJudged,
            reason: "a single run has no lower load to compare with".to_owned(),
            next: "Find the capacity of the scenario: the search judges this rule over its levels".to_owned(),
        };
    }
    if matches!(threshold.measure, Measure::Memory | Measure::Allocations | Measure::Overhead) {
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
    if let Some((tag, _)) = threshold.tags.iter().find(|(tag, _)| !TAGS.contains(&tag.as_str())) {
        return not(
            format!("no value of a load run has the tag `{tag}`"),
            &format!("Use one of {}, or a scope: for <request or flow>", TAGS.join(", ")),
        );
    }
    let subjects = match &threshold.scope {
        None => vec![Subject::Everything],
        Some(glob) => names.subjects(glob),
    };
    let watches = subjects.into_iter().map(|subject| Watch::new(threshold, limit, subject, 0)).collect();
    Judging::Values { limit, seconds: 0, watches }
}

/// The rung of a rule that cannot be decided.
fn undecided(rule: &Rule) -> Rung {
    Rung::Undecided(if rule.threshold.max.is_some() { Level::Fail } else { rule.threshold.level })
}

/// Whether a rule has begun to look.
fn begins(rule: &Rule, point: &Point) -> bool {
    match rule.threshold.after {
        Some(After::Time(time)) => u64::from(point.second) * 1000 >= time.get(),
        Some(After::Warmup) | None => true,
    }
}

/// Whether a rule looks at the load of a second.
fn at_its_load(rule: &Rule, point: &Point, phase: Phase) -> bool {
    let near = |value: f64, wanted: f64| (value - wanted).abs() <= wanted * AT_TOLERANCE;
    match rule.threshold.at {
        None => true,
        Some(_) if phase == Phase::Draining => false,
        Some(At::Users(users)) => near(f64::from(point.users), f64::from(users)),
        Some(At::Rate(rate)) => near(point.target, rate),
    }
}

/// What a second has for a rule on a subject.
fn second_of(rule: &Rule, filter: &Filter, subject: &Subject, tick: &ReadTick, kind: LatencyKind) -> Second {
    let threshold = &rule.threshold;
    let point = &tick.point;
    let mut second = Second { seconds: point.seconds, users: point.users, ..Second::default() };
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
        .filter(|(name, outcome)| filter.fits(name, outcome));
    let chosen = filter.chooses_outcomes();
    for (_, outcome) in outcomes {
        match threshold.measure {
            Measure::ErrorRate => {
                second.part += if outcome.counted.is_failed() { outcome.count } else { 0 };
                second.whole += if outcome.counted.is_finished() { outcome.count } else { 0 };
            }
            Measure::Checks => {
                second.part += outcome.checks_passed;
                second.whole += outcome.checks_passed + outcome.checks_failed;
            }
            Measure::Throughput => second.part += if outcome.counted.is_finished() { outcome.count } else { 0 },
            measure
                if is_time(measure) && (chosen && outcome.counted.is_finished() || outcome.counted.is_latency()) =>
            {
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
