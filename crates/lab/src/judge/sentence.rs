//! The verdict in one sentence: the worst rule with its number and limit, or why no verdict is possible.

use perflab_model::{
    display::{count, elapsed, number},
    run::RunEnd,
    summary::ErrorSummary,
    threshold::{Level, Measure, Stat},
    validity::{Signal, Validity, ValidityState},
    verdict::{Gate, LedgerRow},
};
use perflab_stats::{Gone, Judged, Rung};

use super::{against, ladder::Standing};

/// What is told of.
pub(super) struct Told<'a> {
    pub(super) rung: Standing,
    pub(super) end: &'a RunEnd,
    pub(super) validity: &'a Validity,
    pub(super) judged: &'a [Judged],
    pub(super) gone: Option<&'a Gone>,
    pub(super) errors: &'a [ErrorSummary],
    pub(super) seconds: f64,
    pub(super) last_answer: Option<u32>,
}

/// The sentence, with the next step where there is one.
pub(super) fn tell(told: &Told<'_>) -> String {
    let mut parts = match told.rung {
        Standing::Stopped => {
            let how = match told.end.code.as_str() {
                "aborted" => "Aborted by a person",
                "kill_switch" => "Aborted by a kill switch",
                _ => "Stopped by a person",
            };
            vec![format!(
                "{how} after {}: no verdict is possible. Run it to its end for one.",
                elapsed(told.seconds as u64)
            )]
        }
        Standing::NotCarriedOut => vec![format!("No verdict is possible: {}", lower_first(&told.end.message))],
        Standing::Invalid => vec![invalid(told.validity)],
        Standing::NothingAsked if told.judged.is_empty() => {
            vec!["Nothing was asked of it: add thresholds to the suite or the scenario for a verdict.".to_owned()]
        }
        Standing::NothingAsked => {
            vec!["Nothing could be asked of it yet: its rules compare with a baseline, and there is none.".to_owned()]
        }
        Standing::Gone => went_away(told),
        Standing::Failed => broken(told, Level::Fail),
        Standing::Warned => broken(told, Level::Warn),
        Standing::Undecided => undecided(told, Level::Fail),
        Standing::NotShown => undecided(told, Level::Warn),
        Standing::Suspect => vec![all_met(told.judged)],
        Standing::Met => vec![all_met(told.judged)],
    };
    let of_the_warm_up = told.validity.causes.first().is_some_and(|cause| cause == "too_short");
    if told.end.code == "rule" && (told.rung != Standing::Invalid || of_the_warm_up) {
        parts.push(told.end.message.clone());
    }
    let judged = matches!(
        told.rung,
        Standing::Gone
            | Standing::Failed
            | Standing::Warned
            | Standing::Undecided
            | Standing::NotShown
            | Standing::Suspect
    );
    if judged && told.validity.state == ValidityState::Suspect {
        parts.extend(told.validity.causes().first().map(|signal| suspect(signal)));
    }
    parts.join(" ")
}

/// Why numbers are only mostly to be trusted.
pub(super) fn suspect(signal: &Signal) -> String {
    format!("The numbers are suspect: {} {} (limit {}).", lower_first(&signal.label), signal.value, signal.limit)
}

fn invalid(validity: &Validity) -> String {
    let cause = validity.causes().first().and_then(|signal| signal.cause.clone());
    format!(
        "Invalid: {}",
        cause.map_or_else(|| "the numbers cannot be trusted.".to_owned(), |cause| lower_first(&cause))
    )
}

/// When the target went away, then how the rules stand.
fn went_away(told: &Told<'_>) -> Vec<String> {
    let Some(gone) = told.gone else { return Vec::new() };
    let mut parts = vec![format!(
        "The target went away: it last answered at {}, and {} requests failed from then to the end (mostly {}).",
        elapsed(gone.last_answer.into()),
        count(gone.failures),
        gone.code
    )];
    parts.extend(standings(told.judged));
    parts
}

