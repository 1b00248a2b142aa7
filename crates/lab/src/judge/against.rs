//! A run beside its baseline: what it was compared with, number by number, and the rows that this makes in its ledger.
//!
//! In:  the baseline as it was chosen, with the blocks of its runs ([`Against`]), and the run's own blocks.
//! Out: the comparison as it is kept, and ledger rows with the rung of each: critical and significant changes count as broken
//! `fail` rules, minor ones as broken `warn` rules, undecided ones in the two upper bands as undecided `fail` rules. All
//! else counts as met and is one row together.

use perflab_model::{
    blocks::{Better, Blocks},
    comparison::{Band, Baseline, ComparedSeries, RunComparison, Standing, noun},
    display::{UnitOf, count, is_share, number},
    load::Load,
    plan::{Plan, Rule},
    threshold::{BaselineChange, Level, Limit, Measure, Stat, Threshold, glob_matches},
    verdict::{Gate, LedgerRow},
};
use perflab_stats::{Judged, Rung, quantile_of_sorted};
use perflab_store::ResultRow;

use crate::compare::compare_blocks;

/// Where rows of the comparison come from, as the ledger says it.
pub(crate) const SOURCE: &str = "baseline";
/// What follows the number's name in a row.
const AGAINST: &str = " against the baseline";

/// What a run is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Against {
    /// How it was chosen.
    pub baseline: Baseline,
    /// The blocks of its runs, in their order. Numbers of cases that did something else are left out.
    pub runs: Vec<Blocks>,
    /// Of a run that was made to decide an earlier one: the blocks of those that are judged with it.
    pub together: Vec<Blocks>,
    /// The results of its runs, in their order, for rules whose limit is the baseline's.
    pub results: Vec<Vec<ResultRow>>,
    /// Whether the lab makes undecided runs once more by itself.
    pub repeats: bool,
}

impl Against {
    /// Compares a run; nothing to compare with gives no numbers.
    pub(super) fn compare(&self, blocks: &Blocks) -> RunComparison {
        let baseline: Vec<&Blocks> = self.runs.iter().collect();
        let series = if baseline.is_empty() {
            Vec::new()
        } else {
            let candidate: Vec<&Blocks> = self.together.iter().chain([blocks]).collect();
            let pairs = self.pairs();
            let pairs: Vec<(&Blocks, &Blocks)> = pairs.iter().map(|(one, other)| (*one, other)).collect();
            compare_blocks(&baseline, &candidate, &pairs).into_iter().map(|compared| compared.told).collect()
        };
        RunComparison { baseline: self.baseline.clone(), series }
    }

    /// Neighbouring runs, without the numbers that moved between them.
    fn pairs(&self) -> Vec<(&Blocks, Blocks)> {
        let of = |at: u32| self.runs.get(usize::try_from(at).ok()?);
        let pair = |pair: &perflab_model::comparison::BaselinePair| {
            let (earlier, mut later) = (of(pair.earlier)?, of(pair.later)?.clone());
            later.series.retain(|series| {
                !pair
                    .moved
                    .iter()
                    .any(|(name, measure, stat)| (name, measure, stat) == (&series.name, &series.measure, &series.stat))
            });
            Some((earlier, later))
        };
        self.baseline.pairs.iter().filter_map(pair).collect()
    }

    /// Rules whose limit is the baseline's, with the number that this is: one for each request or case that the rule means and
    /// the baseline has measured. A rule of which nothing is known stays as it is.
    pub(super) fn resolved(&self, plan: &Plan) -> Vec<Rule> {
        let of_cases = matches!(plan.load, Load::Cases(_));
        plan.rules.iter().flat_map(|rule| self.resolve(rule, of_cases)).collect()
    }

