//! Listens to a runner until it has ended, and sees to it that it does.
//!
//! In:  a [`Runner`] under way, a [`Sink`], orders of this process. Out: [`Driven`].
//! Promise: nothing that the sink does or fails to do keeps orders, signs of life or deadlines from the runner. What was
//! said is offered to the sink until it is kept, also after the runner has ended; only then is the end told.

use std::{pin::Pin, time::Duration};

use perflab_lab::judge::{Conclusion, Live};
use perflab_model::{
    event::EventKind,
    order::RateChange,
    plan::Plan,
    run::RunEnd,
    runner::{Done, LogLevel, LogLine, Order, RateObeyed, Report, Started},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, interval, sleep_until},
};

use super::{
    child::{Allowance, Heard, Runner},
    courier::{Word, carry},
    drive::{Asked, Driven},
    ending::{Known, Why, how_it_ended},
    outbox::Outbox,
    sink::{Sink, SinkError},
    spool::Spool,
};

/// How often the runner hears that we live; it stops by itself after 25 s of silence.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How often orders are fetched, while no second is told and kept.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// From its start until the runner says that it begins: names are looked up (15 s at most), and users log in, of whom
/// there may be many.
const PREPARATION: Duration = Duration::from_secs(10 * 60);
/// After a Stop the runner has this long beyond the graceful stop, to cut off what is still open.
const STOP_PATIENCE: Duration = Duration::from_secs(4);
/// After an Abort the runner has this long, then it is ended: with the 10 s that a signal leaves it, an aborted run is
/// over within 15 s whatever its runner does.
const ABORT_PATIENCE: Duration = Duration::from_secs(2);
/// After its last word, or a closed pipe, the runner has this long to exit.
const EXIT_PATIENCE: Duration = Duration::from_secs(5);
/// Garbled lines that are told one by one.
const MAX_GARBLED: u32 = 5;

/// How long the sink may be away, and a runner beyond its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// One answer of it.
    pub(super) answer: Duration,
    /// A run whose lease cannot be renewed for so long must stop: load that cannot be recalled must not go on.
    pub(super) unreachable: Duration,
    /// What was measured is offered to it for so long after the load has ended.
    pub(super) keep_trying: Duration,
    /// The same when this process is about to end, unless it waits on disk already.
    pub(super) keep_trying_at_the_end: Duration,
    /// Beyond duration and graceful stop the runner has this long, then it is ended.
    pub(super) overtime: Duration,
}

impl Patience {
    pub(super) fn of(allowance: Allowance) -> Self {
        Self { overtime: allowance.overtime, ..Self::default() }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // Two answers that do not come still fit into a lease.
            answer: Duration::from_secs(10),
            unreachable: Duration::from_secs(25),
            keep_trying: Duration::from_secs(24 * 3600),
            keep_trying_at_the_end: Duration::from_secs(10),
            overtime: Allowance::default().overtime,
        }
    }
}

/// A run that is listened to.
pub(super) struct Following<'a> {
    plan: &'a Plan,
    patience: Patience,
    live: Live,
    started: Option<Started>,
    done: Option<Done>,
    why: Option<Why>,
    /// Changes of the rate that people ordered, as far as the runner was told.
    changes: Vec<RateChange>,
    /// When the runner is ended, whatever it does.
    deadline: Instant,
    /// When the load ends by its plan, once it has begun.
    planned_end: Option<Instant>,
    /// When the run is aborted if it has not ended by itself: this process is about to end.
    drained: Option<Instant>,
    garbled: u32,
}

/// The courier under way.
struct Errand<'a> {
    carrying: Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send + 'a>>,
    is_over: bool,
}

impl<'a> Errand<'a> {
    fn new(carrying: impl Future<Output = Result<(), SinkError>> + Send + 'a) -> Self {
        Self { carrying: Box::pin(carrying), is_over: false }
    }

