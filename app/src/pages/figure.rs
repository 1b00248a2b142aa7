//! The frame of a chart: title, one sentence, files, drawing, table.

use leptos::prelude::*;
use perflab_charts::{Chart, Size, render_set};

use crate::charts::table::ChartTable;

/// A chart in its frame.
#[component]
pub fn ChartFigure(
    /// The chart.
    chart: Chart,
    /// The sizes it is drawn in.
    sizes: &'static [Size],
    /// What it shows, in one sentence.
    finding: String,
    /// What must be known to read it: a logarithmic axis.
    #[prop(optional)]
    note: &'static str,
    /// Address of its files without their endings; no links where there is none.
    #[prop(optional)]
    files: Option<String>,
    /// Its numbers.
    #[prop(optional)]
    table: Option<ChartTable>,
    /// Its id in the page.
    #[prop(optional, into)]
    id: Option<String>,
    /// The browser reads out its values at a cursor, from its file.
    #[prop(optional)]
    cursor: bool,
    /// Its place in the grid: `c6`.
    #[prop(optional)]
    place: &'static str,
) -> impl IntoView {
    let finding_id = id.as_ref().map(|id| format!("{id}-finding"));
    let drawing = render_set(&chart, sizes);
    let title = chart.title.clone();
    let values = files.as_ref().filter(|_| cursor).map(|address| format!("{address}.json"));
    let readout = values.is_some();
    let links = files.map(|address| {
        ["SVG", "CSV"]
            .map(|kind| {
                let label = format!("{title} as {kind}");
                view! { <a href=format!("{address}.{}", kind.to_lowercase()) aria-label=label>{kind}</a> }
            })
            .collect_view()
    });
    view! {
        <figure class=format!("chart {place}").trim_end().to_owned() id=id data-values=values>
            <figcaption>
                <h3>{chart.title}</h3>
                <p><span id=finding_id>{finding}</span> {note}</p>
                {links.map(|links| view! { <span class="files">{links}</span> })}
            </figcaption>
            {readout.then(|| view! { <p class="readout" aria-live="polite"></p> })}
            <div class="plot" inner_html=drawing></div>
            {table.map(|table| view! { <FigureTable table=table/> })}
        </figure>
    }
    .into_any()
}

#[component]
fn FigureTable(table: ChartTable) -> impl IntoView {
    let class = |column: usize| (column > 0).then_some("num");
    view! {
        <details>
            <summary>{table.summary}</summary>
            <div class="wrap">
                <table class="data tight">
                    <thead>
                        <tr>
                            {table.heads.into_iter().enumerate().map(|(at, head)| view! { <th class=class(at)>{head}</th> }).collect_view()}
                        </tr>
                    </thead>
                    <tbody>
                        {table
                            .rows
                            .into_iter()
                            .map(|row| {
                                view! {
                                    <tr>
                                        {row.into_iter().enumerate().map(|(at, cell)| view! { <td class=class(at)>{cell}</td> }).collect_view()}
                                    </tr>
                                }
                            })
                            .collect_view()}
                    </tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}
