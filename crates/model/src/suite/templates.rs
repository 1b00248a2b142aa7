//! Every template of flows, log-ins and classes, those inside JSON bodies too.

use std::collections::BTreeSet;

use super::read::each_request;
use crate::{
    flow::{Auth, Body, Flow, Request, UserClass},
    plan::Plan,
    template::{Placeholder, Template},
};

/// Visits every template.
pub(super) fn each(classes: &[UserClass], flows: &[Flow], auth: &[Auth], visit: &mut impl FnMut(&Template)) {
    classes.iter().flat_map(|class| &class.headers).for_each(|(_, value)| visit(value));
    auth.iter().for_each(|auth| of_request(&auth.login, visit));
    for flow in flows {
        each_request(&flow.steps, &mut |request| of_request(request, visit));
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
    each(&plan.classes, &plan.flows, &plan.auth, &mut |template| {
        for placeholder in template.placeholders() {
            if let Placeholder::Secret(name) = placeholder {
                names.insert(name.clone());
            }
        }
    });
    names.into_iter().collect()
}
