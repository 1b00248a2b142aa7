//! The load of one level, and which rules it can answer.

use super::CapacityUnit;
use crate::{
    load::{Load, RateStage, UserStage},
    threshold::{At, Limit, Measure, Op, Stat},
    unit::{Millis, Rps},
};

/// How long users take to arrive in a scenario that does not say how fast they come, and a rate to rise.
const USUAL_RAMP: Millis = Millis::from_secs(10);

/// The load of one level: brought up once, then held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// What is counted.
    pub unit: CapacityUnit,
    /// How many.
    pub amount: f64,
    /// How long it is held.
    pub hold: Millis,
}

impl Level {
    /// The scenario's load at this level: a ramp, as fast as the scenario's own users come, then steady. Nothing where the
    /// level does not fit the scenario's model.
    pub fn of(&self, scenario: &Load, spawn_rate: Option<f64>) -> Option<Load> {
        match (self.unit, scenario) {
            (CapacityUnit::Users, Load::Closed { stages, .. }) => {
                let users = self.amount.round().clamp(1.0, f64::from(u32::MAX)) as u32;
                let ramp = match spawn_rate.or_else(|| steepest(stages)) {
                    // Whole seconds: what is measured begins with one anyway.
                    Some(rate) => Millis::from_secs((f64::from(users) / rate).ceil() as u64),
                    None => USUAL_RAMP.min(self.hold),
                };
                Some(Load::Closed {
                    stages: vec![
                        UserStage { from: 0, to: users, over: ramp },
                        UserStage { from: users, to: users, over: self.hold },
                    ],
                    iterations: None,
                })
            }
            (CapacityUnit::Rate, Load::Open { limits, .. }) => {
                let rate = Rps::new(self.amount).ok()?;
                // A person who changed the rate of a level would measure another one.
                let limits = crate::load::OpenLimits { adjustable: false, ..*limits };
                Some(Load::Open {
                    stages: vec![
                        RateStage { from: Rps::ZERO, to: rate, over: USUAL_RAMP.min(self.hold) },
                        RateStage { from: rate, to: rate, over: self.hold },
                    ],
                    limits,
                })
            }
            _ => None,
        }
    }

    /// Whether a rule can be judged by a run at this level alone. Rules about another load wait for their level, and
    /// degradation for all of them.
    pub fn judges(&self, rule: &crate::threshold::Threshold) -> bool {
        let near = |wanted: f64| (self.amount - wanted).abs() <= wanted * 0.005;
        let here = match (rule.at, self.unit) {
            (None, _) => true,
            (Some(At::Users(users)), CapacityUnit::Users) => near(f64::from(users)),
            (Some(At::Rate(rate)), CapacityUnit::Rate) => near(rate),
            (Some(_), _) => false,
        };
        here && rule.measure != Measure::Degradation && matches!(rule.limit, Limit::Number(_))
    }
}

/// Users started a second where the scenario's own users come fastest.
fn steepest(stages: &[UserStage]) -> Option<f64> {
    stages
        .iter()
        .filter(|stage| stage.to > stage.from && stage.over > Millis::ZERO)
        .map(|stage| f64::from(stage.to - stage.from) / stage.over.as_secs_f64())
        .max_by(f64::total_cmp)
}

/// The quantile that a rule on degradation judges: P95 unless another stands there.
pub const fn degradation_quantile(stat: Stat) -> f64 {
    match stat {
        Stat::Quantile(p) => p,
        _ => 0.95,
    }
}

