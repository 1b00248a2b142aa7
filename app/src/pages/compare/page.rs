//! The compare page: answer, what differs, every number, the runs over each other.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use perflab_charts::Size;
use perflab_lab::Course;
use perflab_model::compare::{Compare, CompareQuery, Show};

use super::{
    choice::{address, read},
    facts::Groups,
    table::{RawTable, SideTable},
};
use crate::{
    charts::compare::{Overlay, compare_chart, compare_finding},
    pages::{
        figure::ChartFigure,
        source::{Loaded, lab},
    },
};

const SIZES: [Size; 3] = [Size::L.height(260), Size::M.height(260), Size::S.height(220)];

/// The compare page.
#[component]
pub fn ComparePage() -> impl IntoView {
    let asked = read(|name| use_query_map().with_untracked(|query| query.get_all(name)).unwrap_or_default());
    let lab = lab();
    let load = async move {
        let (lab, asked) = (lab?, asked?);
        let compare = lab.compare(&asked).await?;
        // However it was asked, the address names the runs that are shown.
        if compare.query != asked {
            leptos_axum::redirect(&format!("/compare?{}", address(&compare.query)));
        }
        let courses = lab.courses(&compare).await?;
        Ok((compare, courses))
    };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show((compare, courses): (Compare, Vec<Course>)) -> impl IntoView {
    let names: Vec<String> = compare.groups.iter().map(|group| group.name()).collect();
    let title = format!("Compare {}", names.join(" with "));
    let json = format!("/compare.json?{}", address(&compare.query));
    let (groups, numbers) = (compare.clone(), compare.clone());
    view! {
        <Title text=title.clone()/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/runs">"Runs"</a>
                    <span class="sep">"/"</span>
                    <h1>{title}</h1>
                </div>
                <div class="btn-group">
                    <a class="btn" href=json>"JSON"</a>
                </div>
            </div>
            {compare.sentences.iter().map(|told| view! { <p class="answer">{told.clone()}</p> }).collect_view()}
            {compare
                .warnings
                .iter()
                .map(|warning| view! { <div class="note-line" data-v="issues"><p>{warning.clone()}</p></div> })
                .collect_view()}
        </div>
        <div class="page-body">
            <section class="section">
                <div class="section-head">
                    <h2>"Runs"</h2>
                    <p>"What differs about them."</p>
                </div>
                <Groups compare=groups/>
            </section>
            <Numbers compare=numbers/>
            <Overlays compare=compare courses=courses/>
        </div>
    }
}

/// The tables of numbers, and which of them are shown.
#[component]
fn Numbers(compare: Compare) -> impl IntoView {
    let shown = compare.query.show;
    let choices = [
        (None, "Relevant"),
        (Some(Show::All), "All"),
        (Some(Show::Worse), "Worse only"),
        (Some(Show::Raw), "As measured"),
    ]
    .map(|(show, label)| {
        let way = format!("/compare?{}", address(&CompareQuery { show, ..compare.query.clone() }));
        view! { <a href=way aria-current=(show == shown).then_some("true")>{label}</a> }
    });
    let letter = |place: u32| compare.groups.get(place as usize).map(|group| group.letter.clone()).unwrap_or_default();
    let reference = letter(compare.reference);
    let several = compare.sides.len() > 1;
    let tables = if shown == Some(Show::Raw) {
        view! { <RawTable compare=compare.clone()/> }.into_any()
    } else {
        compare
            .sides
            .iter()
            .map(|side| {
                let candidate = letter(side.group);
                let head = several.then(|| view! { <h3 class="pt1">{format!("{candidate} beside {reference}")}</h3> });
                let letters = (candidate.clone(), reference.clone());
                view! {
                    {head}
                    <SideTable side=side.clone() letters=letters show=shown/>
                }
            })
            .collect_view()
            .into_any()
    };
    let told = if shown == Some(Show::Raw) {
        "All stored results, not compared; of several runs their median."
    } else {
        "Medians of stretches of time. A change is shown only if it cannot be chance among all of them."
    };
    view! {
        <section class="section">
            <div class="section-head">
                <h2>"Numbers"</h2>
                <p>{told}</p>
                <nav class="tools" aria-label="Which numbers">{choices.into_iter().collect_view()}</nav>
            </div>
            {tables}
        </section>
    }
    .into_any()
}

/// The runs over each other; nothing of benchmarks, which have no seconds in common.
#[component]
fn Overlays(compare: Compare, courses: Vec<Course>) -> impl IntoView {
    (!courses.is_empty()).then(|| {
        let query = address(&CompareQuery { show: None, ..compare.query.clone() });
        let charts = Overlay::ALL
            .into_iter()
            .map(|overlay| {
                let files = format!("/compare/charts/{}", overlay.name());
                view! {
                    <ChartFigure
                        chart=compare_chart(overlay, &compare, &courses)
                        sizes=&SIZES
                        finding=compare_finding(overlay, &compare, &courses)
                        files=files
                        query=query.clone()
                    />
                }
            })
            .collect_view();
        view! {
            <section class="section">
                <div class="section-head">
                    <h2>"Over time"</h2>
                    <p>"Each run from its own start, warm-up included."</p>
                </div>
                {charts}
            </section>
        }
    })
}
