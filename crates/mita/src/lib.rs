//! The reference target: a small financial service that a load engine can be pointed at, with faults on demand.
pub mod faults;
pub mod finance;
