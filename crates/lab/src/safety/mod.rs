//! The kill switch: pulled and released by people, never by itself.
//!
//! In:  what is to be stopped, why, and who asks. Out: the switch that holds, or why not.
//! While one holds, nothing is launched where it holds, waiting runs stay waiting, and what was under way is aborted.

mod board;
mod launching;
mod switch;

pub(crate) use launching::field_problem;
