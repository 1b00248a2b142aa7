//! A run beside its baseline: what it was compared with, what was found, and the runs that were made to decide it.

use leptos::prelude::*;
use perflab_model::{
    comparison::{RunComparison, Standing},
    finding::Finding,
    run::RunRow,
};

use super::data::RunData;
use crate::{
    components::{RunBadge, StateBadge, count_of, sentence},
    pages::findings::{finding_line, moved},
};

/// What history says of a run.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// How it stood beside its baseline when it ended.
    pub comparison: Option<RunComparison>,
    /// Findings that show in it.
    pub findings: Vec<Finding>,
    /// Runs that the lab made to decide it.
    pub repeats: Vec<RunRow>,
}

/// The section of the run's page; nothing of a run of which history says nothing.
pub fn beside(data: &RunData) -> impl IntoView + use<> {
    let Beside { comparison, findings, repeats } = data.beside.clone();
    let row = &data.run.row;
    if comparison.is_none() && findings.is_empty() && repeats.is_empty() && row.repeat_of.is_none() {
        return ().into_any();
    }
    let answer = comparison.as_ref().map(answer).unwrap_or_default();
    let json = comparison.is_some().then(|| format!("/api/v1/runs/{}/comparison", row.id));
    let first = row.repeat_of.map(|first| {
        view! {
            <p class="mt1">
                "The lab made this run to decide " <a href=format!("/runs/{first}")>"an earlier one"</a>
                "; both are judged together."
            </p>
        }
    });
    let rejected = row.rejected.clone().map(|why| {
        view! { <p class="mt1">{format!("No run is compared with this one: {}", sentence(&why))}</p> }
    });
    view! {
        <section class="section" aria-labelledby="run-beside">
            <div class="section-head">
                <h2 id="run-beside">"Beside its baseline"</h2>
                <p>{answer}</p>
                {json.map(|address| view! { <span class="tools"><a href=address>"Every number, JSON"</a></span> })}
            </div>
            {comparison.map(baseline)}
            {first}
            {rejected}
            {(!findings.is_empty())
                .then(|| {
                    view! {
                        <h3 class="ruled">"Findings"</h3>
                        <ul>
                            {findings
                                .iter()
                                .map(|finding| {
                                    view! {
                                        <li>
                                            <a href=format!("/findings/{}", finding.id)>{finding_line(finding)}</a>
                                            " "
                                            <span class="faint">{moved(finding)}</span>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                    }
                })}
            {(!repeats.is_empty())
                .then(|| {
                    view! {
                        <h3 class="ruled">"Runs that the lab made to decide it"</h3>
                        <ul>{repeats.into_iter().map(repeat).collect_view()}</ul>
                    }
                })}
        </section>
    }
    .into_any()
}

/// The runs of the baseline, with how they were chosen.
fn baseline(comparison: RunComparison) -> impl IntoView {
    let baseline = comparison.baseline;
    let runs = baseline.runs.into_iter().map(|run| {
        let revision = run.revision.to_string();
        view! { <span><a href=format!("/runs/{}", run.id) title=revision>{format!("#{}", run.number)}</a></span> }
    });
    let runs: Vec<_> = runs.collect();
    view! {
        <p class="mt1">{sentence(&baseline.why)}</p>
        {(!runs.is_empty()).then(|| view! { <div class="facts">{runs}</div> })}
    }
}

fn repeat(row: RunRow) -> impl IntoView {
    let is_over = row.state.is_terminal();
    let (id, number) = (row.id, row.number);
    view! {
        <li data-key=id.to_string()>
            <a href=format!("/runs/{id}")>{format!("#{number}")}</a>
            " "
            {if is_over {
                view! { <RunBadge row=row/> }.into_any()
            } else {
                view! { <StateBadge state=row.state/> }.into_any()
            }}
        </li>
    }
}

/// What the comparison says, in one sentence.
fn answer(comparison: &RunComparison) -> String {
    let how_many = |standing| comparison.series.iter().filter(|one| one.standing == standing).count();
    if comparison.series.is_empty() {
        return "There is nothing to compare it with yet.".to_owned();
    }
    let parts: Vec<String> = [
        (Standing::Worse, "worse"),
        (Standing::Undecided, "undecided"),
        (Standing::Improvement, "better"),
        (Standing::SmallButReal, "moved a little"),
        (Standing::Noise, "without relevant change"),
        (Standing::NotCompared, "not compared"),
    ]
    .into_iter()
    .map(|(standing, word)| (how_many(standing), word))
    .filter(|(many, _)| *many > 0)
    .map(|(many, word)| format!("{many} {word}"))
    .collect();
    format!("Of {}: {}.", count_of(comparison.series.len(), "number"), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use perflab_model::{blocks::Better, comparison::ComparedSeries};

    use super::*;

    fn series(standing: Standing) -> ComparedSeries {
        ComparedSeries {
            name: None,
            measure: "latency".to_owned(),
            stat: "p50".to_owned(),
            unit: "s".to_owned(),
            better: Better::Lower,
            baseline: Some(0.1),
            candidate: Some(0.1),
            ratio: Some(1.0),
            interval: None,
            p: None,
            q: None,
            floor: None,
            pairs: 0,
            standing,
            band: None,
            reason: None,
        }
    }

    #[test]
    fn the_sentence_counts_what_is_worse_first() {
        let comparison = RunComparison {
            series: vec![series(Standing::Noise), series(Standing::Worse), series(Standing::Noise)],
            ..RunComparison::default()
        };
        assert_eq!(answer(&comparison), "Of 3 numbers: 1 worse, 2 without relevant change.");
        assert_eq!(answer(&RunComparison::default()), "There is nothing to compare it with yet.");
    }
}
