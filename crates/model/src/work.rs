//! How much work a plan is, for the target and for the machine that sends: known from the plan alone.
//!
//! In:  a [`Plan`]. Out: requests an iteration, and what the sender needs. Estimates of what depends on answers are left to
//! whoever has them.

use serde::{Deserialize, Serialize};

use crate::{
    flow::{Condition, Step, UserClass},
    plan::Plan,
};

/// File descriptors that a run needs besides its connections.
pub const SPARE_DESCRIPTORS: u64 = 200;

/// Memory of a sender before its first connection: the program, its runtime and the recorder's histograms.
const BASE_BYTES: u64 = 64 * 1024 * 1024;

/// Memory of a user or slot with its connection: buffers of both ends, cookies, variables. A thousand users with small
/// answers were measured at 33 KiB each.
const CONNECTION_BYTES: u64 = 64 * 1024;

/// What TLS adds to a connection.
const TLS_BYTES: u64 = 64 * 1024;

/// What the machine that sends must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Needs {
    /// Most connections at once.
    pub connections: u64,
    /// File descriptors.
    pub descriptors: u64,
    /// Bytes of memory, test data and kept answers left out.
    pub memory_bytes: u64,
    /// New connections a second, of open runs that keep none.
    pub connections_per_s: Option<f64>,
}

impl Plan {
    /// What the machine that sends must have.
    pub fn needs(&self) -> Needs {
        let (slots, users) = (self.load.max_in_flight().unwrap_or(0), self.load.peak_users().unwrap_or(0));
        let connections = u64::from(slots) + u64::from(users);
        let tls = if self.environment.base_url.scheme() == "https" { TLS_BYTES } else { 0 };
        Needs {
            connections,
            descriptors: 2 * connections + SPARE_DESCRIPTORS,
            memory_bytes: BASE_BYTES + connections * (CONNECTION_BYTES + tls),
            connections_per_s: if self.http.reuse { None } else { self.planned_requests_per_s() },
        }
    }

    /// Most requests a second that are planned, of loads with a rate.
    pub fn planned_requests_per_s(&self) -> Option<f64> {
        Some(self.load.peak_rate()?.get() * self.requests_per_iteration()?)
    }

    /// Mean number of requests of an iteration, log-ins that are still good and redirects left out; nothing without a class.
    pub fn requests_per_iteration(&self) -> Option<f64> {
        mean(self.classes.iter().map(|class| (f64::from(class.weight), self.requests_of(class))))
    }

    /// Mean number of requests of an iteration of a class.
    fn requests_of(&self, class: &UserClass) -> f64 {
        let flows = class.flows.iter().filter_map(|(name, weight)| {
            let flow = self.flows.iter().find(|flow| &flow.name == name)?;
            Some((f64::from(*weight), requests_in(&flow.steps)))
        });
        mean(flows).unwrap_or(0.0)
    }
}

fn requests_in(steps: &[Step]) -> f64 {
    steps
        .iter()
        .map(|step| match step {
            Step::Request(_) => 1.0,
            // A token that is still good costs nothing.
            Step::Auth { fresh, .. } => f64::from(u8::from(*fresh)),
            Step::Think(_) => 0.0,
            Step::Repeat { times, steps } => f64::from(*times) * requests_in(steps),
            Step::If { condition, then, otherwise } => {
                let share = match condition {
                    Condition::Chance(share) => share.get(),
                    Condition::Exists(_) | Condition::Equals { .. } => 0.5,
                };
                share * requests_in(then) + (1.0 - share) * requests_in(otherwise)
            }
            Step::Group { steps, .. } => requests_in(steps),
        })
        .sum()
}

/// Weighted mean; `None` of nothing.
fn mean(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (weights, sum) =
        values.fold((0.0, 0.0), |(weights, sum), (weight, value)| (weights + weight, sum + weight * value));
    (weights > 0.0).then(|| sum / weights)
}
