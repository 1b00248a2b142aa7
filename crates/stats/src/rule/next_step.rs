//! What to do about a rule that is not met: the next step that stands under every red line.

use perflab_model::{plan::Rule, threshold::Measure};

use super::gathered::is_time;

/// Words in a request's, flow's or case's name, and where to look when it is slow.
const PLACES: [(&[&str], &str); 4] = [
    (
        &["login", "auth", "token", "password", "register", "refresh"],
        "Look at the cost of the password hash, then at the database query and the network",
    ),
    (
        &["classif", "income", "profile"],
        "Look at profile loading, threshold computation and whether profiles are cached",
    ),
    (&["memory", "leak"], "Look at object life cycles, garbage collection and the size of caches"),
    (
        &["transaction", "expense", "budget", "goal", "list", "query", "search", "insert", "dashboard", "installment"],
        "Look at the database first: missing indexes, execution plans, connection pooling",
    ),
];

/// The next step for a broken rule.
pub(super) fn for_broken(rule: &Rule, subject: Option<&str>) -> String {
    let measure = rule.threshold.measure;
    let step = match measure {
        Measure::Lag | Measure::Late => {
            "See whether the generator was too slow (its signals say so), or starts waited for a slot: then the target \
             kept all slots busy"
        }
        _ if is_time(measure) => {
            let name = subject.unwrap_or_default().to_lowercase();
            return PLACES
                .iter()
                .find(|(words, _)| words.iter().any(|word| name.contains(word)))
                .map_or(
                    "Compare the endpoints: begin with the slowest, its database queries (indexes, execution plans, \
                     pooling) and what it waits for",
                    |(_, step)| step,
                )
                .to_owned();
        }
        Measure::ErrorRate => {
            "Look at the errors of this run: code, request, first and last second, and an example of each"
        }
        Measure::Checks => "Look at the errors named check.* for what the answers lacked",
        Measure::Throughput => {
            "See whether latency rose when the rate stopped rising: then the target is saturated, else ask for more load"
        }
        Measure::Dropped => {
            "The target kept all slots busy: lower the rate, or raise max_in_flight if it may hold more"
        }
        Measure::Iterations => "See whether errors end iterations early, or raise users, rate or duration",
        Measure::Users => "See the log for users that stopped: failed log-ins and used-up feeds stop them",
        Measure::Memory | Measure::Allocations => {
            "Look at object life cycles, garbage collection and the size of caches"
        }
        _ => "Compare with an earlier run to see when it changed",
    };
    step.to_owned()
}

/// The next step for a rule that had nothing to judge.
pub(super) const fn for_nothing(rule: &Rule) -> &'static str {
    if rule.threshold.at.is_some() {
        return "The run never stood at that load: add a stage that holds it";
    }
    match rule.threshold.measure {
        Measure::Lag => "Lag exists in open runs only: take the rule out, or use an executor with a rate",
        Measure::Checks => "Give the flow's requests checks, or take the rule out",
        _ => "Make the run longer or the load higher, and see whether every request failed",
    }
}
