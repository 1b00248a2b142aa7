//! Above the list: runs under way with their numbers so far, the queue, and the latest verdict on each environment.

use leptos::prelude::*;
use perflab_model::{display, load::is_at_most, run::RunRow};

use super::page::{is_waiting, name};
use crate::components::{Milliseconds, PerSecond, Percent, ProgressBar, RunBadge, StateBadge};

/// Running now, waiting, and found last.
#[component]
pub fn Overview(
    /// Runs that are not over.
    active: Vec<RunRow>,
    /// The newest run with a verdict on each environment.
    verdicts: Vec<RunRow>,
) -> impl IntoView {
    let (waiting, running): (Vec<RunRow>, Vec<RunRow>) = active.into_iter().partition(is_waiting);
    view! {
        <div class="overview three">
            <div>
                <h2>"Running now"</h2>
                {if running.is_empty() {
                    view! { <p class="faint">"Nothing."</p> }.into_any()
                } else {
                    running.into_iter().map(|row| view! { <Now row=row/> }).collect_view().into_any()
                }}
            </div>
            <div>
                <h2>"Queue"</h2>
                {if waiting.is_empty() {
                    view! { <p class="faint">"No run waits."</p> }.into_any()
                } else {
                    // The newest stands first in the list; the queue begins with the oldest.
                    view! { <ul>{waiting.into_iter().rev().map(queued).collect_view()}</ul> }.into_any()
                }}
            </div>
            <div>
                <h2>"Latest verdict"</h2>
                {if verdicts.is_empty() {
                    view! { <p class="faint">"None yet."</p> }.into_any()
                } else {
                    view! { <ul>{verdicts.into_iter().map(found).collect_view()}</ul> }.into_any()
                }}
            </div>
        </div>
    }
}

#[component]
fn Now(row: RunRow) -> impl IntoView {
    let seconds = row.headline.map_or(0.0, |headline| headline.seconds);
    let label = format!("{} on {}", name(&row), row.environment);
    let of = if is_at_most(&row.load) { " of at most " } else { " of " };
    view! {
        <div class="now" data-key=row.id.to_string()>
            <a class="name" href=format!("/runs/{}", row.id)>{label}</a>
            <span class="faint">
                {display::elapsed(seconds.round() as u64)} {of} {display::elapsed(row.planned_seconds.round() as u64)}
            </span>
            <ProgressBar passed=seconds planned=row.planned_seconds warmup=0.0/>
            {row.headline
                .map(|headline| {
                    view! {
                        <div class="nums">
                            <span><b><PerSecond value=headline.rate_per_s/></b></span>
                            <span>"p95 " <b><Milliseconds value=headline.p95_ms/></b></span>
                            <span>"errors " <b><Percent part=headline.failed whole=headline.finished/></b></span>
                        </div>
                    }
                })}
        </div>
    }
}

fn queued(row: RunRow) -> impl IntoView {
    let label = format!("{} on {}", name(&row), row.environment);
    view! {
        <li data-key=row.id.to_string()>
            <a class="quiet" href=format!("/runs/{}", row.id)>{label}</a>
            <StateBadge state=row.state/>
        </li>
    }
}

/// `staging, load #1290: Issues`.
fn found(row: RunRow) -> impl IntoView {
    let environment = row.environment.to_string();
    let key = format!("{}/{environment}", row.project);
    view! {
        <li data-key=key>
            <a class="quiet" href=format!("/runs/{}", row.id)>
                {environment} " " <span class="faint">{name(&row)}</span>
            </a>
            <RunBadge row=row/>
        </li>
    }
}