    /// Goes on carrying; comes back once, at its end.
    async fn over(&mut self) -> Result<(), SinkError> {
        if self.is_over {
            return std::future::pending().await;
        }
        let end = self.carrying.as_mut().await;
        self.is_over = true;
        end
    }
}

impl<'a> Following<'a> {
    pub(super) fn new(plan: &'a Plan, live: Live, patience: Patience) -> Self {
        Self {
            plan,
            patience,
            live,
            started: None,
            done: None,
            why: None,
            changes: Vec::new(),
            deadline: Instant::now() + PREPARATION,
            planned_end: None,
            drained: None,
            garbled: 0,
        }
    }

    /// Listens to the end, and keeps what was said.
    pub(super) async fn follow<R: Runner, S: Sink>(
        mut self,
        mut runner: R,
        sink: &mut S,
        local: &mut watch::Receiver<Option<Asked>>,
        now_us: &(impl Fn() -> i64 + Send + Sync),
    ) -> Driven {
        let (outbox, hurry, spool) = (Outbox::default(), Notify::new(), sink.spool());
        let (words, mut word) = watch::channel(Word::new());
        let mut errand = Errand::new(carry(sink, &outbox, &words, &hurry, (WRITE_EVERY, self.patience.answer)));
        self.listen(&mut runner, &mut errand, &mut word, local, (&outbox, &hurry), now_us).await;
        let ending = runner.end(EXIT_PATIENCE.min(self.deadline.saturating_duration_since(Instant::now())));
        tokio::pin!(ending);
        let (exit, log) = loop {
            tokio::select! {
                ended = &mut ending => break ended,
                // Ending a runner that does not hear takes longer than a lease may be silent.
                end = errand.over() => self.errand_ended(end),
            }
        };
        if !log.trim().is_empty() {
            tracing::debug!(run.id = %self.plan.run, log, "run {}: the runner's own log", self.plan.run);
        }
        outbox.close();
        hurry.notify_one();
        let is_aside = self.drain(&mut errand, local, (&outbox, spool.as_deref()), &exit).await;
        let end = self.end(&exit);
        let ours = self.why != Some(Why::Stale);
        let mut driven = Driven::new(end, ours, self.live, self.started, self.done);
        driven.is_aside = ours && is_aside;
        driven
    }

    /// Listens until the runner has said its last word, is gone, or has had its time.
    async fn listen<R: Runner>(
        &mut self,
        runner: &mut R,
        errand: &mut Errand<'_>,
        word: &mut watch::Receiver<Word>,
        local: &mut watch::Receiver<Option<Asked>>,
        (outbox, hurry): (&Outbox, &Notify),
        now_us: &(impl Fn() -> i64 + Send + Sync),
    ) {
        let mut alive = interval(ALIVE_EVERY);
        let mut local_open = true;
        loop {
            let unreachable = word.borrow().reached + self.patience.unreachable;
            tokio::select! {
                heard = runner.hear() => {
                    let Some(heard) = heard else { return };
                    if self.hear(heard, outbox, now_us()) {
                        hurry.notify_one();
                    }
                    if let Some(rule) = self.live.stop_rule() {
                        self.stop(runner, Why::Rule(rule));
                    }
                    if outbox.is_full() && !self.is_aborting() {
                        tracing::error!(run.id = %self.plan.run, "run {}: the store is too slow for what is measured, the load is stopped", self.plan.run);
                        self.stop(runner, Why::Unreachable);
                    }
                    if self.done.is_some() {
                        return;
                    }
                }
                end = errand.over() => {
                    runner.order(Order::Abort);
                    self.errand_ended(end);
                    self.deadline = self.deadline.min(Instant::now() + ABORT_PATIENCE);
                }
                // The sender lives as long as the errand.
                Ok(()) = word.changed() => {
                    let orders = word.borrow_and_update().orders.clone();
                    if let Some(why) = Why::of(&orders) {
                        self.stop(runner, why);
                    }
                    self.pass_on(runner, &orders.rates);
                }
                () = sleep_until(unreachable), if !self.is_aborting() => {
                    tracing::error!(run.id = %self.plan.run, "run {}: the store has been out of reach for {} s, the load is stopped", self.plan.run, self.patience.unreachable.as_secs());
                    self.stop(runner, Why::Unreachable);
                }
                _ = alive.tick() => runner.order(Order::Alive),
                changed = local.changed(), if local_open => match changed {
                    Ok(()) => {
                        let asked = *local.borrow_and_update();
                        match asked {
                            Some(Asked::Person(cancel)) => self.stop(runner, Why::Person(cancel)),
                            Some(Asked::Ending { drain }) => self.end_within(drain, runner),
                            None => {}
                        }
                    }
                    Err(_) => local_open = false,
                },
                () = sleep_until(self.drained.unwrap_or(self.deadline)), if self.drained.is_some() => {
                    self.drained = None;
                    self.stop(runner, Why::Ending);
                }
                () = sleep_until(self.deadline) => {
                    self.why.get_or_insert(Why::Overtime);
                    return;
                }
            }
        }
    }

