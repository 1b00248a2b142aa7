//! Long runs: once a run is over, its seconds are merged until there are few enough of them to be read and drawn.
//!
//! In:  a run that is over. Out: its points of 2, 4, … seconds in the store, where there were too many of one second.
//! Promise: what was judged is not touched. Summary and verdict were made of every second before; what is merged serves
//! charts, series and distributions, whose sums and percentiles stay exactly what they were.

use futures::TryStreamExt as _;
use perflab_model::{
    id::RunId,
    problem::{Problem, ProblemKind},
    summary::LatencyKind,
};
use perflab_stats::{HistogramError, Merger};
use perflab_store::{PackedTick, TickExtent};

use crate::{Lab, trouble::Told as _};

/// How much is kept of the seconds of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointLimits {
    /// Most points: half an hour of single seconds.
    pub points: u64,
    /// Most bytes of them.
    pub bytes: u64,
}

impl Default for PointLimits {
    fn default() -> Self {
        Self { points: 1_800, bytes: 16 * 1024 * 1024 }
    }
}

impl PointLimits {
    const fn hold(self, points: u64, bytes: u64) -> bool {
        points <= self.points && bytes <= self.bytes
    }
}

/// Runs that are looked at after a start: those whose merging an end of the process may have cut off.
const LOOKED_AT: u32 = 50;

impl Lab {
    /// Merges neighbouring seconds of a run that is over, where they are more than the limits allow. Gives back the
    /// seconds of a point then.
    ///
    /// # Errors
    /// When the store does not answer, or a second cannot be read: the run stays as it is.
    pub async fn merge_seconds(&self, run: RunId, attempt: u32, limits: PointLimits) -> Result<Option<u32>, Problem> {
        let extent = self.db.tick_extent(run, attempt).await.told()?;
        if limits.hold(extent.points, extent.bytes) {
            return Ok(None);
        }
        let Some(found) = self.db.run(run).await.told()? else { return Ok(None) };
        let kind = LatencyKind::of(&found.plan.load);
        let mut width = 2;
        while extent.points.div_ceil(width.into()) > limits.points {
            width *= 2;
        }
        loop {
            if let Some(points) = self.merged(run, attempt, (kind, width), limits, extent).await? {
                let replaced = self.db.replace_ticks(run, attempt, extent, &points).await.told()?;
                return Ok(replaced.then_some(width));
            }
            width *= 2;
        }
    }

    /// Does the same for long runs that ended lately, and were not merged because the process ended first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn merge_what_is_left(&self, limits: PointLimits) -> Result<(), Problem> {
        for (run, attempt) in self.db.long_runs(limits.points, LOOKED_AT).await.told()? {
            if let Some(width) = self.merge_seconds(run, attempt, limits).await? {
                tracing::info!(run.id = %run, "run {run}: its seconds were merged to points of {width} s");
            }
        }
        Ok(())
    }

    /// The points of so many seconds; nothing when they are still too many and wider ones would help.
    async fn merged(
        &self,
        run: RunId,
        attempt: u32,
        (kind, width): (LatencyKind, u32),
        limits: PointLimits,
        extent: TickExtent,
    ) -> Result<Option<Vec<PackedTick>>, Problem> {
        let widest = width > extent.last_second;
        let mut merger = Merger::new(width, kind);
        let (mut points, mut bytes) = (Vec::new(), 0_u64);
        let mut ticks = std::pin::pin!(self.db.tick_stream(run, attempt));
        loop {
            let next = ticks.try_next().await.told()?;
            let over = next.is_none();
            let whole = match next {
                None => merger.finish(),
                Some(tick) => merger.add(tick),
            }
            .map_err(|e| damaged(run, &e))?;
            if let Some(tick) = whole {
                let point = PackedTick::new(&tick).told()?;
                bytes += point.bytes();
                points.push(point);
                if !widest && !limits.hold(points.len() as u64, bytes) {
                    return Ok(None);
                }
            }
            if over {
                return Ok(Some(points));
            }
            // Unpacking is work, and others wait for this thread as well.
            tokio::task::yield_now().await;
        }
    }
}

fn damaged(run: RunId, error: &HistogramError) -> Problem {
    tracing::error!(run.id = %run, %error, "run {run}: its seconds are not merged, one of them cannot be read");
    Problem::new(ProblemKind::Internal, "ticks.damaged", "A second of the run cannot be read", None)
}
