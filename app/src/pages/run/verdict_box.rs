//! The verdict box: the answer, the ledger it rests on, and whether the numbers can be trusted.

use leptos::prelude::*;
use perflab_model::{
    run::Run,
    validity::{Validity, ValidityState},
    verdict::{Gate, Judgement, LedgerRow},
};

use super::bullets::bullets;
use crate::components::{
    GuideLink, LedgerTable, Topic, TrustHeading, ValidityList, VerdictBadge, met_summary, sentence,
};

/// How a run ends that was carried out as planned: nothing needs to be said of it.
const COMPLETED: &str = "completed";

/// The verdict with everything behind it.
#[component]
pub fn VerdictBox(
    /// The run.
    run: Run,
    /// Its judgement.
    judgement: Judgement,
) -> impl IntoView {
    let gate = judgement.verdict.gate();
    let validity = run.validity.clone().unwrap_or_default();
    let how = run.row.end.clone().filter(|end| end.code != COMPLETED);
    view! {
        <section class="verdict-box" data-v=judgement.verdict.code() aria-label="Verdict">
            <header>
                <h2 class="sr">"Verdict"</h2>
                <VerdictBadge verdict=judgement.verdict large=true/>
                <p class="answer">{sentence(&judgement.sentence)} {how.map(|end| format!(" {}", sentence(&end.message)))}</p>
                <p class="gate">
                    "Gate: " <b>{gate.word()}</b> {format!(", exit {}", gate.exit_code())} <br/>
                    <a href=format!("/api/v1/runs/{}/summary", run.row.id)>"why, as JSON"</a> " "
                    <GuideLink topic=Topic::Verdict/>
                </p>
            </header>
            <div class="parts">
                <div><Ledger rows=judgement.ledger/></div>
                <div><Trust validity=validity/></div>
            </div>
        </section>
    }
    .into_any()
}

/// What is not met first, with its next step; the rest folded.
#[component]
pub fn Ledger(
    /// Every rule.
    rows: Vec<LedgerRow>,
) -> impl IntoView {
    if rows.is_empty() {
        return view! {
            <p class="muted pt1">"No rule was asked of this run. Thresholds stand in the suite, in its scenario or in the environment."</p>
        }
        .into_any();
    }
    let (met, open): (Vec<LedgerRow>, Vec<LedgerRow>) = rows.into_iter().partition(|row| row.outcome == Gate::Pass);
    let summary = met_summary(&met);
    // With nothing broken the met rules are what there is to see.
    let unfolded = open.is_empty();
    view! {
        {(!open.is_empty()).then(|| view! { <LedgerTable bullets=bullets(&open) rows=open/> })}
        {(!met.is_empty())
            .then(|| {
                view! {
                    <details class="more" open=unfolded>
                        <summary>{summary}</summary>
                        <LedgerTable bullets=bullets(&met) rows=met tight=true/>
                    </details>
                }
            })}
    }
    .into_any()
}

/// Validity in its box.
#[component]
pub fn Trust(
    /// What was found.
    validity: Validity,
) -> impl IntoView {
    if validity.signals.is_empty() {
        return view! {
            <h3 class="ruled">"Can the numbers be trusted? " <GuideLink topic=Topic::Validity/></h3>
            <p class="muted pt1">"Nothing was measured, so there is nothing to trust."</p>
        }
        .into_any();
    }
    let consequence = match validity.state {
        ValidityState::Valid => None,
        ValidityState::Suspect => Some("The run is judged and marked; the gate says at best warn."),
        ValidityState::Invalid => Some("No verdict is possible."),
    };
    view! {
        <TrustHeading state=validity.state/>
        {consequence.map(|text| view! { <p class="muted pt1">{text}</p> })}
        <ValidityList validity=validity/>
    }
    .into_any()
}
