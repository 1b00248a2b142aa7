//! Whether a plan can be carried out as it says: caps of the environment, rows of test data, time left to measure.

use super::{PlanError, rows};
use crate::{
    bench::{Case, Operation},
    environment::Environment,
    flow::{Feed, FeedOrder},
    load::Load,
    plan::{HttpVersion, Plan},
    unit::Millis,
};

/// Looks for everything that stands in the way of a plan.
pub(super) fn check(plan: &Plan, problems: &mut Vec<PlanError>) {
    check_caps(&plan.load, &plan.environment, problems);
    check_warmup(plan, problems);
    check_version(plan, problems);
    if plan.lacks_tls_mark() {
        problems.push(PlanError::TlsUnverified { environment: plan.environment.name.clone() });
    }
    for feed in plan.feeds.iter().filter(|feed| feed.order == FeedOrder::Unique && feed.rows > 0) {
        check_rows(plan, feed, problems);
    }
}

/// Looks for everything that stands in the way of a plan with cases. How long it may take is no matter of caps: a run of
/// cases ends when its time is up.
pub(super) fn check_cases(plan: &Plan, problems: &mut Vec<PlanError>) {
    let Load::Cases(cases) = &plan.load else { return };
    let sends = |case: &&Case| case.work.operations().iter().any(|one| matches!(one, Operation::Http { .. }));
    let sending: Vec<&Case> = cases.cases.iter().filter(sends).collect();
    let (cap, environment) = (plan.environment.caps.users, &plan.environment.name);
    for case in sending.iter().filter(|case| case.concurrency > cap) {
        problems.push(PlanError::ThreadsAboveCap {
            case: case.name.clone(),
            asked: case.concurrency,
            cap,
            environment: environment.clone(),
        });
    }
    if sending.is_empty() {
        return;
    }
    check_version(plan, problems);
    if plan.lacks_tls_mark() {
        problems.push(PlanError::TlsUnverified { environment: environment.clone() });
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

/// Each row is for one only, and each part of the run has rows of its own.
fn check_rows(plan: &Plan, feed: &Feed, problems: &mut Vec<PlanError>) {
    let wanted = rows::wanted(plan, &feed.name);
    let needed = wanted.iter().map(|wanted| wanted.rows).fold(0, u64::saturating_add);
    if feed.rows < needed {
        let what = match wanted.iter().filter(|wanted| wanted.rows > 0).collect::<Vec<_>>().as_slice() {
            [one] => one.what,
            _ => "users and iterations at once",
        };
        problems.push(PlanError::TooFewRows { feed: feed.name.clone(), rows: feed.rows, needed, what });
    }
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
    if let Some(asked) = load.max_in_flight().filter(|asked| *asked > caps.in_flight) {
        problems.push(PlanError::InFlightAboveCap { asked, cap: caps.in_flight, environment: name.clone() });
    }
    if load.duration() > caps.duration {
        problems.push(PlanError::DurationAboveCap {
            asked: load.duration(),
            cap: caps.duration,
            environment: name.clone(),
        });
    }
}
