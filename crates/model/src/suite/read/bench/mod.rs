//! Benchmark suites: what is measured, how much of it, and what judges it.
//!
//! In:  a suite whose structure is right, each case with each combination of its matrix. Out: cases with their rules,
//! critical ones first, and budgets; or everything that is wrong with them.

mod budget;
mod case;
mod operation;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use super::{Benchmark, Checked, Reader, Shared, rules::ParsedRule};
use crate::{
    bench::Case,
    flow::FeedOrder,
    name::SuiteName,
    suite::{
        error::{Path, Problems},
        matrix::{self, Combined, MOST_CASES},
        raw::{RawBenchmark, RawCase},
    },
};

/// A case as it was read, its rules not yet held against the others.
struct CaseRead {
    case: Case,
    /// Its limits of the mean, as a rule.
    limits: Option<ParsedRule>,
    /// Its thresholds; nothing where those of the defaults hold.
    own: Option<Vec<ParsedRule>>,
}

pub(super) fn read(
    raw: RawBenchmark,
    written: Vec<(Combined, RawCase)>,
    name: &SuiteName,
    files: &BTreeMap<String, String>,
    problems: &mut Problems<'_>,
) -> Checked {
    let root = Path::default();
    let mut reader = Reader::new(problems, &raw.auth, Vec::new());
    let RawBenchmark { target, seed, tags, variables, feeds, auth, http, .. } = raw;
    let mut checked = reader.shared(Shared { target, seed, tags, variables, feeds, auth, http }, files);
    reader.refuse_rows_of_users();
    if written.is_empty() {
        let hint = Some("add at least one, such as `login: {operation: {builtin: auth.login}}`".to_owned());
        reader.problems.add(&root.key("cases"), "the suite has no cases", hint);
    }
    let defaults = raw.defaults.unwrap_or_default().terms;
    let default_rules = reader.parsed_rules(defaults.thresholds.clone(), &root.key("defaults").key("thresholds"));
    reader.check_defaults(&defaults);
    let mut all = Vec::new();
    let mut names = BTreeSet::new();
    for (combined, raw) in written {
        let path = root.key("cases").key(&combined.name);
        for one in reader.case(&combined, raw, &defaults, &path) {
            if !names.insert(one.case.name.clone()) {
                let message = format!("two cases have the name `{}`", one.case.name);
                reader.problems.add_at_key(&path, message, Some("look at the values of the matrix".to_owned()));
            }
            all.push(one);
        }
    }
    if all.len() > MOST_CASES {
        matrix::too_many(reader.problems);
        all.truncate(MOST_CASES);
    }
    let budgets = reader.budgets(raw.budgets, &all);
    let suite_rules = reader.parsed_rules(raw.thresholds, &root.key("thresholds"));
    let rules::Judged { mut cases, of_budgets } = reader.judged(all, name, &suite_rules, &default_rules, &budgets);
    // What decides is known first.
    cases.sort_by_key(|case| !case.case.critical);
    checked.feeds = std::mem::take(&mut reader.feeds);
    checked.benchmark = Some(Benchmark { cases, budgets, of_budgets });
    reader.check_variables(&checked);
    checked
}

impl Reader<'_, '_> {
    /// Rows for one user each: a case has threads, which come again in every case.
    fn refuse_rows_of_users(&mut self) {
        let unique: Vec<String> =
            self.feeds.values().filter(|feed| feed.order == FeedOrder::Unique).map(|feed| feed.name.clone()).collect();
        for feed in unique {
            let path = Path::default().key("feeds").key(&feed).key("order");
            let hint = Some("write `order: sequential` or `order: shuffle`".to_owned());
            self.problems.add(&path, "rows for one user each belong to suites with scenarios", hint);
        }
    }
}
