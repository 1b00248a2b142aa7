//! Faults on demand: what makes the reference target slow, wrong or silent in a known way.
//!
//! In:  [`Faults`], from the configuration or from `POST /_faults`. Out: for each arriving request a [`Decision`]: when it
//! may go on, whether it is answered at all, and how its body is sent.
//! Not here: HTTP (`http`), business answers (`data`).
//!
//! Invariant: changed faults hold for later arrivals only; a request that is already held keeps its deadline.

mod body;
mod clock;
mod draw;
mod gate;
mod spec;

pub(crate) use body::shape;
pub(crate) use clock::HoldClock;
pub use clock::{Lateness, LatenessUs};
pub use gate::FaultsReport;
pub(crate) use gate::{BodyFault, Gate, Outcome};
pub use spec::{Errors, Faults, FaultsError, Latency, OneAtATime, Share, SlowBody, Stall};
