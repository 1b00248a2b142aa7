//! The verdict of a benchmark run in one sentence: the case that missed by most with its number and limit, critical ones
//! first; then which cases were not run, and which cannot be trusted.

use perflab_model::{
    display::count,
    threshold::{Level, Measure, Stat},
    validity::ValidityState,
};
use perflab_stats::{Judged, Rung, bench::ReadCase};

use super::{
    against,
    cases::NAMED,
    ladder::Standing,
    sentence::{self, Told},
};

/// The sentence, with what a reader must know of single cases.
pub(super) fn tell(told: &Told<'_>, reads: &[ReadCase]) -> String {
    let mut parts = match told.rung {
        Standing::Failed => vec![missed(told.judged, reads, Level::Fail)],
        Standing::Warned => vec![missed(told.judged, reads, Level::Warn)],
        _ => vec![sentence::tell(told)],
    };
    if matches!(told.rung, Standing::Stopped | Standing::NotCarriedOut | Standing::Invalid) {
        return parts.remove(0);
    }
    let not_run: Vec<&ReadCase> = reads.iter().filter(|read| !read.was_run()).collect();
    let untrusted: Vec<&ReadCase> = reads.iter().filter(|read| read.was_run() && !read.is_trusted()).collect();
    parts.extend(named("Not run", &not_run));
    parts.extend(named("Not trusted", &untrusted));
    // Where a single case is the reason it is named already.
    let of_the_host = told.validity.causes().into_iter().find(|signal| signal.code != "cases");
    if matches!(told.rung, Standing::Failed | Standing::Warned)
        && told.validity.state == ValidityState::Suspect
        && let Some(signal) = of_the_host
    {
        parts.push(sentence::suspect(signal));
    }
    parts.join(" ")
}

/// `login is 231 ms, limit 200 ms: 1 of 14 rules failed.`
fn missed(judged: &[Judged], reads: &[ReadCase], level: Level) -> String {
    let is_critical = |judged: &Judged| {
        let scope = judged.row.scope.as_deref();
        reads.iter().any(|read| read.case().critical && Some(read.case().name.as_str()) == scope)
    };
    let broken: Vec<&Judged> = judged.iter().filter(|judged| judged.rung == Rung::Broken(level)).collect();
    let key = |judged: &Judged| (is_critical(judged), judged.row.margin_percent.unwrap_or(0.0));
    let worst = broken.iter().copied().max_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
    let Some(worst) = worst else { return String::new() };
    let (word, limit) = match (level, worst.row.max) {
        _ if against::subject(&worst.row).is_some() => ("its baseline", worst.row.limit),
        (Level::Fail, Some(max)) => ("maximum", max),
        (Level::Fail, None) => ("limit", worst.row.limit),
        (Level::Warn, _) => ("target", worst.row.limit),
    };
    let verb = if level == Level::Fail { "failed" } else { "missed" };
    let how_many = match judged.len() {
        1 => format!("the only rule {verb}"),
        all => format!("{} of {} rules {verb}", count(broken.len() as u64), count(all as u64)),
    };
    let undecided = judged.iter().filter(|judged| matches!(judged.rung, Rung::Undecided(_))).count();
    let open = match undecided {
        0 => String::new(),
        1 => ", 1 is undecided".to_owned(),
        many => format!(", {} are undecided", count(many as u64)),
    };
    format!(
        "{} is {}, {word} {}: {how_many}{open}.",
        subject(worst),
        sentence::value(&worst.row),
        sentence::with_unit(&sentence::plain(limit), &worst.row.unit)
    )
}

/// Of a mean the case alone: that is its headline.
fn subject(judged: &Judged) -> String {
    match (judged.measure, judged.stat, &judged.row.scope) {
        (Measure::Latency, Stat::Mean, Some(case)) => case.clone(),
        _ => sentence::subject(judged),
    }
}

/// `Not run: blacklist (the database does not answer), audit (…) and 2 more.`
fn named(word: &str, reads: &[&ReadCase]) -> Option<String> {
    let cause = |read: &&ReadCase| {
        let causes = read.validity().causes();
        let first = causes.first()?;
        let why = match (first.code.as_str(), &first.cause) {
            ("not_run", Some(cause)) => cause.trim_end_matches('.').to_owned(),
            ("no_right_answer", _) => "no right answer".to_owned(),
            ("steady", _) => first.value.clone(),
            _ => format!("{} {}", sentence::lower_first(&first.label), first.value),
        };
        Some(format!("{} ({why})", read.case().name))
    };
    let told: Vec<String> = reads.iter().take(NAMED).filter_map(cause).collect();
    let more = reads.len().saturating_sub(NAMED);
    let end = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!told.is_empty()).then(|| format!("{word}: {}{end}.", told.join(", ")))
}
