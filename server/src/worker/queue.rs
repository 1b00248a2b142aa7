//! Taking runs from the queue, one after the other.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use perflab_lab::{Lab, PointLimits, judge::Against};
use perflab_model::{
    id::WorkerId,
    problem::ProblemKind,
    run::{Run, RunEnd, RunState},
    runner::Job,
};
use perflab_store::{Claimed, NewWorker, StoreError};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    child::Allowance,
    drive::{self, Driven, Host, drive},
    finish::{Worth, finish},
    follow::Patience,
    host_lock::{self, Asked, HostLock},
    spool::{self, Spool},
    store_sink::StoreSink,
};

/// How often the queue is looked at when nothing wakes the worker.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long to wait after the database did not answer.
pub(super) const AFTER_TROUBLE: Duration = Duration::from_secs(1);
/// Rows of workers that were not seen for so long are forgotten: a label for people, so the wall clock does.
const FORGOTTEN_AFTER_US: i64 = 24 * 3600 * 1_000_000;

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Who it is.
    pub id: WorkerId,
    /// Workers whose numbers may be compared.
    pub class: String,
    /// The host's name.
    pub host: String,
    /// The lock that keeps runs on this host apart.
    pub host_lock: PathBuf,
    /// Ports of the lab itself on this host: no load goes there.
    pub own_ports: Vec<u16>,
    /// A run that is over within this time when the worker is told to end is carried out.
    pub drain: Duration,
    /// How long is waited for runners.
    pub allowance: Allowance,
    /// The file with the programs that suites may run; without it none.
    pub commands: Option<PathBuf>,
    /// The folder for what the database does not take.
    pub spool: PathBuf,
}

/// Works until it is told to stop. A run that is under way then is carried out where it is over soon, else it is aborted and
/// ends as failed.
pub async fn work(lab: Lab, settings: WorkerSettings, stop: CancellationToken) {
    let mut wake = lab.changes();
    let mut said = String::new();
    introduce(&lab, &settings).await;
    while !stop.is_cancelled() {
        let note = format!("a worker of this host (pid {})", std::process::id());
        let turn = match host_lock::ask(&settings.host_lock, &note) {
            Ok(Asked::Taken(lock)) => {
                said.clear();
                turn(&lab, &settings, &stop, lock).await
            }
            Ok(Asked::HeldBy(whom)) => {
                // Said once for each holder: this is looked at every two seconds.
                if said != whom {
                    tracing::info!(held_by = whom, "waiting: {whom} has this host");
                    said = whom;
                }
                Turn::Nothing
            }
            Err(error) => {
                let text = format!(
                    "{error}: {}",
                    std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default()
                );
                if said != text {
                    tracing::error!(error = text, "{text}");
                    said = text;
                }
                Turn::Nothing
            }
        };
        let pause = match turn {
            Turn::Ran => continue,
            Turn::Nothing => LOOK_EVERY,
            Turn::Trouble => AFTER_TROUBLE,
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(pause) => {}
            () = wake.of_queue() => {}
        }
        match lab.db().worker_seen(settings.id, lab.now_us()).await {
            Ok(true) => {}
            // Never written down, or forgotten in the course of a long run.
            Ok(false) => introduce(&lab, &settings).await,
            Err(error) => tracing::debug!(%error, "that the worker lives is not written down"),
        }
    }
    if let Err(error) = lab.db().forget_worker(settings.id).await {
        tracing::debug!(%error, "the worker's row stays");
    }
}

/// Writes down who works, and forgets who was killed. A worker that cannot be written down works all the same.
async fn introduce(lab: &Lab, settings: &WorkerSettings) {
    let now_us = lab.now_us();
    let worker =
        NewWorker { id: settings.id, host: settings.host.clone(), class: settings.class.clone(), started_us: now_us };
    if let Err(error) = lab.db().put_worker(&worker).await {
        tracing::warn!(%error, "the worker could not be written down");
    }
    if let Err(error) = lab.db().forget_silent_workers(now_us - FORGOTTEN_AFTER_US).await {
        tracing::debug!(%error, "workers that vanished stay written down");
    }
}

enum Turn {
    Ran,
    Nothing,
    Trouble,
}

/// One look at the queue, and one run if there is one.
async fn turn(lab: &Lab, settings: &WorkerSettings, stop: &CancellationToken, _lock: HostLock) -> Turn {
    // First: the run of an earlier process may have its environment until its end is told.
    if let Err(error) = spool::deliver(lab, &settings.spool).await {
        tracing::warn!(%error, "what an earlier process had put aside cannot be kept yet");
        return Turn::Trouble;
    }
    let claim = uuid::Uuid::now_v7().to_string();
    let claimed = match lab.db().claim(settings.id, &claim, lab.now_us()).await {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return Turn::Nothing,
        Err(error) => {
            // The claim may have been made although its answer was lost; asking again with the same id gives the same run.
            tracing::warn!(%error, "the queue does not answer, asking again");
            sleep(AFTER_TROUBLE).await;
            match lab.db().claim(settings.id, &claim, lab.now_us()).await {
                Ok(Some(claimed)) => claimed,
                Ok(None) => return Turn::Nothing,
                Err(_) => return Turn::Trouble,
            }
        }
    };
    let run = claimed.run.row.id;
    tracing::info!(run.id = %run, attempt = claimed.attempt, "run {run}: attempt {} begins", claimed.attempt);
    carry_out(lab, claimed, settings, stop).await;
    Turn::Ran
}

