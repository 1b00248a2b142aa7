//! The page of the list: answer, overview, query line, table, links to older runs.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{
    problem::Problem,
    run::{RunRow, RunState},
    view::{LaunchOptions, RunsPage as Page, RunsQuery},
};

use super::{
    empty::NoRunsYet,
    overview::Overview,
    table::{COMPARE, RunsTable},
};
use crate::{
    components::encoded,
    islands::Refresh,
    pages::source::{Loaded, lab, query},
};

/// Milliseconds between two looks while something goes on.
const REFRESH_MS: i32 = 2_000;

/// What the page shows.
pub struct Shown {
    page: Page,
    q: String,
    later: bool,
    newest: Option<RunRow>,
    verdicts: Vec<RunRow>,
    options: Option<LaunchOptions>,
}

/// The list of runs.
#[component]
pub fn RunsPage() -> impl IntoView {
    let q = query("q").unwrap_or_default();
    let cursor = query("cursor");
    let lab = lab();
    let load = async move {
        let lab = lab?;
        let asked = RunsQuery { project: None, q: q.clone(), cursor: cursor.clone(), limit: None };
        let page = lab.runs(&asked).await?;
        // Not of this page of the list: it may be narrowed down, or an old one.
        let (newest, verdicts) = (lab.newest_result().await?, lab.latest_verdicts().await?);
        // Only the empty lab needs to know what could be launched.
        let options = if page.any { None } else { lab.launch_options(None).await.ok() };
        Ok::<_, Problem>(Shown { page, q, later: cursor.is_some(), newest, verdicts, options })
    };
    view! {
        <Title text="Runs"/>
        <Loaded from=Box::pin(load) show=show/>
    }
}

fn show(shown: Shown) -> impl IntoView {
    let Shown { page, q, later, newest, verdicts, options } = shown;
    let busy = !page.active.is_empty();
    let answer = answer(page.any, &page.active, newest.as_ref());
    let overview = page.any.then(|| view! { <Overview active=page.active.clone() verdicts=verdicts/> });
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <h1>"Runs"</h1>
                </div>
                {busy
                    .then(|| {
                        let ids = ["runs-answer", "runs-overview", "runs-table"].map(str::to_owned).to_vec();
                        view! { <Refresh ids=ids every_ms=REFRESH_MS/> }
                    })}
            </div>
            <p class="answer" id="runs-answer">{answer}</p>
            <div id="runs-overview">{overview}</div>
        </div>
        <div class="page-body">
            {if page.any {
                view! { <List page=page q=q later=later/> }.into_any()
            } else {
                view! { <NoRunsYet options=options.unwrap_or_default()/> }.into_any()
            }}
        </div>
    }
}

#[component]
fn List(page: Page, q: String, later: bool) -> impl IntoView {
    let older = page.next.as_ref().map(|cursor| format!("/?q={}&cursor={}", encoded(&q), encoded(cursor)));
    let newest = later.then(|| format!("/?q={}", encoded(&q)));
    let json = format!("/api/v1/runs?q={}", encoded(&q));
    let filtered = !q.is_empty();
    view! {
        <form class="filterbar" method="get" action="/" role="search">
            <label class="input query">
                <span class="icon i-search"></span>
                <span class="sr">"Filter runs"</span>
                <input
                    type="search"
                    name="q"
                    value=q
                    placeholder="verdict:issues env:staging branch:main …"
                    autocomplete="off"
                    spellcheck="false"
                />
            </label>
            <button class="btn">"Filter"</button>
            {filtered.then(|| view! { <a class="btn quiet" href="/">"Show all"</a> })}
        </form>
        {page
            .warnings
            .into_iter()
            .map(|warning| view! { <div class="note-line" data-v="issues"><p>{warning}"."</p></div> })
            .collect_view()}
        {(page.rows.len() > 1)
            .then(|| {
                view! {
                    <form class="comparing" id=COMPARE method="get" action="/compare">
                        <button class="btn">"Compare"</button>
                        <span class="faint fine">"Mark two to five runs, then compare them."</span>
                    </form>
                }
            })}
        <div id="runs-table">
            {if page.rows.is_empty() {
                view! {
                    <p class="muted pt1">"No run fits this query. " <a href="/">"Show all runs"</a></p>
                }
                    .into_any()
            } else {
                view! { <RunsTable rows=page.rows/> }.into_any()
            }}
        </div>
        <div class="pager">
            <p class="faint fine">"This list is also " <a href=json>"JSON"</a> " at the API."</p>
            <span class="btn-group">
                {newest.map(|address| view! { <a href=address>"Newest"</a> })}
                {older.map(|address| view! { <a href=address rel="next">"Older"</a> })}
            </span>
        </div>
    }
    .into_any()
}

