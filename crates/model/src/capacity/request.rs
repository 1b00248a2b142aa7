//! A search as it is asked for, and what may be wrong with it.

use serde::{Deserialize, Serialize};

use super::CapacityUnit;
use crate::{
    launch::Overrides,
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    problem::FieldProblem,
    run::{Revision, Trigger},
    unit::Millis,
};

/// Steady load of a level where nothing is said: shorter ones say little of what a target bears for long.
pub const USUAL_HOLD: Millis = Millis::from_secs(60);
/// The shortest steady load of a level: an interval of a mean needs five seconds.
pub const SHORTEST_HOLD: Millis = Millis::from_secs(5);
/// How near, as a share, the highest level that holds and the lowest that breaks must come where nothing is said.
pub const USUAL_RESOLUTION: f64 = 0.05;

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

#[cfg(test)]
mod tests {
    use super::*;

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
