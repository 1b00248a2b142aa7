//! Values with units: a number is never passed without saying what it counts.

mod millis;
mod nanos;
mod ratio;
mod rps;

pub use millis::{Millis, MillisError};
pub use nanos::Nanos;
pub use ratio::{Ratio, RatioError};
pub use rps::{Rps, RpsError};
