//! Searches, looked at.

use perflab_model::{
    capacity::{CapacityLevel, CapacitySearch, SearchRow, p95_limit_ms},
    id::SearchId,
    name::ProjectName,
    problem::{Problem, ProblemKind},
};

use super::answer::answer;
use crate::{Lab, trouble::Told as _};

/// Searches of a list.
const MAX_SEARCHES: u32 = 200;

impl Lab {
    /// A search with its runs and what they say.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn search(&self, address: &str) -> Result<CapacitySearch, Problem> {
        let id: SearchId = address.parse().map_err(|_| {
            let shown: String = address.chars().take(60).collect();
            Problem::new(
                ProblemKind::NotFound,
                "capacity.not_found",
                format!("There is no capacity search `{shown}`"),
                Some("Look for it in the list of searches".to_owned()),
            )
        })?;
        let search = self.stored_search(id).await?;
        let levels = self.db.search_levels(id).await.told()?;
        let request = &search.row.request;
        let said: Vec<_> = levels.iter().map(|level| (level.level, level.measured.as_ref())).collect();
        let answer = answer(request, &search.frozen.rules, &said, search.row.conclusion.as_ref());
        let mut limits_ms: Vec<f64> = Vec::new();
        for limit in search.frozen.rules.iter().filter_map(|rule| p95_limit_ms(&rule.threshold)) {
            if !limits_ms.contains(&limit) {
                limits_ms.push(limit);
            }
        }
        let shown = levels
            .iter()
            .zip(&answer.at)
            .enumerate()
            .map(|(index, (level, at))| {
                let measured = level.measured.as_ref();
                CapacityLevel {
                    step: level.step,
                    level: level.level,
                    again: levels.iter().take(index).any(|earlier| earlier.level == level.level),
                    run: level.run,
                    number: level.number,
                    state: level.state,
                    outcome: measured.map(|one| one.outcome),
                    reason: measured.and_then(|one| one.reason.clone()),
                    validity: measured.and_then(|one| one.validity),
                    samples: at.samples,
                    p95_ms: at.p95_ms,
                    p95_interval_ms: at.p95_interval_ms,
                    rate_per_s: measured.and_then(|one| one.rate_per_s),
                    error_rate: measured
                        .filter(|one| one.finished > 0)
                        .map(|one| one.failed as f64 / one.finished as f64),
                    dropped_share: measured.and_then(|one| one.dropped_share),
                    degradation: at.degradation,
                }
            })
            .collect();
        Ok(CapacitySearch {
            sentence: answer.sentence,
            gate: answer.gate,
            levels: shown,
            reference: answer.reference,
            ledger: answer.ledger,
            law: answer.law,
            limits_ms,
            longest: search.frozen.longest,
            row: search.row,
        })
    }

    /// The newest searches, of a project or of all.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer.
    pub async fn searches(&self, project: Option<&ProjectName>) -> Result<Vec<SearchRow>, Problem> {
        let project = match project {
            Some(name) => Some(self.project(Some(name)).await?.0),
            None => None,
        };
        self.db.searches(project, MAX_SEARCHES).await.told()
    }
}
