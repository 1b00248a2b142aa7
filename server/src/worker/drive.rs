//! One run from its job to its end: starts the runner, keeps what it says, passes on what people ask, judges at the end.
//!
//! In:  a [`Job`], a [`Sink`] that keeps what is said, and orders of a person at the terminal.
//! Out: how the run ended and what it was worth.
//! The same function serves the worker (sink: the store) and `perflab run FILE` (sink: the terminal), so both measure,
//! stop and judge alike.

use std::time::Duration;

use async_trait::async_trait;
use perflab_lab::judge::{Conclusion, Live, Outcome};
use perflab_model::{
    event::EventKind,
    run::{Cancel, Headline, Revision, RunEnd, RunState},
    runner::{Done, Ending, Job, LogLevel, LogLine, Order, Report, Started},
    summary::Progress,
    tick::Tick,
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::child::{Child, Heard};

/// How often what was said is kept, and orders are fetched.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// How often the runner hears that we live; it stops by itself after 25 s of silence.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// A run whose lease cannot be renewed for so long must stop: load that cannot be recalled must not go on.
const UNREACHABLE_AFTER: Duration = Duration::from_secs(25);
/// Beyond duration and graceful stop the runner has this long, then it is ended.
const SLACK: Duration = Duration::from_secs(60);
/// After an Abort the runner has this long, then it is ended: with the 10 s that a signal leaves it, an aborted run is
/// over within 15 s whatever its runner does.
const ABORT_PATIENCE: Duration = Duration::from_secs(3);
/// After its last word, or a closed pipe, the runner has this long to exit.
const EXIT_PATIENCE: Duration = Duration::from_secs(5);
/// Garbled lines that are told one by one.
const MAX_GARBLED: u32 = 5;

/// What is to be kept at once.
#[derive(Debug, Default)]
pub struct Chunk {
    /// What happened, with its time in microseconds since the epoch.
    pub events: Vec<(i64, EventKind)>,
    /// Seconds with their histograms.
    pub ticks: Vec<Tick>,
    /// How things stand.
    pub progress: Option<Progress>,
    /// The same for the list of runs.
    pub headline: Option<Headline>,
}

impl Chunk {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.ticks.is_empty()
    }
}

/// Why something could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The run has passed to another attempt, or is over: stop at once, keep nothing.
    #[error("the run is no longer ours")]
    Stale,
    /// Not now.
    #[error("the store does not answer: {0}")]
    Unreachable(String),
}

/// Keeps what a runner says.
#[async_trait]
pub trait Sink: Send {
    /// The runner has begun.
    async fn started(&mut self, started: &Started) -> Result<(), SinkError>;
    /// Keeps a chunk (perhaps an empty one), renews the lease, and gives what a person has asked for.
    async fn write(&mut self, chunk: &Chunk) -> Result<Option<Cancel>, SinkError>;
    /// Load has ended; results come next.
    async fn finishing(&mut self) -> Result<(), SinkError>;
}

/// What is asked of a run from this process, besides what the sink brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A person at the terminal wants it to end.
    Person(Cancel),
    /// This process is about to end, so the run must.
    Ending,
}

/// How a run ended.
#[derive(Debug)]
pub struct Driven {
    /// Its end.
    pub end: RunEnd,
    /// What it was worth.
    pub outcome: Outcome,
    /// Whether the run is still ours, so that the end may be written.
    pub ours: bool,
}

/// Carries out a job. `own_ports` are the lab's own on this machine.
pub async fn drive<S: Sink>(
    job: &Job,
    revision: &Revision,
    sink: &mut S,
    mut local: watch::Receiver<Option<Asked>>,
    own_ports: &[u16],
    now_us: impl Fn() -> i64 + Send + Sync,
) -> Driven {
    let mut drive = Drive::new(job, revision);
    let end = match Child::start(job, own_ports) {
        Ok(child) => drive.follow(child, sink, &mut local, &now_us).await,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            RunEnd { state: RunState::Failed, code: "runner".to_owned(), message: format!("{error}{cause}") }
        }
    };
    drive.conclude(end)
}

/// Why the runner was told to stop.
#[derive(Clone, Debug, PartialEq)]
enum Why {
    Person(Cancel),
    Rule(String),
    Unreachable,
    Ending,
    Overtime,
    Stale,
}

struct Drive<'a> {
    job: &'a Job,
    live: Live,
    chunk: Chunk,
    started: Option<Started>,
    done: Option<Done>,
    why: Option<Why>,
    garbled: u32,
}

