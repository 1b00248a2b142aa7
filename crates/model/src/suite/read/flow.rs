//! Flows and their steps.

use indexmap::IndexMap;

use super::{Owner, Reader, Use};
use crate::{
    flow::{Condition, Flow, Step},
    suite::{
        error::Path,
        raw::{Named, RawCondition, RawFlow, RawStep},
    },
    unit::Ratio,
};

/// What a step does, of all that its keys say.
const ACTIONS: &str = "one of get, post, put, patch, delete, head, auth, think, repeat, if, group";

impl Reader<'_, '_> {
    pub(super) fn read_flows(&mut self, raw: Named<RawFlow>) -> IndexMap<String, Flow> {
        let mut flows = IndexMap::new();
        for (name, raw) in raw.0 {
            let path = Path::default().key("flows").key(&name);
            if raw.steps.is_empty() {
                self.problems.add(&path.key("steps"), "a flow needs at least one step", None);
            }
            let steps = self.steps(raw.steps, &Owner::Flow(name.clone()), &path.key("steps"));
            flows.insert(name.clone(), Flow { name, tags: raw.tags, steps });
        }
        flows
    }

    fn steps(&mut self, raw: Vec<RawStep>, owner: &Owner, path: &Path) -> Vec<Step> {
        raw.into_iter().enumerate().filter_map(|(i, step)| self.step(step, owner, &path.index(i))).collect()
    }

    fn step(&mut self, raw: RawStep, owner: &Owner, path: &Path) -> Option<Step> {
        let actions = raw.actions();
        let [action] = actions.as_slice() else {
            let message = if actions.is_empty() {
                "the step does nothing".to_owned()
            } else {
                format!("a step does one thing, this one has {}", actions.join(" and "))
            };
            self.problems.add(path, message, Some(format!("give it {ACTIONS}")));
            return None;
        };
        self.check_companions(&raw, action, path);
        match *action {
            "auth" => {
                let auth = raw.auth?;
                let known = self.auth_names.clone();
                self.known("auth entry", &auth, &known, &path.key("auth"));
                Some(Step::Auth { auth, fresh: raw.fresh.unwrap_or(false) })
            }
            "think" => Some(Step::Think(self.think(raw.think?, &path.key("think")))),
            "repeat" => {
                let steps = self.wanted_steps(raw.steps, "repeat", owner, path);
                Some(Step::Repeat { times: raw.repeat?, steps })
            }
            "group" => {
                let steps = self.wanted_steps(raw.steps, "group", owner, path);
                Some(Step::Group { name: raw.group?, steps })
            }
            "if" => {
                let condition = self.condition(raw.condition?, owner, &path.key("if"))?;
                if raw.then.is_none() && raw.otherwise.is_none() {
                    let hint = Some("give it `then` or `else` with steps".to_owned());
                    self.problems.add(path, "the `if` has nothing to do", hint);
                }
                let then = self.steps(raw.then.unwrap_or_default(), owner, &path.key("then"));
                let otherwise = self.steps(raw.otherwise.unwrap_or_default(), owner, &path.key("else"));
                Some(Step::If { condition, then, otherwise })
            }
            _ => self.request(raw, owner, path).map(|request| Step::Request(Box::new(request))),
        }
    }

    fn wanted_steps(&mut self, raw: Option<Vec<RawStep>>, what: &str, owner: &Owner, path: &Path) -> Vec<Step> {
        match raw {
            Some(steps) if !steps.is_empty() => self.steps(steps, owner, &path.key("steps")),
            _ => {
                self.problems.add(path, format!("`{what}` needs `steps`"), None);
                Vec::new()
            }
        }
    }

    fn condition(&mut self, raw: RawCondition, owner: &Owner, path: &Path) -> Option<Condition> {
        let mut note = |variable: &str, path: Path| {
            self.uses.push(Use { owner: owner.clone(), variable: variable.to_owned(), path });
        };
        match (raw.chance, raw.exists, raw.equals) {
            (Some(chance), None, None) => Ratio::new(chance).ok().map(Condition::Chance),
            (None, Some(variable), None) => {
                note(&variable, path.key("exists"));
                Some(Condition::Exists(variable))
            }
            (None, None, Some(equals)) => {
                note(&equals.var, path.key("equals").key("var"));
                Some(Condition::Equals { var: equals.var, value: equals.value.into_text() })
            }
            _ => {
                let hint = Some("write one of chance, exists, equals".to_owned());
                self.problems.add(path, "an `if` asks exactly one thing", hint);
                None
            }
        }
    }

    /// Keys that belong to another kind of step would be ignored silently; nobody writes them on purpose.
    fn check_companions(&mut self, raw: &RawStep, action: &str, path: &Path) {
        let request = !matches!(action, "auth" | "think" | "repeat" | "if" | "group");
        for (key, of) in raw.companions() {
            let fits = match of {
                "a request" => request,
                "repeat or group" => matches!(action, "repeat" | "group"),
                of => of == action,
            };
            if !fits {
                self.problems.add(&path.key(key), format!("`{key}` belongs to {of}, not to `{action}`"), None);
            }
        }
    }
}

impl RawStep {
    /// Keys that say what the step does.
    pub(super) fn actions(&self) -> Vec<&'static str> {
        [
            (self.get.is_some(), "get"),
            (self.post.is_some(), "post"),
            (self.put.is_some(), "put"),
            (self.patch.is_some(), "patch"),
            (self.delete.is_some(), "delete"),
            (self.head.is_some(), "head"),
            (self.auth.is_some(), "auth"),
            (self.think.is_some(), "think"),
            (self.repeat.is_some(), "repeat"),
            (self.condition.is_some(), "if"),
            (self.group.is_some(), "group"),
        ]
        .into_iter()
        .filter_map(|(given, key)| given.then_some(key))
        .collect()
    }

    /// The other keys that are given, and what they belong to.
    fn companions(&self) -> Vec<(&'static str, &'static str)> {
        [
            (self.name.is_some(), "name", "a request"),
            (self.headers.is_some(), "headers", "a request"),
            (self.query.is_some(), "query", "a request"),
            (self.json.is_some(), "json", "a request"),
            (self.form.is_some(), "form", "a request"),
            (self.body.is_some(), "body", "a request"),
            (self.content_type.is_some(), "content_type", "a request"),
            (self.expect.is_some(), "expect", "a request"),
            (self.checks.is_some(), "checks", "a request"),
            (self.extract.is_some(), "extract", "a request"),
            (self.timeout.is_some(), "timeout", "a request"),
            (self.tags.is_some(), "tags", "a request"),
            (self.fresh.is_some(), "fresh", "auth"),
            (self.steps.is_some(), "steps", "repeat or group"),
            (self.then.is_some(), "then", "if"),
            (self.otherwise.is_some(), "else", "if"),
        ]
        .into_iter()
        .filter_map(|(given, key, of)| given.then_some((key, of)))
        .collect()
    }
}
