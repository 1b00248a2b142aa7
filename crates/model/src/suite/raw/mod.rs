//! A suite as it is written: the structure of the file, from which its JSON Schema is made too.
//!
//! Doc comments here are what people read in their editor and in `perflab suite schema`.

mod bench;
mod flow;
mod load;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub(in crate::suite) use bench::*;
pub(in crate::suite) use flow::*;
pub(in crate::suite) use load::*;

use crate::{
    flow::FeedOrder,
    plan::{Dns, HttpVersion, TlsVersion},
    unit::Millis,
};

/// Things by name, in the order of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::suite) struct Named<T>(pub(in crate::suite) IndexMap<String, T>);

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
pub(in crate::suite) enum OneOrMany<T> {
    /// Several.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMany<T> {
    pub(in crate::suite) fn into_vec(self) -> Vec<T> {
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
pub(in crate::suite) enum RawScalar {
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
    pub(in crate::suite) fn into_text(self) -> String {
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
#[schemars(title = "Load suite", rename = "Suite")]
pub(in crate::suite) struct RawSuite {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[expect(dead_code, reason = "the structure check has compared it; it is here for the schema")]
    pub(in crate::suite) version: u32,
    /// The suite's name. Runs, trends and baselines are kept under it.
    pub(in crate::suite) suite: String,
    /// Shown on screens instead of the name.
    pub(in crate::suite) title: Option<String>,
    /// What the suite is for.
    pub(in crate::suite) description: Option<String>,
    /// Tags of every flow.
    #[serde(default)]
    pub(in crate::suite) tags: Vec<String>,
    /// Where the target is, in a run without a lab. In a lab the environment says where.
    pub(in crate::suite) target: Option<RawTarget>,
    /// Where everything random comes from; a run may ask for another. The same seed makes the same picks, rows and think times.
    pub(in crate::suite) seed: Option<u64>,
    /// Values that can be set at launch, used anywhere as ${param.NAME}.
    #[serde(default)]
    #[expect(dead_code, reason = "parameters are read before the rest, because the rest makes use of them")]
    pub(in crate::suite) parameters: Named<RawParameter>,
    /// Values that the environment gives, used as ${NAME}, with what holds where it gives none. Without a value the environment must give one.
    #[serde(default)]
    pub(in crate::suite) variables: Named<Option<RawScalar>>,
    /// Rules of every scenario: a list of rules, or k6's map of metrics to rules.
    pub(in crate::suite) thresholds: Option<RawThresholds>,
    /// Tables of test data, used as ${feed.NAME.COLUMN}.
    #[serde(default)]
    pub(in crate::suite) feeds: Named<RawFeed>,
    /// Ways to log in.
    #[serde(default)]
    pub(in crate::suite) auth: Named<RawAuth>,
    /// What users do.
    #[serde(default)]
    pub(in crate::suite) flows: Named<RawFlow>,
    /// Kinds of users.
    #[serde(default)]
    pub(in crate::suite) classes: Named<RawClass>,
    /// How requests are sent.
    pub(in crate::suite) http: Option<RawHttp>,
    /// What holds in scenarios that do not say otherwise. A key of a scenario replaces the same key here.
    pub(in crate::suite) defaults: Option<RawScenario>,
    /// Ways to load.
    #[serde(default)]
    pub(in crate::suite) scenarios: Named<RawScenario>,
}

/// Where the target is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Target")]
pub(in crate::suite) struct RawTarget {
    /// Where paths start, e.g. http://127.0.0.1:8000.
    pub(in crate::suite) base_url: String,
}

/// A parameter: its default, or more about it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Parameter")]
pub(in crate::suite) enum RawParameter {
    /// The default; the type follows from it.
    Plain(RawScalar),
    /// More about it.
    Full(RawFullParameter),
}

/// A parameter with type and limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FullParameter")]
pub(in crate::suite) struct RawFullParameter {
    /// What it is; follows from the default where it is left out.
    #[serde(rename = "type")]
    pub(in crate::suite) kind: Option<crate::suite::ParameterKind>,
    /// What holds when nothing is set.
    pub(in crate::suite) default: RawScalar,
    /// Smallest and largest number.
    pub(in crate::suite) range: Option<(f64, f64)>,
    /// What it is for.
    pub(in crate::suite) description: Option<String>,
}

/// Rules.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Thresholds")]
pub(in crate::suite) enum RawThresholds {
    /// Rules such as `p95 < 200ms for /api/budget warn`.
    List(Vec<String>),
    /// k6's form: metric to rules.
    Map(Named<OneOrMany<String>>),
}

/// A table of test data: a CSV file with a header row, in UTF-8.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Feed")]
pub(in crate::suite) struct RawFeed {
    /// The file beside the suite.
    pub(in crate::suite) file: String,
    /// In which order rows are handed out.
    #[serde(default)]
    pub(in crate::suite) order: FeedOrder,
}

/// How requests are sent.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Http")]
pub(in crate::suite) struct RawHttp {
    /// Which protocol is spoken.
    pub(in crate::suite) version: Option<HttpVersion>,
    /// Keep connections open between requests.
    pub(in crate::suite) reuse: Option<bool>,
    /// Time to connect, TLS included.
    pub(in crate::suite) connect_timeout: Option<Millis>,
    /// Longest silence while reading.
    pub(in crate::suite) read_timeout: Option<Millis>,
    /// Longest request in all.
    pub(in crate::suite) total_timeout: Option<Millis>,
    /// Redirects that are followed.
    #[schemars(range(min = 0, max = 20))]
    pub(in crate::suite) max_redirects: Option<u8>,
    /// When names are resolved: once a run, or for each new connection.
    pub(in crate::suite) dns: Option<Dns>,
    /// The oldest TLS that is spoken.
    pub(in crate::suite) min_tls: Option<TlsVersion>,
    /// Whether certificates are verified. `false` needs an environment that an administrator has marked; where nothing is
    /// said the environment decides.
    pub(in crate::suite) tls_verify: Option<bool>,
    /// A file beside the suite with certificate authorities (PEM) that are trusted besides the platform's.
    pub(in crate::suite) ca_file: Option<String>,
    /// A certificate by which the target knows the sender.
    pub(in crate::suite) client_certificate: Option<RawClientCertificate>,
}

/// A certificate by which the target knows the sender.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientCertificate")]
pub(in crate::suite) struct RawClientCertificate {
    /// A file beside the suite with the certificate and those that it follows from (PEM).
    pub(in crate::suite) file: String,
    /// Its private key (PEM), as a secret: ${secret.NAME}.
    pub(in crate::suite) key: String,
}
