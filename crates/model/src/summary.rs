//! The numbers of a run: the final summary document (`perflab.summary/1`) and how things stand so far.
//!
//! Shapes only; `stats` and `lab` compute them. `None` is "too few" or "nothing", never zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    bench::{BudgetSummary, CaseStanding, CaseSummary},
    breakdown::ClassSummary,
    id::RunId,
    load::Load,
    mark::Mark,
    name::{ScenarioName, SuiteName},
    order::RateChange,
    run::Revision,
    tick::{PartPoint, Phase},
    validity::Validity,
    verdict::{Gate, LedgerRow, Verdict},
};

/// The name and version of the summary document.
pub const SCHEMA: &str = "perflab.summary/1";

/// Which time a headline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LatencyKind {
    /// From the planned start: open runs.
    Response,
    /// From the actual start: closed runs.
    Service,
}

impl LatencyKind {
    /// The headline of a load: where any starts come at a planned rate, the time counts from the plan. Requests of users
    /// have no planned start, so theirs is the same by either name.
    pub fn of(load: &Load) -> Self {
        if load.has_rate() { Self::Response } else { Self::Service }
    }
}

/// A distribution of times, milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Distribution {
    /// Which time, where that is not clear from its name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<LatencyKind>,
    /// Always `ms`.
    pub unit: String,
    /// How many values.
    pub samples: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90 %.
    pub p90: Option<f64>,
    /// 95 %; `null` below 200 samples.
    pub p95: Option<f64>,
    /// 99 %; `null` below 1,000 samples.
    pub p99: Option<f64>,
    /// 99.9 %; `null` below 10,000 samples.
    pub p999: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// Counts over the whole run, warm-up left out except where said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    /// Planned starts, warm-up included; in closed runs equal to `started`.
    pub planned: u64,
    /// Starts made, warm-up included.
    pub started: u64,
    /// Requests that ended.
    pub finished: u64,
    /// Starts given up, warm-up included.
    pub dropped: u64,
    /// Starts more than 5 ms after their plan, for whatever reason, warm-up included.
    pub late: u64,
    /// Requests cut off by us.
    pub aborted: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Finished a second over the measured window.
    pub rate_per_s: Option<f64>,
    /// Seconds that count into the rate.
    pub measured_seconds: f64,
    /// Connections opened, warm-up included.
    pub connections: u64,
    /// Bytes sent, warm-up included.
    pub bytes_sent: u64,
    /// Bytes received, warm-up included.
    pub bytes_received: u64,
}

/// One request over the measured window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestSummary {
    /// Its name.
    pub name: String,
    /// How many ended.
    pub finished: u64,
    /// How many failed.
    pub failed: u64,
    /// Finished a second.
    pub rate_per_s: Option<f64>,
    /// Failures by code.
    pub errors: BTreeMap<String, u64>,
    /// Headline time of successes and timeouts.
    pub latency: Distribution,
    /// `end − sent`.
    pub service: Distribution,
    /// `sent − planned`; of open runs.
    pub lag: Distribution,
}

/// One kind of error over the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorSummary {
    /// Its code.
    pub code: String,
    /// The request it happened to.
    pub request: String,
    /// How often.
    pub count: u64,
    /// Second of the first.
    pub first_second: u32,
    /// Second of the last.
    pub last_second: u32,
    /// Up to three examples.
    pub examples: Vec<String>,
}

/// Identity of the run in its summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SummaryRun {
    /// Its id.
    pub id: RunId,
    /// The suite.
    pub suite: SuiteName,
    /// First 7 digits of the suite's version.
    pub suite_version: String,
    /// The scenario.
    pub scenario: ScenarioName,
    /// What was measured.
    pub revision: Option<Revision>,
    /// The seed.
    pub seed: u64,
    /// When load began (RFC 3339, UTC).
    pub started: Option<String>,
    /// Seconds from the first planned start to the end.
    pub seconds: f64,
}

/// The summary document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which run.
    pub run: SummaryRun,
    /// What a reader must know of how the run was allowed: certificates that were not verified, somebody who vouched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// What a person changed of its rate while it ran: then it is no baseline. Absent in most runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_changes: Vec<RateChange>,
    /// Whether the numbers can be trusted.
    pub validity: Validity,
    /// What the run says.
    pub verdict: Verdict,
    /// The sentence of the verdict.
    pub sentence: String,
    /// The decision, before waivers and goals.
    pub gate: Gate,
    /// Every rule.
    pub ledger: Vec<LedgerRow>,
    /// Counts.
    pub totals: Totals,
    /// All requests together: the headline time.
    pub latency: Distribution,
    /// All requests together: `end − sent`. In closed runs it is the headline.
    pub service: Distribution,
    /// Every request, in the order of first appearance.
    pub requests: Vec<RequestSummary>,
    /// Who did what: classes of users and their flows. Absent in summaries of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassSummary>,
    /// Every kind of error.
    pub errors: Vec<ErrorSummary>,
    /// Benchmark cases; empty in load runs.
    pub cases: Vec<CaseSummary>,
    /// Limits that several cases share; empty in load runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<BudgetSummary>,
}

/// How a run stands: the header and tables of the live page, complete for late joiners.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Seconds passed.
    pub second: u32,
    /// Where in the run.
    pub phase: Phase,
    /// Counts since the warm-up.
    pub totals: Totals,
    /// Starts or users that the plan wants now.
    pub target: f64,
    /// Active users.
    pub users: u32,
    /// Iterations under way.
    pub in_flight: u32,
    /// The last 10 seconds.
    pub recent: Recent,
    /// All requests together since the warm-up.
    pub latency: Distribution,
    /// Every request since the warm-up (or so far, while that lasts).
    pub requests: Vec<RequestSummary>,
    /// Classes of users and their flows since the warm-up (or so far, while that lasts).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassSummary>,
    /// Every kind of error.
    pub errors: Vec<ErrorSummary>,
    /// What each of several loads has done so far, warm-up included, in the order of the plan; empty where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartPoint>,
    /// Cases of a benchmark suite, in the order in which they run; empty in load runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseStanding>,
    /// Rules as they stand.
    pub ledger: Vec<LedgerRow>,
    /// The verdict, if the run ended now.
    pub verdict: Option<Verdict>,
    /// Whether the numbers can be trusted so far.
    pub validity: Validity,
}

/// The last 10 seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recent {
    /// Starts of iterations a second that were planned; in closed runs those that were made.
    pub planned_per_s: f64,
    /// Starts of iterations a second that were made. An iteration may be several requests, so this is what compares
    /// with the plan, and the rate below is not.
    pub started_per_s: f64,
    /// Requests finished a second.
    pub rate_per_s: f64,
    /// Share of failed requests; nothing when none ended.
    pub error_rate: Option<f64>,
    /// Times.
    pub latency: Distribution,
}
