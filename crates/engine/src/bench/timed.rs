//! Times operations: in batches that the clock sees as one, or one by one. Compiled for each operation.
//!
//! In:  an operation ([`Perform`]). Out: how long it took and what was wrong, behind a call that knows no type ([`Timed`]).
//! Promise: between two readings of the clock stands the operation and nothing else but the loop and the place where the
//! answer is kept.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use super::{
    operation::{Fault, Perform},
    panics::caught,
};

/// An operation whose type is forgotten: one call for a whole batch.
pub trait Timed: Send {
    /// Does `count` operations from `from` on, timed as one.
    fn batch(&mut self, from: u64, count: u64) -> Batch;

    /// Does one operation, timed alone.
    fn single(&mut self, nth: u64) -> Single;

    /// Does `count` operations without checks and drops each answer at once: for what is counted, not timed.
    fn run(&mut self, from: u64, count: u64) -> u64;

    /// See [`Perform::tells_its_time`].
    fn tells_its_time(&self) -> bool;

    /// See [`Perform::is_local`].
    fn is_local(&self) -> bool;
}

/// What came of a batch.
#[derive(Debug)]
pub struct Batch {
    /// When it began.
    pub began: Instant,
    /// How long it took, the clock's own cost included.
    pub took: Duration,
    /// What was wrong: with anything in here the time says nothing.
    pub faults: Vec<Wrong>,
}

/// What came of one operation.
#[derive(Debug)]
pub struct Single {
    /// When it began.
    pub began: Instant,
    /// How long it took by our clock, its own cost included.
    pub took: Duration,
    /// The time that the answer tells instead, nanoseconds.
    pub told_ns: Option<f64>,
    /// What was wrong.
    pub wrong: Option<Wrong>,
}

/// An operation that failed or answered wrongly.
#[derive(Debug)]
pub struct Wrong {
    /// What was wrong.
    pub fault: Fault,
    /// With which input.
    pub input: Option<String>,
}

/// An operation and the place for the answers of a batch.
pub(super) struct Timer<O: Perform> {
    operation: O,
    answers: Vec<Result<O::Answer, Fault>>,
}

impl<O: Perform> Timer<O> {
    pub(super) fn new(operation: O) -> Self {
        Self { operation, answers: Vec::new() }
    }

    /// What is wrong with an answer.
    fn wrong(&self, nth: u64, answer: Result<O::Answer, Fault>) -> Option<Wrong> {
        let checked = answer.and_then(|answer| caught(|| self.operation.check(nth, &answer)).unwrap_or_else(Err));
        let input = || caught(|| self.operation.input(nth)).unwrap_or_default();
        checked.err().map(|fault| Wrong { fault, input: input() })
    }
}

impl<O: Perform> Timed for Timer<O> {
    fn batch(&mut self, from: u64, count: u64) -> Batch {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        self.answers.clear();
        self.answers.reserve(wanted);
        let began = Instant::now();
        // One frame for the whole batch: a panic spoils its time anyway, and a frame for each operation would show.
        while self.answers.len() < wanted {
            let (operation, answers) = (&mut self.operation, &mut self.answers);
            let done = answers.len() as u64;
            let round = caught(|| {
                // The compiler must not know the input, else it may do several at once.
                answers.extend((from + done..from + count).map(|nth| operation.perform(black_box(nth))));
                // Nor that nobody may look at the answer, else it may not do them at all.
                black_box(answers.as_slice());
            });
            if let Err(fault) = round {
                self.answers.push(Err(fault));
            }
        }
        let took = began.elapsed();
        let mut answers = std::mem::take(&mut self.answers);
        let mut faults = Vec::new();
        for (nth, answer) in (from..).zip(answers.drain(..)) {
            faults.extend(self.wrong(nth, answer));
        }
        // Put back for the room it has.
        self.answers = answers;
        Batch { began, took, faults }
    }

    fn single(&mut self, nth: u64) -> Single {
        let began = Instant::now();
        let answer = caught(|| black_box(self.operation.perform(black_box(nth))));
        let took = began.elapsed();
        let answer = answer.unwrap_or_else(Err);
        let told_ns = answer.as_ref().ok().and_then(|answer| self.operation.told_ns(answer));
        Single { began, took, told_ns, wrong: self.wrong(nth, answer) }
    }

    fn run(&mut self, from: u64, count: u64) -> u64 {
        (from..from + count)
            .filter(|nth| matches!(caught(|| black_box(self.operation.perform(black_box(*nth)))), Ok(Ok(_))))
            .count() as u64
    }

    fn tells_its_time(&self) -> bool {
        self.operation.tells_its_time()
    }

    fn is_local(&self) -> bool {
        self.operation.is_local()
    }
}
