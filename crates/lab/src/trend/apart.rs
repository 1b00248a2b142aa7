//! Which runs of a history may be compared with each other, and where a new part of it begins.
//!
//! In:  the runs, oldest first. Out: why each stands apart, if it does; where another machine measured.

use perflab_model::{
    run::RunState,
    trend::{Apart, TrendPart},
    validity::ValidityState,
};
use perflab_store::HistoryRun;

/// Why each run stands apart, oldest first: it did not do what it was asked to, its numbers are not fully trusted, a
/// person changed its load, it measured another branch than most, or it was asked for something else than the newest of
/// those that did.
pub(super) fn apart(runs: &[HistoryRun]) -> Vec<Option<Apart>> {
    let by_itself: Vec<Option<Apart>> = runs.iter().map(unfit).collect();
    let fit = || runs.iter().zip(&by_itself).rev().filter(|(_, unfit)| unfit.is_none()).map(|(run, _)| run);
    let branch = usual_branch(fit());
    let of_branch = |run: &&HistoryRun| run.revision.branch.as_deref() == branch;
    let load = fit().find(of_branch).map(|run| run.load.as_str());
    runs.iter()
        .zip(&by_itself)
        .map(|(run, unfit)| {
            unfit
                .or_else(|| (!of_branch(&run)).then_some(Apart::OtherBranch))
                .or_else(|| (Some(run.load.as_str()) != load).then_some(Apart::OtherLoad))
        })
        .collect()
}

/// The branch that most runs measured; of two the one that was measured last. Runs go from new to old.
fn usual_branch<'a>(runs: impl Iterator<Item = &'a HistoryRun>) -> Option<&'a str> {
    let mut counts: Vec<(Option<&str>, usize)> = Vec::new();
    for run in runs {
        let branch = run.revision.branch.as_deref();
        match counts.iter_mut().find(|(known, _)| *known == branch) {
            Some((_, count)) => *count += 1,
            None => counts.push((branch, 1)),
        }
    }
    // `max_by_key` would give the last of equals.
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.into_iter().find(|(_, count)| *count == most)?.0
}

/// Why a run may be compared with no other, if so.
fn unfit(run: &HistoryRun) -> Option<Apart> {
    match (run.state, run.validity) {
        (RunState::Cancelled, _) => Some(Apart::Stopped),
        (RunState::Finished, Some(ValidityState::Valid)) => run.adjusted.then_some(Apart::Adjusted),
        (RunState::Finished, Some(ValidityState::Invalid)) => Some(Apart::Invalid),
        // What nobody has looked at is not fully trusted either.
        (RunState::Finished, Some(ValidityState::Suspect) | None) => Some(Apart::Suspect),
        _ => Some(Apart::NotCarriedOut),
    }
}

/// Where runs begin that are no continuation of those before: another class of workers measured them, or they did something
/// else. `families` says what each run did, where that is known; what is not known of a run continues the one before.
pub(super) fn parts(runs: &[HistoryRun], apart: &[Option<Apart>], families: &[Option<&str>]) -> Vec<TrendPart> {
    let (mut class_before, mut family_before): (Option<&str>, Option<&str>) = (None, None);
    let mut parts = Vec::new();
    for (at, run) in runs.iter().enumerate().filter(|(at, _)| apart.get(*at).is_some_and(Option::is_none)) {
        let (class, family) = (run.worker_class.as_deref(), families.get(at).copied().flatten());
        let other =
            |now: Option<&str>, before: Option<&str>| now.zip(before).is_some_and(|(now, before)| now != before);
        let mut why = Vec::new();
        if let (true, Some(class), Some(before)) = (other(class, class_before), class, class_before) {
            why.push(format!("worker class {class} instead of {before}"));
        }
        if other(family, family_before) {
            why.push("the suite asks for something else".to_owned());
        }
        if !why.is_empty() {
            parts.push(TrendPart { at: u32::try_from(at).unwrap_or(u32::MAX), why: why.join(", ") });
        }
        (class_before, family_before) = (class.or(class_before), family.or(family_before));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(state: RunState, validity: ValidityState, load: &str) -> HistoryRun {
        HistoryRun {
            run: perflab_model::id::RunId::new(uuid::Uuid::nil()),
            number: 1,
            state,
            load: load.to_owned(),
            at_us: 0,
            revision: perflab_model::run::Revision::default(),
            verdict: None,
            validity: Some(validity),
            adjusted: false,
            worker_class: None,
        }
    }

    fn good() -> HistoryRun {
        run(RunState::Finished, ValidityState::Valid, "50 users, 2m")
    }

    #[test]
    fn only_runs_that_measured_the_same_are_compared() {
        use RunState::{Cancelled, Failed, Finished};
        use ValidityState::{Invalid, Suspect, Valid};
        let runs = [
            run(Finished, Valid, "50 users, 2m"),
            run(Finished, Valid, "200 users, 15m"),
            run(Finished, Suspect, "200 users, 15m"),
            run(Finished, Invalid, "200 users, 15m"),
            run(Failed, Valid, "200 users, 15m"),
            run(Finished, Valid, "200 users, 15m"),
            HistoryRun { adjusted: true, ..run(Finished, Valid, "up to 100/s, 15m") },
            // Stopped by a person, and so not the measure of the others.
            run(Cancelled, Valid, "50 users, 2m"),
        ];
        let expected = [
            Some(Apart::OtherLoad),
            None,
            Some(Apart::Suspect),
            Some(Apart::Invalid),
            Some(Apart::NotCarriedOut),
            None,
            Some(Apart::Adjusted),
            Some(Apart::Stopped),
        ];
        assert_eq!(apart(&runs), expected);
    }

    #[test]
    fn branches_are_never_one_history() {
        let on = |branch: &str| {
            let mut run = good();
            run.revision.branch = Some(branch.to_owned());
            run
        };
        let runs = [on("main"), on("main"), on("faster"), on("main"), on("faster")];
        let expected = [None, None, Some(Apart::OtherBranch), None, Some(Apart::OtherBranch)];
        assert_eq!(apart(&runs), expected);
        assert_eq!(apart(&runs[1..3]), [Some(Apart::OtherBranch), None], "of two the newest");
    }

    #[test]
    fn a_suite_that_asks_for_something_else_begins_a_part() {
        let runs = [good(), good(), good()];
        let expected = TrendPart { at: 2, why: "the suite asks for something else".to_owned() };
        assert_eq!(parts(&runs, &[None; 3], &[Some("a"), None, Some("b")]), [expected]);
    }

    #[test]
    fn another_machine_begins_a_part_and_a_forgotten_one_does_not() {
        let by = |class: Option<&str>| HistoryRun { worker_class: class.map(str::to_owned), ..good() };
        let runs = [by(Some("old")), by(None), by(Some("old")), by(Some("new")), by(Some("other")), by(None)];
        let mut apart = vec![None; runs.len()];
        apart[4] = Some(Apart::Stopped);
        let expected = TrendPart { at: 3, why: "worker class new instead of old".to_owned() };
        assert_eq!(parts(&runs, &apart, &[None; 6]), [expected], "a run that stands apart begins nothing");
    }
}
