//! Carries letters from the outbox to the sink, beside the listening to the runner: a store that hangs holds up neither
//! orders nor the runner's sign of life.
//!
//! In:  an [`Outbox`] that is being filled. Out: a [`Word`] after each answer of the sink.
//! Promise: a letter is carried until it is acknowledged, and put aside on disk meanwhile where the sink has a place for it; the lease is renewed each second even while a letter cannot be
//! kept, and [`carry`] ends only when all was told or when nothing will ever be kept again.

use std::time::Duration;

use perflab_model::order::Orders;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{
    outbox::{Letter, Outbox},
    sink::{Chunk, Sink, SinkError},
    spool::Spool,
};

/// What the courier knows.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// What people have asked for. Changes of the rate stay here, each once, however often the sink tells them.
    pub(super) orders: Orders,
    /// When the sink last answered.
    pub(super) reached: Instant,
}

impl Word {
    /// Before anything was asked: nobody can say yet that the sink is away.
    pub(super) fn new() -> Self {
        Self { orders: Orders::default(), reached: Instant::now() }
    }
}

/// Carries until the outbox is done. `hurry` says that there is a second, or the end: that is carried at once, or those who
/// watch would see it late. Between two such words there is a round `every` so often, in which orders are fetched; the next
/// second is waited for a little longer than that, so that one write a second stays one. An answer that takes longer than
/// `patience` is given up.
///
/// # Errors
/// Never [`SinkError::Unreachable`]: that is tried again.
pub(super) async fn carry<S: Sink>(
    sink: &mut S,
    outbox: &Outbox,
    words: &watch::Sender<Word>,
    hurry: &Notify,
    (every, patience): (Duration, Duration),
) -> Result<(), SinkError> {
    let mut write = interval(every);
    write.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let spool = sink.spool();
    let mut is_away = false;
    loop {
        tokio::select! {
            _ = write.tick() => {}
            () = sink.woken() => {}
            () = hurry.notified() => write.reset_after(every * 5 / 4),
        }
        match round(sink, outbox, words, patience).await {
            Ok(()) => {
                if std::mem::take(&mut is_away) {
                    forget_aside(outbox, spool.as_deref());
                }
            }
            Err(SinkError::Unreachable(why)) => {
                if !is_away {
                    tracing::warn!("what was measured cannot be kept yet, it is tried again each second: {why}");
                }
                is_away = true;
                if let Some(spool) = &spool {
                    spool.put_aside(outbox);
                }
            }
            Err(never) => {
                forget_aside(outbox, spool.as_deref());
                return Err(never);
            }
        }
        if outbox.is_done() {
            return Ok(());
        }
    }
}

/// All that waits, then a sign of life where no chunk was one.
async fn round<S: Sink>(
    sink: &mut S,
    outbox: &Outbox,
    words: &watch::Sender<Word>,
    patience: Duration,
) -> Result<(), SinkError> {
    let mut renewed = false;
    let mut trouble = Ok(());
    while let Some(letter) = outbox.next() {
        match within(patience, tell(sink, &letter)).await {
            Ok(orders) => {
                outbox.acknowledged();
                reached(words, orders);
                renewed |= matches!(letter, Letter::Chunk(_));
            }
            Err(SinkError::Unreachable(why)) => {
                trouble = Err(SinkError::Unreachable(why));
                break;
            }
            Err(never) => return Err(never),
        }
    }
    if !renewed && !outbox.is_done() {
        let orders = within(patience, sink.write(&Chunk::default())).await?;
        reached(words, orders);
    }
    trouble
}

/// What was put aside has been told since, or will never be taken.
fn forget_aside(outbox: &Outbox, spool: Option<&Spool>) {
    if let Some(spool) = spool {
        spool.clear();
        outbox.forget_aside();
    }
}

async fn tell<S: Sink>(sink: &mut S, letter: &Letter) -> Result<Orders, SinkError> {
    match letter {
        Letter::Started(started) => sink.started(started).await.map(|()| Orders::default()),
        Letter::Chunk(chunk) => sink.write(chunk).await,
        Letter::Finishing => sink.finishing().await.map(|()| Orders::default()),
    }
}

fn reached(words: &watch::Sender<Word>, orders: Orders) {
    words.send_modify(|word| {
        word.reached = Instant::now();
        let known = &mut word.orders;
        known.cancel = orders.cancel.or(known.cancel);
        known.killed = orders.killed.or(known.killed.take());
        let newest = known.rates.last().map_or(0, |change| change.number);
        known.rates.extend(orders.rates.into_iter().filter(|change| change.number > newest));
    });
}

/// An answer that does not come is as good as one that was lost.
async fn within<T>(patience: Duration, answer: impl Future<Output = Result<T, SinkError>>) -> Result<T, SinkError> {
    timeout(patience, answer)
        .await
        .unwrap_or_else(|_| Err(SinkError::Unreachable(format!("no answer within {} s", patience.as_secs()))))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use perflab_model::runner::Started;
    use tokio::sync::mpsc;

    use super::*;
    use crate::worker::sample;

    /// A store that nobody ever wakes; tells how many seconds each write brought.
    struct Quiet(mpsc::Sender<usize>);

    #[async_trait]
    impl Sink for Quiet {
        async fn started(&mut self, _: &Started) -> Result<(), SinkError> {
            Ok(())
        }

        async fn write(&mut self, chunk: &Chunk) -> Result<Orders, SinkError> {
            // The test may be over.
            let _ = self.0.send(chunk.ticks.len()).await;
            Ok(Orders::default())
        }

        async fn finishing(&mut self) -> Result<(), SinkError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_second_is_kept_as_it_comes_and_does_not_wait_for_the_next_round() {
        let (told, mut kept) = mpsc::channel(1);
        let (mut sink, outbox, hurry) = (Quiet(told), Outbox::default(), Notify::new());
        let (words, _word) = watch::channel(Word::new());
        let hour = Duration::from_secs(3600);
        let live = sample::live();
        tokio::select! {
            end = carry(&mut sink, &outbox, &words, &hurry, (hour, hour)) => panic!("it has ended: {end:?}"),
            () = async {
                assert_eq!(kept.recv().await, Some(0), "the first round comes at once");
                outbox.second(sample::tick(0), live.progress(), live.headline());
                hurry.notify_one();
                assert_eq!(kept.recv().await, Some(1));
            } => {}
        }
    }
}
