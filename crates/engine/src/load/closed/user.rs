//! A user of a closed run, in turns of at most half a second of waiting, because goose can end a user only between turns.
//!
//! A turn is one iteration (with its log-in before the first) or a slice of a pause. Pauses after failures are ours:
//! a user whose target refuses connections would otherwise ask again at once, thousands of times a second, and the run
//! would measure how fast this machine can be refused while taking all its CPU. People do not reload that fast either.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use rand::Rng;

use super::{quota::Ration, roster};
use crate::{
    flow::{Domain, Entry, IterationEnd, Login, Observed, Op, Performer, Place, Session, stream, think_time},
    http::H2Pool,
    load::{Crew, Model, panicked, weighted},
    record::{StartEvent, second_of},
    stop::Heed,
};

/// Longest wait of a turn.
const SLICE: Duration = Duration::from_millis(500);

/// The least pause after an iteration in which no connection came about, or after a log-in that the target could not
/// answer.
const BACK_OFF: Duration = Duration::from_secs(1);

/// A user of a closed run.
pub(crate) struct User {
    crew: Arc<Crew>,
    performer: Performer,
    session: Session,
    /// Its number among the users that are there at the same time: its row of `unique` feeds. Visitors that follow each
    /// other in one place have the same row, one after the other, so a long run needs no more rows than users.
    number: u64,
    /// How many users the run has at most: what `sequential` rows step by.
    peak: u64,
    iteration: u64,
    /// Iterations until the visitor leaves; never where nothing is said.
    left: Option<u32>,
    entered: bool,
    /// Does nothing any more: its log-in was refused, or it has no row.
    dead: bool,
    resume: Option<Instant>,
    counted: bool,
    /// What it may still start, where the run is a number of iterations.
    ration: Option<Ration>,
    /// Whether an iteration was counted as started and not yet as ended.
    under_way: bool,
}

impl User {
    /// Must be made inside the runtime.
    pub(crate) fn new(crew: Arc<Crew>, entry: roster::Entry, peak: u64) -> Self {
        let roster::Entry { number, class } = entry;
        let performer = crew.performer(Arc::new(H2Pool::default()), Model::Closed);
        // No plan has four billion classes.
        let key = u32::try_from(class).unwrap_or(u32::MAX);
        let session =
            Session::new(Arc::clone(&crew.program), class, stream(crew.program.seed, Domain::User, key, number));
        let mut user = Self {
            crew,
            performer,
            session,
            number,
            peak: peak.max(1),
            iteration: 0,
            left: None,
            entered: false,
            dead: false,
            resume: None,
            counted: true,
            ration: None,
            under_way: false,
        };
        user.performer.client.context.recorder.user_comes(class);
        user.draw_stay();
        user
    }

    /// The same user with a number of iterations to do.
    pub(crate) fn with_ration(mut self, ration: Ration) -> Self {
        self.ration = Some(ration);
        self
    }

    /// Whether another turn would do anything. Without a number of iterations there always is more.
    pub(crate) fn has_more_to_do(&mut self) -> bool {
        let Some(ration) = &mut self.ration else { return true };
        let over = self.dead || self.crew.stop.starts_over() || ration.is_used_up();
        if over {
            ration.through();
        }
        !over
    }

    /// What goose has it do at once: a turn, or, where goose counts iterations, turns until one more of them is done.
    pub(crate) async fn next(&mut self) -> Vec<Observed> {
        if self.ration.is_none() {
            return self.turn().await;
        }
        let (before, mut observed) = (self.iteration, Vec::new());
        while self.iteration == before && self.has_more_to_do() {
            observed.extend(self.turn().await);
        }
        // Whoever has done its last one is through now, and not only when it is asked again.
        if !self.has_more_to_do() && self.iteration == before {
            // goose asks again at once whoever is there without anything to do: such a turn waits for the end.
            observed.extend(self.turn().await);
        }
        observed
    }

