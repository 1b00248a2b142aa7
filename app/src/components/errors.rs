//! Every kind of error: how often, when first and last, and examples of it.

use leptos::prelude::*;
use perflab_model::{display, summary::ErrorSummary};

use super::{Count, Scroller};

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
        <Scroller label="Table of errors">
            <table class="data errors">
                <thead>
                    <tr>
                        <th>"Error"</th>
                        <th>"Endpoint"</th>
                        <th class="num">"Count"</th>
                        <th class="num p2">"First at"</th>
                        <th class="num p2">"Last at"</th>
                        <th class="p2">"Example"</th>
                    </tr>
                </thead>
                <tbody>{errors.into_iter().map(row).collect_view()}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn row(error: ErrorSummary) -> impl IntoView {
    let when = when(&error);
    let [first, last] = [error.first_second, error.last_second].map(|second| display::elapsed(second.into()));
    view! {
        <tr>
            <th class="mono" scope="row">{error.code}</th>
            <td>{error.request}</td>
            <td class="num"><Count value=error.count/></td>
            <td class="num p2">{first}</td>
            <td class="num p2">{last}</td>
            <td class="p2 examples">{examples(&error.examples)}</td>
        </tr>
        // What has no column on a phone.
        <tr class="m-only more">
            <td colspan="3" class="examples">{when} {examples(&error.examples)}</td>
        </tr>
    }
}

fn examples(texts: &[String]) -> impl IntoView + use<> {
    texts.iter().map(|text| view! { <code>{text.clone()}</code> }).collect_view()
}

/// `At 0:12.`, `From 0:12 to 3:40.`
fn when(error: &ErrorSummary) -> String {
    let [first, last] = [error.first_second, error.last_second].map(|second| display::elapsed(second.into()));
    if first == last { format!("At {first}.") } else { format!("From {first} to {last}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_one_second_has_no_span() {
        let error = |first_second, last_second| ErrorSummary {
            code: "http.5xx".to_owned(),
            request: "login".to_owned(),
            count: 2,
            first_second,
            last_second,
            examples: Vec::new(),
        };
        assert_eq!(when(&error(12, 12)), "At 0:12.");
        assert_eq!(when(&error(12, 220)), "From 0:12 to 3:40.");
    }
}
