//! The page of a live run as a whole.

use leptos::prelude::*;

use super::{
    facts::{LiveFacts, LiveTab},
    head::LiveHead,
    parts::{LiveAnswer, LiveParts},
};
use crate::{
    charts::{finding::live_finding, rate::carried_out, series::RunChart},
    components::routes,
    pages::run::{
        data::RunData,
        loads::Loads,
        marks::Marks,
        timeline::{Course, run_figures},
    },
};

/// A run under way, complete as of now; the browser takes it from there.
#[component]
pub fn Live(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let facts = LiveFacts::of(&data);
    let tab = LiveTab::from_code(&data.tab_code);
    let routes = routes(&data.run.plan);
    // The browser has the drawings; it takes the sentences above them from here.
    let plan = carried_out(&data.run.plan, &data.changes);
    let sentences = data.numbers_only.then(|| {
        let now = data.progress.as_ref();
        let sentence = |which: RunChart| {
            let text = now.map(|now| live_finding(which, &plan, now));
            view! { <span id=which.finding()>{text}</span> }
        };
        view! { <div hidden=true>{RunChart::ALL.map(sentence).collect_view()}</div> }
    });
    let course = Course { run: &data.run, points: &data.points, changes: &data.changes, now: data.progress.as_ref() };
    // Cases are no load: what they have to draw stands on their own pages.
    let charts = (!data.numbers_only && !facts.cases).then(|| {
        view! {
            <h2 class="sr">"Charts"</h2>
            {run_figures(course, true)}
        }
        .into_any()
    });
    let loads = data.run.plan.load.parts().to_vec();
    let done = data.progress.as_ref().map(|now| now.parts.clone()).unwrap_or_default();
    let parts =
        (!loads.is_empty()).then(|| view! { <div id="live-loads"><Loads parts=loads done=done so_far=true/></div> });
    view! {
        <LiveHead facts=facts.clone() progress=data.progress.clone() after=data.after/>
        <div class="page-body snug">
            <noscript>
                <div class="note-line" data-v="queued">
                    <p>"Without scripts this page shows the run as it stood when it was loaded. " <a href="">"Look again"</a></p>
                </div>
            </noscript>
            <Marks plan=data.run.plan.clone() changes=data.changes.clone()/>
            <LiveAnswer facts=facts.clone() progress=data.progress.clone()/>
            {charts}
            {sentences}
            {parts}
            <LiveParts id=facts.id cases=facts.cases tab=tab progress=data.progress logs=data.logs routes=routes/>
        </div>
    }
}
