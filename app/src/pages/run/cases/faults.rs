//! What went wrong in the cases of a run: with the input it went wrong with.

use leptos::prelude::*;
use perflab_model::{
    bench::{CaseFault, CaseSummary},
    display,
};

use crate::components::Scroller;

/// Every kind of failure of every case.
#[component]
pub fn FaultTable(
    /// The cases.
    cases: Vec<CaseSummary>,
) -> impl IntoView {
    let faults: Vec<(String, CaseFault)> = cases
        .into_iter()
        .flat_map(|case| case.faults.into_iter().map(move |fault| (case.name.clone(), fault)))
        .collect();
    if faults.is_empty() {
        return view! { <p class="muted pt1">"Every operation answered as it was to."</p> }.into_any();
    }
    let rows = faults
        .into_iter()
        .map(|(case, fault)| {
            view! {
                <tr>
                    <th scope="row">{case}</th>
                    <td class="mono">{fault.code}</td>
                    <td class="num">{display::count(fault.count)}</td>
                    <td class="examples">
                        {fault.message}
                        {fault.input.map(|input| view! { <code>"Input: " {input}</code> })}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Scroller label="Table of failures">
            <table class="data errors">
                <thead>
                    <tr><th>"Case"</th><th>"Code"</th><th class="num">"Count"</th><th>"What happened"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}
