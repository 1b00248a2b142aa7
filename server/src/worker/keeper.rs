//! The keeper: ends runs whose worker has vanished, makes the next run of searches that wait for one, and looks at the
//! histories of runs whose worker did not come to it.
//!
//! In:  the beat counter of every lease. Out: `lost` for each that has not moved for 30 s of this process's own
//! monotonic time. Wall clocks play no part, and after a restart or an outage of the database every lease gets a
//! fresh 30 s: what could not be seen is not held against anybody.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use perflab_lab::{Lab, PointLimits};
use perflab_model::id::RunId;
use perflab_store::{Keeper, Lease, StoreError};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How long a lease holds without a beat.
const LEASE: Duration = Duration::from_secs(30);
/// How often leases are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often idempotency keys past their day are forgotten, and long runs looked for whose seconds are not merged.
const FORGET_EVERY: Duration = Duration::from_secs(3600);
/// A look that comes so late means that this process slept: leases start afresh.
const OVERSLEPT: Duration = Duration::from_secs(10);

/// Keeps watch until told to stop. Of several processes on one database one keeps, the others wait their turn.
pub async fn keep(lab: Lab, lease: Option<Duration>, stop: CancellationToken) {
    let mut watch = Watch::new(lease.unwrap_or(LEASE));
    let mut look = interval(LOOK_EVERY.min(watch.lease / 4));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut office: Option<Keeper> = None;
    let mut forgotten: Option<Instant> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        let holds = match &mut office {
            Some(keeper) => keeper.holds().await,
            None => false,
        };
        if !holds {
            watch.forget();
            office = lab.db().try_become_keeper().await.unwrap_or_default();
        } else if let Err(error) = round(&lab, &mut watch).await {
            tracing::debug!(%error, "leases cannot be looked at");
            watch.forget();
        } else if let Err(problem) = lab.advance_searches().await {
            tracing::debug!(%problem, "capacity searches wait for the next look");
        } else if let Err(problem) = lab.follow_runs().await {
            tracing::debug!(%problem, "the histories of runs wait for the next look");
        } else if forgotten.is_none_or(|last| last.elapsed() >= FORGET_EVERY) {
            forgotten = Some(Instant::now());
            if let Err(error) = lab.db().forget_old_keys(lab.now_us()).await {
                tracing::debug!(%error, "old idempotency keys stay until the next hour");
            }
            // Beside the looks at leases, which must not wait for it.
            tokio::spawn(merge_what_is_left(lab.clone(), stop.clone()));
        }
    }
}

/// Merges the seconds of long runs that were lost, or whose worker ended before it came to this.
async fn merge_what_is_left(lab: Lab, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        merged = lab.merge_what_is_left(PointLimits::default()) => if let Err(problem) = merged {
            tracing::debug!(%problem, "long runs stay as they are until the next hour");
        },
    }
}

/// One look at all leases.
async fn round(lab: &Lab, watch: &mut Watch) -> Result<(), StoreError> {
    let leases = lab.db().leases().await?;
    for lease in watch.dead(&leases, Instant::now()) {
        let Lease { run, attempt, .. } = lease;
        let message = format!(
            "Its worker has been silent for {} s; what was measured until then is kept. Load is never tried twice by itself: \
             run it again when the worker is back.",
            watch.lease.as_secs()
        );
        if lab.db().lose(lease, &message, lab.now_us()).await? {
            tracing::warn!(run.id = %run, attempt, "run {run}: its worker has been silent for {} s, the run is lost", watch.lease.as_secs());
        }
    }
    Ok(())
}

/// When each lease was last seen to move.
struct Watch {
    lease: Duration,
    moved: HashMap<RunId, (u32, u64, Instant)>,
    looked: Option<Instant>,
}

impl Watch {
    fn new(lease: Duration) -> Self {
        Self { lease, moved: HashMap::new(), looked: None }
    }

    fn forget(&mut self) {
        self.moved.clear();
        self.looked = None;
    }

    /// Leases that have not moved for too long.
    fn dead(&mut self, seen: &[Lease], now: Instant) -> Vec<Lease> {
        if self.looked.is_some_and(|looked| now.duration_since(looked) > OVERSLEPT.max(self.lease / 2)) {
            self.moved.clear();
        }
        self.looked = Some(now);
        self.moved.retain(|run, _| seen.iter().any(|lease| lease.run == *run));
        let mut dead = Vec::new();
        for &lease in seen {
            let Lease { run, attempt, beat } = lease;
            match self.moved.get(&run) {
                Some(&(known_attempt, known_beat, since)) if (known_attempt, known_beat) == (attempt, beat) => {
                    if now.duration_since(since) >= self.lease {
                        dead.push(lease);
                    }
                }
                _ => {
                    self.moved.insert(run, (attempt, beat, now));
                }
            }
        }
        dead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(beat: u64) -> Lease {
        Lease { run: RunId::new(uuid::Uuid::from_u128(7)), attempt: 1, beat }
    }

    #[test]
    fn a_lease_that_moves_is_never_lost() {
        let mut watch = Watch::new(LEASE);
        let start = Instant::now();
        for second in 0..100 {
            let now = start + Duration::from_secs(second);
            assert!(watch.dead(&[lease(second)], now).is_empty());
        }
    }

    #[test]
    fn a_silent_lease_is_lost_after_thirty_seconds() {
        let mut watch = Watch::new(LEASE);
        let start = Instant::now();
        let lost = (0..60).find(|second| !watch.dead(&[lease(5)], start + Duration::from_secs(*second)).is_empty());
        assert_eq!(lost, Some(30));
    }

    #[test]
    fn a_keeper_that_overslept_gives_every_lease_a_fresh_start() {
        let mut watch = Watch::new(LEASE);
        let start = Instant::now();
        assert!(watch.dead(&[lease(5)], start).is_empty());
        assert!(watch.dead(&[lease(5)], start + Duration::from_secs(120)).is_empty());
    }
}
