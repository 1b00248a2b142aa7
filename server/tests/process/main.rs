//! The real binary as child processes: labs, workers and runners that are killed, stopped and asked to end, and the
//! command line, against the reference target.
//!
//! Everything lives in a temporary folder of its own and on loopback ports that the system chooses; runs are short and
//! slow. Whatever is waited for is looked at again and again until a deadline far beyond its usual time.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod access_log;
mod capacity;
mod cases;
mod command_line;
mod crashes;
mod deaf;
mod ending;
mod failpoints;
mod heirs;
mod lab;
mod load_test;
mod orders;
mod parts;
mod pipeline;
#[path = "../place/mod.rs"]
mod place;
mod queueing;
mod remote;
mod runner;
mod strangers;
mod verdicts;
mod way;
