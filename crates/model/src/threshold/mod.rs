//! The language of thresholds: `p95 < 200ms for /api/budget`, and every k6 threshold string as it is.
//!
//! In:  a text. Out: a [`Threshold`] whose units fit its measure, or an error with the column.
//! Not here: judging (`stats`, `lab`).

mod ast;
mod clause;
mod cursor;
mod limit;
mod measure;
mod parse;
mod scope;
mod tag;

pub use ast::*;
pub use measure::{Dimension, Direction};
pub use parse::ThresholdError;
pub use scope::glob_matches;
pub use tag::{TAGS, tag_problem};
