//! The page that a lab opens with.

use leptos::prelude::*;
use leptos_meta::Title;

/// Says what this is.
#[component]
pub(super) fn Start() -> impl IntoView {
    view! {
        <Title text="Runs"/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <h1>"Runs"</h1>
                </div>
            </div>
            <p class="answer">"This lab is ready to measure."</p>
        </div>
    }
}
