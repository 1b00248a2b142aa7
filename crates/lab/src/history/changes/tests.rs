use perflab_model::run::Revision;

use super::*;

/// Values that scatter by about 1 %, the same in every test.
fn history(levels: &[(usize, f64)]) -> Vec<SeriesValue> {
    let mut values = Vec::new();
    for (runs, level) in levels {
        for _ in 0..*runs {
            let at = values.len();
            let value = level * (1.0 + 0.01 * (((at * 7 + at * at * 3) % 20) as f64 / 10.0 - 0.95));
            values.push(SeriesValue {
                run: run(at),
                number: at as u64 + 1,
                revision: Revision::default(),
                family: "same".to_owned(),
                value,
            });
        }
    }
    values
}

fn run(at: usize) -> RunId {
    RunId::new(uuid::Uuid::from_u128(at as u128 + 1))
}

fn compared(baseline: f64, candidate: f64, standing: Standing, band: Option<Band>) -> ComparedSeries {
    ComparedSeries {
        name: None,
        measure: "latency".to_owned(),
        stat: "p95".to_owned(),
        unit: "s".to_owned(),
        better: Better::Lower,
        baseline: Some(baseline),
        candidate: Some(candidate),
        ratio: Some(candidate / baseline),
        interval: None,
        p: Some(1e-6),
        q: Some(1e-5),
        floor: None,
        pairs: 9,
        standing,
        band,
        reason: None,
    }
}

fn looking<'a>(
    values: &'a [SeriesValue],
    compared: Option<&'a ComparedSeries>,
    known: &'a [StoredFinding],
    newest: RunId,
) -> Looking<'a> {
    Looking {
        request: None,
        measure: "latency",
        stat: "p95",
        unit: "s",
        better: Better::Lower,
        values,
        compared,
        good: None,
        run: newest,
        first: newest,
        known,
    }
}

fn at_end<'a>(
    values: &'a [SeriesValue],
    compared: Option<&'a ComparedSeries>,
    known: &'a [StoredFinding],
) -> Looking<'a> {
    looking(values, compared, known, values.last().map_or_else(|| run(0), |value| value.run))
}

/// What a raised finding is once it is kept.
fn kept(new: &NewFinding) -> StoredFinding {
    StoredFinding {
        id: FindingId::new(uuid::Uuid::from_u128(9)),
        changed_us: 1,
        closed_by: None,
        content: new.clone(),
        state: FindingState::New,
        unsupported: 0,
    }
}

fn worse(by: f64) -> ComparedSeries {
    compared(0.1, 0.1 * (1.0 + by), Standing::Worse, Some(Band::Significant))
}

#[test]
fn a_run_that_is_worse_raises_a_finding_and_the_history_makes_a_step_of_it_without_telling_it_again() {
    let slow = worse(0.3);
    let first = history(&[(20, 0.1), (1, 0.13)]);
    let looked = look(&at_end(&first, Some(&slow), &[]));
    assert_eq!(looked.raised.len(), 1);
    assert_eq!((looked.raised[0].kind, looked.raised[0].first), (FindingKind::Arrival, run(20)));
    assert!(looked.suspected, "one bad run is no change, and a reason to look again");
    let known = [kept(&looked.raised[0])];
    let second = history(&[(20, 0.1), (2, 0.13)]);
    let looked = look(&at_end(&second, Some(&slow), &known));
    assert_eq!((looked.raised.len(), looked.changed.len(), looked.shown.len()), (0, 0, 1));
    let later = history(&[(20, 0.1), (4, 0.13)]);
    let looked = look(&at_end(&later, Some(&slow), &known));
    assert_eq!(looked.raised, []);
    let (now, note) = &looked.changed[0];
    assert_eq!((now.content.kind, now.content.first, now.state), (FindingKind::Step, run(20), FindingState::New));
    assert!(note.is_some() && now.content.good.is_some());
}

