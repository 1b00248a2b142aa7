//! The strip: four to eight numbers with label, unit and one line of context.

use leptos::prelude::*;

/// A list of headline numbers.
#[component]
pub fn Strip(
    /// More space above it.
    #[prop(optional)]
    apart: bool,
    /// Each a [`Headline`].
    children: Children,
) -> impl IntoView {
    view! { <dl class=if apart { "strip mt3" } else { "strip" }>{children()}</dl> }
}

/// One number of a strip.
#[component]
pub fn Headline(
    /// What it is.
    label: &'static str,
    /// Left out on phones.
    #[prop(optional)]
    minor: bool,
    /// A word instead of a number.
    #[prop(optional)]
    word: bool,
    /// One line of context.
    #[prop(into)]
    context: String,
    /// The number.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=minor.then_some("p2")>
            <dt>{label}</dt>
            <dd class=if word { "v word" } else { "v" }>{children()}</dd>
            <dd class="d">{context}</dd>
        </div>
    }
}
