//! More or less load while a run goes on.
//!
//! In:  a run and starts a second to add or take. Out: the order for its worker, or why it cannot be given.
//! Only a running open run whose scenario says `adjustable: true` may be changed, and only within zero and the cap of its
//! environment. From then on the run is no baseline: no other run had the same load.

use perflab_model::{
    display,
    id::RunId,
    load::Load,
    order::{Adjusted, RateChange},
    plan::Plan,
    problem::{Problem, ProblemKind},
    run::{Run, RunState, Trigger},
    unit::Millis,
};
use perflab_store::{Conflict, Idempotency, NewRateOrder, StoreError};

use crate::{
    IdempotencyKey, Lab,
    trouble::{Told as _, problem},
    who::{who, wrong_field},
};

/// Tries against other people who change the same run at the same moment.
const TRIES: usize = 10;

/// How the rate of a run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RateNow {
    /// The planned rate, all orders carried out, starts a second.
    pub target: f64,
    /// The highest rate that may be asked for.
    pub cap: f64,
    /// Most that may be added now.
    pub room: f64,
    /// Orders that the runner has not obeyed yet.
    pub pending: Vec<RateChange>,
    /// Why the rate cannot be changed, if so.
    pub fixed: Option<Problem>,
}

impl Lab {
    /// Changes the rate of a run from the next whole second on. With a key, a repeated request gives the first one's order.
    ///
    /// # Errors
    /// When the run is not one whose rate can be changed now, or the rate would leave its bounds; when the key stands for
    /// another request; when the store does not answer.
    pub async fn adjust(
        &self,
        run: RunId,
        by: f64,
        trigger: Trigger,
        key: Option<&IdempotencyKey>,
    ) -> Result<Adjusted, Problem> {
        // A launch may have used the same word.
        let key = key.map(|key| Idempotency {
            caller: format!("{} adjust", key.caller),
            key: key.key.clone(),
            body_hash: key.asked.clone(),
        });
        let earlier = match &key {
            Some(key) => self.db.rate_ordered_before(key, self.now_us()).await.told()?,
            None => None,
        };
        if let Some(change) = earlier {
            let run = self.run(&run.to_string()).await?;
            let now = self.rate_now(&run).await?;
            return Ok(Adjusted { change, target: now.target, cap: now.cap, replayed: true });
        }
        let asked_by = who(trigger, None)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let run = self.run(&run.to_string()).await?;
            // The order's number and what it is checked against come from one look: an order between two would be counted by
            // neither, and led above the cap.
            let known = self.rate_changes(&run).await?;
            let now = rate_now(&run, &known, self.passed(&run).await?);
            check(&run.plan, &now, by)?;
            let change = RateChange {
                number: known.last().map_or(1, |last| last.number.saturating_add(1)),
                by,
                asked_by: asked_by.clone(),
                asked_us: self.now_us(),
                from_second: None,
            };
            let new = NewRateOrder { run: run.row.id, attempt: run.attempt, change };
            match self.db.order_rate(&new, key.as_ref()).await {
                Ok((change, replayed)) => {
                    tracing::info!(run.id = %run.row.id, by, replayed, "run {}: its rate is changed by {}", run.row.id, change.signed());
                    return Ok(Adjusted { change, target: now.target + by, cap: now.cap, replayed });
                }
                // Somebody else was first, or the run went on to another state: looked at once more.
                Err(StoreError::Conflict(Conflict::Exists) | StoreError::Stale { .. }) if tries < TRIES => {}
                Err(error) => return Err(problem(&error)),
            }
        }
    }

    /// The orders to the rate of a run, those included that have not taken effect.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rate_changes(&self, run: &Run) -> Result<Vec<RateChange>, Problem> {
        self.db.rate_changes(run.row.id, run.attempt).await.told()
    }

    /// How the rate of a run stands, and whether it can be changed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rate_now(&self, run: &Run) -> Result<RateNow, Problem> {
        let changes = self.rate_changes(run).await?;
        Ok(rate_now(run, &changes, self.passed(run).await?))
    }

    /// Seconds of a run that have passed, as its worker said last.
    async fn passed(&self, run: &Run) -> Result<u32, Problem> {
        Ok(self.db.progress(run.row.id).await.told()?.map_or(0, |progress| progress.second))
    }
}

fn rate_now(run: &Run, changes: &[RateChange], passed: u32) -> RateNow {
    let cap = run.plan.environment.caps.rate.get();
    // The second that is under way has its rate already.
    let next = passed.saturating_add(1);
    let (target, room) = standing(&run.plan.load, changes, next, cap);
    let pending = changes.iter().filter(|change| change.from_second.is_none()).cloned().collect();
    RateNow { target, cap, room, pending, fixed: fixed(run, next) }
}

/// The rate planned at a second with all orders carried out, and how much the rest of the plan leaves below the cap.
fn standing(load: &Load, changes: &[RateChange], next: u32, cap: f64) -> (f64, f64) {
    let made = load.with_changes(changes, cap);
    let on_their_way = changes.iter().filter(|change| change.from_second.is_none());
    let load = on_their_way.fold(made, |load, change| load.adjusted(next, change.by, cap));
    let next = f64::from(next);
    let room = (cap - load.peak_from(next)).max(0.0);
    let own = |(after, load): (Millis, &Load)| load.planned_at(next - after.as_secs_f64());
    (load.adjustable().into_iter().map(own).sum(), room)
}

