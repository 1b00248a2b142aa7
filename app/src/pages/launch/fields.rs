//! The launch form as text: what stands in its fields, in an address, and in a request.
//!
//! In:  the query of `/launch`, or the body of the form. Out: a [`LaunchRequest`], or what is wrong field by field.
//! Text that cannot be read is kept as it was typed.

use std::{collections::BTreeMap, str::FromStr};

use leptos_router::params::ParamsMap;
use perflab_model::{
    launch::{LaunchRequest, Overrides},
    problem::FieldProblem,
    run::{Revision, Trigger},
    view::LaunchOptions,
};

use crate::components::encoded;

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchFields {
    /// The project's name.
    pub project: String,
    /// The suite's name.
    pub suite: String,
    /// The scenario's name.
    pub scenario: String,
    /// The environment's name.
    pub env: String,
    /// `main@c93e5aa`, a branch or a commit.
    pub rev: String,
    /// Users.
    pub users: String,
    /// Users started a second.
    pub spawn_rate: String,
    /// Starts a second.
    pub rate: String,
    /// `2m`.
    pub duration: String,
    /// Most iterations at once.
    pub max_in_flight: String,
    /// Where everything random comes from.
    pub seed: String,
    /// Separated by commas or blanks.
    pub tags: String,
    /// Parameters of the suite.
    pub set: BTreeMap<String, String>,
}

impl LaunchFields {
    /// What an address says.
    pub fn from_query(query: &ParamsMap) -> Self {
        let get = |name: &str| query.get(name).unwrap_or_default().trim().to_owned();
        let set = query
            .clone()
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("set[")?.strip_suffix(']')?.to_owned();
                Some((name, value))
            })
            .collect();
        Self {
            project: get("project"),
            suite: get("suite"),
            scenario: get("scenario"),
            env: get("env"),
            rev: get("rev"),
            users: get("users"),
            spawn_rate: get("spawn_rate"),
            rate: get("rate"),
            duration: get("duration"),
            max_in_flight: get("max_in_flight"),
            seed: get("seed"),
            tags: get("tags"),
            set,
        }
    }

    /// The same as the query of an address; empty fields are left out.
    pub fn to_query(&self) -> String {
        let named = self.named().map(|(name, value)| (name.to_owned(), value.as_str()));
        let set = self.set.iter().map(|(name, value)| (format!("set[{name}]"), value.as_str()));
        named
            .into_iter()
            .chain(set)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{}={}", encoded(&name), encoded(value)))
            .collect::<Vec<_>>()
            .join("&")
    }

    fn named(&self) -> [(&'static str, &String); 12] {
        [
            ("project", &self.project),
            ("suite", &self.suite),
            ("scenario", &self.scenario),
            ("env", &self.env),
            ("rev", &self.rev),
            ("users", &self.users),
            ("spawn_rate", &self.spawn_rate),
            ("rate", &self.rate),
            ("duration", &self.duration),
            ("max_in_flight", &self.max_in_flight),
            ("seed", &self.seed),
            ("tags", &self.tags),
        ]
    }

    /// Chooses what has been left open: the only suite, its first scenario, the only environment. Overrides that the
    /// chosen scenario does not know are dropped: they belong to the scenario that was chosen before.
    #[must_use]
    pub fn completed(mut self, options: &LaunchOptions) -> Self {
        let suite = options
            .suites
            .iter()
            .find(|suite| suite.name.as_str() == self.suite)
            .or_else(|| options.suites.iter().find(|_| self.suite.is_empty()));
        if let Some(suite) = suite {
            self.suite = suite.name.to_string();
            let named = suite.scenarios.iter().find(|scenario| scenario.name.as_str() == self.scenario);
            if let Some(scenario) = named.or_else(|| suite.scenarios.first()) {
                self.scenario = scenario.name.to_string();
                if scenario.open {
                    self.users.clear();
                    self.spawn_rate.clear();
                } else {
                    self.rate.clear();
                    self.max_in_flight.clear();
                }
            }
            self.set.retain(|name, _| suite.parameters.iter().any(|parameter| &parameter.name == name));
        }
        if self.env.is_empty()
            && let Some(environment) = options.environments.first()
        {
            self.env = environment.name.to_string();
        }
        self
    }

    /// The request, or every field that cannot be read.
    pub fn request(&self) -> Result<LaunchRequest, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let suite = required(&self.suite, "suite", &mut problems);
        let scenario = required(&self.scenario, "scenario", &mut problems);
        let overrides = Overrides {
            users: optional(&self.users, "overrides.users", WHOLE, &mut problems),
            spawn_rate: optional(&self.spawn_rate, "overrides.spawn_rate", NUMBER, &mut problems),
            rate: optional(&self.rate, "overrides.rate", NUMBER, &mut problems),
            duration: optional(&self.duration, "overrides.duration", TIME, &mut problems),
            max_in_flight: optional(&self.max_in_flight, "overrides.max_in_flight", WHOLE, &mut problems),
            seed: optional(&self.seed, "overrides.seed", WHOLE, &mut problems),
            parameters: self
                .set
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        };
        let project = optional(&self.project, "project", NAME, &mut problems);
        let environment = optional(&self.env, "environment", NAME, &mut problems);
        match (suite, scenario) {
            (Some(suite), Some(scenario)) if problems.is_empty() => Ok(LaunchRequest {
                project,
                suite,
                scenario,
                environment,
                overrides,
                revision: revision(&self.rev),
                tags: self.tags.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
                trigger: Trigger::Browser,
            }),
            _ => Err(problems),
        }
    }
}

