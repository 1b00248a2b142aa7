//! The plan: everything a runner needs to know, frozen at launch. It names secrets but never holds them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{
    environment::Environment,
    flow::{Auth, Feed, Flow, UserClass},
    id::{ProjectId, RunId},
    launch::Overrides,
    load::{Load, Warmup},
    name::{ProjectName, ScenarioName, SuiteName},
    threshold::Threshold,
    unit::Millis,
};

/// What is run, where and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The run it is for.
    pub run: RunId,
    /// The project that the run belongs to: whom targets elsewhere agree to. Older plans do not say it.
    #[serde(default)]
    pub project: Option<PlanProject>,
    /// Of the plan of one part: what all parts are together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<Whole>,
    /// The suite's name.
    pub suite: SuiteName,
    /// SHA-256 of the suite's text and of its files, lower-case hex.
    pub suite_version: String,
    /// Which scenario of it.
    pub scenario: ScenarioName,
    /// Where everything random comes from.
    pub seed: u64,
    /// Where the load goes.
    pub environment: Environment,
    /// How much load, expanded.
    pub load: Load,
    /// What is left out of verdicts at the beginning.
    pub warmup: Warmup,
    /// How long open requests may take after the last start or a Stop.
    pub graceful_stop: Millis,
    /// Whether saturation is what the run looks for, and so does not make it invalid.
    pub find_limit: bool,
    /// How requests are sent.
    pub http: HttpPolicy,
    /// Kinds of users, after the scenario's filters.
    pub classes: Vec<UserClass>,
    /// The flows that the classes name.
    pub flows: Vec<Flow>,
    /// Log-ins that the flows and classes name.
    pub auth: Vec<Auth>,
    /// Test data; the rows travel beside the plan.
    pub feeds: Vec<Feed>,
    /// What the launch asked to differ from the scenario; already part of everything above. Kept so that a run can be
    /// asked for once more exactly as it was.
    #[serde(default)]
    pub overrides: Overrides,
    /// Parameters of the suite, resolved; already filled into the templates.
    pub parameters: IndexMap<String, String>,
    /// What will judge the run.
    pub rules: Vec<Rule>,
}

/// The project of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanProject {
    /// Its name.
    pub name: ProjectName,
    /// Its id; runs without a lab have none.
    pub id: Option<ProjectId>,
}

/// What all parts of a run are together, for limits that hold for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    /// How many there are.
    pub parts: u32,
    /// Most requests a second that those with a rate are planned to send.
    pub requests_per_s: f64,
}

/// A threshold with its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rule {
    /// The rule, parsed; its own text is kept in it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub threshold: Threshold,
    /// Where it was written: `suite mita`, `scenario smoke`, `environment staging`.
    pub source: String,
}

/// How requests are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpPolicy {
    /// Which protocol is spoken.
    pub version: HttpVersion,
    /// Keep connections open between requests.
    pub reuse: bool,
    /// Time to connect, TLS included.
    pub connect_timeout: Millis,
    /// Longest silence while reading.
    pub read_timeout: Millis,
    /// Longest request in all.
    pub total_timeout: Millis,
    /// Redirects followed; each is checked against the allow-list again.
    pub max_redirects: u8,
    /// When names are resolved.
    pub dns: Dns,
    /// The oldest TLS that is spoken.
    pub min_tls: TlsVersion,
    /// Whether certificates are verified; where the suite does not say, the environment decides.
    pub tls_verify: Option<bool>,
    /// Certificate authorities that are trusted besides the platform's, in PEM.
    pub ca: Option<String>,
    /// What the target is shown of us.
    pub client_certificate: Option<ClientCertificate>,
    /// A body beyond this many bytes is cut off and counts as `body.too_large`.
    pub max_body_bytes: u64,
    /// A body is kept for checks up to this many bytes.
    pub max_kept_bytes: u64,
}

impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            version: HttpVersion::Http1,
            reuse: true,
            connect_timeout: Millis::from_secs(5),
            read_timeout: Millis::from_secs(30),
            total_timeout: Millis::from_secs(60),
            max_redirects: 5,
            dns: Dns::Once,
            min_tls: TlsVersion::Tls12,
            tls_verify: None,
            ca: None,
            client_certificate: None,
            max_body_bytes: 10 * 1024 * 1024,
            max_kept_bytes: 1024 * 1024,
        }
    }
}

/// When the names of targets are resolved. Each answer is checked against the allow-list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dns {
    /// Once a run, so that a change of DNS does not move load in the middle.
    #[default]
    Once,
    /// For each new connection, as a fleet of visitors does: for targets that spread load by DNS.
    PerConnection,
}

/// A version of TLS. Older ones are never spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "tls1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "tls1.3")]
    Tls13,
}

/// A certificate by which the target knows us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// The certificate and those that it follows from, in PEM.
    pub chain: String,
    /// The secret that holds its private key, in PEM.
    pub key_secret: String,
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 over TLS.
    H2,
    /// HTTP/2 without TLS, known beforehand.
    H2c,
    /// Whatever TLS negotiates; without TLS HTTP/1.1.
    Auto,
}

impl Plan {
    /// Whether the certificates of its targets are verified: always, unless the environment carries the mark and the suite
    /// does not insist.
    pub fn verifies_tls(&self) -> bool {
        self.http.tls_verify == Some(true) || self.environment.unverified_tls.is_none()
    }

    /// Whether the suite asks for something that the environment must be marked for, and is not.
    pub fn lacks_tls_mark(&self) -> bool {
        self.http.tls_verify == Some(false) && self.environment.unverified_tls.is_none()
    }

    /// How long the warm-up is.
    pub fn warmup_time(&self) -> Millis {
        self.load.warmup(self.warmup)
    }

    /// Names of the secrets that a template asks for, sorted, each once.
    pub fn secrets(&self) -> Vec<String> {
        let mut names: Vec<String> = crate::suite::secret_names(self);
        names.sort_unstable();
        names.dedup();
        names
    }
}
