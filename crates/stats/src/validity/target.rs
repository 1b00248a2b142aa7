//! Whether there was a target, and anything to judge.

use perflab_model::{load::Load, runner::Ending, validity::Signal};

use super::{Context, Health, invalid_if, signal};

/// What the codes of runs begin with that the generator's host could not carry out.
const PREFLIGHT: &str = "preflight.";

pub(super) fn signals(health: &Health, context: &Context<'_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    // Users whose log-in gets no answer never come to start anything: their log-ins are requests all the same.
    // Cases say themselves what became of their operations.
    let asked = (health.load.all_started > 0 || health.ended > 0) && !matches!(context.plan.load, Load::Cases(_));
    let silent = health.answered == 0 && asked;
    // While a run is young, a slow first answer is no sign of anything.
    let down = silent && (context.over || health.ended > 0);
    if asked && (down || health.answered > 0) {
        signals.push(signal(
            "target_down",
            "Target answered",
            if down { "never".to_owned() } else { "yes".to_owned() },
            "at least once",
            invalid_if(down),
            &format!(
                "The target never answered ({}). Start it, or correct the environment's base URL.",
                why_silent(health, context)
            ),
        ));
    }
    signals.extend(refused(context));
    // A number of iterations may be done within a second: they were measured all the same.
    let is_benchmark = matches!(context.plan.load, Load::Cases(_));
    let by_iterations = is_benchmark || matches!(context.plan.load, Load::Closed { iterations: Some(_), .. });
    let no_time = health.measured_seconds == 0 && !by_iterations;
    let nothing = context.over && (context.finished == 0 || no_time);
    // A person's stop cuts a run short; what else is stopped was stopped by a rule.
    let by_rule = context.done.is_some_and(|done| done.ending == Ending::Stopped);
    if nothing && !down {
        signals.push(signal(
            "too_short",
            "Measured after the warm-up",
            "nothing".to_owned(),
            if is_benchmark {
                "at least one operation"
            } else if by_iterations {
                "at least one request"
            } else {
                "at least one second"
            },
            invalid_if(true),
            if context.cut_short {
                "The run ended before anything was measured. Run it again to its end."
            } else if by_rule && health.measured_seconds == 0 {
                "A rule ended the run in its warm-up, which is never judged. See its errors for what was wrong."
            } else if is_benchmark {
                "No operation of any case was measured. See what became of each case."
            } else if by_iterations {
                "All iterations were over before the warm-up was. Ask for more of them, or make the warm-up shorter."
            } else if health.measured_seconds == 0 {
                "The run held no whole second after its warm-up. Make it longer, or the warm-up shorter."
            } else {
                "No request ended after the warm-up. Make the run longer than its warm-up, or the warm-up shorter."
            },
        ));
    }
    signals
}

/// A generator that refused to begin, because its host does not let it do what the plan asks.
fn refused(context: &Context<'_>) -> Option<Signal> {
    let Ending::Failed { code, message } = &context.done?.ending else { return None };
    let what = code.strip_prefix(PREFLIGHT)?;
    Some(signal("preflight", "Limits of the generator's host", what.to_owned(), "enough", invalid_if(true), message))
}

/// `connection refused at 127.0.0.1:8000`.
fn why_silent(health: &Health, context: &Context<'_>) -> String {
    let url = &context.plan.environment.base_url;
    let place = match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => url.to_string(),
    };
    let most = health.no_answer.iter().max_by_key(|(_, count)| **count).map(|(code, _)| code.as_str());
    let what = match most {
        None => "no request ended",
        Some("connect.refused") => "connection refused",
        Some("connect.timeout") => "connecting timed out",
        Some("connect.reset") => "connection reset",
        Some(code) if code.starts_with("timeout") => "no answer in time",
        Some(code) if code.starts_with("dns") => "its name could not be resolved",
        Some(code) if code.starts_with("tls") => "no TLS connection",
        Some(code) => code,
    };
    format!("{what} at {place}")
}
