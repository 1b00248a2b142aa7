//! A search: the answer first, then its curves, its levels and what they say of degradation.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use perflab_charts::Size;
use perflab_model::{
    capacity::{CapacitySearch, SearchState},
    display,
    verdict::Gate,
};

use super::{actions::StopSearch, fields::CapacityFields, levels::LevelsTable};
use crate::{
    charts::capacity::{CapacityChart, capacity_chart, capacity_finding, capacity_table},
    components::{LedgerTable, Scroller, count_of, planned_time, verdict::outcome_mark},
    islands::Refresh,
    pages::{
        figure::ChartFigure,
        launch::{fields::LaunchFields, revision},
        problem::ProblemLine,
        source::{Loaded, lab, parameter},
    },
    ui_error::UiError,
};

/// Milliseconds between two looks while levels are run.
const REFRESH_MS: i32 = 2_000;
/// The parts that change meanwhile.
const PARTS: [&str; 4] = ["capacity-state", "capacity-answer", "capacity-facts", "capacity-body"];

const LARGE: [Size; 3] = [Size::L, Size::M, Size::S];
const SMALL: [Size; 3] = [Size::L.height(176), Size::M.height(168), Size::S.height(176)];

/// The page of a search.
#[component]
pub fn SearchPage() -> impl IntoView {
    let address = parameter("search");
    let lab = lab();
    let load = async move { lab?.search(&address).await };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(search: CapacitySearch) -> impl IntoView {
    let row = &search.row;
    let running = row.state == SearchState::Running;
    let title = format!("Capacity of {}", row.request.scenario);
    let stop = ServerAction::<StopSearch>::new();
    let failed = stop.value().get_untracked().and_then(|result: Result<(), UiError>| result.err());
    let id = row.id.to_string();
    let again = again(&search);
    view! {
        <Title text=title/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/capacity">"Capacity"</a>
                    <span class="sep">"/"</span>
                    <h1>{row.request.scenario.to_string()}</h1>
                    <span id="capacity-state"><State search=search.clone()/></span>
                </div>
                <div class="btn-group">
                    {running
                        .then(|| {
                            view! {
                                <Refresh ids=PARTS.map(str::to_owned).to_vec() every_ms=REFRESH_MS/>
                                <ActionForm action=stop>
                                    <input type="hidden" name="id" value=id/>
                                    <button class="btn">"Stop the search"</button>
                                </ActionForm>
                            }
                        })}
                    <a class="btn" href=again>"Search again"</a>
                    <a class="btn p2" href=format!("/api/v1/capacity-searches/{}", row.id)>"JSON"</a>
                </div>
            </div>
            <p class="answer" id="capacity-answer" role="status">{search.sentence.clone()}</p>
            <div id="capacity-facts"><Facts search=search.clone()/></div>
        </div>
        <div class="page-body snug">
            {failed.map(|UiError(problem)| view! { <ProblemLine problem=problem/> })}
            <div id="capacity-body"><Body search=search.clone()/></div>
            {running
                .then(|| {
                    view! {
                        <p class="faint fine">
                            "This page follows the search. Without scripts, "
                            <a href=format!("/capacity/{}", search.row.id)>"look again"</a> "."
                        </p>
                    }
                })}
        </div>
    }
}

/// Running, or what its answer means.
#[component]
fn State(search: CapacitySearch) -> impl IntoView {
    match search.row.state {
        SearchState::Running => view! { <span class="state" data-v="running">"Running"</span> }.into_any(),
        SearchState::Stopped => view! { <span class="state" data-v="stopped">"Stopped"</span> }.into_any(),
        SearchState::Failed => view! { <span class="state" data-v="critical">"Failed"</span> }.into_any(),
        SearchState::Finished => {
            let word = match search.gate {
                Gate::Pass => "Found",
                Gate::Warn => "Found, with a warning",
                Gate::Fail => "Not met",
                Gate::Inconclusive => "Inconclusive",
            };
            view! { <span class="verdict" data-v=outcome_mark(search.gate)>{word}</span> }.into_any()
        }
    }
}

#[component]
fn Facts(search: CapacitySearch) -> impl IntoView {
    let (row, unit) = (&search.row, search.row.request.unit);
    let request = &row.request;
    let range = format!("{} to {}", unit.shown(request.from), unit.shown(request.to));
    let times = match row.ended_us {
        Some(ended) => format!("{} to {}", display::clock(row.created_us, true), display::clock(ended, true)),
        None => format!("since {}", display::clock(row.created_us, true)),
    };
    let longest = (row.state == SearchState::Running)
        .then(|| view! { <span>{format!("takes {} at the longest", planned_time(search.longest))}</span> });
    let revision = request.revision.to_string();
    view! {
        <div class="facts">
            <span>{row.environment.to_string()}</span>
            {(!revision.is_empty()).then(|| view! { <span class="mono">{revision}</span> })}
            <span>{range}</span>
            <span>{format!("each held for {}", planned_time(request.hold()))}</span>
            <span>"suite " {request.suite.to_string()}</span>
            <span>{count_of(row.runs as usize, "run")}</span>
            <span>{times}</span>
            {longest}
            <span>"started by " {request.trigger.code()}</span>
            {request.tags.iter().map(|tag| view! { <span><span class="tag">{tag.clone()}</span></span> }).collect_view()}
        </div>
    }
    .into_any()
}

/// Curves, degradation and levels.
#[component]
fn Body(search: CapacitySearch) -> impl IntoView {
    let files = |which: CapacityChart| format!("/capacity/{}/charts/{}", search.row.id, which.name());
    let figure = |which: CapacityChart, sizes: &'static [Size]| {
        view! {
            <ChartFigure
                chart=capacity_chart(which, &search)
                sizes=sizes
                finding=capacity_finding(which, &search)
                files=files(which)
                table=capacity_table(which, &search)
                id=format!("capacity-{}", which.name())
            />
        }
    };
    let measured = search.levels.iter().any(|level| level.p95_ms.is_some() || level.rate_per_s.is_some());
    let curves = measured.then(|| {
        view! {
            <h2 class="sr">"Curves"</h2>
            {figure(CapacityChart::Latency, &LARGE)}
            <div class="mt2">{figure(CapacityChart::Throughput, &SMALL)}</div>
        }
    });
    let ledger = (!search.ledger.is_empty()).then(|| {
        view! {
            <section class="section">
                <div class="section-head">
                    <h2>"Degradation"</h2>
                    <p>"Rules that only all levels together can judge."</p>
                </div>
                <Scroller label="Rules on degradation">
                    <LedgerTable rows=search.ledger.clone()/>
                </Scroller>
            </section>
        }
    });
    let unit = search.row.request.unit;
    let reference = match search.reference {
        Some(level) => {
            format!("Degradation is of p95 against {}, the lowest level with 1,000 requests.", unit.shown(level))
        }
        None => "No level has the 1,000 requests that degradation is measured against.".to_owned(),
    };
    view! {
        {curves}
        {ledger}
        <section class="section">
            <div class="section-head">
                <h2>"Levels"</h2>
                <p>"In the order of their runs. " {reference}</p>
            </div>
            <LevelsTable levels=search.levels.clone() unit=unit reference=search.reference/>
        </section>
    }
    .into_any()
}

/// The form, filled in as it was for this search.
fn again(search: &CapacitySearch) -> String {
    let request = &search.row.request;
    let text = |value: Option<String>| value.unwrap_or_default();
    let fields = CapacityFields {
        launch: LaunchFields {
            suite: request.suite.to_string(),
            scenario: request.scenario.to_string(),
            env: search.row.environment.to_string(),
            rev: revision::written(&request.revision),
            spawn_rate: text(request.overrides.spawn_rate.map(|rate| rate.to_string())),
            max_in_flight: text(request.overrides.max_in_flight.map(|most| most.to_string())),
            seed: text(request.overrides.seed.map(|seed| seed.to_string())),
            tags: request.tags.join(", "),
            set: request.overrides.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            project: search.row.project.to_string(),
            ..LaunchFields::default()
        },
        from: request.from.to_string(),
        to: request.to.to_string(),
        hold: request.hold().to_string(),
    };
    format!("/capacity/new?{}", fields.to_query())
}
