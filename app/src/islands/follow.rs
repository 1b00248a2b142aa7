//! A run that waits: the page is loaded again as soon as the run begins or ends, for it is then another page.

use leptos::prelude::*;

use crate::client::{page, stream};

/// Follows the states of a run. Shows nothing.
#[island]
pub fn FollowRun(
    /// The run.
    id: String,
    /// Number of the last event that the page holds.
    after: u64,
) -> impl IntoView {
    Effect::new(move || {
        let id = id.clone();
        stream::open(
            move |after| format!("/api/v1/runs/{id}/events?after={after}"),
            after,
            &["state", "started"],
            |_, _| page::reload(),
            |_| (),
        );
    });
}
