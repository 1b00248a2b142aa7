//! What the bench has measured, as it is kept in `target/bench` and as the page is made from it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Where it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) cores: usize,
    pub(super) memory_gib: f64,
    pub(super) kernel: String,
    /// Processes that wanted a core before the bench began, averaged over a minute.
    pub(super) load_before: f64,
    pub(super) commit: String,
    pub(super) measured_at: String,
    /// Tools with their versions.
    pub(super) versions: Vec<(String, String)>,
}

/// perflab beside other tools.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Comparison {
    pub(super) machine: Machine,
    pub(super) connections: u32,
    pub(super) seconds: u64,
    pub(super) rounds: Vec<Round>,
    /// Fixed rates of the open executor.
    pub(super) half: Vec<Steady>,
    pub(super) steady: Option<Steady>,
    pub(super) stalled: Vec<Stalled>,
    /// Tools that could not be had, with the reason.
    pub(super) left_out: Vec<(String, String)>,
}

/// One tool in one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) number: u32,
    pub(super) tool: String,
    pub(super) requests_per_s: f64,
    pub(super) failed: u64,
    /// Cores that the tool's processes kept busy; nothing where the round was too short to tell.
    pub(super) cores: Option<f64>,
}

impl Round {
    /// Time on a processor for each request, in µs.
    pub(super) fn cpu_us(&self) -> Option<f64> {
        let cores = self.cores.filter(|_| self.requests_per_s > 0.0)?;
        Some(cores * 1e6 / self.requests_per_s)
    }
}

/// A fixed rate of the open executor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Steady {
    pub(super) rate: f64,
    pub(super) seconds: u64,
    pub(super) planned: u64,
    pub(super) finished: u64,
    pub(super) dropped: u64,
    pub(super) failed: u64,
    pub(super) late: u64,
    pub(super) lag_p50_ms: Option<f64>,
    pub(super) lag_p99_ms: Option<f64>,
    pub(super) lag_max_ms: Option<f64>,
    pub(super) cores: Option<f64>,
}

/// What one tool says of the target that stands still for one second in ten.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stalled {
    pub(super) tool: String,
    /// At a planned rate, or by users.
    pub(super) how: String,
    pub(super) seconds: u64,
    pub(super) requests: u64,
    pub(super) p50_ms: Option<f64>,
    pub(super) p95_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) p999_ms: Option<f64>,
}

/// A long run through a lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Soak {
    pub(super) machine: Machine,
    pub(super) rate: f64,
    pub(super) seconds: u64,
    pub(super) planned: u64,
    pub(super) finished: u64,
    pub(super) dropped: u64,
    pub(super) failed: u64,
    pub(super) late: u64,
    pub(super) lag_p99_ms: Option<f64>,
    pub(super) lag_max_ms: Option<f64>,
    pub(super) runner: Memory,
    pub(super) lab: Memory,
    pub(super) live: Live,
}

/// Memory of a process over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Mean of the first minute, in MiB.
    pub(super) first_minute_mib: Option<f64>,
    /// Mean of the last minute, in MiB.
    pub(super) last_minute_mib: Option<f64>,
    pub(super) peak_mib: Option<f64>,
    /// By least squares over all that came after the first minute.
    pub(super) slope_mib_per_h: Option<f64>,
    pub(super) cores: Option<f64>,
    /// Seconds since the first look, and MiB.
    pub(super) samples: Vec<(f64, f64)>,
}

/// How the live data kept up: from the end of a second to a reader of the event stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Live {
    /// Seconds that were told.
    pub(super) told: usize,
    /// Numbers of seconds that were never told.
    pub(super) missing: usize,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) max_ms: Option<f64>,
}

/// Keeps a document.
pub(super) fn keep(path: &Path, document: &impl Serialize) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, serde_json::to_string_pretty(document)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A document that was kept; nothing where there is none.
pub(super) fn kept<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let document = serde_json::from_str(&text)
        .with_context(|| format!("{} is of another version: measure again", path.display()))?;
    Ok(Some(document))
}

/// The value below which that share of the values lies (nearest rank).
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| quantile(&values, share)), [1.0, 3.0, 5.0, 5.0].map(Some));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
