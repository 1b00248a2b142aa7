//! The arrival plan: when each start of an open run is due, fixed by configuration and seed alone.
//!
//! In:  rate stages. Out: instants, one after the other. Start `k` is due when the area under the rate reaches `k`:
//! `k/λ` at a constant rate, `D·(√(a² + 2k(b−a)/D) − a)/(b−a)` where the rate goes from `a` to `b` over `D`. The area is
//! carried over from stage to stage, fraction included, so a plan of many short stages loses no start.

use perflab_model::{load::Arrivals, load::RateStage, unit::Nanos};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::flow::{Domain, stream};

/// Areas are sums of floating-point products: a start this close to the end of a stage belongs to the next one.
const AREA_NOISE: f64 = 1e-7;

/// A stretch of the plan, in seconds and starts a second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    begin: f64,
    over: f64,
    from: f64,
    to: f64,
}

impl Stretch {
    fn area(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.over
    }

    fn end(&self) -> f64 {
        self.begin + self.over
    }

    /// The rate at a time inside it.
    fn rate(&self, at: f64) -> f64 {
        if self.over > 0.0 { self.from + (self.to - self.from) * (at - self.begin) / self.over } else { self.to }
    }

    /// When the area since its begin reaches `area`.
    fn reaches(&self, area: f64) -> f64 {
        let slope = (self.to - self.from) / self.over;
        let root = (self.from * self.from + 2.0 * area * slope).max(0.0).sqrt();
        // The textbook form divides by the slope and loses all digits when the rate hardly changes.
        let since = if self.from + root > 0.0 { 2.0 * area / (self.from + root) } else { 0.0 };
        self.begin + since.clamp(0.0, self.over)
    }

    /// Its parts before and after a time inside it.
    fn split(&self, at: f64) -> (Self, Self) {
        let middle = self.rate(at);
        (
            Self { over: at - self.begin, to: middle, ..*self },
            Self { begin: at, over: self.end() - at, from: middle, ..*self },
        )
    }

    /// The same with another rate, never below zero or above the cap.
    fn raised(&self, by: f64, cap: f64) -> Vec<Self> {
        let (from, to) = (self.from + by, self.to + by);
        let clamp = |rate: f64| rate.clamp(0.0, cap);
        // Where it crosses a bound it holds there on one side, and keeps its slope on the other.
        let mut crossings: Vec<f64> = [0.0, cap]
            .into_iter()
            .filter(|bound| (from < *bound) != (to < *bound) && self.over > 0.0)
            .map(|bound| self.begin + self.over * (bound - from) / (to - from))
            .collect();
        crossings.sort_by(f64::total_cmp);
        let mut parts = Vec::with_capacity(crossings.len() + 1);
        let mut rest = *self;
        for crossing in crossings {
            let (before, after) = rest.split(crossing);
            parts.push(before);
            rest = after;
        }
        parts.push(rest);
        parts.into_iter().map(|part| Self { from: clamp(part.from + by), to: clamp(part.to + by), ..part }).collect()
    }
}

/// Where the plan stands.
#[derive(Clone, Copy, Debug)]
struct Position {
    stretch: usize,
    /// Even arrivals: area from the stretch's begin to the next start.
    area: f64,
    /// Random arrivals: the time up to which has been drawn.
    time: f64,
}

/// The planned starts of a run, in order.
#[derive(Debug)]
pub(crate) struct Schedule {
    stretches: Vec<Stretch>,
    at: Position,
    /// The next start and where the plan stands after it.
    next: Option<(f64, Position)>,
    arrivals: Arrivals,
    rng: ChaCha8Rng,
}

impl Schedule {
    pub(crate) fn new(stages: &[RateStage], arrivals: Arrivals, seed: u64) -> Self {
        let mut begin_ms = 0_u64;
        let stretches = stages
            .iter()
            .map(|stage| {
                let begin = begin_ms as f64 / 1000.0;
                begin_ms += stage.over.get();
                Stretch { begin, over: stage.over.as_secs_f64(), from: stage.from.get(), to: stage.to.get() }
            })
            .filter(|stretch| stretch.over > 0.0)
            .collect();
        let mut schedule = Self {
            stretches,
            at: Position { stretch: 0, area: 0.0, time: 0.0 },
            next: None,
            arrivals,
            rng: stream(seed, Domain::Arrivals, 0, 0),
        };
        schedule.look_ahead();
        schedule
    }

