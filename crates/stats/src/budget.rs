//! Error budgets: how many failures an objective allows, how fast they are used up, when that is worth an alarm.
//!
//! In:  an objective such as 99.9 %, requests and failures of windows of time.
//! Out: what is allowed and left, burn rates, alerts; and the share of seconds in which a condition holds.
//! Not here: where the counts come from and who is told (`lab`).
//!
//! Source: The Site Reliability Workbook (2018), chapter 5, multiwindow alerts: the long window shows that it matters, the
//! short one that it still goes on.

/// Windows with fewer requests decide nothing.
const FEWEST_REQUESTS: u64 = 100;
/// Compliance that is good, and that is worth a warning.
const GOOD: f64 = 0.99;
const WARN: f64 = 0.9;

/// What was counted in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// Two windows and the rate at which a budget must burn in both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnWindows {
    /// Seconds of the long one.
    pub long: u64,
    /// Seconds of the short one.
    pub short: u64,
    /// How many times faster than allowed.
    pub rate: f64,
}

/// The pairs of windows: 2 % of a month's budget in an hour, 5 % in six hours, 10 % in three days.
pub const BURN_WINDOWS: [BurnWindows; 3] = [
    BurnWindows { long: 3_600, short: 300, rate: 14.4 },
    BurnWindows { long: 6 * 3_600, short: 1_800, rate: 6.0 },
    BurnWindows { long: 3 * 86_400, short: 6 * 3_600, rate: 1.0 },
];

/// A budget that burns too fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnAlert {
    /// The windows that say so.
    pub windows: BurnWindows,
    /// Burn rate of the long one.
    pub long: f64,
    /// Burn rate of the short one.
    pub short: f64,
}

/// The share of requests that may fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorBudget {
    may_fail: f64,
}

impl ErrorBudget {
    /// Of an objective between 0 and 1; one of 1 allows nothing and has no burn rate, so there is no budget.
    pub fn new(objective: f64) -> Option<Self> {
        (objective > 0.0 && objective < 1.0).then_some(Self { may_fail: 1.0 - objective })
    }

    /// How many of so many requests may fail.
    pub fn allowed(self, requests: u64) -> f64 {
        self.may_fail * requests as f64
    }

    /// What is left of it, as a share; negative when it is overspent. Nothing before the first request.
    pub fn left(self, counts: Counts) -> Option<f64> {
        (counts.requests > 0).then(|| 1.0 - counts.failed as f64 / self.allowed(counts.requests))
    }

    /// How many times faster than allowed it burns. Nothing with fewer than a hundred requests.
    pub fn burn(self, counts: Counts) -> Option<f64> {
        (counts.requests >= FEWEST_REQUESTS).then(|| counts.failed as f64 / self.allowed(counts.requests))
    }

    /// The alerts, the most urgent first. `counts` gives what was counted in the last so many seconds.
    pub fn alerts(self, counts: impl Fn(u64) -> Counts) -> Vec<BurnAlert> {
        let alert = |windows: BurnWindows| {
            let (long, short) = (self.burn(counts(windows.long))?, self.burn(counts(windows.short))?);
            (long > windows.rate && short > windows.rate).then_some(BurnAlert { windows, long, short })
        };
        BURN_WINDOWS.into_iter().filter_map(alert).collect()
    }
}

/// How well a condition is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compliance {
    /// In at least 99 % of the seconds.
    Good,
    /// In at least 90 %.
    Warn,
    /// In fewer.
    Bad,
}

/// The share of steady seconds in which a condition held, and what that is worth. Nothing without a second.
pub fn compliance(held: u64, seconds: u64) -> Option<(f64, Compliance)> {
    let share = (seconds > 0).then(|| held.min(seconds) as f64 / seconds as f64)?;
    let word = match share {
        share if share >= GOOD => Compliance::Good,
        share if share >= WARN => Compliance::Warn,
        _ => Compliance::Bad,
    };
    Some((share, word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn budget() -> ErrorBudget {
        ErrorBudget::new(0.999).expect("an objective")
    }

    #[test]
    fn a_tenth_of_a_percent_of_a_million_is_a_thousand() {
        assert!((budget().allowed(1_000_000) - 1_000.0).abs() < 1e-6);
        let left = budget().left(Counts { requests: 1_000_000, failed: 250 }).expect("requests");
        assert!((left - 0.75).abs() < 1e-9, "{left}");
        let over = budget().left(Counts { requests: 1_000, failed: 3 }).expect("requests");
        assert!((over + 2.0).abs() < 1e-9, "{over}");
        assert_eq!(budget().left(Counts::default()), None);
        assert_eq!((ErrorBudget::new(1.0), ErrorBudget::new(0.0)), (None, None));
    }

    /// 1,000 requests a second, failing at one rate in the last so many seconds and not before.
    fn failing(rate: f64, for_seconds: u64) -> impl Fn(u64) -> Counts {
        move |seconds| Counts {
            requests: 1_000 * seconds,
            failed: (rate * 1_000.0 * seconds.min(for_seconds) as f64) as u64,
        }
    }

    #[rstest]
    #[case::all_is_well(0.0005, 1 << 40, &[])]
    #[case::two_percent_for_an_hour(0.02, 3_600, &[3_600])]
    #[case::two_percent_for_a_day(0.02, 86_400, &[3_600, 21_600, 259_200])]
    #[case::slowly_for_days(0.002, 1 << 40, &[259_200])]
    #[case::a_minute_is_no_hour(0.02, 60, &[])]
    fn an_alert_needs_both_windows(#[case] rate: f64, #[case] for_seconds: u64, #[case] long: &[u64]) {
        let alerts = budget().alerts(failing(rate, for_seconds));
        assert_eq!(alerts.iter().map(|alert| alert.windows.long).collect::<Vec<_>>(), long);
    }

    #[test]
    fn what_is_over_alarms_nobody_any_more() {
        // An hour of failures that ended ten minutes ago: the long window still burns, the short one does not.
        let over =
            |seconds: u64| Counts { requests: 1_000 * seconds, failed: 20 * seconds.min(4_200).saturating_sub(600) };
        assert!(budget().burn(over(3_600)) > Some(14.4));
        assert_eq!(budget().alerts(over), []);
    }

    #[test]
    fn ninety_nine_requests_decide_nothing() {
        assert_eq!(budget().burn(Counts { requests: 99, failed: 99 }), None);
        assert!(budget().burn(Counts { requests: 100, failed: 100 }).is_some());
    }

    #[rstest]
    #[case(99, 100, Some(Compliance::Good))]
    #[case(98, 100, Some(Compliance::Warn))]
    #[case(90, 100, Some(Compliance::Warn))]
    #[case(89, 100, Some(Compliance::Bad))]
    #[case(0, 0, None)]
    fn compliance_has_three_words(#[case] held: u64, #[case] seconds: u64, #[case] word: Option<Compliance>) {
        assert_eq!(compliance(held, seconds).map(|(_, word)| word), word);
    }

    proptest! {
        #[test]
        fn burning_at_one_uses_the_budget_up(objective in 0.5_f64..0.99999, requests in 100_u64..10_000_000) {
            let budget = ErrorBudget::new(objective).expect("an objective");
            let counts = Counts { requests, failed: budget.allowed(requests) as u64 };
            let (burn, left) = (budget.burn(counts).expect("requests"), budget.left(counts).expect("requests"));
            prop_assert!((burn + left - 1.0).abs() < 1e-9 && burn <= 1.0 + 1e-9);
        }
    }
}
