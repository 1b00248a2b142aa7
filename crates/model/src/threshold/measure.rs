//! What the measures and stats of rules are called, what they are counted in, and which way is better.

use super::{Measure, Stat};

/// What a value of a measure is counted in. Results and limits are kept in the base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Seconds.
    Time,
    /// A share, 0 to 1 (a slowdown may be more).
    Share,
    /// Bytes, or bytes an operation for a slope.
    Bytes,
    /// A second.
    PerSecond,
    /// A plain number.
    Count,
}

impl Dimension {
    /// The unit of screens and ledgers.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Time => "ms",
            Self::Share => "%",
            Self::Bytes => "MB",
            Self::PerSecond => "/s",
            Self::Count => "",
        }
    }

    /// How many of [`Dimension::unit`] make one base unit: shown = base × scale.
    pub const fn scale(self) -> f64 {
        match self {
            Self::Time => 1e3,
            Self::Share => 1e2,
            Self::Bytes => 1.0 / (1024.0 * 1024.0),
            Self::PerSecond | Self::Count => 1.0,
        }
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither: it counts what happened.
    Neutral,
}

impl Measure {
    /// Every measure, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Latency,
        Self::Response,
        Self::Service,
        Self::Lag,
        Self::Ttfb,
        Self::ErrorRate,
        Self::Checks,
        Self::Throughput,
        Self::Iterations,
        Self::Dropped,
        Self::Late,
        Self::Users,
        Self::Memory,
        Self::Allocations,
        Self::Overhead,
        Self::Degradation,
    ];

    /// As it is written in rules.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Response => "response",
            Self::Service => "service",
            Self::Lag => "lag",
            Self::Ttfb => "ttfb",
            Self::ErrorRate => "error_rate",
            Self::Checks => "checks",
            Self::Throughput => "throughput",
            Self::Iterations => "iterations",
            Self::Dropped => "dropped",
            Self::Late => "late",
            Self::Users => "users",
            Self::Memory => "memory",
            Self::Allocations => "allocations",
            Self::Overhead => "overhead",
            Self::Degradation => "degradation",
        }
    }

    /// As it is called on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Latency => "Latency",
            Self::Response => "Response time",
            Self::Service => "Service time",
            Self::Lag => "Lag of starts",
            Self::Ttfb => "Time to first byte",
            Self::ErrorRate => "Error rate",
            Self::Checks => "Checks passed",
            Self::Throughput => "Throughput",
            Self::Iterations => "Iterations",
            Self::Dropped => "Dropped starts",
            Self::Late => "Late starts",
            Self::Users => "Users",
            Self::Memory => "Memory growth",
            Self::Allocations => "Allocations",
            Self::Overhead => "Overhead",
            Self::Degradation => "Degradation",
        }
    }

    /// The unit of screens for the measure's own stat: `ms`, `%`, `/s`, `MB` or nothing.
    pub const fn unit(self) -> &'static str {
        self.dimension(self.own_stat()).unit()
    }

    /// A value in the base unit as screens show it, number only: 0.2 s is 200 (ms).
    pub fn shown(self, base: f64) -> f64 {
        base * self.dimension(self.own_stat()).scale()
    }

    /// Which way is better.
    pub const fn direction(self) -> Direction {
        match self {
            Self::Checks | Self::Throughput => Direction::Higher,
            Self::Iterations | Self::Dropped | Self::Late | Self::Users => Direction::Neutral,
            _ => Direction::Lower,
        }
    }

    /// The stat of a rule that names none.
    pub const fn own_stat(self) -> Stat {
        match self {
            Self::Latency | Self::Response | Self::Service | Self::Lag | Self::Ttfb | Self::Allocations => Stat::Mean,
            Self::ErrorRate | Self::Checks | Self::Throughput => Stat::Rate,
            Self::Iterations | Self::Dropped | Self::Late => Stat::Count,
            Self::Users | Self::Overhead | Self::Degradation => Stat::Value,
            Self::Memory => Stat::Slope,
        }
    }

    /// What a value of this stat of the measure is counted in.
    pub const fn dimension(self, stat: Stat) -> Dimension {
        match (self, stat) {
            (Self::Latency | Self::Response | Self::Service | Self::Lag | Self::Ttfb | Self::Overhead, _) => {
                Dimension::Time
            }
            (Self::ErrorRate | Self::Checks | Self::Degradation, _) => Dimension::Share,
            (Self::Throughput, Stat::Count) => Dimension::Count,
            (Self::Throughput, _) | (Self::Iterations | Self::Dropped | Self::Late, Stat::Rate) => Dimension::PerSecond,
            (Self::Iterations | Self::Dropped | Self::Late | Self::Users | Self::Allocations, _) => Dimension::Count,
            (Self::Memory, _) => Dimension::Bytes,
        }
    }

    /// Whether the measure has this stat.
    pub const fn has(self, stat: Stat) -> bool {
        let of_samples = matches!(stat, Stat::Mean | Stat::Min | Stat::Max | Stat::Quantile(_) | Stat::Stddev);
        match self {
            Self::Latency | Self::Response | Self::Service | Self::Lag | Self::Ttfb => of_samples,
            Self::ErrorRate | Self::Checks => matches!(stat, Stat::Rate | Stat::Value),
            Self::Throughput => {
                matches!(stat, Stat::Rate | Stat::Count | Stat::Mean | Stat::Min | Stat::Max | Stat::Stddev)
            }
            Self::Iterations | Self::Dropped | Self::Late => matches!(stat, Stat::Count | Stat::Rate),
            Self::Users => matches!(stat, Stat::Value | Stat::Mean | Stat::Min | Stat::Max),
            Self::Memory | Self::Allocations => of_samples || matches!(stat, Stat::Slope | Stat::Value),
            Self::Overhead | Self::Degradation => of_samples || matches!(stat, Stat::Value),
        }
    }

    /// The measure of this name, of a second name or of k6's name.
    pub fn named(name: &str) -> Option<Self> {
        let k6 = match name {
            "rps" | "http_reqs" => Self::Throughput,
            "http_req_duration" => Self::Latency,
            "http_req_waiting" => Self::Ttfb,
            "http_req_failed" => Self::ErrorRate,
            "dropped_iterations" => Self::Dropped,
            "vus" => Self::Users,
            _ => return Self::ALL.into_iter().find(|measure| measure.name() == name),
        };
        Some(k6)
    }
}

