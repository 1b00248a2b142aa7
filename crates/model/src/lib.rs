//! The field's words as types: what a suite says, what a plan asks, what a tick counted, what a run was worth.
//!
//! In:  text written by people (suites, thresholds, durations) and JSON from other parts of the lab.
//! Out: checked values. Whatever has one of these types has passed its checks.
//! Not here: clocks, files, databases, HTTP. The crate compiles for the browser.

pub mod bench;
pub mod blocks;
pub mod breakdown;
pub mod capacity;
pub mod compare;
pub mod comparison;
pub mod display;
pub mod environment;
pub mod event;
mod family;
pub mod finding;
pub mod flow;
pub mod hint;
pub mod id;
pub mod kill_switch;
pub mod launch;
pub mod load;
pub mod mark;
pub mod name;
pub mod order;
pub mod plan;
pub mod problem;
pub mod run;
pub mod runner;
pub mod suite;
pub mod suites;
pub mod summary;
pub mod template;
pub mod threshold;
pub mod tick;
pub mod trend;
pub mod unit;
pub mod validity;
pub mod verdict;
pub mod view;
pub mod work;

pub use hint::Hint;
