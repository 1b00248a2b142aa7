//! Capacity searches: which load a target bears while its thresholds hold.
//!
//! In:  a scenario, a range of users or of rates, thresholds. Out: a series of ordinary runs, one a level, each with its own
//! validity, ledger and verdict; and what they say together.
//! Promise: which run comes next follows from the rows of those before it. Nothing else is remembered, so a search goes on
//! whatever process ends ([`perflab_stats::capacity::Search`] decides, [`Lab::advance_search`](crate::Lab::advance_search)
//! carries it out).
//!
//! Runs of a search are marked with it and stay out of trends, baselines and an environment's newest verdict: their load is
//! the search's, and breaking is what it looks for.

mod advance;
mod answer;
mod plan;
mod start;
mod stop;
mod view;

pub use answer::{Answer, AtLevel, answer, measure};
pub use plan::{longest, plan_problems, search_of};
