//! Rows to model types and back, on SQLite and Postgres.
//!
//! In:  values of `perflab_model` and the time as the caller's clock says it.
//! Out: the same values, later, from whichever of the two databases the lab uses; and a wake-up ([`Change`]) for each
//!      committed write.
//! Not here: rules of the product (`lab`), statistics (`stats`). The store has no clock.
//!
//! Everything is a method of [`Db`]; one file per subject. Two invariants rest on the schema and not on good manners:
//! an environment never has two runs under way (`run_under_way`), and a claim is answered with one run however often it
//! is repeated (`claim_id`). Every change of a run's state is one `UPDATE … WHERE id AND state AND attempt`; who comes
//! too late is told [`StoreError::Stale`].

mod baseline;
mod capacity;
mod change;
mod chunk;
mod create;
mod db;
mod environment;
mod error;
mod events;
mod failpoint;
mod finding;
mod finished;
mod follow;
mod keeper;
mod kill_switch;
mod lease;
mod list;
mod merge;
mod open;
mod orders;
mod project;
mod queue;
mod run;
mod schema;
mod series;
mod sql;
mod suite;
mod transition;
mod trend;
mod worker;

pub use baseline::{BaselineQuery, NewPin, Pinned};
pub use capacity::{NewSearch, StoredLevel, StoredSearch};
pub use change::Change;
pub use chunk::{Chunk, Written};
pub use create::{Created, Idempotency, NewRun};
pub use db::Db;
pub use environment::EnvironmentQueue;
pub use error::{Conflict, Refusal, StoreError};
pub use finding::{FindingFilter, FindingPage, FindingUpdate};
pub use finished::FinishedRun;
pub use follow::{Followed, NewFinding, SeriesGroup, SeriesValue, StoredFinding};
pub use keeper::Keeper;
pub use kill_switch::NewPull;
pub use lease::Lease;
pub use list::{RunFilter, RunList};
pub use merge::{PackedTick, TickExtent};
pub use orders::NewRateOrder;
pub use queue::Claimed;
pub use series::{HistoryFamily, HistoryQuery, HistoryRun, HistoryValue, Number};
pub use suite::{Draft, StoredSuite, VersionRow};
pub use transition::{CancelOutcome, Outcome};
pub use trend::{ResultRow, TrendChoice};
pub use worker::{NewWorker, StoredWorker};
