//! The cases of a run under way: which one is at work, how far it is, what is left.

use leptos::prelude::*;
use perflab_model::{
    bench::{CasePhase, CaseStanding},
    display,
};

use super::time::CaseTime;
use crate::components::{Scroller, outcome_mark};

/// The table of cases while they run.
#[component]
pub fn LiveCases(
    /// How they stand, in the order in which they run.
    cases: Vec<CaseStanding>,
) -> impl IntoView {
    if cases.is_empty() {
        return view! { <p class="muted pt1">"The first case is about to begin."</p> }.into_any();
    }
    let rows = cases.into_iter().map(row).collect_view();
    view! {
        <Scroller label="Table of cases">
            <table class="data cases">
                <thead>
                    <tr>
                        <th>"Case"</th>
                        <th>"State"</th>
                        <th class="num">"Done"</th>
                        <th class="num">"Mean, or overhead"</th>
                        <th class="num p2">"Target"</th>
                        <th class="num p2">"Maximum"</th>
                        <th class="num">"Errors"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn row(case: CaseStanding) -> impl IntoView {
    let (word, mark) = state(&case);
    let failed = (case.failed > 0).then_some("over");
    view! {
        <tr>
            <th scope="row">
                {case.title.clone().unwrap_or_else(|| case.name.clone())}
                {case.critical.then(|| view! { " " <span class="tag">"critical"</span> })}
            </th>
            <td><span class="state" data-v=mark>{word}</span></td>
            <td class="num">{done(&case)}</td>
            <td class="num"><CaseTime value=case.mean/></td>
            <td class="num p2"><CaseTime value=case.target/></td>
            <td class="num p2"><CaseTime value=case.max/></td>
            <td class="num"><span class=failed data-v=failed.map(|_| "critical")>{display::count(case.failed)}</span></td>
        </tr>
    }
}

/// The word for a case, with its mark: what its rules say is known when it is done.
fn state(case: &CaseStanding) -> (&'static str, &'static str) {
    match (case.phase, case.gate) {
        (CasePhase::Waiting, _) => ("Waiting", "queued"),
        (CasePhase::WarmUp, _) => ("Warming up", "running"),
        (CasePhase::Measuring, _) => ("Measuring", "running"),
        (CasePhase::Done, None) => ("Done", "unmeasured"),
        (CasePhase::Done, Some(gate)) => ("Done", outcome_mark(gate)),
    }
}

/// `412 of 1,000`, or how many there are of a case that runs for a time.
fn done(case: &CaseStanding) -> String {
    match (case.phase, case.planned) {
        (CasePhase::Waiting, None) => "–".to_owned(),
        (_, Some(planned)) => format!("{} of {}", display::count(case.done), display::count(planned)),
        (_, None) => display::count(case.done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_says_how_far_it_is() {
        let case =
            CaseStanding { phase: CasePhase::Measuring, done: 412, planned: Some(1_000), ..CaseStanding::default() };
        assert_eq!((done(&case).as_str(), state(&case).0), ("412 of 1,000", "Measuring"));
        assert_eq!(done(&CaseStanding::default()), "–");
    }
}
