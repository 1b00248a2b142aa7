//! Lets the hands of a case work side by side until enough is done.
//!
//! In:  the hands, how much is wanted, until when. Out: the hands with what they have noted, and why they stopped.
//! Promise: a stop of the run and the end of the case's time are obeyed before the next operation (the next round, where
//! operations are so short that they are timed in batches).

use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    thread,
    time::Instant,
};

use super::{
    hand::{Hand, Turn},
    memory::MemoryLog,
    shape::Shape,
};
use crate::stop::Stop;

/// Why the hands stopped; what outranks comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// All is done that was wanted.
    Enough = 0,
    /// The case has taken as long as it may.
    TimeUp = 1,
    /// The run is being ended.
    Stopped = 2,
}

/// Operations of all hands together.
pub(super) struct Pass<'a> {
    pub(super) shape: Shape,
    /// The number of the first operation.
    pub(super) first: u64,
    /// Operations that are wanted; without a number as many as time allows.
    pub(super) operations: Option<u64>,
    /// When it is enough.
    pub(super) until: Option<Instant>,
    /// When the case is over in any case.
    pub(super) deadline: Instant,
    pub(super) stop: &'a Stop,
    pub(super) memory: &'a MemoryLog,
}

/// What a pass was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    pub(super) why: Why,
    pub(super) began: Instant,
    pub(super) ended: Instant,
    /// The number of the next operation.
    pub(super) next: u64,
}

/// What the hands of a pass share.
struct Shared {
    go: AtomicBool,
    /// How many of them are ready.
    ready: AtomicU64,
    turns: AtomicU64,
    why: AtomicU8,
}

impl Pass<'_> {
    /// Does it. The threads are released together, when all of them are there.
    ///
    /// # Errors
    /// When the system gives no thread, or one of them broke down outside the operation: by our fault.
    pub(super) fn work(&self, hands: &mut [Hand]) -> Result<Passed, String> {
        let shared = Shared {
            go: AtomicBool::new(false),
            ready: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            why: AtomicU8::new(Why::Enough as u8),
        };
        let count = hands.len() as u64;
        let began = thread::scope(|scope| {
            let mut failed = None;
            let mut threads = Vec::with_capacity(hands.len());
            for hand in hands {
                let shared = &shared;
                let work = move || self.hand(hand, shared);
                match thread::Builder::new().name("bench".to_owned()).spawn_scoped(scope, work) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => {
                        failed = Some(format!("the system gives no thread: {error}"));
                        // Those that wait find nothing to do.
                        shared.turns.store(u64::MAX / 2, Ordering::Release);
                        break;
                    }
                }
            }
            while failed.is_none() && shared.ready.load(Ordering::Acquire) < count {
                thread::yield_now();
            }
            let began = Instant::now();
            shared.go.store(true, Ordering::Release);
            let broken = threads.into_iter().map(thread::ScopedJoinHandle::join).filter(Result::is_err).count();
            match failed {
                Some(failed) => Err(failed),
                None if broken > 0 => Err("a thread of the harness broke down: see the log of the runner".to_owned()),
                None => Ok(began),
            }
        })?;
        let why = match shared.why.load(Ordering::Acquire) {
            0 => Why::Enough,
            1 => Why::TimeUp,
            _ => Why::Stopped,
        };
        let per_turn = self.shape.operations();
        let turns = shared.turns.load(Ordering::Acquire);
        let next = self.first + self.operations.unwrap_or(u64::MAX).min(turns.saturating_mul(per_turn));
        Ok(Passed { why, began, ended: Instant::now(), next })
    }

    fn hand(&self, hand: &mut Hand, shared: &Shared) {
        shared.ready.fetch_add(1, Ordering::AcqRel);
        while !shared.go.load(Ordering::Acquire) {
            thread::yield_now();
        }
        let per_turn = self.shape.operations();
        loop {
            let now = Instant::now();
            if self.stop.starts_over() {
                shared.why.fetch_max(Why::Stopped as u8, Ordering::AcqRel);
                return;
            }
            if now >= self.deadline {
                shared.why.fetch_max(Why::TimeUp as u8, Ordering::AcqRel);
                return;
            }
            if self.until.is_some_and(|until| now >= until) {
                return;
            }
            let done = shared.turns.fetch_add(1, Ordering::Relaxed).saturating_mul(per_turn);
            let count = self.operations.unwrap_or(u64::MAX).saturating_sub(done).min(per_turn);
            if count == 0 {
                return;
            }
            hand.turn(Turn { shape: self.shape, from: self.first + done, count });
            self.memory.look(self.first + done + count);
        }
    }
}
