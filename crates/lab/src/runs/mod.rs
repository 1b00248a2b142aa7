//! Runs that exist: listed, looked at, stopped, sped up or slowed down.

mod adjust;
mod compare;
mod list;
mod merge;
mod query;
mod stop;
mod view;

pub use adjust::RateNow;
pub use compare::Course;
pub use merge::PointLimits;
