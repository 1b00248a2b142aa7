//! Capacity searches: one scenario run at level after level, to find the highest that its thresholds bear.
//!
//! In:  what is asked for ([`CapacityRequest`]). Out: shapes of what was found, and the load of one level ([`Level`]).
//! Not here: which level comes next, and what the levels say together (`stats`).

use serde::{Deserialize, Serialize};

use crate::{
    display,
    environment::Environment,
    id::{RunId, SearchId},
    launch::Overrides,
    load::{Load, RateStage, UserStage},
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    plan::Rule,
    problem::FieldProblem,
    run::{Revision, RunState, Trigger},
    threshold::{At, Limit, Measure, Op, Stat},
    tick::EncodedHistogram,
    unit::{Millis, Rps},
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

/// Steady load of a level where nothing is said: shorter ones say little of what a target bears for long.
pub const USUAL_HOLD: Millis = Millis::from_secs(60);
/// The shortest steady load of a level: an interval of a mean needs five seconds.
pub const SHORTEST_HOLD: Millis = Millis::from_secs(5);
/// How near, as a share, the highest level that holds and the lowest that breaks must come where nothing is said.
pub const USUAL_RESOLUTION: f64 = 0.05;
/// How long users take to arrive in a scenario that does not say how fast they come, and a rate to rise.
const USUAL_RAMP: Millis = Millis::from_secs(10);

/// What a level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapacityUnit {
    /// Users of a closed scenario.
    Users,
    /// Starts a second of an open scenario.
    Rate,
}

impl CapacityUnit {
    /// The word as it is stored and sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Rate => "rate",
        }
    }

    /// Reads that word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Users, Self::Rate].into_iter().find(|unit| unit.code() == code)
    }

    /// A level in words: `1 user`, `500 users`, `62.5/s`.
    pub fn shown(self, level: f64) -> String {
        match self {
            Self::Users if level == 1.0 => "1 user".to_owned(),
            Self::Users => format!("{} users", display::count(level.round() as u64)),
            Self::Rate => {
                let number = display::number(level);
                // Levels are chosen, not measured: 10.0 says no more than 10.
                let plain =
                    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
                format!("{plain}/s")
            }
        }
    }
}

/// A search to be started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityRequest {
    /// The project; the only one where there is one.
    #[serde(default)]
    pub project: Option<ProjectName>,
    /// The suite, by name: its newest version, which all levels use.
    pub suite: SuiteName,
    /// The scenario of it.
    pub scenario: ScenarioName,
    /// The environment; the only one where there is one.
    #[serde(default)]
    pub environment: Option<EnvironmentName>,
    /// What a level counts.
    pub unit: CapacityUnit,
    /// The lowest level.
    pub from: f64,
    /// The highest level.
    pub to: f64,
    /// How long each level is held after its ramp; 60 s where nothing is said.
    #[serde(default)]
    pub hold: Option<Millis>,
    /// How near the highest level that holds and the lowest that breaks must come, as a share; 0.05 where nothing is said.
    #[serde(default)]
    pub resolution: Option<f64>,
    /// What else differs from the scenario: spawn rate, slots, seed, parameters. Users, rate and duration are the
    /// search's own.
    #[serde(default)]
    pub overrides: Overrides,
    /// What is measured.
    #[serde(default)]
    pub revision: Revision,
    /// Tags of its runs.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who asks.
    #[serde(default)]
    pub trigger: Trigger,
}

impl CapacityRequest {
    /// How long each level is held.
    pub fn hold(&self) -> Millis {
        self.hold.unwrap_or(USUAL_HOLD)
    }

    /// How near the bracket must close.
    pub fn resolution(&self) -> f64 {
        self.resolution.unwrap_or(USUAL_RESOLUTION)
    }

