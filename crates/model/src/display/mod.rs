//! How numbers are shown: 3 significant digits, thousands with commas, the unit scaled for people.
//!
//! One rule for pages, the terminal and exports meant for reading. Exact values go beside it (`title`, JSON, CSV).

mod named;
mod number;
mod scaled;
mod time;

pub use named::{is_better_higher, is_share, number_code, number_label};
pub use number::{count, exact, number, signed};
pub use scaled::{Scaled, TimeUnit, UnitOf, bytes, in_unit, milliseconds, scaled_bytes, scaled_seconds, seconds};
pub use time::{clock, elapsed};
