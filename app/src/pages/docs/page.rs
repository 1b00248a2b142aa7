//! `/docs` and `/docs/PAGE`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{
    guide::{GUIDES, Guide},
    markdown::render,
};
use crate::pages::not_found::NotFound;

/// The index of guides.
#[component]
pub(crate) fn DocsPage() -> impl IntoView {
    view! {
        <Title text="Docs"/>
        <div class="page-head">
            <div class="head-row">
                <div class="title"><h1>"Docs"</h1></div>
            </div>
            <p class="answer">"What this version of perflab does, and how to read it."</p>
        </div>
        <div class="page-body">
            <ul class="guides">
                {GUIDES
                    .iter()
                    .map(|guide| {
                        view! {
                            <li>
                                <a href=format!("/docs/{}", guide.slug)>{guide.title}</a>
                                <p>{guide.about}</p>
                            </li>
                        }
                    })
                    .collect_view()}
                <li>
                    <a href="/api/docs" rel="external">"The API"</a>
                    <p>"Every request that programs can make, to try it out."</p>
                </li>
            </ul>
        </div>
    }
}

/// One guide.
#[component]
pub(crate) fn DocPage() -> impl IntoView {
    let slug = use_params_map().get_untracked().get("page").unwrap_or_default();
    let Some(guide) = Guide::find(&slug) else { return NotFound().into_any() };
    let rendered = render(&guide.markdown());
    view! {
        <Title text=guide.title/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/docs">"Docs"</a>
                    <span class="sep">"/"</span>
                    <h1>{rendered.title}</h1>
                </div>
            </div>
            <p class="answer">{guide.about}</p>
        </div>
        <div class="page-body docs">
            <nav class="contents" aria-label="On this page">
                <ul>
                    {rendered
                        .sections
                        .into_iter()
                        .map(|(id, text)| view! { <li><a href=format!("#{id}")>{text}</a></li> })
                        .collect_view()}
                </ul>
            </nav>
            <article class="prose" inner_html=rendered.html></article>
        </div>
    }
    .into_any()
}