    /// What is wrong with its own numbers, under the names of its fields.
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String, hint: &str| {
            problems.push(FieldProblem { field: field.to_owned(), message, hint: Some(hint.to_owned()) });
        };
        for (field, value) in [("from", self.from), ("to", self.to)] {
            if !(value.is_finite() && value > 0.0) {
                wrong(field, format!("`{field}` cannot be {value}"), "Give a number above 0");
            } else if self.unit == CapacityUnit::Users && (value.fract() != 0.0 || value > f64::from(u32::MAX)) {
                wrong(field, format!("`{field}` cannot be {value} users"), "Give a whole number of users");
            }
        }
        if self.from > self.to {
            let (from, to) = (self.unit.shown(self.from), self.unit.shown(self.to));
            wrong("to", format!("The search would end at {to}, below its start at {from}"), "Swap the two");
        }
        if self.hold() < SHORTEST_HOLD {
            let message = format!("{} is too short for a level", self.hold());
            wrong("hold", message, "Hold each level for 5s or more; 60s is what says something");
        }
        if !(0.001..=0.5).contains(&self.resolution()) {
            let message = format!("`resolution` cannot be {}", self.resolution());
            wrong("resolution", message, "Give a share between 0.001 and 0.5, such as 0.05");
        }
        let own = &self.overrides;
        for (field, given) in
            [("users", own.users.is_some()), ("rate", own.rate.is_some()), ("duration", own.duration.is_some())]
        {
            if given {
                let message = format!("`{field}` is what the search itself chooses");
                wrong(&format!("overrides.{field}"), message, "Leave it out; `from`, `to` and `hold` say it");
            }
        }
        problems
    }
}

/// The load of one level: brought up once, then held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// What is counted.
    pub unit: CapacityUnit,
    /// How many.
    pub amount: f64,
    /// How long it is held.
    pub hold: Millis,
}

impl Level {
    /// The scenario's load at this level: a ramp, as fast as the scenario's own users come, then steady. Nothing where the
    /// level does not fit the scenario's model.
    pub fn of(&self, scenario: &Load, spawn_rate: Option<f64>) -> Option<Load> {
        match (self.unit, scenario) {
            (CapacityUnit::Users, Load::Closed { stages, .. }) => {
                let users = self.amount.round().clamp(1.0, f64::from(u32::MAX)) as u32;
                let ramp = match spawn_rate.or_else(|| steepest(stages)) {
                    // Whole seconds: what is measured begins with one anyway.
                    Some(rate) => Millis::from_secs((f64::from(users) / rate).ceil() as u64),
                    None => USUAL_RAMP.min(self.hold),
                };
                Some(Load::Closed {
                    stages: vec![
                        UserStage { from: 0, to: users, over: ramp },
                        UserStage { from: users, to: users, over: self.hold },
                    ],
                    iterations: None,
                })
            }
            (CapacityUnit::Rate, Load::Open { limits, .. }) => {
                let rate = Rps::new(self.amount).ok()?;
                // A person who changed the rate of a level would measure another one.
                let limits = crate::load::OpenLimits { adjustable: false, ..*limits };
                Some(Load::Open {
                    stages: vec![
                        RateStage { from: Rps::ZERO, to: rate, over: USUAL_RAMP.min(self.hold) },
                        RateStage { from: rate, to: rate, over: self.hold },
                    ],
                    limits,
                })
            }
            _ => None,
        }
    }

    /// Whether a rule can be judged by a run at this level alone. Rules about another load wait for their level, and
    /// degradation for all of them.
    pub fn judges(&self, rule: &crate::threshold::Threshold) -> bool {
        let near = |wanted: f64| (self.amount - wanted).abs() <= wanted * 0.005;
        let here = match (rule.at, self.unit) {
            (None, _) => true,
            (Some(At::Users(users)), CapacityUnit::Users) => near(f64::from(users)),
            (Some(At::Rate(rate)), CapacityUnit::Rate) => near(rate),
            (Some(_), _) => false,
        };
        here && rule.measure != Measure::Degradation && matches!(rule.limit, Limit::Number(_))
    }
}

/// Users started a second where the scenario's own users come fastest.
fn steepest(stages: &[UserStage]) -> Option<f64> {
    stages
        .iter()
        .filter(|stage| stage.to > stage.from && stage.over > Millis::ZERO)
        .map(|stage| f64::from(stage.to - stage.from) / stage.over.as_secs_f64())
        .max_by(f64::total_cmp)
}

/// Where a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SearchState {
    /// Levels are still run.
    Running,
    /// It has its answer, or found that it cannot have one.
    Finished,
    /// A person ended it.
    Stopped,
    /// It could not go on.
    Failed,
}

