//! Test data is gone when a case is over, whatever became of it.

use perflab_mita::operations::AtHand;
use serde_json::json;

use crate::once::try_times;

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
fn an_operation_that_cannot_be_made_ready_says_why() {
    let error = try_times("db.lookup", json!({"users": 10, "user": 10}), &AtHand::default(), 1).err();
    assert!(error.is_some_and(|error| error.message.contains("must be less than the number of users")));
}
