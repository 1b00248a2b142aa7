//! Runs beside runs: every number of two sides, what they say about each other, and how sure that is.
//!
//! In:  blocks of the runs of each side, and pairs of earlier runs of the same code.
//! Out: every number that both have, with its interval, its band and where it stands.
//! Promise: no clock, no I/O. Runs are judged on arrival and looked at on the compare page by this one function.

mod sides;

pub use sides::{Compared, compare_blocks};