/// The worst of the broken rules, then how the others stand.
fn broken(told: &Told<'_>, level: Level) -> Vec<String> {
    let worst = told
        .judged
        .iter()
        .filter(|judged| judged.rung == Rung::Broken(level))
        .max_by(|a, b| beyond(&a.row).total_cmp(&beyond(&b.row)));
    let Some(worst) = worst else { return Vec::new() };
    let (word, limit) = match (level, worst.row.max) {
        (Level::Fail, Some(max)) => ("maximum", max),
        (Level::Warn, _) => ("target", worst.row.limit),
        (Level::Fail, None) => ("limit", worst.row.limit),
    };
    let first = if against::subject(&worst.row).is_some() {
        format!(
            "{} is {}, {} % worse than its baseline of {}.",
            upper_first(&subject(worst)),
            value(&worst.row),
            number(beyond(&worst.row)),
            with_unit(&number(worst.row.limit), &worst.row.unit)
        )
    } else {
        format!(
            "{} is {}, its {word} {}.",
            upper_first(&subject(worst)),
            value(&worst.row),
            with_unit(&plain(limit), &worst.row.unit)
        )
    };
    let mut parts = vec![first];
    if worst.measure == Measure::ErrorRate {
        parts.extend(why_failed(told));
    }
    parts.extend(others(told.judged));
    parts
}

fn beyond(row: &LedgerRow) -> f64 {
    row.margin_percent.unwrap_or(0.0)
}

/// What most failures were, in words.
fn why_failed(told: &Told<'_>) -> Option<String> {
    let mut codes: Vec<(&str, u64)> = Vec::new();
    for error in told.errors.iter().filter(|error| error.code != "aborted") {
        match codes.iter_mut().find(|(code, _)| *code == error.code) {
            Some((_, sum)) => *sum += error.count,
            None => codes.push((&error.code, error.count)),
        }
    }
    let (code, _) = codes.iter().max_by_key(|(_, sum)| *sum)?;
    let gone = code.starts_with("connect.") || code.starts_with("timeout") || code.starts_with("dns");
    let what = match *code {
        "http.5xx" => "the target answered with server errors",
        "http.4xx" => "the target refused requests as wrong",
        "connect.refused" => "the target refused connections",
        "connect.timeout" => "connections to the target timed out",
        "connect.reset" => "the target reset connections",
        "auth.failed" => "users could not log in",
        code if code.starts_with("timeout") => "the target did not answer in time",
        code if code.starts_with("check") => "answers did not pass their checks",
        code if code.starts_with("tls") => "TLS connections failed",
        _ => return Some(format!("Most failures are {code}.")),
    };
    let last = told
        .last_answer
        .filter(|second| gone && f64::from(*second) + 3.0 < told.seconds)
        .map(|second| format!("; it last answered at {}", elapsed(second.into())))
        .unwrap_or_default();
    Some(format!("Mostly because {what} ({code}){last}."))
}

fn undecided(told: &Told<'_>, level: Level) -> Vec<String> {
    let Some(first) = told.judged.iter().find(|judged| judged.rung == Rung::Undecided(level)) else {
        return Vec::new();
    };
    let row = &first.row;
    let reason = row.reason.clone().unwrap_or_else(|| "too few samples".to_owned());
    let what = match row.value {
        Some(_) => format!("Undecided: {} is {}; {reason}.", subject(first), value(row)),
        None => {
            let limit = if level == Level::Fail { row.max.unwrap_or(row.limit) } else { row.limit };
            format!("Undecided: {} {} {}: {reason}.", subject(first), row.op, with_unit(&plain(limit), &row.unit))
        }
    };
    let mut parts = vec![what];
    parts.extend(row.next.as_ref().map(|next| format!("{next}.")));
    parts.extend(others(told.judged));
    parts
}

/// How the rules stand that the first part did not name.
fn others(judged: &[Judged]) -> Option<String> {
    let all = judged.len().checked_sub(1).filter(|rest| *rest > 0)?;
    let met = judged.iter().filter(|judged| judged.row.outcome == Gate::Pass).count();
    if met == all {
        return Some(if all == 1 {
            "The other rule is met.".to_owned()
        } else {
            format!("The other {all} rules are met.")
        });
    }
    standings(judged)
}

