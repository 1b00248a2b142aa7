//! What a run has said and nobody has kept yet.
//!
//! In:  news as they are heard, and acknowledgements. Out: [`Letter`]s, one after the other, in order.
//! Promise: a letter that was given out is given out again, the very same, until it is acknowledged; only then comes the
//! next. Whoever keeps letters may therefore lose an acknowledgement, but never a second of a run, and keeps none twice.
//!
//! While nothing can be kept, [`Outbox::not_aside`] gives what a disk should hold meanwhile. What it gave does not change any
//! more either, so that a later process tells the very same.
//!
//! Bounded: log lines beyond [`MAX_LINES`] are counted and left out. Seconds are never left out; once [`MAX_SECONDS`] of
//! them wait, [`Outbox::is_full`] says so, and the load has to end. What still comes until it has is taken in.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use perflab_model::{
    event::EventKind,
    run::Headline,
    runner::{LogLevel, LogLine, Started},
    summary::Progress,
    tick::Tick,
};
use tokio::sync::Notify;

use super::sink::Chunk;

/// Seconds that may wait. A store that is away ends the load after 25 s; this ends it under one that is too slow.
const MAX_SECONDS: usize = 120;
/// Log lines and examples that may wait.
const MAX_LINES: usize = 5_000;
/// Seconds of one chunk: after an outage it still has to be written within the patience of a call.
const SECONDS_OF_A_CHUNK: usize = 10;
/// Lines of one chunk.
const LINES_OF_A_CHUNK: usize = 500;

/// What is to be told next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Letter {
    /// The runner has begun.
    Started(Arc<Started>),
    /// News.
    Chunk(Arc<Chunk>),
    /// Nothing more will come.
    Finishing,
}

/// Holds letters until they are acknowledged. Filled by whoever listens to the runner, emptied by the courier.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    inside: Mutex<Inside>,
    more_is_aside: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    started: Option<Started>,
    /// Given out and not yet acknowledged: it must not change any more.
    out: Option<Letter>,
    /// Fixed, as the disk has them, and not yet given out.
    fixed: VecDeque<Letter>,
    /// Not yet fixed; the last one still grows.
    waiting: VecDeque<Chunk>,
    newest: Option<(Progress, Headline)>,
    last_number: u64,
    /// How many letters were acknowledged, and how many, counted from the first of all, were put aside.
    acknowledged: usize,
    aside: usize,
    /// Lines that found no room, and when the last of them was said.
    left_out: (u64, i64),
    closed: bool,
    /// Whether the last letter was made.
    finished: bool,
    ended: bool,
}

impl Inside {
    /// All chunks that were not given out.
    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        let fixed = self.fixed.iter().filter_map(|letter| match letter {
            Letter::Chunk(chunk) => Some(&**chunk),
            Letter::Started(_) | Letter::Finishing => None,
        });
        fixed.chain(&self.waiting)
    }

    fn seconds(&self) -> usize {
        self.chunks().map(|chunk| chunk.ticks.len()).sum()
    }

    /// All events but those of seconds.
    fn lines(&self) -> usize {
        self.chunks().map(|chunk| chunk.events.len() - chunk.ticks.len()).sum()
    }

    /// The chunk that still grows, a new one where the last is full.
    fn growing(&mut self) -> &mut Chunk {
        let is_full = |chunk: &Chunk| {
            chunk.ticks.len() >= SECONDS_OF_A_CHUNK || chunk.events.len() >= LINES_OF_A_CHUNK + SECONDS_OF_A_CHUNK
        };
        if self.waiting.back().is_none_or(is_full) {
            self.waiting.push_back(Chunk::default());
        }
        // Just made sure of; a new chunk at the end is as good in any case.
        let last = self.waiting.len() - 1;
        &mut self.waiting[last]
    }

    /// Says that lines are missing.
    fn own_up(&mut self) {
        let (count, at_us) = std::mem::take(&mut self.left_out);
        if count > 0 {
            let message = format!("{count} lines were left out here: they came faster than they could be kept.");
            let told = LogLine { at_us, level: LogLevel::Warn, message };
            self.growing().events.push((at_us, EventKind::Log(told)));
        }
    }

    /// Makes the next letter of what still grows.
    fn fix(&mut self) -> Option<Letter> {
        if let Some(started) = self.started.take() {
            return Some(Letter::Started(Arc::new(started)));
        }
        if let Some(mut chunk) = self.waiting.pop_front() {
            self.last_number += 1;
            chunk.number = self.last_number;
            if let Some((progress, headline)) = self.newest.take() {
                (chunk.progress, chunk.headline) = (Some(progress), Some(headline));
            }
            return Some(Letter::Chunk(Arc::new(chunk)));
        }
        (self.closed && !std::mem::replace(&mut self.finished, self.closed)).then_some(Letter::Finishing)
    }

    fn next(&mut self) -> Option<Letter> {
        if self.out.is_none() {
            self.out = self.fixed.pop_front().or_else(|| self.fix());
        }
        self.out.clone()
    }

    fn not_aside(&mut self) -> Vec<Letter> {
        while let Some(letter) = self.fix() {
            self.fixed.push_back(letter);
        }
        let known = self.aside.saturating_sub(self.acknowledged);
        self.out.iter().chain(&self.fixed).skip(known).cloned().collect()
    }
}