impl SearchState {
    /// The word as it is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// The word that screens show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Finished => "Finished",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
        }
    }

    /// Reads the stored word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Stopped, Self::Failed].into_iter().find(|state| state.code() == code)
    }
}

/// What a run at a level says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LevelOutcome {
    /// All its thresholds hold.
    Holds,
    /// One is broken, or starts were dropped because every slot was taken.
    Breaks,
    /// Too little was measured to say.
    Undecided,
    /// Its numbers say nothing of the target: the run is invalid or was not carried out.
    Unusable,
}

impl LevelOutcome {
    /// The word that screens show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Breaks => "breaks",
            Self::Undecided => "undecided",
            Self::Unusable => "not usable",
        }
    }
}

/// What was measured at a level: kept when its run has ended, never recomputed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What the run says of the level.
    pub outcome: LevelOutcome,
    /// Why, where that needs words.
    pub reason: Option<String>,
    /// Why the end of its run is the search's too: a person or the target wanted the load to stop.
    #[serde(default)]
    pub stopped: Option<String>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Requests that ended, warm-up left out.
    pub finished: u64,
    /// Those that failed.
    pub failed: u64,
    /// Share of planned starts that were dropped, warm-up included; of open runs.
    pub dropped_share: Option<f64>,
    /// Finished a second.
    pub rate_per_s: Option<f64>,
    /// The headline times of all requests, warm-up left out.
    pub latency: EncodedHistogram,
}

/// What all levels say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConclusionKind {
    /// The capacity lies between a level that holds and one that breaks.
    Found,
    /// The top of the search holds: the capacity is there or above.
    AtLeast,
    /// The lowest level that was decided breaks already.
    Below,
    /// Too little was measured to say.
    Undecided,
    /// A level could not be measured, twice.
    Unusable,
    /// A person ended the search.
    Stopped,
    /// It could not go on.
    NotCarriedOut,
}

/// The answer of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conclusion {
    /// Which kind of answer.
    pub kind: ConclusionKind,
    /// The highest level whose thresholds all hold, and below which none was broken.
    pub capacity: Option<f64>,
    /// The lowest level that breaks.
    pub breaks_at: Option<f64>,
    /// Why there is no better answer, a sentence.
    pub reason: Option<String>,
}

/// A slowdown against the reference level with its 95 % interval, as shares: 0.15 is 15 % slower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Slowdown {
    /// The estimate.
    pub value: f64,
    /// Lower end; nothing where too few samples leave it open.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// The scalability law fitted to the levels: `X(N) = γN / (1 + α(N − 1) + βN(N − 1))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Law {
    /// Throughput of one user.
    pub gamma: f64,
    /// Waiting for what only one can have.
    pub alpha: f64,
    /// Agreeing with one another.
    pub beta: f64,
    /// Share of the spread that it explains.
    pub r_squared: f64,
    /// Users at which throughput is highest; nothing where it only levels off, or lies further than twice the highest level.
    pub peak: Option<f64>,
}

impl Law {
    /// Throughput at a number of users.
    pub fn at(&self, users: f64) -> f64 {
        self.gamma * users / (1.0 + self.alpha * (users - 1.0) + self.beta * users * (users - 1.0))
    }
}

/// What a search keeps as it was when it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// Where the target runs: one that moves in between would be two targets in one curve.
    pub environment: Environment,
    /// Every rule of the scenario.
    pub rules: Vec<Rule>,
    /// Longest time that the search takes, if no level is run again.
    pub longest: Millis,
}

/// A line of the list of searches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchRow {
    /// Its id.
    pub id: SearchId,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What was asked for.
    pub request: CapacityRequest,
    /// Where it is.
    pub state: SearchState,
    /// When it was asked for, microseconds since the epoch.
    pub created_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// How many runs it has made.
    pub runs: u32,
    /// Its answer, once there is one.
    pub conclusion: Option<Conclusion>,
}

