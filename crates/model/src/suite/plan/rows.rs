//! How many rows of a `unique` feed a run needs at once, part by part.
//!
//! In:  a plan and the name of a feed. Out: rows for each of its loads, in their order.

use std::collections::BTreeSet;

use crate::{
    flow::{Auth, Flow, Step, UserClass},
    load::Load,
    plan::Plan,
    suite::{read, templates},
    template::Placeholder,
};

/// Rows that a load needs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) rows: u64,
    /// Who needs them.
    pub(super) what: &'static str,
}

/// Rows that each load of a plan needs.
pub(super) fn wanted(plan: &Plan, feed: &str) -> Vec<Wanted> {
    match &plan.load {
        Load::Combined { parts } => parts
            .iter()
            .map(|part| of_load(plan, feed, &part.load, |class| class.part.as_ref() == Some(&part.name)))
            .collect(),
        load => vec![of_load(plan, feed, load, |_| true)],
    }
}

/// Users of a closed load keep a row each; in an open one each iteration under way needs one, or each token fetched before
/// the run.
fn of_load(plan: &Plan, feed: &str, load: &Load, comes: impl Fn(&UserClass) -> bool) -> Wanted {
    let readers: Vec<&UserClass> =
        plan.classes.iter().filter(|class| comes(class) && class_reads(plan, class, feed)).collect();
    match load {
        Load::Open { limits, .. } => {
            let slots = |class: &&UserClass| match class.auth.as_ref().and_then(|name| auth_of(plan, name)) {
                Some(auth) if auth.once => 1,
                Some(auth) if auth.prefetch > 0 => auth.prefetch,
                _ => limits.max_in_flight,
            };
            let rows = readers.iter().map(slots).max().unwrap_or(0);
            let what = if rows == limits.max_in_flight { "iterations at once" } else { "prefetched tokens" };
            Wanted { rows: u64::from(rows), what }
        }
        // A user's row is its number among all users, whoever of them reads the feed.
        Load::Closed { .. } | Load::Combined { .. } | Load::Cases(_) => {
            let users = if readers.is_empty() { 0 } else { load.peak_users().unwrap_or(0) };
            Wanted { rows: u64::from(users), what: "users at once" }
        }
    }
}

fn auth_of<'a>(plan: &'a Plan, name: &str) -> Option<&'a Auth> {
    plan.auth.iter().find(|auth| auth.name == name)
}

/// Whether users of a class read a feed in anything that they do.
fn class_reads(plan: &Plan, class: &UserClass, feed: &str) -> bool {
    let names: BTreeSet<&str> = read::flows_of(class).collect();
    let flows: Vec<Flow> = plan.flows.iter().filter(|flow| names.contains(flow.name.as_str())).cloned().collect();
    let auth: Vec<Auth> =
        auth_names(class, &flows).into_iter().filter_map(|name| auth_of(plan, &name)).cloned().collect();
    let mut found = false;
    templates::each(std::slice::from_ref(class), &flows, &auth, &mut |template| {
        found |= template.placeholders().any(|one| matches!(one, Placeholder::Feed { feed: name, .. } if name == feed));
    });
    found
}

/// Log-ins that a class and flows name.
pub(super) fn auth_names(class: &UserClass, flows: &[Flow]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = class.auth.clone().into_iter().collect();
    for flow in flows {
        read::each_step(&flow.steps, &mut |step| {
            if let Step::Auth { auth, .. } = step {
                names.insert(auth.clone());
            }
        });
    }
    names
}
