//! The button that keeps a page as it is while a person reads it.
//!
//! In:  a signal that what follows the run obeys. Out: the button, and a word for those who do not see it.

use leptos::prelude::*;

/// Pauses and resumes. It takes its room from the start, so nothing moves when scripts wake it up, and both of its words
/// do, so nothing moves when it is pressed.
#[component]
pub(super) fn PauseButton(
    /// Whether the page stands still.
    paused: RwSignal<bool>,
) -> impl IntoView {
    // Effects run in the browser alone: without scripts nothing is updated, and there is nothing to pause.
    let awake = RwSignal::new(false);
    Effect::new(move || awake.set(true));
    let off = move |word: bool| (paused.get() != word).then_some("");
    let said = move || if paused.get() { "Updates are paused: this page stays as it is." } else { "" };
    view! {
        <button
            class="btn pause"
            type="button"
            title="Keeps numbers and charts as they are; the run itself goes on."
            data-awake=move || awake.get().then_some("")
            on:click=move |_| paused.update(|paused| *paused = !*paused)
        >
            <span data-off=move || off(false)>"Pause" <span class="p2">" updates"</span></span>
            <span data-off=move || off(true)>"Resume" <span class="p2">" updates"</span></span>
        </button>
        <span class="sr" role="status">{said}</span>
    }
}