    /// Waits until everything is kept, as long as that makes sense. `true` when this process cannot keep it, and it waits on
    /// disk for the next.
    async fn drain(
        &mut self,
        errand: &mut Errand<'_>,
        local: &mut watch::Receiver<Option<Asked>>,
        (outbox, spool): (&Outbox, Option<&Spool>),
        exit: &str,
    ) -> bool {
        let mut until = Instant::now() + self.patience.keep_trying;
        let (mut local_open, mut is_ending, mut has_no_disk) = (true, false, spool.is_none());
        while !errand.is_over {
            if !is_ending && matches!(*local.borrow_and_update(), Some(Asked::Ending { .. })) {
                is_ending = true;
                until = until.min(Instant::now() + self.patience.keep_trying_at_the_end);
            }
            // The store is known to be away, and others will tell it.
            let at = if is_ending && !has_no_disk && outbox.is_aside() { Instant::now() } else { until };
            tokio::select! {
                end = errand.over() => self.errand_ended(end),
                changed = local.changed(), if local_open => local_open = changed.is_ok(),
                // This process may be killed while it waits, so the end is put aside as well.
                () = outbox.more_is_aside() => {
                    if let Some(spool) = spool.filter(|_| outbox.is_aside()) {
                        has_no_disk = !self.put_aside(spool, outbox, exit);
                    }
                }
                () = sleep_until(at) => {
                    if spool.is_some_and(|spool| self.put_aside(spool, outbox, exit)) {
                        return true;
                    }
                    has_no_disk = true;
                    if Instant::now() < until {
                        continue;
                    }
                    tracing::error!(run.id = %self.plan.run, "run {}: the last seconds could not be kept and are given up", self.plan.run);
                    return false;
                }
            }
        }
        false
    }

    /// Writes down all that is left to be told.
    fn put_aside(&self, spool: &Spool, outbox: &Outbox, exit: &str) -> bool {
        let (end, done, started) = (self.end(exit), self.done.clone(), self.started.clone());
        let outcome = self.live.conclude(&Conclusion { end: end.clone(), done, started });
        spool.put_aside(outbox) && spool.end(&end, Some(&outcome))
    }

    /// How the run has ended, as far as it is known.
    fn end(&self, exit: &str) -> RunEnd {
        how_it_ended(&Known {
            why: self.why.as_ref(),
            last: self.done.as_ref().map(|done| &done.ending),
            begun: self.started.is_some(),
            exit,
        })
    }

