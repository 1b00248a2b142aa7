//! `perflab suite check FILE…`, `perflab suite push FILE…` and `perflab suite schema`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use perflab_model::suite::SuiteCase;
use perflab_model::{
    name::ProjectName,
    suites::{Pushed, SuiteText},
};
use url::Url;

use super::{exit, run};

/// Check a suite file, or print the schema of suites.
#[derive(Debug, Subcommand)]
pub(super) enum SuiteCommand {
    /// Say whether suite files can be used, and what in them cannot.
    Check {
        /// YAML files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Make suite files the newest versions of their suites in a lab.
    Push {
        /// YAML files; the data sets that they name are read from beside them.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The lab.
        #[arg(long, env = "PERFLAB_SERVER", value_name = "URL", default_value = "http://127.0.0.1:7080")]
        server: Url,
        /// The project; the only one where nothing is said.
        #[arg(long, value_name = "NAME")]
        project: Option<ProjectName>,
    },
    /// Print the JSON Schema of suite files, for editors.
    Schema,
}

pub(super) fn suite(command: SuiteCommand) -> anyhow::Result<u8> {
    match command {
        SuiteCommand::Check { files } => check(&files),
        SuiteCommand::Push { files, server, project } => {
            super::logging::start(super::logging::LogFormat::Text, "warn");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(push(&files, &server, project.as_ref()))
        }
        SuiteCommand::Schema => {
            println!("{}", serde_json::to_string_pretty(&perflab_model::suite::schema())?);
            Ok(exit::OK)
        }
    }
}

/// Pushes one file after the other; one that is wrong, or that the lab refuses, keeps no other from being pushed.
async fn push(files: &[PathBuf], server: &Url, project: Option<&ProjectName>) -> anyhow::Result<u8> {
    let mut code = exit::OK;
    for path in files {
        let loaded = match crate::suite_file::load(path) {
            Ok(loaded) => loaded,
            Err(error) => {
                eprintln!("{error}");
                code = exit::USAGE;
                continue;
            }
        };
        let name = loaded.suite.name.to_string();
        let body = SuiteText { project: project.cloned(), text: loaded.text, files: loaded.files };
        let reply = run::client()?
            .put(run::endpoint(server, &["api", "v1", "suites", &name])?)
            .json(&body)
            .timeout(run::ANSWER_WITHIN)
            .send()
            .await
            .with_context(|| format!("the lab at {server} does not answer"))?;
        if !reply.status().is_success() {
            let problem = run::problem(reply).await;
            eprint!("{}: ", path.display());
            code = code.max(run::refused(&problem));
            continue;
        }
        let pushed: Pushed = reply.json().await.context("the lab's answer cannot be read")?;
        let version: String = pushed.version.chars().take(7).collect();
        let what = if pushed.changed { "is the newest version now" } else { "was the newest version already" };
        println!("{}: {version} of suite {} {what}", path.display(), pushed.name);
    }
    Ok(code)
}

/// `1 thread`, `5 threads`.
fn threads(number: u32) -> String {
    format!("{number} thread{}", if number == 1 { "" } else { "s" })
}

fn check(files: &[PathBuf]) -> anyhow::Result<u8> {
    let mut wrong = false;
    for path in files {
        match crate::suite_file::load(path) {
            Ok(loaded) => {
                println!(
                    "{}: suite {}, version {}",
                    path.display(),
                    loaded.suite.name,
                    &loaded.suite.version_hash()[..7]
                );
                for SuiteCase { case, rules } in loaded.suite.cases() {
                    println!(
                        "  {:<32} {:<16} {:<12} {} {}",
                        case.name.to_string(),
                        case.amount_text(),
                        threads(case.concurrency),
                        rules.len(),
                        if rules.len() == 1 { "rule" } else { "rules" },
                    );
                }
                for scenario in loaded.suite.scenarios() {
                    println!(
                        "  {:<14} {:<16} {:<24} {} {}",
                        scenario.name.to_string(),
                        scenario.executor,
                        scenario.load.summary(),
                        scenario.rules.len(),
                        if scenario.rules.len() == 1 { "rule" } else { "rules" },
                    );
                }
            }
            Err(error) => {
                wrong = true;
                eprintln!("{error}");
            }
        }
    }
    Ok(if wrong { exit::USAGE } else { exit::OK })
}
