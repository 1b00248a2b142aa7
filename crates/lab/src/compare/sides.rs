//! Two sides, number by number.

use perflab_model::{
    blocks::{Better, BlockSeries, Blocks},
    comparison::{Band, ComparedSeries, Standing},
};
use perflab_stats::{
    Series, benjamini_hochberg,
    compare::{self, CompareError, Comparison, Evidence, Question, Runs, Side},
    quantile_of_sorted,
};

/// How often an interval may miss the truth.
const ALPHA: f64 = 0.05;

/// One number of two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// As it is told.
    pub told: ComparedSeries,
    /// What it rests on, for words beyond bands ([`Comparison::word`]). Nothing where there is no ratio.
    pub comparison: Option<Comparison>,
}

/// Compares every number of the candidate with the baseline's, and names those that only the baseline has. A side may be
/// several runs: then their blocks stand together. `earlier` are pairs of runs of one and the same code: how much the
/// environment moves by itself.
pub fn compare_blocks(baseline: &[&Blocks], candidate: &[&Blocks], earlier: &[(&Blocks, &Blocks)]) -> Vec<Compared> {
    let mut compared: Vec<Compared> = Vec::new();
    for series in candidate.iter().chain(baseline).flat_map(|blocks| &blocks.series) {
        let key = Key::of(series);
        if !compared.iter().any(|known| key.is_of(&known.told)) {
            compared.push(number(series, &key, baseline, candidate, earlier));
        }
    }
    settle(&mut compared);
    compared
}

/// Which number.
#[derive(Clone, Copy)]
struct Key<'a> {
    name: Option<&'a str>,
    measure: &'a str,
    stat: &'a str,
}

impl<'a> Key<'a> {
    fn of(series: &'a BlockSeries) -> Self {
        Self { name: series.name.as_deref(), measure: &series.measure, stat: &series.stat }
    }

    fn is_of(&self, told: &ComparedSeries) -> bool {
        told.name.as_deref() == self.name && told.measure == self.measure && told.stat == self.stat
    }

    fn find<'b>(&self, blocks: &'b Blocks) -> Option<&'b BlockSeries> {
        blocks.find(self.name, self.measure, self.stat)
    }
}

/// The values of one side, and how many runs they come from.
struct Pooled {
    values: Vec<f64>,
    runs: u32,
}

impl Pooled {
    fn of(key: &Key<'_>, side: &[&Blocks]) -> Self {
        let found: Vec<&BlockSeries> =
            side.iter().filter_map(|blocks| key.find(blocks)).filter(|series| !series.values.is_empty()).collect();
        Self {
            values: found.iter().flat_map(|series| series.values.iter().copied()).collect(),
            runs: u32::try_from(found.len()).unwrap_or(u32::MAX),
        }
    }

    fn median(&self) -> Option<f64> {
        median(&self.values)
    }
}

fn number(
    series: &BlockSeries,
    key: &Key<'_>,
    baseline: &[&Blocks],
    candidate: &[&Blocks],
    earlier: &[(&Blocks, &Blocks)],
) -> Compared {
    let (a, b) = (Pooled::of(key, baseline), Pooled::of(key, candidate));
    let ratios = ratios(key, earlier);
    let mut told = ComparedSeries {
        name: series.name.clone(),
        measure: series.measure.clone(),
        stat: series.stat.clone(),
        unit: series.unit.clone(),
        better: series.better,
        baseline: a.median(),
        candidate: b.median(),
        ratio: None,
        interval: None,
        p: None,
        q: None,
        floor: None,
        pairs: u32::try_from(ratios.values().len()).unwrap_or(u32::MAX),
        standing: Standing::NotCompared,
        band: None,
        reason: None,
    };
    if is_one_constant(&a.values, &b.values) {
        // Nothing scatters and nothing moved: bytes an operation, counts. 0 has no ratio, and is as equal.
        told.ratio = Some(1.0);
        told.interval = Some((Some(1.0), Some(1.0)));
        told.p = Some(1.0);
        return Compared { told, comparison: None };
    }
    let runs = Runs { baseline: a.runs, candidate: b.runs };
    let question = Question { alpha: ALPHA, earlier: &ratios, runs };
    let sides = Series::new(a.values).and_then(|a| Series::new(b.values).map(|b| (a, b)));
    let comparison = match sides {
        Ok((a, b)) => compare::compare(&a, &b, &question),
        Err(_) => {
            told.reason = Some("a value is no finite number".to_owned());
            return Compared { told, comparison: None };
        }
    };
    match comparison {
        Ok(comparison) => {
            told.ratio = Some(comparison.ratio);
            told.interval = comparison.interval.map(|(low, high)| (end(low), end(high)));
            told.p = comparison.p;
            told.floor = Some(comparison.floor).filter(|floor| floor.is_finite());
            Compared { told, comparison: Some(comparison) }
        }
        Err(error) => {
            told.reason = Some(match error {
                CompareError::Empty(Side::Baseline) => "the baseline has no such number".to_owned(),
                CompareError::Empty(Side::Candidate) => "this run has no such number".to_owned(),
                error => error.to_string(),
            });
            Compared { told, comparison: None }
        }
    }
}

