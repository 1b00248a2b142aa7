//! Closed runs: goose starts and retires users, each of which runs our flows with our client and our recorder.
//!
//! In:  user stages, or a number of iterations, and a program. Out: samples, to the recorder, and goose's own totals to
//! compare them with. Iterations that users share are done without goose, which has no such thing.
//!
//! goose keeps one cancel flag for the whole process: one attack a process. A start clears a flag that was set just
//! before it, so the flag is set again and again until goose has ended.

mod quota;
mod roster;
mod shape;
mod shared;
mod user;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use goose::{
    GooseScheduler,
    client::GooseClientBuilder,
    config::GooseConfiguration,
    prelude::{
        GooseAttack, GooseCoordinatedOmissionMitigation, GooseDefault, GooseDefaultType as _, GooseError, GooseMetrics,
        GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult,
    },
};
use perflab_model::{
    load::{Iterations, Share, UserStage},
    runner::Ending,
};
use tokio::sync::Mutex;

use self::{
    quota::Quota,
    roster::Roster,
    shape::{Shape, at_once, shape},
    user::User,
};
use super::Crew;
use crate::{
    flow::Observed,
    record::{Recorder, StartEvent, Ticker, Total, second_of},
};

/// How often goose is told to end until it does.
const KILL_EVERY: Duration = Duration::from_millis(250);

/// The one method that goose knows; ours are part of the names.
const METHOD: &str = "GET";

/// What a closed run adds to what every run has.
pub(crate) struct ClosedPlan {
    pub(crate) stages: Vec<UserStage>,
    /// How much the users do, where the run ends with that.
    pub(crate) iterations: Option<Iterations>,
    /// The end of the last stage.
    pub(crate) end: Duration,
    pub(crate) peak: u32,
}

/// Why goose could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClosedError {
    /// goose's cancel flag belongs to the process.
    #[error("this process has carried out a closed run already; each needs a process of its own")]
    SecondAttack,
    /// goose refused its configuration or broke off.
    #[error("goose could not carry out the run")]
    Goose(#[from] Box<GooseError>),
}

/// A user as goose clones and carries it.
#[derive(Clone)]
struct Seat(Arc<Mutex<User>>);

/// Requests by name as goose counted them.
pub(crate) type GooseTotals = BTreeMap<String, Total>;

static ATTACKED: AtomicBool = AtomicBool::new(false);

/// Carries out a closed run, to the end of its last user. goose's totals come back where goose had a part in it.
pub(crate) async fn drive(
    plan: ClosedPlan,
    crew: Arc<Crew>,
    ticker: &Ticker,
) -> Result<Option<GooseTotals>, ClosedError> {
    let begun = Instant::now();
    let quota = plan.iterations.map(|iterations| Arc::new(Quota::new(iterations, plan.peak)));
    let watched = Watched { crew: &crew, ticker, quota: quota.as_deref(), end: begun + plan.end };
    if let (Some(Share::All), Some(quota)) = (plan.iterations.map(|iterations| iterations.share), &quota) {
        let ended = AtomicBool::new(false);
        let working = async {
            shared::work(&crew, quota, plan.peak).await;
            ended.store(true, Ordering::Release);
        };
        tokio::join!(working, watched.end_of_run(&ended, || {}));
        watched.give_up_the_rest();
        return Ok(None);
    }
    let shape = if quota.is_some() { at_once(plan.peak) } else { shape(&plan.stages) };
    if let Shape::Plan { rounded: true, .. } = shape {
        tracing::warn!("stages of users change at whole seconds; the plan's ends were rounded");
    }
    if shape == Shape::Nobody {
        watched.wait_for_end(&AtomicBool::new(false)).await;
        return Ok(Some(GooseTotals::new()));
    }
    if ATTACKED.swap(true, Ordering::SeqCst) {
        return Err(ClosedError::SecondAttack);
    }
    let attack = configure(shape, &crew, &plan, quota.clone())?;
    let ended = AtomicBool::new(false);
    let attacking = async {
        let result = attack.execute().await;
        ended.store(true, Ordering::Release);
        result
    };
    let (result, ()) =
        tokio::join!(attacking, watched.end_of_run(&ended, || goose::trigger_killswitch("the run has ended")));
    watched.give_up_the_rest();
    Ok(Some(totals(&result.map_err(Box::new)?)))
}

