//! The rules of the product: what may be launched, how a run is stopped, what it was worth, what is shown of it.
//!
//! In:  requests of pages, the REST API, the command line and the worker, as types of `model`.
//! Out: rows in the store, and answers ready to be shown. Trouble comes as a [`perflab_model::problem::Problem`].
//! Promise: whatever the browser can do, the API can, because both call the functions of this crate.

pub mod capacity;
mod changes;
pub mod clock;
pub mod compare;
mod demo;
mod history;
pub mod judge;
mod lab;
mod launch;
mod runs;
mod safety;
mod setup;
mod suites;
mod trend;
mod trouble;
mod who;

pub use changes::Changes;
pub use demo::{DemoTruth, PROJECT as DEMO_PROJECT, TrueChange, TrueSeries};
pub use lab::{Lab, SecretCheck};
pub use launch::IdempotencyKey;
pub use runs::{Course, PointLimits, RateNow};
pub use setup::SuiteSource;
