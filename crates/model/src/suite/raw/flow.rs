//! What users do and who they are, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Named, OneOrMany, RawScalar};
use crate::unit::Millis;

/// A way to log in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(in crate::suite) struct RawAuth {
    /// The request that logs in: a step such as {post: /login, json: {…}, expect: [200]}.
    pub(in crate::suite) login: Box<RawStep>,
    /// Where the token stands in the answer, as a JSON pointer such as /access_token. It is sent as bearer token.
    pub(in crate::suite) bearer_from: String,
    /// Log in again, once, when a request is answered with this status. That answer stays a failure.
    #[schemars(range(min = 100, max = 599))]
    pub(in crate::suite) refresh_on: Option<u16>,
    /// How many tokens are made before an open run starts.
    #[serde(default)]
    pub(in crate::suite) prefetch: u32,
    /// One log-in for the whole run instead of one for each user.
    #[serde(default)]
    pub(in crate::suite) once: bool,
}

/// A sequence of steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flow")]
pub(in crate::suite) struct RawFlow {
    /// Tags; scenarios can choose by them.
    #[serde(default)]
    pub(in crate::suite) tags: Vec<String>,
    /// What is done, in order.
    pub(in crate::suite) steps: Vec<RawStep>,
}

/// A step. It does one thing: one of get, post, put, patch, delete, head, auth, think, repeat, if, group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub(in crate::suite) struct RawStep {
    /// Sends a GET request to this path.
    pub(in crate::suite) get: Option<String>,
    /// Sends a POST request to this path.
    pub(in crate::suite) post: Option<String>,
    /// Sends a PUT request to this path.
    pub(in crate::suite) put: Option<String>,
    /// Sends a PATCH request to this path.
    pub(in crate::suite) patch: Option<String>,
    /// Sends a DELETE request to this path.
    pub(in crate::suite) delete: Option<String>,
    /// Sends a HEAD request to this path.
    pub(in crate::suite) head: Option<String>,
    /// Makes sure that the user is logged in: the name of an auth entry.
    pub(in crate::suite) auth: Option<String>,
    /// Waits.
    pub(in crate::suite) think: Option<RawThink>,
    /// Does the steps this many times.
    #[schemars(range(min = 1, max = 10_000))]
    pub(in crate::suite) repeat: Option<u32>,
    /// Does `then` when this holds, else `else`.
    #[serde(rename = "if")]
    pub(in crate::suite) condition: Option<RawCondition>,
    /// Puts steps under a common name.
    pub(in crate::suite) group: Option<String>,

    /// Of a request: under which name it is counted; method and path where it is left out.
    pub(in crate::suite) name: Option<String>,
    /// Of a request: headers.
    pub(in crate::suite) headers: Option<Named<RawScalar>>,
    /// Of a request: what follows the question mark.
    pub(in crate::suite) query: Option<Named<RawScalar>>,
    /// Of a request: a JSON body. Each text in it is a template; a text that is only ${int(1,9)} is sent as a number.
    #[serde(default, deserialize_with = "given")]
    pub(in crate::suite) json: Option<serde_json::Value>,
    /// Of a request: form fields.
    pub(in crate::suite) form: Option<Named<RawScalar>>,
    /// Of a request: a body as it is, with its content_type.
    pub(in crate::suite) body: Option<String>,
    /// Of a request with `body`: its content type; text/plain where it is left out.
    pub(in crate::suite) content_type: Option<String>,
    /// Of a request: which status is a success: codes, or classes such as 2xx. Every 2xx and 3xx where it is left out.
    pub(in crate::suite) expect: Option<OneOrMany<RawStatus>>,
    /// Of a request: what else the answer must be.
    pub(in crate::suite) checks: Option<Vec<RawCheck>>,
    /// Of a request: values that are taken from the answer.
    pub(in crate::suite) extract: Option<Vec<RawExtract>>,
    /// Of a request: its total time limit.
    pub(in crate::suite) timeout: Option<Millis>,
    /// Of a request: tags.
    pub(in crate::suite) tags: Option<Vec<String>>,
    /// Of `auth`: log in even when a token is there.
    pub(in crate::suite) fresh: Option<bool>,
    /// Of `repeat` and `group`: the steps.
    pub(in crate::suite) steps: Option<Vec<RawStep>>,
    /// Of `if`: what is done when it holds.
    pub(in crate::suite) then: Option<Vec<RawStep>>,
    /// Of `if`: what is done when it does not.
    #[serde(rename = "else")]
    pub(in crate::suite) otherwise: Option<Vec<RawStep>>,
}

/// `json: null` sends the text `null`; serde alone would take it as no body at all.
pub(super) fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(Some)
}

/// What an `if` asks: one of chance, exists, equals.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Condition")]
pub(in crate::suite) struct RawCondition {
    /// Holds in this share of cases, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub(in crate::suite) chance: Option<f64>,
    /// Holds when this variable has been set.
    pub(in crate::suite) exists: Option<String>,
    /// Holds when the variable has this value.
    pub(in crate::suite) equals: Option<RawEquals>,
}

