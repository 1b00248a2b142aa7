//! What runs at levels say together: the same for a lab's search and for one on the spot.

use perflab_model::{
    capacity::{CapacityRequest, Conclusion, ConclusionKind, Law, LevelOutcome, Measured, Slowdown},
    display::count,
    plan::{Plan, Rule},
    run::RunEnd,
    summary::{LatencyKind, Summary},
    threshold::Measure,
    tick::Tick,
    verdict::{Gate, LedgerRow},
};
use perflab_stats::{
    Accumulator, Histogram, ReadTick,
    capacity::{Worth, fit, judge, outcome, quantile_interval_us, reference, slowdown, times},
    missing_samples,
};

/// What an ended run measured at its level.
pub fn measure(plan: &Plan, end: Option<&RunEnd>, summary: Option<&Summary>, ticks: &[Tick]) -> Measured {
    let kind = if plan.load.has_rate() { LatencyKind::Response } else { LatencyKind::Service };
    let mut sums = Accumulator::new(kind);
    for tick in ticks {
        sums.add(&ReadTick::new(tick, kind));
    }
    let nothing = Histogram::new();
    // What was measured while the load rose is of other levels.
    let latency = if sums.is_judged() { sums.latency_histogram() } else { &nothing };
    let worth =
        summary.map(|summary| Worth { validity: &summary.validity, ledger: &summary.ledger, totals: &summary.totals });
    let (outcome, reason) = outcome(end, worth);
    let totals = summary.map(|summary| summary.totals);
    let dropped = |planned: u64, dropped: u64| dropped as f64 / planned as f64;
    Measured {
        outcome,
        reason,
        stopped: None,
        validity: summary.map(|summary| summary.validity.state),
        finished: totals.map_or(0, |totals| totals.finished),
        failed: totals.map_or(0, |totals| totals.failed),
        dropped_share: totals
            .filter(|totals| kind == LatencyKind::Response && totals.planned > 0)
            .map(|totals| dropped(totals.planned, totals.dropped)),
        rate_per_s: totals.and_then(|totals| totals.rate_per_s),
        latency: latency.encode(),
    }
}

/// What a level shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AtLevel {
    /// Times that were measured.
    pub samples: u64,
    /// P95 in milliseconds; nothing when there are too few samples.
    pub p95_ms: Option<f64>,
    /// Its 95 % interval.
    pub p95_interval_ms: Option<(Option<f64>, Option<f64>)>,
    /// P95 against the reference level.
    pub degradation: Option<Slowdown>,
}

/// What the levels of a search say.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The answer in a sentence, or how far it is.
    pub sentence: String,
    /// What it means to a pipeline.
    pub gate: Gate,
    /// What each level shows, in their order.
    pub at: Vec<AtLevel>,
    /// The level that degradation is measured against.
    pub reference: Option<f64>,
    /// Rules on degradation, judged.
    pub ledger: Vec<LedgerRow>,
    /// The scalability law.
    pub law: Option<Law>,
}

/// What these levels say, and what follows from the conclusion if there is one.
pub fn answer(
    request: &CapacityRequest,
    rules: &[Rule],
    levels: &[(f64, Option<&Measured>)],
    conclusion: Option<&Conclusion>,
) -> Answer {
    let read: Vec<(f64, Option<LevelOutcome>, Histogram)> = levels
        .iter()
        .map(|(level, measured)| {
            let usable = measured.filter(|measured| measured.outcome != LevelOutcome::Unusable);
            (*level, usable.map(|one| one.outcome), usable.map(|one| times(&one.latency)).unwrap_or_default())
        })
        .collect();
    // The last usable run of a level stands for it.
    let mut each: Vec<(f64, Histogram)> = Vec::new();
    for (level, outcome, times) in read.iter().rev() {
        if outcome.is_some() && each.iter().all(|(known, _)| known != level) {
            each.push((*level, times.clone()));
        }
    }
    let reference = reference(each.iter().map(|(level, times)| (*level, times)));
    let of_reference = each.iter().find(|(level, _)| Some(*level) == reference).map(|(_, times)| times);
    let at = read
        .iter()
        .map(|(level, _, times)| {
            let p95 = quantile_interval_us(times, 0.95);
            let ms = |us: f64| us / 1000.0;
            let samples = times.count();
            AtLevel {
                samples,
                p95_ms: p95.filter(|_| missing_samples(samples, 0.95) == 0).map(|(value, ..)| ms(value)),
                p95_interval_ms: p95
                    .map(|(_, low, high)| (low.map(ms), high.map(ms)))
                    .filter(|(low, high)| low.is_some() || high.is_some()),
                degradation: of_reference
                    .filter(|_| Some(*level) != reference && missing_samples(samples, 0.95) == 0)
                    .and_then(|reference| slowdown(reference, times, 0.95)),
            }
        })
        .collect();
    let of_search = rules.iter().filter(|rule| rule.threshold.measure == Measure::Degradation);
    let ledger: Vec<LedgerRow> = of_search.map(|rule| judge(rule, request.unit, &each, conclusion.is_some())).collect();
    let throughput: Vec<(f64, f64)> = match request.unit {
        perflab_model::capacity::CapacityUnit::Users => each
            .iter()
            .filter_map(|(level, _)| {
                let newest = levels.iter().rev().find(|(known, one)| {
                    known == level && one.is_some_and(|one| one.outcome != LevelOutcome::Unusable)
                });
                Some((*level, newest?.1?.rate_per_s?))
            })
            .collect(),
        // With a rate given, throughput is what was asked for and no answer of the target.
        perflab_model::capacity::CapacityUnit::Rate => Vec::new(),
    };
    Answer {
        sentence: sentence(request, levels, conclusion),
        gate: gate(conclusion, &ledger),
        at,
        reference,
        law: fit(&throughput),
        ledger,
    }
}

