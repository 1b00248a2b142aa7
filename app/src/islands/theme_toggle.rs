//! The three buttons that choose the theme.

use leptos::prelude::*;

use crate::client;
use crate::theme::Theme;

/// Chooses light, dark, or the system's theme.
///
/// A form with three real buttons: without scripts it goes to `/theme` and comes back; with them it takes effect at
/// once, where one is.
#[island]
pub fn ThemeToggle(
    /// What the page was rendered with.
    theme: Theme,
    /// The path to come back to when there are no scripts.
    back: String,
) -> impl IntoView {
    let (chosen, choose) = signal(theme);
    // Effects run in the browser alone: the mark says that the page reacts now.
    let (awake, wake) = signal(false);
    Effect::new(move |_| wake.set(true));
    view! {
        <form class="theme joined" method="post" action="/theme" aria-label="Theme" data-awake=move || awake.get().then_some("")>
            <input type="hidden" name="back" value=back/>
            {Theme::ALL
                .map(|theme| {
                    view! {
                        <button
                            class="btn icon-only"
                            name="theme"
                            value=theme.word()
                            title=theme.label()
                            aria-label=theme.label()
                            aria-pressed=move || if chosen.get() == theme { "true" } else { "false" }
                            on:click=move |event| {
                                if client::theme::apply(theme) {
                                    event.prevent_default();
                                    choose.set(theme);
                                }
                            }
                        >
                            <span class="icon" data-theme-icon=theme.word()></span>
                        </button>
                    }
                })
                .collect_view()}
        </form>
    }
}
