//! Thresholds of suites and scenarios: those that no run of theirs could ever decide are told at once.

use indexmap::IndexMap;

use super::{Reader, names::each_step};
use crate::{
    flow::{Auth, Flow, Request, Step},
    hint::nearest,
    plan::Rule,
    suite::{error::Path, raw::RawThresholds},
    threshold::{Action, At, Limit, Measure, Op, Stat, Threshold, ThresholdError, glob_matches, tag_problem},
};

/// Who paces the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// A plan of starts.
    Open,
    /// Users who wait for their answers.
    Closed,
}

/// What rules can be about.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Requests, flows and groups: what a scope can mean.
    names: Vec<String>,
    /// Requests with their methods: what the tags `name` and `method` can mean.
    requests: Vec<(String, String)>,
    /// The models of the runs that the rules are for.
    models: Vec<Model>,
}

/// A rule with its place.
#[derive(Clone, Debug)]
pub(super) struct ParsedRule {
    pub(super) threshold: Threshold,
    /// As it stands there: in a map of k6 without its key.
    written: String,
    pub(super) path: Path,
}

/// Why a rule could never be decided.
struct Unfit {
    message: String,
    hint: String,
    /// The part of the rule that is wrong; its first word where there is none.
    part: Option<String>,
}

impl Known {
    /// What flows and log-ins have.
    pub(super) fn of(flows: &IndexMap<String, Flow>, auth: &IndexMap<String, Auth>, models: Vec<Model>) -> Self {
        let mut known = Self { models, ..Self::default() };
        for flow in flows.values() {
            each_step(&flow.steps, &mut |step| match step {
                Step::Request(request) => known.add_request(request),
                Step::Group { name, .. } => known.add(name),
                Step::Auth { auth: name, .. } => {
                    if let Some(auth) = auth.get(name) {
                        known.add_request(&auth.login);
                    }
                }
                _ => {}
            });
        }
        auth.values().for_each(|auth| known.add_request(&auth.login));
        flows.keys().for_each(|name| known.add(name));
        known
    }

    /// The same for runs of these models.
    pub(super) fn with_models(mut self, models: Vec<Model>) -> Self {
        self.models = models;
        self
    }

