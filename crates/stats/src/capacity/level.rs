//! What a run says of its level.

use perflab_model::{
    capacity::LevelOutcome,
    display::number,
    run::{RunEnd, RunState},
    summary::Totals,
    validity::{Validity, ValidityState},
    verdict::{Gate, LedgerRow},
};

use crate::validity::DROPPED;

/// What a run was worth, as far as it speaks of its level.
#[derive(Clone, Copy, Debug)]
pub struct Worth<'a> {
    /// Whether its numbers can be trusted.
    pub validity: &'a Validity,
    /// Every rule.
    pub ledger: &'a [LedgerRow],
    /// Its counts.
    pub totals: &'a Totals,
}

/// What an ended run says of its level, and why.
///
/// A level holds only if every rule is met, those of level `warn` too: the capacity is what the thresholds bear, not what
/// they forgive. Dropped starts mean that the target took every slot, so the level breaks; whatever made the *generator*
/// late makes it unusable, for that is no limit of the target.
pub fn outcome(end: Option<&RunEnd>, worth: Option<Worth<'_>>) -> (LevelOutcome, Option<String>) {
    let carried_out = end.is_some_and(|end| end.state == RunState::Finished);
    let Some(worth) = worth.filter(|_| carried_out) else {
        let why = end.map_or_else(|| "its run has no end".to_owned(), |end| end.message.clone());
        return (LevelOutcome::Unusable, Some(why));
    };
    if worth.validity.state == ValidityState::Invalid {
        let why = worth.validity.causes().first().map_or_else(
            || "the run is invalid".to_owned(),
            |signal| format!("{}: {} (limit {})", signal.label, signal.value, signal.limit),
        );
        return (LevelOutcome::Unusable, Some(why));
    }
    let totals = worth.totals;
    let dropped = if totals.planned > 0 { totals.dropped as f64 / totals.planned as f64 } else { 0.0 };
    let broken = worth.ledger.iter().find(|row| matches!(row.outcome, Gate::Fail | Gate::Warn));
    let open = worth.ledger.iter().find(|row| row.outcome == Gate::Inconclusive);
    match (broken, open) {
        (Some(row), _) => (LevelOutcome::Breaks, Some(told(row))),
        (None, _) if dropped > DROPPED => {
            let why = format!("{} % of the starts found no free slot and were dropped", number(dropped * 100.0));
            (LevelOutcome::Breaks, Some(why))
        }
        (None, Some(row)) => {
            let why = row.reason.clone().unwrap_or_else(|| "too little was measured".to_owned());
            (LevelOutcome::Undecided, Some(format!("{}: {why}", row.rule)))
        }
        (None, None) if worth.ledger.is_empty() => {
            (LevelOutcome::Undecided, Some("no threshold judges this level".to_owned()))
        }
        (None, None) => (LevelOutcome::Holds, None),
    }
}

/// A broken rule with what was measured.
fn told(row: &LedgerRow) -> String {
    let scope = row.scope.as_ref().map(|scope| format!(" [{scope}]")).unwrap_or_default();
    let unit = match row.unit.as_str() {
        "" | "/s" => row.unit.clone(),
        unit => format!(" {unit}"),
    };
    match (row.value, &row.reason) {
        (Some(value), _) => format!("{}{scope}: {}{unit}", row.rule, number(value)),
        (None, Some(reason)) => format!("{}{scope}: {reason}", row.rule),
        (None, None) => format!("{}{scope} is broken", row.rule),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{threshold::Level, validity::Signal};
    use rstest::rstest;

    use super::*;

    fn row(rule: &str, outcome: Gate) -> LedgerRow {
        LedgerRow {
            rule: rule.to_owned(),
            source: "scenario stress".to_owned(),
            level: Level::Warn,
            scope: None,
            value: Some(231.0),
            unit: "ms".to_owned(),
            interval: None,
            limit: 200.0,
            max: None,
            op: "<".to_owned(),
            samples: 500,
            baseline: None,
            waiver: None,
            outcome,
            margin_percent: None,
            breach_seconds: 0,
            reason: None,
            next: None,
        }
    }

    fn validity(state: ValidityState) -> Validity {
        let signal = Signal {
            code: "late".to_owned(),
            label: "Starts over 5 ms late though a slot was free".to_owned(),
            value: "3.00 %".to_owned(),
            limit: "0.5 %".to_owned(),
            state,
            cause: None,
        };
        Validity::from_signals(vec![signal])
    }

    /// What a run of 1,000 planned starts says that ended in this state.
    fn told(
        ended: RunState,
        ledger: &[LedgerRow],
        dropped: u64,
        state: ValidityState,
    ) -> (LevelOutcome, Option<String>) {
        let (validity, totals) = (validity(state), Totals { planned: 1000, dropped, ..Totals::default() });
        outcome(Some(&end(ended)), Some(Worth { validity: &validity, ledger, totals: &totals }))
    }

    fn end(state: RunState) -> RunEnd {
        RunEnd { state, code: "completed".to_owned(), message: "as told".to_owned() }
    }

    use LevelOutcome::{Breaks, Holds, Undecided, Unusable};
    use ValidityState::{Invalid, Suspect, Valid};

    #[rstest]
    #[case::all_met(&[Gate::Pass], 0, Valid, Holds)]
    #[case::a_missed_target_is_no_capacity(&[Gate::Pass, Gate::Warn], 0, Valid, Breaks)]
    #[case::a_broken_limit(&[Gate::Fail], 0, Valid, Breaks)]
    #[case::broken_beats_undecided(&[Gate::Inconclusive, Gate::Fail], 0, Valid, Breaks)]
    #[case::undecided(&[Gate::Pass, Gate::Inconclusive], 0, Valid, Undecided)]
    #[case::nothing_asked(&[], 0, Valid, Undecided)]
    #[case::a_few_drops(&[Gate::Pass], 10, Valid, Holds)]
    #[case::a_saturated_target(&[Gate::Pass], 11, Valid, Breaks)]
    #[case::suspect_is_judged(&[Gate::Pass], 0, Suspect, Holds)]
    #[case::the_generator_is_no_limit_of_the_target(&[Gate::Fail], 500, Invalid, Unusable)]
    fn a_level_is_what_its_rules_and_its_validity_say(
        #[case] rows: &[Gate],
        #[case] dropped: u64,
        #[case] state: ValidityState,
        #[case] expected: LevelOutcome,
    ) {
        let rows: Vec<LedgerRow> = rows.iter().map(|gate| row("p95 < 200ms warn", *gate)).collect();
        let told = told(RunState::Finished, &rows, dropped, state);
        assert_eq!(told.0, expected, "{told:?}");
    }

    #[test]
    fn a_broken_rule_is_told_with_its_value() {
        let told = told(RunState::Finished, &[row("p95 < 200ms warn", Gate::Warn)], 0, Valid);
        assert_eq!(told.1.as_deref(), Some("p95 < 200ms warn: 231 ms"));
    }

    #[test]
    fn a_run_that_was_not_carried_out_says_nothing_of_the_target() {
        let told = told(RunState::Lost, &[row("p95 < 200ms", Gate::Pass)], 0, Valid);
        assert_eq!(told, (Unusable, Some("as told".to_owned())));
    }
}
