//! Where a target runs and what may be done to it.

mod allow;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use allow::{AllowError, AllowedTarget, Scheme};

use crate::{
    name::EnvironmentName,
    unit::{Millis, Rps},
};

/// Most that a run on the environment may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caps {
    /// Users at once.
    pub users: u32,
    /// Starts a second.
    pub rate: Rps,
    /// Iterations at once in an open run.
    pub in_flight: u32,
    /// Time from first to last start.
    pub duration: Millis,
}

impl Default for Caps {
    /// Enough for every shipped scenario, and little enough that a slip of the keyboard does no harm.
    fn default() -> Self {
        Self {
            users: 2_000,
            rate: Rps::new(20_000.0).unwrap_or(Rps::ZERO),
            in_flight: 5_000,
            duration: Millis::from_secs(4 * 3600),
        }
    }
}

/// An administrator's word for something that is refused otherwise. Reports name who gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouch {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Where the target runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Where paths start, e.g. `http://127.0.0.1:8000`.
    pub base_url: url::Url,
    /// Where load may go. Besides these only loopback addresses are ever reached, and only if they are listed.
    pub allow: Vec<AllowedTarget>,
    /// Most that may be asked for.
    pub caps: Caps,
    /// Values for `${name}` in templates.
    pub variables: IndexMap<String, String>,
    /// Labels such as `staging`.
    pub labels: Vec<String>,
    /// Who vouches that its targets may be loaded, so that they are not asked whether they agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Vouch>,
    /// Who has decided that the certificates of its targets are not verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_tls: Option<Vouch>,
    /// What its runs are compared with, and what the lab may do by itself.
    #[serde(default)]
    pub history: History,
}

/// What runs on an environment are compared with, and what the lab may do by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// The branch whose runs are the baseline of all others.
    pub baseline_branch: String,
    /// Whether load runs are made once more when a comparison or a history is undecided. Benchmark runs always are; load
    /// may disturb whoever else uses the target.
    pub repeat_load: bool,
}

impl Default for History {
    fn default() -> Self {
        Self { baseline_branch: "main".to_owned(), repeat_load: false }
    }
}
