//! Orders to a run under way: to end, by whom, and to change its rate.
//!
//! In:  what a person asks of a run. Out: what its worker is told, and what became of it.
//! Invariant: an order to the rate has a number within its attempt, from 1, so that it is carried out once however often it
//! is told. It counts from a whole second on, which only the runner knows: until then it has none.

use serde::{Deserialize, Serialize};

use crate::{
    kill_switch::KillSwitch,
    load::{Load, LoadPart, RateStage},
    run::Cancel,
    unit::{Millis, Rps},
};

/// What is asked of a run under way, as its worker hears it with every answer of the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orders {
    /// It is to end.
    pub cancel: Option<Cancel>,
    /// The kill switch that wants it to end.
    pub killed: Option<KillSwitch>,
    /// Changes of its rate that the runner has not told to have taken effect, in order. Told again until it has.
    pub rates: Vec<RateChange>,
}

impl Orders {
    /// An order to end, and nothing else.
    pub fn to_end(cancel: Option<Cancel>) -> Self {
        Self { cancel, ..Self::default() }
    }
}

/// A change of the rate of an open run by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateChange {
    /// Its number within the attempt, from 1.
    pub number: u32,
    /// Starts a second that are added; less than zero where they are taken away.
    pub by: f64,
    /// Who asked, in words: `a person in the browser`.
    pub asked_by: String,
    /// When, microseconds since the epoch.
    pub asked_us: i64,
    /// The whole second from which it counts; nothing until the runner has obeyed.
    pub from_second: Option<u32>,
}

impl RateChange {
    /// `+10/s`, `-2.5/s`, with all the digits that a person chose.
    pub fn signed(&self) -> String {
        format!("{:+}/s", self.by)
    }

    /// `+10/s from 0:12 on`.
    pub fn told(&self) -> String {
        match self.from_second {
            Some(second) => format!("{} from {} on", self.signed(), crate::display::elapsed(second.into())),
            None => format!("{} as soon as the runner obeys", self.signed()),
        }
    }
}

/// A request to change the rate of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AdjustRequest {
    /// Starts a second to add; less than zero to take away.
    pub rate_by: f64,
}

/// What became of such a request: the runner obeys from the next whole second on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Adjusted {
    /// The order.
    pub change: RateChange,
    /// The rate that is planned once it counts, starts a second.
    pub target: f64,
    /// The highest rate that may be asked for on this environment.
    pub cap: f64,
    /// Whether this answers an earlier request with the same key.
    pub replayed: bool,
}

impl Load {
    /// The open loads whose rate a person may change, each with the time from the run's start to its own.
    pub fn adjustable(&self) -> Vec<(Millis, &Self)> {
        let may = |load: &Self| matches!(load, Self::Open { limits, .. } if limits.adjustable);
        self.pieces().into_iter().filter(|(_, load)| may(load)).collect()
    }

    /// The same load with `by` starts a second more from a whole second of the run on, nowhere below zero or above the cap.
    /// It stays as long as it was. Of several parts the adjustable one changes; a load without a rate stays as it is.
    #[must_use]
    pub fn adjusted(&self, from_second: u32, by: f64, cap: f64) -> Self {
        self.adjusted_at(Millis::from_secs(u64::from(from_second)), by, cap)
    }

    fn adjusted_at(&self, from: Millis, by: f64, cap: f64) -> Self {
        match self {
            Self::Closed { .. } | Self::Cases(_) => self.clone(),
            Self::Open { stages, limits } => Self::Open { stages: raised_from(stages, from, by, cap), limits: *limits },
            Self::Combined { parts } => {
                let change = |part: &LoadPart| match &part.load {
                    Self::Open { limits, .. } if limits.adjustable => {
                        LoadPart { load: part.load.adjusted_at(from.minus(part.start_after), by, cap), ..part.clone() }
                    }
                    _ => part.clone(),
                };
                Self::Combined { parts: parts.iter().map(change).collect() }
            }
        }
    }

    /// The load after changes that a person made, in their order; those that have not taken effect are left out.
    #[must_use]
    pub fn with_changes(&self, changes: &[RateChange], cap: f64) -> Self {
        changes
            .iter()
            .filter_map(|change| Some((change.from_second?, change.by)))
            .fold(self.clone(), |load, (from, by)| load.adjusted(from, by, cap))
    }

    /// The highest rate that is planned from a second on; of several parts that of all together.
    pub fn peak_from(&self, second: f64) -> f64 {
        // A rate is a straight line between corners, and jumps only there: just before one it may be higher.
        let before = 1e-9;
        let mut peak = self.planned_at(second);
        for (after, load) in self.pieces() {
            for at in load.corners().into_iter().map(|(corner, _)| after.as_secs_f64() + corner) {
                if at > second {
                    peak = peak.max(self.planned_at(at - before)).max(self.planned_at(at));
                }
            }
        }
        // Just before the corner of a ramp it is that much below.
        (peak * 1e6).round() / 1e6
    }
}

/// Stages with another rate from a time on.
fn raised_from(stages: &[RateStage], from: Millis, by: f64, cap: f64) -> Vec<RateStage> {
    let mut raised = Vec::with_capacity(stages.len() + 2);
    let mut begin = Millis::ZERO;
    for stage in stages {
        let end = begin.plus(stage.over);
        if begin < from && end <= from {
            raised.push(*stage);
        } else if begin >= from {
            raise(*stage, by, cap, &mut raised);
        } else {
            let (before, after) = split(*stage, from.minus(begin));
            raised.push(before);
            raise(after, by, cap, &mut raised);
        }
        begin = end;
    }
    raised
}

