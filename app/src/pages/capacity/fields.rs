//! The form of a new search as text: what stands in its fields, in an address, and in a request.
//!
//! What it has in common with a launch (suite, scenario, environment, revision …) is read as the launch form reads it.

use leptos_router::params::ParamsMap;
use perflab_model::{
    capacity::{CapacityRequest, CapacityUnit, USUAL_HOLD},
    problem::FieldProblem,
    view::LaunchOptions,
};

use crate::{
    components::encoded,
    pages::launch::{choice::mark_of, fields::LaunchFields},
};

/// Where a search begins and ends where nothing is said.
const USUAL_RANGE: (&str, &str) = ("10", "1000");

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CapacityFields {
    /// What a launch has too.
    pub(super) launch: LaunchFields,
    /// The lowest level.
    pub(super) from: String,
    /// The highest level.
    pub(super) to: String,
    /// `60s`.
    pub(super) hold: String,
}

impl CapacityFields {
    /// What an address says.
    pub(super) fn from_query(query: &ParamsMap) -> Self {
        let get = |name: &str| query.get(name).unwrap_or_default();
        Self { launch: LaunchFields::from_query(query), from: get("from"), to: get("to"), hold: get("hold") }
    }

    /// Chooses what has been left open, and leaves out what is the search's own.
    pub(super) fn completed(mut self, options: &LaunchOptions, listed_of: Option<&str>) -> Self {
        for own in [&mut self.launch.users, &mut self.launch.rate, &mut self.launch.duration, &mut self.launch.again] {
            own.clear();
        }
        self.launch = self.launch.completed(options, listed_of).0;
        let (from, to) = USUAL_RANGE;
        for (field, usual) in
            [(&mut self.from, from), (&mut self.to, to), (&mut self.hold, USUAL_HOLD.to_string().as_str())]
        {
            if field.trim().is_empty() {
                usual.clone_into(field);
            }
        }
        self
    }

    /// What a level of the chosen scenario counts.
    pub(super) fn unit(&self, options: &LaunchOptions) -> CapacityUnit {
        match self.launch.scenario_of(options) {
            Some(scenario) if scenario.open => CapacityUnit::Rate,
            _ => CapacityUnit::Users,
        }
    }

    /// The request, or every field that cannot be read.
    pub(super) fn request(&self, unit: CapacityUnit) -> Result<CapacityRequest, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut number = |field: &str, text: &str| {
            let read = text.trim().replace(',', "").parse::<f64>().ok();
            if read.is_none() {
                problems.push(unreadable(field, text, "a number such as 50"));
            }
            read.unwrap_or(0.0)
        };
        let (from, to) = (number("from", &self.from), number("to", &self.to));
        let hold = self.hold.trim().parse().ok();
        if hold.is_none() {
            problems.push(unreadable("hold", &self.hold, "a time with its unit, such as 60s"));
        }
        let launch = match self.launch.request() {
            Ok(launch) => launch,
            Err(found) => {
                problems.extend(found);
                return Err(problems);
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(CapacityRequest {
            project: launch.project,
            suite: launch.suite,
            scenario: launch.scenario,
            environment: launch.environment,
            unit,
            from,
            to,
            hold,
            resolution: None,
            overrides: launch.overrides,
            revision: launch.revision,
            tags: launch.tags,
            trigger: launch.trigger,
        })
    }

    /// The same as the query of an address.
    pub(super) fn to_query(&self) -> String {
        let own = [("from", &self.from), ("to", &self.to), ("hold", &self.hold)];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let own = own.map(|(name, value)| format!("{name}={}", encoded(value)));
        std::iter::once(self.launch.to_query())
            .filter(|query| !query.is_empty())
            .chain(own)
            .collect::<Vec<_>>()
            .join("&")
    }

    /// A mark of what the fields mean now: only what was shown is started.
    pub(super) fn mark(&self, options: &LaunchOptions) -> String {
        mark_of(&format!("{} {}", self.launch.mark(options), self.to_query()))
    }
}

fn unreadable(field: &str, text: &str, wanted: &str) -> FieldProblem {
    let shown: String = text.chars().take(40).collect();
    FieldProblem { field: field.to_owned(), message: format!("`{shown}` is not {wanted}"), hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> CapacityFields {
        CapacityFields {
            launch: LaunchFields {
                suite: "mita".to_owned(),
                scenario: "stress".to_owned(),
                users: "500".to_owned(),
                ..LaunchFields::default()
            },
            from: "1,0".to_owned(),
            ..CapacityFields::default()
        }
    }

    #[test]
    fn what_is_left_open_is_filled_in_and_what_is_the_searchs_own_is_left_out() {
        let fields = fields().completed(&LaunchOptions::default(), None);
        assert_eq!((fields.from.as_str(), fields.to.as_str(), fields.hold.as_str()), ("1,0", "1000", "1m"));
        assert_eq!(fields.launch.users, "");
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_with_its_value() {
        let fields = CapacityFields { to: "many".to_owned(), hold: "60".to_owned(), ..fields() };
        let problems = fields.request(CapacityUnit::Users).expect_err("two are wrong");
        let told: Vec<_> = problems.iter().map(|problem| (problem.field.as_str(), problem.message.as_str())).collect();
        assert_eq!(
            told,
            [("to", "`many` is not a number such as 50"), ("hold", "`60` is not a time with its unit, such as 60s")]
        );
    }

    #[test]
    fn a_link_brings_the_form_back() {
        let fields = CapacityFields { to: "250".to_owned(), hold: "10s".to_owned(), ..fields() };
        let mut query = ParamsMap::new();
        for pair in fields.to_query().split('&') {
            let (name, value) = pair.split_once('=').expect("every pair has a value");
            let decode = |text: &str| leptos_router::location::Url::unescape(text);
            query.insert(decode(name), decode(value));
        }
        assert_eq!(CapacityFields::from_query(&query), fields);
    }
}