/// Takes all comparisons into account and says where each stands.
fn settle(compared: &mut [Compared]) {
    let tested: Vec<usize> = (0..compared.len()).filter(|at| compared[*at].told.p.is_some()).collect();
    let q = benjamini_hochberg(&tested.iter().filter_map(|at| compared[*at].told.p).collect::<Vec<_>>());
    for (at, q) in tested.into_iter().zip(q) {
        compared[at].told.q = Some(q);
    }
    for Compared { told, comparison } in compared {
        let evidence =
            comparison.as_ref().zip(told.q).and_then(|(one, q)| Evidence::of(one, q, direction(told.better)));
        match (evidence, told.worse()) {
            (Some(evidence), _) => (told.standing, told.band) = standing(compare::judge(evidence)),
            (None, Some(_)) if told.q.is_some() => told.standing = Standing::Noise,
            // Without an interval nothing is shown, and nothing is "no change" either.
            (None, Some(worse)) => {
                told.band = compare::Level::of(worse).map(band);
                told.standing = if told.band.is_some() { Standing::Undecided } else { Standing::NotCompared };
                told.reason = Some("too few values for an interval".to_owned());
            }
            (None, None) => {}
        }
    }
}

fn standing(judged: compare::Standing) -> (Standing, Option<Band>) {
    match judged {
        compare::Standing::Worse(level) => (Standing::Worse, Some(band(level))),
        compare::Standing::Undecided(level) => (Standing::Undecided, Some(band(level))),
        compare::Standing::Improvement => (Standing::Improvement, None),
        compare::Standing::SmallButReal => (Standing::SmallButReal, None),
        compare::Standing::Noise => (Standing::Noise, None),
    }
}

const fn band(level: compare::Level) -> Band {
    match level {
        compare::Level::Small => Band::Small,
        compare::Level::Minor => Band::Minor,
        compare::Level::Significant => Band::Significant,
        compare::Level::Critical => Band::Critical,
    }
}

const fn direction(better: Better) -> compare::Better {
    match better {
        Better::Lower => compare::Better::Lower,
        Better::Higher => compare::Better::Higher,
    }
}

/// Log ratios of the medians of each pair.
fn ratios(key: &Key<'_>, earlier: &[(&Blocks, &Blocks)]) -> Series {
    let ratio = |(one, other): &(&Blocks, &Blocks)| {
        let of = |blocks: &Blocks| key.find(blocks).and_then(|series| median(&series.values));
        let (one, other) = (of(one)?, of(other)?);
        (one > 0.0 && other > 0.0).then(|| (other / one).ln())
    };
    Series::new(earlier.iter().filter_map(ratio).collect()).unwrap_or_default()
}

fn is_one_constant(a: &[f64], b: &[f64]) -> bool {
    a.first().is_some_and(|first| !b.is_empty() && a.iter().chain(b).all(|value| value == first))
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, 0.5)
}

