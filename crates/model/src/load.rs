//! The shape of load: executors as a suite names them, and the stages they expand to.
//!
//! In:  an [`Executor`]. Out: a [`Load`] whose stages are visible and stored with the run.

mod course;

use serde::{Deserialize, Serialize};

use crate::{
    bench::Cases,
    display,
    name::PartName,
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

/// A number of iterations instead of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Iterations {
    /// How many.
    pub count: u64,
    /// Whose they are.
    pub share: Share,
}

/// Whose a number of iterations is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// All users take from one number until nothing is left.
    All,
    /// Each user has this number for itself.
    Each,
}

impl Share {
    /// The executor's name in suites.
    pub const fn executor(self) -> &'static str {
        match self {
            Self::All => "shared_iterations",
            Self::Each => "per_user_iterations",
        }
    }
}

impl Iterations {
    /// All iterations that this many users do.
    pub const fn in_all(self, users: u32) -> u64 {
        match self.share {
            Share::All => self.count,
            Share::Each => self.count.saturating_mul(users as u64),
        }
    }

    /// What is wrong where some of the users would find nothing to do.
    pub(crate) fn fewer_than(self, users: u32) -> Option<String> {
        (self.in_all(users) < u64::from(users)).then(|| {
            format!("{} cannot be shared by {}", counted(self.count, "iteration"), counted(users.into(), "user"))
        })
    }
}

/// `1 user`, `2,000 users`.
fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", display::count(number), if number == 1 { "" } else { "s" })
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
        /// How much the users do: then the stages only say how many there are, and when the run ends whatever is left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        iterations: Option<Iterations>,
    },
    /// Several loads side by side, each made by a runner of its own.
    Combined {
        /// The loads, each of one model, in the order of the suite.
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        parts: Vec<LoadPart>,
    },
    /// No load: the cases of a benchmark suite, one after the other.
    Cases(Cases),
}

/// A load that is one of several of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoadPart {
    /// Its name in the scenario.
    pub name: PartName,
    /// From the run's start to its own.
    pub start_after: Millis,
    /// Its load, which has no parts itself.
    pub load: Load,
}

impl LoadPart {
    /// From the run's start to the end of its last stage.
    pub fn end(&self) -> Millis {
        self.start_after.plus(self.load.duration())
    }
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
    /// The loads that it is made of, each with the time from the run's start to its own: itself where it has no parts.
    pub fn pieces(&self) -> Vec<(Millis, &Self)> {
        match self {
            Self::Open { .. } | Self::Closed { .. } | Self::Cases(_) => vec![(Millis::ZERO, self)],
            Self::Combined { parts } => parts.iter().map(|part| (part.start_after, &part.load)).collect(),
        }
    }

    /// The loads of several that it is made of, by name; none where it is one.
    pub fn parts(&self) -> &[LoadPart] {
        match self {
            Self::Combined { parts } => parts,
            Self::Open { .. } | Self::Closed { .. } | Self::Cases(_) => &[],
        }
    }

    /// Whether any starts come at a planned rate.
    pub fn has_rate(&self) -> bool {
        self.pieces().iter().any(|(_, load)| matches!(load, Self::Open { .. }))
    }

    /// Whether there are any users who wait for their answers.
    pub fn has_users(&self) -> bool {
        self.pieces().iter().any(|(_, load)| matches!(load, Self::Closed { .. }))
    }

    /// From the first planned start to the end of the last stage. At most: see [`Self::ends_early`].
    pub fn duration(&self) -> Millis {
        match self {
            Self::Open { stages, .. } => stages.iter().fold(Millis::ZERO, |sum, stage| sum.plus(stage.over)),
            Self::Closed { stages, .. } => stages.iter().fold(Millis::ZERO, |sum, stage| sum.plus(stage.over)),
            Self::Combined { parts } => parts.iter().map(LoadPart::end).max().unwrap_or(Millis::ZERO),
            Self::Cases(cases) => cases.longest(),
        }
    }

    /// Whether the run may be over before its time, because everything was done: the duration then is an upper bound.
    pub fn ends_early(&self) -> bool {
        match self {
            Self::Open { .. } => false,
            Self::Closed { iterations, .. } => iterations.is_some(),
            Self::Cases(_) => true,
            Self::Combined { parts } => {
                let end = self.duration();
                parts.iter().filter(|part| part.end() == end).all(|part| part.load.ends_early())
            }
        }
    }

    /// All iterations, of runs that do a number of them.
    pub fn planned_iterations(&self) -> Option<u64> {
        match self {
            Self::Closed { iterations: Some(iterations), .. } => {
                Some(iterations.in_all(self.peak_users().unwrap_or(0)))
            }
            Self::Closed { .. } | Self::Open { .. } | Self::Combined { .. } | Self::Cases(_) => None,
        }
    }

    /// Most iterations under way at once, of runs with a rate; of several parts all of them together.
    pub fn max_in_flight(&self) -> Option<u32> {
        let limits = self.pieces().into_iter().filter_map(|(_, load)| match load {
            Self::Open { limits, .. } => Some(limits.max_in_flight),
            Self::Closed { .. } | Self::Combined { .. } | Self::Cases(_) => None,
        });
        limits.reduce(u32::saturating_add)
    }