/// A closed run that is watched until it ends.
struct Watched<'a> {
    crew: &'a Crew,
    ticker: &'a Ticker,
    quota: Option<&'a Quota>,
    /// The end of the plan.
    end: Instant,
}

impl Watched<'_> {
    /// Waits for the end of the plan, or of the run, or until nobody has anything left to do.
    async fn wait_for_end(&self, ended: &AtomicBool) {
        let clock = self.crew.context.clock;
        let over = || {
            let through = self.quota.is_some_and(Quota::is_through);
            ended.load(Ordering::Acquire) || through || self.crew.stop.starts_over()
        };
        while Instant::now() < self.end && !over() {
            let left = self.end.saturating_duration_since(Instant::now());
            tokio::time::sleep(left.min(Duration::from_millis(50))).await;
            // What ends after the last start is waited for, and is no time under load.
            if let Some(last) = self.quota.and_then(Quota::last_start) {
                self.ticker.starts_ended(last);
            }
        }
        self.ticker.starts_ended(clock.at(self.end).min(clock.now()));
        self.crew.stop.complete();
    }

    /// Ends everybody with the plan: first no new iterations, then, when patience is over, nothing at all.
    async fn end_of_run(&self, ended: &AtomicBool, tell: impl Fn()) {
        self.wait_for_end(ended).await;
        let patience = Instant::now() + self.crew.graceful;
        while !ended.load(Ordering::Acquire) {
            tell();
            if Instant::now() >= patience {
                self.crew.stop.cut_off();
            }
            tokio::time::sleep(KILL_EVERY).await;
        }
    }

    /// Iterations that were planned and that no user came to start: time was over, or nobody was left. Where somebody
    /// stopped the run they were not asked for any more.
    fn give_up_the_rest(&self) {
        let Some(quota) = self.quota.filter(|_| self.crew.stop.ending() == Ending::Completed) else { return };
        let (left, starts) = (quota.left(), &self.crew.context.recorder.starts);
        let second = second_of(self.crew.context.clock.now());
        starts.count_many(second, StartEvent::Planned, left);
        starts.count_many(second, StartEvent::Dropped, left);
    }
}

fn configure(
    shape: Shape,
    crew: &Arc<Crew>,
    plan: &ClosedPlan,
    quota: Option<Arc<Quota>>,
) -> Result<GooseAttack, Box<GooseError>> {
    let mut attack = Box::new(GooseAttack::initialize_with_config(GooseConfiguration::default())?)
        // Needed even though nothing is sent there by goose.
        .set_default(GooseDefault::Host, "http://127.0.0.1/")?
        .set_default(GooseDefault::NoTelnet, true)?
        .set_default(GooseDefault::NoPrintMetrics, true)?
        .set_default(GooseDefault::Quiet, 1)?
        .set_default(GooseDefault::CoordinatedOmissionMitigation, GooseCoordinatedOmissionMitigation::Disabled)?;
    attack = match shape {
        Shape::Rise { users, per_second } => {
            let attack = attack
                .set_default(GooseDefault::Users, users)?
                .set_default(GooseDefault::IncreaseRate, per_second.as_str())?;
            match plan.iterations {
                // goose keeps all of its metrics then, and refuses to be told so.
                Some(iterations) => attack
                    .set_default(GooseDefault::Iterations, usize::try_from(iterations.count).unwrap_or(usize::MAX))?,
                None => attack.set_default(GooseDefault::NoResetMetrics, true)?,
            }
        }
        Shape::Plan { text, .. } => attack.set_default(GooseDefault::TestPlan, text.as_str())?,
        Shape::Nobody => attack,
    };
    // One client that nobody uses, instead of one for each user.
    let attack = attack
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
        .set_scheduler(GooseScheduler::RoundRobin);
    Ok(attack.register_scenario(scenario(crew, plan.peak, quota)?))
}

