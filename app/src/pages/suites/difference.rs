//! What a version changed, line by line.

use leptos::prelude::*;
use perflab_model::suites::{DiffChange, DiffLine, TextDifference};

/// The lines that came and went, with their neighbours.
#[component]
pub fn Changes(
    /// What differs.
    difference: TextDifference,
) -> impl IntoView {
    let files = difference.files.join(", ");
    let same = difference.lines.is_empty();
    let lines = difference.lines.into_iter().map(line).collect_view();
    view! {
        {(!files.is_empty()).then(|| view! { <p class="muted pt1">"Data sets that differ: " {files}</p> })}
        {if same {
            view! { <p class="muted pt1">"The text is the same."</p> }.into_any()
        } else {
            view! {
                <div class="code diff" role="region" tabindex="0" aria-label="Changed lines">
                    <table>
                        <tbody>{lines}</tbody>
                    </table>
                </div>
            }
                .into_any()
        }}
    }
    .into_any()
}

fn line(line: DiffLine) -> impl IntoView {
    let (class, sign, word) = match line.change {
        DiffChange::Same => ("same", " ", ""),
        DiffChange::Added => ("added", "+", "added: "),
        DiffChange::Removed => ("removed", "−", "removed: "),
        DiffChange::Gap => ("gap", "…", "lines left out"),
    };
    view! {
        <tr class=class>
            <td class="num">{line.number.map(|number| number.to_string())}</td>
            <td aria-hidden="true">{sign}</td>
            <td><span class="sr">{word}</span>{line.text}</td>
        </tr>
    }
}
