//! Overrides of a scenario with parts.
//!
//! In:  the parts and what differs. Out: the parts with it, or why it does not fit. A number goes to the one part that it
//! fits; a time stretches all of them, and when they begin, alike.

use super::{OF_RATES, OF_USERS, PartShape, Shape};
use crate::{launch::Overrides, suite::plan::PlanError, unit::Millis};

pub(super) fn apply(parts: &mut [PartShape], overrides: &Overrides, problems: &mut Vec<PlanError>) {
    let mut own: Vec<Overrides> = vec![Overrides::default(); parts.len()];
    let rate = |shape: &Shape| shape.has_rate();
    let users = |shape: &Shape| !shape.has_rate();
    let spawned = |shape: &Shape| matches!(shape, Shape::ConstantUsers { .. });
    if overrides.users.is_some()
        && let Some(at) = the_one(parts, "users", OF_USERS, users, problems)
    {
        own[at].users = overrides.users;
    }
    if overrides.spawn_rate.is_some()
        && let Some(at) = the_one(parts, "spawn_rate", "constant_vus", spawned, problems)
    {
        own[at].spawn_rate = overrides.spawn_rate;
    }
    if overrides.rate.is_some()
        && let Some(at) = the_one(parts, "rate", OF_RATES, rate, problems)
    {
        own[at].rate = overrides.rate;
    }
    if overrides.max_in_flight.is_some()
        && let Some(at) = the_one(parts, "max_in_flight", OF_RATES, rate, problems)
    {
        own[at].max_in_flight = overrides.max_in_flight;
    }
    if let Some(duration) = overrides.duration {
        stretch(parts, &mut own, duration, problems);
    }
    for (part, own) in parts.iter_mut().zip(&own) {
        part.shape.apply(own, problems);
    }
}

/// The one part that a number fits.
fn the_one(
    parts: &[PartShape],
    field: &'static str,
    fits: &'static str,
    is_meant: impl Fn(&Shape) -> bool,
    problems: &mut Vec<PlanError>,
) -> Option<usize> {
    let meant: Vec<usize> = (0..parts.len()).filter(|at| is_meant(&parts[*at].shape)).collect();
    match meant.as_slice() {
        [one] => Some(*one),
        [] => {
            problems.push(PlanError::DoesNotFit { field, executor: "parts", fits });
            None
        }
        several => {
            let names = several.iter().map(|at| parts[*at].name.to_string()).collect();
            problems.push(PlanError::SeveralParts { field, parts: names });
            None
        }
    }
}

/// Begins and ends are rounded, not lengths, so that the whole is exactly as long as asked for.
fn stretch(parts: &mut [PartShape], own: &mut [Overrides], duration: Millis, problems: &mut Vec<PlanError>) {
    let ends = parts.iter().map(|part| part.start_after.plus(part.shape.load().duration()));
    let total = ends.max().unwrap_or(Millis::ZERO);
    if duration == Millis::ZERO {
        let (value, wanted) = (duration.to_string(), "a duration above 0");
        problems.push(PlanError::BadValue { field: "duration", value, wanted });
        return;
    }
    let scaled =
        |at: Millis| Millis::new((at.get() as f64 / total.get().max(1) as f64 * duration.get() as f64).round() as u64);
    for (part, own) in parts.iter_mut().zip(own) {
        let end = scaled(part.start_after.plus(part.shape.load().duration()));
        part.start_after = scaled(part.start_after);
        own.duration = Some(end.minus(part.start_after));
    }
}