impl Outbox {
    /// No step here can leave a half-made state behind, so what another thread's panic poisoned is still whole.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runner has begun: told before anything else.
    pub(super) fn started(&self, started: Started) {
        self.inside().started = Some(started);
    }

    /// A second, with how things stand after it.
    pub(super) fn second(&self, tick: Tick, progress: Progress, headline: Headline) {
        let mut inside = self.inside();
        let chunk = inside.growing();
        chunk.events.push((tick.point.at_us, EventKind::Tick(tick.point.clone())));
        chunk.ticks.push(tick);
        inside.newest = Some((progress, headline));
    }

    /// A line or an example.
    pub(super) fn line(&self, at_us: i64, line: EventKind) {
        let mut inside = self.inside();
        if inside.lines() >= MAX_LINES {
            inside.left_out = (inside.left_out.0 + 1, at_us);
            return;
        }
        inside.own_up();
        inside.growing().events.push((at_us, line));
    }

    /// What is part of the run's record and must never be left out.
    pub(super) fn record(&self, at_us: i64, what: EventKind) {
        let mut inside = self.inside();
        inside.own_up();
        inside.growing().events.push((at_us, what));
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        let mut inside = self.inside();
        inside.own_up();
        inside.closed = true;
    }

    /// Whether so much waits that the load has to end.
    pub(super) fn is_full(&self) -> bool {
        self.inside().seconds() >= MAX_SECONDS
    }

    /// Whether everything was told and acknowledged, to the last word.
    pub(super) fn is_done(&self) -> bool {
        self.inside().ended
    }

    /// What to tell next: the same until it is acknowledged.
    pub(super) fn next(&self) -> Option<Letter> {
        self.inside().next()
    }

    /// The letter given out last was kept.
    pub(super) fn acknowledged(&self) {
        let mut inside = self.inside();
        inside.acknowledged += 1;
        inside.ended |= inside.out.take() == Some(Letter::Finishing);
    }

    /// What is neither acknowledged nor put aside, in order.
    pub(super) fn not_aside(&self) -> Vec<Letter> {
        self.inside().not_aside()
    }

    /// So many of what [`Outbox::not_aside`] gave last were put aside.
    pub(super) fn put_aside(&self, count: usize) {
        let mut inside = self.inside();
        inside.aside = inside.aside.max(inside.acknowledged) + count;
        self.more_is_aside.notify_one();
    }

    /// Whether some of what is not acknowledged was put aside.
    pub(super) fn is_aside(&self) -> bool {
        let inside = self.inside();
        inside.aside > inside.acknowledged
    }

    /// Comes back when something was put aside.
    pub(super) async fn more_is_aside(&self) {
        self.more_is_aside.notified().await;
    }