    /// Its number among the users that are there at the same time.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Does one turn; gives back what goose has to be told.
    pub(crate) async fn turn(&mut self) -> Vec<Observed> {
        if AssertUnwindSafe(self.take_turn()).catch_unwind().await.is_err() {
            panicked(&mut self.performer);
            if std::mem::take(&mut self.under_way) {
                self.performer.end_iteration(IterationEnd::Broken, self.crew.context.clock.now());
            }
            self.resume = Some(Instant::now() + BACK_OFF);
        }
        self.performer.observed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Does what the class does when a user stops.
    pub(crate) async fn leave(&mut self) -> Vec<Observed> {
        let program = Arc::clone(&self.session.program);
        let flow = program.classes[self.session.class].on_stop;
        if let Some(flow) = flow.filter(|_| self.entered && !self.dead) {
            let group = program.groups.on_stop(self.session.class);
            let leaving = self.performer.run(&program, &mut self.session, Entry { flow, needs_login: false, group });
            if AssertUnwindSafe(leaving).catch_unwind().await.is_err() {
                panicked(&mut self.performer);
            }
        }
        self.uncount();
        self.performer.observed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    async fn take_turn(&mut self) {
        if self.crew.stop.starts_over() || self.dead {
            // Only goose can retire a user, and it asks us again at once: wait for it, but not busily.
            self.performer.client.watch.sleep_until(Instant::now() + SLICE, Heed::Cut).await;
            if self.crew.stop.is_cut() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            return;
        }
        if let Some(resume) = self.resume {
            let until = resume.min(Instant::now() + SLICE);
            let slept = self.performer.client.watch.sleep_until(until, Heed::Starts).await;
            if !slept || until < resume {
                return;
            }
            self.resume = None;
        }
        self.turn_rows();
        if self.dead {
            return;
        }
        if !self.entered {
            match self.enter().await {
                IterationEnd::Done => self.entered = true,
                IterationEnd::Broken | IterationEnd::Unsent => return self.die(),
                IterationEnd::Unreachable => return self.pause(BACK_OFF),
                IterationEnd::Stopped => return,
            }
        }
        let Some(end) = self.iterate().await else { return };
        let think = think_time(self.session.program.classes[self.session.class].think, &mut self.session.rng);
        match end {
            IterationEnd::Unreachable | IterationEnd::Unsent => self.pause(think.max(BACK_OFF)),
            IterationEnd::Done | IterationEnd::Broken if !think.is_zero() => self.pause(think),
            _ => {}
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.make_room().await;
            }
        }
    }

    /// Logs in and does the class's first flow.
    async fn enter(&mut self) -> IterationEnd {
        let program = Arc::clone(&self.session.program);
        let class = &program.classes[self.session.class];
        self.crew.shelf.lend(&mut self.session, self.number);
        // A first flow that logs in or registers is how this class arrives: logging in before it would do it twice.
        let arrives =
            class.on_start.is_some_and(|flow| program.flows[flow].iter().any(|step| matches!(step, Op::Auth { .. })));
        if let Some(auth) = class.auth
            && !arrives
        {
            self.performer.group = program.groups.log_in(self.session.class);
            match self.performer.log_in(&program, &mut self.session, auth, false).await {
                Login::Ready => {}
                Login::Refused => return IterationEnd::Broken,
                Login::Unavailable => return IterationEnd::Unreachable,
                Login::Stopped => return IterationEnd::Stopped,
            }
        }
        match class.on_start {
            // What else it brings or fails to bring shows in its own requests; the user goes on.
            Some(flow) => {
                let group = program.groups.on_start(self.session.class);
                match self.performer.run(&program, &mut self.session, Entry { flow, needs_login: false, group }).await {
                    IterationEnd::Broken | IterationEnd::Unsent if !arrives => IterationEnd::Done,
                    other => other,
                }
            }
            None => IterationEnd::Done,
        }
    }

    /// One iteration; nothing where none was left for this user.
    async fn iterate(&mut self) -> Option<IterationEnd> {
        let program = Arc::clone(&self.session.program);
        let flows = program.classes[self.session.class].flows.iter().copied();
        let Some(flow) = weighted(flows, &mut self.session.rng) else {
            self.die();
            return None;
        };
        let context = Arc::clone(&self.performer.client.context);
        let now = context.clock.now();
        if self.ration.as_mut().is_some_and(|ration| !ration.take(now)) {
            // Another user was faster.
            return None;
        }
        let second = second_of(now);
        self.under_way = true;
        let group = program.groups.flow(self.session.class, flow);
        self.performer.begin_iteration(group, now);
        context.recorder.starts.count(second, StartEvent::Planned);
        context.recorder.starts.count(second, StartEvent::Started);
        self.iteration += 1;
        // A token that all users share may have been renewed by another one.
        self.crew.shelf.lend(&mut self.session, self.number);
        let end = self.performer.run(&program, &mut self.session, Entry { flow, needs_login: false, group }).await;
        self.under_way = false;
        self.performer.end_iteration(end, context.clock.now());
        self.crew.shelf.take_back(&self.session, self.number);
        Some(end)
    }

    /// Rows of this iteration: users step through `sequential` feeds side by side, and keep their `unique` row.
    fn turn_rows(&mut self) {
        self.session.turn_rows(Place { persona: self.number, turn: self.number + self.iteration * self.peak });
        if let Some(feed) = self.session.exhausted_feed() {
            self.crew.shelf.tell_exhausted(feed);
            self.die();
        }
    }

    /// The visitor leaves, and a new one takes the place: other cookies, other connections, another log-in.
    async fn make_room(&mut self) {
        let program = Arc::clone(&self.session.program);
        if let Some(flow) = program.classes[self.session.class].on_stop {
            let group = program.groups.on_stop(self.session.class);
            self.performer.run(&program, &mut self.session, Entry { flow, needs_login: false, group }).await;
        }
        self.session.forget();
        self.performer.client.hang_up();
        self.entered = false;
        self.draw_stay();
    }

    fn draw_stay(&mut self) {
        let range = self.session.program.classes[self.session.class].iterations;
        self.left = range.map(|(from, to)| self.session.rng.random_range(from.max(1)..=to.max(from).max(1)));
    }

    fn pause(&mut self, time: Duration) {
        self.resume = Some(Instant::now() + time);
    }

    fn die(&mut self) {
        self.dead = true;
        self.uncount();
    }

    fn uncount(&mut self) {
        if std::mem::take(&mut self.counted) {
            self.performer.client.context.recorder.user_goes(self.session.class);
        }
    }
}
