//! The fault switches as a JSON document, and its checks.
//!
//! In:  JSON such as `{"stall": {"sleep_ms": 100, "period_ms": 10000, "freeze_ms": 1000}}`. Out: checked [`Faults`].

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// All switches. What is absent is off; `{}` is a healthy target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Only paths that begin so are affected; all paths (but the control paths) when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// Every draw (latencies, shares) follows from it and from the order of arrival.
    pub seed: u64,
    /// Answers come late, and now and then the whole service freezes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall: Option<Stall>,
    /// Requests queue for one server with a fixed service time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_at_a_time: Option<OneAtATime>,
    /// Time added to every answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// A share of answers is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Errors>,
    /// A share of requests has its connection reset instead of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets: Option<Share>,
    /// A share of requests is never answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang: Option<Share>,
    /// A share of bodies ends half way, at a closed connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated_body: Option<Share>,
    /// Bodies are sent a few bytes at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_body: Option<SlowBody>,
    /// Every answer is `503` with `X-Perflab-Stop: 1`: the target asks load generators to go away.
    pub stop: bool,
}

/// Every answer takes `sleep_ms`; each period begins with a freeze during which nothing is answered.
///
/// A request that arrives in a freeze waits for its end and then sleeps; requests that already sleep are unaffected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// How long each request sleeps.
    pub sleep_ms: f64,
    /// From the beginning of one freeze to that of the next.
    pub period_ms: f64,
    /// How long a freeze lasts.
    pub freeze_ms: f64,
    /// How far into a period the switch begins: 5000 means that the next freeze comes `period_ms - 5000` later.
    #[serde(default)]
    pub start_phase_ms: f64,
}

/// A server that works on one request at a time, first come, first served.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneAtATime {
    /// Service time of each request.
    pub service_ms: f64,
}

/// A distribution of added time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "distribution", rename_all = "snake_case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Constant {
        /// The time.
        ms: f64,
    },
    /// Anything between two limits, equally likely.
    Uniform {
        /// Least.
        min_ms: f64,
        /// Most.
        max_ms: f64,
    },
    /// Many short, few long.
    Exponential {
        /// Mean.
        mean_ms: f64,
    },
    /// The usual shape of answer times: a long right tail.
    Lognormal {
        /// Median.
        median_ms: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

/// Which share of requests is answered with which error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// 0.0 to 1.0.
    pub rate: f64,
    /// The status of the error, 400 to 599.
    #[serde(default = "internal_server_error")]
    pub status: u16,
}

fn internal_server_error() -> u16 {
    500
}

/// A share of requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// 0.0 to 1.0.
    pub rate: f64,
}

/// Bodies that trickle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowBody {
    /// Bytes sent at once.
    pub chunk_bytes: u32,
    /// Pause before each further chunk.
    pub every_ms: f64,
    /// Share of bodies that trickle.
    #[serde(default = "all")]
    pub rate: f64,
}

fn all() -> f64 {
    1.0
}

/// Why a document is no set of faults.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// Not JSON, or a key that does not exist.
    #[error("the faults are not understood: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A value that makes no sense.
    #[error("faults: `{field}` must be {expected}, not {got}")]
    Value {
        /// Where.
        field: &'static str,
        /// What would do.
        expected: &'static str,
        /// What was there.
        got: f64,
    },
}

/// The longest time any fault may add: more is a mistake of units.
const HOUR_MS: f64 = 3_600_000.0;