    fn resolve(&self, rule: &Rule, of_cases: bool) -> Vec<Rule> {
        let threshold = &rule.threshold;
        let Limit::Baseline(change) = threshold.limit else { return vec![rule.clone()] };
        let mut names: Vec<Option<&str>> = match (&threshold.scope, of_cases) {
            (None, false) => vec![None],
            (scope, _) => self
                .results
                .iter()
                .flatten()
                .filter_map(|row| row.request.as_deref())
                .filter(|name| scope.as_deref().is_none_or(|glob| glob_matches(glob, name)))
                .map(Some)
                .collect(),
        };
        names.sort_unstable();
        names.dedup();
        let each = |name: Option<&str>| {
            let value = self.value(name, threshold.measure, threshold.stat)?;
            let limit = match change {
                BaselineChange::Times(factor) => value * factor,
                BaselineChange::Plus(amount) => value + amount,
                BaselineChange::PlusShare(share) => value * (1.0 + share),
            };
            let threshold =
                Threshold { limit: Limit::Number(limit), scope: name.map(str::to_owned), ..threshold.clone() };
            Some(Rule { threshold, source: rule.source.clone() })
        };
        let found: Vec<Rule> =
            if threshold.tags.is_empty() { names.into_iter().filter_map(each).collect() } else { Vec::new() };
        if found.is_empty() { vec![rule.clone()] } else { found }
    }

    /// The median of a number over the runs that have it, in its base unit.
    fn value(&self, name: Option<&str>, measure: Measure, stat: Stat) -> Option<f64> {
        let stat = if stat == Stat::Mean { "mean".to_owned() } else { stat.name() };
        let mut values: Vec<f64> = self
            .results
            .iter()
            .flatten()
            .filter(|row| row.request.as_deref() == name && row.measure == measure.name() && row.stat == stat)
            .map(|row| row.value)
            .collect();
        values.sort_by(f64::total_cmp);
        quantile_of_sorted(&values, 0.5)
    }

    /// Says of rules on the baseline which value it had.
    pub(super) fn tell_baseline(&self, judged: &mut [Judged]) {
        for Judged { row, measure, stat, .. } in judged {
            let dimension = measure.dimension(*stat);
            let on_baseline = row.source != SOURCE
                && row.unit == dimension.unit()
                && row.rule.parse::<Threshold>().is_ok_and(|rule| matches!(rule.limit, Limit::Baseline(_)));
            if on_baseline {
                row.baseline = self.value(row.scope.as_deref(), *measure, *stat).map(|value| value * dimension.scale());
            }
        }
    }

    /// The rows of a comparison.
    pub(super) fn rows(&self, comparison: &RunComparison) -> Vec<Judged> {
        if comparison.series.is_empty() {
            return Vec::new();
        }
        let mut rows: Vec<Judged> = Vec::new();
        let mut met: Vec<&ComparedSeries> = Vec::new();
        for series in &comparison.series {
            match rung(series) {
                Rung::Met => met.push(series),
                rung => rows.push(self.row(series, rung)),
            }
        }
        rows.extend(together(&met));
        rows
    }

    fn row(&self, series: &ComparedSeries, rung: Rung) -> Judged {
        let largest = series.baseline.unwrap_or(0.0).abs().max(series.candidate.unwrap_or(0.0).abs());
        let share = is_share(&series.measure, &series.stat, &series.unit);
        let UnitOf { sign: unit, times } = UnitOf::fitting(&series.unit, share, largest);
        // The interval is of the ratio; on the row it stands around the value.
        let ends = series.candidate.zip(series.ratio).zip(series.interval).map(|((value, ratio), (low, high))| {
            let end = |end: Option<f64>| end.map(|end| value / ratio * end * times);
            (end(low), end(high))
        });
        let worse = series.worse().unwrap_or(0.0);
        let newest = self.baseline.runs.last().map(|run| format!(" since run #{}", run.number)).unwrap_or_default();
        let (reason, next) = match rung {
            Rung::Undecided(_) => (
                format!("{} % worse, but the evidence does not carry it", number(worse * 100.0)),
                if self.repeats {
                    "The lab runs it up to twice more by itself and judges the runs together".to_owned()
                } else {
                    "Run it again on the same revision: more runs decide, longer ones hardly help".to_owned()
                },
            ),
            _ => (
                format!("{} % worse than the baseline: {}", number(worse * 100.0), band_word(series)),
                format!("Look at what changed{newest}; if it is wanted, say so at its finding"),
            ),
        };
        let level = if series.band >= Some(Band::Significant) { Level::Fail } else { Level::Warn };
        judged(
            series,
            LedgerRow {
                rule: format!("{}{AGAINST}", noun(&series.measure, &series.stat)),
                level,
                scope: series.name.clone(),
                value: series.candidate.map(|value| value * times),
                unit: unit.to_owned(),
                interval: ends,
                limit: series.baseline.unwrap_or(0.0) * times,
                op: match series.better {
                    Better::Lower => "<=",
                    Better::Higher => ">=",
                }
                .to_owned(),
                baseline: series.baseline.map(|value| value * times),
                outcome: match rung {
                    Rung::Broken(Level::Fail) => Gate::Fail,
                    Rung::Broken(Level::Warn) => Gate::Warn,
                    Rung::Undecided(_) | Rung::NotJudged => Gate::Inconclusive,
                    Rung::Met => Gate::Pass,
                },
                margin_percent: Some(worse * 100.0),
                reason: Some(reason),
                next: Some(next),
                ..empty()
            },
            rung,
        )
    }
}

