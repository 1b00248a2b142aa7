//! The shape of load: executors as a suite names them, and the stages they expand to.
//!
//! In:  an [`Executor`]. Out: a [`Load`] whose stages are visible and stored with the run.

use serde::{Deserialize, Serialize};

use crate::{
    display,
    unit::{Millis, Rps},
};

/// A stretch of an open run: the rate goes from one value to another in a straight line. No time is a jump.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateStage {
    /// Rate at its start.
    pub from: Rps,
    /// Rate at its end.
    pub to: Rps,
    /// How long it takes.
    pub over: Millis,
}

/// A stretch of a closed run: users go from one number to another, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserStage {
    /// Users at its start.
    pub from: u32,
    /// Users at its end.
    pub to: u32,
    /// How long it takes.
    pub over: Millis,
}

/// What happens to a start when all slots are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnSaturated {
    /// It is dropped and counted.
    #[default]
    Drop,
    /// It waits, at most `max_late`, then it is dropped.
    Queue,
}

/// How the gaps between starts are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly, as the rate says.
    #[default]
    Even,
    /// At random, as independent visitors come: exponential gaps from the run's seed.
    Poisson,
}

/// Limits of an open run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenLimits {
    /// Most iterations under way at once.
    pub max_in_flight: u32,
    /// What happens beyond.
    pub on_saturated: OnSaturated,
    /// Longest wait of a queued start.
    pub max_late: Millis,
    /// How gaps are made.
    pub arrivals: Arrivals,
    /// Whether a person may change the rate while it runs.
    pub adjustable: bool,
}

/// The load of a run, expanded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Load {
    /// Starts come at planned instants, whether or not earlier ones were answered.
    Open {
        /// Stretches, in order.
        stages: Vec<RateStage>,
        /// Limits.
        limits: OpenLimits,
    },
    /// A number of users who each wait for their answers.
    Closed {
        /// Stretches, in order.
        stages: Vec<UserStage>,
    },
}

/// What is left out of verdicts at the beginning of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Warmup {
    /// Nothing.
    #[default]
    None,
    /// This long.
    For(Millis),
    /// Until all users are started, or to the end of the first rising stage.
    Ramp,
}

impl Load {
    /// From the first planned start to the end of the last stage.
    pub fn duration(&self) -> Millis {
        match self {
            Self::Open { stages, .. } => stages.iter().fold(Millis::ZERO, |sum, stage| sum.plus(stage.over)),
            Self::Closed { stages } => stages.iter().fold(Millis::ZERO, |sum, stage| sum.plus(stage.over)),
        }
    }

    /// The highest rate, of open runs.
    pub fn peak_rate(&self) -> Option<Rps> {
        match self {
            Self::Open { stages, .. } => {
                stages.iter().flat_map(|stage| [stage.from, stage.to]).max_by(|a, b| a.get().total_cmp(&b.get()))
            }
            Self::Closed { .. } => None,
        }
    }

    /// The highest number of users, of closed runs.
    pub fn peak_users(&self) -> Option<u32> {
        match self {
            Self::Closed { stages } => stages.iter().flat_map(|stage| [stage.from, stage.to]).max(),
            Self::Open { .. } => None,
        }
    }

    /// Users started over the whole run, of closed runs: every rise starts new ones, also where others have left.
    pub fn users_started(&self) -> Option<u64> {
        let Self::Closed { stages } = self else { return None };
        let (mut started, mut users) = (0_u64, 0_u32);
        for stage in stages {
            started += u64::from(stage.from.saturating_sub(users)) + u64::from(stage.to.saturating_sub(stage.from));
            users = stage.to;
        }
        Some(started)
    }

    /// Planned starts, of open runs: the area under the rate.
    pub fn planned_starts(&self) -> Option<f64> {
        match self {
            Self::Open { stages, .. } => Some(
                stages.iter().map(|stage| (stage.from.get() + stage.to.get()) / 2.0 * stage.over.as_secs_f64()).sum(),
            ),
            Self::Closed { .. } => None,
        }
    }

    /// The planned rate or number of users `seconds` after the start; after the end it is zero.
    pub fn planned_at(&self, seconds: f64) -> f64 {
        let points: Vec<(f64, f64, f64)> = match self {
            Self::Open { stages, .. } => {
                stages.iter().map(|s| (s.from.get(), s.to.get(), s.over.as_secs_f64())).collect()
            }
            Self::Closed { stages } => {
                stages.iter().map(|s| (f64::from(s.from), f64::from(s.to), s.over.as_secs_f64())).collect()
            }
        };
        let mut start = 0.0;
        for (from, to, over) in points {
            if over > 0.0 && seconds < start + over {
                return from + (to - from) * (seconds - start) / over;
            }
            start += over;
        }
        0.0
    }

    /// How long the warm-up is.
    pub fn warmup(&self, warmup: Warmup) -> Millis {
        match warmup {
            Warmup::None => Millis::ZERO,
            Warmup::For(time) => time,
            Warmup::Ramp => self.first_rise(),
        }
    }

    /// To the end of the first rising stage; nothing when the load never rises.
    fn first_rise(&self) -> Millis {
        let rises: Vec<(bool, Millis)> = match self {
            Self::Open { stages, .. } => stages.iter().map(|s| (s.to > s.from, s.over)).collect(),
            Self::Closed { stages } => stages.iter().map(|s| (s.to > s.from, s.over)).collect(),
        };
        let Some(last) = rises.iter().position(|(rises, _)| *rises) else { return Millis::ZERO };
        rises[..=last].iter().fold(Millis::ZERO, |sum, (_, over)| sum.plus(*over))
    }

    /// One line for people: `200 users, 15m` or `up to 100/s, 11m`.
    pub fn summary(&self) -> String {
        let duration = self.duration();
        match self {
            Self::Open { .. } => {
                format!("up to {}, {duration}", self.peak_rate().unwrap_or(Rps::ZERO))
            }
            Self::Closed { .. } => {
                let users = self.peak_users().unwrap_or(0);
                format!("{} {}, {duration}", display::count(users.into()), if users == 1 { "user" } else { "users" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp_and_hold() -> Load {
        Load::Closed {
            stages: vec![
                UserStage { from: 0, to: 200, over: Millis::from_secs(40) },
                UserStage { from: 200, to: 200, over: Millis::from_secs(860) },
            ],
        }
    }

    #[test]
    fn the_ramp_is_the_warm_up_and_the_hold_is_measured() {
        assert_eq!(ramp_and_hold().warmup(Warmup::Ramp), Millis::from_secs(40));
        assert_eq!(ramp_and_hold().duration(), Millis::from_secs(900));
        assert_eq!(ramp_and_hold().summary(), "200 users, 15m");
    }

    #[test]
    fn the_plan_at_a_moment_follows_the_stages() {
        assert_eq!(ramp_and_hold().planned_at(20.0), 100.0);
        assert_eq!(ramp_and_hold().planned_at(100.0), 200.0);
        assert_eq!(ramp_and_hold().planned_at(901.0), 0.0);
    }
}
