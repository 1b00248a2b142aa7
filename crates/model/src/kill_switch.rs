//! The kill switch: all load on an environment, or of the whole lab, ends and none begins until a person releases it.

use serde::{Deserialize, Serialize};

use crate::{
    id::KillSwitchId,
    name::{EnvironmentName, ProjectName},
    run::{RunEnd, RunState, Trigger},
};

/// What a kill switch stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum KillScope {
    /// Every run of the lab.
    Lab,
    /// Every run on one environment.
    Environment {
        /// Its project.
        project: ProjectName,
        /// Its name.
        environment: EnvironmentName,
    },
}

impl std::fmt::Display for KillScope {
    /// `the whole lab`, `environment staging`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lab => f.write_str("the whole lab"),
            Self::Environment { environment, .. } => write!(f, "environment {environment}"),
        }
    }
}

/// A kill switch that was pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KillSwitch {
    /// Its id.
    pub id: KillSwitchId,
    /// What it stops.
    #[serde(flatten)]
    pub scope: KillScope,
    /// Why it was pulled.
    pub reason: String,
    /// By whom, in words: `Ada in the browser`.
    pub pulled_by: String,
    /// When, microseconds since the epoch.
    pub pulled_us: i64,
    /// By whom it was released.
    pub released_by: Option<String>,
    /// When; nothing while it holds.
    pub released_us: Option<i64>,
}

impl KillSwitch {
    /// The end of a run that it stopped.
    pub fn end(&self) -> RunEnd {
        RunEnd {
            state: RunState::Cancelled,
            code: "kill_switch".to_owned(),
            message: format!(
                "Aborted by the kill switch of {}, which {} pulled: {}",
                self.scope,
                self.pulled_by,
                with_stop(&self.reason)
            ),
        }
    }
}

/// A reason as the end of a sentence.
fn with_stop(reason: &str) -> String {
    if reason.ends_with(['.', '!', '?']) { reason.to_owned() } else { format!("{reason}.") }
}

/// Which kind of scope is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScopeWord {
    /// Every run of the lab.
    Lab,
    /// Every run on one environment.
    Environment,
}

impl ScopeWord {
    /// The word in requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Environment => "environment",
        }
    }
}

/// Which kill switch is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KillTarget {
    /// The whole lab, or one environment.
    pub scope: ScopeWord,
    /// The environment's project; the only one where nothing is said.
    #[serde(default)]
    pub project: Option<ProjectName>,
    /// The environment.
    #[serde(default)]
    pub environment: Option<EnvironmentName>,
}

/// A request to pull a kill switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullRequest {
    /// Which one.
    #[serde(flatten)]
    pub target: KillTarget,
    /// Why; everybody reads it until it is released.
    pub reason: String,
    /// Who asks, as they call themselves.
    #[serde(default)]
    pub name: Option<String>,
    /// By which way. A program may only say that a person at a terminal asks.
    #[serde(default)]
    pub trigger: Trigger,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pulled {
    /// The switch that holds now: an earlier one, where it was pulled already.
    pub switch: KillSwitch,
    /// Runs that were told to abort just now.
    pub aborted: u64,
}

/// What became of a request to release one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Released {
    /// The switch that held until now; nothing where none did.
    pub switch: Option<KillSwitch>,
}

/// The kill switches of a lab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KillSwitches {
    /// Those that hold, the whole lab's first.
    pub pulled: Vec<KillSwitch>,
    /// The newest of those that were released.
    pub released: Vec<KillSwitch>,
}

/// Something that a kill switch can stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillPlace {
    /// What.
    pub scope: KillScope,
    /// The switch of its own that holds.
    pub pulled: Option<KillSwitch>,
    /// Numbers of the runs under way there.
    pub under_way: Vec<u64>,
    /// How many runs wait.
    pub waiting: u64,
}

/// Everything that a kill switch can stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KillBoard {
    /// The whole lab, then each environment.
    pub places: Vec<KillPlace>,
    /// The newest switches that were released.
    pub released: Vec<KillSwitch>,
}

impl KillScope {
    /// What a request calls it.
    pub fn target(&self) -> KillTarget {
        match self {
            Self::Lab => KillTarget { scope: ScopeWord::Lab, project: None, environment: None },
            Self::Environment { project, environment } => KillTarget {
                scope: ScopeWord::Environment,
                project: Some(project.clone()),
                environment: Some(environment.clone()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_killed_says_by_which_switch_by_whom_and_why() {
        let switch = KillSwitch {
            id: KillSwitchId::new(uuid::Uuid::nil()),
            scope: KillScope::Environment {
                project: "MITA".parse().expect("a name"),
                environment: "staging".parse().expect("a name"),
            },
            reason: "orders fail".to_owned(),
            pulled_by: "Ada in the browser".to_owned(),
            pulled_us: 0,
            released_by: None,
            released_us: None,
        };
        assert_eq!(
            switch.end().message,
            "Aborted by the kill switch of environment staging, which Ada in the browser pulled: orders fail."
        );
    }
}
