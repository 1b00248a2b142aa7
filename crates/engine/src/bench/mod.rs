//! The benchmark harness: carries out the cases of a suite one after the other and tells what was measured.
//!
//! In:  [`Cases`](perflab_model::bench::Cases) of a plan and a [`Workshop`] that makes their operations ready.
//! Out: a progress a second and, for each case, [`Measured`](perflab_model::bench::Measured).
//! Not here: what the operations are (`operation`), whether a case is good (`stats`, `lab`).

mod allocations;
mod board;
mod case;
mod clock;
mod faults;
mod flows;
mod fold;
mod hand;
mod live;
mod memory;
pub mod operation;
mod panics;
mod pass;
mod samples;
mod session;
mod shape;
mod timed;
mod workshop;

pub(crate) use board::{Board, Teller};
pub(crate) use flows::with_requests;
pub use operation::{CommandList, CommandListError, Fault, Perform, PrepareError, Prepared, Wanted, Workshop};
pub(crate) use session::Session;
pub use timed::{Batch, Single, Timed, Wrong};
pub(crate) use workshop::{OwnWorkshop, Site};
