//! Every kind of error: how often, when first and last, and examples of it.

use leptos::prelude::*;
use perflab_model::{display, summary::ErrorSummary};

use super::Count;

/// The table of errors, or the sentence that there was none.
#[component]
pub fn ErrorTable(
    /// Every kind, most frequent first.
    errors: Vec<ErrorSummary>,
) -> impl IntoView {
    if errors.is_empty() {
        return view! { <p class="muted pt1">"No request failed."</p> }.into_any();
    }
    view! {
        <div class="wrap">
            <table class="data errors">
                <thead>
                    <tr>
                        <th>"Error"</th>
                        <th>"Endpoint"</th>
                        <th class="num">"Count"</th>
                        <th class="num p2">"First"</th>
                        <th class="num p2">"Last"</th>
                        <th class="p2">"Example"</th>
                    </tr>
                </thead>
                <tbody>{errors.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(error: ErrorSummary) -> impl IntoView {
    let second = |second: u32| display::elapsed(second.into());
    view! {
        <tr>
            <th class="mono">{error.code}</th>
            <td>{error.request}</td>
            <td class="num"><Count value=error.count/></td>
            <td class="num p2">{second(error.first_second)}</td>
            <td class="num p2">{second(error.last_second)}</td>
            <td class="p2 examples">
                {error.examples.into_iter().map(|text| view! { <code>{text}</code> }).collect_view()}
            </td>
        </tr>
    }
}