#[test]
fn a_step_is_dated_to_its_first_run_and_told_once() {
    let values = history(&[(20, 0.1), (6, 0.12)]);
    let looked = look(&at_end(&values, None, &[]));
    assert_eq!(looked.raised.len(), 1);
    let step = &looked.raised[0];
    assert_eq!((step.kind, step.first, step.worse, step.band), (FindingKind::Step, run(20), true, Some(Band::Minor)));
    let again = look(&at_end(&values, None, &[kept(step)]));
    assert_eq!((again.raised.len(), again.changed.len()), (0, 0), "{again:?}");
}

#[test]
fn a_level_that_comes_back_closes_its_finding_by_itself() {
    let before = history(&[(20, 0.1), (8, 0.13)]);
    let raised = look(&at_end(&before, None, &[])).raised;
    let after = history(&[(20, 0.1), (8, 0.13), (6, 0.1)]);
    let looked = look(&at_end(&after, None, &[kept(&raised[0])]));
    let (now, note) = &looked.changed[0];
    assert_eq!(now.state, FindingState::Fixed);
    assert!(note.as_deref().is_some_and(|note| note.starts_with("The level came back at run #")), "{note:?}");
    assert_eq!(looked.raised.iter().map(|new| new.worse).collect::<Vec<_>>(), [false], "the way back is news too");
}

#[test]
fn what_a_person_closed_stays_closed_until_the_level_moves_again() {
    let values = history(&[(20, 0.1), (8, 0.13)]);
    let raised = look(&at_end(&values, None, &[])).raised;
    let closed = StoredFinding {
        state: FindingState::WontFix,
        closed_by: Some("Ada in the browser".to_owned()),
        ..kept(&raised[0])
    };
    let slow = worse(0.3);
    let same = look(&at_end(&values, Some(&slow), std::slice::from_ref(&closed)));
    assert_eq!((same.raised.len(), same.changed.len()), (0, 0), "{same:?}");
    let slower = worse(0.7);
    let moved = look(&at_end(&history(&[(20, 0.1), (8, 0.13), (1, 0.17)]), Some(&slower), &[closed]));
    assert_eq!(moved.raised.len(), 1, "{moved:?}");
}

#[test]
fn a_finding_that_two_looks_do_not_show_has_faded() {
    let calm = history(&[(30, 0.1)]);
    let told = NewFinding {
        kind: FindingKind::Step,
        before: 0.1,
        after: 0.13,
        shift: 0.3,
        worse: true,
        ..looking(&calm, None, &[], run(29)).blank(FindingKind::Step, run(15))
    };
    let once = look(&at_end(&calm, None, &[kept(&told)]));
    assert_eq!((once.changed[0].0.state, once.changed[0].0.unsupported), (FindingState::New, 1));
    let twice = look(&at_end(&calm, None, &[once.changed[0].0.clone()]));
    assert_eq!(twice.changed[0].0.state, FindingState::Faded);
}

#[test]
fn a_suite_that_does_something_else_begins_a_new_part_and_is_no_regression() {
    let mut values = history(&[(20, 0.1), (10, 0.15)]);
    for value in &mut values[20..] {
        value.family = "other".to_owned();
    }
    assert_eq!(look(&at_end(&values, None, &[])).raised, []);
}

#[test]
fn a_branch_has_no_history_and_the_next_run_says_whether_it_is_mended() {
    let slow = worse(0.3);
    let looked = look(&looking(&[], Some(&slow), &[], run(7)));
    assert_eq!((looked.raised.len(), looked.suspected), (1, false));
    let known = [kept(&looked.raised[0])];
    let fine = compared(0.1, 0.1, Standing::Noise, None);
    let mended = look(&looking(&[], Some(&fine), &known, run(8)));
    assert_eq!(mended.changed[0].0.state, FindingState::Fixed);
    let repeated = look(&Looking { first: run(7), ..looking(&[], Some(&fine), &known, run(9)) });
    assert_eq!(repeated.changed[0].0.state, FindingState::Faded);
    let unsure = compared(0.1, 0.11, Standing::Undecided, Some(Band::Minor));
    assert_eq!(look(&looking(&[], Some(&unsure), &known, run(8))).changed, []);
}
