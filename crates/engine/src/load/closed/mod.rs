//! Closed runs: goose starts and retires users, each of which runs our flows with our client and our recorder.
//!
//! In:  user stages and a program. Out: samples, to the recorder, and goose's own totals to compare them with.
//!
//! goose keeps one cancel flag for the whole process: one attack a process. A start clears a flag that was set just
//! before it, so the flag is set again and again until goose has ended.

mod roster;
mod shape;
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
use perflab_model::load::UserStage;
use tokio::sync::Mutex;

use self::{
    roster::Roster,
    shape::{Shape, shape},
    user::User,
};
use super::Crew;
use crate::{
    flow::Observed,
    record::{Recorder, Ticker, Total},
};

/// How often goose is told to end until it does.
const KILL_EVERY: Duration = Duration::from_millis(250);

/// The one method that goose knows; ours are part of the names.
const METHOD: &str = "GET";

/// What a closed run adds to what every run has.
pub(crate) struct ClosedPlan {
    pub(crate) stages: Vec<UserStage>,
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

/// Carries out a closed run, to the end of its last user.
pub(crate) async fn drive(plan: ClosedPlan, crew: Arc<Crew>, ticker: &Ticker) -> Result<GooseTotals, ClosedError> {
    let begun = Instant::now();
    let shape = shape(&plan.stages);
    if let Shape::Plan { rounded: true, .. } = shape {
        tracing::warn!("stages of users change at whole seconds; the plan's ends were rounded");
    }
    if shape == Shape::Nobody {
        wait_for_end(&crew, begun + plan.end, ticker).await;
        return Ok(GooseTotals::new());
    }
    if ATTACKED.swap(true, Ordering::SeqCst) {
        return Err(ClosedError::SecondAttack);
    }
    let attack = configure(shape, &crew, plan.peak)?;
    let ended = Arc::new(AtomicBool::new(false));
    let ending = end_of_run(&crew, begun + plan.end, ticker, &ended);
    let attacking = async {
        let result = attack.execute().await;
        ended.store(true, Ordering::Release);
        result
    };
    let (result, ()) = tokio::join!(attacking, ending);
    Ok(totals(&result.map_err(Box::new)?))
}

/// Waits for the end of the plan, or of the run.
async fn wait_for_end(crew: &Crew, end: Instant, ticker: &Ticker) {
    while Instant::now() < end && !crew.stop.starts_over() {
        let left = end.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(Duration::from_millis(50))).await;
    }
    ticker.starts_ended(crew.context.clock.at(end).min(crew.context.clock.now()));
    crew.stop.complete();
}

/// Ends goose with the plan: first no new iterations, then, when patience is over, nothing at all.
async fn end_of_run(crew: &Crew, end: Instant, ticker: &Ticker, ended: &AtomicBool) {
    wait_for_end(crew, end, ticker).await;
    let patience = Instant::now() + crew.graceful;
    while !ended.load(Ordering::Acquire) {
        goose::trigger_killswitch("the run has ended");
        if Instant::now() >= patience {
            crew.stop.cut_off();
        }
        tokio::time::sleep(KILL_EVERY).await;
    }
}

fn configure(shape: Shape, crew: &Arc<Crew>, peak: u32) -> Result<GooseAttack, Box<GooseError>> {
    let mut attack = Box::new(GooseAttack::initialize_with_config(GooseConfiguration::default())?)
        // Needed even though nothing is sent there by goose.
        .set_default(GooseDefault::Host, "http://127.0.0.1/")?
        .set_default(GooseDefault::NoTelnet, true)?
        .set_default(GooseDefault::NoPrintMetrics, true)?
        .set_default(GooseDefault::Quiet, 1)?
        .set_default(GooseDefault::CoordinatedOmissionMitigation, GooseCoordinatedOmissionMitigation::Disabled)?;
    attack = match shape {
        Shape::Rise { users, per_second } => attack
            .set_default(GooseDefault::Users, users)?
            .set_default(GooseDefault::IncreaseRate, per_second.as_str())?
            .set_default(GooseDefault::NoResetMetrics, true)?,
        Shape::Plan { text, .. } => attack.set_default(GooseDefault::TestPlan, text.as_str())?,
        Shape::Nobody => attack,
    };
    // One client that nobody uses, instead of one for each user.
    let attack = attack
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
        .set_scheduler(GooseScheduler::RoundRobin);
    Ok(attack.register_scenario(scenario(crew, peak)?))
}

/// All users as goose's one scenario: a dispatcher that picks the flows itself, by the user's own random numbers.
///
/// Not one for each class: goose goes through its scenarios in turns of all their weights, and fewer users than such a
/// turn has are not split by weight.
fn scenario(crew: &Arc<Crew>, peak: u32) -> Result<Scenario, Box<GooseError>> {
    let roster = Arc::new(Roster::new(crew.program.classes.iter().map(|class| class.weight).collect()));
    let (starting, entering) = (Arc::clone(crew), Arc::clone(&roster));
    let on_start: TransactionFunction = Arc::new(move |goose| {
        let (crew, roster) = (Arc::clone(&starting), Arc::clone(&entering));
        Box::pin(async move {
            if let Some(entry) = roster.enter() {
                let user = User::new(crew, entry, u64::from(peak));
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
                Some(seat) => seat.0.lock().await.turn().await,
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
