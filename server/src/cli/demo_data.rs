//! `perflab demo-data`: a year of runs that never were, for whoever wants to look at a history or to score a detector.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use perflab_lab::{DEMO_PROJECT, Lab};
use perflab_store::Db;

use super::{exit, serve};

/// Write a year of demo runs, with the truth about them, into an empty database.
///
/// The runs were never measured: they stand in a project of their own and carry the tag `demo`. Beside them goes a file
/// that says which changes were planted where; `perflab stats recall` reads it.
#[derive(Debug, Args)]
pub(super) struct DemoDataArgs {
    /// Where the lab keeps its database, as for `perflab serve`.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// A Postgres database instead.
    #[arg(long, env = "PERFLAB_DATABASE", value_name = "URL")]
    database: Option<String>,
    /// What the history is made of: the same number gives the same runs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the truth goes; into the data directory where nothing is said.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

pub(super) fn demo_data(args: &DemoDataArgs) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        std::fs::create_dir_all(&args.data_dir).with_context(|| format!("cannot make {}", args.data_dir.display()))?;
        // A lab that runs on the same file would not expect its runs to grow by a year.
        let (url, _alone) = match &args.database {
            Some(url) => (url.clone(), None),
            None => (serve::sqlite_url(&args.data_dir)?, Some(serve::alone(&args.data_dir)?)),
        };
        let db = Db::open(&url).await.context("the database cannot be opened")?;
        let truth = match Lab::new(db).fill_demo(args.seed).await {
            Ok(truth) => truth,
            Err(problem) => {
                eprintln!("{}", problem.message);
                if let Some(hint) = problem.hint {
                    eprintln!("  {hint}");
                }
                return Ok(exit::ERROR);
            }
        };
        let file = args.truth.clone().unwrap_or_else(|| args.data_dir.join("demo-truth.json"));
        std::fs::write(&file, serde_json::to_vec_pretty(&truth)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        println!("{} runs in project `{DEMO_PROJECT}`; what was planted in them: {}", truth.runs, file.display());
        Ok(exit::OK)
    })
}
