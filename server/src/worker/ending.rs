//! How a run ended, from what was asked, what the runner said last, and its exit.

use perflab_model::{
    kill_switch::KillSwitch,
    order::Orders,
    run::{Cancel, RunEnd, RunState},
    runner::Ending,
};

/// Why the runner was told to stop.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    Person(Cancel),
    Killed(Box<KillSwitch>),
    Rule(String),
    Unreachable,
    /// The store will never take what was measured.
    Refused(String),
    /// This process is about to end.
    Ending,
    Overtime,
    Stale,
}

impl Why {
    /// Why the run is to end, if people or a kill switch want it to.
    pub(super) fn of(orders: &Orders) -> Option<Self> {
        match &orders.killed {
            Some(switch) => Some(Self::Killed(Box::new(switch.clone()))),
            None => orders.cancel.map(Self::Person),
        }
    }

    /// Whether load must end at once: open requests are not waited for.
    pub(super) const fn is_abort(&self) -> bool {
        match self {
            Self::Person(Cancel::Abort)
            | Self::Killed(_)
            | Self::Unreachable
            | Self::Refused(_)
            | Self::Ending
            | Self::Stale => true,
            Self::Person(Cancel::Stop) | Self::Rule(_) | Self::Overtime => false,
        }
    }
}

/// What is known when the runner is gone.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) why: Option<&'a Why>,
    /// The runner's last word.
    pub(super) last: Option<&'a Ending>,
    /// Whether it had come so far as to begin.
    pub(super) begun: bool,
    /// How the process went, in words.
    pub(super) exit: &'a str,
}

/// The end of a run.
pub(super) fn how_it_ended(known: &Known<'_>) -> RunEnd {
    match (known.why, known.last) {
        (Some(Why::Stale), _) => end(RunState::Lost, "lost", "The run passed to another attempt."),
        (Some(Why::Refused(why)), _) => unkept(why),
        (Some(Why::Unreachable), _) => end(
            RunState::Failed,
            "unreachable",
            "The database did not take what was measured for so long that the load was stopped: nobody could have called \
             it back any more. What was measured until then is kept.",
        ),
        (Some(Why::Ending), _) => end(
            RunState::Failed,
            "worker_stopped",
            "Its worker was shut down while the run was under way; what was measured until then is kept.",
        ),
        (Some(Why::Person(how)), _) => by_a_person(*how),
        (Some(Why::Killed(switch)), _) => switch.end(),
        (_, Some(Ending::Failed { code, message })) => end(RunState::Failed, code, message.as_str()),
        (Some(Why::Rule(rule)), _) => end(RunState::Finished, "rule", format!("Stopped by the rule `{rule}`.")),
        (_, Some(Ending::Completed)) => end(RunState::Finished, "completed", "Carried out as planned."),
        (_, Some(Ending::TargetAsked)) => {
            end(RunState::Finished, "target_asked", "The target asked for the load to stop (503 with X-Perflab-Stop).")
        }
        (Some(Why::Overtime), _) if !known.begun => end(
            RunState::Failed,
            "timeout",
            "The runner had not begun after ten minutes of looking up names and logging in, and was ended; look at the \
             run's log for what it waited for.",
        ),
        (Some(Why::Overtime), _) => end(
            RunState::Failed,
            "timeout",
            "The runner did not end in time and was ended; look at the run's log for what it waited for.",
        ),
        (_, Some(Ending::Stopped | Ending::Aborted | Ending::Orphaned)) => end(
            RunState::Failed,
            "runner",
            "The runner stopped without having been asked: it heard nothing from its worker for too long.",
        ),
        (None, None) => end(
            RunState::Failed,
            if known.exit.contains("SIGKILL") { "killed" } else { "runner" },
            format!("The runner ended without a last word ({}); what was measured until then is kept.", known.exit),
        ),
    }
}

/// The end of a run that a person wanted to end.
pub(super) fn by_a_person(how: Cancel) -> RunEnd {
    match how {
        Cancel::Stop => end(RunState::Cancelled, "stopped", "Stopped by a person."),
        Cancel::Abort => end(RunState::Cancelled, "aborted", "Aborted by a person."),
    }
}

/// The end of a run whose numbers, or some of them, will never be kept.
pub(super) fn unkept(why: &str) -> RunEnd {
    end(
        RunState::Failed,
        "store",
        format!("The database does not take what was measured, so not all of it is kept: {why}."),
    )
}

fn end(state: RunState, code: &str, message: impl Into<String>) -> RunEnd {
    RunEnd { state, code: code.to_owned(), message: message.into() }
}
