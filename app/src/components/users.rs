//! Who did what: a class of users a row, its flows beneath, each with what its weight asks for beside what it had.

use leptos::prelude::*;
use perflab_model::{
    breakdown::{ClassSummary, Part, PartSummary, PartSums, ShareOf},
    display,
};

use super::{Count, Figure, Milliseconds, Percent, Scroller, count_of, quantity::Shown};

/// What a run says that was carried out before classes were told apart.
const NOT_TOLD: &str = "This run does not say who did what: it was carried out by an earlier version.";

/// The table of users and flows.
#[component]
pub fn UserTable(
    /// The classes.
    classes: Vec<ClassSummary>,
    /// The columns that a page with little room has.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let bodies = classes
        .into_iter()
        .map(|class| {
            let flows = class.parts.into_iter().map(|part| row(Line::part(part), &class.name, compact)).collect_view();
            let line = Line {
                name: class.name.clone(),
                key: format!("class {}", class.name),
                share: class.share,
                wanted: class.share_wanted,
                is_class: true,
                sums: class.sums,
            };
            let key = line.key.clone();
            view! { <tbody data-key=key>{row(line, &class.name, compact)} {flows}</tbody> }
        })
        .collect_view();
    view! {
        <Scroller label="Table of users and flows">
            <table class="data users">
                <thead>
                    <tr>
                        <th>"Class and flow"</th>
                        <th class="num">"Share, %"</th>
                        <th class="num">"Wanted, %"</th>
                        <th class="num">"Iterations"</th>
                        <th class="num">"Failed, %"</th>
                        {(!compact)
                            .then(|| {
                                view! {
                                    <th class="num p3">"Iteration p50"</th>
                                    <th class="num p2">"Requests"</th>
                                    <th class="num p3">"Errors, %"</th>
                                }
                            })}
                        <th class="num p2">"p50, ms"</th>
                        <th class="num">"p95, ms"</th>
                        <th class="num">"p99, ms"</th>
                    </tr>
                </thead>
                {bodies}
            </table>
        </Scroller>
    }
    .into_any()
}

/// What must be known to read the table.
pub fn told_users(classes: &[ClassSummary], open: bool) -> String {
    let Some(first) = classes.first() else { return NOT_TOLD.to_owned() };
    let is_flow = |part: &&PartSummary| matches!(part.part, Part::Flow(_));
    let flows = classes.iter().flat_map(|class| &class.parts).filter(is_flow).count();
    let of = match first.share_of {
        ShareOf::Users => "A class has its share of the users at work, a flow its share of its class's iterations.",
        ShareOf::Iterations => "A class has its share of all iterations, a flow its share of its class's.",
    };
    let from = if open { "its planned start" } else { "its first step" };
    let classes = match classes.len() {
        1 => "1 class".to_owned(),
        n => format!("{} classes", display::count(n as u64)),
    };
    format!(
        "{classes}, {}. {of} An iteration failed when a request in it did; its time counts from {from} to its last step, \
         pauses in between included, of those that did every step.",
        count_of(flows, "flow")
    )
}

/// A row of the table.
struct Line {
    name: String,
    key: String,
    share: Option<f64>,
    wanted: Option<f64>,
    is_class: bool,
    sums: PartSums,
}

impl Line {
    fn part(part: PartSummary) -> Self {
        Self {
            name: part.part.to_string(),
            key: part.part.to_string(),
            share: part.share,
            wanted: part.share_wanted,
            is_class: false,
            sums: part.sums,
        }
    }
}