/// k6's own metrics that say something this lab does not measure.
pub(super) fn is_foreign_k6_metric(name: &str) -> bool {
    const FOREIGN: [&str; 12] = [
        "http_req_blocked",
        "http_req_connecting",
        "http_req_tls_handshaking",
        "http_req_sending",
        "http_req_receiving",
        "http_req_looking_up",
        "iteration_duration",
        "group_duration",
        "data_sent",
        "data_received",
        "vus_max",
        "grpc_req_duration",
    ];
    FOREIGN.contains(&name) || name.starts_with("ws_") || name.starts_with("browser_")
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Stat {
    /// Words for stats, as they are suggested; quantiles are `p95` or `p(95)`.
    pub(super) const WORDS: [&'static str; 11] =
        ["count", "rate", "value", "avg", "mean", "min", "max", "med", "stddev", "slope", "p95"];

    /// The stat that a word stands for, but for quantiles.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "count" => Self::Count,
            "rate" => Self::Rate,
            "value" => Self::Value,
            "avg" | "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "med" => Self::Quantile(0.5),
            "stddev" => Self::Stddev,
            "slope" => Self::Slope,
            _ => return None,
        })
    }

    /// As it is written in rules: `p95`, `avg`, `rate`.
    pub fn name(self) -> String {
        match self {
            Self::Count => "count".to_owned(),
            Self::Rate => "rate".to_owned(),
            Self::Value => "value".to_owned(),
            Self::Mean => "avg".to_owned(),
            Self::Min => "min".to_owned(),
            Self::Max => "max".to_owned(),
            Self::Quantile(share) => format!("p{}", percent(share)),
            Self::Stddev => "stddev".to_owned(),
            Self::Slope => "slope".to_owned(),
        }
    }

    /// As it is called on screens: `P95`, `Mean`, `Rate`.
    pub fn label(self) -> String {
        match self {
            Self::Quantile(share) => format!("P{}", percent(share)),
            Self::Mean => "Mean".to_owned(),
            Self::Stddev => "Standard deviation".to_owned(),
            other => {
                let name = other.name();
                name[..1].to_uppercase() + &name[1..]
            }
        }
    }
}

/// A quantile's number: 0.999 is 99.9, without the noise of the multiplication.
fn percent(share: f64) -> f64 {
    (share * 1e10).round() / 1e8
}

impl std::fmt::Display for Stat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}
