//! What the fields choose of that which is there: suite, scenario, environment.
//!
//! In:  [`LaunchFields`] from an address or a form, and what can be launched. Out: the fields with everything chosen, and
//! in words what had no place in them. Nothing that was named is silently exchanged for something else.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use perflab_model::view::{LaunchOptions, ScenarioOption, SuiteOption};

use super::fields::LaunchFields;

impl LaunchFields {
    /// Chooses what has been left open: the first suite, its first scenario, the first environment; and takes out what
    /// the scenario has no field for, which is given back in words. `listed_of` is the suite whose scenarios could be
    /// chosen from: a scenario of another suite than the chosen one gives way to that one's first. What is named and
    /// not there stays, to be told.
    #[must_use]
    pub fn completed(mut self, options: &LaunchOptions, listed_of: Option<&str>) -> (Self, Vec<String>) {
        let mut left_out = Vec::new();
        let first = || options.suites.iter().find(|_| self.suite.is_empty());
        if let Some(suite) = self.suite_of(options).or_else(first) {
            self.suite = suite.name.to_string();
            let listed_here = listed_of.is_none_or(|listed| listed == self.suite);
            if (self.scenario.is_empty() || !listed_here && self.scenario_of(options).is_none())
                && let Some(first) = suite.scenarios.first()
            {
                self.scenario = first.name.to_string();
            }
            if let Some(scenario) = self.scenario_of(options) {
                let (open, users) = (scenario.open, scenario.users);
                let unfit: [(&str, bool, &mut String); 4] = [
                    ("users", !users, &mut self.users),
                    ("users started a second", !users, &mut self.spawn_rate),
                    ("rate", !open, &mut self.rate),
                    ("most in flight", !open, &mut self.max_in_flight),
                ];
                for (name, _, value) in unfit.into_iter().filter(|(_, unfit, value)| *unfit && !value.is_empty()) {
                    left_out.push(format!("{name} {value}"));
                    value.clear();
                }
            }
            // A suite that cannot be read names no parameters; that is no reason to forget what was asked for.
            if suite.problem.is_none() {
                let known = |name: &str| suite.parameters.iter().any(|parameter| parameter.name == name);
                let unknown: BTreeMap<_, _> = self.set.extract_if(.., |name, _| !known(name)).collect();
                left_out.extend(unknown.into_iter().map(|(name, value)| format!("{name} = {value}")));
            }
        }
        if self.env.is_empty()
            && let Some(environment) = options.environments.first()
        {
            self.env = environment.name.to_string();
        }
        (self, left_out)
    }

    /// The suite that is chosen.
    pub fn suite_of<'a>(&self, options: &'a LaunchOptions) -> Option<&'a SuiteOption> {
        options.suites.iter().find(|suite| suite.name.as_str() == self.suite)
    }

    /// The scenario that is chosen.
    pub fn scenario_of<'a>(&self, options: &'a LaunchOptions) -> Option<&'a ScenarioOption> {
        self.suite_of(options)?.scenarios.iter().find(|scenario| scenario.name.as_str() == self.scenario)
    }

    /// A mark of what the fields mean now, the suite's version included: Start sends the mark of what was shown, and
    /// only that is started.
    pub fn mark(&self, options: &LaunchOptions) -> String {
        let version = self.suite_of(options).map(|suite| suite.version.as_str()).unwrap_or_default();
        mark_of(&format!("{version} {}", self.to_query()))
    }
}

/// A short mark of a text: another text has another one.
pub fn mark_of(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use perflab_model::suite::SuiteKind;

    use super::*;

    fn smoke() -> LaunchFields {
        LaunchFields { suite: "mita".to_owned(), scenario: "smoke".to_owned(), ..LaunchFields::default() }
    }

    fn options() -> LaunchOptions {
        let scenario = |name: &str, open| ScenarioOption {
            name: name.parse().expect("a name"),
            title: None,
            description: None,
            executor: String::new(),
            load: String::new(),
            open,
            users: !open || name == "mixed",
        };
        let suite = |name: &str, scenarios| SuiteOption {
            name: name.parse().expect("a name"),
            title: None,
            version: "9f31c2e".to_owned(),
            since_us: 0,
            kind: SuiteKind::Load,
            scenarios,
            cases: Vec::new(),
            parameters: Vec::new(),
            problem: None,
        };
        LaunchOptions {
            project: None,
            suites: vec![
                suite("mita", vec![scenario("smoke", false), scenario("open_load", true), scenario("mixed", true)]),
                suite("shop", vec![scenario("browse", false)]),
            ],
            environments: Vec::new(),
        }
    }

    #[test]
    fn a_scenario_that_is_not_there_is_told_instead_of_silently_becoming_another() {
        let asked = LaunchFields { scenario: "smok".to_owned(), ..smoke() };
        let (fields, _) = asked.clone().completed(&options(), None);
        assert_eq!(fields.scenario, "smok");
        let (fields, _) = asked.completed(&options(), Some("mita"));
        assert_eq!(fields.scenario, "smok");
    }

    #[test]
    fn another_suite_begins_with_its_own_first_scenario() {
        let chosen = LaunchFields { suite: "shop".to_owned(), ..smoke() };
        assert_eq!(chosen.clone().completed(&options(), Some("mita")).0.scenario, "browse");
        assert_eq!(chosen.completed(&options(), Some("shop")).0.scenario, "smoke");
    }

    #[test]
    fn what_a_scenario_has_no_field_for_is_left_out_and_told() {
        let asked = LaunchFields {
            scenario: "open_load".to_owned(),
            users: "50".to_owned(),
            rate: "20".to_owned(),
            set: BTreeMap::from([("LIMIT".to_owned(), "5".to_owned())]),
            ..smoke()
        };
        let (fields, left_out) = asked.completed(&options(), None);
        assert_eq!((fields.users.as_str(), fields.rate.as_str()), ("", "20"));
        assert_eq!(left_out, ["users 50", "LIMIT = 5"]);
    }

    #[test]
    fn a_scenario_of_users_beside_a_rate_has_fields_for_both() {
        let asked =
            LaunchFields { scenario: "mixed".to_owned(), users: "50".to_owned(), rate: "20".to_owned(), ..smoke() };
        assert_eq!(
            asked.clone().completed(&options(), None),
            (LaunchFields { env: String::new(), ..asked }, Vec::new())
        );
    }

    #[test]
    fn the_mark_of_what_was_shown_changes_with_every_field_and_with_the_suite() {
        let shown = smoke().mark(&options());
        assert_eq!(smoke().mark(&options()), shown);
        assert_ne!(LaunchFields { users: "50".to_owned(), ..smoke() }.mark(&options()), shown);
        let mut newer = options();
        newer.suites[0].version = "1a2b3c4".to_owned();
        assert_ne!(smoke().mark(&newer), shown);
    }
}
