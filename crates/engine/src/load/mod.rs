//! Who starts when: the open model by our own executor, the closed model by goose.

pub(crate) mod closed;
#[cfg(test)]
mod faults;
pub(crate) mod open;
mod prefetch;
mod tokens;

use std::{
    future::Future,
    sync::{Arc, mpsc::SyncSender},
    time::Duration,
};

use perflab_model::runner::Report;
use rand::Rng;

pub(crate) use self::{prefetch::prefetch, tokens::Shelf};
use crate::{
    code::ErrorCode,
    flow::{Performer, Program},
    http::{Client, Failure, H2Pool, HttpContext},
    record::{Counts, Examples, GroupId, NameId, Stamps},
    stop::{Stop, Watch},
};

/// How long after the cut-off everything must have ended. What is left then hangs by our own fault.
const AFTER_CUT: Duration = Duration::from_secs(2);

/// What everybody who sends load in a run shares.
pub(crate) struct Crew {
    pub(crate) program: Arc<Program>,
    pub(crate) context: Arc<HttpContext>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) examples: Arc<Examples>,
    pub(crate) reports: SyncSender<Report>,
    /// HTTP/2 connections of an open run.
    pub(crate) h2: Arc<H2Pool>,
    /// How long open iterations may take after the last start.
    pub(crate) graceful: Duration,
    /// Under which iterations are counted that broke down by our own fault.
    pub(crate) stray: NameId,
}

/// Which model drives the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// Starts come as planned; in-flight counts iterations.
    Open,
    /// Users wait for their answers; in-flight counts requests, and goose is told of each.
    Closed,
}

impl Crew {
    /// Somebody who sends requests. Must be called inside the runtime.
    pub(crate) fn performer(&self, h2: Arc<H2Pool>, model: Model) -> Performer {
        Performer {
            client: Client::new(Arc::clone(&self.context), Watch::new(Arc::clone(&self.stop)), h2),
            examples: Arc::clone(&self.examples),
            reports: self.reports.clone(),
            observed: (model == Model::Closed).then(Vec::new),
            gauges_requests: model == Model::Closed,
            stray: self.stray,
            group: GroupId::OTHER,
            iteration: None,
        }
    }
}

/// Waits for what is open, as long as the plan's patience lasts, then cuts it off.
pub(crate) async fn drain(stop: &Stop, patience: Duration, idle: impl Future<Output = ()>) {
    let mut idle = std::pin::pin!(idle);
    if tokio::time::timeout(patience, &mut idle).await.is_ok() {
        return;
    }
    stop.cut_off();
    if tokio::time::timeout(AFTER_CUT, idle).await.is_err() {
        tracing::error!("some iterations did not end after they were cut off");
    }
}

/// Counts an iteration that broke down by a fault of ours, and starts afresh: its connections may be in any state.
pub(crate) fn panicked(performer: &mut Performer) {
    performer.client.hang_up();
    let now = performer.client.context.clock.now();
    let stamps = Stamps { planned: None, sent: now, first_byte: None, ended: now };
    let failure = Failure::new(ErrorCode::Internal, "the generator broke down in this iteration: see its log");
    performer.count(performer.stray, "(iteration)", stamps, Counts::default(), None, Some(&failure));
}

/// Picks by weight; nothing where all weights are zero.
pub(crate) fn weighted<T: Copy>(choices: impl Iterator<Item = (T, u32)> + Clone, rng: &mut impl Rng) -> Option<T> {
    let total: u64 = choices.clone().map(|(_, weight)| u64::from(weight)).sum();
    let mut left = if total > 0 { rng.random_range(0..total) } else { return None };
    for (choice, weight) in choices {
        match left.checked_sub(u64::from(weight)) {
            Some(rest) => left = rest,
            None => return Some(choice),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Domain, stream};

    #[test]
    fn picks_follow_the_weights_and_skip_zeros() {
        let mut rng = stream(3, Domain::User, 0, 0);
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            let pick = weighted([(0, 10), (1, 0), (2, 30)].into_iter(), &mut rng).expect("there are weights");
            counts[pick] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((f64::from(counts[2]) / 10_000.0 - 0.75).abs() < 0.02, "{counts:?}");
        assert_eq!(weighted([(0, 0)].into_iter(), &mut rng), None);
    }
}
