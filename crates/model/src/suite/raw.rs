//! A suite as it is written: the structure of the file, from which its JSON Schema is made too.
//!
//! Doc comments here are what people read in their editor and in `perflab suite schema`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    flow::FeedOrder,
    load::{Arrivals, OnSaturated},
    plan::HttpVersion,
    unit::Millis,
};

/// Things by name, in the order of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Named<T>(pub(super) IndexMap<String, T>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        std::collections::BTreeMap::<String, T>::json_schema(generator)
    }
}

/// One or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum OneOrMany<T> {
    /// Several.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMany<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// A text, number or truth value; sent as text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum RawScalar {
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A truth value.
    Truth(bool),
}

impl RawScalar {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Truth(value) => value.to_string(),
        }
    }
}

/// A suite of load scenarios: what users do, who they are, and how much load they make.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "perflab suite", rename = "Suite")]
pub(super) struct RawSuite {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[expect(dead_code, reason = "the structure check has compared it; it is here for the schema")]
    pub(super) version: u32,
    /// The suite's name. Runs, trends and baselines are kept under it.
    pub(super) suite: String,
    /// Shown on screens instead of the name.
    pub(super) title: Option<String>,
    /// What the suite is for.
    pub(super) description: Option<String>,
    /// Tags of every flow.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// Where the target is, in a run without a lab. In a lab the environment says where.
    pub(super) target: Option<RawTarget>,
    /// Where everything random comes from; a run may ask for another. The same seed makes the same picks, rows and think times.
    pub(super) seed: Option<u64>,
    /// Values that can be set at launch, used anywhere as ${param.NAME}.
    #[serde(default)]
    #[expect(dead_code, reason = "parameters are read before the rest, because the rest makes use of them")]
    pub(super) parameters: Named<RawParameter>,
    /// Values that the environment gives, used as ${NAME}, with what holds where it gives none. Without a value the environment must give one.
    #[serde(default)]
    pub(super) variables: Named<Option<RawScalar>>,
    /// Rules of every scenario: a list of rules, or k6's map of metrics to rules.
    pub(super) thresholds: Option<RawThresholds>,
    /// Tables of test data, used as ${feed.NAME.COLUMN}.
    #[serde(default)]
    pub(super) feeds: Named<RawFeed>,
    /// Ways to log in.
    #[serde(default)]
    pub(super) auth: Named<RawAuth>,
    /// What users do.
    #[serde(default)]
    pub(super) flows: Named<RawFlow>,
    /// Kinds of users.
    #[serde(default)]
    pub(super) classes: Named<RawClass>,
    /// How requests are sent.
    pub(super) http: Option<RawHttp>,
    /// What holds in scenarios that do not say otherwise. A key of a scenario replaces the same key here.
    pub(super) defaults: Option<RawScenario>,
    /// Ways to load.
    #[serde(default)]
    pub(super) scenarios: Named<RawScenario>,
}

/// Where the target is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Target")]
pub(super) struct RawTarget {
    /// Where paths start, e.g. http://127.0.0.1:8000.
    pub(super) base_url: String,
}

/// A parameter: its default, or more about it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Parameter")]
pub(super) enum RawParameter {
    /// The default; the type follows from it.
    Plain(RawScalar),
    /// More about it.
    Full(RawFullParameter),
}

/// A parameter with type and limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FullParameter")]
pub(super) struct RawFullParameter {
    /// What it is; follows from the default where it is left out.
    #[serde(rename = "type")]
    pub(super) kind: Option<super::ParameterKind>,
    /// What holds when nothing is set.
    pub(super) default: RawScalar,
    /// Smallest and largest number.
    pub(super) range: Option<(f64, f64)>,
    /// What it is for.
    pub(super) description: Option<String>,
}

/// Rules.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Thresholds")]
pub(super) enum RawThresholds {
    /// Rules such as `p95 < 200ms for /api/budget warn`.
    List(Vec<String>),
    /// k6's form: metric to rules.
    Map(Named<OneOrMany<String>>),
}

/// A table of test data: a CSV file with a header row, in UTF-8.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Feed")]
pub(super) struct RawFeed {
    /// The file beside the suite.
    pub(super) file: String,
    /// In which order rows are handed out.
    #[serde(default)]
    pub(super) order: FeedOrder,
}

