//! What a scope means: requests, else flows, else groups of the plan, by name.

use perflab_model::{flow::Step, plan::Plan, threshold::glob_matches};

/// Names of a plan that a scope can mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    requests: Vec<String>,
    flows: Vec<(String, Vec<String>)>,
    groups: Vec<(String, Vec<String>)>,
}

/// What a rule is judged on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// All requests together.
    Everything,
    /// One request.
    Request(String),
    /// The requests of a flow or group.
    Several {
        /// The flow's or group's name.
        name: String,
        /// Its requests.
        requests: Vec<String>,
    },
}

impl Subject {
    pub(super) fn holds(&self, request: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Request(name) => name == request,
            Self::Several { requests, .. } => requests.iter().any(|name| name == request),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Everything => None,
            Self::Request(name) | Self::Several { name, .. } => Some(name),
        }
    }
}

impl Names {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut names = Self::default();
        for flow in &plan.flows {
            let requests = names.walk(&flow.steps, plan);
            names.flows.push((flow.name.clone(), requests));
        }
        // Log-ins of classes happen before any flow.
        for auth in &plan.auth {
            note(&mut names.requests, &auth.login.name);
        }
        names
    }

    /// What the glob means, in the plan's order; nothing when only names that are not known yet could fit.
    pub(super) fn subjects(&self, glob: &str) -> Vec<Subject> {
        let requests: Vec<Subject> =
            self.requests.iter().filter(|name| glob_matches(glob, name)).cloned().map(Subject::Request).collect();
        if !requests.is_empty() {
            return requests;
        }
        [&self.flows, &self.groups]
            .into_iter()
            .map(|folders| {
                folders
                    .iter()
                    .filter(|(name, _)| glob_matches(glob, name))
                    .map(|(name, requests)| Subject::Several { name: name.clone(), requests: requests.clone() })
                    .collect::<Vec<_>>()
            })
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn walk(&mut self, steps: &[Step], plan: &Plan) -> Vec<String> {
        let mut found = Vec::new();
        for step in steps {
            let inner = match step {
                Step::Request(request) => vec![request.name.clone()],
                Step::Auth { auth, .. } => {
                    plan.auth.iter().filter(|known| known.name == *auth).map(|known| known.login.name.clone()).collect()
                }
                Step::Think(_) => Vec::new(),
                Step::Repeat { steps, .. } => self.walk(steps, plan),
                Step::If { then, otherwise, .. } => {
                    let mut both = self.walk(then, plan);
                    both.extend(self.walk(otherwise, plan));
                    both
                }
                Step::Group { name, steps } => {
                    let inner = self.walk(steps, plan);
                    match self.groups.iter_mut().find(|(known, _)| known == name) {
                        Some((_, requests)) => inner.iter().for_each(|request| note(requests, request)),
                        None => self.groups.push((name.clone(), inner.clone())),
                    }
                    inner
                }
            };
            for name in inner {
                note(&mut self.requests, &name);
                note(&mut found, &name);
            }
        }
        found
    }
}

fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
