//! What a worker and its runner say to each other: JSON lines on the child's stdin and stdout.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    bench::{CaseProgress, Measured},
    plan::Plan,
    tick::Tick,
};

/// The first line on the runner's stdin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// What to run.
    pub plan: Plan,
    /// The text (not the place) of the file of each of the plan's feeds, by feed name.
    pub feeds: BTreeMap<String, String>,
}

/// Every later line on the runner's stdin. The end of the pipe means that the worker is gone: the runner stops.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The worker lives. Said at least every 5 s; after 25 s of silence the runner stops by itself.
    Alive,
    /// To the runner of a part that has said it is ready: all others are too, and this is when the run starts.
    Go {
        /// Wall clock, microseconds since the epoch: the same for all.
        at_us: i64,
    },
    /// No new starts; wait for open requests as long as the plan allows.
    Stop,
    /// Send nothing more; end within 2 s.
    Abort,
    /// Add to (or take from) the rate of an adjustable open run, from the next whole second.
    Adjust {
        /// The order's number, by which the runner tells that it has obeyed.
        number: u32,
        /// Starts a second, may be negative.
        by: f64,
    },
}

/// A line on the runner's stdout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The runner of a part is prepared and waits for the others.
    Ready,
    /// The first start is about to be made.
    Started(Started),
    /// A second has passed.
    Tick(Box<Tick>),
    /// How a case of a benchmark suite goes: at its beginning and once a second.
    CaseProgress(Box<CaseProgress>),
    /// A case of a benchmark suite is over.
    Case(Box<Measured>),
    /// An order to change the rate was obeyed.
    Adjusted(RateObeyed),
    /// Something worth reading.
    Log(LogLine),
    /// An example of a failed request; at most three of each kind a run.
    Example(ErrorExample),
    /// The last line.
    Done(Done),
}

/// What the runner found before its first start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Started {
    /// Wall clock, microseconds since the epoch.
    pub at_us: i64,
    /// Version of perflab.
    pub version: String,
    /// The runner's process.
    pub pid: u32,
    /// Host name.
    pub host: String,
    /// Cores that the runner may use.
    pub cores: u32,
    /// The addresses that the target's name stands for, pinned for the run.
    pub addresses: Vec<String>,
    /// Whether the target runs on the runner's own host.
    pub shared_host: bool,
}

/// From when on a changed rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateObeyed {
    /// The order's number.
    pub number: u32,
    /// The whole second from which it counts.
    pub from_second: u32,
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the record.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

/// A line for the log of the run. Never holds secrets or bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Wall clock, microseconds since the epoch.
    pub at_us: i64,
    /// How much it matters.
    pub level: LogLevel,
    /// One sentence.
    pub message: String,
}

/// An example of a failed request, redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorExample {
    /// The error code, e.g. `http.5xx`.
    pub code: String,
    /// The request's name.
    pub request: String,
    /// The second in which it ended.
    pub second: u32,
    /// What happened, at most 500 characters: status and first line, or the error's text.
    pub message: String,
}

/// Why a runner ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// The plan was carried out.
    Completed,
    /// `Stop` was obeyed, by whomever it was ordered.
    Stopped,
    /// `Abort` was obeyed.
    Aborted,
    /// The target asked for it (`503` with `X-Perflab-Stop: 1`).
    TargetAsked,
    /// The worker was silent or gone.
    Orphaned,
    /// It could not go on (or start).
    Failed {
        /// A stable word, e.g. `preflight.descriptors`, `target.denied`, `dns`, `secret.missing`.
        code: String,
        /// What happened and what to do.
        message: String,
    },
}

/// The last word of a runner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Wall clock, microseconds since the epoch.
    pub at_us: i64,
    /// Why it ended.
    pub ending: Ending,
    /// Where goose and our recorder disagree, per request: must be empty.
    pub mismatches: Vec<String>,
}
