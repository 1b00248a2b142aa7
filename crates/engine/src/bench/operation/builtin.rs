//! Operations of the reference target, in this process.
//!
//! In:  the name of an operation and its parameters. Out: the typed operation for each thread, with its answer checked.

use indexmap::IndexMap;
use perflab_mita::operations::{self, AtHand, Failure, NotReady, Operation, Ready, Receiver};
use perflab_model::bench;
use serde_json::Value;

use super::{Fault, Perform, PrepareError, Prepared, Wanted, expectation::Expectation};

/// Makes an operation of the reference target ready.
pub(super) fn prepare(
    wanted: Wanted<'_>,
    name: &str,
    parameters: &IndexMap<String, Value>,
    at_hand: &AtHand,
) -> Result<Prepared, PrepareError> {
    let entry = operations::find(name)?;
    // Of a pair both sides are asked the same, but each answers only what it has. What neither has is told.
    let others: Vec<&str> = wanted
        .case
        .work
        .operations()
        .into_iter()
        .filter_map(|operation| match operation {
            bench::Operation::Builtin { name, .. } => operations::find(name).ok(),
            _ => None,
        })
        .flat_map(|entry| entry.fields.iter().copied())
        .collect();
    let of_it: IndexMap<String, Value> = wanted
        .case
        .expect
        .iter()
        .filter(|(field, _)| entry.fields.contains(&field.as_str()) || !others.contains(&field.as_str()))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    let expectation = Expectation::new(&of_it, Some((name, entry.fields)))?;
    let parameters = parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(operations::prepare(name, &parameters, at_hand, Taker { wanted, expectation })?)
}

impl From<NotReady> for PrepareError {
    fn from(error: NotReady) -> Self {
        Self { code: error.code, message: error.message }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code, failure.message)
    }
}

/// Makes one of the operation for each thread.
struct Taker<'a> {
    wanted: Wanted<'a>,
    expectation: Expectation,
}

impl Receiver for Taker<'_> {
    type Taken = Prepared;

    fn take<O: Operation>(self, ready: Ready<O>) -> Result<Prepared, NotReady> {
        let Ready { mut make, clean_up } = ready;
        let expectation = self.expectation;
        let prepared = Prepared::each(self.wanted.case, |thread| {
            Ok(Builtin { operation: make(thread)?, expectation: expectation.clone() })
        });
        // What it shares with the operations is the clean-up's alone now.
        drop(make);
        match prepared {
            Ok(prepared) => Ok(Prepared { after: clean_up, ..prepared }),
            Err(error) => {
                if let Some(clean_up) = clean_up
                    && let Err(left) = clean_up()
                {
                    tracing::warn!("a case that could not begin has left something: {left}");
                }
                Err(NotReady { code: error.code, message: error.message })
            }
        }
    }
}

/// An operation and what its answer must be.
struct Builtin<O> {
    operation: O,
    expectation: Expectation,
}

impl<O: Operation> Perform for Builtin<O> {
    type Answer = O::Answer;

    fn perform(&mut self, nth: u64) -> Result<O::Answer, Fault> {
        Ok(self.operation.perform(nth)?)
    }

    fn check(&self, nth: u64, answer: &O::Answer) -> Result<(), Fault> {
        if self.expectation.is_empty() {
            return Ok(());
        }
        let fields = self.operation.fields(nth, answer);
        self.expectation.check(|name| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone()))
    }

    fn input(&self, nth: u64) -> Option<String> {
        Some(self.operation.input(nth))
    }

    fn is_local(&self) -> bool {
        self.operation.is_local()
    }
}