/// What an answer means to a pipeline: a capacity was shown and no rule on degradation is broken.
fn gate(conclusion: Option<&Conclusion>, ledger: &[LedgerRow]) -> Gate {
    let any = |gate: Gate| ledger.iter().any(|row| row.outcome == gate);
    let found = match conclusion.map(|conclusion| conclusion.kind) {
        Some(ConclusionKind::Found | ConclusionKind::AtLeast) => Gate::Pass,
        // Not even the lowest load that was asked for is borne.
        Some(ConclusionKind::Below) => Gate::Fail,
        _ => Gate::Inconclusive,
    };
    match found {
        Gate::Fail => Gate::Fail,
        _ if any(Gate::Fail) => Gate::Fail,
        Gate::Inconclusive => Gate::Inconclusive,
        _ if any(Gate::Inconclusive) => Gate::Inconclusive,
        _ if any(Gate::Warn) => Gate::Warn,
        _ => Gate::Pass,
    }
}

/// The answer in a sentence.
fn sentence(request: &CapacityRequest, levels: &[(f64, Option<&Measured>)], conclusion: Option<&Conclusion>) -> String {
    let unit = request.unit;
    let Some(found) = conclusion else {
        let over = levels.iter().filter(|(_, measured)| measured.is_some()).count();
        return match (over, levels.last()) {
            (_, None) => "No level has begun yet.".to_owned(),
            (0, Some((level, _))) => format!("The first level, {}, is under way.", unit.shown(*level)),
            (over, Some((level, None))) => {
                format!("{} measured; {} is under way.", levels_counted(over), unit.shown(*level))
            }
            (over, Some(_)) => format!("{} measured; the next is being chosen.", levels_counted(over)),
        };
    };
    let shown = |level: Option<f64>| level.map(|level| unit.shown(level)).unwrap_or_default();
    let why_broken = found
        .breaks_at
        .and_then(|at| levels.iter().rev().find(|(level, _)| *level == at))
        .and_then(|(_, measured)| measured.as_ref()?.reason.clone())
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let reason = found.reason.as_ref().map(|reason| format!(" {}.", capitalised(reason))).unwrap_or_default();
    let so_far = match (found.capacity, found.breaks_at) {
        (Some(_), Some(_)) => {
            format!(" All thresholds held at {}, and broke at {}.", shown(found.capacity), shown(found.breaks_at))
        }
        (Some(_), None) => format!(" All thresholds held at {}.", shown(found.capacity)),
        (None, Some(_)) => format!(" They broke at {}{why_broken}.", shown(found.breaks_at)),
        (None, None) => String::new(),
    };
    match found.kind {
        ConclusionKind::Found => format!(
            "The capacity is {}: all thresholds hold there, and break at {}{why_broken}.{reason}",
            shown(found.capacity),
            shown(found.breaks_at)
        ),
        ConclusionKind::AtLeast => format!(
            "The capacity is at least {}, the top of the search: all thresholds hold there.{reason}",
            shown(found.capacity)
        ),
        ConclusionKind::Below => {
            format!("The capacity is below {}, where thresholds break{why_broken}.{reason}", shown(found.breaks_at))
        }
        ConclusionKind::Undecided => format!("The capacity is not decided.{reason}{so_far}"),
        ConclusionKind::Unusable => {
            let last = levels.last().and_then(|(_, measured)| measured.as_ref()?.reason.clone());
            let last = last.map(|why| format!(" The reason: {why}.")).unwrap_or_default();
            format!("The capacity is not known.{reason}{last}{so_far}")
        }
        ConclusionKind::Stopped | ConclusionKind::NotCarriedOut => {
            format!("The search ended early.{reason}{so_far}").trim_end().to_owned()
        }
    }
}

fn levels_counted(n: usize) -> String {
    if n == 1 { "1 level".to_owned() } else { format!("{} levels", count(n as u64)) }
}

