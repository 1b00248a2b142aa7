//! The inbox: what moved, grouped by the run with which it did.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{
    display,
    finding::{Finding, FindingList, FindingQuery, FindingState},
    problem::Problem,
};

use super::words::{band, mark, moved, moved_exactly, shift, subject};
use crate::{
    components::{Scroller, count_of, encoded},
    pages::source::{Loaded, lab, query},
};

/// The page.
#[component]
pub fn FindingsPage() -> impl IntoView {
    let asked = FindingQuery {
        project: query("project").and_then(|name| name.parse().ok()),
        state: query("state"),
        suite: query("suite"),
        scenario: query("scenario"),
        environment: query("environment"),
        assignee: query("assignee"),
        direction: query("direction"),
        cursor: query("cursor"),
    };
    let lab = lab();
    let load = async move {
        let lab = lab?;
        Ok::<_, Problem>((lab.findings(&asked).await?, lab.open_findings().await?))
    };
    view! {
        <Title text="Findings"/>
        <Loaded from=Box::pin(load) show=show/>
    }
}

fn show((list, open): (FindingList, u64)) -> impl IntoView {
    let asked = list.query.clone();
    let chosen = asked.state.clone().unwrap_or_else(|| "open".to_owned());
    let older =
        list.next.as_ref().map(|cursor| address(&FindingQuery { cursor: Some(cursor.clone()), ..asked.clone() }));
    let first = asked.cursor.is_some().then(|| address(&FindingQuery { cursor: None, ..asked.clone() }));
    let json = address(&asked).replacen("/findings", "/api/v1/findings", 1);
    let is_narrowed = FindingQuery { state: None, cursor: None, ..asked.clone() } != FindingQuery::default();
    let body = if list.findings.is_empty() {
        let any = chosen == "open" && !is_narrowed;
        view! {
            <div class="empty pt1">
                <p>
                    {if any {
                        "Nothing waits for anybody. A finding appears when a run is worse than its baseline, or when the level of a history moves."
                    } else {
                        "No finding fits this choice."
                    }}
                </p>
                <div class="btn-group">
                    {if any {
                        view! { <a class="btn" href="/docs/history">"How findings come about"</a> }.into_any()
                    } else {
                        view! { <a class="btn" href="/findings">"Those that wait"</a> }.into_any()
                    }}
                </div>
            </div>
        }
        .into_any()
    } else {
        view! { <Table findings=list.findings/> }.into_any()
    };
    view! {
        <div class="page-head">
            <div class="head-row"><div class="title"><h1>"Findings"</h1></div></div>
            <p class="answer">{answer(open)}</p>
        </div>
        <div class="page-body">
            <form class="filterbar" method="get" action="/findings" role="search">
                <label class="choice">
                    <span class="sr">"State"</span>
                    <select class="select" name="state">{states(&chosen)}</select>
                </label>
                <label class="choice">
                    <span class="sr">"Direction"</span>
                    <select class="select" name="direction">{directions(asked.direction.as_deref())}</select>
                </label>
                <label class="input query">
                    <span class="sr">"Environment"</span>
                    <input name="environment" value=asked.environment.clone() placeholder="environment" autocomplete="off"/>
                </label>
                <label class="input query">
                    <span class="sr">"Assignee"</span>
                    <input name="assignee" value=asked.assignee.clone() placeholder="assignee" autocomplete="off"/>
                </label>
                <button class="btn">"Filter"</button>
                {is_narrowed.then(|| view! { <a class="btn quiet" href="/findings">"Show all that wait"</a> })}
            </form>
            {body}
            <div class="pager">
                <p class="faint fine">"This list is also " <a href=json>"JSON"</a> " at the API."</p>
                <span class="btn-group">
                    {first.map(|address| view! { <a href=address>"Newest"</a> })}
                    {older.map(|address| view! { <a href=address rel="next">"Older"</a> })}
                </span>
            </div>
        </div>
    }
}

fn states(chosen: &str) -> impl IntoView + use<> {
    let several = [("open", "Waiting"), ("closed", "Closed"), ("all", "All")];
    let each = FindingState::ALL.iter().map(|state| (state.code(), state.word()));
    several
        .into_iter()
        .chain(each)
        .map(|(code, word)| {
            let selected = code == chosen;
            view! { <option value=code selected=selected>{word}</option> }
        })
        .collect_view()
}

