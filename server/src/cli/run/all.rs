//! `perflab run --all DIR`: every suite of a folder, those with critical cases first.
//!
//! Promise: no suite is skipped in silence. What was not run is named at the end with the reason, and a file that cannot be
//! read fails the whole.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use perflab_model::{
    name::ScenarioName,
    suite::{Suite, SuiteKind},
    verdict::Gate,
};

use super::{Orders, RunOptions, Wait, Wish, exit, local};
use crate::suite_file::{self, LoadedSuite};

/// What is asked of a folder.
pub(super) struct Folder<'a> {
    /// Where the suites lie.
    pub(super) folder: &'a Path,
    /// Which scenario of load suites.
    pub(super) scenario: &'a ScenarioName,
    /// The folder for the summary documents.
    pub(super) json: Option<&'a Path>,
    /// The rest.
    pub(super) options: &'a RunOptions,
}

/// A suite of the folder.
struct Found {
    path: PathBuf,
    loaded: LoadedSuite,
}

/// Runs them one after the other; the exit code is the worst of all.
pub(super) async fn run(folder: &Folder<'_>, orders: &mut Orders) -> anyhow::Result<u8> {
    let mut not_run: Vec<(PathBuf, String)> = Vec::new();
    let mut codes = Vec::new();
    let mut found = Vec::new();
    for path in suites(folder.folder)? {
        match suite_file::load(&path) {
            Ok(loaded) => match unfit(&loaded.suite, folder.scenario) {
                None => found.push(Found { path, loaded }),
                Some(reason) => not_run.push((path, reason)),
            },
            Err(error) => {
                codes.push(exit::USAGE);
                not_run.push((path, error.to_string()));
            }
        }
    }
    if found.is_empty() && not_run.is_empty() {
        eprintln!("there is no suite in {}: suites are files that end in .yaml or .yml", folder.folder.display());
        return Ok(exit::USAGE);
    }
    found.sort_by_key(|found| (!is_critical(&found.loaded.suite), found.path.clone()));
    if let Some(json) = folder.json {
        std::fs::create_dir_all(json)
            .with_context(|| format!("the folder {} for summaries cannot be made", json.display()))?;
    }
    let all = found.len();
    let mut told = Vec::new();
    for (index, Found { path, loaded }) in found.iter().enumerate() {
        if orders.borrow().is_some() {
            codes.push(exit::INCONCLUSIVE);
            not_run.push((path.clone(), "the runs were ended before its turn".to_owned()));
            continue;
        }
        eprintln!("\n{} of {all}: {}", index + 1, path.display());
        let document = folder.json.map(|json| json.join(format!("{}.json", loaded.suite.name)));
        let suite = path.to_string_lossy();
        let wish = Wish {
            suite: &suite,
            scenario: folder.scenario,
            json: document.as_deref(),
            wait: Wait::Always,
            options: folder.options,
        };
        let became = local::run(&wish, loaded, orders).await?;
        codes.push(became.code);
        match became.measured {
            Some(measured) => {
                let summary = measured.summary;
                told.push(format!("{}: {}: {}", loaded.suite.name, summary.verdict.word(), summary.sentence));
            }
            None => not_run.push((path.clone(), "it could not be begun; the reason stands above".to_owned())),
        }
    }
    println!("\n{} of {} suites were run", told.len(), told.len() + not_run.len());
    told.iter().for_each(|line| println!("  {line}"));
    for (path, reason) in &not_run {
        println!("  not run: {}: {reason}", path.display());
    }
    Ok(worst(&codes))
}

/// Files of the folder that suites are written in, by name.
fn suites(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let what = || format!("the folder {} cannot be read", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(what)? {
        let path = entry.with_context(what)?.path();
        if path.is_file() && path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Why a suite is left out.
fn unfit(suite: &Suite, scenario: &ScenarioName) -> Option<String> {
    if suite.kind() == SuiteKind::Benchmark || suite.scenario(scenario).is_some() {
        return None;
    }
    let known = suite.scenario_names().join(", ");
    Some(format!("it sends load, and has no scenario `{scenario}`; choose one of {known} with --scenario"))
}

fn is_critical(suite: &Suite) -> bool {
    suite.cases().iter().any(|one| one.case.critical)
}

/// The code that says the most: a missed limit, then what broke, then what stays open.
fn worst(codes: &[u8]) -> u8 {
    let order = [Gate::Fail.exit_code(), exit::ERROR, exit::USAGE, exit::WAITED, exit::INCONCLUSIVE];
    order.into_iter().find(|code| codes.contains(code)).unwrap_or(exit::OK)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all_well(&[0, 0], 0)]
    #[case::one_failed(&[0, 99, 3, 1], 99)]
    #[case::one_broke(&[0, 1, 3], 1)]
    #[case::one_could_not_be_read(&[0, 2, 3], 2)]
    #[case::one_is_open(&[0, 3], 3)]
    #[case::nothing(&[], 0)]
    fn a_folder_is_worth_its_worst_suite(#[case] codes: &[u8], #[case] code: u8) {
        assert_eq!(worst(codes), code);
    }

    #[test]
    fn only_suites_are_taken_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.yaml", "a.yml", "users.csv", "notes.md"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let names: Vec<String> = suites(folder.path())
            .expect("read")
            .iter()
            .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
            .collect();
        assert_eq!(names, ["a.yml", "b.yaml"]);
    }
}
