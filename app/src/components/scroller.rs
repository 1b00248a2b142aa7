//! A frame that scrolls sideways, so that its page does not.

use leptos::prelude::*;

/// Holds a table. Whoever has no pointer scrolls it with the arrow keys, so it takes the focus and has a name.
#[component]
pub fn Scroller(
    /// What is in it; each on a page has another name.
    label: &'static str,
    /// A table.
    children: Children,
) -> impl IntoView {
    view! { <div class="wrap" role="region" aria-label=label tabindex="0">{children()}</div> }
}
