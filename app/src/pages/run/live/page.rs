//! The page of a live run as a whole.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::load::Load;

use super::{
    facts::{LiveFacts, LiveTab},
    head::LiveHead,
    parts::{LiveAnswer, LiveParts},
};
use crate::{
    charts::{finding::live_finding, series::RunChart},
    islands::{FollowLive, follow_live::BROKEN},
    pages::run::{data::RunData, timeline::run_figure},
};

/// A run under way, complete as of now; the browser takes it from there.
#[component]
pub fn Live(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let facts = LiveFacts::of(&data);
    let tab = LiveTab::from_code(&data.tab_code);
    let open = matches!(data.run.plan.load, Load::Open { .. });
    let figure = |which: RunChart, sizes: &'static [Size], place: &'static str| {
        run_figure(which, &data.run, &data.points, data.progress.as_ref(), true, sizes, place)
    };
    // The browser has the drawings; it takes the sentences above them from here.
    let sentences = data.numbers_only.then(|| {
        let now = data.progress.as_ref();
        let sentence = |which: RunChart| {
            let text = now.map(|now| live_finding(which, &data.run.plan, now));
            view! { <span id=which.finding()>{text}</span> }
        };
        view! { <div hidden=true>{RunChart::ALL.map(sentence).collect_view()}</div> }
    });
    let charts = (!data.numbers_only).then(|| {
        view! {
            <h2 class="sr">"Charts"</h2>
            {figure(RunChart::Latency, &Size::PAGE, "")}
            <div class="cols mt4">
                {figure(RunChart::Rate, &Size::HALF, "c6")}
                {figure(RunChart::Errors, &Size::HALF, "c6")}
                {figure(RunChart::Load, &Size::HALF, "c6")}
                {figure(RunChart::Cpu, &Size::HALF, "c6")}
            </div>
        }
        .into_any()
    });
    view! {
        <LiveHead facts=facts.clone() progress=data.progress.clone()/>
        <div class="page-body snug">
            <div role="status">
                <div class="note-line" data-v="running" id=BROKEN hidden=true>
                    <p>"Connection lost. Trying again; the run goes on, nothing is lost. " <a href="">"Try now"</a></p>
                </div>
            </div>
            <noscript>
                <div class="note-line" data-v="queued">
                    <p>"Without scripts this page shows the run as it stood when it was loaded. " <a href="">"Look again"</a></p>
                </div>
            </noscript>
            <LiveAnswer facts=facts.clone() progress=data.progress.clone()/>
            {charts}
            {sentences}
            <LiveParts id=facts.id.clone() tab=tab progress=data.progress logs=data.logs/>
        </div>
        <FollowLive id=facts.id after=data.after open=open/>
    }
}
