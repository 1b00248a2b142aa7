//! The server over HTTP, through its real router, on both databases.
//!
//! Every reply that a test sees is checked on the way ([`site::Site::send`]): it carries the protecting headers, and JSON
//! has the shape that the OpenAPI document promises for its route and status.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod adjusting;
mod benchmarks;
mod blocked;
mod capacity;
mod charts_and_pages;
mod comparing;
mod conformity;
mod document;
mod events;
mod findings;
mod forms;
mod killing;
mod launching;
mod listing;
mod loads;
mod long_runs;
#[path = "../place/mod.rs"]
mod place;
mod protection;
mod reading;
mod refused;
mod site;
mod stopping;
mod suites;
mod worker;
