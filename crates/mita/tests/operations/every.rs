//! Every operation of the catalogue.

use perflab_mita::operations::{AtHand, CATALOGUE};
use serde_json::json;

use crate::once::{check_quick, quick, times, try_times};

#[test]
fn every_operation_answers_rightly_by_itself() {
    for entry in CATALOGUE {
        let answers = check_quick(entry.name, &AtHand::default());
        assert!(answers.inputs.iter().all(|input| !input.is_empty()), "{}", entry.name);
    }
}

#[test]
fn every_operation_can_be_made_to_leak_and_to_dawdle() {
    for entry in CATALOGUE {
        let (mut parameters, expected) = quick(entry.name);
        parameters["leak_bytes"] = json!("64");
        parameters["extra_ms"] = json!(0.001);
        let answers = try_times(entry.name, parameters, &AtHand::default(), 1)
            .unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        for (field, value) in expected.as_object().expect("an object") {
            assert_eq!(answers.fields[0].get(field.as_str()), Some(value), "{}", entry.name);
        }
    }
}

#[test]
fn unknown_names_parameters_and_values_are_told_with_what_may_have_been_meant() {
    let refused = |name: &str, parameters| {
        let error = try_times(name, parameters, &AtHand::default(), 1).err().expect("it cannot be made ready");
        (error.code.to_string(), error.message)
    };
    let (code, message) = refused("auth.logn", json!({}));
    assert_eq!(code, "builtin.unknown");
    assert!(message.contains("did you mean `auth.login`?"), "{message}");
    let (code, message) = refused("auth.login", json!({"costs": 4}));
    assert_eq!(code, "builtin.parameter");
    assert!(message.contains("did you mean `cost`?") && message.contains("leak_bytes"), "{message}");
    let (_, message) = refused("auth.hash", json!({"cost": 40}));
    assert_eq!(message, "parameter `cost` of `auth.hash` must be a whole number from 4 to 16, not 40");
    let (_, message) = refused("money.sum", json!({"kind": "roman"}));
    assert_eq!(message, "parameter `kind` of `money.sum` must be one of decimal, float, not \"roman\"");
}

#[test]
fn the_leak_is_real() {
    let resident_kb = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it says so");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("a number")
    };
    // Held as long as the operation is, so the growth is read by an operation that leaks while it reads.
    let before = resident_kb();
    let answers = times("memory.settle", json!({"settle_ms": 0, "leak_bytes": 1 << 20}), 64);
    let last = answers.fields[63]["resident_mb"].as_f64().expect("a number");
    assert!(last * 1024.0 > before as f64 + 60.0 * 1024.0, "{last} MB after {before} KB");
}
