//! How two versions of a suite differ, line by line.

use perflab_model::suites::{DiffChange, DiffLine, TextDifference};
use perflab_store::StoredSuite;
use similar::{ChangeTag, TextDiff};

/// Lines that are the same around each change.
const AROUND: usize = 3;

/// What the newer version changed.
pub(super) fn difference(older: &StoredSuite, newer: &StoredSuite) -> TextDifference {
    let mut files: Vec<String> = older
        .files
        .keys()
        .chain(newer.files.keys())
        .filter(|name| older.files.get(*name) != newer.files.get(*name))
        .cloned()
        .collect();
    files.sort();
    files.dedup();
    TextDifference { version: older.sha256.clone(), lines: lines(&older.text, &newer.text), files }
}

fn lines(older: &str, newer: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(older, newer);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if at > 0 {
            lines.push(DiffLine { change: DiffChange::Gap, number: None, text: String::new() });
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (kind, index) = match change.tag() {
                ChangeTag::Equal => (DiffChange::Same, change.new_index()),
                ChangeTag::Insert => (DiffChange::Added, change.new_index()),
                ChangeTag::Delete => (DiffChange::Removed, change.old_index()),
            };
            lines.push(DiffLine {
                change: kind,
                number: index.map(|index| index as u64 + 1),
                text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
            });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_stands_with_its_neighbours_and_what_is_far_away_is_left_out() {
        let older: String = (1..=30).map(|n| format!("line {n}\n")).collect();
        let newer = older.replace("line 10\n", "line ten\n").replace("line 29\n", "");
        let told = lines(&older, &newer);
        let of = |change| {
            told.iter().filter(|line| line.change == change).map(|line| line.text.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of(DiffChange::Removed), ["line 10", "line 29"]);
        assert_eq!(of(DiffChange::Added), ["line ten"]);
        assert_eq!(of(DiffChange::Gap).len(), 1);
        assert!(!told.iter().any(|line| line.text == "line 20"));
    }

    #[test]
    fn texts_that_are_the_same_have_no_difference() {
        assert!(lines("a\nb\n", "a\nb\n").is_empty());
    }
}
