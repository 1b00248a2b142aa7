//! Several runners as one: each part of a run has a runner of its own.
//!
//! In:  a [`Job`] whose load has parts, and later orders. Out: what one runner of the whole run would say.
//! All of them prepare first. Once every one is ready they are given one instant at which the run starts, from which each
//! counts its seconds. Seconds are merged (`stats::Beside`), orders go to all of them.
//! Promise: a part that cannot begin, fails, hangs or dies ends the whole run, as a single runner would; what the others have
//! measured until then is still heard.

use std::{
    collections::{BTreeMap, VecDeque},
    pin::Pin,
    time::Duration,
};

use futures::future::{join_all, select_all};
use perflab_model::{
    name::PartName,
    plan::Plan,
    runner::{Done, Ending, Job, LogLevel, LogLine, Order, Report},
};
use perflab_stats::Beside;
use tokio::time::{Instant, timeout_at};

use super::{
    child::{Child, ChildError, Heard, Runner},
    drive::Host,
};

/// From the word that all are ready to the start: time for it to reach every runner.
const HEAD_START: Duration = Duration::from_millis(300);
/// How many seconds a part may be behind another. One that hangs without dying would else hold back the seconds of all until
/// the run has had its time: nothing would be kept, and no rule could stop it.
const BEHIND: u32 = 15;
/// Once a part has failed, how long the others may take to say their last words.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// The runners of a run with parts.
pub(super) struct Several<R> {
    members: Vec<Member<R>>,
    beside: Beside,
    /// What is still to be told.
    heard: VecDeque<Heard>,
    has_gone: bool,
    has_started: bool,
    /// Whether the last word was said.
    is_over: bool,
    /// When nobody is waited for any more.
    until: Option<Instant>,
}

struct Member<R> {
    name: PartName,
    adjustable: bool,
    runner: R,
    is_ready: bool,
    /// The seconds that it has told of.
    told: u32,
    /// Says nothing more, or nobody listens to it any more.
    is_silent: bool,
    done: Option<Done>,
}

impl Several<Child> {
    /// Starts a runner for each part.
    ///
    /// # Errors
    /// When one cannot be started; those that were are ended.
    pub(super) fn start(job: &Job, host: Host<'_>) -> Result<Self, ChildError> {
        let mut runners = Vec::new();
        for plan in job.plan.of_parts() {
            let rows = |name: &String| plan.feeds.iter().any(|feed| feed.name == *name);
            let feeds: BTreeMap<String, String> = job
                .feeds
                .iter()
                .filter(|(name, _)| rows(name))
                .map(|(name, text)| (name.clone(), text.clone()))
                .collect();
            runners.push(Child::start(&Job { plan, feeds }, host)?);
        }
        Ok(Self::of(&job.plan, runners))
    }
}

impl<R: Runner> Several<R> {
    /// Runners that are there already, in the order of the plan's parts.
    fn of(plan: &Plan, runners: Vec<R>) -> Self {
        let member = |(part, runner): (&perflab_model::load::LoadPart, R)| Member {
            name: part.name.clone(),
            adjustable: !part.load.adjustable().is_empty(),
            runner,
            is_ready: false,
            told: 0,
            is_silent: false,
            done: None,
        };
        Self {
            members: plan.load.parts().iter().zip(runners).map(member).collect(),
            beside: Beside::new(plan),
            heard: VecDeque::new(),
            has_gone: false,
            has_started: false,
            is_over: false,
            until: None,
        }
    }