    /// The next start, without taking it.
    pub(crate) fn peek(&self) -> Option<Nanos> {
        self.next.map(|(time, _)| nanos(time))
    }

    /// From a whole second on, adds to the rate (or takes from it).
    pub(crate) fn adjust(&mut self, from_second: u32, by: f64, cap: f64) {
        let from = f64::from(from_second);
        let mut adjusted = Vec::with_capacity(self.stretches.len() + 2);
        for stretch in &self.stretches {
            if stretch.end() <= from {
                adjusted.push(*stretch);
            } else if stretch.begin >= from {
                adjusted.extend(stretch.raised(by, cap));
            } else {
                let (before, after) = stretch.split(from);
                adjusted.push(before);
                adjusted.extend(after.raised(by, cap));
            }
        }
        self.stretches = adjusted;
        match self.arrivals {
            // What was looked at may lie beyond the change; where the plan stands does not.
            Arrivals::Even => self.look_ahead(),
            Arrivals::Poisson => {
                if self.next.is_none_or(|(time, _)| time > from) {
                    // Independent visitors have no memory: drawing anew from the change on is as good.
                    self.at.time = from.max(self.at.time);
                    self.at.stretch = 0;
                    self.look_ahead();
                }
            }
        }
    }

    fn look_ahead(&mut self) {
        self.next = match self.arrivals {
            Arrivals::Even => self.next_even(),
            Arrivals::Poisson => self.next_random(),
        };
    }

    fn next_even(&self) -> Option<(f64, Position)> {
        let mut at = self.at;
        while let Some(stretch) = self.stretches.get(at.stretch) {
            let area = stretch.area();
            if at.area < area - AREA_NOISE {
                let time = stretch.reaches(at.area.max(0.0));
                return Some((time, Position { area: at.area + 1.0, ..at }));
            }
            at = Position { stretch: at.stretch + 1, area: at.area - area, ..at };
        }
        None
    }

    /// Thinning (Lewis and Shedler): candidates at the stretch's highest rate, each kept in proportion to the rate at
    /// its time.
    fn next_random(&mut self) -> Option<(f64, Position)> {
        let mut at = self.at;
        while let Some(stretch) = self.stretches.get(at.stretch) {
            let highest = stretch.from.max(stretch.to);
            at.time = at.time.max(stretch.begin);
            // Without any rate there is no candidate: the gap is infinite, and the stretch is over.
            loop {
                at.time += -(1.0 - self.rng.random::<f64>()).ln() / highest;
                if at.time.is_nan() || at.time >= stretch.end() {
                    break;
                }
                if self.rng.random::<f64>() * highest < stretch.rate(at.time) {
                    return Some((at.time, at));
                }
            }
            at = Position { stretch: at.stretch + 1, time: stretch.end(), ..at };
        }
        None
    }
}

impl Iterator for Schedule {
    type Item = Nanos;

    fn next(&mut self) -> Option<Nanos> {
        let (time, after) = self.next?;
        self.at = after;
        self.look_ahead();
        Some(nanos(time))
    }
}

fn nanos(seconds: f64) -> Nanos {
    Nanos::new((seconds * 1e9).round() as u64)
}

#[cfg(test)]
mod tests {
    use perflab_model::unit::{Millis, Rps};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn stage(from: f64, to: f64, millis: u64) -> RateStage {
        let rate = |value| Rps::new(value).expect("a case is a rate");
        RateStage { from: rate(from), to: rate(to), over: Millis::new(millis) }
    }

    fn even(stages: &[RateStage]) -> Vec<Nanos> {
        Schedule::new(stages, Arrivals::Even, 0).collect()
    }

    #[test]
    fn a_constant_rate_starts_at_k_over_lambda() {
        let starts = even(&[stage(200.0, 200.0, 60_000)]);
        assert_eq!(starts.len(), 12_000);
        for (k, start) in starts.iter().enumerate() {
            assert_eq!(start.get(), k as u64 * 5_000_000);
        }
    }

