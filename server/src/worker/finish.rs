//! Writes the end of a run, and what it was worth.
//!
//! In:  how a run ended, as this process sees it. Out: exactly one end in the store, which may be another one: a person's
//! order that came first makes a run cancelled, and what the store will never take makes it failed.
//! Promise: while the store is away it is tried again, for a day, and the end waits on disk as well. A process that is to end
//! leaves it there for the next, or, where there is no place, tries for some seconds more.

use perflab_lab::{Lab, judge::Outcome};
use perflab_model::{id::RunId, run::RunEnd};
use perflab_store::{Conflict, StoreError};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{drive::Driven, ending::unkept, follow::Patience, queue::AFTER_TROUBLE, spool::Spool};

/// What is to be written at a run's end.
pub(super) enum Worth {
    /// The end with what the run was worth.
    Judged(Box<Driven>),
    /// The end alone.
    Nothing(RunEnd),
}

impl Worth {
    fn end(&self) -> &RunEnd {
        match self {
            Self::Judged(driven) => &driven.end,
            Self::Nothing(end) => end,
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Judged(driven) => Some(&driven.outcome),
            Self::Nothing(_) => None,
        }
    }
}

/// Writes the end, again and again while the database does not answer.
pub(super) async fn finish(
    lab: &Lab,
    (run, attempt): (RunId, u32),
    worth: Worth,
    spool: Option<&Spool>,
    stop: &CancellationToken,
) {
    finish_within(Patience::default(), lab, (run, attempt), worth, spool, stop).await;
}

async fn finish_within(
    patience: Patience,
    lab: &Lab,
    (run, attempt): (RunId, u32),
    mut worth: Worth,
    spool: Option<&Spool>,
    stop: &CancellationToken,
) {
    let mut is_aside = false;
    let mut until = Instant::now() + patience.keep_trying;
    let (mut stopping, mut unsure) = (false, false);
    loop {
        let writing = lab.db().finish(run, attempt, worth.end(), worth.outcome(), lab.now_us());
        let why = match timeout(patience.answer, writing).await {
            Ok(Ok(true)) => {
                let end = worth.end();
                tracing::info!(run.id = %run, state = end.state.code(), code = end.code, "run {run}: {}", end.message);
                next_of_search(lab, run).await;
                break;
            }
            Ok(Ok(false)) if unsure => {
                tracing::info!(run.id = %run, "run {run}: it has ended, most likely by an earlier try whose answer was lost");
                break;
            }
            Ok(Ok(false) | Err(StoreError::Stale { .. })) => {
                tracing::warn!(run.id = %run, attempt, "run {run}: it had ended already, this end is dropped");
                break;
            }
            Ok(Err(error)) if error.is_transient() => error.to_string(),
            Ok(Err(error)) => match after_refusal(worth, error) {
                Ok(next) => {
                    worth = next;
                    is_aside = false;
                    continue;
                }
                Err(error) => {
                    // Without beats the keeper ends it as lost; nothing else can be done from here.
                    tracing::error!(run.id = %run, %error, "run {run}: its end is refused and given up");
                    break;
                }
            },
            Err(_) => format!("no answer within {} s", patience.answer.as_secs()),
        };
        unsure = true;
        if !is_aside && let Some(spool) = spool {
            // An end that was put aside before has been replaced by this one.
            spool.clear();
            is_aside = spool.end(worth.end(), worth.outcome());
        }
        if is_aside && stop.is_cancelled() {
            tracing::warn!(run.id = %run, "run {run}: its end waits on disk for whoever works here next: {why}");
            return;
        }
        if stop.is_cancelled() && !stopping {
            stopping = true;
            until = until.min(Instant::now() + patience.keep_trying_at_the_end);
        }
        if Instant::now() >= until {
            tracing::error!(run.id = %run, "run {run}: its end could not be kept and is given up: {why}");
            return;
        }
        tracing::warn!(run.id = %run, "run {run}: its end cannot be kept yet, trying again: {why}");
        tokio::select! {
            () = sleep(AFTER_TROUBLE) => {}
            () = stop.cancelled(), if is_aside => {}
        }
    }
    if let Some(spool) = spool {
        spool.clear();
    }
}

/// Makes the next run of the search that an ended run belongs to, so that nothing waits for the keeper's next look.
async fn next_of_search(lab: &Lab, run: RunId) {
    if let Err(problem) = lab.advance_search_of(run).await {
        tracing::debug!(run.id = %run, %problem, "run {run}: the keeper makes the next run of its search");
    }
}

