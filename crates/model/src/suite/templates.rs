//! Every template of flows, log-ins, classes and cases, those inside JSON bodies too.

use std::collections::BTreeSet;

use super::read::each_request;
use crate::{
    bench::{Case, Operation},
    flow::{Auth, Body, Flow, Request, UserClass},
    load::Load,
    plan::Plan,
    template::{Placeholder, Template},
};

/// Visits every template.
pub(crate) fn each(classes: &[UserClass], flows: &[Flow], auth: &[Auth], visit: &mut impl FnMut(&Template)) {
    classes.iter().flat_map(|class| &class.headers).for_each(|(_, value)| visit(value));
    auth.iter().for_each(|auth| of_request(&auth.login, visit));
    for flow in flows {
        each_request(&flow.steps, &mut |request| of_request(request, visit));
    }
}

/// Visits every template of a case's operations, its log-in left out. A text among the values of a query's parameters is
/// one too.
pub(crate) fn each_of_case(case: &Case, visit: &mut impl FnMut(&Template)) {
    for operation in case.work.operations() {
        match operation {
            Operation::Http { request, .. } => of_request(request, visit),
            Operation::Sql { params, .. } => params.iter().for_each(|value| of_json(value, visit)),
            Operation::Builtin { .. } | Operation::Command { .. } => {}
        }
    }
}

fn each_of_plan(plan: &Plan, visit: &mut impl FnMut(&Template)) {
    each(&plan.classes, &plan.flows, &plan.auth, visit);
    if let Load::Cases(cases) = &plan.load {
        cases.cases.iter().for_each(|case| each_of_case(case, visit));
    }
}

fn of_request(request: &Request, visit: &mut impl FnMut(&Template)) {
    visit(&request.path);
    request.headers.iter().for_each(|(_, value)| visit(value));
    match &request.body {
        Body::None => {}
        Body::Json(value) => of_json(value, visit),
        Body::Form(fields) => fields.iter().for_each(|(_, value)| visit(value)),
        Body::Text { text, .. } => visit(text),
    }
}

fn of_json(value: &serde_json::Value, visit: &mut impl FnMut(&Template)) {
    match value {
        serde_json::Value::String(text) => {
            if let Ok(template) = text.parse() {
                visit(&template);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| of_json(item, visit)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| of_json(field, visit)),
        _ => {}
    }
}

/// Names of the secrets that a plan asks for.
pub(crate) fn secret_names(plan: &Plan) -> Vec<String> {
    let mut names: BTreeSet<String> =
        plan.http.client_certificate.iter().map(|certificate| certificate.key_secret.clone()).collect();
    if let Load::Cases(cases) = &plan.load {
        for operation in cases.cases.iter().flat_map(|case| case.work.operations()) {
            if let Operation::Sql { database: Some(secret), .. } = operation {
                names.insert(secret.clone());
            }
        }
    }
    each_of_plan(plan, &mut |template| {
        for placeholder in template.placeholders() {
            if let Placeholder::Secret(name) = placeholder {
                names.insert(name.clone());
            }
        }
    });
    names.into_iter().collect()
}