    fn add(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    fn add_request(&mut self, request: &Request) {
        self.add(&request.name);
        self.requests.push((request.name.clone(), request.method.clone()));
    }

    /// Whether a rule of the suite says anything about these runs.
    pub(super) fn concerns(&self, rule: &Threshold) -> bool {
        self.unknown_scope(rule).is_none() && self.no_request(rule).is_none() && self.other_model(rule).is_none()
    }

    fn unfit(&self, rule: &Threshold) -> Option<Unfit> {
        of_starts(rule)
            .or_else(|| {
                rule.tags.iter().find_map(|(tag, value)| {
                    tag_problem(tag, value).map(|(message, hint)| Unfit { message, hint, part: Some(tag.clone()) })
                })
            })
            .or_else(|| self.no_request(rule))
            .or_else(|| self.other_model(rule))
    }

    fn unknown_scope<'a>(&self, rule: &'a Threshold) -> Option<&'a str> {
        rule.scope.as_deref().filter(|scope| !self.names.iter().any(|name| glob_matches(scope, name)))
    }

    /// Tags that mean no request.
    fn no_request(&self, rule: &Threshold) -> Option<Unfit> {
        rule.tags.iter().find_map(|(tag, value)| {
            let known: Vec<&str> = match tag.as_str() {
                "name" => self.requests.iter().map(|(name, _)| name.as_str()).collect(),
                "method" => self.requests.iter().map(|(_, method)| method.as_str()).collect(),
                _ => return None,
            };
            let is_meant = |known: &str| match tag.as_str() {
                "name" => glob_matches(value, known) || glob_matches(value, &format!("{known} [redirect]")),
                _ => known.eq_ignore_ascii_case(value),
            };
            if known.iter().any(|known| is_meant(known)) {
                return None;
            }
            let hint = nearest(value, known).map_or_else(
                || "look at the requests of the flows".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Some(Unfit { message: format!("no request here has the {tag} `{value}`"), hint, part: Some(tag.clone()) })
        })
    }

    /// Measures and loads that none of the runs has.
    fn other_model(&self, rule: &Threshold) -> Option<Unfit> {
        let only = |model: Model| self.models.iter().all(|known| *known == model) && !self.models.is_empty();
        let measure = |measure: Measure, what: &str, hint: &str| Unfit {
            message: format!("`{measure}` exists in {what} only"),
            hint: hint.to_owned(),
            part: None,
        };
        let open = "an executor with a rate has it; take the rule out, or out of this scenario";
        match (rule.measure, rule.at) {
            (Measure::Lag | Measure::Dropped | Measure::Late, _) if only(Model::Closed) => {
                Some(measure(rule.measure, "open runs", open))
            }
            (Measure::Users, _) if only(Model::Open) => {
                Some(measure(rule.measure, "closed runs", "write `throughput` or `iterations` for what arrives"))
            }
            (_, Some(At::Users(users))) if only(Model::Open) => Some(Unfit {
                message: format!("an open run never stands at {users} users"),
                hint: "name a rate, such as `at 200/s`".to_owned(),
                part: Some("at".to_owned()),
            }),
            (_, Some(At::Rate(rate))) if only(Model::Closed) => Some(Unfit {
                message: format!("a closed run never stands at {rate}/s"),
                hint: "name a number of users, such as `at 200 users`".to_owned(),
                part: Some("at".to_owned()),
            }),
            _ => None,
        }
    }
}

/// Starts and users are counted for the whole run.
fn of_starts(rule: &Threshold) -> Option<Unfit> {
    let whole = matches!(rule.measure, Measure::Iterations | Measure::Dropped | Measure::Late | Measure::Users);
    let part = rule.tags.first().map(|(tag, _)| tag.clone()).or_else(|| rule.scope.clone()).filter(|_| whole)?;
    Some(Unfit {
        message: format!("`{}` is counted for the whole run, not for a request", rule.measure),
        hint: "take scope and tags out of the rule".to_owned(),
        part: Some(part),
    })
}

/// Why no capacity search could judge a rule on degradation: the part of it, what is wrong, what to write. A single run
/// judges none: it has no lower load to compare with.
fn unjudgeable(rule: &Threshold) -> Option<(Option<&'static str>, &'static str, &'static str)> {
    if rule.at.is_none() {
        return Some((None, "degradation is judged at a load", "say at which: `degradation < 15% at 1000 users`"));
    }
    if !matches!(rule.stat, Stat::Value | Stat::Quantile(_)) {
        let hint = "write `degradation < 15% at …` for P95, or `degradation p99 < 15% at …`";
        return Some((None, "degradation is measured of a quantile", hint));
    }
    let whole = "a capacity search compares whole levels: leave out scope, tags, window, `after` and `stop`";
    if rule.scope.is_some() || rule.window.is_some() {
        return Some((Some(" for "), "degradation is of all requests of a level together", whole));
    }
    if !rule.tags.is_empty() || rule.after.is_some() || rule.action == Action::Stop {
        return Some((None, "degradation is of all requests of a level together", whole));
    }
    if !matches!((&rule.limit, rule.op), (Limit::Number(_), Op::Less | Op::LessOrEqual)) {
        return Some((None, "degradation has an upper limit", "write `degradation < 15% at 1000 users`"));
    }
    None
}

/// Where in a rule a part stands, counted from 1. Of `at` the one before a number is meant: names may hold the word too.
fn column(rule: &str, part: Option<&str>) -> usize {
    let found = match part {
        None => None,
        Some("at") => rule
            .match_indices(" at ")
            .filter(|(at, sign)| rule[at + sign.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit()))
            .last()
            .map(|(at, _)| at + 1),
        Some(part) => rule.find(part),
    };
    found.map_or(1, |at| rule[..at].chars().count() + 1)
}

