//! The distribution of latency: a histogram, and percentiles to p99.99 as far as there are samples for them. An open run
//! has both times: from the planned start, which is its headline, and from the actual start.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{display, summary::LatencyKind};
use perflab_stats::{Histogram, missing_samples};

use super::data::RunData;
use crate::{
    charts::{
        distribution::{NAME, RunDistribution, percentile_ms},
        stops::distribution_stops,
    },
    components::{Scroller, quantity::Shown},
    islands::ChartCursor,
    pages::figure::ChartFigure,
};

/// Percentiles of the table.
const PERCENTILES: [(&str, f64); 9] = [
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.5", 0.995),
    ("p99.9", 0.999),
    ("p99.95", 0.9995),
    ("p99.99", 0.9999),
];

/// The distribution of all requests after the warm-up.
#[component]
pub fn DistributionTab(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let distribution = RunDistribution::of(&data.run.plan, &data.ticks);
    if distribution.is_empty() {
        return view! { <p class="muted pt1">"No request was answered after the warm-up."</p> }.into_any();
    }
    let files = format!("/runs/{}/charts/{NAME}", data.run.row.id);
    let (chart, finding, stops) = (distribution.chart(), distribution.finding(), distribution_stops(&distribution));
    let columns = distribution.times.iter().map(|(kind, histogram)| (head(*kind), cells(histogram))).collect();
    view! {
        <section class="section cols">
            <h2 class="sr c12">"Distribution of latency"</h2>
            <div class="c8">
                <ChartFigure chart=chart sizes=&Size::TWO_THIRDS finding=finding files=files stops=stops/>
                <ChartCursor/>
            </div>
            <div class="c4"><Percentiles columns=columns/></div>
        </section>
    }
    .into_any()
}

/// The head of a column.
const fn head(kind: LatencyKind) -> &'static str {
    match kind {
        LatencyKind::Response => "From planned start, ms",
        LatencyKind::Service => "From actual start, ms",
    }
}

/// Names of the lines of the table.
fn lines() -> impl Iterator<Item = &'static str> {
    ["min"].into_iter().chain(PERCENTILES.map(|(name, _)| name)).chain(["max", "mean"])
}

/// A number of the table, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Ms(f64),
    /// So many samples are missing for it.
    TooFew(u64),
    /// Nothing was measured.
    Nothing,
}

/// One column of the table, in the order of [`lines`].
fn cells(histogram: &Histogram) -> Vec<Cell> {
    let edge = |us: Option<f64>| us.map_or(Cell::Nothing, |us| Cell::Ms(us / 1000.0));
    let percentile = |share| match percentile_ms(histogram, share) {
        Some(ms) => Cell::Ms(ms),
        None => Cell::TooFew(missing_samples(histogram.count(), share)),
    };
    std::iter::once(edge(histogram.min_us()))
        .chain(PERCENTILES.map(|(_, share)| percentile(share)))
        .chain([edge(histogram.max_us()), edge(histogram.mean_us())])
        .collect()
}

#[component]
fn Percentiles(columns: Vec<(&'static str, Vec<Cell>)>) -> impl IntoView {
    view! {
        <Scroller label="Table of percentiles">
            <table class="data tight">
                <thead>
                    <tr>
                        <th>"Percentile"</th>
                        {columns.iter().map(|(head, _)| view! { <th class="num wrapped">{*head}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {lines()
                        .enumerate()
                        .map(|(at, name)| {
                            let cells = columns.iter().map(|(_, cells)| cells.get(at).copied().unwrap_or(Cell::Nothing));
                            view! { <tr><th scope="row">{name}</th>{cells.map(number).collect_view()}</tr> }
                        })
                        .collect_view()}
                </tbody>
            </table>
        </Scroller>
    }
}

fn number(cell: Cell) -> impl IntoView {
    let shown = match cell {
        Cell::Ms(ms) => {
            let shown = Shown::milliseconds(ms);
            view! { <span title=shown.exact>{shown.value}</span> }.into_any()
        }
        Cell::TooFew(missing) => {
            let why = format!("{} more samples are needed", display::count(missing));
            view! { <span class="void" title=why>"too few samples"</span> }.into_any()
        }
        Cell::Nothing => view! { <span class="void" title="No request was answered">"–"</span> }.into_any(),
    };
    view! { <td class="num">{shown}</td> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_goes_to_p99_99_and_says_how_many_samples_are_missing() {
        let mut histogram = Histogram::new();
        histogram.record(2_000, 1_000);
        let cells = cells(&histogram);
        assert_eq!(cells.len(), lines().count());
        let of = |name: &str| lines().position(|line| line == name).map(|at| cells[at]);
        assert!(matches!(of("p99"), Some(Cell::Ms(ms)) if (ms - 2.0).abs() < 0.01), "{cells:?}");
        assert_eq!(of("p99.99"), Some(Cell::TooFew(99_000)));
    }

    #[test]
    fn what_was_never_measured_is_nothing_and_not_zero() {
        assert_eq!(cells(&Histogram::new())[0], Cell::Nothing);
    }
}
