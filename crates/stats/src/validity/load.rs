//! Whether the load was the planned one. Limits: the table of the load engine's design.

use perflab_model::{
    display::{count, number},
    load::Load,
    runner::Ending,
    validity::{Signal, ValidityState},
};

use super::{Context, Health, above, health::LoadSums, percent, signal};
use crate::{missing_samples, quantile_ranks};

/// Share of starts over 5 ms late by our fault: suspect, invalid.
const LATE: (f64, f64) = (0.005, 0.02);
/// P99 of lag in microseconds: suspect, invalid.
const LAG_US: (f64, f64) = (5_000.0, 20_000.0);
/// Lag below this share of P50 does not make a run invalid.
const LAG_OF_P50: f64 = 0.1;
/// Share of the planned load that must be reached: suspect below, invalid below.
const ACHIEVED: (f64, f64) = (0.995, 0.98);
/// Share of starts that may be dropped.
pub(crate) const DROPPED: f64 = 0.01;

pub(super) fn signals(health: &Health, context: &Context<'_>) -> Vec<Signal> {
    let parts = context.plan.load.parts();
    if parts.is_empty() {
        return of_load(&context.plan.load, &health.load, health, context);
    }
    let mut worst: Vec<Signal> = Vec::new();
    for (part, sums) in parts.iter().zip(&health.parts) {
        for mut signal in of_load(&part.load, sums, health, context) {
            if signal.code != "lag" {
                signal.label = format!("{} (part {})", signal.label, part.name);
            }
            // One load that was not the planned one is enough, whatever the others were.
            match worst.iter_mut().find(|known| known.code == signal.code) {
                Some(known) if known.state < signal.state => *known = signal,
                Some(_) => {}
                None => worst.push(signal),
            }
        }
    }
    worst
}

fn of_load(load: &Load, sums: &LoadSums, health: &Health, context: &Context<'_>) -> Vec<Signal> {
    match load {
        Load::Open { .. } => open(sums, health, context),
        Load::Closed { iterations: Some(_), .. } => iterations(load, sums, context).into_iter().collect(),
        Load::Closed { .. } => users(sums).into_iter().collect(),
        // Parts have no parts themselves, and cases are no load.
        Load::Combined { .. } | Load::Cases(_) => Vec::new(),
    }
}

/// Until the end more of them may come, and whoever ended the run did not want the rest.
fn iterations(load: &Load, sums: &LoadSums, context: &Context<'_>) -> Option<Signal> {
    let to_its_end = context.over && context.done.is_some_and(|done| done.ending == Ending::Completed);
    let planned = load.planned_iterations().filter(|planned| to_its_end && *planned > 0)?;
    let achieved = sums.all_started as f64 / planned as f64;
    let state = match reached(achieved) {
        _ if context.plan.find_limit => ValidityState::Valid,
        state => state,
    };
    Some(signal(
        "achieved",
        "Iterations started of those planned",
        format!("{} of {} ({})", count(sums.all_started), count(planned), percent(achieved)),
        "99.5 %",
        state,
        "Not all iterations were started: the longest time was over, or no user was left who could. Raise max_duration, ask for fewer, or see the log for users that could not log in or had no row of test data.",
    ))
}

/// The state of a share of what was planned.
fn reached(achieved: f64) -> ValidityState {
    if achieved >= ACHIEVED.0 {
        ValidityState::Valid
    } else if achieved >= ACHIEVED.1 {
        ValidityState::Suspect
    } else {
        ValidityState::Invalid
    }
}

fn open(sums: &LoadSums, health: &Health, context: &Context<'_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    if sums.started > 0 {
        let share = sums.late_own as f64 / sums.started as f64;
        signals.push(signal(
            "late",
            "Starts over 5 ms late though a slot was free",
            percent(share),
            "0.5 %",
            above(share, LATE.0, LATE.1),
            "The generator could not keep to its plan. Run at a lower rate or on a faster worker.",
        ));
    }
    signals.extend(lag(health, context));
    if sums.planned == 0 {
        return signals;
    }
    let planned = sums.planned as f64;
    let achieved = sums.started as f64 / planned;
    // A start that found no slot free was held up by the target, not by us.
    let without_drops = (sums.started + sums.dropped) as f64 / planned;
    let looked_for = context.plan.find_limit && without_drops >= ACHIEVED.0;
    let state = if achieved >= ACHIEVED.0 || looked_for {
        ValidityState::Valid
    } else if without_drops < ACHIEVED.1 {
        ValidityState::Invalid
    } else {
        ValidityState::Suspect
    };
    signals.push(signal(
        "achieved",
        "Starts made of those planned",
        percent(achieved),
        "99.5 %",
        state,
        if without_drops < ACHIEVED.0 {
            "The generator did not make the planned starts. Run at a lower rate or on a faster worker."
        } else {
            "The target did not take the planned load. Lower the rate, or mark the scenario find_limit if its limit is what you look for."
        },
    ));
    let share = sums.dropped as f64 / planned;
    let too_many = share > DROPPED && !context.plan.find_limit;
    signals.push(signal(
        "dropped",
        "Starts dropped, all slots full",
        if sums.dropped == 0 { "0".to_owned() } else { format!("{} ({})", count(sums.dropped), percent(share)) },
        if context.plan.find_limit { "any: the run looks for the limit" } else { "1 %" },
        super::invalid_if(too_many),
        "The target kept every slot busy, so the load was less than planned. Lower the rate, raise max_in_flight, or mark the scenario find_limit.",
    ));
    signals
}

fn lag(health: &Health, context: &Context<'_>) -> Option<Signal> {
    let n = health.lag.count();
    let few = missing_samples(n, 0.99);
    // With few starts the 99th percentile is one start or two: then the sure end of its interval decides.
    let judged = if few == 0 {
        health.lag.quantile_us(0.99)?
    } else {
        quantile_ranks(n, 0.99).0.and_then(|rank| health.lag.at_rank_us(rank))?
    };
    let bound = context.p50_us.unwrap_or(0.0) * LAG_OF_P50;
    let state = match above(judged, LAG_US.0, LAG_US.1) {
        ValidityState::Invalid if judged <= bound => ValidityState::Suspect,
        state => state,
    };
    let value = if few == 0 {
        format!("{} ms", number(judged / 1000.0))
    } else {
        format!("too few: {} of {} starts", count(n), count(n + few))
    };
    Some(signal(
        "lag",
        "Lag of starts, P99",
        value,
        "5 ms",
        state,
        "The generator sent later than planned. Run at a lower rate or on a faster worker.",
    ))
}

fn users(sums: &LoadSums) -> Option<Signal> {
    let achieved = if sums.level_target > 0.0 {
        sums.level_users as f64 / sums.level_target
    } else if sums.peak_target > 0.0 {
        f64::from(sums.peak_users) / sums.peak_target
    } else {
        return None;
    };
    let state = reached(achieved);
    Some(signal(
        "achieved",
        "Users reached of those planned",
        percent(achieved),
        "99.5 %",
        state,
        "Fewer users were active than planned. See the log for users that could not log in or had no row of test data.",
    ))
}
