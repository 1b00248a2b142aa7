//! The launch form as text: what stands in its fields, in an address, and in a request.
//!
//! In:  the query of `/launch`, or the body of the form. Out: a [`LaunchRequest`], or what is wrong field by field.
//! Text that cannot be read is kept as it was typed.

use std::{collections::BTreeMap, str::FromStr};

use leptos_router::params::ParamsMap;
use perflab_model::{
    launch::{LaunchRequest, Overrides, case_names},
    problem::FieldProblem,
    run::{RunRow, Trigger},
};

use super::revision;
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
    /// Classes of users, separated by commas.
    pub classes: String,
    /// Cases of a benchmark suite, by name or glob, separated by commas.
    pub cases: String,
    /// Separated by blanks, or by commas where a tag has blanks of its own.
    pub tags: String,
    /// The run that the fields were filled in from.
    pub again: String,
    /// Parameters of the suite.
    pub set: BTreeMap<String, String>,
}

impl LaunchFields {
    /// What an address says.
    pub fn from_query(query: &ParamsMap) -> Self {
        let get = |name: &str| query.get(name).unwrap_or_default();
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
            classes: get("classes"),
            cases: get("cases"),
            tags: get("tags"),
            again: get("again"),
            set,
        }
    }

    /// What a run was asked for with, to ask for it once more: what it took from its scenario is left to the scenario.
    pub fn of_run(row: &RunRow, overrides: &Overrides) -> Self {
        fn text<T: ToString>(value: Option<T>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        Self {
            project: row.project.to_string(),
            suite: row.suite.to_string(),
            scenario: row.scenario.to_string(),
            env: row.environment.to_string(),
            rev: revision::written(&row.revision),
            users: text(overrides.users),
            spawn_rate: text(overrides.spawn_rate),
            rate: text(overrides.rate),
            duration: text(overrides.duration),
            max_in_flight: text(overrides.max_in_flight),
            seed: text(overrides.seed),
            classes: overrides.classes.join(", "),
            cases: overrides.cases.join(", "),
            tags: tags_written(&row.tags),
            again: row.id.to_string(),
            set: overrides.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
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

    fn named(&self) -> [(&'static str, &String); 15] {
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
            ("classes", &self.classes),
            ("cases", &self.cases),
            ("tags", &self.tags),
            ("again", &self.again),
        ]
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
            classes: listed(&self.classes),
            cases: case_names(&self.cases),
            parameters: self
                .set
                .iter()
                .map(|(name, value)| (name.clone(), value.trim().to_owned()))
                .filter(|(_, value)| !value.is_empty())
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
                revision: revision::read(self.rev.trim()),
                tags: tags(&self.tags),
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

/// Names between commas.
fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn required<T: FromStr>(text: &str, field: &str, problems: &mut Vec<FieldProblem>) -> Option<T> {
    if text.trim().is_empty() {
        problems.push(FieldProblem { field: field.to_owned(), message: format!("Choose a {field}"), hint: None });
        return None;
    }
    optional(text, field, NAME, problems)
}

/// Nothing for an empty field, and for one that cannot be read, which is told.
fn optional<T: FromStr>(text: &str, field: &str, wanted: &str, problems: &mut Vec<FieldProblem>) -> Option<T> {
    let text = text.trim();
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

/// Tags as they are typed. Commas part them where there are any, else blanks.
fn tags(text: &str) -> Vec<String> {
    let parted_by = if text.contains(',') { ',' } else { ' ' };
    text.split(parted_by).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Writes what [`tags`] reads as the same tags.
fn tags_written(tags: &[String]) -> String {
    match tags {
        [one] if one.contains(' ') => format!("{one},"),
        all if all.iter().any(|tag| tag.contains(' ')) => all.join(", "),
        all => all.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::run::{Revision, RunState};
    use rstest::rstest;

    use super::*;

    fn smoke() -> LaunchFields {
        LaunchFields { suite: "mita".to_owned(), scenario: "smoke".to_owned(), ..LaunchFields::default() }
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

    #[rstest]
    #[case::blanks_part_them("rc.3 nightly", &["rc.3", "nightly"])]
    #[case::commas_do_where_there_are_any("release 1.1, nightly", &["release 1.1", "nightly"])]
    #[case::one_with_a_blank("release 1.1,", &["release 1.1"])]
    #[case::none("", &[])]
    fn tags_are_read_as_they_are_written(#[case] text: &str, #[case] read: &[&str]) {
        assert_eq!(tags(text), read);
        assert_eq!(tags_written(&tags(text)), text);
    }

    #[test]
    fn run_again_asks_for_exactly_what_the_launch_had_asked_for() {
        let row = RunRow {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
            number: 7,
            project: "MITA".parse().expect("a name"),
            suite: "mita".parse().expect("a name"),
            scenario: "open_load".parse().expect("a name"),
            environment: "local reference".parse().expect("a name"),
            revision: Revision {
                branch: Some("main".to_owned()),
                commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
                ..Revision::default()
            },
            trigger: Trigger::Cli,
            tags: vec!["release 1.1".to_owned(), "nightly".to_owned()],
            state: RunState::Finished,
            end: None,
            created_us: 0,
            started_us: None,
            ended_us: None,
            load: "up to 100/s, 11m".to_owned(),
            planned_seconds: 660.0,
            headline: None,
            validity: None,
            verdict: None,
            adjusted: false,
            search: None,
            repeat_of: None,
            worker_class: None,
            rejected: None,
        };
        let overrides = Overrides {
            rate: Some(12.5),
            max_in_flight: Some(40),
            classes: vec!["mobile".to_owned(), "heavy users".to_owned()],
            parameters: [("LIMIT".to_owned(), "150".to_owned())].into_iter().collect(),
            ..Overrides::default()
        };
        let request = LaunchFields::of_run(&row, &overrides).request().expect("the fields are right");
        assert_eq!(request.overrides, overrides);
        assert_eq!(request.revision, row.revision);
        assert_eq!(request.tags, row.tags);
        assert_eq!(request.environment, Some(row.environment));
    }
}
