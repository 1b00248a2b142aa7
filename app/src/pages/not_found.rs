//! The page for addresses that lead nowhere.

use axum::http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Title;

/// Says that there is nothing here, and where to go instead. The reply's status is 404.
#[component]
pub(super) fn NotFound() -> impl IntoView {
    if let Some(reply) = use_context::<ResponseOptions>() {
        reply.set_status(StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found"/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <h1>"Not found"</h1>
                </div>
            </div>
            <p class="answer">"There is no page at this address."</p>
        </div>
        <div class="page-body">
            <p>
                "It may have been mistyped, or what it showed was deleted. "
                <a href="/">"All runs"</a>
                " are a good place to look."
            </p>
        </div>
    }
}