/// All users as goose's one scenario: a dispatcher that picks the flows itself, by the user's own random numbers.
///
/// Not one for each class: goose goes through its scenarios in turns of all their weights, and fewer users than such a
/// turn has are not split by weight.
fn scenario(crew: &Arc<Crew>, peak: u32, quota: Option<Arc<Quota>>) -> Result<Scenario, Box<GooseError>> {
    let roster = Arc::new(Roster::new(crew.program.classes.iter().map(|class| class.weight).collect()));
    let (starting, entering) = (Arc::clone(crew), Arc::clone(&roster));
    let on_start: TransactionFunction = Arc::new(move |goose| {
        let (crew, roster, quota) = (Arc::clone(&starting), Arc::clone(&entering), quota.clone());
        Box::pin(async move {
            if let Some(entry) = roster.enter() {
                let mut user = User::new(crew, entry, u64::from(peak));
                if let Some(quota) = quota {
                    user = user.with_ration(quota.ration());
                }
                goose.set_session_data(Seat(Arc::new(Mutex::new(user))));
            }
            Ok(())
        })
    });
    let turning = Arc::clone(crew);
    let dispatch: TransactionFunction = Arc::new(move |goose| {
        let recorder = Arc::clone(&turning.context.recorder);
        Box::pin(async move {
            let observed = match seat(goose) {
                Some(seat) => seat.0.lock().await.next().await,
                None => no_seat().await,
            };
            // Users often wake together (after a stall all of them do). goose's bookkeeping of one must not delay the
            // stamp of the next, so everybody whose answer is there goes first.
            tokio::task::yield_now().await;
            mirror(goose, &recorder, observed).await
        })
    });
    let leaving = Arc::clone(crew);
    let on_stop: TransactionFunction = Arc::new(move |goose| {
        let (recorder, roster) = (Arc::clone(&leaving.context.recorder), Arc::clone(&roster));
        Box::pin(async move {
            let observed = match seat(goose) {
                Some(seat) => {
                    let mut user = seat.0.lock().await;
                    let observed = user.leave().await;
                    roster.leave(user.number());
                    observed
                }
                None => Vec::new(),
            };
            mirror(goose, &recorder, observed).await
        })
    });
    Ok(Scenario::new("users")
        .register_transaction(Transaction::new(on_start).set_on_start())
        .register_transaction(Transaction::new(dispatch))
        .register_transaction(Transaction::new(on_stop).set_on_stop()))
}

fn seat(goose: &GooseUser) -> Option<Seat> {
    goose.get_session_data::<Seat>().cloned()
}

/// A user without a state cannot do anything; it must not ask again busily either.
async fn no_seat() -> Vec<Observed> {
    tokio::time::sleep(KILL_EVERY).await;
    Vec::new()
}

/// Tells goose of every request that we counted.
async fn mirror(goose: &mut GooseUser, recorder: &Recorder, observed: Vec<Observed>) -> TransactionResult {
    for one in observed {
        let code = one.code.map(crate::code::ErrorCode::as_str);
        let name = recorder.names.name(one.name);
        goose.record_custom_request_duration(METHOD, name, one.took, code.is_none(), one.status, code).await?;
    }
    Ok(())
}

fn totals(metrics: &GooseMetrics) -> GooseTotals {
    metrics
        .requests
        .iter()
        .map(|(key, counted)| {
            let name = key.strip_prefix(METHOD).map_or(key.as_str(), str::trim_start);
            (name.to_owned(), Total { good: counted.success_count as u64, bad: counted.fail_count as u64 })
        })
        .collect()
}

/// Where goose and our recorder disagree.
pub(crate) fn mismatches(ours: &BTreeMap<String, Total>, goose: &GooseTotals) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(goose.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let of = |totals: &BTreeMap<String, Total>| totals.get(name).copied().unwrap_or_default();
            let (ours, theirs) = (of(ours), of(goose));
            (ours != theirs).then(|| {
                format!(
                    "{name}: {} good and {} failed requests here, {} and {} at goose",
                    ours.good, ours.bad, theirs.good, theirs.bad
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_that_differ_are_named() {
        let total = |good, bad| Total { good, bad };
        let ours = BTreeMap::from([("a".to_owned(), total(3, 1)), ("b".to_owned(), total(1, 0))]);
        let theirs = BTreeMap::from([("a".to_owned(), total(3, 1)), ("c".to_owned(), total(0, 1))]);
        assert_eq!(mismatches(&ours, &theirs).len(), 2);
        assert!(mismatches(&ours, &ours.clone()).is_empty());
    }
}
