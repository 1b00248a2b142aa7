//! A rule's line in the ledger: value, interval and limits in one unit, and words for what is not met.

use perflab_model::{
    display::{count, exact, number},
    plan::Rule,
    threshold::{Dimension, Level, Limit, Stat, Window},
    verdict::{Gate, LedgerRow},
};

use super::{
    Judged,
    decide::{Rung, margin, more_samples},
    estimate::Estimate,
    finding::{Finding, Why},
    gathered::is_time,
    next_step,
    watch::seconds_of,
};
use crate::missing_samples;

/// What is to be told of a rule on a subject.
pub(super) struct Told<'a> {
    /// What it was judged on; nothing when all was taken together.
    pub(super) subject: Option<&'a str>,
    pub(super) finding: Finding,
    /// Seconds whose own value was beyond a limit.
    pub(super) breach_seconds: u32,
    /// Seconds that were measured, of rules on windows.
    pub(super) seconds: usize,
    /// Which share of times lies beyond a limit in seconds.
    pub(super) share_above: &'a dyn Fn(f64) -> Option<f64>,
    /// What samples are called: one, several.
    pub(super) samples: (&'static str, &'static str),
    /// What to do when it is broken.
    pub(super) when_broken: String,
}

/// The row of a rule on a subject.
pub(super) fn row(rule: &Rule, limit: f64, told: Told<'_>) -> Judged {
    let threshold = &rule.threshold;
    let Finding { rung, estimate, why } = &told.finding;
    let (rung, estimate) = (*rung, *estimate);
    let unit = Unit::of(rule);
    let shown = estimate.filter(|estimate| estimate.shown);
    // What is compared as it is has no interval; where the value is hidden, its interval is all there is to show.
    let has_interval = |e: &Estimate| !e.shown || e.interval != crate::Interval::exact(e.value);
    let interval = estimate
        .filter(has_interval)
        .map(|estimate| estimate.interval.ends())
        .filter(|(low, high)| low.is_some() || high.is_some())
        .map(|(low, high)| (low.map(|end| unit.shown(end)), high.map(|end| unit.shown(end))));
    let mut row = LedgerRow {
        scope: told.subject.map(str::to_owned),
        value: shown.map(|estimate| unit.shown(estimate.value)),
        interval,
        samples: estimate.map_or(0, |estimate| estimate.samples),
        margin_percent: estimate
            .and_then(|estimate| margin(threshold.op, limit, estimate.value))
            .filter(|_| shown.is_some())
            .map(|share| tidy(share * 100.0)),
        breach_seconds: told.breach_seconds,
        limit: unit.shown(limit),
        ..bare(rule, rung)
    };
    let more = match (rung, &estimate) {
        (Rung::Undecided(level), Some(estimate)) => {
            let at = if level == Level::Fail { threshold.max.unwrap_or(limit) } else { limit };
            more_samples(threshold, at, told.share_above, estimate).map(|more| (at, more))
        }
        _ => None,
    };
    row.reason = reason(rule, rung, why, estimate, &row, &told);
    row.next = match (rung, why) {
        (Rung::Met | Rung::NotJudged, _) => None,
        (_, Why::Told { next: Some(next), .. }) => Some(next.clone()),
        (Rung::Broken(_), _) => Some(told.when_broken.clone()),
        (Rung::Undecided(_), Why::NoSamples) => Some(next_step::for_nothing(rule).to_owned()),
        (Rung::Undecided(_), Why::WindowNeverFull) => {
            Some("Run longer than the window, or write `within` for `over`".to_owned())
        }
        (Rung::Undecided(_), _) => Some(match more {
            Some((_, more)) => {
                let samples = if more == 1 { told.samples.0 } else { told.samples.1 };
                format!("Measure longer: about {} more {samples} would decide", count(more))
            }
            None => "The value sits on its limit: more samples hardly help; judge it over several runs".to_owned(),
        }),
    };
    judged(rule, row, rung)
}

/// The row of a rule that cannot be judged.
pub(super) fn not_judged(rule: &Rule, rung: Rung, reason: &str, next: &str) -> Judged {
    let row = LedgerRow { reason: Some(reason.to_owned()), next: Some(next.to_owned()), ..bare(rule, rung) };
    judged(rule, row, rung)
}

/// The row of a rule whose scope met nothing.
pub(super) fn nothing_matches(rule: &Rule) -> Judged {
    let rung = super::undecided(rule);
    let scope = rule.threshold.scope.clone();
    let glob = scope.clone().unwrap_or_default();
    let row = LedgerRow {
        scope,
        reason: Some(format!("no request, flow or group is called `{glob}`")),
        next: Some("Correct the name after `for`; the endpoint table has all names".to_owned()),
        ..bare(rule, rung)
    };
    judged(rule, row, rung)
}

fn judged(rule: &Rule, row: LedgerRow, rung: Rung) -> Judged {
    Judged { row, rung, measure: rule.threshold.measure, stat: rule.threshold.stat }
}

