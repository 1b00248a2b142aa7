//! Whether every variable that is asked for can have been set.
//!
//! A variable is set by an `extract` in something the same user does, or declared under `variables`.

use std::collections::BTreeSet;

use super::{Checked, Owner, Reader};
use crate::{
    flow::{Flow, Request, Step, UserClass},
    hint::nearest,
};

impl Reader<'_, '_> {
    pub(super) fn check_variables(&mut self, checked: &Checked) {
        let uses = std::mem::take(&mut self.uses);
        for one in &uses {
            if checked.variables.contains_key(&one.variable) {
                continue;
            }
            let missing = match &one.owner {
                Owner::Class(name) => checked.classes.get(name).and_then(|class| unset(class, &one.variable, checked)),
                Owner::Flow(name) => {
                    let mut users = checked.classes.values().filter(|class| does(class, name)).peekable();
                    if users.peek().is_some() {
                        users.find_map(|class| unset(class, &one.variable, checked))
                    } else {
                        // A flow that nobody does yet can only rely on itself.
                        let own = checked.flows.get(name).map(extracted).unwrap_or_default();
                        (!own.contains(one.variable.as_str())).then(|| Unset { class: None, known: owned(&own) })
                    }
                }
                Owner::Case(auth) => {
                    let auth = auth.as_ref().and_then(|name| checked.auth.get(name));
                    let set: BTreeSet<&str> =
                        auth.into_iter().flat_map(|auth| &auth.login.extract).map(|one| one.var.as_str()).collect();
                    (!set.contains(one.variable.as_str())).then(|| Unset { class: None, known: owned(&set) })
                }
                // Nothing comes before the log-in of a case.
                Owner::Auth(_) if checked.benchmark.is_some() => Some(Unset { class: None, known: Vec::new() }),
                Owner::Auth(name) => {
                    let users = checked.classes.values().filter(|class| logs_in(class, name, checked));
                    users.map(|class| unset(class, &one.variable, checked)).find_map(|unset| unset)
                }
            };
            let Some(missing) = missing else { continue };
            let known = missing.known.iter().map(String::as_str).chain(checked.variables.keys().map(String::as_str));
            let hint = match nearest(&one.variable, known.chain(["uuid", "today"])) {
                Some(near) => format!("did you mean `{near}`?"),
                None if checked.benchmark.is_some() => "declare it under `variables`".to_owned(),
                None => "set it with `extract`, or declare it under `variables`".to_owned(),
            };
            let whose = missing.class.map(|class| format!(" for users of class `{class}`")).unwrap_or_default();
            self.problems.add(&one.path, format!("`${{{}}}` is never set{whose}", one.variable), Some(hint));
        }
    }
}

/// A variable that a class never sets, and those that it does.
struct Unset {
    class: Option<String>,
    known: Vec<String>,
}

fn owned(names: &BTreeSet<&str>) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn unset(class: &UserClass, variable: &str, checked: &Checked) -> Option<Unset> {
    let mut set = BTreeSet::new();
    for flow in flows_of(class).filter_map(|name| checked.flows.get(name)) {
        set.extend(extracted(flow));
    }
    let auths = checked.auth.iter().filter(|(name, _)| logs_in(class, name, checked));
    set.extend(auths.flat_map(|(_, auth)| auth.login.extract.iter().map(|one| one.var.as_str())));
    (!set.contains(variable)).then(|| Unset { class: Some(class.name.clone()), known: owned(&set) })
}

/// Every flow that users of a class do, by name.
pub(in crate::suite) fn flows_of(class: &UserClass) -> impl Iterator<Item = &str> {
    class.flows.keys().chain(&class.on_start).chain(&class.on_stop).map(String::as_str)
}

fn does(class: &UserClass, flow: &str) -> bool {
    flows_of(class).any(|name| name == flow)
}

fn logs_in(class: &UserClass, auth: &str, checked: &Checked) -> bool {
    class.auth.as_deref() == Some(auth)
        || flows_of(class).filter_map(|name| checked.flows.get(name)).any(|flow| {
            let mut found = false;
            each_step(&flow.steps, &mut |step| found |= matches!(step, Step::Auth { auth: name, .. } if name == auth));
            found
        })
}

fn extracted(flow: &Flow) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    each_request(&flow.steps, &mut |request| names.extend(request.extract.iter().map(|one| one.var.as_str())));
    names
}

/// Visits every step, those inside others too.
pub(crate) fn each_step<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        match step {
            Step::Repeat { steps, .. } | Step::Group { steps, .. } => each_step(steps, visit),
            Step::If { then, otherwise, .. } => {
                each_step(then, visit);
                each_step(otherwise, visit);
            }
            Step::Request(_) | Step::Auth { .. } | Step::Think(_) => {}
        }
    }
}

/// Visits every request of the steps.
pub(in crate::suite) fn each_request<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Request)) {
    each_step(steps, &mut |step| {
        if let Step::Request(request) = step {
            visit(request);
        }
    });
}