/// An end that is known.
fn end(value: f64) -> Option<f64> {
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(series: &[(&str, &str, Better, Vec<f64>)]) -> Blocks {
        Blocks {
            series: series
                .iter()
                .map(|(measure, stat, better, values)| BlockSeries {
                    name: None,
                    measure: (*measure).to_owned(),
                    stat: (*stat).to_owned(),
                    unit: "s".to_owned(),
                    better: *better,
                    values: values.clone(),
                    samples: 1_000,
                })
                .collect(),
        }
    }

    /// Twenty values about a centre that scatter by about 1 %, the same in every test.
    fn about(centre: f64, shift: usize) -> Vec<f64> {
        (0..20).map(|at| centre * (1.0 + 0.01 * (((at * 7 + shift * 3) % 20) as f64 / 10.0 - 0.95))).collect()
    }

    fn latency(centre: f64, shift: usize) -> Blocks {
        blocks(&[("latency", "p50", Better::Lower, about(centre, shift))])
    }

    #[test]
    fn a_run_that_is_half_as_slow_again_is_worse_and_an_equal_one_is_not() {
        let runs: Vec<Blocks> = (0..10).map(|at| latency(0.1, at)).collect();
        let baseline: Vec<&Blocks> = runs.iter().collect();
        let pairs: Vec<(&Blocks, &Blocks)> = runs.iter().zip(&runs[1..]).collect();
        let slow = compare_blocks(&baseline, &[&latency(0.16, 3)], &pairs);
        assert_eq!((slow[0].told.standing, slow[0].told.band), (Standing::Worse, Some(Band::Critical)));
        assert!((slow[0].told.ratio.expect("a ratio") - 1.6).abs() < 0.02);
        assert_eq!(slow[0].told.pairs, 9);
        let same = compare_blocks(&baseline, &[&latency(0.1, 4)], &pairs);
        assert_eq!((same[0].told.standing, same[0].told.band), (Standing::Noise, None));
    }

    #[test]
    fn more_requests_a_second_are_an_improvement() {
        let side = |centre| blocks(&[("throughput", "rate", Better::Higher, about(centre, 1))]);
        let compared = compare_blocks(&[&side(100.0), &side(101.0)], &[&side(140.0)], &[]);
        assert_eq!(compared[0].told.standing, Standing::Improvement);
        assert!(compared[0].told.worse().expect("known") < -0.3);
        let compared = compare_blocks(&[&side(140.0), &side(141.0)], &[&side(60.0)], &[]);
        assert_eq!((compared[0].told.standing, compared[0].told.band), (Standing::Worse, Some(Band::Critical)));
    }

    #[test]
    fn a_number_that_a_side_lacks_is_named_and_never_passes_as_no_change() {
        let only = blocks(&[("latency", "p95", Better::Lower, about(0.2, 2))]);
        let compared = compare_blocks(&[&latency(0.1, 1)], &[&only], &[]);
        let told: Vec<_> = compared.iter().map(|one| (one.told.stat.as_str(), one.told.reason.as_deref())).collect();
        assert_eq!(
            told,
            [("p95", Some("the baseline has no such number")), ("p50", Some("this run has no such number"))]
        );
        assert!(compared.iter().all(|one| one.told.standing == Standing::NotCompared));
    }

    #[test]
    fn a_single_value_is_undecided_when_it_looks_worse_and_equal_constants_are_equal() {
        let bytes = |value: f64| blocks(&[("memory", "bytes", Better::Lower, vec![value])]);
        let compared = compare_blocks(&[&bytes(1_000.0)], &[&bytes(1_300.0)], &[]);
        assert_eq!((compared[0].told.standing, compared[0].told.band), (Standing::Undecided, Some(Band::Significant)));
        for value in [0.0, 1_000.0] {
            let compared = compare_blocks(&[&bytes(value), &bytes(value)], &[&bytes(value)], &[]);
            assert_eq!((compared[0].told.standing, compared[0].told.ratio), (Standing::Noise, Some(1.0)));
        }
        let appeared = compare_blocks(&[&bytes(0.0)], &[&bytes(64.0)], &[]);
        assert_eq!(appeared[0].told.standing, Standing::NotCompared);
        assert!(appeared[0].told.reason.as_deref().is_some_and(|reason| reason.contains("not positive")));
    }

    #[test]
    fn many_unchanged_numbers_make_one_lucky_p_no_finding() {
        let side = |slow: f64, shift: usize| {
            let series = (0..40).map(|at| BlockSeries {
                name: Some(format!("request {at}")),
                measure: "latency".to_owned(),
                stat: "p50".to_owned(),
                unit: "s".to_owned(),
                better: Better::Lower,
                values: about(if at == 0 { 0.1 * slow } else { 0.1 }, shift + at),
                samples: 100,
            });
            Blocks { series: series.collect() }
        };
        // 7 % at an assumed noise of 2 % between runs: alone it would be a finding at 5 %.
        let many = compare_blocks(&[&side(1.0, 0)], &[&side(1.07, 1)], &[]);
        assert!(many[0].told.p.expect("p") < 0.1 && many[0].told.q.expect("q") > 0.05, "{:?}", many[0].told);
        assert_ne!(many[0].told.standing, Standing::Worse);
    }
}