const WHOLE: &str = "a whole number such as 50";
const NUMBER: &str = "a number such as 2.5";
const TIME: &str = "a time with its unit, such as 30s, 2m or 1h30m";
const NAME: &str = "a name";

fn required<T: FromStr>(text: &str, field: &str, problems: &mut Vec<FieldProblem>) -> Option<T> {
    if text.is_empty() {
        problems.push(FieldProblem { field: field.to_owned(), message: format!("Choose a {field}"), hint: None });
        return None;
    }
    optional(text, field, NAME, problems)
}

/// Nothing for an empty field, and for one that cannot be read, which is told.
fn optional<T: FromStr>(text: &str, field: &str, wanted: &str, problems: &mut Vec<FieldProblem>) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let value = text.replace(',', "").parse().ok();
    if value.is_none() {
        let shown: String = text.chars().take(40).collect();
        problems.push(FieldProblem {
            field: field.to_owned(),
            message: format!("`{shown}` is not {wanted}"),
            hint: Some("Leave it empty to take what the scenario says".to_owned()),
        });
    }
    value
}

/// `main@c93e5aa`, `main` or `c93e5aa`: what looks like a commit is one.
fn revision(text: &str) -> Revision {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match text.rsplit_once('@') {
        Some((branch, commit)) => Revision { branch: some(branch), commit: some(commit) },
        None if (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Revision { branch: None, commit: some(text) }
        }
        None => Revision { branch: some(text), commit: None },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn smoke() -> LaunchFields {
        LaunchFields { suite: "mita".to_owned(), scenario: "smoke".to_owned(), ..LaunchFields::default() }
    }

    #[rstest]
    #[case::both("main@c93e5aa", Some("main"), Some("c93e5aa"))]
    #[case::a_branch("release/1.1", Some("release/1.1"), None)]
    #[case::a_commit("c93e5aa", None, Some("c93e5aa"))]
    #[case::nothing("", None, None)]
    fn a_revision_is_a_branch_a_commit_or_both(
        #[case] text: &str,
        #[case] branch: Option<&str>,
        #[case] commit: Option<&str>,
    ) {
        let found = revision(text);
        assert_eq!((found.branch.as_deref(), found.commit.as_deref()), (branch, commit));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_with_its_value() {
        let fields = LaunchFields { users: "many".to_owned(), duration: "5".to_owned(), ..smoke() };
        let problems = fields.request().expect_err("two fields are wrong");
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].field, "overrides.users");
        assert!(problems[0].message.contains("`many`"), "{problems:?}");
    }

    #[test]
    fn a_link_brings_the_form_back() {
        let fields = LaunchFields {
            users: "5".to_owned(),
            tags: "rc.3 nightly".to_owned(),
            set: BTreeMap::from([("TOKENS".to_owned(), "a&b".to_owned())]),
            ..smoke()
        };
        let mut query = ParamsMap::new();
        for pair in fields.to_query().split('&') {
            let (name, value) = pair.split_once('=').expect("every pair has a value");
            let decode = |text: &str| leptos_router::location::Url::unescape(text);
            query.insert(decode(name), decode(value));
        }
        assert_eq!(LaunchFields::from_query(&query), fields);
    }

    #[test]
    fn thousands_may_be_parted() {
        let fields = LaunchFields { users: "1,000".to_owned(), ..smoke() };
        assert_eq!(fields.request().map(|request| request.overrides.users), Ok(Some(1000)));
    }
}