/// A way to log in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(super) struct RawAuth {
    /// The request that logs in: a step such as {post: /login, json: {…}, expect: [200]}.
    pub(super) login: Box<RawStep>,
    /// Where the token stands in the answer, as a JSON pointer such as /access_token. It is sent as bearer token.
    pub(super) bearer_from: String,
    /// Log in again, once, when a request is answered with this status. That answer stays a failure.
    #[schemars(range(min = 100, max = 599))]
    pub(super) refresh_on: Option<u16>,
    /// How many tokens are made before an open run starts.
    #[serde(default)]
    pub(super) prefetch: u32,
    /// One log-in for the whole run instead of one for each user.
    #[serde(default)]
    pub(super) once: bool,
}

/// A sequence of steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flow")]
pub(super) struct RawFlow {
    /// Tags; scenarios can choose by them.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// What is done, in order.
    pub(super) steps: Vec<RawStep>,
}

/// A step. It does one thing: one of get, post, put, patch, delete, head, auth, think, repeat, if, group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub(super) struct RawStep {
    /// Sends a GET request to this path.
    pub(super) get: Option<String>,
    /// Sends a POST request to this path.
    pub(super) post: Option<String>,
    /// Sends a PUT request to this path.
    pub(super) put: Option<String>,
    /// Sends a PATCH request to this path.
    pub(super) patch: Option<String>,
    /// Sends a DELETE request to this path.
    pub(super) delete: Option<String>,
    /// Sends a HEAD request to this path.
    pub(super) head: Option<String>,
    /// Makes sure that the user is logged in: the name of an auth entry.
    pub(super) auth: Option<String>,
    /// Waits.
    pub(super) think: Option<RawThink>,
    /// Does the steps this many times.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) repeat: Option<u32>,
    /// Does `then` when this holds, else `else`.
    #[serde(rename = "if")]
    pub(super) condition: Option<RawCondition>,
    /// Puts steps under a common name.
    pub(super) group: Option<String>,

    /// Of a request: under which name it is counted; method and path where it is left out.
    pub(super) name: Option<String>,
    /// Of a request: headers.
    pub(super) headers: Option<Named<RawScalar>>,
    /// Of a request: what follows the question mark.
    pub(super) query: Option<Named<RawScalar>>,
    /// Of a request: a JSON body. Each text in it is a template; a text that is only ${int(1,9)} is sent as a number.
    #[serde(default, deserialize_with = "given")]
    pub(super) json: Option<serde_json::Value>,
    /// Of a request: form fields.
    pub(super) form: Option<Named<RawScalar>>,
    /// Of a request: a body as it is, with its content_type.
    pub(super) body: Option<String>,
    /// Of a request with `body`: its content type; text/plain where it is left out.
    pub(super) content_type: Option<String>,
    /// Of a request: which status is a success: codes, or classes such as 2xx. Every 2xx and 3xx where it is left out.
    pub(super) expect: Option<OneOrMany<RawStatus>>,
    /// Of a request: what else the answer must be.
    pub(super) checks: Option<Vec<RawCheck>>,
    /// Of a request: values that are taken from the answer.
    pub(super) extract: Option<Vec<RawExtract>>,
    /// Of a request: its total time limit.
    pub(super) timeout: Option<Millis>,
    /// Of a request: tags.
    pub(super) tags: Option<Vec<String>>,
    /// Of `auth`: log in even when a token is there.
    pub(super) fresh: Option<bool>,
    /// Of `repeat` and `group`: the steps.
    pub(super) steps: Option<Vec<RawStep>>,
    /// Of `if`: what is done when it holds.
    pub(super) then: Option<Vec<RawStep>>,
    /// Of `if`: what is done when it does not.
    #[serde(rename = "else")]
    pub(super) otherwise: Option<Vec<RawStep>>,
}

/// `json: null` sends the text `null`; serde alone would take it as no body at all.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(Some)
}

/// What an `if` asks: one of chance, exists, equals.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Condition")]
pub(super) struct RawCondition {
    /// Holds in this share of cases, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub(super) chance: Option<f64>,
    /// Holds when this variable has been set.
    pub(super) exists: Option<String>,
    /// Holds when the variable has this value.
    pub(super) equals: Option<RawEquals>,
}

/// A variable and a value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Equals")]
pub(super) struct RawEquals {
    /// The variable.
    pub(super) var: String,
    /// The value.
    pub(super) value: RawScalar,
}

