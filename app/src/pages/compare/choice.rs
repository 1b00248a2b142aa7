//! What is compared, as it stands in addresses.
//!
//! In:  the query of `/compare`: `runs=12,13+14`, or `run=12&run=13` as the list of runs sends it. Out: a [`CompareQuery`],
//! and the way back. Promise: an address that [`address`] makes is read as the question that it was made of.

use perflab_model::{
    compare::{CompareQuery, Show, With},
    problem::{Problem, ProblemKind},
};

use crate::components::encoded;

/// Reads the query of the page. `every` gives all values of a name.
pub(super) fn read(every: impl Fn(&str) -> Vec<String>) -> Result<CompareQuery, Problem> {
    let first = |name: &str| every(name).into_iter().find(|value| !value.trim().is_empty());
    let runs = every("runs").into_iter().chain(every("run")).filter(|run| !run.trim().is_empty());
    Ok(CompareQuery {
        runs: runs.collect::<Vec<_>>().join(","),
        reference: first("reference")
            .map(|place| place.trim().parse().map_err(|_| wrong("reference", &place, "the place of a group: 1, 2 …")))
            .transpose()?,
        with: first("with")
            .map(|with| With::from_code(&with).ok_or_else(|| wrong("with", &with, "previous or baseline")))
            .transpose()?,
        show: first("show")
            .map(|show| Show::from_code(&show).ok_or_else(|| wrong("show", &show, "all, worse or raw")))
            .transpose()?,
    })
}

fn wrong(name: &str, value: &str, known: &str) -> Problem {
    let shown: String = value.chars().take(40).collect();
    Problem::new(
        ProblemKind::Unreadable,
        "query.unreadable",
        format!("`{name}` cannot be `{shown}`"),
        Some(format!("It is {known}")),
    )
}

/// The question as the query of the page and of its files.
pub(super) fn address(query: &CompareQuery) -> String {
    // Commas may stand as they are; a bare plus would arrive as a space, which is read as well.
    let runs = encoded(&query.runs).replace("%2C", ",");
    [
        Some(format!("runs={runs}")),
        query.reference.map(|place| format!("reference={place}")),
        query.with.map(|with| format!("with={}", with.code())),
        query.show.map(|show| format!("show={}", show.code())),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("&")
}

#[cfg(test)]
mod tests {
    use leptos_router::location::Url;

    use super::*;

    fn read_address(address: &str) -> Result<CompareQuery, Problem> {
        read(|name| {
            address
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .filter(|(known, _)| *known == name)
                .map(|(_, value)| Url::unescape(value))
                .collect()
        })
    }

    #[test]
    fn an_address_brings_the_question_back() {
        let query =
            CompareQuery { runs: "12,13+14".to_owned(), reference: Some(2), with: None, show: Some(Show::Worse) };
        assert_eq!(read_address(&address(&query)), Ok(query));
    }

    #[test]
    fn runs_that_were_ticked_in_the_list_are_read_in_their_order() {
        let read = read_address("run=14&run=12").map(|query| query.runs);
        assert_eq!(read.as_deref(), Ok("14,12"));
    }

    #[test]
    fn a_word_that_is_none_is_refused() {
        assert_eq!(read_address("runs=1,2&show=some").map_err(|problem| problem.kind.status()), Err(400));
        assert_eq!(read_address("runs=1,2&reference=b").map_err(|problem| problem.kind.status()), Err(400));
    }
}