/// A variable and a value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Equals")]
pub(in crate::suite) struct RawEquals {
    /// The variable.
    pub(in crate::suite) var: String,
    /// The value.
    pub(in crate::suite) value: RawScalar,
}

/// A wait: a duration, `none`, or a distribution.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Think")]
pub(in crate::suite) enum RawThink {
    /// `none`, or always this long.
    Text(RawPause),
    /// A distribution.
    Full(RawThinkTime),
}

/// A duration with its unit, such as 500ms or 30s, or none.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::suite) struct RawPause(pub(in crate::suite) String);

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
pub(in crate::suite) struct RawThinkTime {
    /// Always this long.
    pub(in crate::suite) constant: Option<Millis>,
    /// Evenly between two ends.
    pub(in crate::suite) uniform: Option<(Millis, Millis)>,
    /// Exponential with this mean.
    pub(in crate::suite) exponential: Option<Millis>,
    /// Log-normal.
    pub(in crate::suite) lognormal: Option<RawLognormal>,
}

/// A log-normal distribution.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lognormal")]
pub(in crate::suite) struct RawLognormal {
    /// The median.
    pub(in crate::suite) median: Millis,
    /// Standard deviation of the logarithm.
    #[schemars(range(min = 0, max = 10))]
    pub(in crate::suite) sigma: f64,
}

/// A status or a class of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Status")]
pub(in crate::suite) enum RawStatus {
    /// A status.
    Code(#[schemars(range(min = 100, max = 599))] u16),
    /// A class of statuses.
    Class(RawStatusClass),
}

/// A class of statuses such as 2xx.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::suite) struct RawStatusClass(pub(in crate::suite) String);

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
pub(in crate::suite) struct RawCheck {
    /// The status is one of these.
    pub(in crate::suite) status: Option<OneOrMany<RawStatus>>,
    /// This header is there (with the value of `equals`, if given).
    pub(in crate::suite) header: Option<String>,
    /// Something is at this place of the JSON answer (RFC 6901), and holds what equals, type or length says.
    pub(in crate::suite) json_pointer: Option<String>,
    /// The value of the header, or at the place.
    #[serde(default, deserialize_with = "given")]
    pub(in crate::suite) equals: Option<serde_json::Value>,
    /// The type at the place.
    #[serde(rename = "type")]
    pub(in crate::suite) kind: Option<RawJsonType>,
    /// How many parts the array, object or text at the place has.
    pub(in crate::suite) length: Option<u64>,
    /// Something is at the place; the same as naming the place alone.
    pub(in crate::suite) exists: Option<bool>,
    /// The body contains this text.
    pub(in crate::suite) body_contains: Option<String>,
    /// The body matches this regular expression.
    pub(in crate::suite) body_matches: Option<String>,
    /// The request took at most this long.
    pub(in crate::suite) max_time: Option<Millis>,
}

/// A type of JSON.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "JsonType")]
pub(in crate::suite) enum RawJsonType {
    String,
    Number,
    Boolean,
    Array,
    Object,
    Null,
}

impl RawJsonType {
    pub(in crate::suite) const fn name(self) -> &'static str {
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
pub(in crate::suite) struct RawExtract {
    /// The variable that is set, used later as ${NAME}.
    pub(in crate::suite) var: String,
    /// A place in the JSON answer (RFC 6901).
    pub(in crate::suite) json_pointer: Option<String>,
    /// A header.
    pub(in crate::suite) header: Option<String>,
    /// A cookie.
    pub(in crate::suite) cookie: Option<String>,
    /// The first group of a regular expression over the body, or the whole match.
    pub(in crate::suite) regex: Option<String>,
    /// The iteration ends when there is no such value.
    #[serde(default)]
    pub(in crate::suite) required: bool,
}

/// A kind of user.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Class")]
pub(in crate::suite) struct RawClass {
    /// How many users are of this kind, relative to the other classes; 0 leaves the class out.
    #[serde(default = "one")]
    pub(in crate::suite) weight: u32,
    /// Tags of all its flows.
    #[serde(default)]
    pub(in crate::suite) tags: Vec<String>,
    /// The wait after each iteration.
    pub(in crate::suite) think: Option<RawThink>,
    /// Headers on every request.
    #[serde(default)]
    pub(in crate::suite) headers: Named<RawScalar>,
    /// How the user logs in: the name of an auth entry.
    pub(in crate::suite) auth: Option<String>,
    /// The flow done once when a user starts.
    pub(in crate::suite) on_start: Option<String>,
    /// The flow done once when a user stops.
    pub(in crate::suite) on_stop: Option<String>,
    /// After how many iterations the user leaves and a new one comes: from, to.
    pub(in crate::suite) iterations: Option<(u32, u32)>,
    /// Flows with their weights. One is picked for each iteration.
    pub(in crate::suite) flows: Named<u32>,
}

const fn one() -> u32 {
    1
}
