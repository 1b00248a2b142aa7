//! A run that waits: what it waits for is kept up to date, and the page is loaded again as soon as the run begins or ends,
//! for it is then another page.

use leptos::prelude::*;

use super::{pause::PauseButton, refresh::keep_up_to_date};
use crate::client::{page, stream};

/// Follows the states of a run. Shows the button that pauses it.
#[island]
pub fn FollowRun(
    /// The run.
    id: String,
    /// Number of the last event that the page holds.
    after: u64,
    /// Ids of the parts that change while it waits.
    ids: Vec<String>,
    /// Milliseconds between two looks at them.
    every_ms: i32,
) -> impl IntoView {
    let paused = RwSignal::new(false);
    Effect::new(move || {
        let id = id.clone();
        let pause = stream::open(
            move |after| format!("/api/v1/runs/{id}/events?after={after}"),
            after,
            &["state", "started"],
            |_, _| page::reload(),
            |_| (),
        );
        let hold = move |paused: &bool, _: Option<&bool>, _: Option<()>| pause(*paused);
        Effect::watch(move || paused.get(), hold, false);
        keep_up_to_date(ids.clone(), every_ms, paused);
    });
    view! { <PauseButton paused=paused/> }
}
