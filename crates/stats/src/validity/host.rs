//! Whether the generator and its host could be trusted to measure.

use perflab_model::{
    display::{count, number},
    load::Load,
    validity::{Signal, ValidityState},
};

use super::{Context, Health, above, health::CPU_FULL, invalid_if, percent, signal};

/// CPU share of the runner over 5 s: suspect.
const CPU_BUSY: f64 = 0.80;
/// So long at a full CPU is invalid, seconds.
const CPU_FULL_SECONDS: usize = 10;
/// A wall clock that is slewed moves 0.5 ms a second; more than this is a step, milliseconds.
const CLOCK_STEP_MS: u64 = 100;
/// A longer second means that the process stood still, milliseconds.
const GAP_MS: u64 = 1_000;
/// Share of the host's cores used by others or stolen: suspect, invalid.
pub(crate) const OTHERS: (f64, f64) = (0.05, 0.20);
/// Share of requests that may be unwritable before the run is invalid: as of starts that were not made.
const UNSENT: f64 = 0.02;
/// Share of the run's seconds that may be missing before it is invalid.
const MISSING: f64 = 0.02;

pub(super) fn signals(health: &Health, context: &Context<'_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    // A benchmark runs within the generator, which is meant to be busy then.
    let is_load = !matches!(context.plan.load, Load::Cases(_));
    if let Some(peak) = health.cpu_peak.filter(|_| is_load) {
        let state = if health.cpu_full_seconds >= CPU_FULL_SECONDS {
            ValidityState::Invalid
        } else {
            above(peak, CPU_BUSY, f64::INFINITY)
        };
        signals.push(signal(
            "cpu",
            "CPU of the generator, busiest 5 s",
            percent(peak),
            "80 %",
            state,
            &if state == ValidityState::Invalid {
                format!(
                    "The generator was the bottleneck: over {} of its CPU for {} s. Run at a lower rate or on a faster worker.",
                    percent(CPU_FULL),
                    health.cpu_full_seconds
                )
            } else {
                "The generator had little CPU left. Run at a lower rate or on a faster worker.".to_owned()
            },
        ));
    }
    signals.extend(others(health));
    let errors: u64 = health.generator_errors.values().sum();
    let codes: Vec<&str> = health.generator_errors.keys().map(String::as_str).collect();
    signals.push(signal(
        "generator",
        "Errors of the generator itself",
        if errors == 0 { "0".to_owned() } else { format!("{} ({})", count(errors), codes.join(", ")) },
        "0",
        invalid_if(errors > 0),
        &format!("The generator ran out of {}. {}", lacking(&codes), way_on(&codes)),
    ));
    signals.push(signal(
        "internal",
        "Requests lost by a fault of the engine",
        count(health.internal),
        "0",
        invalid_if(health.internal > 0),
        "The engine itself broke down in these requests. This is a fault of perflab: please report it.",
    ));
    signals.push(unsent(health));
    signals.push(signal(
        "clock",
        "Step of the clock",
        format!("{} ms", count(health.clock_step_ms)),
        "100 ms",
        invalid_if(health.clock_step_ms > CLOCK_STEP_MS),
        "The host's clock was set while the run was under way. Let it be slewed (NTP), and run again.",
    ));
    signals.push(signal(
        "gap",
        "Longest standstill",
        format!("{} ms", count(health.gap_ms)),
        "1,000 ms",
        invalid_if(health.gap_ms > GAP_MS),
        "The generator stood still for over a second: it was suspended or starved. Run again on a host that stays awake.",
    ));
    signals.extend(books(health, context));
    signals
}

/// What could not be written was no load, so the run was not quite the planned one.
fn unsent(health: &Health) -> Signal {
    let share = health.unsent as f64 / (health.unsent + health.ended).max(1) as f64;
    signal(
        "unsent",
        "Requests that could not be written",
        if health.unsent == 0 { "0".to_owned() } else { format!("{} ({})", count(health.unsent), percent(share)) },
        "0",
        above(share, 0.0, UNSENT),
        "Requests were not sent because a variable had no value or a value did not fit. See their errors, and mend the suite.",
    )
}

fn others(health: &Health) -> Vec<Signal> {
    let mut signals = Vec::new();
    if let Some(share) = health.steal.get() {
        signals.push(signal(
            "steal",
            "CPU taken by the host's other guests",
            percent(share),
            "5 %",
            above(share, OTHERS.0, OTHERS.1),
            "Other virtual machines took CPU time from this one. Run again on a quieter host.",
        ));
    }
    if let Some(share) = health.other.get() {
        signals.push(signal(
            "other",
            "CPU of other programs on the host",
            percent(share),
            "5 %",
            above(share, OTHERS.0, OTHERS.1),
            "Other programs took CPU time on the generator's host. Stop them, or run on a worker that has nothing else to do.",
        ));
    }
    signals
}

/// Whether everything arrived and the two ways of counting agree.
fn books(health: &Health, context: &Context<'_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    let lost = health.missing_seconds;
    let share = lost as f64 / (lost + health.seconds).max(1) as f64;
    let state = if health.unreadable > 0 || share > MISSING {
        ValidityState::Invalid
    } else if lost > 0 {
        ValidityState::Suspect
    } else {
        ValidityState::Valid
    };
    let value = match (lost, health.unreadable) {
        (0, 0) => "none".to_owned(),
        (lost, 0) => format!("{} s", count(lost)),
        (_, unreadable) => format!("{} s, {} histograms unreadable", count(lost), count(unreadable)),
    };
    signals.push(signal(
        "ticks",
        "Seconds missing",
        value,
        "none",
        state,
        "Not every second of the run arrived. Run again; if it stays so, look at the worker's log.",
    ));
    if let Some(done) = context.done {
        let shown: Vec<&str> = done.mismatches.iter().take(3).map(String::as_str).collect();
        signals.push(signal(
            "engine.mismatch",
            "Engine and recorder disagree",
            if done.mismatches.is_empty() { "no".to_owned() } else { number(done.mismatches.len() as f64) },
            "no",
            invalid_if(!done.mismatches.is_empty()),
            &format!(
                "The two counts of requests differ ({}). This is a fault of perflab: please report it.",
                shown.join("; ")
            ),
        ));
    }
    signals
}

fn lacking(codes: &[&str]) -> String {
    let words: Vec<&str> = codes
        .iter()
        .map(|code| match *code {
            "generator.fd" => "file descriptors",
            "generator.ports" => "local ports",
            "generator.memory" => "memory",
            other => other,
        })
        .collect();
    words.join(" and ")
}

fn way_on(codes: &[&str]) -> &'static str {
    match codes.first() {
        Some(&"generator.fd") => "Raise the limit of open files (ulimit -n), or lower max_in_flight.",
        Some(&"generator.ports") => "Keep connections open (reuse: true), or lower the rate.",
        _ => "Lower users or max_in_flight, or run on a larger worker.",
    }
}