fn capitalised(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        capacity::CapacityUnit,
        launch::Overrides,
        run::{Revision, Trigger},
    };
    use rstest::rstest;

    use super::*;

    fn request() -> CapacityRequest {
        CapacityRequest {
            project: None,
            suite: "mita".parse().expect("a name"),
            scenario: "stress".parse().expect("a name"),
            environment: None,
            unit: CapacityUnit::Users,
            from: 1.0,
            to: 1000.0,
            hold: None,
            resolution: None,
            overrides: Overrides::default(),
            revision: Revision::default(),
            tags: Vec::new(),
            trigger: Trigger::Api,
        }
    }

    /// A level with this many requests, all of this time.
    fn measured(outcome: LevelOutcome, us: u64, n: u64, rate: f64) -> Measured {
        let mut latency = Histogram::new();
        latency.record(us, n);
        let reason = (outcome == LevelOutcome::Breaks).then(|| "p95 < 200ms: 231 ms".to_owned());
        Measured {
            outcome,
            reason,
            stopped: None,
            validity: None,
            finished: n,
            failed: 0,
            dropped_share: None,
            rate_per_s: Some(rate),
            latency: latency.encode(),
        }
    }

    fn conclusion(kind: ConclusionKind, capacity: Option<f64>, breaks_at: Option<f64>) -> Conclusion {
        Conclusion { kind, capacity, breaks_at, reason: None }
    }

    #[test]
    fn the_answer_names_capacity_and_what_breaks_beyond_it() {
        let (holds, breaks) =
            (measured(LevelOutcome::Holds, 20_000, 2_000, 90.0), measured(LevelOutcome::Breaks, 231_000, 9_000, 95.0));
        let levels = [(100.0, Some(&holds)), (105.0, Some(&breaks))];
        let found = conclusion(ConclusionKind::Found, Some(100.0), Some(105.0));
        let answer = answer(&request(), &[], &levels, Some(&found));
        assert_eq!(
            answer.sentence,
            "The capacity is 100 users: all thresholds hold there, and break at 105 users (p95 < 200ms: 231 ms)."
        );
        assert_eq!((answer.gate, answer.reference), (Gate::Pass, Some(100.0)));
        assert_eq!(answer.at[0].degradation, None, "a reference is no slower than itself");
        let slower = answer.at[1].degradation.expect("it is slower");
        assert!((slower.value - 10.55).abs() < 0.05, "{slower:?}");
        assert_eq!(answer.at[1].p95_ms.map(f64::round), Some(231.0));
    }

    #[test]
    fn a_running_search_says_how_far_it_is() {
        let holds = measured(LevelOutcome::Holds, 20_000, 2_000, 90.0);
        let say = |levels: &[(f64, Option<&Measured>)]| answer(&request(), &[], levels, None).sentence;
        assert_eq!(say(&[]), "No level has begun yet.");
        assert_eq!(say(&[(1.0, None)]), "The first level, 1 user, is under way.");
        assert_eq!(say(&[(1.0, Some(&holds)), (2.0, None)]), "1 level measured; 2 users is under way.");
    }

    #[rstest]
    #[case::found(ConclusionKind::Found, "degradation < 15% at 100 users", Gate::Fail)]
    #[case::far_less_strict(ConclusionKind::Found, "degradation < 5000% at 100 users", Gate::Pass)]
    #[case::never_reached(ConclusionKind::AtLeast, "degradation < 15% at 500 users", Gate::Inconclusive)]
    #[case::a_warning(ConclusionKind::Found, "degradation < 15% at 100 users warn", Gate::Warn)]
    #[case::nothing_is_borne(ConclusionKind::Below, "degradation < 5000% at 100 users", Gate::Fail)]
    #[case::stopped(ConclusionKind::Stopped, "degradation < 5000% at 100 users", Gate::Inconclusive)]
    fn a_pipeline_learns_of_capacity_and_degradation(
        #[case] kind: ConclusionKind,
        #[case] rule: &str,
        #[case] expected: Gate,
    ) {
        let (low, high) =
            (measured(LevelOutcome::Holds, 20_000, 2_000, 1.0), measured(LevelOutcome::Holds, 90_000, 2_000, 1.0));
        let rules = [Rule { threshold: rule.parse().expect("a rule"), source: "scenario stress".to_owned() }];
        let levels = [(10.0, Some(&low)), (100.0, Some(&high))];
        let answer = answer(&request(), &rules, &levels, Some(&conclusion(kind, None, None)));
        assert_eq!(answer.gate, expected, "{answer:?}");
        assert_eq!(answer.ledger.len(), 1);
    }

    #[test]
    fn an_unusable_run_is_no_reference_and_no_point_of_the_law() {
        let (bad, good) =
            (measured(LevelOutcome::Unusable, 1, 5_000, 5.0), measured(LevelOutcome::Holds, 20_000, 5_000, 90.0));
        let levels = [(1.0, Some(&bad)), (2.0, Some(&good))];
        let answer = answer(&request(), &[], &levels, None);
        assert_eq!(answer.reference, Some(2.0));
        assert_eq!(answer.at[0].samples, 0);
    }
}
