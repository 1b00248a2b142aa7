//! The list of searches, newest first.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{
    capacity::{Conclusion, ConclusionKind, SearchRow, SearchState},
    display,
};

use crate::{
    components::Scroller,
    islands::Refresh,
    pages::source::{Loaded, lab},
};

/// Milliseconds between two looks while a search goes on.
const REFRESH_MS: i32 = 3_000;

/// The page.
#[component]
pub fn SearchesPage() -> impl IntoView {
    let lab = lab();
    let load = async move { lab?.searches(None).await };
    view! {
        <Title text="Capacity"/>
        <Loaded from=Box::pin(load) show=show/>
    }
}

fn show(searches: Vec<SearchRow>) -> impl IntoView {
    let running = searches.iter().any(|search| search.state == SearchState::Running);
    let answer = answer(&searches);
    let body = if searches.is_empty() {
        view! {
            <div class="empty pt1">
                <p>
                    "A capacity search runs one scenario at level after level and finds the highest at which all its thresholds hold."
                </p>
                <div class="btn-group"><a class="btn primary" href="/capacity/new">"Find a capacity"</a></div>
            </div>
        }
        .into_any()
    } else {
        view! { <Table searches=searches/> }.into_any()
    };
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title"><h1>"Capacity"</h1></div>
                <div class="btn-group">
                    {running
                        .then(|| {
                            let ids = ["searches-answer", "searches"].map(str::to_owned).to_vec();
                            view! { <Refresh ids=ids every_ms=REFRESH_MS/> }
                        })}
                    <a class="btn" href="/capacity/new">"New search"</a>
                </div>
            </div>
            <p class="answer" id="searches-answer">{answer}</p>
        </div>
        <div class="page-body"><div id="searches">{body}</div></div>
    }
}

#[component]
fn Table(searches: Vec<SearchRow>) -> impl IntoView {
    let rows = searches
        .into_iter()
        .map(|search| {
            let unit = search.request.unit;
            let range = format!("{} to {}", unit.shown(search.request.from), unit.shown(search.request.to));
            let (mark, word) = match search.state {
                SearchState::Running => ("running", SearchState::Running.word()),
                SearchState::Finished => ("unmeasured", SearchState::Finished.word()),
                SearchState::Stopped => ("stopped", SearchState::Stopped.word()),
                SearchState::Failed => ("critical", SearchState::Failed.word()),
            };
            view! {
                <tr data-key=search.id.to_string()>
                    <td><span class="state" data-v=mark>{word}</span></td>
                    <td><a href=format!("/capacity/{}", search.id)>{search.request.scenario.to_string()}</a></td>
                    <td>{search.environment.to_string()}</td>
                    <td class="num"><b>{found(&search)}</b></td>
                    <td class="num p2">{range}</td>
                    <td class="num p2">{display::count(search.runs.into())}</td>
                    <td class="mono p2">{search.request.revision.to_string()}</td>
                    <td>{display::clock(search.created_us, true)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Scroller label="Table of capacity searches">
            <table class="data tight">
                <thead>
                    <tr>
                        <th>"State"</th>
                        <th>"Scenario"</th>
                        <th>"Environment"</th>
                        <th class="num">"Capacity"</th>
                        <th class="num p2">"Searched"</th>
                        <th class="num p2">"Runs"</th>
                        <th class="p2">"Revision"</th>
                        <th aria-sort="descending">"Started"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

/// The capacity in few words: `137 users`, `at least 1,000 users`, `below 10 users`, `not known`.
fn found(search: &SearchRow) -> String {
    let unit = search.request.unit;
    match &search.conclusion {
        None => "–".to_owned(),
        Some(Conclusion { kind: ConclusionKind::Found, capacity: Some(level), .. }) => unit.shown(*level),
        Some(Conclusion { kind: ConclusionKind::Below, breaks_at: Some(level), .. }) => {
            format!("below {}", unit.shown(*level))
        }
        // Whatever ended the search, what held until then has held.
        Some(Conclusion { capacity: Some(level), .. }) => format!("at least {}", unit.shown(*level)),
        Some(_) => "not known".to_owned(),
    }
}

/// What the newest search has found.
fn answer(searches: &[SearchRow]) -> String {
    let Some(newest) = searches.first() else {
        return "No capacity has been searched for yet.".to_owned();
    };
    let name = format!("{} on {}", newest.request.scenario, newest.environment);
    match newest.state {
        SearchState::Running => format!("The capacity of {name} is being searched for."),
        _ => format!("The newest search found the capacity of {name}: {}.", found(newest)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::charts::capacity::tests::search;

    #[rstest]
    #[case::found(ConclusionKind::Found, Some(20.0), Some(50.0), "20 users")]
    #[case::the_top_holds(ConclusionKind::AtLeast, Some(50.0), None, "at least 50 users")]
    #[case::nothing_holds(ConclusionKind::Below, None, Some(10.0), "below 10 users")]
    #[case::stopped_on_the_way(ConclusionKind::Stopped, Some(20.0), None, "at least 20 users")]
    #[case::stopped_at_once(ConclusionKind::Stopped, None, None, "not known")]
    fn the_list_says_what_each_search_found(
        #[case] kind: ConclusionKind,
        #[case] capacity: Option<f64>,
        #[case] breaks_at: Option<f64>,
        #[case] words: &str,
    ) {
        let conclusion = Some(Conclusion { kind, capacity, breaks_at, reason: None });
        assert_eq!(found(&SearchRow { conclusion, ..search().row }), words);
    }
}