impl<'a> Drive<'a> {
    fn new(job: &'a Job, revision: &Revision) -> Self {
        Self {
            job,
            live: Live::new(&job.plan, revision.clone()),
            chunk: Chunk::default(),
            started: None,
            done: None,
            why: None,
            garbled: 0,
        }
    }

    /// Listens until the runner has ended; gives how the run ended.
    async fn follow<S: Sink>(
        &mut self,
        mut child: Child,
        sink: &mut S,
        local: &mut watch::Receiver<Option<Asked>>,
        now_us: &(impl Fn() -> i64 + Send + Sync),
    ) -> RunEnd {
        let plan = &self.job.plan;
        let planned = plan.load.duration().plus(plan.graceful_stop).duration();
        let mut deadline = Instant::now() + planned + SLACK;
        let mut write = interval(WRITE_EVERY);
        write.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut alive = interval(ALIVE_EVERY);
        let mut reached = Instant::now();
        let mut local_open = true;
        loop {
            tokio::select! {
                heard = child.hear() => match heard {
                    Some(heard) => {
                        let first = self.hear(heard, now_us());
                        if let Some(started) = first
                            && let Err(SinkError::Stale) = sink.started(&started).await
                        {
                            self.stop(&child, Why::Stale, &mut deadline);
                        }
                        if let Some(rule) = self.live.stop_rule() {
                            self.stop(&child, Why::Rule(rule), &mut deadline);
                        }
                        if self.done.is_some() {
                            break;
                        }
                    }
                    None => break,
                },
                _ = write.tick() => match self.flush(sink).await {
                    Ok(order) => {
                        reached = Instant::now();
                        if let Some(cancel) = order {
                            self.stop(&child, Why::Person(cancel), &mut deadline);
                        }
                    }
                    Err(SinkError::Stale) => self.stop(&child, Why::Stale, &mut deadline),
                    Err(SinkError::Unreachable(error)) => {
                        if reached.elapsed() >= UNREACHABLE_AFTER {
                            tracing::error!(run.id = %plan.run, error, "run {}: the store has been out of reach for {} s, the load is stopped", plan.run, UNREACHABLE_AFTER.as_secs());
                            self.stop(&child, Why::Unreachable, &mut deadline);
                        }
                    }
                },
                _ = alive.tick() => child.order(Order::Alive),
                changed = local.changed(), if local_open => match changed {
                    Ok(()) => {
                        let asked = *local.borrow_and_update();
                        match asked {
                            Some(Asked::Person(cancel)) => self.stop(&child, Why::Person(cancel), &mut deadline),
                            Some(Asked::Ending) => self.stop(&child, Why::Ending, &mut deadline),
                            None => {}
                        }
                    }
                    Err(_) => local_open = false,
                },
                () = tokio::time::sleep_until(deadline) => {
                    if self.why.is_none() {
                        self.why = Some(Why::Overtime);
                    }
                    break;
                }
            }
        }
        let patience = if Instant::now() < deadline { EXIT_PATIENCE } else { Duration::ZERO };
        let ending = child.end(patience);
        tokio::pin!(ending);
        let (exit, log) = loop {
            tokio::select! {
                ended = &mut ending => break ended,
                // Ending a runner that does not hear takes longer than a lease may be silent.
                _ = write.tick() => if let Err(SinkError::Stale) = self.flush(sink).await {
                    self.why = Some(Why::Stale);
                },
            }
        };
        if !log.trim().is_empty() {
            tracing::debug!(run.id = %plan.run, log, "run {}: the runner's own log", plan.run);
        }
        if self.why != Some(Why::Stale) {
            // The end is written with patience by the caller; here only what is left of the last second.
            let _ = sink.finishing().await;
            if let Err(error) = self.flush(sink).await {
                tracing::warn!(run.id = %plan.run, %error, "run {}: the last second is not kept yet", plan.run);
            }
        }
        self.end(&exit)
    }

    /// Takes in a line; gives what the runner found when it begins.
    fn hear(&mut self, heard: Heard, now_us: i64) -> Option<Started> {
        match heard {
            Heard::Report(report) => match *report {
                Report::Started(started) => {
                    self.live.started(&started);
                    self.started = Some(started.clone());
                    return Some(started);
                }
                Report::Tick(tick) => {
                    self.live.tick(&tick);
                    self.chunk.events.push((tick.point.at_us, EventKind::Tick(tick.point.clone())));
                    self.chunk.ticks.push(*tick);
                }
                Report::Log(line) => self.chunk.events.push((line.at_us, EventKind::Log(line))),
                Report::Example(example) => {
                    self.live.example(&example);
                    self.chunk.events.push((now_us, EventKind::Example(example)));
                }
                Report::Done(done) => self.done = Some(done),
            },
            Heard::Garbled(line) => {
                self.garbled += 1;
                if self.garbled <= MAX_GARBLED {
                    let message = format!("The runner said something that is not understood: {line}");
                    self.chunk
                        .events
                        .push((now_us, EventKind::Log(LogLine { at_us: now_us, level: LogLevel::Error, message })));
                }
            }
        }
        None
    }