    /// The next thing that any of them says.
    async fn next(&mut self) -> (usize, Option<Heard>) {
        type Listening<'a> = Pin<Box<dyn Future<Output = (usize, Option<Heard>)> + Send + 'a>>;
        let all: Vec<Listening<'_>> = self
            .members
            .iter_mut()
            .enumerate()
            .filter(|(_, member)| !member.is_silent)
            .map(|(at, member)| Box::pin(async move { (at, member.runner.hear().await) }) as Listening<'_>)
            .collect();
        select_all(all).await.0
    }

    /// Takes in what a part says.
    fn take(&mut self, at: usize, heard: Option<Heard>) {
        let name = self.members[at].name.clone();
        match heard {
            None => {
                tracing::warn!("the runner of part {name} is gone without a last word, the others are ended");
                self.members[at].is_silent = true;
                self.beside.ended(at);
                self.end_the_others();
            }
            Some(Heard::Garbled(line)) => self.heard.push_back(Heard::Garbled(format!("part {name}: {line}"))),
            Some(Heard::Report(report)) => match *report {
                Report::Ready => {
                    self.members[at].is_ready = true;
                    self.go_if_all_are_ready();
                }
                Report::Started(started) => {
                    if !std::mem::replace(&mut self.has_started, true) {
                        self.tell(Report::Started(started));
                    }
                }
                Report::Tick(tick) => {
                    self.members[at].told = tick.point.end();
                    self.beside.add(at, *tick);
                    self.give_up_on_who_hangs();
                }
                Report::Log(mut line) => {
                    line.message = format!("Part {name}: {}", line.message);
                    self.tell(Report::Log(line));
                }
                Report::Done(done) => self.done(at, done),
                // Suites with cases have no parts.
                other @ (Report::Example(_) | Report::Adjusted(_) | Report::CaseProgress(_) | Report::Case(_)) => {
                    self.tell(other);
                }
            },
        }
        self.tell_seconds();
        self.tell_the_end();
    }

    fn tell(&mut self, report: Report) {
        self.heard.push_back(Heard::Report(Box::new(report)));
    }

    fn go_if_all_are_ready(&mut self) {
        if self.has_gone || !self.members.iter().all(|member| member.is_ready) {
            return;
        }
        self.has_gone = true;
        let head_start_us = i64::try_from(HEAD_START.as_micros()).unwrap_or(0);
        self.order(Order::Go { at_us: jiff::Timestamp::now().as_microsecond() + head_start_us });
    }

    /// A part has said its last word.
    fn done(&mut self, at: usize, done: Done) {
        let ending = done.ending.clone();
        self.members[at].is_silent = true;
        self.members[at].done = Some(done);
        self.beside.ended(at);
        match ending {
            // The others have heard the same, or go on.
            Ending::Completed | Ending::Stopped | Ending::Aborted => {}
            Ending::TargetAsked => self.order(Order::Stop),
            Ending::Orphaned | Ending::Failed { .. } => self.end_the_others(),
        }
    }

    /// A part that tells nothing while another goes on is taken for dead, which it says of itself only when it is ended.
    fn give_up_on_who_hangs(&mut self) {
        let furthest = self.members.iter().map(|member| member.told).max().unwrap_or(0);
        let hang = |member: &Member<R>| !member.is_silent && member.told + BEHIND < furthest;
        let hanging: Vec<usize> = (0..self.members.len()).filter(|at| hang(&self.members[*at])).collect();
        for at in hanging {
            let name = self.members[at].name.clone();
            let message =
                format!("Part {name} has told nothing for {BEHIND} s while others went on: the run is ended.");
            tracing::warn!("part {name} has told nothing for {BEHIND} s while others went on, all are ended");
            let at_us = jiff::Timestamp::now().as_microsecond();
            self.tell(Report::Log(LogLine { at_us, level: LogLevel::Error, message }));
            // It may hear all the same.
            self.members[at].runner.order(Order::Abort);
            self.members[at].is_silent = true;
            self.beside.ended(at);
            self.end_the_others();
        }
    }

    fn end_the_others(&mut self) {
        self.until.get_or_insert(Instant::now() + LAST_WORDS);
        self.order(Order::Abort);
    }

    fn tell_seconds(&mut self) {
        loop {
            match self.beside.next_second() {
                Ok(Some(tick)) => self.tell(Report::Tick(Box::new(tick))),
                Ok(None) => return,
                Err(error) => self.heard.push_back(Heard::Garbled(format!("a second cannot be merged: {error}"))),
            }
        }
    }

    /// The last word of all, once each has said its own.
    fn tell_the_end(&mut self) {
        let words: Option<Vec<(&PartName, &Done)>> =
            self.members.iter().map(|member| Some((&member.name, member.done.as_ref()?))).collect();
        let Some(words) = words.filter(|_| !self.is_over) else { return };
        let worst = words.iter().max_by_key(|(_, done)| weight(&done.ending)).map(|(name, done)| match &done.ending {
            Ending::Failed { code, message } => {
                Ending::Failed { code: code.clone(), message: format!("Part {name}: {message}") }
            }
            other => other.clone(),
        });
        let mismatches =
            words.iter().flat_map(|(name, done)| done.mismatches.iter().map(move |one| format!("{name}: {one}")));
        let last = Done {
            at_us: words.iter().map(|(_, done)| done.at_us).max().unwrap_or(0),
            ending: worst.unwrap_or(Ending::Completed),
            mismatches: mismatches.collect(),
        };
        self.is_over = true;
        self.tell(Report::Done(last));
    }
}

/// Which of several endings is that of the whole.
const fn weight(ending: &Ending) -> u8 {
    match ending {
        Ending::Completed => 0,
        Ending::Stopped => 1,
        Ending::Aborted => 2,
        Ending::TargetAsked => 3,
        Ending::Orphaned => 4,
        Ending::Failed { .. } => 5,
    }
}

impl<R: Runner> Runner for Several<R> {
    /// A changed rate is that of the part which may be adjusted; everything else is for all.
    fn order(&self, order: Order) {
        let of_rate = matches!(order, Order::Adjust { .. });
        for member in self.members.iter().filter(|member| !member.is_silent && (!of_rate || member.adjustable)) {
            member.runner.order(order);
        }
    }

    async fn hear(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Some(heard);
            }
            if self.members.iter().all(|member| member.is_silent) {
                return None;
            }
            let (at, heard) = match self.until {
                Some(until) => timeout_at(until, self.next()).await.ok()?,
                None => self.next().await,
            };
            self.take(at, heard);
        }
    }

    /// Of those that died the first says how; where none did, they all went alike.
    async fn end(self, patience: Duration) -> (String, String) {
        let ending = self.members.into_iter().map(|member| async move {
            let died = member.done.is_none();
            let (exit, log) = member.runner.end(patience).await;
            (member.name, died, exit, log)
        });
        let ended = join_all(ending).await;
        let exit = match ended.iter().find(|(_, died, ..)| *died) {
            Some((name, _, exit, _)) => format!("part {name}: {exit}"),
            None => ended.first().map(|(_, _, exit, _)| exit.clone()).unwrap_or_default(),
        };
        let logs = ended.into_iter().filter(|(.., log)| !log.trim().is_empty());
        (exit, logs.map(|(name, _, _, log)| format!("part {name}:\n{log}")).collect())
    }
}

#[cfg(test)]
mod tests;
