//! `perflab suite check FILE…` and `perflab suite schema`.

use std::path::PathBuf;

use clap::Subcommand;

use super::exit;

/// Check a suite file, or print the schema of suites.
#[derive(Debug, Subcommand)]
pub(super) enum SuiteCommand {
    /// Say whether suite files can be used, and what in them cannot.
    Check {
        /// YAML files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of suite files, for editors.
    Schema,
}

pub(super) fn suite(command: SuiteCommand) -> anyhow::Result<u8> {
    match command {
        SuiteCommand::Check { files } => check(&files),
        SuiteCommand::Schema => {
            println!("{}", serde_json::to_string_pretty(&perflab_model::suite::schema())?);
            Ok(exit::OK)
        }
    }
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