/// What to write instead of an end that the store will never take. Each answer is another end than the one before, so
/// this comes to rest.
fn after_refusal(worth: Worth, error: StoreError) -> Result<Worth, StoreError> {
    match (worth, error) {
        // A person's order was first: the run is not judged as one that was carried out.
        (Worth::Judged(driven), StoreError::Conflict(Conflict::Cancelled { how, killed })) => {
            Ok(Worth::Judged(Box::new(driven.cancelled(how, killed.as_deref()))))
        }
        (Worth::Judged(_), error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "what a run was worth is refused");
            Ok(Worth::Nothing(unkept(&error.to_string())))
        }
        (Worth::Nothing(_), error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        run::{Cancel, RunState},
        verdict::{Gate, Verdict},
    };
    use perflab_store::Refusal;

    use super::*;
    use crate::worker::sample::{self, NOW, claimed};

    fn completed() -> Worth {
        let end = RunEnd {
            state: RunState::Finished,
            code: "completed".to_owned(),
            message: "Carried out as planned.".to_owned(),
        };
        Worth::Judged(Box::new(sample::driven(end, 20)))
    }

    #[tokio::test]
    async fn a_stop_that_came_just_before_the_end_makes_the_run_inconclusive() {
        let (lab, claimed) = claimed().await;
        let run = claimed.run.row.id;
        lab.db().request_cancel(run, Cancel::Stop, NOW).await.unwrap();
        finish(&lab, (run, claimed.attempt), completed(), None, &CancellationToken::new()).await;
        let over = lab.db().run(run).await.unwrap().unwrap();
        assert_eq!((over.row.state, over.row.verdict), (RunState::Cancelled, Some(Verdict::Inconclusive)));
        assert_eq!(over.row.end.unwrap().code, "stopped");
        let summary = over.summary.unwrap();
        assert_eq!((summary.verdict, summary.gate), (Verdict::Inconclusive, Gate::Inconclusive));
        assert_eq!(summary.totals.finished, 200, "what was measured is kept");
    }

    #[tokio::test]
    async fn an_end_is_written_once_whatever_is_told_later() {
        let (lab, claimed) = claimed().await;
        let run = claimed.run.row.id;
        finish(&lab, (run, claimed.attempt), completed(), None, &CancellationToken::new()).await;
        let over = lab.db().run(run).await.unwrap();
        assert_eq!(over.as_ref().unwrap().row.state, RunState::Finished);
        finish(&lab, (run, claimed.attempt), Worth::Nothing(unkept("too late")), None, &CancellationToken::new()).await;
        assert_eq!(lab.db().run(run).await.unwrap(), over);
    }

    #[tokio::test]
    async fn a_store_that_stays_away_does_not_keep_a_worker_that_is_to_end() {
        let (lab, claimed) = claimed().await;
        lab.db().close().await;
        let stop = CancellationToken::new();
        stop.cancel();
        let patience = Patience { keep_trying_at_the_end: std::time::Duration::ZERO, ..Patience::default() };
        // Comes back, although the store never does.
        finish_within(patience, &lab, (claimed.run.row.id, claimed.attempt), completed(), None, &stop).await;
    }

    #[tokio::test]
    async fn an_end_that_cannot_be_told_by_a_process_that_is_to_end_waits_on_disk() {
        let (lab, claimed) = claimed().await;
        lab.db().close().await;
        let (stop, folder) = (CancellationToken::new(), tempfile::tempdir().unwrap());
        stop.cancel();
        let run = (claimed.run.row.id, claimed.attempt);
        let spool = Spool::new(folder.path(), run.0, run.1);
        // Comes back at the first failure, with all its patience left.
        finish(&lab, run, completed(), Some(&spool), &stop).await;
        let kept: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn what_a_store_will_never_take_is_not_offered_for_a_day() {
        let refused = || StoreError::Refused(Refusal::NotFinite);
        let instead = after_refusal(completed(), refused()).unwrap();
        assert_eq!((instead.end().state, instead.end().code.as_str()), (RunState::Failed, "store"));
        assert!(instead.end().message.contains("not finite"), "{}", instead.end().message);
        assert!(instead.outcome().is_none());
        assert!(after_refusal(instead, refused()).is_err(), "nothing is left to try");
    }
}