    /// Takes in a line; `true` when it was a second.
    fn hear(&mut self, heard: Heard, outbox: &Outbox, now_us: i64) -> bool {
        match heard {
            Heard::Report(report) => match *report {
                // One runner alone waits for nobody.
                Report::Ready => {}
                Report::Started(started) => {
                    if self.why.is_none() {
                        let load = self.plan.load.duration();
                        let planned = load.plus(self.plan.graceful_stop).duration();
                        self.deadline = Instant::now() + planned + self.patience.overtime;
                        self.planned_end = Some(Instant::now() + load.duration());
                    }
                    self.live.started(&started);
                    self.started = Some(started.clone());
                    outbox.started(started);
                }
                Report::Tick(tick) => {
                    self.live.tick(&tick);
                    outbox.second(*tick, self.live.progress(), self.live.headline());
                    return true;
                }
                Report::Log(line) => outbox.line(line.at_us, EventKind::Log(line)),
                Report::Example(example) => {
                    self.live.example(&example);
                    outbox.line(now_us, EventKind::Example(example));
                }
                // Told with the next second.
                Report::CaseProgress(progress) => self.live.case_progress(*progress),
                Report::Case(measured) => {
                    self.live.case(&measured);
                    outbox.record(now_us, EventKind::Case(measured));
                }
                Report::Adjusted(obeyed) => self.obeyed(obeyed, outbox, now_us),
                Report::Done(done) => self.done = Some(done),
            },
            Heard::Garbled(line) => {
                self.garbled += 1;
                if self.garbled <= MAX_GARBLED {
                    let message = format!("The runner said something that is not understood: {line}");
                    let told = LogLine { at_us: now_us, level: LogLevel::Error, message };
                    outbox.line(now_us, EventKind::Log(told));
                }
            }
        }
        false
    }

    /// Tells the runner each change of its rate once, by the numbers of the orders.
    fn pass_on(&mut self, runner: &impl Runner, rates: &[RateChange]) {
        let newest = self.changes.last().map_or(0, |change| change.number);
        for change in rates.iter().filter(|change| change.number > newest) {
            // A run that is to end takes no more load on.
            if self.why.is_none() {
                runner.order(Order::Adjust { number: change.number, by: change.by });
            }
            self.changes.push(change.clone());
        }
    }

    /// A change has taken effect: from here on the run has another plan.
    fn obeyed(&mut self, obeyed: RateObeyed, outbox: &Outbox, now_us: i64) {
        let Some(change) = self.changes.iter_mut().find(|change| change.number == obeyed.number) else {
            tracing::warn!(run.id = %self.plan.run, number = obeyed.number, "run {}: its runner obeyed an order that nobody gave", self.plan.run);
            return;
        };
        change.from_second = Some(obeyed.from_second);
        self.live.adjusted(change);
        outbox.record(now_us, EventKind::Rate(change.clone()));
    }

    fn is_aborting(&self) -> bool {
        self.why.as_ref().is_some_and(Why::is_abort)
    }

    /// The courier carries no more: all is kept, or nothing will be.
    fn errand_ended(&mut self, end: Result<(), SinkError>) {
        match end {
            Ok(()) | Err(SinkError::Unreachable(_)) => {}
            Err(SinkError::Stale) => self.why = Some(Why::Stale),
            Err(SinkError::Refused(why)) => self.why = Some(Why::Refused(why)),
        }
    }

    /// This process is about to end: a run that is over by its plan within that time is carried out, and cut off where it is
    /// not over by then; any other is aborted.
    fn end_within(&mut self, drain: Duration, runner: &impl Runner) {
        let until = Instant::now() + drain;
        if self.planned_end.is_some_and(|end| end <= until) {
            self.drained = Some(until);
        } else {
            self.stop(runner, Why::Ending);
        }
    }

    /// Tells the runner to stop, once for each reason that is stronger than the one before.
    fn stop(&mut self, runner: &impl Runner, why: Why) {
        if self.why.is_some() && (!why.is_abort() || self.is_aborting()) {
            return;
        }
        let patience = if why.is_abort() {
            runner.order(Order::Abort);
            ABORT_PATIENCE
        } else {
            runner.order(Order::Stop);
            self.plan.graceful_stop.duration() + STOP_PATIENCE
        };
        self.deadline = self.deadline.min(Instant::now() + patience);
        self.why = Some(why);
    }
}

#[cfg(test)]
mod tests;
