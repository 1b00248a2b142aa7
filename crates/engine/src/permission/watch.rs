//! Reads a target's permission again while the load goes on.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use perflab_model::runner::Ending;
use tokio::task::JoinSet;

use super::{Grant, Pace, Permission, Reading};
use crate::{
    guard::Origin,
    stop::{Heed, Watch},
};

/// Lasts as long as permissions are read again.
#[derive(Debug)]
pub(crate) struct Watching(Arc<Permission>);

impl Drop for Watching {
    fn drop(&mut self) {
        // Drops the tasks, and with them what they hold of the permission.
        *self.0.watching.lock() = None;
    }
}

impl Permission {
    /// Begins to read again what was granted, and what will be.
    pub(crate) fn watch(self: &Arc<Self>) -> Watching {
        *self.watching.lock() = Some(JoinSet::new());
        Watching(Arc::clone(self))
    }

    /// Watches over one target from now on.
    pub(super) fn keep_watch(self: &Arc<Self>, origin: &Origin, grant: Grant, pace: Arc<Pace>) {
        if let Some(tasks) = self.watching.lock().as_mut() {
            let (permission, origin) = (Arc::clone(self), origin.clone());
            tasks.spawn(async move { permission.read_again(&origin, grant, &pace).await });
        }
    }

    async fn read_again(&self, origin: &Origin, mut grant: Grant, pace: &Pace) {
        let mut watch = Watch::new(Arc::clone(&self.stop));
        let mut answered = Instant::now();
        let mut next = answered + self.times.every;
        loop {
            let end = grant.expires.map(instant_of);
            let until = end.map_or(next, |end| end.min(next));
            if !watch.sleep_until(until, Heed::Cut).await {
                return;
            }
            if end.is_some_and(|end| end <= Instant::now()) {
                return self.end("target.expired", format!("the permission of {origin} has expired"));
            }
            // A target that takes its time must not stretch its own permission.
            let latest = end.unwrap_or_else(|| Instant::now() + self.times.answer_within * 2);
            let Ok(reading) = tokio::time::timeout_at(latest.into(), self.read(origin)).await else { continue };
            match reading {
                Reading::Granted(new) => {
                    if let Err(above) = self.check_plan(origin, &new) {
                        return self.stop.cut(above);
                    }
                    (grant, answered) = (new, Instant::now());
                    pace.set(self.share_of(&grant));
                    self.has_limit.fetch_or(grant.max_rps.is_some(), Ordering::Relaxed);
                    next = answered + self.times.every;
                }
                Reading::Refused(why) => {
                    return self.end("target.withdrawn", format!("{origin} has withdrawn its permission: {why}"));
                }
                Reading::Unread(why) if answered.elapsed() >= self.times.patience => {
                    let minutes = answered.elapsed().as_secs() / 60;
                    let message =
                        format!("{origin} has not said for {minutes} minutes whether it still agrees to load: {why}");
                    return self.end("target.unconfirmed", message);
                }
                Reading::Unread(why) => {
                    tracing::warn!("a permission could not be read again: {}", self.redactor.redact(&why));
                    next = Instant::now() + self.times.again;
                }
                Reading::AsksToStop => return self.stop.cut(Ending::TargetAsked),
                Reading::Interrupted => return,
            }
        }
    }

    fn end(&self, code: &str, what: String) {
        self.stop.cut(self.failed(code, &format!("{what}; the load was cut off")));
    }
}

/// The instant on the clock that waits are made by. The wall clock may step; the next reading sets it right.
fn instant_of(wall: Timestamp) -> Instant {
    let left = wall.duration_since(Timestamp::now());
    Instant::now() + Duration::try_from(left).unwrap_or(Duration::ZERO)
}