fn row(line: Line, class: &str, compact: bool) -> impl IntoView + use<> {
    let Line { name, key, share, wanted, is_class, sums } = line;
    let (counts, latency) = (sums.counts, sums.latency);
    // What is done once, and log-ins, are no iterations.
    let iterates = counts.iterations_started > 0 || wanted.is_some();
    let begun = format!(
        "{} begun, {} cut off",
        display::count(counts.iterations_started),
        display::count(counts.iterations_aborted)
    );
    let failed = format!("{} of {}", display::count(counts.failed), display::count(counts.finished));
    let key = if is_class { key } else { format!("{class} {key}") };
    view! {
        <tr class=if is_class { "class" } else { "flow" } data-key=key>
            <th scope="row">{name}</th>
            <td class="num"><Share of=share/></td>
            <td class="num"><Share of=wanted/></td>
            <td class="num">
                {if iterates {
                    view! { <span title=begun><Count value=counts.iterations/></span> }.into_any()
                } else {
                    view! { <NoIteration/> }.into_any()
                }}
            </td>
            <td class="num">
                {if iterates {
                    view! { <Percent part=counts.iterations_failed whole=counts.iterations unit=false/> }.into_any()
                } else {
                    view! { <NoIteration/> }.into_any()
                }}
            </td>
            {(!compact)
                .then(|| {
                    view! {
                        <td class="num p3">
                            {if iterates {
                                view! { <Duration ms=sums.duration.p50/> }.into_any()
                            } else {
                                view! { <NoIteration/> }.into_any()
                            }}
                        </td>
                        <td class="num p2"><span title=failed><Count value=counts.finished/></span></td>
                        <td class="num p3"><Percent part=counts.failed whole=counts.finished unit=false/></td>
                    }
                })}
            <td class="num p2"><Milliseconds value=latency.p50 unit=false/></td>
            <td class="num"><Milliseconds value=latency.p95 unit=false/></td>
            <td class="num"><Milliseconds value=latency.p99 unit=false/></td>
        </tr>
    }
}

/// A share in percent, or a dash where there is none.
#[component]
fn Share(of: Option<f64>) -> impl IntoView {
    match of {
        Some(share) => {
            let percent = share * 100.0;
            let shown =
                Shown { value: display::number(percent), unit: "%", exact: format!("{} %", display::exact(percent)) };
            view! { <Figure shown=shown unit=false/> }.into_any()
        }
        None => view! { <span class="void" title="It has no weight">"–"</span> }.into_any(),
    }
}

/// A time in the unit that reads best: iterations take from a millisecond to minutes.
#[component]
fn Duration(ms: Option<f64>) -> impl IntoView {
    match ms {
        Some(ms) => {
            let scaled = display::scaled_seconds(ms / 1000.0);
            let exact = format!("{} ms", display::exact(ms));
            view! { <Figure shown=Shown { value: scaled.value, unit: scaled.unit, exact }/> }.into_any()
        }
        None => view! { <Milliseconds value=None/> }.into_any(),
    }
}

#[component]
fn NoIteration() -> impl IntoView {
    view! { <span class="void" title="It is no iteration">"–"</span> }
}

#[cfg(test)]
mod tests {
    use perflab_model::{breakdown::PartCounts, summary::Distribution};

    use super::*;

    fn sums() -> PartSums {
        let nothing = Distribution {
            kind: None,
            unit: "ms".to_owned(),
            samples: 0,
            mean: None,
            min: None,
            p50: None,
            p90: None,
            p95: None,
            p99: None,
            p999: None,
            max: None,
        };
        PartSums { counts: PartCounts::default(), latency: nothing.clone(), duration: nothing }
    }

    #[test]
    fn the_head_counts_classes_and_flows_and_says_of_what_the_shares_are() {
        let part = |part: Part| PartSummary { part, weight: None, share_wanted: None, share: None, sums: sums() };
        let class = ClassSummary {
            name: "reader".to_owned(),
            weight: 1,
            share_of: ShareOf::Users,
            share_wanted: Some(1.0),
            share: Some(1.0),
            sums: sums(),
            parts: vec![part(Part::Flow("look".to_owned())), part(Part::LogIn)],
        };
        let told = told_users(&[class], false);
        assert!(told.starts_with("1 class, 1 flow. A class has its share of the users at work"), "{told}");
        assert!(told.contains("from its first step"), "{told}");
        assert_eq!(told_users(&[], true), NOT_TOLD);
    }
}