    /// Start `k` by the textbook formula, stage by stage, independent of how the schedule gets there.
    fn by_formula(stages: &[(f64, f64, u64)], k: u64) -> f64 {
        let (mut begin, mut before) = (0.0, 0.0);
        for &(a, b, millis) in stages {
            let d = millis as f64 / 1000.0;
            let (area, own) = ((a + b) / 2.0 * d, k as f64 - before);
            if own < area - AREA_NOISE {
                let since = if a == b { own / a } else { d * ((a * a + 2.0 * own * (b - a) / d).sqrt() - a) / (b - a) };
                return begin + since;
            }
            before += area;
            begin += d;
        }
        panic!("start {k} lies beyond the stages");
    }

    /// A8, first half.
    #[rstest]
    #[case::up(&[(0.0, 100.0, 10_000)], 500)]
    #[case::down(&[(100.0, 20.0, 10_000)], 600)]
    #[case::up_hold_down(&[(0.0, 100.0, 10_000), (100.0, 100.0, 5_000), (100.0, 20.0, 4_000)], 1_240)]
    #[case::fractional_stages(&[(0.0, 7.3, 333), (7.3, 7.3, 1_001), (7.3, 91.7, 777), (91.7, 0.4, 1_313)], 108)]
    fn starts_equal_the_formula_to_a_microsecond(#[case] stages: &[(f64, f64, u64)], #[case] count: usize) {
        let plan: Vec<RateStage> = stages.iter().map(|&(from, to, millis)| stage(from, to, millis)).collect();
        let starts = even(&plan);
        assert_eq!(starts.len(), count);
        for (k, start) in starts.iter().enumerate() {
            let expected = by_formula(stages, k as u64) * 1e9;
            let off = (start.get() as f64 - expected).abs();
            assert!(off <= 1_000.0, "start {k} is {off} ns off");
        }
    }

