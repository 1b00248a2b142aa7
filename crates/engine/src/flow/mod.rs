//! The flow interpreter: does the steps of a flow for one user or iteration, the same in open and closed runs.
//!
//! In:  a compiled [`Program`] and a [`Session`]. Out: a sample for every request, to the recorder.
//! Not here: who starts when (`load`), how requests travel (`http`).
//!
//! Flows are compiled before the run into flat lists of operations with jumps: names become numbers, constant texts are
//! joined, regular expressions and pointers are checked. While it runs nothing is parsed any more.

mod check;
mod compile;
mod cookies;
mod counting;
mod extract;
mod feed;
mod fill;
mod header;
mod judge;
mod perform;
mod redirect;
mod request;
mod run;
mod session;
mod stream;
mod think;

pub(crate) use compile::{CompileError, Compiler, Op, Program, host_header};
pub(crate) use feed::{FeedError, FeedTable};
pub(crate) use perform::{Observed, Performer};
pub(crate) use run::{Entry, IterationEnd, Login};
pub(crate) use session::{Place, Session, Token};
pub(crate) use stream::{Domain, stream};
pub(crate) use think::think_time;