/// One run of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacityLevel {
    /// The how-manieth run of the search, from 1.
    pub step: u32,
    /// The level.
    pub level: f64,
    /// Whether the same level was run before.
    pub again: bool,
    /// The run.
    pub run: RunId,
    /// Its number.
    pub number: u64,
    /// Where the run is.
    pub state: RunState,
    /// What it says of the level, once it has ended.
    pub outcome: Option<LevelOutcome>,
    /// Why, where that needs words.
    pub reason: Option<String>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Times that were measured.
    pub samples: u64,
    /// P95 of latency in milliseconds; nothing when there are too few samples.
    pub p95_ms: Option<f64>,
    /// Its 95 % interval; an end that too few samples leave open is `null`.
    pub p95_interval_ms: Option<(Option<f64>, Option<f64>)>,
    /// Finished requests a second.
    pub rate_per_s: Option<f64>,
    /// Share of failed requests.
    pub error_rate: Option<f64>,
    /// Share of planned starts that were dropped, of open runs.
    pub dropped_share: Option<f64>,
    /// P95 against the reference level.
    pub degradation: Option<Slowdown>,
}

/// A search with everything that it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacitySearch {
    /// Its line in the list.
    pub row: SearchRow,
    /// The answer in a sentence, or how far it is.
    pub sentence: String,
    /// What the answer means to a pipeline; inconclusive while it runs.
    pub gate: Gate,
    /// Its runs in order.
    pub levels: Vec<CapacityLevel>,
    /// The level that degradation is measured against: the lowest with 1,000 requests or more.
    pub reference: Option<f64>,
    /// Rules on degradation, judged.
    pub ledger: Vec<LedgerRow>,
    /// The scalability law, where six levels or more fit it well.
    pub law: Option<Law>,
    /// Limits on latency P95 that the levels were judged by, milliseconds: lines of the chart.
    pub limits_ms: Vec<f64>,
    /// Longest time that it takes from its start, waiting left out.
    pub longest: Millis,
}

/// What a search would do, before it is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacityPreview {
    /// The request as it was understood.
    pub request: CapacityRequest,
    /// The levels on the way up, as far as nothing breaks.
    pub steps: Vec<PreviewStep>,
    /// Most runs, if no level has to be run again.
    pub most_runs: u32,
    /// Longest time, if no level has to be run again.
    pub longest: Millis,
    /// Thresholds that each level is judged by.
    pub rules: Vec<String>,
    /// Rules that only all levels together can judge.
    pub rules_of_search: Vec<String>,
    /// Why Start is not possible, field by field; empty when it is.
    pub problems: Vec<FieldProblem>,
}

/// A level on the way up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewStep {
    /// The level.
    pub level: f64,
    /// The ramp before it is held.
    pub ramp: Millis,
    /// How long its run takes in all.
    pub duration: Millis,
}

/// A search that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchStarted {
    /// The search.
    pub id: SearchId,
    /// Whether this answers an earlier request with the same key.
    pub replayed: bool,
}

/// What became of a request to stop a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SearchStop {
    /// It had ended before: nothing was done.
    AlreadyOver,
    /// It makes no more runs, and the one under way is told to end.
    Stopped,
}

/// The quantile that a rule on degradation judges: P95 unless another stands there.
pub const fn degradation_quantile(stat: Stat) -> f64 {
    match stat {
        Stat::Quantile(p) => p,
        _ => 0.95,
    }
}

