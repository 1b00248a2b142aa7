//! Times and sizes in the unit that people would choose.

use super::number;

/// A value in a chosen unit: show both, so that a column can share one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled {
    /// The number in `unit`, three significant digits.
    pub value: String,
    /// `ns`, `µs`, `ms`, `s`, `B`, `KB`, `MB`, `GB`.
    pub unit: &'static str,
}

impl std::fmt::Display for Scaled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

/// Units of time on screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Nanoseconds.
    Nano,
    /// Microseconds.
    Micro,
    /// Milliseconds.
    Milli,
    /// Seconds.
    Second,
}

impl TimeUnit {
    /// The unit in which `seconds` reads best.
    pub fn fitting(seconds: f64) -> Self {
        let magnitude = seconds.abs();
        if magnitude == 0.0 || !magnitude.is_finite() {
            Self::Milli
        } else if magnitude < 1e-6 {
            Self::Nano
        } else if magnitude < 1e-3 {
            Self::Micro
        } else if magnitude < 10.0 {
            Self::Milli
        } else {
            Self::Second
        }
    }

    /// The unit's sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Nano => "ns",
            Self::Micro => "µs",
            Self::Milli => "ms",
            Self::Second => "s",
        }
    }

    /// How many of the unit are in a second.
    pub const fn per_second(self) -> f64 {
        match self {
            Self::Nano => 1e9,
            Self::Micro => 1e6,
            Self::Milli => 1e3,
            Self::Second => 1.0,
        }
    }
}

/// A time in a given unit, number only: for columns that share one.
pub fn in_unit(seconds: f64, unit: TimeUnit) -> String {
    number(seconds * unit.per_second())
}

/// A time in milliseconds, number only.
pub fn milliseconds(seconds: f64) -> String {
    in_unit(seconds, TimeUnit::Milli)
}

/// A time in the unit that fits it.
pub fn scaled_seconds(seconds: f64) -> Scaled {
    let unit = TimeUnit::fitting(seconds);
    Scaled { value: in_unit(seconds, unit), unit: unit.sign() }
}

/// A time as text: `61.2 ms`.
pub fn seconds(seconds: f64) -> String {
    scaled_seconds(seconds).to_string()
}

/// A size in the unit that fits it; KB, MB and GB count in 1,024s.
pub fn scaled_bytes(bytes: f64) -> Scaled {
    let magnitude = bytes.abs();
    let (factor, unit) = if magnitude < 1024.0 {
        (1.0, "B")
    } else if magnitude < 1024.0 * 1024.0 {
        (1024.0, "KB")
    } else if magnitude < 1024.0 * 1024.0 * 1024.0 {
        (1024.0 * 1024.0, "MB")
    } else {
        (1024.0 * 1024.0 * 1024.0, "GB")
    };
    Scaled { value: number(bytes / factor), unit }
}

/// A unit for several values, and how many of it make one base unit: shown = base × times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitOf {
    /// Its sign; empty for counts.
    pub sign: &'static str,
    /// How many of it make one base unit.
    pub times: f64,
}

impl UnitOf {
    /// The unit in which values of a measure read best, by the largest of them. `base` is the unit that they are kept in:
    /// `s`, `B`, `1/s`, or nothing for counts and shares.
    pub fn fitting(base: &str, is_share: bool, largest: f64) -> Self {
        match base {
            "s" => {
                let unit = TimeUnit::fitting(largest);
                Self { sign: unit.sign(), times: unit.per_second() }
            }
            "B" if largest.abs() < 1024.0 => Self { sign: "B", times: 1.0 },
            "B" if largest.abs() < 1024.0 * 1024.0 => Self { sign: "KB", times: 1.0 / 1024.0 },
            "B" => Self { sign: "MB", times: 1.0 / (1024.0 * 1024.0) },
            "1/s" => Self { sign: "/s", times: 1.0 },
            _ if is_share => Self { sign: "%", times: 100.0 },
            _ => Self { sign: "", times: 1.0 },
        }
    }
}

/// A size as text: `18.7 MB`.
pub fn bytes(bytes: f64) -> String {
    scaled_bytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0612, "61.2 ms")]
    #[case(0.000_049_1, "49.1 µs")]
    #[case(80e-9, "80.0 ns")]
    #[case(3.563, "3,563 ms")]
    #[case(12.0, "12.0 s")]
    fn times_take_the_unit_that_fits(#[case] value: f64, #[case] shown: &str) {
        assert_eq!(seconds(value), shown);
    }

    #[test]
    fn sizes_count_in_1024s() {
        assert_eq!(bytes(1536.0), "1.50 KB");
        assert_eq!(bytes(500.0), "500 B");
    }
}