    /// Nothing that was put aside is there any more.
    pub(super) fn forget_aside(&self) {
        self.inside().aside = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::sample;

    fn line(text: &str) -> EventKind {
        EventKind::Log(LogLine { at_us: 0, level: LogLevel::Info, message: text.to_owned() })
    }

    fn second(outbox: &Outbox, second: u32) {
        let live = sample::live();
        outbox.second(sample::tick(second), live.progress(), live.headline());
    }

    fn chunk(outbox: &Outbox) -> Arc<Chunk> {
        match outbox.next() {
            Some(Letter::Chunk(chunk)) => chunk,
            other => panic!("no chunk: {other:?}"),
        }
    }

    #[test]
    fn what_was_given_out_does_not_change_until_it_is_acknowledged() {
        let outbox = Outbox::default();
        second(&outbox, 0);
        let first = chunk(&outbox);
        second(&outbox, 1);
        outbox.line(0, line("meanwhile"));
        assert_eq!(chunk(&outbox), first, "the acknowledgement may have been lost, so the same is told again");
        outbox.acknowledged();
        let next = chunk(&outbox);
        assert_eq!((first.number, next.number), (1, 2));
        assert_eq!(next.ticks.iter().map(|tick| tick.point.second).collect::<Vec<_>>(), [1]);
        assert_eq!(next.events.last().map(|(_, event)| event), Some(&line("meanwhile")));
    }

    #[test]
    fn the_beginning_is_told_first_and_the_end_last() {
        let outbox = Outbox::default();
        second(&outbox, 0);
        outbox.started(sample::started());
        outbox.close();
        let mut told = Vec::new();
        while let Some(letter) = outbox.next() {
            told.push(letter);
            outbox.acknowledged();
        }
        assert!(matches!(&told[..], [Letter::Started(_), Letter::Chunk(_), Letter::Finishing]), "{told:?}");
        assert!(outbox.is_done());
    }

    #[test]
    fn a_long_outage_leaves_chunks_of_a_size_that_can_be_written() {
        let outbox = Outbox::default();
        (0..35).for_each(|at| second(&outbox, at));
        let mut sizes = Vec::new();
        while let Some(Letter::Chunk(chunk)) = outbox.next() {
            sizes.push(chunk.ticks.len());
            outbox.acknowledged();
        }
        assert_eq!(sizes, [10, 10, 10, 5]);
    }

    #[test]
    fn seconds_are_never_left_out_but_there_is_a_time_to_stop() {
        let outbox = Outbox::default();
        let full = (0..1_000).find(|at| {
            second(&outbox, *at);
            outbox.is_full()
        });
        assert_eq!(full, Some(119));
        second(&outbox, 120);
        let mut kept = 0;
        while let Some(Letter::Chunk(chunk)) = outbox.next() {
            kept += chunk.ticks.len();
            outbox.acknowledged();
        }
        assert_eq!(kept, 121);
    }

    #[test]
    fn what_was_put_aside_does_not_change_and_is_not_put_aside_again() {
        let outbox = Outbox::default();
        outbox.started(sample::started());
        second(&outbox, 0);
        let first = outbox.not_aside();
        assert!(matches!(&first[..], [Letter::Started(_), Letter::Chunk(_)]), "{first:?}");
        outbox.put_aside(first.len());
        assert!(outbox.is_aside() && outbox.not_aside().is_empty());
        second(&outbox, 1);
        outbox.line(0, line("meanwhile"));
        let more = outbox.not_aside();
        assert!(matches!(&more[..], [Letter::Chunk(chunk)] if chunk.number == 2), "{more:?}");
        outbox.put_aside(more.len());
        outbox.close();
        let last = outbox.not_aside();
        assert_eq!(last, [Letter::Finishing]);
        outbox.put_aside(last.len());
        let mut told = Vec::new();
        while let Some(letter) = outbox.next() {
            told.push(letter);
            outbox.acknowledged();
        }
        assert_eq!(told, [first, more, last].concat());
        assert!(outbox.is_done() && !outbox.is_aside());
    }

    #[test]
    fn a_flood_of_lines_is_cut_off_and_told() {
        let outbox = Outbox::default();
        (0..MAX_LINES + 7).for_each(|_| outbox.line(5, line("again")));
        outbox.close();
        let mut lines = Vec::new();
        while let Some(letter) = outbox.next() {
            if let Letter::Chunk(chunk) = letter {
                lines.extend(chunk.events.clone());
            }
            outbox.acknowledged();
        }
        assert_eq!(lines.len(), MAX_LINES + 1);
        let Some((5, EventKind::Log(last))) = lines.last() else { panic!("{lines:?}") };
        assert!(last.message.starts_with("7 lines were left out"), "{}", last.message);
    }
}