fn directions(chosen: Option<&str>) -> impl IntoView + use<> {
    [("both", "Worse and better"), ("worse", "Worse"), ("better", "Better")]
        .map(|(code, word)| {
            let selected = chosen == Some(code);
            view! { <option value=code selected=selected>{word}</option> }
        })
        .collect_view()
}

/// The address of a choice.
fn address(query: &FindingQuery) -> String {
    let words = [
        ("project", query.project.as_ref().map(ToString::to_string)),
        ("state", query.state.clone()),
        ("suite", query.suite.clone()),
        ("scenario", query.scenario.clone()),
        ("environment", query.environment.clone()),
        ("assignee", query.assignee.clone()),
        ("direction", query.direction.clone()),
        ("cursor", query.cursor.clone()),
    ];
    let said: Vec<String> = words
        .into_iter()
        .filter_map(|(name, value)| {
            value.filter(|value| !value.is_empty()).map(|value| format!("{name}={}", encoded(&value)))
        })
        .collect();
    if said.is_empty() { "/findings".to_owned() } else { format!("/findings?{}", said.join("&")) }
}

fn answer(open: u64) -> String {
    match open {
        0 => "No change for the worse waits for anybody.".to_owned(),
        1 => "One change for the worse waits for somebody.".to_owned(),
        many => format!("{} changes for the worse wait for somebody.", display::count(many)),
    }
}

/// Findings whose level moved with the same run of the same line, side by side.
fn groups(findings: Vec<Finding>) -> Vec<Vec<Finding>> {
    let mut groups: Vec<Vec<Finding>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| group[0].first.id == finding.first.id) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

#[component]
fn Table(findings: Vec<Finding>) -> impl IntoView {
    let groups = groups(findings).into_iter().map(|group| {
        let first = &group[0];
        let revision = first.first.revision.to_string();
        let head = view! {
            <tr>
                <th colspan="7" scope="rowgroup">
                    <a href=format!("/runs/{}", first.first.id)>{format!("Run #{}", first.first.number)}</a>
                    {(!revision.is_empty()).then(|| view! { " " <span class="mono">{revision}</span> })}
                    " "
                    <span class="faint">
                        {format!(
                            "{} on {}, {}",
                            first.series.scenario,
                            first.series.environment,
                            count_of(group.len(), "finding"),
                        )}
                    </span>
                </th>
            </tr>
        };
        view! { <tbody>{head} {group.into_iter().map(row).collect_view()}</tbody> }
    });
    view! {
        <Scroller label="Table of findings">
            <table class="data tight">
                <thead>
                    <tr>
                        <th>"State"</th>
                        <th>"What"</th>
                        <th class="num">"Change"</th>
                        <th class="p2">"Level"</th>
                        <th class="p2">"Band"</th>
                        <th class="p2">"Assignee"</th>
                        <th aria-sort="descending">"Told"</th>
                    </tr>
                </thead>
                {groups.collect_view()}
            </table>
        </Scroller>
    }
    .into_any()
}

fn row(finding: Finding) -> impl IntoView {
    view! {
        <tr data-key=finding.id.to_string()>
            <td><span class="state" data-v=mark(&finding)>{finding.state.word()}</span></td>
            <td><a href=format!("/findings/{}", finding.id)>{subject(&finding.series)}</a></td>
            <td class="num"><b>{shift(&finding)}</b></td>
            <td class="p2" title=moved_exactly(&finding)>{moved(&finding)}</td>
            <td class="p2">{band(&finding)}</td>
            <td class="p2">{finding.assignee.clone().unwrap_or_else(|| "–".to_owned())}</td>
            <td>{display::clock(finding.created_us, true)}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::findings::words::tests::finding;

    #[test]
    fn what_moved_with_one_run_stands_together() {
        let other = Finding {
            first: perflab_model::finding::NamedRun {
                id: perflab_model::id::RunId::new(uuid::Uuid::nil()),
                ..finding().first
            },
            ..finding()
        };
        let sizes: Vec<usize> = groups(vec![finding(), other, finding()]).iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1]);
    }

    #[test]
    fn the_address_of_a_choice_holds_all_of_it() {
        let query = FindingQuery {
            state: Some("closed".to_owned()),
            environment: Some("a b".to_owned()),
            ..FindingQuery::default()
        };
        assert_eq!(address(&query), "/findings?state=closed&environment=a%20b");
        assert_eq!(address(&FindingQuery::default()), "/findings");
    }
}