/// Why the rate of a run cannot be changed, if so.
fn fixed(run: &Run, next: u32) -> Option<Problem> {
    let number = run.row.number;
    let refused =
        |kind, code: &str, message: String, hint: &str| Some(Problem::new(kind, code, message, Some(hint.to_owned())));
    let (invalid, conflict) = (ProblemKind::Invalid, ProblemKind::Conflict);
    let again = "Launch it again, with another rate if you like";
    let adjustable = run.plan.load.adjustable();
    let (begin, load) = match adjustable.as_slice() {
        [one] => *one,
        [] if !run.plan.load.has_rate() => {
            let message = format!("Run #{number} is a closed run: its users wait for answers, and no rate is planned");
            let hint = "Use an open scenario, one with a rate, to change the load while it runs";
            return refused(invalid, "adjust.closed", message, hint);
        }
        [] => {
            let scenario = &run.row.scenario;
            let message = format!("Scenario `{scenario}` does not say that its rate may be changed while it runs");
            let hint = "Write `adjustable: true` into the scenario, and launch it anew";
            return refused(invalid, "adjust.not_adjustable", message, hint);
        }
        several => {
            let message =
                format!("{} parts of run #{number} are adjustable, and no order says which is meant", several.len());
            let hint = "Write `adjustable: true` at one part of the scenario only, and launch it anew";
            return refused(invalid, "adjust.several", message, hint);
        }
    };
    let at = f64::from(next);
    match run.row.state {
        RunState::Running if run.cancel.is_some() => {
            refused(conflict, "adjust.stopping", format!("Run #{number} is being stopped"), again)
        }
        RunState::Running if at <= begin.as_secs_f64() && begin > Millis::ZERO => {
            let message = format!("The adjustable part of run #{number} begins after {begin}");
            refused(conflict, "adjust.not_begun", message, "Wait until it sends load")
        }
        RunState::Running if at >= begin.plus(load.duration()).as_secs_f64() => {
            let message = format!("The last starts of run #{number} are being made");
            refused(conflict, "adjust.too_late", message, "Launch it again for a longer time")
        }
        RunState::Running => None,
        RunState::Queued | RunState::Claimed => {
            let message = format!("Run #{number} has not begun yet");
            refused(conflict, "adjust.not_begun", message, "Wait until it sends load")
        }
        RunState::Finishing | RunState::Finished | RunState::Failed | RunState::Cancelled | RunState::Lost => {
            refused(conflict, "adjust.over", format!("Run #{number} sends no load any more"), again)
        }
    }
}

/// Starts a second as people choose them: `20`, `2.50`, `20,000`.
fn starts(rate: f64) -> String {
    if rate.fract() == 0.0 && rate >= 0.0 { display::count(rate as u64) } else { display::number(rate) }
}

/// Whether the rate may be changed by so much.
fn check(plan: &Plan, now: &RateNow, by: f64) -> Result<(), Problem> {
    if let Some(problem) = &now.fixed {
        return Err(problem.clone());
    }
    if !by.is_finite() || by == 0.0 {
        return Err(wrong_field(
            "rate_by",
            "This changes nothing",
            "Give starts a second to add, such as 10, or to take away, such as -10",
        ));
    }
    if by > now.room {
        let environment = &plan.environment.name;
        return Err(wrong_field(
            "rate_by",
            format!(
                "{}/s more would lead above the cap of {}/s for environment `{environment}`",
                starts(by),
                starts(now.cap)
            ),
            &if now.room > 0.0 {
                format!("Add at most {}/s", starts(now.room))
            } else {
                "Nothing can be added; an administrator may raise the cap for later runs".to_owned()
            },
        ));
    }
    if now.target + by < 0.0 {
        return Err(wrong_field(
            "rate_by",
            format!("{}/s less would lead below zero", starts(-by)),
            &format!("Take away at most {}/s, the rate that is planned now", starts(now.target)),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        load::{Arrivals, OnSaturated, OpenLimits, RateStage},
        unit::Rps,
    };
    use rstest::rstest;

    use super::*;

    fn load() -> Load {
        let rate = |value| Rps::new(value).expect("a rate");
        Load::Open {
            stages: vec![
                RateStage { from: rate(0.0), to: rate(100.0), over: Millis::from_secs(10) },
                RateStage { from: rate(100.0), to: rate(100.0), over: Millis::from_secs(10) },
            ],
            limits: OpenLimits {
                max_in_flight: 10,
                on_saturated: OnSaturated::Drop,
                max_late: Millis::ZERO,
                arrivals: Arrivals::Even,
                adjustable: true,
            },
        }
    }

    fn change(by: f64, from_second: Option<u32>) -> RateChange {
        RateChange { number: 1, by, asked_by: String::new(), asked_us: 0, from_second }
    }

    #[rstest]
    #[case::on_the_ramp(&[], 5, (50.0, 20.0))]
    #[case::on_the_level(&[], 13, (100.0, 20.0))]
    #[case::after_a_change(&[change(-40.0, Some(11))], 13, (60.0, 60.0))]
    #[case::with_an_order_that_is_still_on_its_way(&[change(15.0, None)], 13, (115.0, 5.0))]
    fn the_room_is_what_the_rest_of_the_plan_leaves_below_the_cap(
        #[case] changes: &[RateChange],
        #[case] next: u32,
        #[case] expected: (f64, f64),
    ) {
        assert_eq!(standing(&load(), changes, next, 120.0), expected);
    }
}
