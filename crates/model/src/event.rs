//! What happens to a run, in order: the rows behind the live page.
//!
//! Every event has a number (`seq`) that rises within its run, by one while it goes on; a reader who saw `n` asks for
//! what came after. When seconds of a long run are merged after its end, the numbers of those that went are left out.

use serde::{Deserialize, Serialize};

use crate::{
    bench::Measured,
    order::RateChange,
    run::{Cancel, RunEnd, RunState},
    runner::{ErrorExample, LogLine, Started},
    summary::Progress,
    tick::Point,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Its number within the run, from 1.
    pub seq: u64,
    /// Wall clock, microseconds since the epoch.
    pub at_us: i64,
    /// What happened.
    #[serde(flatten)]
    pub what: EventKind,
}

/// What happened.
#[expect(clippy::large_enum_variant, reason = "nearly all events are ticks: boxing them would only move the cost")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum EventKind {
    /// The run went to another state.
    State(StateChange),
    /// A person wants the run to end. Its worker obeys in a moment; the state changes only then.
    Cancel(CancelAsked),
    /// A person changes the rate: said when it is asked for, and again with its second when it has taken effect.
    Rate(RateChange),
    /// The runner has begun.
    Started(Started),
    /// A second has passed.
    Tick(Point),
    /// How things stand after that second. Only the newest is kept.
    Progress(Box<Progress>),
    /// A case of a benchmark suite is over.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    Case(Box<Measured>),
    /// A line for the log.
    Log(LogLine),
    /// An example of a failed request.
    Example(ErrorExample),
}

impl EventKind {
    /// The word in the database and in the event stream's `event:` field.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Cancel(_) => "cancel",
            Self::Rate(_) => "rate",
            Self::Started(_) => "started",
            Self::Tick(_) => "tick",
            Self::Progress(_) => "progress",
            Self::Case(_) => "case",
            Self::Log(_) => "log",
            Self::Example(_) => "example",
        }
    }
}

/// A person's wish that a run under way should end. An abort may follow a stop, never the reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelAsked {
    /// Gracefully, or at once.
    pub how: Cancel,
}

/// A change of state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateChange {
    /// The new state.
    pub state: RunState,
    /// How it ended, of terminal states.
    pub end: Option<RunEnd>,
}