    /// A8, second half. Mean 1/λ with standard error 1/(λ√n); variance 1/λ² with standard error √8/(λ²√n), since the
    /// fourth central moment of an exponential is 9/λ⁴.
    #[test]
    fn random_arrivals_have_exponential_gaps_and_repeat_with_their_seed() {
        let plan = [stage(200.0, 200.0, 100_000)];
        let starts = |seed| Schedule::new(&plan, Arrivals::Poisson, seed).map(Nanos::get).collect::<Vec<_>>();
        let one = starts(20_260_101);
        assert_eq!(one, starts(20_260_101));
        assert_ne!(one, starts(20_260_102));
        let gaps: Vec<f64> = one.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e9).collect();
        let (n, rate) = (gaps.len() as f64, 200.0_f64);
        let mean = gaps.iter().sum::<f64>() / n;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / (n - 1.0);
        assert!((mean - 1.0 / rate).abs() < 3.0 / (rate * n.sqrt()), "mean {mean}");
        assert!(
            (variance - rate.powi(-2)).abs() < 3.0 * 8.0_f64.sqrt() / (rate * rate * n.sqrt()),
            "variance {variance}"
        );
    }

    #[test]
    fn random_arrivals_are_thinned_to_a_ramp() {
        let starts: Vec<f64> = Schedule::new(&[stage(0.0, 200.0, 100_000)], Arrivals::Poisson, 5)
            .map(|start| start.get() as f64 / 1e9)
            .collect();
        // The area under the first and the second half of the ramp.
        let early = starts.iter().filter(|start| **start < 50.0).count() as f64;
        let late = starts.len() as f64 - early;
        for (count, area) in [(early, 2_500.0_f64), (late, 7_500.0)] {
            assert!((count - area).abs() < 3.0 * area.sqrt(), "{count} starts for an area of {area}");
        }
    }

    #[test]
    fn a_jump_takes_no_time_and_no_rate_makes_no_start() {
        let starts =
            even(&[stage(0.0, 10.0, 0), stage(10.0, 10.0, 1000), stage(0.0, 0.0, 1000), stage(10.0, 10.0, 1000)]);
        assert_eq!(starts.len(), 20);
        assert_eq!(starts[9].get(), 900_000_000);
        assert_eq!(starts[10].get(), 2_000_000_000);
    }

    #[test]
    fn an_adjustment_counts_from_its_second_on_and_keeps_the_fraction() {
        let mut schedule = Schedule::new(&[stage(10.0, 10.0, 4000)], Arrivals::Even, 0);
        let first: Vec<Nanos> = schedule.by_ref().take(5).collect();
        assert_eq!(first[4].get(), 400_000_000);
        schedule.adjust(2, 10.0, 1000.0);
        let rest: Vec<u64> = schedule.map(|start| start.get() / 1_000_000).collect();
        assert_eq!(rest.len(), 15 + 40);
        assert_eq!(&rest[13..18], &[1800, 1900, 2000, 2050, 2100]);
    }

    #[test]
    fn an_adjustment_never_leads_below_zero_or_above_the_cap() {
        let mut schedule = Schedule::new(&[stage(0.0, 100.0, 10_000)], Arrivals::Even, 0);
        schedule.adjust(0, -50.0, 1000.0);
        let starts: Vec<Nanos> = schedule.collect();
        assert_eq!(starts.len(), 125, "only the half above zero is left: 50 a second over 5 s, halved");
        assert!(starts[0].get() >= 5_000_000_000);
        let mut schedule = Schedule::new(&[stage(10.0, 10.0, 10_000)], Arrivals::Even, 0);
        schedule.adjust(5, 1e9, 20.0);
        assert_eq!(schedule.count(), 50 + 100);
        let mut schedule = Schedule::new(&[stage(0.0, 100.0, 10_000)], Arrivals::Even, 0);
        schedule.adjust(0, 50.0, 100.0);
        assert_eq!(schedule.count(), 375 + 500, "up to the cap by its own slope, and held there");
    }

    #[test]
    fn the_starts_are_those_that_screens_and_rules_reckon_with() {
        let stages = [stage(0.0, 80.0, 4_000), stage(80.0, 80.0, 3_000), stage(80.0, 0.0, 4_000)];
        let limits = perflab_model::load::OpenLimits {
            max_in_flight: 1,
            on_saturated: perflab_model::load::OnSaturated::Drop,
            max_late: Millis::new(0),
            arrivals: Arrivals::Even,
            adjustable: true,
        };
        let mut load = perflab_model::load::Load::Open { stages: stages.to_vec(), limits };
        let mut schedule = Schedule::new(&stages, Arrivals::Even, 0);
        for (from, by) in [(1, 15.0), (3, -40.0), (6, 70.0)] {
            load = load.adjusted(from, by, 100.0);
            schedule.adjust(from, by, 100.0);
        }
        let planned = load.planned_starts().expect("an open load");
        let starts = schedule.count() as f64;
        assert!((planned - starts).abs() <= 1.0, "{starts} starts, {planned} planned");
    }

    #[test]
    fn random_arrivals_go_on_at_the_new_rate_after_an_adjustment() {
        let mut schedule = Schedule::new(&[stage(0.5, 0.5, 200_000)], Arrivals::Poisson, 3);
        schedule.adjust(100, 99.5, 1000.0);
        let (before, after): (Vec<u64>, Vec<u64>) =
            schedule.map(Nanos::get).partition(|start| *start < 100_000_000_000);
        assert!(before.len() < 100, "{}", before.len());
        let expected = 10_000.0_f64;
        assert!((after.len() as f64 - expected).abs() < 3.0 * expected.sqrt(), "{}", after.len());
    }

    proptest! {
        #[test]
        fn as_many_starts_as_the_area_under_the_rate_and_always_in_order(
            stages in proptest::collection::vec((0.0..300.0_f64, 0.0..300.0_f64, 0_u64..3000), 1..8),
        ) {
            let stages: Vec<RateStage> = stages.into_iter().map(|(from, to, over)| stage(from, to, over)).collect();
            let area: f64 =
                stages.iter().map(|s| (s.from.get() + s.to.get()) / 2.0 * s.over.as_secs_f64()).sum();
            let starts = even(&stages);
            prop_assert!(starts.is_sorted());
            prop_assert!((starts.len() as f64 - area).abs() <= 1.0 + 1e-6, "{} starts for an area of {area}", starts.len());
        }
    }
}
