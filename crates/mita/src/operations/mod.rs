//! The service's own functions, one by one, for whoever wants to time them: the `builtin` operations of benchmark suites.
//!
//! In:  the name of an operation ([`CATALOGUE`]), its parameters, and what the process has at hand ([`AtHand`]: addresses
//! of databases, keys). Out: a typed [`Operation`] for each thread, handed to a [`Receiver`], and a clean-up.
//! Not here: clocks, and whether an answer is the expected one.
//!
//! Three parameters belong to every operation and are switches for faults that truly exist then: `leak_bytes` (so many
//! bytes an operation are never given back), `extra_ms` (so much more work for the processor), and, with those that ask
//! a database, `index: false` (their table has no index, so they walk it).
//!
//! Operations wait for databases themselves: they must not be performed within an asynchronous runtime.

mod at_hand;
mod auth;
mod budget;
mod cache;
mod catalogue;
mod database;
mod income;
mod memory;
mod parameters;
mod security;
mod statement;
mod switches;

use std::borrow::Cow;

use serde_json::{Map, Value};

pub use self::at_hand::{AtHand, VARIABLES, Variable};
pub use self::catalogue::{CATALOGUE, Entry, find};
use self::parameters::Parameters;
pub use self::statement::{Answered, Database, Statement};

/// Something that can be done again and again. Each thread has one of its own.
pub trait Operation: Send + 'static {
    /// What it answers.
    type Answer: Send;

    /// Does it once. The same `nth` has the same input.
    ///
    /// # Errors
    /// When there was no answer.
    fn perform(&mut self, nth: u64) -> Result<Self::Answer, Failure>;

    /// The answer by field, with the names of its [`Entry`].
    fn fields(&self, nth: u64, answer: &Self::Answer) -> Fields;

    /// The input, for people.
    fn input(&self, nth: u64) -> String;

    /// Whether all its work is done in this process and thread.
    fn is_local(&self) -> bool {
        true
    }
}

/// An answer by field.
pub type Fields = Vec<(&'static str, Value)>;

/// Why an operation gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word.
    pub code: &'static str,
    /// What happened.
    pub message: Box<str>,
}

/// Why an operation cannot be made ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotReady {
    /// A stable word: `builtin.unknown`, `builtin.parameter`, `builtin.redis`.
    pub code: Cow<'static, str>,
    /// What happened and what to do.
    pub message: String,
}

impl NotReady {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// Removes what an operation has left, and says what could not be removed.
pub type CleanUp = Box<dyn FnOnce() -> Result<(), String> + Send>;

/// An operation that can be made for each thread.
pub struct Ready<O> {
    /// Makes it for a thread, counted from 0.
    pub make: Box<dyn FnMut(u32) -> Result<O, NotReady> + Send>,
    /// To be called when no thread performs it any more. Where it never is, what can be removed is removed anyway.
    pub clean_up: Option<CleanUp>,
}

impl<O: Operation> Ready<O> {
    /// Nothing to remove.
    fn of(make: impl FnMut(u32) -> Result<O, NotReady> + Send + 'static) -> Self {
        Self { make: Box::new(make), clean_up: None }
    }
}

/// Takes an operation whose type only this crate knows.
pub trait Receiver {
    /// What it makes of it.
    type Taken;

    /// Takes it.
    ///
    /// # Errors
    /// Those of [`Ready::make`].
    fn take<O: Operation>(self, ready: Ready<O>) -> Result<Self::Taken, NotReady>;
}

/// Makes an operation ready.
///
/// # Errors
/// When its name or a parameter is unknown or out of range (with what it may have meant), or when a database that was named
/// does not answer.
pub fn prepare<R: Receiver>(
    name: &str,
    parameters: &Map<String, Value>,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    let entry = find(name)?;
    let parameters = Parameters::new(entry, parameters)?;
    let switched = switches::Switched::new(receiver, &parameters)?;
    match entry.name.split_once('.').map_or("", |(area, _)| area) {
        "income" => income::prepare(entry.name, &parameters, switched),
        "budget" | "money" => budget::prepare(entry.name, &parameters, switched),
        "auth" => auth::prepare(entry.name, &parameters, at_hand, switched),
        "security" => security::prepare(entry.name, &parameters, at_hand, switched),
        "cache" => cache::prepare(entry.name, &parameters, switched),
        "memory" => memory::prepare(entry.name, &parameters, switched),
        "db" => database::prepare(entry.name, &parameters, at_hand, switched),
        _ => Err(unlisted(entry.name)),
    }
}

/// A name that is in the catalogue and has no operation; a test walks the catalogue.
fn unlisted(name: &str) -> NotReady {
    NotReady::new("builtin.unknown", format!("the operation `{name}` is listed but not made"))
}

/// What a run of operations is measured by: microseconds since the epoch, by the wall clock.
fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
