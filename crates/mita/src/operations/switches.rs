//! Faults that every operation can be given: memory that is never given back, and more work.
//!
//! In:  an operation. Out: the same, or one that leaks or dawdles as ordered. Without an order the operation itself is
//! handed on, so that a switch that is off costs nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::parameters::Parameters;
use super::{Failure, Fields, NotReady, Operation, Ready, Receiver};

/// Their parameters.
pub(super) const PARAMETERS: [&str; 2] = ["leak_bytes", "extra_ms"];

/// The most that one thread leaks: a lab must survive its demonstration.
const MOST: usize = 1 << 30;

/// A receiver that turns switches before it hands on.
pub(super) struct Switched<R> {
    receiver: R,
    leak_bytes: usize,
    extra: Duration,
}

impl<R> Switched<R> {
    pub(super) fn new(receiver: R, parameters: &Parameters) -> Result<Self, NotReady> {
        let leak_bytes = parameters.whole("leak_bytes", 0, 0..=16 << 20)?;
        let extra_ms = parameters.number("extra_ms", 0.0, 0.0..=10_000.0)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10 s, checked above")]
        let extra = Duration::from_nanos((extra_ms * 1e6) as u64);
        Ok(Self { receiver, leak_bytes: usize::try_from(leak_bytes).unwrap_or(0), extra })
    }
}

impl<R: Receiver> Receiver for Switched<R> {
    type Taken = R::Taken;

    fn take<O: Operation>(self, ready: Ready<O>) -> Result<R::Taken, NotReady> {
        let Self { receiver, leak_bytes, extra } = self;
        if leak_bytes == 0 && extra.is_zero() {
            return receiver.take(ready);
        }
        let Ready { mut make, clean_up } = ready;
        receiver.take(Ready {
            make: Box::new(move |thread| {
                Ok(Faulty { operation: make(thread)?, leak_bytes, extra, kept: Vec::new(), kept_bytes: 0 })
            }),
            clean_up,
        })
    }
}

/// An operation with faults.
struct Faulty<O> {
    operation: O,
    leak_bytes: usize,
    extra: Duration,
    /// What was never given back, as long as the case lasts.
    kept: Vec<Box<[u8]>>,
    kept_bytes: usize,
}

impl<O: Operation> Operation for Faulty<O> {
    type Answer = O::Answer;

    fn perform(&mut self, nth: u64) -> Result<O::Answer, Failure> {
        if self.leak_bytes > 0 && self.kept_bytes < MOST {
            // Written to, since memory that was only asked for is not in use yet.
            self.kept.push(vec![0xA5; self.leak_bytes].into_boxed_slice());
            self.kept_bytes += self.leak_bytes;
        }
        if !self.extra.is_zero() {
            let began = Instant::now();
            let mut work = nth;
            while began.elapsed() < self.extra {
                work = black_box(work.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            }
        }
        self.operation.perform(nth)
    }

    fn fields(&self, nth: u64, answer: &O::Answer) -> Fields {
        self.operation.fields(nth, answer)
    }

    fn input(&self, nth: u64) -> String {
        self.operation.input(nth)
    }

    fn is_local(&self) -> bool {
        self.operation.is_local()
    }
}
