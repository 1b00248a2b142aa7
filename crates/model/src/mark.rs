//! Marks of a run: what a reader of any of its reports must know of how it was allowed. They follow from the plan, so that
//! no report can leave them out.

use serde::{Deserialize, Serialize};

use crate::{order::RateChange, plan::Plan};

/// One such thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mark {
    /// A stable word: `vouched`, `tls_unverified`, `rate_adjusted`.
    pub code: String,
    /// What it means, a sentence with the name of who decided it.
    pub message: String,
}

impl Mark {
    /// What a reader must know of a run whose rate a person changed.
    pub fn of_changes(changes: &[RateChange]) -> Option<Self> {
        let (first, last) = (changes.first()?, changes.last()?);
        let message = match changes.len() {
            1 => format!("Rate adjusted by hand: no baseline. {} by {}.", first.told(), first.asked_by),
            many => format!(
                "Rate adjusted by hand: no baseline. {many} changes, the first {}, the last {}.",
                first.told(),
                last.told()
            ),
        };
        Some(Self { code: "rate_adjusted".to_owned(), message })
    }
}

impl Plan {
    /// What its reports must say of how it was allowed; nothing of most runs.
    pub fn marks(&self) -> Vec<Mark> {
        let environment = &self.environment;
        let mut marks = Vec::new();
        if let Some(word) = environment.unverified_tls.as_ref().filter(|_| !self.verifies_tls()) {
            let message = format!(
                "Certificates were not verified: whoever stands between could have answered. Decided by {} ({}).",
                word.by, word.reason
            );
            marks.push(Mark { code: "tls_unverified".to_owned(), message });
        }
        if let Some(word) = &environment.vouched {
            let message = format!(
                "Its targets were not asked whether they agree to load: {} vouched for environment {} ({}).",
                word.by, environment.name, word.reason
            );
            marks.push(Mark { code: "vouched".to_owned(), message });
        }
        marks
    }
}