/// What a number means for the verdict.
fn rung(series: &ComparedSeries) -> Rung {
    match (series.standing, series.band) {
        (Standing::Worse, Some(Band::Critical | Band::Significant)) => Rung::Broken(Level::Fail),
        (Standing::Worse, Some(Band::Minor)) => Rung::Broken(Level::Warn),
        (Standing::Undecided, Some(Band::Critical | Band::Significant)) => Rung::Undecided(Level::Fail),
        _ => Rung::Met,
    }
}

/// All numbers that need nobody, as one row; nothing when there are none. Where none could be compared the row says so and
/// passes nothing.
fn together(met: &[&ComparedSeries]) -> Option<Judged> {
    let first = met.first()?;
    let how_many = |standing: Standing| met.iter().filter(|series| series.standing == standing).count();
    let not_compared = how_many(Standing::NotCompared);
    let compared = met.len() - not_compared;
    let floor = met.iter().filter_map(|series| series.floor).fold(0.0, f64::max);
    let mut words = vec![format!("{} compared", plural(compared, "number"))];
    for (standing, word) in [
        (Standing::Improvement, "better"),
        (Standing::Worse, "a little worse"),
        (Standing::SmallButReal, "moved a little"),
        (Standing::Undecided, "undecided and small"),
        (Standing::NotCompared, "without a counterpart"),
    ] {
        let many = how_many(standing);
        if many > 0 {
            words.push(format!("{} {word}", count(many as u64)));
        }
    }
    if floor > 0.0 {
        words.push(format!("changes under {} % cannot be seen", number(floor * 100.0)));
    }
    let rung = if compared > 0 { Rung::Met } else { Rung::NotJudged };
    let row = LedgerRow {
        rule: format!("no regression{AGAINST}"),
        outcome: if compared > 0 { Gate::Pass } else { Gate::Inconclusive },
        samples: compared as u64,
        reason: Some(words.join(", ")),
        next: (compared == 0).then(|| "Compare the two runs by hand: they measured different things".to_owned()),
        ..empty()
    };
    Some(judged(first, row, rung))
}

fn plural(many: usize, what: &str) -> String {
    format!("{} {what}{}", count(many as u64), if many == 1 { "" } else { "s" })
}

fn band_word(series: &ComparedSeries) -> &'static str {
    series.band.map_or("", Band::word)
}

fn judged(series: &ComparedSeries, row: LedgerRow, rung: Rung) -> Judged {
    let measure = Measure::named(&series.measure).unwrap_or(Measure::Latency);
    Judged { row, rung, measure, stat: Stat::Value }
}

fn empty() -> LedgerRow {
    LedgerRow {
        rule: String::new(),
        source: SOURCE.to_owned(),
        level: Level::Fail,
        scope: None,
        value: None,
        unit: String::new(),
        interval: None,
        limit: 0.0,
        max: None,
        op: "<=".to_owned(),
        samples: 0,
        baseline: None,
        waiver: None,
        outcome: Gate::Pass,
        margin_percent: None,
        breach_seconds: 0,
        reason: None,
        next: None,
    }
}

/// Whether a row is one of the comparison, and if so what it is about: `p95`, `login p95`.
pub(super) fn subject(row: &LedgerRow) -> Option<String> {
    let noun = row.rule.strip_suffix(AGAINST).filter(|_| row.source == SOURCE)?;
    Some(row.scope.as_ref().map_or_else(|| noun.to_owned(), |scope| format!("{scope} {noun}")))
}

/// Puts rows into the order of a ledger: broken ones first, then undecided, then met. Within these they stay as they were.
pub(super) fn in_order(judged: &mut [Judged]) {
    judged.sort_by_key(|judged| match judged.row.outcome {
        Gate::Fail => 0,
        Gate::Warn => 1,
        Gate::Inconclusive => 2,
        Gate::Pass => 3,
    });
}
