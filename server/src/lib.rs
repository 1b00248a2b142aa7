//! The `perflab` server: what stands between the network, the terminal and the lab.
//!
//! In:  HTTP, command lines, lines from runner processes. Out: calls of `lab`, and its answers as replies and texts.
//! Not here: rules (`perflab-lab`), pages (`perflab-app`), load (`perflab-engine`).

pub mod api;
mod charts;
pub mod cli;
pub mod site;
pub mod suite_file;
mod upload;
pub mod web;
pub mod worker;