/// Whether a rule is a limit on P95 of latency, and which, in milliseconds: what a chart of P95 can show.
pub fn p95_limit_ms(rule: &crate::threshold::Threshold) -> Option<f64> {
    let of_p95 = matches!(rule.stat, Stat::Quantile(p) if (p - 0.95).abs() < 1e-9);
    let of_time = matches!(rule.measure, Measure::Latency | Measure::Response | Measure::Service);
    match rule.limit {
        Limit::Number(limit)
            if of_p95
                && of_time
                && rule.scope.is_none()
                && rule.tags.is_empty()
                && matches!(rule.op, Op::Less | Op::LessOrEqual) =>
        {
            Some((limit * 1e9).round() / 1e6)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::load::{Arrivals, OnSaturated, OpenLimits, Warmup};

    fn closed() -> Load {
        Load::Closed {
            stages: vec![
                UserStage { from: 0, to: 200, over: Millis::from_secs(40) },
                UserStage { from: 200, to: 200, over: Millis::from_secs(860) },
            ],
            iterations: None,
        }
    }

    fn open() -> Load {
        let rate = |rate: f64| Rps::new(rate).expect("a rate");
        Load::Open {
            stages: vec![RateStage { from: rate(0.0), to: rate(100.0), over: Millis::from_secs(60) }],
            limits: OpenLimits {
                max_in_flight: 400,
                on_saturated: OnSaturated::Drop,
                max_late: Millis::from_secs(5),
                arrivals: Arrivals::Even,
                adjustable: true,
            },
        }
    }

    fn level(unit: CapacityUnit, amount: f64) -> Level {
        Level { unit, amount, hold: Millis::from_secs(60) }
    }

    #[rstest]
    #[case(CapacityUnit::Users, 1.0, "1 user")]
    #[case(CapacityUnit::Users, 1000.0, "1,000 users")]
    #[case(CapacityUnit::Rate, 10.0, "10/s")]
    #[case(CapacityUnit::Rate, 62.5, "62.5/s")]
    #[case(CapacityUnit::Rate, 2000.0, "2,000/s")]
    fn a_level_is_told_as_it_was_chosen(#[case] unit: CapacityUnit, #[case] level: f64, #[case] shown: &str) {
        assert_eq!(unit.shown(level), shown);
    }

    #[test]
    fn users_come_as_fast_as_in_the_scenario_and_are_held_as_long_as_asked() {
        let load = level(CapacityUnit::Users, 1000.0).of(&closed(), None).expect("it fits");
        assert_eq!(load.warmup(Warmup::Ramp), Millis::from_secs(200), "5 users a second, as 200 in 40 s");
        assert_eq!(load.duration(), Millis::from_secs(260));
        assert_eq!(load.peak_users(), Some(1000));
        let fast = level(CapacityUnit::Users, 1000.0).of(&closed(), Some(100.0)).expect("it fits");
        assert_eq!(fast.duration(), Millis::from_secs(70));
    }

    #[test]
    fn a_rate_is_held_steady_and_is_nobodys_to_change() {
        let load = level(CapacityUnit::Rate, 62.5).of(&open(), None).expect("it fits");
        assert_eq!(load.planned_at(30.0), 62.5);
        assert_eq!(load.duration(), Millis::from_secs(70));
        assert!(matches!(load, Load::Open { limits, .. } if !limits.adjustable && limits.max_in_flight == 400));
    }

    #[test]
    fn users_do_not_fit_a_rate() {
        assert_eq!(level(CapacityUnit::Users, 5.0).of(&open(), None), None);
        assert_eq!(level(CapacityUnit::Rate, 5.0).of(&closed(), None), None);
    }

    #[rstest]
    #[case("p95 < 200ms", true)]
    #[case("p95 < 200ms at 100 users", true)]
    #[case("p95 < 200ms at 200 users", false)]
    #[case("p95 < 200ms at 100/s", false)]
    #[case("degradation < 15% at 100 users", false)]
    #[case("avg <= baseline * 1.10", false)]
    fn a_level_is_judged_by_what_it_can_answer(#[case] rule: &str, #[case] judged: bool) {
        assert_eq!(level(CapacityUnit::Users, 100.0).judges(&rule.parse().expect("a rule")), judged);
    }

    #[rstest]
    #[case("p95 < 200ms warn", Some(200.0))]
    #[case("p95 < 200ms, max 500ms", Some(200.0))]
    #[case("p99 < 200ms", None)]
    #[case("p95 < 200ms for login", None)]
    #[case("error_rate < 1%", None)]
    fn only_limits_on_p95_are_lines_of_its_chart(#[case] rule: &str, #[case] limit: Option<f64>) {
        assert_eq!(p95_limit_ms(&rule.parse().expect("a rule")), limit);
    }

    #[test]
    fn a_search_that_cannot_be_names_each_field() {
        let request = CapacityRequest {
            project: None,
            suite: "mita".parse().expect("a name"),
            scenario: "stress".parse().expect("a name"),
            environment: None,
            unit: CapacityUnit::Users,
            from: 10.5,
            to: 5.0,
            hold: Some(Millis::from_secs(1)),
            resolution: Some(0.0),
            overrides: Overrides { users: Some(5), ..Overrides::default() },
            revision: Revision::default(),
            tags: Vec::new(),
            trigger: Trigger::Api,
        };
        let fields: Vec<String> = request.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["from", "to", "hold", "resolution", "overrides.users"]);
    }
}