/// How all rules stand.
fn standings(judged: &[Judged]) -> Option<String> {
    let how_many = |outcome: &[Gate]| judged.iter().filter(|judged| outcome.contains(&judged.row.outcome)).count();
    let (met, missed) = (how_many(&[Gate::Pass]), how_many(&[Gate::Fail, Gate::Warn]));
    let mut parts = Vec::new();
    for (many, word) in [(met, "met"), (missed, "missed"), (how_many(&[Gate::Inconclusive]), "undecided")] {
        if many > 0 {
            parts.push(format!("{} {word}", count(many as u64)));
        }
    }
    match judged.len() {
        0 => None,
        1 => Some(format!("The only rule is {}.", parts.join("").trim_start_matches("1 "))),
        all => Some(format!("Of the {} rules: {}.", count(all as u64), parts.join(", "))),
    }
}

fn all_met(judged: &[Judged]) -> String {
    let met: Vec<&Judged> = judged.iter().filter(|judged| judged.rung == Rung::Met).collect();
    let unjudged = judged.len() - met.len();
    let but = match unjudged {
        0 => "",
        1 => " One more waits for a baseline.",
        _ => " The others wait for a baseline.",
    };
    let closest = met
        .iter()
        .filter(|judged| judged.row.margin_percent.is_some_and(|margin| margin <= 0.0))
        .max_by(|a, b| beyond(&a.row).total_cmp(&beyond(&b.row)));
    match (met.as_slice(), closest) {
        ([only], _) if against::subject(&only.row).is_some() => {
            format!("Nothing is worse than the baseline: {}.{but}", only.row.reason.as_deref().unwrap_or_default())
        }
        ([only], _) => format!(
            "The only rule is met: {} is {}, its limit {}.{but}",
            subject(only),
            value(&only.row),
            with_unit(&plain(only.row.limit), &only.row.unit)
        ),
        (met, Some(closest)) => format!(
            "All {} rules are met; the closest is {} with {} % to spare.{but}",
            met.len(),
            subject(closest),
            number(-beyond(&closest.row))
        ),
        (met, None) => format!("All {} rules are met.{but}", met.len()),
    }
}

/// `p95`, `login p95`, `error rate of login`: what a row judges.
pub(super) fn subject(judged: &Judged) -> String {
    if let Some(subject) = against::subject(&judged.row) {
        return subject;
    }
    let noun = match (judged.measure, judged.stat) {
        (Measure::Latency, Stat::Quantile(_)) => lower_first(&judged.stat.label()),
        (Measure::Latency, Stat::Mean) => "mean latency".to_owned(),
        (measure, Stat::Rate | Stat::Value) => lower_first(measure.label()),
        (Measure::Throughput, Stat::Count) => "number of requests".to_owned(),
        (measure, Stat::Count) => lower_first(measure.label()),
        (measure, stat) => format!("{} of {}", lower_first(&stat.label()), lower_first(measure.label())),
    };
    judged.row.scope.as_ref().map_or(noun.clone(), |scope| format!("{scope} {noun}"))
}

/// The value with its unit, or the end of the interval that decided where too few samples hide the value.
pub(super) fn value(row: &LedgerRow) -> String {
    let end = |words: &str, end: f64| format!("{words} {}", with_unit(&number(end), &row.unit));
    // Of a met rule the end nearer to the limit is told, of a broken one the sure part beyond it.
    let upper = row.op.starts_with('<') == (row.outcome == Gate::Pass);
    match (row.value, row.interval) {
        (Some(value), _) => with_unit(&number(value), &row.unit),
        (None, Some((_, Some(high)))) if upper => end("at most", high),
        (None, Some((Some(low), _))) if !upper => end("at least", low),
        _ => "not shown".to_owned(),
    }
}

pub(super) fn with_unit(number: &str, unit: &str) -> String {
    match unit {
        "" | "/s" => format!("{number}{unit}"),
        unit => format!("{number} {unit}"),
    }
}

/// A limit as a person wrote it: `5`, not `5.00`.
pub(super) fn plain(limit: f64) -> String {
    let text = perflab_model::display::exact((limit * 1e6).round() / 1e6);
    text.strip_prefix('-').map_or(text.clone(), |rest| format!("\u{2212}{rest}"))
}

/// Codes such as `POST /login` and names with signs stay as they are.
fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    let word: &str = text.split(' ').next().unwrap_or_default();
    if !word.chars().all(char::is_alphanumeric) {
        return text.to_owned();
    }
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    // Abbreviations keep their capitals.
    if chars.clone().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
