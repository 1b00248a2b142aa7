//! The charts of a run over its time.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{run::Run, summary::Progress, tick::Point};

use crate::{
    charts::series::RunChart,
    charts::{
        finding::{live_finding, run_finding, run_note},
        run::{is_open, keys, run_chart},
        table::run_table,
    },
    islands::ChartCursor,
    pages::figure::ChartFigure,
};

/// A third of the page.
const THIRD: [Size; 1] = [Size::MULTIPLE.width(376)];

/// One chart of a run in its frame.
pub fn run_figure(
    which: RunChart,
    run: &Run,
    points: &[Point],
    now: Option<&Progress>,
    live: bool,
    sizes: &'static [Size],
    place: &'static str,
) -> impl IntoView + use<> {
    let files = format!("/runs/{}/charts/{}", run.row.id, which.name());
    view! {
        <ChartFigure
            chart=run_chart(which, &run.plan, points, live)
            sizes=sizes
            finding=match now {
                Some(now) if live => live_finding(which, &run.plan, now),
                _ => run_finding(which, &run.plan, points),
            }
            note=run_note(which, &run.plan, points)
            keys=keys(which, is_open(&run.plan), points, live)
            files=files
            table=run_table(which, &run.plan, points)
            id=which.figure()
            cursor=true
            place=place
        />
    }
}

/// All charts of a run: latency over the whole width, the others below it, and a cursor through all of them.
pub fn run_figures(run: &Run, points: &[Point], now: Option<&Progress>, live: bool) -> impl IntoView + use<> {
    let open = is_open(&run.plan);
    let below: Vec<_> = RunChart::ALL
        .into_iter()
        .filter(|which| *which != RunChart::Latency && which.belongs_to(open))
        .map(|which| {
            let (sizes, place) = place(which, open);
            run_figure(which, run, points, now, live, sizes, place)
        })
        .collect();
    view! {
        {run_figure(RunChart::Latency, run, points, now, live, &Size::PAGE, "")}
        <div class="cols mt4">{below}</div>
        <ChartCursor/>
    }
}

/// How much room a chart has, so that every row of the page is full: of a closed run there is one chart less.
fn place(which: RunChart, open: bool) -> (&'static [Size], &'static str) {
    match which {
        RunChart::Connections | RunChart::Cpu | RunChart::Memory if open => (&THIRD, "c4"),
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
) -> impl IntoView {
    view! {
        <section class="section">
            <div class="section-head"><h2>"Timeline"</h2></div>
            {run_figures(&run, &points, None, false)}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_charts_is_full() {
        for open in [true, false] {
            let columns = RunChart::ALL
                .into_iter()
                .filter(|which| *which != RunChart::Latency && which.belongs_to(open))
                .map(|which| if place(which, open).1 == "c4" { 4 } else { 6 });
            assert_eq!(columns.sum::<u32>() % 12, 0, "open: {open}");
        }
    }
}
