//! What does not change while a run goes on, and which of its tabs is open.

use leptos::server_fn::ServerFn;
use perflab_model::{
    bench::CasePhase,
    display,
    run::{Cancel, RunState},
    summary::Progress,
    tick::Phase,
};

use super::rate::RateControl;
use crate::{
    charts::run::limit_ms,
    components::chosen,
    pages::{
        actions::{AbortRun, StopRun},
        run::{data::RunData, finished::is_benchmark, header::only_classes},
    },
};

/// What the page of a live run says of its plan.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFacts {
    /// The run.
    pub id: String,
    /// Its number.
    pub number: u64,
    /// Its state.
    pub state: RunState,
    /// What is run.
    pub scenario: String,
    /// Where.
    pub environment: String,
    /// The classes of users that somebody chose at the launch, in words.
    pub only: Option<String>,
    /// What is measured.
    pub revision: String,
    /// `started 14:25 UTC by browser`.
    pub started: String,
    /// When its plan ends: `14:36 UTC`, with the day when that is another one.
    pub ends: String,
    /// Seconds from first to last start.
    pub planned_seconds: f64,
    /// Seconds that are not judged.
    pub warmup_seconds: f64,
    /// Whether the run may be over sooner, because everything was done.
    pub at_most: bool,
    /// Whether it is a run of a benchmark suite.
    pub cases: bool,
    /// All iterations, of a run that ends with them.
    pub iterations: Option<u64>,
    /// Whether users come besides a rate.
    pub users: bool,
    /// Whether starts come at a planned rate.
    pub open: bool,
    /// Most iterations at once of an open run.
    pub cap: Option<u32>,
    /// The limit on p95 of all requests, milliseconds.
    pub p95_limit: Option<f64>,
    /// The limit on p99 of all requests, milliseconds.
    pub p99_limit: Option<f64>,
    /// Where Stop goes.
    pub stop_action: &'static str,
    /// Where Abort goes.
    pub abort_action: &'static str,
    /// What a person has asked for already.
    pub asked: Option<Cancel>,
    /// The kill switch that ends it, in a sentence.
    pub killed: Option<String>,
    /// The control of its rate, where it may be changed.
    pub rate: Option<RateControl>,
    /// How long replies are waited for after Stop: `30s`.
    pub graceful_stop: String,
}

impl LiveFacts {
    /// The facts of a run.
    pub fn of(data: &RunData) -> Self {
        let (run, row) = (&data.run, &data.run.row);
        let begun = row.started_us.unwrap_or(row.created_us);
        let ends = begun.saturating_add_unsigned(run.plan.load.duration().get().saturating_mul(1000));
        Self {
            id: row.id.to_string(),
            number: row.number,
            state: row.state,
            scenario: row.scenario.to_string(),
            environment: row.environment.to_string(),
            only: only_classes(&run.plan),
            revision: row.revision.to_string(),
            started: format!("started {} by {}", display::clock(begun, false), row.trigger.code()),
            ends: display::clock(ends, day_of(begun) != day_of(ends)),
            planned_seconds: run.plan.load.duration().as_secs_f64(),
            warmup_seconds: run.plan.warmup_time().as_secs_f64(),
            at_most: run.plan.load.ends_early(),
            cases: is_benchmark(run),
            iterations: run.plan.load.planned_iterations(),
            users: run.plan.load.has_rate() && run.plan.load.has_users(),
            open: run.plan.load.has_rate(),
            cap: run.plan.load.max_in_flight().filter(|_| !run.plan.load.has_users()),
            p95_limit: limit_ms(&run.plan, 0.95),
            p99_limit: limit_ms(&run.plan, 0.99),
            stop_action: StopRun::url(),
            abort_action: AbortRun::url(),
            asked: run.cancel,
            killed: run
                .killed
                .as_ref()
                .map(|switch| format!("The kill switch of {} was pulled by {}.", switch.scope, switch.pulled_by)),
            rate: RateControl::of(data),
            graceful_stop: run.plan.graceful_stop.to_string(),
        }
    }

    /// What is still to come: `100/s, ends 14:36 UTC` as planned, or what has come in between.
    pub fn outlook(&self, progress: Option<&Progress>) -> String {
        let waits = format!("waiting for answers, up to {}", self.graceful_stop);
        match (self.state, self.asked, progress) {
            (RunState::Finishing, ..) => "writing its results".to_owned(),
            (_, Some(Cancel::Abort), _) => "being cut off".to_owned(),
            (_, Some(Cancel::Stop), _) => format!("stopping, {waits}"),
            (.., Some(progress)) if progress.phase == Phase::Draining => waits,
            (.., Some(progress)) => {
                let warmup = if progress.phase == Phase::WarmUp { "warm-up, " } else { "" };
                let target = match (self.iterations, self.open) {
                    _ if self.cases => under_way(progress),
                    (Some(all), _) => {
                        format!("{} of {} iterations", display::count(progress.totals.started), display::count(all))
                    }
                    (None, true) if self.users => {
                        format!("{}/s and {} users", chosen(progress.target), display::count(progress.users.into()))
                    }
                    (None, true) => format!("{}/s", chosen(progress.target)),
                    (None, false) => format!("{} users", chosen(progress.target.round())),
                };
                format!("{warmup}{target}, ends {}{}", self.ends, self.at_the_latest())
            }
            (.., None) => format!("starting, ends {}{}", self.ends, self.at_the_latest()),
        }
    }

    /// Said after an end that may come sooner.
    const fn at_the_latest(&self) -> &'static str {
        if self.at_most { " at the latest" } else { "" }
    }
}

/// `case 3 of 14`, or that all are done.
fn under_way(progress: &Progress) -> String {
    let done = progress.cases.iter().filter(|case| case.phase == CasePhase::Done).count();
    let all = progress.cases.len();
    if done < all { format!("case {} of {all}", done + 1) } else { "all cases done".to_owned() }
}

/// The day of an instant, in UTC.
fn day_of(at_us: i64) -> i64 {
    at_us.div_euclid(86_400_000_000)
}

/// The tabs below the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LiveTab {
    /// Requests; of a benchmark suite its cases.
    #[default]
    Endpoints,
    /// Classes of users and their flows.
    Users,
    /// Failed requests.
    Errors,
    /// The rules as they stand.
    Thresholds,
    /// The log.
    Logs,
}

impl LiveTab {
    /// All, in the order of the page.
    const ALL: [Self; 5] = [Self::Endpoints, Self::Users, Self::Errors, Self::Thresholds, Self::Logs];

    /// Those of a run: the errors of cases stand in their table, and they have no users.
    pub fn of(cases: bool) -> Vec<Self> {
        Self::ALL.into_iter().filter(|tab| !(cases && matches!(tab, Self::Users | Self::Errors))).collect()
    }

    /// The word on the screen.
    pub const fn word(self, cases: bool) -> &'static str {
        match self {
            Self::Endpoints if cases => "Cases",
            Self::Endpoints => "Endpoints",
            Self::Users => "Users and flows",
            Self::Errors => "Errors",
            Self::Thresholds => "Thresholds",
            Self::Logs => "Logs",
        }
    }

    /// The word in addresses.
    pub fn code(self) -> String {
        match self {
            Self::Users => "users".to_owned(),
            _ => self.word(false).to_lowercase(),
        }
    }

    /// The tab of an address; the first for anything else.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|tab| tab.code() == code).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_parts_two_days() {
        let minute = 60_000_000;
        assert_eq!(day_of(86_400_000_000 - minute) + 1, day_of(86_400_000_000 + minute));
        assert_eq!(day_of(minute), day_of(2 * minute));
    }
}
