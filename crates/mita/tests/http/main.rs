//! The reference target over real HTTP, on free ports of loopback.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod faults;
mod service;
mod visitor;
