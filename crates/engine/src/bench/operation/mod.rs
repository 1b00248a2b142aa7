//! What is done again and again in a case, and how it is made ready.
//!
//! In:  a [`Case`] and one of its operations. Out: something that can be timed, for each thread one ([`Prepared`]).
//! Not here: clocks, batches and samples (`bench`): an operation is never asked how long it took.
//!
//! Invariant: [`Perform::perform`] is the only thing that is timed. It is called in a loop that is compiled for the very
//! operation, without a dynamic call in between; whether the answer is right is asked after the clock has stopped.

mod builtin;
mod command;
mod expectation;
mod http;
mod sql;

use std::borrow::Cow;

use perflab_model::bench::{self, Case, Cases, QueryPlan};

pub use self::command::{CommandList, CommandListError};
use super::timed::{Timed, Timer};
use crate::{bench::Site, settings::Settings};

/// Something that can be done again and again. Each thread has one of its own.
pub trait Perform: Send + 'static {
    /// What it answers.
    type Answer: Send;

    /// Does it once: the only thing that is timed. `nth` counts the operations of the case over all threads, warm-up
    /// included, so that the same `nth` can have the same input in every run; of a pair both sides get the same.
    ///
    /// # Errors
    /// When there was no answer. It is counted and never becomes a sample.
    fn perform(&mut self, nth: u64) -> Result<Self::Answer, Fault>;

    /// Whether the answer is right. Asked of every answer, after the clock has stopped.
    ///
    /// # Errors
    /// When it is wrong: with what was expected and what came.
    fn check(&self, nth: u64, answer: &Self::Answer) -> Result<(), Fault>;

    /// The input, for people who look into a failure.
    fn input(&self, _nth: u64) -> Option<String> {
        None
    }

    /// The time that the answer itself tells, nanoseconds, in place of the one by our clock: of a program that times what it
    /// is about.
    fn told_ns(&self, _answer: &Self::Answer) -> Option<f64> {
        None
    }

    /// Whether its times come from [`Perform::told_ns`]: then it is never timed in batches.
    fn tells_its_time(&self) -> bool {
        false
    }

    /// Whether its work is done in this process and thread, so that its allocations can be counted.
    fn is_local(&self) -> bool {
        false
    }
}

/// Why an operation failed or its answer is wrong. Boxed: an answer that is right must not pay for it.
#[derive(Debug)]
pub struct Fault(Box<(Cow<'static, str>, String)>);

impl Fault {
    /// By a stable word (`operation.failed`, `timeout`, `http.5xx`) and what happened. Secrets are taken out and long texts
    /// cut by whoever counts it.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new((code.into(), message.into())))
    }

    /// A wrong answer.
    pub fn wrong(expected: impl std::fmt::Display, came: impl std::fmt::Display) -> Self {
        Self::new("answer.wrong", format!("expected {expected}, got {came}"))
    }

    /// The stable word.
    pub fn code(&self) -> &str {
        &self.0.0
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.0.1
    }
}

/// Why a case cannot be carried out: a stable word (`builtin.unknown`, `sql.connect`), and what happened and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PrepareError {
    /// The stable word.
    pub code: Cow<'static, str>,
    /// What happened and what to do.
    pub message: String,
}

/// What is done when a case is over, whatever became of it; an error is told as a warning.
pub type CleanUp = Box<dyn FnOnce() -> Result<(), String> + Send>;

/// An operation that is ready to be timed.
pub struct Prepared {
    /// One for each thread of the case.
    pub timed: Vec<Box<dyn Timed>>,
    /// Plans of its queries.
    pub plans: Vec<QueryPlan>,
    /// What is done when the case is over.
    pub after: Option<CleanUp>,
}

impl Prepared {
    /// As many as the case has threads, each made by `make`.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn each<O: Perform>(
        case: &Case,
        mut make: impl FnMut(u32) -> Result<O, PrepareError>,
    ) -> Result<Self, PrepareError> {
        let timed = (0..case.concurrency.max(1))
            .map(|thread| Ok(Box::new(Timer::new(make(thread)?)) as Box<dyn Timed>))
            .collect::<Result<_, PrepareError>>()?;
        Ok(Self { timed, plans: Vec::new(), after: None })
    }
}

/// Makes operations ready. It is called outside any runtime, before the clock of the case runs, on the thread that carries
/// out the run; what it makes is moved to the threads of the case. What it has begun when it fails it undoes itself.
pub trait Workshop: Send + Sync {
    /// Makes one of a case's operations ready: of a pair it is asked twice.
    ///
    /// # Errors
    /// When that cannot be: the case fails with this, the run goes on with the next.
    fn prepare(&self, wanted: Wanted<'_>) -> Result<Prepared, PrepareError>;
}

/// What a workshop is asked to make ready.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The case.
    pub case: &'a Case,
    /// The operation.
    pub operation: &'a bench::Operation,
    /// Where it stands among the operations of the case.
    pub position: usize,
}

/// What these cases are measured on in place of what is not set, a sentence each.
pub(crate) fn notes(cases: &Cases, settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    for operation in cases.cases.iter().flat_map(|case| case.work.operations()) {
        let bench::Operation::Builtin { name, .. } = operation else { continue };
        for note in perflab_mita::operations::AtHand::notes(name, |variable| settings.secret(variable)) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// Makes an operation ready that a suite names. Secrets come from what the process was told or from its environment, and
/// are taken out of whatever goes wrong.
pub(super) fn prepare(site: &Site, wanted: Wanted<'_>) -> Result<Prepared, PrepareError> {
    use perflab_mita::operations::{AtHand, VARIABLES};

    let lookup = |name: &str| site.settings.secret(name);
    let at_hand = AtHand::from_lookup(lookup);
    let prepared = match wanted.operation {
        bench::Operation::Builtin { name, parameters } => builtin::prepare(wanted, name, parameters, &at_hand),
        bench::Operation::Http { .. } => match &site.crew {
            Some(crew) => http::prepare(wanted, crew),
            None => Err(PrepareError { code: "plan.invalid".into(), message: "the plan sends no requests".to_owned() }),
        },
        bench::Operation::Sql { query, params, database, before, after, explain } => {
            let address = database.as_ref().map(|name| {
                lookup(name).filter(|address| !address.is_empty()).ok_or_else(|| PrepareError {
                    code: "secret.missing".into(),
                    message: format!("the secret `{name}`, the address of the database, is not set"),
                })
            });
            let address = address.transpose()?;
            let (address, seed) = (address.as_deref(), site.plan.seed);
            let asked = sql::Asked { query, params, before, after, explain: *explain, address, seed };
            sql::prepare(wanted, &asked, &at_hand)
        }
        bench::Operation::Command { name, args, output } => {
            command::prepare(wanted, (name, args, *output), &site.settings.commands, &site.stop)
        }
    };
    prepared.map_err(|error| {
        let secrets = VARIABLES.iter().filter(|variable| variable.name != "ENVIRONMENT");
        let redactor = site.redactor.and(secrets.filter_map(|variable| lookup(variable.name)));
        PrepareError { message: redactor.redact(&error.message), ..error }
    })
}