impl Reader<'_, '_> {
    pub(super) fn read_rules(
        &mut self,
        raw: Option<RawThresholds>,
        source: &str,
        path: &Path,
        known: &Known,
    ) -> Vec<Rule> {
        let parsed = self.parsed_rules(raw, path);
        parsed.into_iter().filter_map(|rule| self.rule(rule, source, known)).collect()
    }

    /// Rules that are ones at all, each with its place.
    pub(super) fn parsed_rules(&mut self, raw: Option<RawThresholds>, path: &Path) -> Vec<ParsedRule> {
        let mut rules = Vec::new();
        match raw {
            None => {}
            Some(RawThresholds::List(texts)) => {
                for (i, text) in texts.into_iter().enumerate() {
                    rules.extend(self.parsed_rule(text.parse(), text, &path.index(i)));
                }
            }
            Some(RawThresholds::Map(map)) => {
                for (measure, texts) in map.0 {
                    let path = path.key(&measure);
                    for text in texts.into_vec() {
                        rules.extend(self.parsed_rule(Threshold::of_k6(&measure, &text), text, &path));
                    }
                }
            }
        }
        rules
    }

    pub(super) fn parsed_rule(
        &mut self,
        threshold: Result<Threshold, ThresholdError>,
        written: String,
        path: &Path,
    ) -> Option<ParsedRule> {
        match threshold {
            Ok(threshold) => Some(ParsedRule { threshold, written: written.trim().to_owned(), path: path.clone() }),
            Err(error) => {
                let message = format!("{} (column {} of the rule)", error.message, error.column);
                self.problems.add(path, message, error.hint);
                None
            }
        }
    }

    /// Tells what is wrong with a part of a rule; with its first word where no part is named.
    pub(super) fn wrong_rule(&mut self, rule: &ParsedRule, part: Option<&str>, message: &str, hint: &str) {
        // In a map of k6 the key is not part of the rule; what is wrong with it stands in column 1.
        let column = column(&rule.written, part);
        self.problems.add(&rule.path, format!("{message} (column {column} of the rule)"), Some(hint.to_owned()));
    }

    fn rule(&mut self, rule: ParsedRule, source: &str, known: &Known) -> Option<Rule> {
        let threshold = &rule.threshold;
        let measure = threshold.measure;
        if matches!(measure, Measure::Memory | Measure::Allocations | Measure::Overhead) {
            let hint = Some("load runs measure latency, response, service, lag, ttfb, error_rate, checks, throughput, iterations, dropped, late and users".to_owned());
            self.problems.add(&rule.path, format!("`{measure}` is not measured in load runs"), hint);
            return None;
        }
        if measure == Measure::Degradation
            && let Some((part, message, hint)) = unjudgeable(threshold)
        {
            self.wrong_rule(&rule, part, message, hint);
            return None;
        }
        if let Limit::Budget(name) = &threshold.limit {
            let hint = Some("budgets belong to benchmark suites; write the number".to_owned());
            self.problems.add(&rule.path, format!("there is no budget `{name}`"), hint);
            return None;
        }
        if let Some(scope) = known.unknown_scope(threshold) {
            let hint = nearest(scope, known.names.iter().map(String::as_str)).map_or_else(
                || "name a request, a flow or a group, or use a glob such as /api/*".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.problems.add(&rule.path, format!("`for {scope}` means no request, flow or group here"), Some(hint));
            return None;
        }
        if let Some(unfit) = known.unfit(threshold) {
            self.wrong_rule(&rule, unfit.part.as_deref(), &unfit.message, &unfit.hint);
            return None;
        }
        Some(Rule { threshold: rule.threshold, source: source.to_owned() })
    }
}
