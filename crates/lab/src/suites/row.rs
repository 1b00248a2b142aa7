//! A suite in a row, and what is wrong with a text.

use std::collections::BTreeMap;

use perflab_model::{
    suite::{Suite, SuiteErrors, SuiteKind},
    suites::{Checked, DataSet, SuiteRow, TextError},
};
use perflab_store::StoredSuite;

/// What a text would be as a suite, or what is wrong with it.
pub(super) fn checked(text: &str, files: &BTreeMap<String, String>, since_us: i64) -> Checked {
    match Suite::parse(text, files) {
        Ok(suite) => {
            let missing: Vec<TextError> = missing_files(text, files);
            Checked { suite: Some(row(&suite, suite.version_hash(), since_us)), errors: missing }
        }
        Err(errors) => Checked { suite: None, errors: errors.iter().map(TextError::from).collect() },
    }
}

/// Files that a text names and that are not there: it cannot be run without them.
fn missing_files(text: &str, files: &BTreeMap<String, String>) -> Vec<TextError> {
    let wanted = Suite::files_wanted(text).unwrap_or_default();
    wanted
        .into_iter()
        .filter(|name| !files.contains_key(name))
        .map(|name| TextError {
            line: 0,
            column: 0,
            field: "feeds".to_owned(),
            message: format!("the file `{name}` is not there"),
            hint: Some("bring it together with the suite".to_owned()),
        })
        .collect()
}

/// The row of a suite that can be used.
fn row(suite: &Suite, version: String, since_us: i64) -> SuiteRow {
    let (parts, rules) = match suite.kind() {
        SuiteKind::Load => {
            let scenarios = suite.scenarios();
            let names = scenarios.iter().map(|scenario| scenario.name.to_string()).collect();
            (names, scenarios.iter().map(|scenario| scenario.rules.len()).sum::<usize>())
        }
        SuiteKind::Benchmark => {
            let cases = suite.cases();
            let names = cases.iter().map(|case| case.case.name.to_string()).collect();
            (names, cases.iter().map(|case| case.rules.len()).sum::<usize>())
        }
    };
    SuiteRow {
        name: suite.name.clone(),
        title: suite.title.clone(),
        description: suite.description.clone(),
        kind: suite.kind(),
        version,
        since_us,
        parts,
        rules: rules as u64,
        problem: None,
    }
}

/// The row of a stored version. One that an earlier version of the lab took and this one cannot read says so.
pub(super) fn stored_row(stored: &StoredSuite) -> SuiteRow {
    match Suite::parse(&stored.text, &stored.files) {
        Ok(suite) => row(&suite, stored.sha256.clone(), stored.created_us),
        Err(errors) => SuiteRow {
            name: stored.name.clone(),
            title: None,
            description: None,
            kind: SuiteKind::Load,
            version: stored.sha256.clone(),
            since_us: stored.created_us,
            parts: Vec::new(),
            rules: 0,
            problem: Some(first(&errors)),
        },
    }
}

fn first(errors: &SuiteErrors) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default().trim().to_owned()
}

/// The files beside a suite.
pub(super) fn data_sets(files: &BTreeMap<String, String>) -> Vec<DataSet> {
    files
        .iter()
        .map(|(name, content)| DataSet {
            name: name.clone(),
            bytes: content.len() as u64,
            lines: content.lines().count() as u64,
        })
        .collect()
}
