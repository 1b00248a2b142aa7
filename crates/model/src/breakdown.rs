//! Who did what: a run by class of users, and within a class by flow.
//!
//! The engine counts a [`ClassTick`] for each class and second, the summary adds them up to a [`ClassSummary`].
//! Promise: every request and every iteration belongs to exactly one part of one class, so that the parts add up to the
//! totals of the run. Log-ins before the first start are in no second of the run and so in no part either.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{summary::Distribution, tick::EncodedHistogram};

/// A part of what the users of a class do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "flow", rename_all = "snake_case")]
pub enum Part {
    /// A flow that iterations choose by weight, with the log-ins that the flow itself writes.
    Flow(String),
    /// Log-ins that the class needs and no flow writes: on entering, and after a refused token.
    LogIn,
    /// The flow done once when a user starts. It is no iteration.
    OnStart(String),
    /// The flow done once when a user stops. It is no iteration.
    OnStop(String),
    /// Everything past the number of parts that are counted apart, and iterations that broke down by the generator's
    /// fault before they had a flow.
    Other,
}

impl Part {
    /// The flow that it does.
    pub fn flow(&self) -> Option<&str> {
        match self {
            Self::Flow(flow) | Self::OnStart(flow) | Self::OnStop(flow) => Some(flow),
            Self::LogIn | Self::Other => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(flow) => formatter.write_str(flow),
            Self::LogIn => formatter.write_str("(log-in)"),
            Self::OnStart(flow) => write!(formatter, "{flow} (on start)"),
            Self::OnStop(flow) => write!(formatter, "{flow} (on stop)"),
            Self::Other => formatter.write_str("(other)"),
        }
    }
}

/// A class in one second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassTick {
    /// Its name.
    pub name: String,
    /// Users of it at work at the end of the second; of a point of several seconds those of each, added up.
    #[serde(default)]
    pub user_seconds: u64,
    /// What they did, where they did anything.
    pub parts: Vec<PartTick>,
}

/// A part of what a class did in one second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartTick {
    /// Which.
    pub part: Part,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: PartCounts,
    /// Times of its requests, as everywhere: response of the first request of an open iteration, else service, of
    /// successes and timeouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<EncodedHistogram>,
    /// Times of its iterations that did every step: from the planned start in open runs, from the first step in closed
    /// ones, to the last, pauses within the flow included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<EncodedHistogram>,
}

/// What is counted of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartCounts {
    /// Iterations begun.
    pub iterations_started: u64,
    /// Iterations that came to their end, well or not.
    pub iterations: u64,
    /// Those of them in which a request failed by the target's fault.
    pub iterations_failed: u64,
    /// Iterations that we cut off.
    pub iterations_aborted: u64,
    /// Requests that ended and say something about the target, failed ones included.
    pub finished: u64,
    /// Requests that failed by the target's fault.
    pub failed: u64,
}

impl PartCounts {
    /// Adds another's.
    pub const fn add(&mut self, other: &Self) {
        self.iterations_started += other.iterations_started;
        self.iterations += other.iterations;
        self.iterations_failed += other.iterations_failed;
        self.iterations_aborted += other.iterations_aborted;
        self.finished += other.finished;
        self.failed += other.failed;
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Of what the share of a class is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShareOf {
    /// Of the time of all users: closed runs, where weights part users.
    Users,
    /// Of all iterations begun: open runs, where weights part iterations.
    Iterations,
}

/// A class over the run, warm-up left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClassSummary {
    /// Its name.
    pub name: String,
    /// Its weight in the plan.
    pub weight: u32,
    /// Of what its two shares are shares.
    pub share_of: ShareOf,
    /// The share that its weight asks for, 0 to 1.
    pub share_wanted: Option<f64>,
    /// The share that it had; nothing where nobody did anything.
    pub share: Option<f64>,
    /// Everything it did.
    #[serde(flatten)]
    pub sums: PartSums,
    /// The same by flow, in the order of the plan; log-ins and what is done once come after.
    pub parts: Vec<PartSummary>,
}

/// A part of what a class did over the run, warm-up left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartSummary {
    /// Which.
    pub part: Part,
    /// Its weight within the class; of flows that iterations choose.
    pub weight: Option<u32>,
    /// The share of the class's iterations that its weight asks for, 0 to 1.
    pub share_wanted: Option<f64>,
    /// The share of the class's iterations begun that it had.
    pub share: Option<f64>,
    /// Everything done in it.
    #[serde(flatten)]
    pub sums: PartSums,
}

/// Counts and times of a class, or of a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartSums {
    /// What was counted.
    #[serde(flatten)]
    pub counts: PartCounts,
    /// Headline time of its requests, successes and timeouts.
    pub latency: Distribution,
    /// Time of whole iterations that did every step, pauses within the flow included.
    pub duration: Distribution,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_as_its_kind_and_its_flow() {
        let tick = PartTick {
            part: Part::OnStart("register".to_owned()),
            counts: PartCounts { finished: 3, ..PartCounts::default() },
            latency: None,
            duration: None,
        };
        let json = serde_json::to_value(&tick).expect("it can be written");
        assert_eq!((&json["part"]["kind"], &json["part"]["flow"]), (&"on_start".into(), &"register".into()));
        assert_eq!(serde_json::from_value::<PartTick>(json).expect("and read"), tick);
        assert_eq!(tick.part.to_string(), "register (on start)");
    }
}
