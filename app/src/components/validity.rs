//! Can the numbers be trusted? Each signal with its value and what it may be; causes with the way on.

use leptos::prelude::*;
use perflab_model::validity::{Signal, Validity, ValidityState};

use super::guide_link::{GuideLink, Topic};

/// The question and its answer.
#[component]
pub fn TrustHeading(
    /// The worst of all signals.
    state: ValidityState,
) -> impl IntoView {
    let (mark, word) = answer(state);
    view! {
        <h3 class="ruled">
            "Can the numbers be trusted? "<span class="verdict" data-v=mark>{word}</span> " "
            <GuideLink topic=Topic::Validity/>
        </h3>
    }
}

/// The mark and the word of an answer.
pub const fn answer(state: ValidityState) -> (&'static str, &'static str) {
    match state {
        ValidityState::Valid => ("excellent", "Yes"),
        ValidityState::Suspect => ("issues", "Mostly"),
        ValidityState::Invalid => ("inconclusive", "No"),
    }
}

/// Causes first, then every signal that was looked at.
#[component]
pub fn ValidityList(
    /// What was found.
    validity: Validity,
) -> impl IntoView {
    let causes: Vec<String> = validity.causes().into_iter().filter_map(|signal| signal.cause.clone()).collect();
    view! {
        {causes.into_iter().map(|cause| view! { <p class="cause">{cause}</p> }).collect_view()}
        <dl class="kv pt1">{validity.signals.into_iter().map(signal_row).collect_view()}</dl>
    }
}

fn signal_row(signal: Signal) -> impl IntoView {
    let troubled = signal.state != ValidityState::Valid;
    view! {
        <div>
            <dt>{signal.label}</dt>
            <dd>
                {if troubled {
                    let (mark, _) = answer(signal.state);
                    view! {
                        <span class="verdict" data-v=mark>{signal.value}</span>
                        <span class="sub">{signal.state.word()}</span>
                    }
                        .into_any()
                } else {
                    signal.value.into_any()
                }}
            </dd>
            <dd class="lim">{signal.limit}</dd>
        </div>
    }
}
