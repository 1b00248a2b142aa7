//! Where to look when a case missed: what its suite says, else what usually is the cause at such a place.

use perflab_model::{
    bench::{Case, Operation},
    threshold::Measure,
};

/// Words in a case's name, and the places where its time usually goes.
const PLACES: [(&[&str], &[&str]); 3] = [
    (&["classif", "income", "profile", "tier"], &["profile loading", "threshold computation", "profile caching"]),
    (
        &["login", "auth", "password", "hash", "token", "jwt", "register", "registration"],
        &["password hash parameters", "the database query", "the network"],
    ),
    (&["query", "select", "insert", "transaction", "lookup", "database", "sql"], QUERIES),
];
const QUERIES: &[&str] = &["indexes", "execution plans", "connection pooling"];
const MEMORY: &[&str] = &["object life cycles", "garbage collection", "the strategy of caches"];

/// The places to look at, most likely first.
pub(crate) fn places(case: &Case, measure: Measure) -> Vec<String> {
    if !case.hints.is_empty() {
        return case.hints.clone();
    }
    let known: &[&str] = match measure {
        Measure::Memory | Measure::Allocations => MEMORY,
        Measure::ErrorRate => &["what went wrong in this case: each kind of error with an example"],
        _ => {
            let words = format!("{} {}", case.base, operations(case)).to_lowercase();
            let by_word = PLACES
                .iter()
                .find(|(known, _)| known.iter().any(|word| words.contains(word)))
                .map(|(_, places)| *places);
            let is_query = case.work.operations().iter().any(|operation| matches!(operation, Operation::Sql { .. }));
            match by_word {
                _ if is_query => QUERIES,
                Some(places) => places,
                None => &["how its time is spread over the samples", "an earlier run of the same case"],
            }
        }
    };
    known.iter().map(|place| (*place).to_owned()).collect()
}

/// The next step of a ledger: `Look at profile loading, threshold computation and profile caching`.
pub(crate) fn sentence(places: &[String]) -> String {
    match places {
        [] => "Look at what it does".to_owned(),
        [only] => format!("Look at {only}"),
        [first @ .., last] => format!("Look at {} and {last}", first.join(", ")),
    }
}

fn operations(case: &Case) -> String {
    let names = case.work.operations().into_iter().map(|operation| match operation {
        Operation::Builtin { name, .. } | Operation::Command { name, .. } => name.as_str(),
        Operation::Http { request, .. } => request.name.as_str(),
        Operation::Sql { .. } => "sql",
    });
    names.collect::<Vec<_>>().join(" ")
}