/// What sorts the ledger: outcome, source, margin.
pub(super) fn order(judged: &Judged) -> (u8, u8, f64) {
    let outcome = match judged.row.outcome {
        Gate::Fail => 0,
        Gate::Warn => 1,
        Gate::Inconclusive => 2,
        Gate::Pass => 3,
    };
    let source = match judged.row.source.split(' ').next() {
        Some("suite" | "scenario" | "case" | "budget") => 0,
        Some("environment") => 1,
        _ => 2,
    };
    (outcome, source, judged.row.margin_percent.map_or(f64::INFINITY, |margin| -margin))
}

fn bare(rule: &Rule, rung: Rung) -> LedgerRow {
    let threshold = &rule.threshold;
    let unit = Unit::of(rule);
    LedgerRow {
        rule: threshold.text.clone(),
        source: rule.source.clone(),
        level: if threshold.max.is_some() { Level::Fail } else { threshold.level },
        scope: None,
        value: None,
        unit: unit.word.to_owned(),
        interval: None,
        limit: match &threshold.limit {
            Limit::Number(limit) => unit.shown(*limit),
            Limit::Baseline(_) | Limit::Budget(_) => 0.0,
        },
        max: threshold.max.map(|max| unit.shown(max)),
        op: threshold.op.sign().to_owned(),
        samples: 0,
        baseline: None,
        waiver: None,
        outcome: match rung {
            Rung::Met => Gate::Pass,
            Rung::Broken(Level::Fail) => Gate::Fail,
            Rung::Broken(Level::Warn) => Gate::Warn,
            Rung::Undecided(_) | Rung::NotJudged => Gate::Inconclusive,
        },
        margin_percent: None,
        breach_seconds: 0,
        reason: None,
        next: None,
    }
}

fn reason(
    rule: &Rule,
    rung: Rung,
    why: &Why,
    estimate: Option<Estimate>,
    row: &LedgerRow,
    told: &Told<'_>,
) -> Option<String> {
    let threshold = &rule.threshold;
    match why {
        Why::Told { reason, .. } => return Some(reason.clone()),
        Why::NoSamples => return Some("no samples".to_owned()),
        Why::WindowNeverFull => {
            let window = threshold.window.map_or(1, seconds_of);
            let seconds = told.seconds;
            return Some(format!("only {seconds} s of its window of {window} s were measured"));
        }
        Why::RowTooShort(longest) if *longest > 0 => {
            let window = threshold.window.map_or(1, seconds_of);
            return Some(format!("beyond its limit for {longest} s in a row at most, not for {window} s"));
        }
        Why::RowTooShort(_) | Why::Plain => {}
    }
    let estimate = estimate?;
    match (rung, threshold.stat) {
        (Rung::Undecided(_) | Rung::Met | Rung::Broken(_), Stat::Quantile(p)) if !estimate.shown => {
            let missing = missing_samples(estimate.samples, p);
            let needed = estimate.samples + missing;
            let decided = if matches!(rung, Rung::Undecided(_)) { "" } else { "; its interval decides" };
            Some(format!(
                "too few samples to show {}: {} of {}{decided}",
                threshold.stat.label(),
                count(estimate.samples),
                count(needed)
            ))
        }
        (Rung::Undecided(level), _) => {
            let (word, limit) = match (level, row.max) {
                (Level::Fail, Some(max)) => ("maximum", max),
                (Level::Fail, None) => ("limit", row.limit),
                (Level::Warn, _) => ("target", row.limit),
            };
            Some(match row.interval {
                Some((Some(low), Some(high))) => format!(
                    "the 95 % interval {} to {} lies across the {word} of {}",
                    number(low),
                    with_unit(&number(high), &row.unit),
                    with_unit(&exact(limit), &row.unit)
                ),
                _ => "too few samples for an interval".to_owned(),
            })
        }
        (Rung::Broken(_), _) if matches!(threshold.window, Some(Window::For(_))) => {
            Some(format!("beyond its limit in every second of {} s in a row", threshold.window.map_or(1, seconds_of)))
        }
        _ => None,
    }
}

/// `200 ms`, `1.20 %`, `50.0/s`, `7`.
fn with_unit(number: &str, unit: &str) -> String {
    match unit {
        "" | "/s" => format!("{number}{unit}"),
        unit => format!("{number} {unit}"),
    }
}

/// What is counted as samples of a rule on a load run.
pub(super) fn samples_of_load(rule: &Rule) -> (&'static str, &'static str) {
    let of_requests = is_time(rule.threshold.measure) || Unit::of(rule).dimension == Dimension::Share;
    if of_requests { ("sample", "samples") } else { ("second", "seconds") }
}

/// The unit that value, interval and limits of a row share.
struct Unit {
    dimension: Dimension,
    word: &'static str,
    scale: f64,
}

impl Unit {
    fn of(rule: &Rule) -> Self {
        let dimension = rule.threshold.measure.dimension(rule.threshold.stat);
        // Growth is small: megabytes an operation would be all zeros.
        if dimension == Dimension::Bytes && rule.threshold.stat == Stat::Slope {
            return Self { dimension, word: "KB/op", scale: 1.0 / 1024.0 };
        }
        Self { dimension, word: dimension.unit(), scale: dimension.scale() }
    }

    fn shown(&self, base: f64) -> f64 {
        tidy(base * self.scale)
    }
}

/// Without the noise that binary fractions leave: 0.07 is 7 %, not 7.000000000000001 %.
fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}
