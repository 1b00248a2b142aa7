//! Can the numbers of a case be trusted? Of benchmark suites each case is asked alone.
//!
//! A case is invalid when it was not carried out, when no operation gave the right answer, when it never became steady,
//! and when others took more than a fifth of the machine meanwhile.

use perflab_model::{
    bench::{CaseOutcome, Steadiness},
    display::count,
    validity::{Signal, Validity, ValidityState},
};

use super::{ReadCase, number::is_unreadable};
use crate::{
    interval::{BLOCKS, MIN_BLOCKS},
    validity::{OTHERS, above, invalid_if, percent, signal},
};

/// Says that not one operation gave the right answer: then only rules on errors are judged.
pub(crate) const NO_RIGHT_ANSWER: &str = "no_right_answer";

pub(super) fn of(read: &ReadCase) -> Validity {
    let measured = &read.measured;
    let not_run = |value: &str, cause: String| {
        Validity::from_signals(vec![signal(
            "not_run",
            "Carried out",
            value.to_owned(),
            "yes",
            invalid_if(true),
            &cause,
        )])
    };
    match &measured.outcome {
        CaseOutcome::Failed { code, message } => return not_run(code, message.clone()),
        CaseOutcome::Skipped { reason } => return not_run("no", reason.clone()),
        CaseOutcome::Completed | CaseOutcome::TimeUp | CaseOutcome::CutShort => {}
    }
    let (operations, right) = (read.operations(), read.right());
    if operations == 0 {
        return Validity::from_signals(vec![signal(
            "too_short",
            "Measured after the warm-up",
            "nothing".to_owned(),
            "at least one operation",
            invalid_if(true),
            "The case was over before anything was measured. Make it longer, or its warm-up shorter.",
        )]);
    }
    let mut signals = vec![signal(
        NO_RIGHT_ANSWER,
        "Right answers",
        format!("{} of {}", count(operations - read.failed()), count(operations)),
        "at least one",
        invalid_if(right == 0),
        &format!("No operation gave the right answer, so there are no times. {}", first_fault(read)),
    )];
    if right > 0 {
        signals.push(steady(read.measured.steadiness, right));
        signals.extend(samples(read));
    }
    if is_unreadable(read.side.as_ref()) || is_unreadable(read.without.as_ref()) {
        signals.push(signal(
            "histogram",
            "Times of the case",
            "unreadable".to_owned(),
            "readable",
            invalid_if(true),
            "The distribution of its times cannot be read. This is a fault of perflab: please report it.",
        ));
    }
    signals.extend(host(read));
    Validity::from_signals(signals)
}

fn first_fault(read: &ReadCase) -> String {
    read.measured
        .faults
        .first()
        .map_or_else(|| "Its log says more.".to_owned(), |fault| format!("{}: {}", fault.code, fault.message))
}

fn steady(steadiness: Steadiness, right: u64) -> Signal {
    let (value, state, cause) = match steadiness {
        Steadiness::Declared => ("the suite says when", ValidityState::Valid, String::new()),
        Steadiness::Steady => ("yes", ValidityState::Valid, String::new()),
        Steadiness::StillWarming => (
            "still warming up after half of it",
            ValidityState::Invalid,
            "The case was not steady: half of it was not enough to warm up. Ask for more iterations, or say how many \
             operations the warm-up takes."
                .to_owned(),
        ),
        Steadiness::Trend => (
            "its second half has a trend",
            ValidityState::Invalid,
            "The case was not steady: its times rose or fell to the end. Ask for more iterations on a quiet machine, and \
             see whether what it works on grows."
                .to_owned(),
        ),
        Steadiness::Unknown => (
            "nobody can tell",
            ValidityState::Suspect,
            format!(
                "{} samples are too few to tell when the case was warm. Ask for at least {BLOCKS} iterations, or say how \
                 many operations its warm-up takes.",
                count(right)
            ),
        ),
    };
    signal("steady", "Steady", value.to_owned(), "yes", state, &cause)
}

/// Fewer blocks than five have no interval, so that nothing can be said of the mean.
fn samples(read: &ReadCase) -> Option<Signal> {
    let blocks = read.measured.side.as_ref().map_or(0, |side| side.blocks.len());
    (blocks < MIN_BLOCKS).then(|| {
        signal(
            "samples",
            "Samples in time order",
            count(blocks as u64),
            "at least 5",
            ValidityState::Suspect,
            "So few samples say nothing about how much they vary. Ask for more iterations.",
        )
    })
}

fn host(read: &ReadCase) -> Vec<Signal> {
    let shares = [
        (
            "steal",
            "CPU taken by the host's other guests",
            read.measured.steal,
            "Other virtual machines took CPU time from this one while the case went on. Run again on a quieter host.",
        ),
        (
            "other",
            "CPU of other programs on the host",
            read.measured.other,
            "Other programs took CPU time while the case went on. Stop them, or run on a worker that has nothing else to do.",
        ),
    ];
    let mut signals = Vec::new();
    for (code, label, share, cause) in shares {
        if let Some(share) = share.filter(|share| share.is_finite()) {
            signals.push(signal(code, label, percent(share), "5 %", above(share, OTHERS.0, OTHERS.1), cause));
        }
    }
    signals
}