    /// Users started over the whole run, of runs with users: every rise starts new ones, also where others have left.
    pub fn users_started(&self) -> Option<u64> {
        match self {
            Self::Open { .. } | Self::Cases(_) => None,
            Self::Closed { stages, .. } => {
                let (mut started, mut users) = (0_u64, 0_u32);
                for stage in stages {
                    started +=
                        u64::from(stage.from.saturating_sub(users)) + u64::from(stage.to.saturating_sub(stage.from));
                    users = stage.to;
                }
                Some(started)
            }
            Self::Combined { parts } => {
                parts.iter().filter_map(|part| part.load.users_started()).reduce(u64::saturating_add)
            }
        }
    }

    /// Planned starts, of runs with a rate: the area under it.
    pub fn planned_starts(&self) -> Option<f64> {
        match self {
            Self::Open { stages, .. } => Some(
                stages.iter().map(|stage| (stage.from.get() + stage.to.get()) / 2.0 * stage.over.as_secs_f64()).sum(),
            ),
            Self::Closed { .. } | Self::Cases(_) => None,
            Self::Combined { parts } => {
                parts.iter().filter_map(|part| part.load.planned_starts()).reduce(|sum, starts| sum + starts)
            }
        }
    }

    /// How long the warm-up is. Of several parts those that begin with the run bring it up; what joins later is measured.
    pub fn warmup(&self, warmup: Warmup) -> Millis {
        match warmup {
            Warmup::None => Millis::ZERO,
            Warmup::For(time) => time,
            Warmup::Ramp => {
                let first = self.pieces().iter().map(|(after, _)| *after).min().unwrap_or(Millis::ZERO);
                let begin = self.pieces().into_iter().filter(|(after, _)| *after == first);
                begin.map(|(after, load)| after.plus(load.first_rise())).max().unwrap_or(Millis::ZERO)
            }
        }
    }

    /// To the end of the first rising stage; nothing when the load never rises.
    fn first_rise(&self) -> Millis {
        let rises: Vec<(bool, Millis)> = match self {
            Self::Open { stages, .. } => stages.iter().map(|s| (s.to > s.from, s.over)).collect(),
            Self::Closed { stages, .. } => stages.iter().map(|s| (s.to > s.from, s.over)).collect(),
            Self::Combined { .. } | Self::Cases(_) => Vec::new(),
        };
        let Some(last) = rises.iter().position(|(rises, _)| *rises) else { return Millis::ZERO };
        rises[..=last].iter().fold(Millis::ZERO, |sum, (_, over)| sum.plus(*over))
    }

    /// One line for people: `200 users, 15m`, `up to 100/s, 11m`, `500 iterations by 10 users, at most 10m` or
    /// `50 users + up to 20/s from 30s, 10m`.
    pub fn summary(&self) -> String {
        let at_most = if self.ends_early() { AT_MOST } else { "" };
        format!("{}, {at_most}{}", self.amount(), self.duration())
    }

    /// The same without the time.
    pub fn amount(&self) -> String {
        match self {
            Self::Open { .. } => format!("up to {}", self.peak_rate().unwrap_or(Rps::ZERO)),
            Self::Closed { iterations, .. } => {
                let users = counted(self.peak_users().unwrap_or(0).into(), "user");
                match iterations {
                    None => users,
                    Some(Iterations { count, share: Share::All }) => {
                        format!("{} by {users}", counted(*count, "iteration"))
                    }
                    Some(Iterations { count, share: Share::Each }) => {
                        format!("{} by each of {users}", counted(*count, "iteration"))
                    }
                }
            }
            Self::Combined { parts } => {
                let amount = |part: &LoadPart| match part.start_after {
                    Millis::ZERO => part.load.amount(),
                    after => format!("{} from {after}", part.load.amount()),
                };
                parts.iter().map(amount).collect::<Vec<_>>().join(" + ")
            }
            Self::Cases(cases) => counted(cases.cases.len() as u64, "case"),
        }
    }
}

/// Said before times that are upper bounds.
const AT_MOST: &str = "at most ";

/// Whether the time in a [`Load::summary`] is an upper bound: for lists, which keep no more of a load than that line.
pub fn is_at_most(summary: &str) -> bool {
    summary.contains(AT_MOST)
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
            iterations: None,
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

    #[rstest::rstest]
    #[case::shared(Share::All, 100, "100 iterations by 10 users, at most 10m")]
    #[case::each(Share::Each, 1000, "100 iterations by each of 10 users, at most 10m")]
    fn a_number_of_iterations_ends_a_run_before_its_time(
        #[case] share: Share,
        #[case] in_all: u64,
        #[case] summary: &str,
    ) {
        let load = Load::Closed {
            stages: vec![UserStage { from: 10, to: 10, over: Millis::from_secs(600) }],
            iterations: Some(Iterations { count: 100, share }),
        };
        assert_eq!(load.planned_iterations(), Some(in_all));
        assert!(load.ends_early());
        assert_eq!(load.summary(), summary);
    }

    #[test]
    fn a_load_that_was_kept_before_there_were_iterations_is_read() {
        let kept = r#"{"model": "closed", "stages": [{"from": 1, "to": 1, "over": "1s"}]}"#;
        let load: Load = serde_json::from_str(kept).expect("a load");
        assert_eq!(load.planned_iterations(), None);
    }
}
