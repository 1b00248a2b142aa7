//! Verdicts, outcomes of rules and states of runs: always an icon and a word, the colour only beside them.

use leptos::prelude::*;
use perflab_model::{
    run::{RunRow, RunState},
    verdict::{Gate, LedgerRow, Verdict},
};

/// What one run says.
#[component]
pub fn VerdictBadge(
    /// The verdict.
    verdict: Verdict,
    /// For the verdict box.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    view! {
        <span class=if large { "verdict large" } else { "verdict" } data-v=verdict.code()>
            {verdict.word()}
        </span>
    }
}

/// Where a run is.
#[component]
pub fn StateBadge(
    /// The state.
    state: RunState,
) -> impl IntoView {
    view! { <span class="state" data-v=state_mark(state)>{state.word()}</span> }
}

/// The verdict of a run that ended by itself, else its state: a stopped run has been stopped first of all.
#[component]
pub fn RunBadge(
    /// The run.
    row: RunRow,
) -> impl IntoView {
    match (row.state, row.verdict) {
        (RunState::Finished, Some(verdict)) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
        (state, _) => view! { <StateBadge state=state/> }.into_any(),
    }
}

/// The mark (`data-v`) of a state.
pub const fn state_mark(state: RunState) -> &'static str {
    match state {
        RunState::Queued | RunState::Claimed => "queued",
        RunState::Running | RunState::Finishing => "running",
        RunState::Finished => "unmeasured",
        RunState::Cancelled => "stopped",
        RunState::Failed => "critical",
        RunState::Lost => "inconclusive",
    }
}

/// The mark (`data-v`) of a rule's outcome.
pub const fn outcome_mark(outcome: Gate) -> &'static str {
    match outcome {
        Gate::Pass => "excellent",
        Gate::Warn => "issues",
        Gate::Fail => "critical",
        Gate::Inconclusive => "inconclusive",
    }
}

/// The word of a rule's outcome, so that a reader need not compare the numbers: `Over target`, `Under limit`.
pub fn outcome_word(row: &LedgerRow) -> &'static str {
    let wants_less = row.op.starts_with('<');
    let wants_more = row.op.starts_with('>');
    match row.outcome {
        Gate::Pass => "Met",
        Gate::Inconclusive => "Undecided",
        Gate::Fail if row.max.is_some() => "Over maximum",
        Gate::Warn if row.max.is_some() => "Over target",
        Gate::Fail | Gate::Warn if wants_less => "Over limit",
        Gate::Fail | Gate::Warn if wants_more => "Under limit",
        Gate::Fail | Gate::Warn => "Broken",
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::threshold::Level;
    use rstest::rstest;

    use super::*;

    fn row(op: &str, max: Option<f64>, outcome: Gate) -> LedgerRow {
        LedgerRow {
            rule: "p95 < 200ms".to_owned(),
            source: "suite mita".to_owned(),
            level: Level::Fail,
            scope: None,
            value: Some(231.0),
            unit: "ms".to_owned(),
            interval: None,
            limit: 200.0,
            max,
            op: op.to_owned(),
            samples: 500,
            baseline: None,
            waiver: None,
            outcome,
            margin_percent: Some(15.5),
            breach_seconds: 0,
            reason: None,
            next: None,
        }
    }

    #[rstest]
    #[case::met("<", None, Gate::Pass, "Met")]
    #[case::latency_too_high("<", None, Gate::Fail, "Over limit")]
    #[case::throughput_too_low(">=", None, Gate::Warn, "Under limit")]
    #[case::between_target_and_maximum("<", Some(500.0), Gate::Warn, "Over target")]
    #[case::beyond_the_maximum("<", Some(500.0), Gate::Fail, "Over maximum")]
    #[case::an_exact_number_missed("==", None, Gate::Fail, "Broken")]
    #[case::too_few_samples("<", None, Gate::Inconclusive, "Undecided")]
    fn the_outcome_says_which_side_of_the_limit_the_value_is_on(
        #[case] op: &str,
        #[case] max: Option<f64>,
        #[case] outcome: Gate,
        #[case] word: &str,
    ) {
        assert_eq!(outcome_word(&row(op, max, outcome)), word);
    }
}