async fn carry_out(lab: &Lab, claimed: Claimed, settings: &WorkerSettings, stop: &CancellationToken) {
    let Claimed { run, attempt } = claimed;
    let id = run.row.id;
    let spool = Arc::new(Spool::new(&settings.spool, id, attempt));
    let host =
        Host { own_ports: &settings.own_ports, commands: settings.commands.as_deref(), allowance: settings.allowance };
    let driven = match job(lab, &run, stop).await {
        Ok(job) => {
            let against = against(lab, &run, stop).await;
            let mut sink = StoreSink::new(lab.clone(), id, attempt, Some(Arc::clone(&spool)));
            let (order, local) = watch::channel(None);
            let lab_clock = lab.clone();
            let driving = drive(&job, &run.row.revision, against, &mut sink, local, host, move || lab_clock.now_us());
            tokio::pin!(driving);
            let mut told = false;
            loop {
                tokio::select! {
                    driven = &mut driving => break Ok(driven),
                    () = stop.cancelled(), if !told => {
                        told = true;
                        tracing::info!(run.id = %id, "run {id}: the worker is told to end, the run ends within {} s or is aborted", settings.drain.as_secs());
                        // A run that has just ended takes no orders, which is as good.
                        let _ = order.send(Some(drive::Asked::Ending { drain: settings.drain }));
                    }
                }
            }
        }
        Err(end) => Err(end),
    };
    match driven {
        Ok(Driven { ours: false, .. }) => {
            tracing::warn!(run.id = %id, attempt, "run {id}: attempt {attempt} lost its run, nothing more is kept of it");
        }
        Ok(Driven { is_aside: true, .. }) => {
            tracing::warn!(run.id = %id, attempt, "run {id}: its last seconds and its end wait on disk for whoever works here next");
        }
        Ok(driven) => finish(lab, (id, attempt), Worth::Judged(Box::new(driven)), Some(&spool), stop).await,
        Err(end) => finish(lab, (id, attempt), Worth::Nothing(end), Some(&spool), stop).await,
    }
    // Before the next run: merging takes CPU, which would be missing there. What an end of this process cuts off is done
    // after the next start.
    tokio::select! {
        () = stop.cancelled() => {}
        merged = lab.merge_seconds(id, attempt, PointLimits::default()) => match merged {
            Ok(Some(width)) => tracing::info!(run.id = %id, "run {id}: its seconds were merged to points of {width} s"),
            Ok(None) => {}
            Err(problem) => tracing::warn!(run.id = %id, %problem, "run {id}: its seconds could not be merged"),
        },
    }
    tokio::select! {
        () = stop.cancelled() => {}
        followed = lab.follow_run(id) => if let Err(problem) = followed {
            tracing::debug!(run.id = %id, %problem, "run {id}: the keeper looks at its history");
        },
    }
}

/// What a run is compared with at its end, asked for as long as the run would be allowed to go on without the database.
/// Without an answer it is judged by its rules alone.
async fn against(lab: &Lab, run: &Run, stop: &CancellationToken) -> Option<Against> {
    let until = Instant::now() + Patience::default().unreachable;
    loop {
        match lab.against(run).await {
            Ok(against) => return against,
            Err(problem) if problem.kind == ProblemKind::Busy && Instant::now() < until && !stop.is_cancelled() => {
                tracing::warn!(run.id = %run.row.id, %problem, "run {}: its baseline cannot be read yet, asking again", run.row.id);
                sleep(AFTER_TROUBLE).await;
            }
            Err(problem) => {
                tracing::warn!(run.id = %run.row.id, %problem, "run {}: its baseline cannot be read, its rules judge it alone", run.row.id);
                return None;
            }
        }
    }
}

/// The job of a run: its plan and the rows of its feeds.
async fn job(lab: &Lab, run: &Run, stop: &CancellationToken) -> Result<Job, RunEnd> {
    let fail = |code: &str, message: String| RunEnd { state: RunState::Failed, code: code.to_owned(), message };
    let mut feeds = BTreeMap::new();
    if !run.plan.feeds.is_empty() {
        let version = suite_version(lab, run, stop)
            .await
            .map_err(|error| fail("store", format!("The suite's files could not be read: {error}")))?
            .ok_or_else(|| fail("store", "The suite version of this run is gone from the store.".to_owned()))?;
        for feed in &run.plan.feeds {
            let Some(text) = version.files.get(&feed.file) else {
                return Err(fail(
                    "feed.missing",
                    format!("The file `{}` of feed `{}` is not in the store.", feed.file, feed.name),
                ));
            };
            feeds.insert(feed.name.clone(), text.clone());
        }
    }
    Ok(Job { plan: run.plan.clone(), feeds })
}

/// The suite's text and files, asked for as long as the run would be allowed to go on without the database.
async fn suite_version(
    lab: &Lab,
    run: &Run,
    stop: &CancellationToken,
) -> Result<Option<perflab_store::StoredSuite>, StoreError> {
    let until = Instant::now() + Patience::default().unreachable;
    loop {
        match lab.db().suite_version(run.suite_version_id).await {
            Err(error) if error.is_transient() && Instant::now() < until && !stop.is_cancelled() => {
                tracing::warn!(run.id = %run.row.id, %error, "run {}: its suite's files cannot be read yet, asking again", run.row.id);
                sleep(AFTER_TROUBLE).await;
            }
            answer => return answer,
        }
    }
}