/// A wait: a duration, `none`, or a distribution.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Think")]
pub(super) enum RawThink {
    /// `none`, or always this long.
    Text(RawPause),
    /// A distribution.
    Full(RawThinkTime),
}

/// A duration with its unit, such as 500ms or 30s, or none.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct RawPause(pub(super) String);

impl JsonSchema for RawPause {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pause".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A duration with its unit, such as 500ms, 30s, 2m or 1h30m; or none.",
            "pattern": r"^(none|0|([0-9]+(\.[0-9]+)?(ms|s|m|min|h|d) *)+)$"
        })
    }
}

/// A distribution of waits: one of constant, uniform, exponential, lognormal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ThinkTime")]
pub(super) struct RawThinkTime {
    /// Always this long.
    pub(super) constant: Option<Millis>,
    /// Evenly between two ends.
    pub(super) uniform: Option<(Millis, Millis)>,
    /// Exponential with this mean.
    pub(super) exponential: Option<Millis>,
    /// Log-normal.
    pub(super) lognormal: Option<RawLognormal>,
}

/// A log-normal distribution.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lognormal")]
pub(super) struct RawLognormal {
    /// The median.
    pub(super) median: Millis,
    /// Standard deviation of the logarithm.
    #[schemars(range(min = 0, max = 10))]
    pub(super) sigma: f64,
}

/// A status or a class of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Status")]
pub(super) enum RawStatus {
    /// A status.
    Code(#[schemars(range(min = 100, max = 599))] u16),
    /// A class of statuses.
    Class(RawStatusClass),
}

/// A class of statuses such as 2xx.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct RawStatusClass(pub(super) String);

impl JsonSchema for RawStatusClass {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StatusClass".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A status is a code such as 200 or a class such as 2xx.",
            "pattern": "^[1-5]xx$"
        })
    }
}

/// What an answer must be: one of status, header, json_pointer, body_contains, body_matches, max_time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
pub(super) struct RawCheck {
    /// The status is one of these.
    pub(super) status: Option<OneOrMany<RawStatus>>,
    /// This header is there (with the value of `equals`, if given).
    pub(super) header: Option<String>,
    /// Something is at this place of the JSON answer (RFC 6901), and holds what equals, type or length says.
    pub(super) json_pointer: Option<String>,
    /// The value of the header, or at the place.
    #[serde(default, deserialize_with = "given")]
    pub(super) equals: Option<serde_json::Value>,
    /// The type at the place.
    #[serde(rename = "type")]
    pub(super) kind: Option<RawJsonType>,
    /// How many parts the array, object or text at the place has.
    pub(super) length: Option<u64>,
    /// Something is at the place; the same as naming the place alone.
    pub(super) exists: Option<bool>,
    /// The body contains this text.
    pub(super) body_contains: Option<String>,
    /// The body matches this regular expression.
    pub(super) body_matches: Option<String>,
    /// The request took at most this long.
    pub(super) max_time: Option<Millis>,
}

/// A type of JSON.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "JsonType")]
pub(super) enum RawJsonType {
    String,
    Number,
    Boolean,
    Array,
    Object,
    Null,
}

impl RawJsonType {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
        }
    }
}

/// A value that is taken from an answer: by one of json_pointer, header, cookie, regex.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Extract")]
pub(super) struct RawExtract {
    /// The variable that is set, used later as ${NAME}.
    pub(super) var: String,
    /// A place in the JSON answer (RFC 6901).
    pub(super) json_pointer: Option<String>,
    /// A header.
    pub(super) header: Option<String>,
    /// A cookie.
    pub(super) cookie: Option<String>,
    /// The first group of a regular expression over the body, or the whole match.
    pub(super) regex: Option<String>,
    /// The iteration ends when there is no such value.
    #[serde(default)]
    pub(super) required: bool,
}

/// A kind of user.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Class")]
pub(super) struct RawClass {
    /// How many users are of this kind, relative to the other classes; 0 leaves the class out.
    #[serde(default = "one")]
    pub(super) weight: u32,
    /// Tags of all its flows.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// The wait after each iteration.
    pub(super) think: Option<RawThink>,
    /// Headers on every request.
    #[serde(default)]
    pub(super) headers: Named<RawScalar>,
    /// How the user logs in: the name of an auth entry.
    pub(super) auth: Option<String>,
    /// The flow done once when a user starts.
    pub(super) on_start: Option<String>,
    /// The flow done once when a user stops.
    pub(super) on_stop: Option<String>,
    /// After how many iterations the user leaves and a new one comes: from, to.
    pub(super) iterations: Option<(u32, u32)>,
    /// Flows with their weights. One is picked for each iteration.
    pub(super) flows: Named<u32>,
}

