//! The engine: carries out a plan of load or of benchmark cases, times every request or operation, and reports a tick a
//! second.
//!
//! In:  a [`Job`](perflab_model::runner::Job) and orders. Out: [`Report`](perflab_model::runner::Report)s.
//! Not here: judging (`stats`), storing (`store`), who may launch what (`lab`).
//!
//! Two models drive the same flow interpreter, HTTP client and recorder: goose for users who wait for their answers
//! (closed), our own executor for arrivals that do not wait (open). The engine is meant to run in a process of its own
//! ([`run_child`]), because goose keeps one cancel flag for the whole process; [`execute`] is the same inside this one.
//!
//! Read in this order: `execute` (one run from first to last), `load` (who starts when), `flow` (what they do), `http`
//! (how it travels), `record` (what is counted). Benchmark cases have their own harness: `bench`.

pub mod bench;
mod child;
mod clock;
mod code;
mod execute;
mod flow;
mod guard;
mod http;
mod load;
mod permission;
mod preflight;
mod record;
mod redact;
mod settings;
mod stop;
mod vitals;

pub use child::run_child;
pub use code::ErrorCode;
pub use execute::{execute, execute_with};
pub use guard::{Denied, Guard, Loopback, Origin};
pub use permission::Asking;
pub use settings::Settings;
