//! Carries letters from the outbox to the sink, beside the listening to the runner: a store that hangs holds up neither
//! orders nor the runner's sign of life.
//!
//! In:  an [`Outbox`] that is being filled. Out: a [`Word`] after each answer of the sink.
//! Promise: a letter is carried until it is acknowledged, the lease is renewed each second even while a letter cannot be
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
};

/// How often what was said is kept, and orders are fetched.
const WRITE_EVERY: Duration = Duration::from_secs(1);
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

/// Carries until the outbox is done. `hurry` says that something should not wait for the next second; an answer that takes
/// longer than `patience` is given up.
///
/// # Errors
/// Never [`SinkError::Unreachable`]: that is tried again.
pub(super) async fn carry<S: Sink>(
    sink: &mut S,
    outbox: &Outbox,
    words: &watch::Sender<Word>,
    hurry: &Notify,
    patience: Duration,
) -> Result<(), SinkError> {
    let mut write = interval(WRITE_EVERY);
    write.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_away = false;
    loop {
        tokio::select! {
            _ = write.tick() => {}
            () = sink.woken() => {}
            () = hurry.notified() => {}
        }
        match round(sink, outbox, words, patience).await {
            Ok(()) => is_away = false,
            Err(SinkError::Unreachable(why)) => {
                if !is_away {
                    tracing::warn!("what was measured cannot be kept yet, it is tried again each second: {why}");
                }
                is_away = true;
            }
            Err(never) => return Err(never),
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