    async fn flush<S: Sink>(&mut self, sink: &mut S) -> Result<Option<Cancel>, SinkError> {
        if !self.chunk.ticks.is_empty() {
            self.chunk.progress = Some(self.live.progress());
            self.chunk.headline = Some(self.live.headline());
        }
        let order = sink.write(&self.chunk).await?;
        // Only what was kept is forgotten: after an error the same chunk is tried again, and grows.
        self.chunk = Chunk::default();
        Ok(order)
    }

    /// Tells the runner to stop, once for each reason that is stronger than the one before.
    fn stop(&mut self, child: &Child, why: Why, deadline: &mut Instant) {
        let abort = matches!(why, Why::Person(Cancel::Abort) | Why::Unreachable | Why::Ending | Why::Stale);
        let aborting =
            matches!(self.why, Some(Why::Person(Cancel::Abort) | Why::Unreachable | Why::Ending | Why::Stale));
        if self.why.is_some() && (!abort || aborting) {
            return;
        }
        let patience = if abort {
            child.order(Order::Abort);
            ABORT_PATIENCE
        } else {
            child.order(Order::Stop);
            self.job.plan.graceful_stop.duration() + ABORT_PATIENCE
        };
        *deadline = (*deadline).min(Instant::now() + patience);
        self.why = Some(why);
    }

    /// How the run ended, from what was asked, what the runner said last, and its exit.
    fn end(&self, exit: &str) -> RunEnd {
        let end = |state, code: &str, message: String| RunEnd { state, code: code.to_owned(), message };
        match (&self.why, self.done.as_ref().map(|done| &done.ending)) {
            (Some(Why::Stale), _) => end(RunState::Lost, "lost", "The run passed to another attempt.".to_owned()),
            (Some(Why::Unreachable), _) => end(
                RunState::Failed,
                "unreachable",
                "The worker could not reach the database for 25 s and stopped the load; what was measured until then is kept.".to_owned(),
            ),
            (Some(Why::Ending), _) => end(
                RunState::Failed,
                "worker_stopped",
                "Its worker was shut down while the run was under way; what was measured until then is kept.".to_owned(),
            ),
            (Some(Why::Person(Cancel::Abort)), _) => {
                end(RunState::Cancelled, "aborted", "Aborted by a person.".to_owned())
            }
            (Some(Why::Person(Cancel::Stop)), _) => {
                end(RunState::Cancelled, "stopped", "Stopped by a person.".to_owned())
            }
            (_, Some(Ending::Failed { code, message })) => end(RunState::Failed, code, message.clone()),
            (Some(Why::Rule(rule)), _) => end(RunState::Finished, "rule", format!("Stopped by the rule `{rule}`.")),
            (_, Some(Ending::Completed)) => end(RunState::Finished, "completed", "Carried out as planned.".to_owned()),
            (_, Some(Ending::TargetAsked)) => end(
                RunState::Finished,
                "target_asked",
                "The target asked for the load to stop (503 with X-Perflab-Stop).".to_owned(),
            ),
            (Some(Why::Overtime), _) => end(
                RunState::Failed,
                "timeout",
                "The runner did not end in time and was ended; look at the run's log for what it waited for.".to_owned(),
            ),
            (_, Some(Ending::Stopped | Ending::Aborted | Ending::Orphaned)) => end(
                RunState::Failed,
                "runner",
                "The runner stopped without having been asked: it heard nothing from its worker for too long.".to_owned(),
            ),
            (None, None) => end(
                RunState::Failed,
                if exit.contains("SIGKILL") { "killed" } else { "runner" },
                format!("The runner ended without a last word ({exit}); what was measured until then is kept."),
            ),
        }
    }

    fn conclude(self, end: RunEnd) -> Driven {
        let ours = self.why != Some(Why::Stale);
        let outcome = self.live.conclude(&Conclusion { end: end.clone(), done: self.done, started: self.started });
        Driven { end, outcome, ours }
    }
}
