//! The frame of a chart: title, one sentence, files, drawing, table.

use leptos::prelude::*;
use perflab_charts::{Chart, Size, render_set};

use crate::{
    charts::{
        stops::{Stop, attribute},
        table::ChartTable,
    },
    components::{GuideLink, Topic},
};

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
    #[prop(optional, into)]
    note: String,
    /// Colours of series without a label at their end: class of the mark, and its word.
    #[prop(optional)]
    keys: Vec<(&'static str, &'static str)>,
    /// Address of its files without their endings; no links where there is none.
    #[prop(optional)]
    files: Option<String>,
    /// The query of its files, where they need one.
    #[prop(optional, into)]
    query: String,
    /// Address of its drawing alone, where its numbers are a file of more charts than this one.
    #[prop(optional)]
    drawing: Option<String>,
    /// Its numbers.
    #[prop(optional)]
    table: Option<ChartTable>,
    /// Its id in the page.
    #[prop(optional, into)]
    id: Option<String>,
    /// The browser reads out its values at a cursor, from its file.
    #[prop(optional)]
    cursor: bool,
    /// Where else a cursor stops, with what is read out there.
    #[prop(optional)]
    stops: Vec<Stop>,
    /// What a guide explains of it.
    #[prop(optional_no_strip, into)]
    topic: Option<Topic>,
    /// Its place in the grid: `c6`.
    #[prop(optional)]
    place: &'static str,
) -> impl IntoView {
    let part = |name: &str| id.as_ref().map(|id| format!("{id}-{name}"));
    let (finding_id, note_id, plot_id, table_id) = (part("finding"), part("note"), part("plot"), part("table"));
    let plot = render_set(&chart, sizes);
    let title = chart.title.clone();
    let of_links = title.clone();
    let values = files.as_ref().filter(|_| cursor).map(|address| format!("{address}.json"));
    let stops = (!stops.is_empty()).then(|| attribute(&stops));
    let readout = values.is_some() || stops.is_some();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let of_files = files
        .map(|address| ["SVG", "CSV"].map(|kind| (kind, format!("{address}.{}{query}", kind.to_lowercase()))).to_vec())
        .or_else(|| drawing.map(|address| vec![("SVG", address)]));
    let links = of_files.map(|files| {
        files
            .into_iter()
            .map(|(kind, address)| {
                let label = format!("{of_links} as {kind}");
                view! { <a href=address aria-label=label>{kind}</a> }
            })
            .collect_view()
    });
    view! {
        <figure class=format!("chart {place}").trim_end().to_owned() id=id data-values=values data-stops=stops>
            <figcaption>
                <h3>{chart.title}</h3>
                <p>
                    <span id=finding_id>{finding}</span>
                    " "
                    <span id=note_id>
                        {keys
                            .into_iter()
                            .map(|(mark, word)| view! { <span class=format!("key {mark}")></span> {word} " " })
                            .collect_view()}
                        {note}
                    </span>
                    {topic.map(|topic| view! { " " <GuideLink topic=topic/> })}
                </p>
                {links.map(|links| view! { <span class="files">{links}</span> })}
            </figcaption>
            {readout.then(|| view! { <p class="readout"></p> })}
            // The plot is replaced while a run goes on; what a person has the focus on is the frame around it.
            <div class="scan"><div class="plot" id=plot_id inner_html=plot></div></div>
            {table.map(|table| view! { <FigureTable table=table id=table_id title=title/> })}
        </figure>
    }
    .into_any()
}

#[component]
fn FigureTable(table: ChartTable, id: Option<String>, title: String) -> impl IntoView {
    let class = |column: usize| (column > 0).then_some("num");
    view! {
        <details id=id>
            <summary>{table.summary}</summary>
            <div class="wrap" role="region" tabindex="0" aria-label=format!("{title} as a table")>
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
