//! The charts of a run over its time.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{load::Load, order::RateChange, run::Run, summary::Progress, tick::Point};

use crate::{
    charts::series::RunChart,
    charts::{
        finding::{live_finding, run_finding, run_note},
        rate::{annotated, carried_out},
        run::{is_open, keys, run_chart},
        table::run_table,
    },
    components::Topic,
    islands::ChartCursor,
    pages::{
        figure::ChartFigure,
        run::loads::{Loads, sums},
    },
};

/// A third of the page.
const THIRD: [Size; 1] = [Size::MULTIPLE.width(376)];

/// What the charts of a run are drawn from.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its seconds.
    pub points: &'a [Point],
    /// What a person changed of its rate.
    pub changes: &'a [RateChange],
    /// How it stands, while it goes on.
    pub now: Option<&'a Progress>,
}

/// One chart of a run in its frame.
pub fn run_figure(
    which: RunChart,
    course: Course<'_>,
    live: bool,
    sizes: &'static [Size],
    place: &'static str,
) -> impl IntoView + use<> {
    let Course { run, points, changes, now } = course;
    let files = format!("/runs/{}/charts/{}", run.row.id, which.name());
    let plan = &carried_out(&run.plan, changes);
    view! {
        <ChartFigure
            chart=annotated(run_chart(which, plan, points, live), which, changes)
            sizes=sizes
            finding=match now {
                Some(now) if live => live_finding(which, plan, now),
                _ => run_finding(which, plan, points),
            }
            note=run_note(which, plan, points)
            keys=keys(which, is_open(plan), points, live)
            files=files
            table=run_table(which, plan, points)
            id=which.figure()
            cursor=true
            topic=topic(which)
            place=place
        />
    }
}

/// What of it a guide explains.
const fn topic(which: RunChart) -> Option<Topic> {
    match which {
        RunChart::Latency | RunChart::Lag => Some(Topic::Times),
        RunChart::Errors => Some(Topic::Load),
        RunChart::Cpu => Some(Topic::Validity),
        RunChart::Rate | RunChart::Load | RunChart::Users | RunChart::Connections | RunChart::Memory => None,
    }
}

/// All charts of a run: latency over the whole width, the others below it, and a cursor through all of them.
pub fn run_figures(course: Course<'_>, live: bool) -> impl IntoView + use<> {
    let load = &course.run.plan.load;
    let below: Vec<_> = RunChart::ALL
        .into_iter()
        .filter(|which| *which != RunChart::Latency && which.belongs_to(load))
        .map(|which| {
            let (sizes, place) = place(which, load);
            run_figure(which, course, live, sizes, place)
        })
        .collect();
    view! {
        {run_figure(RunChart::Latency, course, live, &Size::PAGE, "")}
        <div class="cols mt4">{below}</div>
        <ChartCursor/>
    }
}

/// How much room a chart has, so that every row of the page is full: a run with a rate has one chart more than one of
/// users, and a run with both has two.
fn place(which: RunChart, load: &Load) -> (&'static [Size], &'static str) {
    match which {
        RunChart::Connections | RunChart::Cpu | RunChart::Memory if load.has_rate() && !load.has_users() => {
            (&THIRD, "c4")
        }
        _ => (&Size::HALF, "c6"),
    }
}

/// All charts of a run that is over.
#[component]
pub fn Timeline(
    /// The run.
    run: Run,
    /// Its seconds.
    points: Vec<Point>,
    /// What a person changed of its rate.
    changes: Vec<RateChange>,
) -> impl IntoView {
    let course = Course { run: &run, points: &points, changes: &changes, now: None };
    view! {
        <section class="section">
            <div class="section-head"><h2>"Timeline"</h2></div>
            {run_figures(course, false)}
        </section>
        <Loads parts=run.plan.load.parts().to_vec() done=sums(run.plan.load.parts().len(), &points)/>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::sample::{both, closed, open};

    #[test]
    fn every_row_of_charts_is_full() {
        for load in [open(20).load, closed(20).load, both(20).load] {
            let columns = RunChart::ALL
                .into_iter()
                .filter(|which| *which != RunChart::Latency && which.belongs_to(&load))
                .map(|which| if place(which, &load).1 == "c4" { 4 } else { 6 });
            assert_eq!(columns.sum::<u32>() % 12, 0, "{}", load.summary());
        }
    }
}