fn rate(value: f64) -> Rps {
    Rps::new(value).unwrap_or(Rps::ZERO)
}

/// Its parts before and after a time inside it.
fn split(stage: RateStage, at: Millis) -> (RateStage, RateStage) {
    let over = stage.over.as_secs_f64();
    let middle = rate(stage.from.get() + (stage.to.get() - stage.from.get()) * at.as_secs_f64() / over);
    let rest = Millis::new(stage.over.get() - at.get());
    (RateStage { to: middle, over: at, ..stage }, RateStage { from: middle, over: rest, ..stage })
}

/// Adds the stage with another rate; where that crosses a bound, in parts on either side of it.
fn raise(stage: RateStage, by: f64, cap: f64, into: &mut Vec<RateStage>) {
    let (from, to) = (stage.from.get() + by, stage.to.get() + by);
    let clamp = |value: f64| rate(value.clamp(0.0, cap.max(0.0)));
    for bound in [0.0, cap] {
        if (from < bound) != (to < bound) {
            let at = (stage.over.get() as f64 * (bound - from) / (to - from)).round() as u64;
            if at > 0 && at < stage.over.get() {
                let (before, after) = split(stage, Millis::new(at));
                raise(before, by, cap, into);
                raise(after, by, cap, into);
                return;
            }
        }
    }
    into.push(RateStage { from: clamp(from), to: clamp(to), ..stage });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::{Arrivals, OnSaturated, OpenLimits};

    fn open(stages: &[(f64, f64, u64)]) -> Load {
        let stages = stages
            .iter()
            .map(|&(from, to, ms)| RateStage { from: rate(from), to: rate(to), over: Millis::new(ms) })
            .collect();
        let limits = OpenLimits {
            max_in_flight: 10,
            on_saturated: OnSaturated::Drop,
            max_late: Millis::from_secs(5),
            arrivals: Arrivals::Even,
            adjustable: true,
        };
        Load::Open { stages, limits }
    }

    #[test]
    fn a_change_counts_from_its_second_on() {
        let load = open(&[(10.0, 10.0, 4_000)]).adjusted(2, 10.0, 1_000.0);
        assert_eq!(load.planned_at(1.999), 10.0);
        assert_eq!(load.planned_at(2.0), 20.0);
        assert_eq!(load.planned_starts(), Some(60.0));
        assert_eq!(load.duration(), Millis::from_secs(4));
    }

    #[test]
    fn a_ramp_is_raised_as_a_whole_and_held_at_the_bounds() {
        let load = open(&[(0.0, 100.0, 10_000)]);
        let less = load.adjusted(0, -50.0, 1_000.0);
        assert_eq!(less.planned_starts(), Some(125.0), "only the half above zero is left");
        let more = load.adjusted(0, 50.0, 100.0);
        assert_eq!(more.planned_at(5.0), 100.0);
        assert_eq!(more.planned_at(9.0), 100.0);
        assert_eq!(more.planned_starts(), Some(375.0 + 500.0));
    }

    #[test]
    fn the_peak_ahead_leaves_out_what_is_over() {
        let load = open(&[(0.0, 90.0, 10_000), (90.0, 90.0, 1_000), (20.0, 20.0, 5_000), (20.0, 40.0, 4_000)]);
        for (from, peak) in [(0.0, 90.0), (11.0, 40.0), (19.0, 40.0), (21.0, 0.0)] {
            assert_eq!(load.peak_from(from), peak, "from {from} on");
        }
    }

    #[test]
    fn of_several_parts_the_adjustable_one_changes_by_the_clock_of_the_run() {
        let part = |name: &str, after, load| LoadPart {
            name: name.parse().expect("a name"),
            start_after: Millis::from_secs(after),
            load,
        };
        let fixed = match open(&[(50.0, 50.0, 10_000)]) {
            Load::Open { stages, limits } => Load::Open { stages, limits: OpenLimits { adjustable: false, ..limits } },
            other => other,
        };
        let load =
            Load::Combined { parts: vec![part("base", 0, fixed), part("peak", 4, open(&[(10.0, 10.0, 6_000)]))] };
        assert_eq!(load.adjustable().len(), 1);
        let more = load.adjusted(7, 5.0, 100.0);
        assert_eq!((more.planned_at(6.9), more.planned_at(7.0)), (60.0, 65.0));
        assert_eq!(more.duration(), load.duration());
        assert_eq!(more.peak_from(0.0), 65.0);
    }

    #[test]
    fn what_has_not_taken_effect_changes_nothing_yet() {
        let asked = RateChange { number: 1, by: 5.0, asked_by: "a person".to_owned(), asked_us: 0, from_second: None };
        let load = open(&[(10.0, 10.0, 4_000)]);
        assert_eq!(load.with_changes(std::slice::from_ref(&asked), 100.0), load);
        let made = RateChange { from_second: Some(3), ..asked };
        assert_eq!(load.with_changes(&[made], 100.0).planned_at(3.5), 15.0);
    }

    proptest! {
        #[test]
        fn a_changed_load_is_as_long_as_before_and_within_its_bounds(
            stages in proptest::collection::vec((0.0..100.0_f64, 0.0..100.0_f64, 0_u64..3_000), 1..6),
            from in 0_u32..20,
            by in -150.0..150.0_f64,
        ) {
            let load = open(&stages);
            let changed = load.adjusted(from, by, 120.0);
            prop_assert_eq!(changed.duration(), load.duration());
            prop_assert!(changed.peak_rate().is_some_and(|peak| peak.get() <= 120.0));
        }
    }
}
