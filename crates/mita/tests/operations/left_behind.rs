//! Test data is gone when a case is over, whatever became of it.

use std::path::PathBuf;

use perflab_mita::operations::AtHand;
use serde_json::json;

use crate::once::try_times;

/// Files with data of operations that this process has open and that are still there: connections are closed by threads
/// of their own, a moment later.
fn files() -> Vec<PathBuf> {
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux");
    open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|path| path.to_string_lossy().contains("perflab-mita-") && path.exists())
        .collect()
}

#[test]
fn a_clean_up_succeeds_after_rows_were_added_and_users_registered() {
    for (name, parameters) in [
        ("db.insert", json!({"users": 60})),
        ("db.insert_batch", json!({"users": 60, "batch": 1000})),
        ("db.round", json!({"users": 60, "rows": 20})),
        ("auth.register", json!({"cost": 4})),
    ] {
        let answers = try_times(name, parameters, &AtHand::default(), 5).expect("ready");
        assert_eq!(answers.failures, Vec::<String>::new(), "{name}");
        assert_eq!(answers.cleaned, Ok(()), "{name}: as many rows as before");
    }
}

#[test]
fn an_operation_that_cannot_be_made_ready_leaves_nothing() {
    let error = try_times("db.lookup", json!({"users": 10, "user": 10}), &AtHand::default(), 1).err();
    assert!(error.is_some_and(|error| error.message.contains("must be less than the number of users")));
    assert_eq!(files(), Vec::<PathBuf>::new());
}
