//! Performs an operation and gives back what it answered.

use std::collections::BTreeMap;

use perflab_mita::operations::{AtHand, NotReady, Operation, Ready, Receiver, find, prepare};
use serde_json::{Map, Value, json};

/// What came of performing an operation several times on one thread.
pub(crate) struct Answers {
    /// By field, each time.
    pub(crate) fields: Vec<BTreeMap<&'static str, Value>>,
    pub(crate) inputs: Vec<String>,
    pub(crate) failures: Vec<String>,
    /// What the clean-up said.
    pub(crate) cleaned: Result<(), String>,
}

struct Times(u64);

impl Receiver for Times {
    type Taken = Answers;

    fn take<O: Operation>(self, ready: Ready<O>) -> Result<Answers, NotReady> {
        let Ready { mut make, clean_up } = ready;
        let mut operation = make(0)?;
        drop(make);
        let mut answers = Answers { fields: Vec::new(), inputs: Vec::new(), failures: Vec::new(), cleaned: Ok(()) };
        for nth in 0..self.0 {
            match operation.perform(nth) {
                Ok(answer) => answers.fields.push(operation.fields(nth, &answer).into_iter().collect()),
                Err(failure) => answers.failures.push(failure.to_string()),
            }
            answers.inputs.push(operation.input(nth));
        }
        drop(operation);
        answers.cleaned = clean_up.map_or(Ok(()), |clean_up| clean_up());
        Ok(answers)
    }
}

fn object(parameters: Value) -> Map<String, Value> {
    parameters.as_object().cloned().unwrap_or_default()
}

pub(crate) fn try_times(name: &str, parameters: Value, at_hand: &AtHand, times: u64) -> Result<Answers, NotReady> {
    prepare(name, &object(parameters), at_hand, Times(times))
}

/// Performs an operation so many times.
pub(crate) fn times(name: &str, parameters: Value, times: u64) -> Answers {
    try_times(name, parameters, &AtHand::default(), times).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What must hold of the answer of an operation of this name with its defaults, and what makes it quick.
pub(crate) fn quick(name: &str) -> (Value, Value) {
    let database = json!({"users": 60, "rows": 30});
    match name {
        "auth.hash" => (json!({"cost": 4}), json!({"cost": 4, "hash": "valid"})),
        "auth.verify" => (json!({"cost": 4}), json!({"matches": true})),
        "auth.issue" => (json!({}), json!({"token": "valid", "scopes": 9, "seconds": 7200, "token_type": "access"})),
        "auth.validate" => (json!({}), json!({"token": "valid", "user_id": 50})),
        "auth.login" | "auth.register" => (json!({"cost": 4}), json!({"token": "valid", "refresh_token": "valid"})),
        "auth.revoked" => (json!({"revoked": true}), json!({"revoked": true})),
        "auth.track" => (json!({}), json!({"in_use": 1})),
        "auth.revoke_all" => (json!({"tokens": 101}), json!({"ended": 101, "refused": true})),
        "auth.token_round" => (json!({}), json!({"valid": 2})),
        "income.classify" | "income.cohort" | "income.register" => (json!({}), json!({"tier": "low"})),
        "income.cycle" => (json!({"profiles": 210}), json!({"as_measured": true})),
        "income.classify_bulk" => (
            json!({}),
            // The 35 incomes of California and Texas, and the first 30 of New York.
            json!({"items": 100, "as_measured": true, "low": 14, "lower_middle": 11, "middle": 18, "upper_middle": 22,
                "high": 35}),
        ),
        "income.near" => (json!({"income": 2850, "region": "US"}), json!({"is_near": true, "next": "lower_middle"})),
        "budget.generate" => (json!({}), json!({"groceries": 260.18, "coffee": 87.72, "lines": 11})),
        "money.sum" => (json!({}), json!({"total": "100.00", "is_exact": true})),
        "security.rate_limit" | "security.attempt" => (json!({}), json!({"allowed": true, "status": 200})),
        "security.legitimate" => (json!({}), json!({"blocked": 0})),
        "security.audit" => (json!({}), json!({"failed": 0})),
        "security.health" => (json!({}), json!({"status": "healthy"})),
        name if name.starts_with("security.") => {
            (json!({}), json!({"done": true, "revoked": false, "allowed": true, "audit_failed": 0}))
        }
        "cache.cycle" => (json!({}), json!({"hits": 100, "left": 50, "held_bytes": 51_200})),
        "cache.capped" => (json!({}), json!({"within_cap": true, "most_bytes": 65_536})),
        "cache.weak" => (json!({}), json!({"reached": 100, "retained": 0})),
        "memory.settle" => (json!({"settle_ms": 1}), json!({})),
        "memory.tasks" => (json!({}), json!({"done": 50})),
        "memory.threads" => (json!({}), json!({"done": 2000})),
        "memory.churn" => (json!({}), json!({"records": 1000})),
        "memory.burst" => (json!({}), json!({"done": 10})),
        "memory.buffers" => (json!({"pooled": true}), json!({"written_bytes": 409_600})),
        "db.lookup" => (database, json!({"found": true, "rows": 1})),
        "db.insert" => (database, json!({"rows": 1, "amount": 25.5})),
        "db.insert_batch" => (database, json!({"rows": 100})),
        "db.history" => {
            (json!({"users": 60, "rows": 30, "spread_days": 90}), json!({"rows": 30, "as_generated": true}))
        }
        "db.recent" => (database, json!({"rows": 20})),
        "db.category_sums" => (database, json!({"as_generated": true})),
        "db.analytics" => (database, json!({"rows": 30, "as_generated": true})),
        "db.visit" => (database, json!({"visits": 1})),
        "db.round" => (database, json!({"visits": 5})),
        "db.pool" => (database, json!({"sessions": 50})),
        "db.explain" => (database, json!({"uses_index": true})),
        other => panic!("`{other}` is in the catalogue and has no expected answer here"),
    }
}

/// Performs an operation as [`quick`] says and compares.
pub(crate) fn check_quick(name: &str, at_hand: &AtHand) -> Answers {
    let (parameters, expected) = quick(name);
    let answers = try_times(name, parameters, at_hand, 3).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(answers.failures, Vec::<String>::new(), "{name}");
    assert_eq!(answers.cleaned, Ok(()), "{name}");
    let entry = find(name).expect("it is in the catalogue");
    for fields in &answers.fields {
        for (field, value) in fields {
            assert!(entry.fields.contains(field), "{name} answers `{field}`, which its entry does not name");
            assert!(!value.is_object(), "{name}: `{field}` must be a plain value");
        }
    }
    // What changes from call to call is asked of the first only.
    let first = &answers.fields[0];
    for (field, value) in object(expected) {
        assert_eq!(first.get(field.as_str()), Some(&value), "{name}: `{field}` of {first:?}");
    }
    answers
}
