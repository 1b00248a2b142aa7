//! The log of a run.

use leptos::prelude::*;
use perflab_model::runner::{LogLevel, LogLine};

use super::{Scroller, time::time_of_day};

/// Lines in the order in which they were written.
#[component]
pub fn LogTable(
    /// The lines.
    lines: Vec<LogLine>,
) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="muted pt1">"Nothing has been logged."</p> }.into_any();
    }
    view! {
        <Scroller label="Lines of the log">
            <table class="data tight logs">
                <thead>
                    <tr>
                        <th>"Time, UTC"</th>
                        <th>"Level"</th>
                        <th>"Message"</th>
                    </tr>
                </thead>
                <tbody>{lines.into_iter().map(row).collect_view()}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn row(line: LogLine) -> impl IntoView {
    let time = time_of_day(line.at_us);
    let (mark, word) = match line.level {
        LogLevel::Info => (None, "info"),
        LogLevel::Warn => (Some("issues"), "warning"),
        LogLevel::Error => (Some("critical"), "error"),
    };
    view! {
        <tr>
            <td class="mono nowrap">{time.trim_end_matches(" UTC").to_owned()}</td>
            <td><span class=mark.map(|_| "verdict") data-v=mark>{word}</span></td>
            <td class="message">{line.message}</td>
        </tr>
    }
}
