//! Scenarios as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Named, RawThink, RawThresholds};
use crate::{
    load::{Arrivals, OnSaturated},
    unit::Millis,
};

/// A way to load.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scenario")]
pub(in crate::suite) struct RawScenario {
    /// Shown on screens instead of the name.
    pub(in crate::suite) title: Option<String>,
    /// What the scenario is for.
    pub(in crate::suite) description: Option<String>,
    /// How much load.
    #[serde(flatten)]
    pub(in crate::suite) load: RawLoad,
    /// Several loads side by side instead of one, by name. Each is made by a process of its own.
    pub(in crate::suite) parts: Option<Named<RawPart>>,
    /// What is left out of verdicts at the beginning: none, ramp, or a duration.
    pub(in crate::suite) warmup: Option<RawWarmup>,
    /// How long open requests are waited for at the end; 30s where it is left out.
    pub(in crate::suite) graceful_stop: Option<Millis>,
    /// Saturation is what the run looks for, so it does not make the run invalid.
    pub(in crate::suite) find_limit: Option<bool>,
    /// Only flows with one of these tags.
    pub(in crate::suite) tags: Option<Vec<String>>,
    /// Only these classes.
    pub(in crate::suite) classes: Option<Vec<String>>,
    /// Rules, besides those of the suite.
    pub(in crate::suite) thresholds: Option<RawThresholds>,
    /// Where everything random comes from, instead of the suite's seed.
    pub(in crate::suite) seed: Option<u64>,
    /// The wait after each iteration, instead of that of the classes.
    pub(in crate::suite) think: Option<RawThink>,
}

/// One of several loads of a scenario: an executor with its keys.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Part")]
pub(in crate::suite) struct RawPart {
    /// From the start of the run to that of the part; 0s where it is left out.
    pub(in crate::suite) start_after: Option<Millis>,
    /// Only flows with one of these tags, instead of those of the scenario.
    pub(in crate::suite) tags: Option<Vec<String>>,
    /// Only these classes, instead of those of the scenario.
    pub(in crate::suite) classes: Option<Vec<String>>,
    /// How much load.
    #[serde(flatten)]
    pub(in crate::suite) load: RawLoad,
}