impl Faults {
    /// Checks every value.
    ///
    /// # Errors
    /// When a value is out of its range; the first one is named.
    pub fn check(&self) -> Result<(), FaultsError> {
        let value = |field, got: f64, fits: bool, expected| {
            if fits { Ok(()) } else { Err(FaultsError::Value { field, expected, got }) }
        };
        let time = |field, got: f64| value(field, got, (0.0..=HOUR_MS).contains(&got), "0 to 3600000 ms");
        let share = |field, got: f64| value(field, got, (0.0..=1.0).contains(&got), "a share, 0.0 to 1.0");

        if let Some(stall) = self.stall {
            time("stall.sleep_ms", stall.sleep_ms)?;
            time("stall.period_ms", stall.period_ms)?;
            value("stall.period_ms", stall.period_ms, stall.period_ms >= 1.0, "1 ms or more")?;
            let (freeze, phase) = (stall.freeze_ms, stall.start_phase_ms);
            value("stall.freeze_ms", freeze, freeze >= 0.0 && freeze < stall.period_ms, "less than the period")?;
            value("stall.start_phase_ms", phase, phase >= 0.0 && phase < stall.period_ms, "less than the period")?;
        }
        if let Some(server) = self.one_at_a_time {
            time("one_at_a_time.service_ms", server.service_ms)?;
        }
        match self.latency {
            None => {}
            Some(Latency::Constant { ms }) => time("latency.ms", ms)?,
            Some(Latency::Exponential { mean_ms }) => time("latency.mean_ms", mean_ms)?,
            Some(Latency::Uniform { min_ms, max_ms }) => {
                time("latency.min_ms", min_ms)?;
                time("latency.max_ms", max_ms)?;
                value("latency.max_ms", max_ms, max_ms >= min_ms, "at least min_ms")?;
            }
            Some(Latency::Lognormal { median_ms, sigma }) => {
                time("latency.median_ms", median_ms)?;
                value("latency.sigma", sigma, (0.0..=5.0).contains(&sigma), "0.0 to 5.0")?;
            }
        }
        if let Some(errors) = self.errors {
            share("errors.rate", errors.rate)?;
            let status = errors.status;
            value("errors.status", f64::from(status), (400..=599).contains(&status), "400 to 599")?;
        }
        for (field, fault) in
            [("resets.rate", self.resets), ("hang.rate", self.hang), ("truncated_body.rate", self.truncated_body)]
        {
            if let Some(fault) = fault {
                share(field, fault.rate)?;
            }
        }
        if let Some(slow) = self.slow_body {
            value("slow_body.chunk_bytes", f64::from(slow.chunk_bytes), slow.chunk_bytes > 0, "1 or more")?;
            time("slow_body.every_ms", slow.every_ms)?;
            share("slow_body.rate", slow.rate)?;
        }
        Ok(())
    }
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(json: &str) -> Result<Self, FaultsError> {
        let faults: Self = serde_json::from_str(json)?;
        faults.check()?;
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn an_empty_document_is_a_healthy_target() {
        assert_eq!("{}".parse::<Faults>().ok(), Some(Faults::default()));
    }

    #[rstest]
    #[case(r#"{"stal": {}}"#, "stal")]
    #[case(r#"{"errors": {"rate": 1.5}}"#, "errors.rate")]
    #[case(r#"{"errors": {"rate": 0.5, "status": 200}}"#, "errors.status")]
    #[case(r#"{"stall": {"sleep_ms": 1, "period_ms": 10, "freeze_ms": 10}}"#, "stall.freeze_ms")]
    #[case(r#"{"stall": {"sleep_ms": 1, "period_ms": 10, "freeze_ms": 1, "start_phase_ms": 10}}"#, "start_phase_ms")]
    #[case(r#"{"latency": {"distribution": "uniform", "min_ms": 5, "max_ms": 4}}"#, "latency.max_ms")]
    #[case(r#"{"latency": {"distribution": "constant", "ms": -1}}"#, "latency.ms")]
    #[case(r#"{"slow_body": {"chunk_bytes": 0, "every_ms": 1}}"#, "slow_body.chunk_bytes")]
    fn a_wrong_switch_is_named(#[case] json: &str, #[case] named: &str) {
        let error = json.parse::<Faults>().expect_err("wrong");
        assert!(error.to_string().contains(named), "{error}");
    }
}