const fn one() -> u32 {
    1
}

/// How requests are sent.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Http")]
pub(super) struct RawHttp {
    /// Which protocol is spoken.
    pub(super) version: Option<HttpVersion>,
    /// Keep connections open between requests.
    pub(super) reuse: Option<bool>,
    /// Time to connect, TLS included.
    pub(super) connect_timeout: Option<Millis>,
    /// Longest silence while reading.
    pub(super) read_timeout: Option<Millis>,
    /// Longest request in all.
    pub(super) total_timeout: Option<Millis>,
    /// Redirects that are followed.
    #[schemars(range(min = 0, max = 20))]
    pub(super) max_redirects: Option<u8>,
}

/// A way to load.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scenario")]
pub(super) struct RawScenario {
    /// Shown on screens instead of the name.
    pub(super) title: Option<String>,
    /// What the scenario is for.
    pub(super) description: Option<String>,
    /// How load is made.
    pub(super) executor: Option<RawExecutor>,
    /// Of constant_vus: how many users.
    #[schemars(range(min = 1))]
    pub(super) users: Option<u32>,
    /// Of constant_vus: how many users are started a second; all at once where it is left out.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(super) spawn_rate: Option<f64>,
    /// Of constant_vus and constant_rate: from the first start to the last, the ramp included.
    pub(super) duration: Option<Millis>,
    /// Of constant_rate: iterations started in each `per`.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(super) rate: Option<f64>,
    /// Of ramping executors: users or rate at the beginning; 0 where it is left out.
    #[schemars(range(min = 0))]
    pub(super) start: Option<f64>,
    /// Of ramping executors: stretches of load, in order.
    pub(super) stages: Option<Vec<RawStage>>,
    /// Of rates: the time that they count in; 1s where it is left out.
    pub(super) per: Option<Millis>,
    /// Of rates: most iterations under way at once. Open runs must say it.
    #[schemars(range(min = 1))]
    pub(super) max_in_flight: Option<u32>,
    /// Of rates: what happens to a start beyond max_in_flight.
    pub(super) on_saturated: Option<OnSaturated>,
    /// Of rates that queue: the longest wait of a start; 5s where it is left out.
    pub(super) max_late: Option<Millis>,
    /// Of rates: how the gaps between starts are made.
    pub(super) arrivals: Option<Arrivals>,
    /// Of rates: a person may change the rate while it runs. Such a run is no baseline.
    pub(super) adjustable: Option<bool>,
    /// What is left out of verdicts at the beginning: none, ramp, or a duration.
    pub(super) warmup: Option<RawWarmup>,
    /// How long open requests are waited for at the end; 30s where it is left out.
    pub(super) graceful_stop: Option<Millis>,
    /// Saturation is what the run looks for, so it does not make the run invalid.
    pub(super) find_limit: Option<bool>,
    /// Only flows with one of these tags.
    pub(super) tags: Option<Vec<String>>,
    /// Only these classes.
    pub(super) classes: Option<Vec<String>>,
    /// Rules, besides those of the suite.
    pub(super) thresholds: Option<RawThresholds>,
    /// Where everything random comes from, instead of the suite's seed.
    pub(super) seed: Option<u64>,
    /// The wait after each iteration, instead of that of the classes.
    pub(super) think: Option<RawThink>,
}

/// How load is made. constant_vus and ramping_vus: a number of users who each wait for their answers. constant_rate and
/// ramping_rate: starts at planned instants, whether or not earlier ones were answered. The others come in a later version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Executor")]
pub(super) enum RawExecutor {
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

/// A stretch of load: to this many users or this rate, in a straight line.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Stage")]
pub(super) struct RawStage {
    /// Users or rate at its end.
    #[schemars(range(min = 0))]
    pub(super) to: f64,
    /// How long it takes; 0 is a jump.
    #[serde(rename = "for")]
    pub(super) over: Millis,
}

/// none, ramp, or a duration with its unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct RawWarmup(pub(super) String);

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
