//! The groups, and what differs about their configuration and environment.

use leptos::prelude::*;
use perflab_model::{
    compare::{Compare, CompareFact, CompareQuery},
    display,
};

use super::choice::address;
use crate::components::{RunBadge, Scroller};

/// The groups as a table: each of their facts that is not the same, the others folded.
#[component]
pub(super) fn Groups(
    /// The comparison.
    compare: Compare,
) -> impl IntoView {
    let (differing, same): (Vec<CompareFact>, Vec<CompareFact>) =
        compare.facts.iter().cloned().partition(|fact| fact.differs);
    let heads = compare
        .groups
        .iter()
        .map(|group| view! { <th>{group.letter.clone()} " " <span class="faint">{group.name()}</span></th> })
        .collect_view();
    let runs = compare
        .groups
        .iter()
        .map(|group| {
            let runs = group
                .runs
                .iter()
                .map(|run| {
                    let ended = run.ended_us.map(|at| display::clock(at, true)).unwrap_or_default();
                    view! {
                        <span class="beside">
                            <a href=format!("/runs/{}", run.id)>{format!("#{}", run.number)}</a>
                            " "
                            <RunBadge row=run.clone()/>
                            <span class="sub">{ended}</span>
                        </span>
                    }
                })
                .collect_view();
            view! { <td>{runs}</td> }
        })
        .collect_view();
    let places = pins(&compare);
    let columns = compare.groups.len() + 1;
    let same_count = same.len();
    view! {
        <Scroller label="Table of the compared runs">
            <table class="data tight">
                <thead>
                    <tr>
                        <th>"What"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>
                    <tr>
                        <th scope="row">"Runs"</th>
                        {runs}
                    </tr>
                    <tr>
                        <th scope="row">"Reference"</th>
                        {places}
                    </tr>
                    {differing.into_iter().map(|fact| view! { <Fact fact=fact/> }).collect_view()}
                    {(same_count == compare.facts.len())
                        .then(|| {
                            view! {
                                <tr>
                                    <td colspan=columns class="muted">
                                        "Configuration and environment are the same."
                                    </td>
                                </tr>
                            }
                        })}
                </tbody>
            </table>
        </Scroller>
        {(same_count > 0)
            .then(|| {
                view! {
                    <details class="pt1">
                        <summary>{format!("What is the same ({same_count})")}</summary>
                        <table class="data tight">
                            <tbody>
                                {same
                                    .into_iter()
                                    .map(|fact| {
                                        let value = fact.values.into_iter().next().unwrap_or_default();
                                        view! {
                                            <tr>
                                                <th scope="row">{fact.what}</th>
                                                <td>{value}</td>
                                            </tr>
                                        }
                                    })
                                    .collect_view()}
                            </tbody>
                        </table>
                    </details>
                }
            })}
    }
    .into_any()
}

#[component]
fn Fact(fact: CompareFact) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{fact.what}</th>
            {fact
                .values
                .into_iter()
                .map(|value| {
                    if value.is_empty() {
                        view! { <td class="void">"–"</td> }.into_any()
                    } else {
                        view! { <td>{value}</td> }.into_any()
                    }
                })
                .collect_view()}
        </tr>
    }
    .into_any()
}

/// Which group the others are compared with, and how that is changed.
fn pins(compare: &Compare) -> impl IntoView + use<> {
    let query = compare.query.clone();
    let reference = compare.reference;
    (0_u32..)
        .zip(&compare.groups)
        .map(move |(place, group)| {
            if place == reference {
                return view! { <td>"the others are compared with it"</td> }.into_any();
            }
            let other = CompareQuery { reference: (place > 0).then_some(place + 1), ..query.clone() };
            let label = format!("Compare the others with {}", group.letter);
            view! { <td><a href=format!("/compare?{}", address(&other)) aria-label=label>"make it the reference"</a></td> }
                .into_any()
        })
        .collect_view()
}
