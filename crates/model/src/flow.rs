//! What users do: flows of steps, their checks, extractions, feeds and log-ins. Already validated.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{
    name::PartName,
    template::Template,
    unit::{Millis, Ratio},
};

/// A sequence of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its name in the suite.
    pub name: String,
    /// Tags of the flow.
    pub tags: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One step of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Sends a request.
    Request(Box<Request>),
    /// Makes sure that the user is logged in.
    Auth {
        /// The name of the `auth` entry.
        auth: String,
        /// Log in even when a token is there.
        fresh: bool,
    },
    /// Waits.
    Think(Think),
    /// Does the steps several times.
    Repeat {
        /// How often.
        times: u32,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Does one or the other.
    If {
        /// What decides.
        condition: Condition,
        /// Done when it holds.
        then: Vec<Step>,
        /// Done when it does not.
        otherwise: Vec<Step>,
    },
    /// Steps under a common name.
    Group {
        /// The group's name; screens fold by it.
        name: String,
        /// Its steps.
        steps: Vec<Step>,
    },
}

/// What an `if` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Holds in this share of cases, by the user's own random numbers.
    Chance(Ratio),
    /// The variable has been set.
    Exists(String),
    /// The variable has this value.
    Equals {
        /// The variable.
        var: String,
        /// The value, as text.
        value: String,
    },
}

/// A request that is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Under which name it is counted: the given one, or method and path template.
    pub name: String,
    /// `GET`, `POST` …
    pub method: String,
    /// A path below the environment's base URL, or an absolute URL.
    pub path: Template,
    /// Headers in the order given; they go after those of the class.
    pub headers: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
    /// What the answer must be. Without a check of the status every 2xx and 3xx is a success.
    pub checks: Vec<Check>,
    /// What is taken from the answer.
    pub extract: Vec<Extract>,
    /// Total time limit, where it differs from the policy's.
    pub timeout: Option<Millis>,
    /// Tags of the step.
    pub tags: Vec<String>,
}

/// Headers that perflab writes itself: where a request goes and which run it belongs to is checked, and how it is framed
/// is counted. Another `Host` would reach a site behind an allowed address that is on no list.
pub fn is_reserved_header(name: &str) -> bool {
    const RESERVED: [&str; 9] = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
    ];
    let name = name.to_ascii_lowercase();
    name.starts_with("x-perflab-") || RESERVED.contains(&name.as_str())
}

/// What a request carries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// JSON; every string in it is a template, and a string that is exactly `${int(a,b)}` becomes a number.
    Json(serde_json::Value),
    /// Form fields.
    Form(Vec<(String, Template)>),
    /// Text with its content type.
    Text {
        /// The text.
        text: Template,
        /// `Content-Type`.
        content_type: String,
    },
}

/// What an answer must be. A failed check makes the request fail with `check.*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The status is one of these.
    Status(Vec<StatusMatch>),
    /// The header is there, with this value if one is given.
    Header {
        /// Its name, lower case.
        name: String,
        /// Its value.
        equals: Option<String>,
    },
    /// A place in the JSON answer.
    Json {
        /// RFC 6901.
        pointer: String,
        /// What must hold there.
        test: JsonTest,
    },
    /// The body contains the text.
    BodyContains(String),
    /// The body matches the regular expression.
    BodyMatches(String),
    /// The request took at most this long.
    MaxTime(Millis),
}

/// A status or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusMatch {
    /// Exactly this one.
    Code(u16),
    /// `2xx` is 2.
    Class(u8),
}

impl StatusMatch {
    /// Whether the status fits.
    pub const fn fits(self, status: u16) -> bool {
        match self {
            Self::Code(code) => status == code,
            Self::Class(class) => status / 100 == class as u16,
        }
    }
}

/// What must hold at a place of a JSON answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonTest {
    /// Something is there.
    Exists,
    /// It equals this.
    Equals(serde_json::Value),
    /// It is of this type: `string`, `number`, `boolean`, `array`, `object`, `null`.
    Type(String),
    /// The array, object or string has this many parts.
    Length(u64),
}

/// Takes a value from an answer into a variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extract {
    /// The variable that is set.
    pub var: String,
    /// Where the value stands.
    pub from: ExtractFrom,
    /// Without it the iteration ends.
    pub required: bool,
}

/// Where a value stands in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtractFrom {
    /// RFC 6901.
    JsonPointer(String),
    /// A header, lower case.
    Header(String),
    /// A cookie by name.
    Cookie(String),
    /// The first group of a regular expression, or the whole match.
    Regex(String),
}

/// A wait between steps or iterations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Think {
    /// None.
    None,
    /// Always this long.
    Constant(Millis),
    /// Evenly between two ends.
    Uniform(Millis, Millis),
    /// Exponential with this mean.
    Exponential(Millis),
    /// Log-normal.
    Lognormal {
        /// The median.
        median: Millis,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

/// How a user gets a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Auth {
    /// Its name in the suite.
    pub name: String,
    /// The request that logs in.
    pub login: Request,
    /// Where the token stands in the answer (RFC 6901).
    pub bearer_from: String,
    /// Log in again once when a request is answered with this status. The answer stays a failure.
    pub refresh_on: Option<u16>,
    /// Tokens made before an open run starts.
    pub prefetch: u32,
    /// Whether one log-in serves the whole run instead of each user.
    pub once: bool,
}

/// In which order rows are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedOrder {
    /// Row after row, then from the start again.
    #[default]
    Sequential,
    /// At random, by the run's seed.
    Shuffle,
    /// Each row to one user only; a user without a row stops.
    Unique,
}

/// A table of test data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Its name in the suite.
    pub name: String,
    /// The file beside the suite.
    pub file: String,
    /// SHA-256 of the file, lower-case hex: part of what was run.
    pub sha256: String,
    /// In which order rows are used.
    pub order: FeedOrder,
    /// The header row.
    pub columns: Vec<String>,
    /// How many rows there are.
    pub rows: u64,
    /// Which of them are used, where other parts of the run use the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<RowShare>,
}

/// Some of the rows of a feed, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowShare {
    /// The first of them, counted from 0.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// A kind of user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserClass {
    /// Its name in the suite.
    pub name: String,
    /// How many of all users are of this kind, relative to the others.
    pub weight: u32,
    /// Tags of the class.
    pub tags: Vec<String>,
    /// The wait after each iteration.
    pub think: Think,
    /// Headers on every request.
    pub headers: Vec<(String, Template)>,
    /// How the user logs in, by name.
    pub auth: Option<String>,
    /// The flow done once when a user starts.
    pub on_start: Option<String>,
    /// The flow done once when a user stops.
    pub on_stop: Option<String>,
    /// After how many iterations the user leaves and a new one takes the place, evenly between two ends.
    pub iterations: Option<(u32, u32)>,
    /// Flows by name, with their weights.
    pub flows: IndexMap<String, u32>,
    /// The part of the run that it belongs to, where there are several. The same class may be in more than one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PartName>,
}
