//! One of those who do the operations of a case: times them, has them checked, keeps what was measured.
//!
//! In:  turns, one after the other. Out: samples and faults.
//! Invariant: with a wrong answer in it, neither a batch nor an operation nor a pair is a sample.

use std::{sync::Arc, time::Instant};

use perflab_model::bench::PairTimes;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use super::{
    faults::Faults,
    live::LiveHand,
    samples::{Sample, Samples, Thinned},
    shape::Shape,
    timed::{Single, Timed, Wrong},
};

/// What was measured of one operation by one hand.
#[derive(Debug)]
pub(super) struct Tally {
    /// Of rounds the batches, by operation; else all.
    pub(super) samples: Samples,
    /// Of rounds the single operations; else none.
    pub(super) singles: Samples,
    pub(super) failed: u64,
    /// Right ones whose batch is no sample, because of a wrong one in it.
    pub(super) spoiled: u64,
}

/// A pair and when it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) ended: u64,
    pub(super) times: PairTimes,
}

/// How much a hand keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) samples: usize,
    pub(super) pairs: usize,
}

/// Somebody who does operations.
pub(super) struct Hand {
    pub(super) with: Box<dyn Timed>,
    pub(super) without: Option<Box<dyn Timed>>,
    pub(super) book: Book,
    /// Decides which of a pair goes first.
    pub(super) lot: ChaCha8Rng,
}

/// What a hand notes.
pub(super) struct Book {
    pub(super) with: Tally,
    pub(super) without: Tally,
    pub(super) pairs: Thinned<Pair>,
    pub(super) faults: Faults,
    pub(super) live: Arc<LiveHand>,
    /// When the case began.
    pub(super) began: Instant,
    pub(super) clock_ns: f64,
}

/// Operations that are done in one turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) shape: Shape,
    /// The first.
    pub(super) from: u64,
    /// How many: fewer than the shape has at the very end.
    pub(super) count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    With,
    Without,
}

impl Tally {
    fn new(room: Room) -> Self {
        Self { samples: Samples::new(room.samples), singles: Samples::new(room.samples), failed: 0, spoiled: 0 }
    }
}

impl Book {
    pub(super) fn new(room: Room, faults: Faults, live: Arc<LiveHand>, began: Instant, clock_ns: f64) -> Self {
        let pairs = Thinned::new(room.pairs);
        Self { with: Tally::new(room), without: Tally::new(room), pairs, faults, live, began, clock_ns }
    }

    fn tally(&mut self, which: Which) -> &mut Tally {
        match which {
            Which::With => &mut self.with,
            Which::Without => &mut self.without,
        }
    }

    fn at(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }

    fn wrong(&mut self, which: Which, wrong: &Wrong) {
        self.faults.note(wrong);
        self.tally(which).failed += 1;
    }

    /// Forgets all that was right before an instant.
    pub(super) fn forget_before(&mut self, ended: u64) {
        for tally in [&mut self.with, &mut self.without] {
            tally.samples.forget_before(ended);
            tally.singles.forget_before(ended);
        }
        self.pairs.retain(|pair| pair.ended >= ended);
    }
}

impl Hand {
    /// Does one turn; of a pair both sides of it, in an order drawn by lot.
    pub(super) fn turn(&mut self, turn: Turn) {
        let Self { with, without, book, lot } = self;
        let failed_before = book.with.failed + book.without.failed;
        let (done, sample) = match without {
            None => (turn.count, side(with.as_mut(), Which::With, turn, book).map(|sample| (sample, sample.ns))),
            Some(without) => (1, pair(with.as_mut(), without.as_mut(), lot, turn, book)),
        };
        let failed = book.with.failed + book.without.failed - failed_before;
        book.live.note(done, failed, sample);
    }
}

/// Does both; the later sample with the difference between them, where both were right.
fn pair(
    with: &mut dyn Timed,
    without: &mut dyn Timed,
    lot: &mut ChaCha8Rng,
    turn: Turn,
    book: &mut Book,
) -> Option<(Sample, f64)> {
    let with_first: bool = lot.random();
    let mut do_with = |book: &mut Book| side(with, Which::With, turn, book);
    let mut do_without = |book: &mut Book| side(without, Which::Without, turn, book);
    let (with, without) = if with_first {
        let with = do_with(book);
        (with, do_without(book))
    } else {
        let without = do_without(book);
        (do_with(book), without)
    };
    let (with, without) = (with?, without?);
    let times = PairTimes { without_ns: without.ns, with_ns: with.ns, with_first };
    book.pairs.push(Pair { ended: with.ended.max(without.ended), times });
    Some((with, with.ns - without.ns))
}

/// Does the turn's operations of one side; its sample, where nothing was wrong with it.
fn side(timed: &mut dyn Timed, which: Which, turn: Turn, book: &mut Book) -> Option<Sample> {
    match turn.shape {
        Shape::Rounds { batch, .. } if turn.count == turn.shape.operations() => {
            let done = timed.batch(turn.from, batch);
            let ended = book.at(done.began + done.took);
            let ns = (done.took.as_nanos() as f64 - book.clock_ns).max(0.0) / batch as f64;
            let sample = Some(Sample { ended, ns }).filter(|_| done.faults.is_empty());
            done.faults.iter().for_each(|wrong| book.wrong(which, wrong));
            match sample {
                Some(sample) => book.tally(which).samples.push(sample),
                None => book.tally(which).spoiled += batch - done.faults.len() as u64,
            }
            singles(timed, which, turn.from + batch..turn.from + turn.count, book);
            sample
        }
        // The rest of a round has no batch.
        Shape::Rounds { .. } => {
            singles(timed, which, turn.from..turn.from + turn.count, book);
            None
        }
        Shape::OneByOne => {
            let sample = single(timed.single(turn.from), which, book)?;
            book.tally(which).samples.push(sample);
            Some(sample)
        }
    }
}

fn singles(timed: &mut dyn Timed, which: Which, operations: std::ops::Range<u64>, book: &mut Book) {
    for nth in operations {
        if let Some(sample) = single(timed.single(nth), which, book) {
            book.tally(which).singles.push(sample);
        }
    }
}

fn single(done: Single, which: Which, book: &mut Book) -> Option<Sample> {
    if let Some(wrong) = &done.wrong {
        book.wrong(which, wrong);
        return None;
    }
    let measured = || (done.took.as_nanos() as f64 - book.clock_ns).max(0.0);
    let ns = done.told_ns.filter(|ns| ns.is_finite() && *ns >= 0.0).unwrap_or_else(measured);
    Some(Sample { ended: book.at(done.began + done.took), ns })
}