/// Whether a rule is a limit on P95 of latency, and which, in milliseconds: what a chart of P95 can show.
pub fn p95_limit_ms(rule: &crate::threshold::Threshold) -> Option<f64> {
    let of_p95 = matches!(rule.stat, Stat::Quantile(p) if (p - 0.95).abs() < 1e-9);
    let of_time = matches!(rule.measure, Measure::Latency | Measure::Response | Measure::Service);
    match rule.limit {
        Limit::Number(limit)
            if of_p95
                && of_time
                && rule.scope.is_none()
                && rule.tags.is_empty()
                && matches!(rule.op, Op::Less | Op::LessOrEqual) =>
        {
            Some((limit * 1e9).round() / 1e6)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::load::{Arrivals, OnSaturated, OpenLimits, Warmup};

    fn closed() -> Load {
        Load::Closed {
            stages: vec![
                UserStage { from: 0, to: 200, over: Millis::from_secs(40) },
                UserStage { from: 200, to: 200, over: Millis::from_secs(860) },
            ],
            iterations: None,
        }
    }

    fn open() -> Load {
        let rate = |rate: f64| Rps::new(rate).expect("a rate");
        Load::Open {
            stages: vec![RateStage { from: rate(0.0), to: rate(100.0), over: Millis::from_secs(60) }],
            limits: OpenLimits {
                max_in_flight: 400,
                on_saturated: OnSaturated::Drop,
                max_late: Millis::from_secs(5),
                arrivals: Arrivals::Even,
                adjustable: true,
            },
        }
    }

    fn level(unit: CapacityUnit, amount: f64) -> Level {
        Level { unit, amount, hold: Millis::from_secs(60) }
    }

    #[rstest]
    #[case(CapacityUnit::Users, 1.0, "1 user")]
    #[case(CapacityUnit::Users, 1000.0, "1,000 users")]
    #[case(CapacityUnit::Rate, 10.0, "10/s")]
    #[case(CapacityUnit::Rate, 62.5, "62.5/s")]
    #[case(CapacityUnit::Rate, 2000.0, "2,000/s")]
    fn a_level_is_told_as_it_was_chosen(#[case] unit: CapacityUnit, #[case] level: f64, #[case] shown: &str) {
        assert_eq!(unit.shown(level), shown);
    }

    #[test]
    fn users_come_as_fast_as_in_the_scenario_and_are_held_as_long_as_asked() {
        let load = level(CapacityUnit::Users, 1000.0).of(&closed(), None).expect("it fits");
        assert_eq!(load.warmup(Warmup::Ramp), Millis::from_secs(200), "5 users a second, as 200 in 40 s");
        assert_eq!(load.duration(), Millis::from_secs(260));
        assert_eq!(load.peak_users(), Some(1000));
        let fast = level(CapacityUnit::Users, 1000.0).of(&closed(), Some(100.0)).expect("it fits");
        assert_eq!(fast.duration(), Millis::from_secs(70));
    }

    #[test]
    fn a_rate_is_held_steady_and_is_nobodys_to_change() {
        let load = level(CapacityUnit::Rate, 62.5).of(&open(), None).expect("it fits");
        assert_eq!(load.planned_at(30.0), 62.5);
        assert_eq!(load.duration(), Millis::from_secs(70));
        assert!(matches!(load, Load::Open { limits, .. } if !limits.adjustable && limits.max_in_flight == 400));
    }

    #[test]
    fn users_do_not_fit_a_rate() {
        assert_eq!(level(CapacityUnit::Users, 5.0).of(&open(), None), None);
        assert_eq!(level(CapacityUnit::Rate, 5.0).of(&closed(), None), None);
    }

    #[rstest]
    #[case("p95 < 200ms", true)]
    #[case("p95 < 200ms at 100 users", true)]
    #[case("p95 < 200ms at 200 users", false)]
    #[case("p95 < 200ms at 100/s", false)]
    #[case("degradation < 15% at 100 users", false)]
    #[case("avg <= baseline * 1.10", false)]
    fn a_level_is_judged_by_what_it_can_answer(#[case] rule: &str, #[case] judged: bool) {
        assert_eq!(level(CapacityUnit::Users, 100.0).judges(&rule.parse().expect("a rule")), judged);
    }

    #[rstest]
    #[case("p95 < 200ms warn", Some(200.0))]
    #[case("p95 < 200ms, max 500ms", Some(200.0))]
    #[case("p99 < 200ms", None)]
    #[case("p95 < 200ms for login", None)]
    #[case("error_rate < 1%", None)]
    fn only_limits_on_p95_are_lines_of_its_chart(#[case] rule: &str, #[case] limit: Option<f64>) {
        assert_eq!(p95_limit_ms(&rule.parse().expect("a rule")), limit);
    }
}
