//! Thresholds of suites and scenarios.

use indexmap::IndexMap;

use super::{Reader, names::each_step};
use crate::{
    flow::{Auth, Flow, Step},
    hint::nearest,
    plan::Rule,
    suite::{error::Path, raw::RawThresholds},
    threshold::{Limit, Measure, Threshold, ThresholdError, glob_matches},
};

/// Names that a scope can mean: requests, flows and groups.
pub(super) fn names_of(flows: &IndexMap<String, Flow>, auth: &IndexMap<String, Auth>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    for flow in flows.values() {
        each_step(&flow.steps, &mut |step| match step {
            Step::Request(request) => add(&request.name),
            Step::Group { name, .. } => add(name),
            Step::Auth { auth: name, .. } => {
                if let Some(auth) = auth.get(name) {
                    add(&auth.login.name);
                }
            }
            _ => {}
        });
    }
    auth.values().for_each(|auth| add(&auth.login.name));
    flows.keys().for_each(|name| add(name));
    names
}

impl Reader<'_, '_> {
    pub(super) fn read_rules(
        &mut self,
        raw: Option<RawThresholds>,
        source: &str,
        path: &Path,
        names: &[String],
    ) -> Vec<Rule> {
        let mut rules = Vec::new();
        match raw {
            None => {}
            Some(RawThresholds::List(texts)) => {
                for (i, text) in texts.iter().enumerate() {
                    rules.extend(self.rule(text.parse(), source, &path.index(i), names));
                }
            }
            Some(RawThresholds::Map(map)) => {
                for (measure, texts) in map.0 {
                    let path = path.key(&measure);
                    for text in texts.into_vec() {
                        rules.extend(self.rule(Threshold::of_k6(&measure, &text), source, &path, names));
                    }
                }
            }
        }
        rules
    }

    fn rule(
        &mut self,
        threshold: Result<Threshold, ThresholdError>,
        source: &str,
        path: &Path,
        names: &[String],
    ) -> Option<Rule> {
        let threshold = match threshold {
            Ok(threshold) => threshold,
            Err(error) => {
                let message = format!("{} (column {} of the rule)", error.message, error.column);
                self.problems.add(path, message, error.hint);
                return None;
            }
        };
        let measure = threshold.measure;
        if matches!(measure, Measure::Memory | Measure::Allocations | Measure::Overhead | Measure::Degradation) {
            let hint = Some("load runs measure latency, response, service, lag, ttfb, error_rate, checks, throughput, iterations, dropped, late and users".to_owned());
            self.problems.add(path, format!("`{measure}` is not measured in load runs"), hint);
            return None;
        }
        if let Limit::Budget(name) = &threshold.limit {
            let hint = Some("budgets belong to benchmark suites; write the number".to_owned());
            self.problems.add(path, format!("there is no budget `{name}`"), hint);
            return None;
        }
        if let Some(scope) = &threshold.scope
            && !names.iter().any(|name| glob_matches(scope, name))
        {
            let hint = nearest(scope, names.iter().map(String::as_str)).map_or_else(
                || "name a request, a flow or a group, or use a glob such as /api/*".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.problems.add(path, format!("`for {scope}` means no request, flow or group here"), Some(hint));
            return None;
        }
        Some(Rule { threshold, source: source.to_owned() })
    }
}