/// What a person came to learn: what runs now, and how the newest run of the lab that is over came out, whichever runs
/// the list shows.
fn answer(any: bool, active: &[RunRow], newest: Option<&RunRow>) -> String {
    if !any {
        return "Nothing has been measured yet. The first run takes two clicks.".to_owned();
    }
    let running = active.iter().filter(|row| !is_waiting(row)).count();
    let waiting = active.len() - running;
    let mut parts = Vec::new();
    match active.iter().find(|row| !is_waiting(row)) {
        Some(row) if running == 1 => parts.push(format!("{} is running on {}.", name(row), row.environment)),
        Some(_) => parts.push(format!("{running} runs are under way.")),
        None => {}
    }
    match waiting {
        0 => {}
        1 => parts.push("One run waits.".to_owned()),
        n => parts.push(format!("{n} runs wait.")),
    }
    if let Some(row) = newest {
        let outcome = match (row.state, row.verdict) {
            (RunState::Finished, Some(verdict)) => verdict.word().to_owned(),
            (state, _) => state.word().to_lowercase(),
        };
        parts.push(format!("The newest result is {} on {}: {outcome}.", name(row), row.environment));
    }
    if parts.is_empty() { "There is no result yet.".to_owned() } else { parts.join(" ") }
}

/// Whether a run has not begun.
pub fn is_waiting(row: &RunRow) -> bool {
    matches!(row.state, RunState::Queued | RunState::Claimed)
}

/// `load #1290`.
pub fn name(row: &RunRow) -> String {
    format!("{} #{}", row.scenario, row.number)
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        run::{Revision, Trigger},
        verdict::Verdict,
    };

    use super::*;

    fn row(number: u64, state: RunState, verdict: Option<Verdict>) -> RunRow {
        RunRow {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
            number,
            project: "MITA".parse().expect("a name"),
            suite: "mita".parse().expect("a name"),
            scenario: "load".parse().expect("a name"),
            environment: "staging".parse().expect("a name"),
            revision: Revision::default(),
            trigger: Trigger::Browser,
            tags: Vec::new(),
            state,
            end: None,
            created_us: 0,
            started_us: None,
            ended_us: None,
            load: "200 users, 15m".to_owned(),
            planned_seconds: 900.0,
            headline: None,
            validity: None,
            verdict,
            adjusted: false,
            search: None,
            repeat_of: None,
            worker_class: None,
            rejected: None,
        }
    }

    #[test]
    fn the_newest_result_is_told_whatever_the_list_is_narrowed_down_to() {
        let newest = row(1290, RunState::Finished, Some(Verdict::Issues));
        assert_eq!(answer(true, &[], Some(&newest)), "The newest result is load #1290 on staging: Issues.");
        assert_eq!(answer(true, &[], None), "There is no result yet.");
    }

    #[test]
    fn what_runs_and_what_waits_comes_first() {
        let active = [row(1292, RunState::Queued, None), row(1291, RunState::Running, None)];
        let newest = row(1290, RunState::Cancelled, None);
        assert_eq!(
            answer(true, &active, Some(&newest)),
            "load #1291 is running on staging. One run waits. The newest result is load #1290 on staging: stopped."
        );
    }
}
