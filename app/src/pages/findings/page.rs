//! One finding: the answer, where it may have come from, what differs between the two sides, and what people made of it.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use perflab_model::{
    display,
    finding::{Difference, Finding, FindingCard, FindingKind, FindingNote, FindingState, NamedRun},
};

use super::{
    actions::ChangeFinding,
    words::{answer, band, mark, moved_exactly, subject, trend},
};
use crate::{
    components::{Scroller, count_of, sentence},
    pages::{
        problem::ProblemLine,
        source::{Loaded, lab, parameter},
    },
    ui_error::UiError,
};

/// The page of a finding.
#[component]
pub fn FindingPage() -> impl IntoView {
    let address = parameter("finding");
    let lab = lab();
    let load = async move { lab?.finding(&address).await };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(card: FindingCard) -> impl IntoView {
    let finding = card.finding.clone();
    let failed = ServerAction::<ChangeFinding>::new()
        .value()
        .get_untracked()
        .and_then(|result: Result<(), UiError>| result.err());
    let comparison = format!("/api/v1/runs/{}/comparison", finding.first.id);
    view! {
        <Title text=subject(&finding.series)/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/findings">"Findings"</a>
                    <span class="sep">"/"</span>
                    <h1>{subject(&finding.series)}</h1>
                    <span class="state" data-v=mark(&finding)>{finding.state.word()}</span>
                </div>
                <div class="btn-group">
                    <a class="btn" href=trend(&finding.series)>"Trend"</a>
                    <a class="btn" href=format!("/runs/{}", finding.first.id)>{format!("Run #{}", finding.first.number)}</a>
                    <a class="btn p2" href=comparison>"Comparison, JSON"</a>
                </div>
            </div>
            <p class="answer" title=moved_exactly(&finding)>{answer(&finding)}</p>
            <Facts finding=finding.clone()/>
        </div>
        <div class="page-body snug">
            {failed.map(|UiError(problem)| view! { <ProblemLine problem=problem/> })}
            <Suspects card=card.clone()/>
            <Differences
                title="What differs in the plans"
                none="The two runs were asked to do the same, rules aside."
                known=finding.good.is_some()
                rows=card.configuration.clone()
            />
            <Differences
                title="What differs in the places"
                none="Environment, worker class, host and version of perflab are the same."
                known=finding.good.is_some()
                rows=card.environment.clone()
            />
            <Shown runs=card.runs.clone()/>
            <Notes notes=card.notes/>
            <ChangeForm finding=finding/>
        </div>
    }
}

#[component]
fn Facts(finding: Finding) -> impl IntoView {
    let series = &finding.series;
    let evidence = finding.evidence.map(|evidence| {
        let word = if finding.kind == FindingKind::Arrival { "q" } else { "p" };
        view! { <span title=display::exact(evidence)>{format!("{word} {evidence:.1e}")}</span> }
    });
    let due = finding.due_us.map(|due| view! { <span>{format!("due {}", display::clock(due, true))}</span> });
    let branch = series.branch.clone().unwrap_or_else(|| "no branch".to_owned());
    view! {
        <div class="facts">
            <span>{series.environment.to_string()}</span>
            <span>{format!("suite {}, {}", series.suite, series.scenario)}</span>
            <span class="mono">{branch}</span>
            <span>{format!("workers {}", series.worker_class)}</span>
            <span>{finding.kind.word()}</span>
            <span>{band(&finding)}</span>
            {evidence}
            <span>{format!("told {}", display::clock(finding.created_us, true))}</span>
            {finding.assignee.clone().map(|name| view! { <span>{format!("seen to by {name}")}</span> })}
            {due}
            {finding.url.clone().map(|url| { let shown = url.clone(); view! { <span><a href=url rel="noopener noreferrer">{shown}</a></span> } })}
            {finding.closed_by.clone().map(|name| view! { <span>{format!("closed by {name}")}</span> })}
        </div>
    }
    .into_any()
}

/// The runs between, and the commits that they stand for.
#[component]
fn Suspects(card: FindingCard) -> impl IntoView {
    let finding = &card.finding;
    let commits = finding.good.as_ref().and_then(|good| {
        let (from, to) = (good.revision.commit.as_ref()?, finding.to.revision.commit.as_ref()?);
        (from != to).then(|| format!("git log --oneline {from}..{to}"))
    });
    let told = match (&commits, &finding.good) {
        (Some(_), _) => "The change lies in the commits after the first of these runs, up to the last.",
        (None, Some(_)) => "The runs name no two commits, so the change may as well be one of the target's place.",
        (None, None) => "There is no earlier run of the old level to compare with.",
    };
    let (good, first) = (finding.good.as_ref().map(|run| run.id), finding.first.id);
    let rows = card.suspects.clone().into_iter().map(move |run| {
        let what = match run.id {
            id if Some(id) == good => "last of the old level",
            id if id == first => "most likely the first of the new one",
            _ => "may be the first of the new one",
        };
        view! {
            <tr data-key=run.id.to_string()>
                <td><a href=format!("/runs/{}", run.id)>{format!("#{}", run.number)}</a></td>
                <td class="mono">{revision(&run)}</td>
                <td>{what}</td>
                <td>{display::clock(run.ended_us, true)}</td>
            </tr>
        }
    });
    view! {
        <section class="section">
            <div class="section-head"><h2>"Where it may have come from"</h2><p>{told}</p></div>
            <Scroller label="Runs in which the change may lie">
                <table class="data tight">
                    <thead><tr><th>"Run"</th><th>"Revision"</th><th>"Which"</th><th>"Ended"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </Scroller>
            {commits.map(|command| view! { <p class="mt1"><code class="mono">{command}</code></p> })}
        </section>
    }
    .into_any()
}

fn revision(run: &NamedRun) -> String {
    let told = run.revision.to_string();
    if told.is_empty() { "not named".to_owned() } else { told }
}

#[component]
fn Differences(
    /// Head of the section.
    title: &'static str,
    /// What is said when nothing differs.
    none: &'static str,
    /// Whether there are two runs to compare.
    known: bool,
    /// What differs.
    rows: Vec<Difference>,
) -> impl IntoView {
    let told = match (known, rows.len()) {
        (false, _) => "Not known: there is no earlier run of the old level.".to_owned(),
        (true, 0) => none.to_owned(),
        (true, many) => format!(
            "{} between the last run of the old level and the first of the new one.",
            count_of(many, "difference")
        ),
    };
    let table = (!rows.is_empty()).then(|| {
        let rows = rows.into_iter().map(|row| {
            view! {
                <tr>
                    <td class="mono">{row.what}</td>
                    <td class="mono">{row.before.unwrap_or_else(|| "–".to_owned())}</td>
                    <td class="mono">{row.after.unwrap_or_else(|| "–".to_owned())}</td>
                </tr>
            }
        });
        view! {
            <Scroller label=title>
                <table class="data tight">
                    <thead><tr><th>"What"</th><th>"Before"</th><th>"After"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </Scroller>
        }
    });
    view! {
        <section class="section">
            <div class="section-head"><h2>{title}</h2><p>{told}</p></div>
            {table}
        </section>
    }
    .into_any()
}

/// Runs in which it showed when they ended.
#[component]
fn Shown(runs: Vec<NamedRun>) -> impl IntoView {
    (!runs.is_empty()).then(|| {
        let told = format!("{}, the newest first.", count_of(runs.len(), "run"));
        let runs = runs.into_iter().map(|run| {
            view! { <span><a href=format!("/runs/{}", run.id)>{format!("#{}", run.number)}</a></span> }
        });
        view! {
            <section class="section">
                <div class="section-head"><h2>"Runs in which it showed"</h2><p>{told}</p></div>
                <div class="facts">{runs.collect_view()}</div>
            </section>
        }
    })
}

#[component]
fn Notes(notes: Vec<FindingNote>) -> impl IntoView {
    let told = if notes.is_empty() { "Nobody has said anything yet." } else { "Oldest first." };
    let rows = notes.into_iter().map(|note| {
        view! {
            <tr>
                <td>{display::clock(note.at_us, true)}</td>
                <td>{note.by}</td>
                <td>{sentence(&note.text)}</td>
            </tr>
        }
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <section class="section">
            <div class="section-head"><h2>"Notes"</h2><p>{told}</p></div>
            {(!rows.is_empty())
                .then(|| {
                    view! {
                        <Scroller label="Notes">
                            <table class="data tight">
                                <thead><tr><th>"When"</th><th>"Who"</th><th>"What"</th></tr></thead>
                                <tbody>{rows}</tbody>
                            </table>
                        </Scroller>
                    }
                })}
        </section>
    }
    .into_any()
}

#[component]
fn ChangeForm(finding: Finding) -> impl IntoView {
    let due = finding.due_us.and_then(day).unwrap_or_default();
    let (assignee, url) = (finding.assignee.unwrap_or_default(), finding.url.unwrap_or_default());
    let state = finding.state;
    let states = FindingState::ALL
        .iter()
        .map(|known| {
            let selected = *known == state;
            view! { <option value=known.code() selected=selected>{known.word()}</option> }
        })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="finding-change">
            <div class="section-head">
                <h2 id="finding-change">"Say what becomes of it"</h2>
                <p>"A finding closed as won't fix makes the new level the one that later runs are compared with."</p>
            </div>
            <form method="post" action=ChangeFinding::url()>
                <input type="hidden" name="id" value=finding.id.to_string()/>
                <input type="hidden" name="shown_state" value=state.code()/>
                <input type="hidden" name="shown_assignee" value=assignee.clone()/>
                <input type="hidden" name="shown_url" value=url.clone()/>
                <input type="hidden" name="shown_due" value=due.clone()/>
                <div class="fields">
                    <div class="field w4">
                        <label for="finding-state">"State"</label>
                        <select class="select" id="finding-state" name="state">{states}</select>
                    </div>
                    <div class="field w4">
                        <label for="finding-assignee">"Assignee"</label>
                        <span class="input">
                            <input id="finding-assignee" name="assignee" value=assignee maxlength="60" autocomplete="off"/>
                        </span>
                    </div>
                    <div class="field w8">
                        <label for="finding-url">"Address of the issue"</label>
                        <span class="input">
                            <input id="finding-url" name="url" type="url" value=url maxlength="2000" autocomplete="off"/>
                        </span>
                    </div>
                    <div class="field w4">
                        <label for="finding-due">"Due"</label>
                        <span class="input"><input id="finding-due" name="due" type="date" value=due/></span>
                    </div>
                    <div class="field w8">
                        <label for="finding-note">"Note"</label>
                        <span class="input"><input id="finding-note" name="note" maxlength="4000" autocomplete="off"/></span>
                    </div>
                    <div class="field w4">
                        <label for="finding-name">"Your name, if you like"</label>
                        <span class="input"><input id="finding-name" name="name" maxlength="60" autocomplete="name"/></span>
                    </div>
                </div>
                <div class="btn-group mt2"><button class="btn">"Save"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// The day of an instant in UTC, as a date field has it.
fn day(at_us: i64) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(at_us).ok()?;
    Some(jiff::tz::TimeZone::UTC.to_datetime(at).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_day_comes_back_as_the_day_that_was_typed() {
        assert_eq!(day(1_798_156_799_000_000).as_deref(), Some("2026-12-24"));
    }
}
