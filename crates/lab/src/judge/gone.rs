//! The one rule that nobody has to write: a target answers until the end.
//!
//! A target that answers and then goes away for good has failed, however small a share of all requests that makes: users
//! pause after a refused connection, so there are few requests left to fail. The rule stands in the ledger only when it
//! is broken; a run of which nothing was asked stays one of which nothing was asked.

use perflab_model::{
    display::count,
    threshold::Level,
    verdict::{Gate, LedgerRow},
};
use perflab_stats::Gone;

/// How the ledger calls the rule.
const RULE: &str = "target answers until the end";
/// Where it was written: nowhere.
const SOURCE: &str = "built in";

/// The broken rule.
pub(super) fn row(gone: &Gone) -> LedgerRow {
    let (silent, limit) = (f64::from(gone.seconds), f64::from(gone.limit));
    LedgerRow {
        rule: RULE.to_owned(),
        source: SOURCE.to_owned(),
        level: Level::Fail,
        scope: None,
        value: Some(silent),
        unit: "s".to_owned(),
        interval: None,
        limit,
        max: None,
        op: "<".to_owned(),
        samples: gone.failures,
        baseline: None,
        waiver: None,
        outcome: Gate::Fail,
        margin_percent: Some((silent - limit) / limit * 100.0),
        breach_seconds: 0,
        reason: Some(format!(
            "nothing was answered in the last {} s of the load, and {} requests failed meanwhile (mostly {})",
            gone.seconds,
            count(gone.failures),
            gone.code
        )),
        next: Some("See the target's log and memory at that moment: it crashed, was stopped or hung".to_owned()),
    }
}
