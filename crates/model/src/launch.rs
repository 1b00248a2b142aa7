//! What a launch asks for, in the words of the form, the API and the command line alike.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    run::{Revision, Trigger},
    unit::Millis,
};

/// What is to be run, where, and what differs from the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LaunchRequest {
    /// The project; the only one where there is one.
    #[serde(default)]
    pub project: Option<ProjectName>,
    /// The suite, by name: its newest version.
    pub suite: SuiteName,
    /// The scenario of it; may be left out of a benchmark suite, which has none.
    #[serde(default = "whole_suite")]
    pub scenario: ScenarioName,
    /// The environment; the only one where there is one.
    #[serde(default)]
    pub environment: Option<EnvironmentName>,
    /// What differs from the scenario.
    #[serde(default)]
    pub overrides: Overrides,
    /// What is measured.
    #[serde(default, deserialize_with = "revision")]
    pub revision: Revision,
    /// Tags of the run.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who asks. A program over HTTP may say `cli`; nothing else is taken from outside.
    #[serde(default)]
    pub trigger: Trigger,
}

/// What differs from the scenario. An override that does not fit the executor is an error, not ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Users of a closed run.
    pub users: Option<u32>,
    /// Users started a second.
    pub spawn_rate: Option<f64>,
    /// Starts a second of an open run: of its only rate, or scales all stages so that the highest is this.
    pub rate: Option<f64>,
    /// From the first start to the last; stages are stretched to it. Of a number of iterations the longest time.
    pub duration: Option<Millis>,
    /// Most iterations at once of an open run.
    pub max_in_flight: Option<u32>,
    /// Where everything random comes from.
    pub seed: Option<u64>,
    /// Only these classes of users, instead of those that the scenario chooses; nothing changes where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Of a benchmark suite: only these cases, by name or glob; all where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
    /// Parameters of the suite.
    pub parameters: IndexMap<String, String>,
}

fn whole_suite() -> ScenarioName {
    ScenarioName::whole_suite()
}

/// A revision in which every field is known. What is stored is read less strictly: a later version may add to it.
fn revision<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Revision, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(default)]
        commit: Option<String>,
        #[serde(default)]
        branch: Option<String>,
        #[serde(default)]
        merge_base: Option<String>,
        #[serde(default)]
        dirty: bool,
    }
    let Asked { commit, branch, merge_base, dirty } = Asked::deserialize(deserializer)?;
    Ok(Revision { commit, branch, merge_base, dirty })
}

/// Names of cases between commas; a comma within the brackets of a combination (`hash [cost=10, concurrency=5]`) parts
/// nothing.
pub fn case_names(text: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let parts = text.split(move |letter| {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_is_one_case_whatever_commas_are_in_it() {
        assert_eq!(
            case_names("login, hash [cost=10, concurrency=5],  *token*,"),
            ["login", "hash [cost=10, concurrency=5]", "*token*"]
        );
    }
}
