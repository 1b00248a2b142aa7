//! The cases of a run that is over: what each took, how sure that is, what it may take, what follows.

use leptos::prelude::*;
use perflab_model::{
    bench::{CaseOutcome, CaseSummary, OpenInterval},
    display,
    validity::ValidityState,
    verdict::Gate,
};

use super::time::{CaseTime, told_interval};
use crate::components::{Count, Scroller, encoded, outcome_mark};

/// The table of cases in the order in which they ran.
#[component]
pub fn CaseTable(
    /// The cases.
    cases: Vec<CaseSummary>,
    /// Address of the page of a case, to which its name is appended.
    address: String,
) -> impl IntoView {
    if cases.is_empty() {
        return view! { <p class="muted pt1">"No case came to its end."</p> }.into_any();
    }
    let rows = cases.into_iter().map(|case| row(case, &address)).collect_view();
    view! {
        <Scroller label="Table of cases">
            <table class="data cases">
                <thead>
                    <tr>
                        <th>"Case"</th>
                        <th>"Outcome"</th>
                        <th class="num">"Mean, or overhead"</th>
                        <th class="p3">"95 % interval"</th>
                        <th class="num">"Target"</th>
                        <th class="num">"Maximum"</th>
                        <th class="num p2">"p95"</th>
                        <th class="num p3">"p99"</th>
                        <th class="num p2">"Samples"</th>
                        <th class="num">"Errors"</th>
                        <th class="num p3">"Ops/s"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn row(case: CaseSummary, address: &str) -> impl IntoView + use<> {
    let (value, interval) = value_of(&case);
    let interval = interval.map(told_interval).unwrap_or_default();
    let outcome = Standing::of(&case);
    let below = below_its_name(&case);
    let href = format!("{address}{}", encoded(&case.name));
    let title = case.title.unwrap_or(case.name);
    let failed = (case.failed > 0).then_some("over");
    view! {
        <tr>
            <th scope="row">
                <a class="quiet" href=href>{title}</a>
                {case.critical.then(|| view! { " " <span class="tag" title="Judged first: its failure fails the whole">"critical"</span> })}
                {below.map(|below| view! { <span class="sub">{below}</span> })}
            </th>
            <td><span class="verdict" data-v=outcome.mark>{outcome.word}</span></td>
            <td class="num">
                <b><CaseTime value=value/></b>
                {(!interval.is_empty()).then(|| view! { <span class="sub not-p3">{format!("95 %: {interval}")}</span> })}
            </td>
            <td class="iv p3">{interval.clone()}</td>
            <td class="num"><CaseTime value=case.target/></td>
            <td class="num"><CaseTime value=case.max/></td>
            <td class="num p2"><CaseTime value=case.latency.p95 nothing="too few"/></td>
            <td class="num p3"><CaseTime value=case.latency.p99 nothing="too few"/></td>
            <td class="num p2"><Count value=case.samples/></td>
            <td class="num"><span class=failed data-v=failed.map(|_| "critical")>{display::count(case.failed)}</span></td>
            <td class="num p3">{case.throughput_per_s.map_or_else(|| "–".to_owned(), display::number)}</td>
        </tr>
    }
}

/// The number that a case is judged by: of a pair what it costs, else the mean.
pub fn value_of(case: &CaseSummary) -> (Option<f64>, Option<OpenInterval>) {
    match &case.overhead {
        Some(overhead) => (Some(overhead.ms), overhead.interval),
        None => (case.latency.mean, case.latency.interval),
    }
}

/// What stands below the name of a case: what sets it apart, or why there is little to see.
fn below_its_name(case: &CaseSummary) -> Option<String> {
    match &case.outcome {
        CaseOutcome::Failed { message, .. } => Some(message.clone()),
        CaseOutcome::Skipped { reason } => Some(reason.clone()),
        CaseOutcome::TimeUp => Some("its longest time was up before all operations were done".to_owned()),
        CaseOutcome::CutShort => Some("ended with the run".to_owned()),
        CaseOutcome::Completed => {
            // Several combinations of a case may share its title.
            let combination =
                case.name.strip_prefix(case.base.as_str()).map(|rest| rest.trim().trim_matches(['[', ']']));
            let parts = [combination.map(str::to_owned).filter(|text| !text.is_empty()), case.category.clone()];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" · "))
        }
    }
}

/// A word for how a case stands, with its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// On the screen.
    pub word: &'static str,
    /// For `data-v`.
    pub mark: &'static str,
}

impl Standing {
    /// How a case stands: first whether it was measured at all, then whether its numbers can be trusted, then its rules.
    pub fn of(case: &CaseSummary) -> Self {
        let (word, mark) = match (&case.outcome, case.validity.state, case.gate) {
            (CaseOutcome::Skipped { .. }, ..) => ("Not run", "unmeasured"),
            (CaseOutcome::Failed { .. }, ..) => ("Failed", "critical"),
            (_, ValidityState::Invalid, _) => ("Invalid", "inconclusive"),
            (_, _, Some(Gate::Fail)) => ("Limit broken", outcome_mark(Gate::Fail)),
            (_, _, Some(Gate::Warn)) => ("Target missed", outcome_mark(Gate::Warn)),
            (_, _, Some(Gate::Inconclusive)) => ("Undecided", outcome_mark(Gate::Inconclusive)),
            (_, _, Some(Gate::Pass)) => ("Met", outcome_mark(Gate::Pass)),
            (_, _, None) => ("Measured", "unmeasured"),
        };
        Self { word, mark }
    }
}

/// What all cases together came to, in one sentence.
pub fn answered(cases: &[CaseSummary]) -> String {
    let of = |word: &str| cases.iter().filter(|case| Standing::of(case).word == word).count();
    let mut told = vec![format!("{} of {} met", of("Met"), cases.len())];
    for (word, what) in [
        ("Limit broken", "with a broken limit"),
        ("Target missed", "with a missed target"),
        ("Undecided", "undecided"),
        ("Invalid", "invalid"),
        ("Failed", "failed"),
        ("Not run", "not run"),
        ("Measured", "without a rule"),
    ] {
        if of(word) > 0 {
            told.push(format!("{} {what}", of(word)));
        }
    }
    told.join(", ") + "; a name leads to the case."
}
