//! What a reader must know of how a run was allowed: on every page of it, above everything else.

use leptos::prelude::*;
use perflab_model::{mark::Mark, order::RateChange, plan::Plan};

/// The marks of a run; nothing of most.
#[component]
pub fn Marks(
    /// The plan.
    plan: Plan,
    /// What a person changed of its rate.
    #[prop(optional)]
    changes: Vec<RateChange>,
) -> impl IntoView {
    let made: Vec<RateChange> = changes.into_iter().filter(|change| change.from_second.is_some()).collect();
    let marks = plan.marks().into_iter().map(|mark| (mark, "/docs/targets"));
    let by_hand = Mark::of_changes(&made).map(|mark| (mark, "/docs/safety"));
    marks
        .chain(by_hand)
        .map(|(mark, guide)| {
            view! {
                <div class="note-line" data-v="issues">
                    <p><b>{mark.message}</b> " " <a href=guide>"What this means"</a></p>
                </div>
            }
        })
        .collect_view()
}