/// How much load: an executor and its keys.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Load")]
pub(in crate::suite) struct RawLoad {
    /// How load is made.
    pub(in crate::suite) executor: Option<RawExecutor>,
    /// Of constant_vus, shared_iterations and per_user_iterations: how many users.
    #[schemars(range(min = 1))]
    pub(in crate::suite) users: Option<u32>,
    /// Of constant_vus: how many users are started a second; all at once where it is left out.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(in crate::suite) spawn_rate: Option<f64>,
    /// Of constant_vus and constant_rate: from the first start to the last, the ramp included.
    pub(in crate::suite) duration: Option<Millis>,
    /// Of shared_iterations: how many iterations all users do together. Of per_user_iterations: how many each user does.
    #[schemars(range(min = 1))]
    pub(in crate::suite) iterations: Option<u64>,
    /// Of shared_iterations and per_user_iterations: when the run ends, whatever is left to do; 10m where it is left out.
    pub(in crate::suite) max_duration: Option<Millis>,
    /// Of constant_rate: iterations started in each `per`.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(in crate::suite) rate: Option<f64>,
    /// Of ramping executors: users or rate at the beginning; 0 where it is left out.
    #[schemars(range(min = 0))]
    pub(in crate::suite) start: Option<f64>,
    /// Of ramping executors: stretches of load, in order.
    pub(in crate::suite) stages: Option<Vec<RawStage>>,
    /// Of rates: the time that they count in; 1s where it is left out.
    pub(in crate::suite) per: Option<Millis>,
    /// Of rates: most iterations under way at once. Open runs must say it.
    #[schemars(range(min = 1))]
    pub(in crate::suite) max_in_flight: Option<u32>,
    /// Of rates: what happens to a start beyond max_in_flight.
    pub(in crate::suite) on_saturated: Option<OnSaturated>,
    /// Of rates that queue: the longest wait of a start; 5s where it is left out.
    pub(in crate::suite) max_late: Option<Millis>,
    /// Of rates: how the gaps between starts are made.
    pub(in crate::suite) arrivals: Option<Arrivals>,
    /// Of rates: a person may change the rate while it runs. Such a run is no baseline.
    pub(in crate::suite) adjustable: Option<bool>,
    /// Of spike, soak and staircase: whether their numbers are users or a rate.
    pub(in crate::suite) of: Option<RawOf>,
    /// Of spike: users or rate before and after the peak.
    #[schemars(range(min = 0))]
    pub(in crate::suite) base: Option<f64>,
    /// Of spike: users or rate at the peak.
    #[schemars(range(min = 0))]
    pub(in crate::suite) peak: Option<f64>,
    /// Of spike: how long the base holds before the peak.
    pub(in crate::suite) before: Option<Millis>,
    /// Of spike: how long the peak holds.
    pub(in crate::suite) at_peak: Option<Millis>,
    /// Of spike: how long the base holds after the peak.
    pub(in crate::suite) after: Option<Millis>,
    /// Of spike: how long the way up takes, and the way down. Of staircase: how long the way to the next step takes. A jump where it is left out.
    pub(in crate::suite) ramp: Option<Millis>,
    /// Of soak: users or rate that are held.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(in crate::suite) level: Option<f64>,
    /// Of soak: how long the way up takes; a jump where it is left out.
    pub(in crate::suite) ramp_up: Option<Millis>,
    /// Of soak: how long the level holds.
    pub(in crate::suite) hold: Option<Millis>,
    /// Of soak: how long the way down takes; where it is left out the run ends with the level.
    pub(in crate::suite) ramp_down: Option<Millis>,
    /// Of staircase: users or rate of the first step.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(in crate::suite) first: Option<f64>,
    /// Of staircase: by how much each step is higher than the one before.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(in crate::suite) step: Option<f64>,
    /// Of staircase: how many steps, the first included.
    #[schemars(range(min = 1, max = 1000))]
    pub(in crate::suite) steps: Option<u32>,
    /// Of staircase: how long each step holds.
    pub(in crate::suite) each: Option<Millis>,
}

/// How load is made. constant_vus and ramping_vus: a number of users who each wait for their answers. constant_rate and
/// ramping_rate: starts at planned instants, whether or not earlier ones were answered. spike, soak and staircase: either, by a pattern. shared_iterations and per_user_iterations: users who do a number of iterations, together or each, and are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Executor")]
pub(in crate::suite) enum RawExecutor {
    ConstantVus,
    RampingVus,
    ConstantRate,
    RampingRate,
    Spike,
    Soak,
    Staircase,
    SharedIterations,
    PerUserIterations,
}

/// What the numbers of a pattern are. users: a number of users who each wait for their answers. rate: starts in each `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Of")]
pub(in crate::suite) enum RawOf {
    Users,
    Rate,
}

/// A stretch of load: to this many users or this rate, in a straight line.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Stage")]
pub(in crate::suite) struct RawStage {
    /// Users or rate at its end.
    #[schemars(range(min = 0))]
    pub(in crate::suite) to: f64,
    /// How long it takes; 0 is a jump.
    #[serde(rename = "for")]
    pub(in crate::suite) over: Millis,
}

/// none, ramp, or a duration with its unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::suite) struct RawWarmup(pub(in crate::suite) String);

impl JsonSchema for RawWarmup {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Warmup".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A warm-up is none, ramp (until all users are started, or to the end of the first rising stage), or a duration with its unit such as 30s.",
            "pattern": r"^(none|ramp|0|([0-9]+(\.[0-9]+)?(ms|s|m|min|h|d) *)+)$"
        })
    }
}
