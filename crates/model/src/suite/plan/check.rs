//! Whether a plan can be carried out as it says: caps of the environment, rows of test data, time left to measure.

use std::collections::BTreeSet;

use super::PlanError;
use crate::{
    environment::Environment,
    flow::{Feed, FeedOrder, Flow, Step, UserClass},
    load::Load,
    plan::{HttpVersion, Plan},
    suite::{read, templates},
    template::Placeholder,
    unit::Millis,
};

/// Looks for everything that stands in the way of a plan.
pub(super) fn check(plan: &Plan, problems: &mut Vec<PlanError>) {
    check_caps(&plan.load, &plan.environment, problems);
    check_warmup(plan, problems);
    check_version(plan, problems);
    for feed in plan.feeds.iter().filter(|feed| feed.order == FeedOrder::Unique && feed.rows > 0) {
        check_rows(plan, feed, problems);
    }
}

/// Only whole seconds after the warm-up are measured.
fn check_warmup(plan: &Plan, problems: &mut Vec<PlanError>) {
    let (warmup, duration) = (plan.warmup_time(), plan.load.duration());
    if leaves_nothing(warmup, duration) {
        problems.push(PlanError::NothingMeasured { warmup, duration });
    }
}

/// Whether a warm-up leaves no whole second of a run to be measured. A run without one is not its matter.
pub(in crate::suite) fn leaves_nothing(warmup: Millis, duration: Millis) -> bool {
    warmup > Millis::ZERO && warmup.get().div_ceil(1000) >= duration.get() / 1000
}

/// HTTP/2 is agreed on in the TLS handshake; without TLS it must be known beforehand.
fn check_version(plan: &Plan, problems: &mut Vec<PlanError>) {
    if plan.http.version == HttpVersion::H2 && plan.environment.base_url.scheme() == "http" {
        let base_url = plan.environment.base_url.clone();
        problems.push(PlanError::H2WithoutTls { base_url, environment: plan.environment.name.clone() });
    }
}

/// Users of a closed run keep a row each; in an open run each iteration under way needs one, or each token fetched
/// before the run.
fn check_rows(plan: &Plan, feed: &Feed, problems: &mut Vec<PlanError>) {
    let reads = |class: &&UserClass| class_reads(plan, class, &feed.name);
    let (needed, what) = match &plan.load {
        Load::Open { limits, .. } => {
            let slots = |class: &UserClass| match class.auth.as_ref().and_then(|name| auth_of(plan, name)) {
                Some(auth) if auth.once => 1,
                Some(auth) if auth.prefetch > 0 => auth.prefetch,
                _ => limits.max_in_flight,
            };
            let needed = plan.classes.iter().filter(reads).map(slots).max().unwrap_or(0);
            (u64::from(needed), if needed == limits.max_in_flight { "iterations at once" } else { "prefetched tokens" })
        }
        // A user's row is its number among all users, whoever of them reads the feed.
        Load::Closed { .. } => {
            let read = plan.classes.iter().any(|class| reads(&class));
            (if read { u64::from(plan.load.peak_users().unwrap_or(0)) } else { 0 }, "users at once")
        }
    };
    if feed.rows < needed {
        problems.push(PlanError::TooFewRows { feed: feed.name.clone(), rows: feed.rows, needed, what });
    }
}

fn auth_of<'a>(plan: &'a Plan, name: &str) -> Option<&'a crate::flow::Auth> {
    plan.auth.iter().find(|auth| auth.name == name)
}

/// Whether users of a class read a feed in anything that they do.
fn class_reads(plan: &Plan, class: &UserClass, feed: &str) -> bool {
    let names: BTreeSet<&str> = read::flows_of(class).collect();
    let flows: Vec<Flow> = plan.flows.iter().filter(|flow| names.contains(flow.name.as_str())).cloned().collect();
    let mut auths: BTreeSet<&str> = class.auth.as_deref().into_iter().collect();
    for flow in &flows {
        read::each_step(&flow.steps, &mut |step| {
            if let Step::Auth { auth, .. } = step {
                auths.insert(auth);
            }
        });
    }
    let auth: Vec<_> = auths.into_iter().filter_map(|name| auth_of(plan, name)).cloned().collect();
    let mut found = false;
    templates::each(std::slice::from_ref(class), &flows, &auth, &mut |template| {
        found |= template.placeholders().any(|one| matches!(one, Placeholder::Feed { feed: name, .. } if name == feed));
    });
    found
}

fn check_caps(load: &Load, environment: &Environment, problems: &mut Vec<PlanError>) {
    let (caps, name) = (&environment.caps, &environment.name);
    if let Some(asked) = load.peak_users().filter(|users| *users > caps.users) {
        problems.push(PlanError::UsersAboveCap { asked, cap: caps.users, environment: name.clone() });
    } else if let Some(started) = load.users_started().filter(|users| *users > u64::from(caps.users)) {
        problems.push(PlanError::StartedAboveCap { started, cap: caps.users, environment: name.clone() });
    }
    if let Some(asked) = load.peak_rate().filter(|rate| *rate > caps.rate) {
        problems.push(PlanError::RateAboveCap { asked, cap: caps.rate, environment: name.clone() });
    }
    if let Load::Open { limits, .. } = load
        && limits.max_in_flight > caps.in_flight
    {
        problems.push(PlanError::InFlightAboveCap {
            asked: limits.max_in_flight,
            cap: caps.in_flight,
            environment: name.clone(),
        });
    }
    if load.duration() > caps.duration {
        problems.push(PlanError::DurationAboveCap {
            asked: load.duration(),
            cap: caps.duration,
            environment: name.clone(),
        });
    }
}
