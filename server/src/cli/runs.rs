//! `perflab runs`: the list of runs of a lab.

use anyhow::Context as _;
use clap::Args;
use comfy_table::{Cell, CellAlignment, Table, presets};
use perflab_model::{display, name::ProjectName, view::RunsPage};
use url::Url;

use super::{exit, run};

/// List the runs of a lab.
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    /// The lab.
    #[arg(long, env = "PERFLAB_SERVER", value_name = "URL", default_value = "http://127.0.0.1:7080")]
    server: Url,
    /// Which runs, e.g. `env:staging verdict:critical mobile`.
    query: Vec<String>,
    /// The project; all where nothing is said.
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,
    /// How many.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn runs(args: RunsArgs) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut url = run::endpoint(&args.server, &["api", "v1", "runs"])?;
        url.query_pairs_mut().append_pair("q", &args.query.join(" ")).append_pair("limit", &args.limit.to_string());
        if let Some(project) = &args.project {
            url.query_pairs_mut().append_pair("project", project.as_str());
        }
        let reply = run::client()?
            .get(url)
            .timeout(run::ANSWER_WITHIN)
            .send()
            .await
            .with_context(|| format!("the lab at {} does not answer", args.server))?;
        if !reply.status().is_success() {
            eprintln!("{}", run::problem(reply).await);
            return Ok(exit::ERROR);
        }
        let page: RunsPage = reply.json().await.context("the lab's answer cannot be read")?;
        for warning in &page.warnings {
            eprintln!("{warning}");
        }
        if args.json {
            println!("{}", serde_json::to_string_pretty(&page)?);
        } else if page.rows.is_empty() {
            println!("{}", if page.any { "No run fits." } else { "No run yet." });
        } else {
            println!("{}", table(&page));
        }
        Ok(exit::OK)
    })
}

fn table(page: &RunsPage) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["#", "Verdict", "Scenario", "Environment", "Revision", "Load", "Started", "Requests", "p95, ms"]);
    for row in &page.rows {
        let verdict = row.verdict.map_or(row.state.word(), perflab_model::verdict::Verdict::word);
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), display::number);
        table.add_row(vec![
            Cell::new(row.number).set_alignment(CellAlignment::Right),
            Cell::new(verdict),
            Cell::new(format!("{} {}", row.suite, row.scenario)),
            Cell::new(&row.environment),
            Cell::new(&row.revision),
            Cell::new(&row.load),
            Cell::new(display::clock(row.started_us.unwrap_or(row.created_us), true)),
            Cell::new(row.headline.map_or_else(|| "–".to_owned(), |headline| display::count(headline.finished)))
                .set_alignment(CellAlignment::Right),
            Cell::new(number(row.headline.and_then(|headline| headline.p95_ms))).set_alignment(CellAlignment::Right),
        ]);
    }
    table
}
