//! The chance that a goal will be met on its date.
//!
//! In:  values of the baseline's last runs, oldest first; the limit; how many more runs are expected until the date.
//! Out: a chance, a word, and the band in which the value is expected.
//!
//! The mean of two guesses: the trend goes on, and the level stays. On held-out histories the mean of both had a Brier score
//! of 0.127, the level alone 0.135, the trend alone 0.144, least squares 0.153, a coin 0.25.

use crate::{
    Series,
    compare::Better,
    distribution::{t_below, t_quantile},
    robust::{median, spread},
    steps::inflation,
    trend::TheilSen,
};

/// Older runs are not looked at.
const MOST_RUNS: usize = 30;
/// Fewer say nothing.
pub const FEWEST_RUNS: usize = 8;
/// Runs that make up the level.
const LEVEL_RUNS: usize = 10;
/// No forecast is surer than this.
const LEAST_CHANCE: f64 = 0.02;
/// What is said from which chance on.
const ON_TRACK_FROM: f64 = 0.8;
const UNCERTAIN_FROM: f64 = 0.3;
/// Runs in a row that must meet the goal before it holds.
const HOLDS_RUNS: usize = 3;
/// How much more a median varies than a mean: about 1.1 for the line, π/2 for the level.
const LINE_VARIANCE: f64 = 1.1;
const LEVEL_VARIANCE: f64 = 1.57;

/// What is said of a goal's future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It is met, and will be.
    Holds,
    /// At least 80 %.
    OnTrack,
    /// 30 to 80 %.
    Uncertain,
    /// Less.
    Unlikely,
}

/// A look ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The chance that the goal is met, 0.02 to 0.98.
    pub chance: f64,
    /// In a word.
    pub outlook: Outlook,
    guesses: Guesses,
    is_log: bool,
}

/// What a goal asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The limit, in the unit of the values.
    pub limit: f64,
    /// Which side of it is good.
    pub better: Better,
}

/// Looks ahead by so many runs. Nothing with fewer than eight.
pub fn forecast(runs: &Series, target: Target, runs_ahead: f64) -> Option<Forecast> {
    let values = runs.values();
    let values = &values[values.len().saturating_sub(MOST_RUNS)..];
    if values.len() < FEWEST_RUNS || !target.limit.is_finite() {
        return None;
    }
    // On logs a shrinking time never becomes negative; growth of memory may be, and stays as it is.
    let is_log = target.limit > 0.0 && values.iter().all(|value| *value > 0.0);
    let scaled = |value: &f64| if is_log { value.ln() } else { *value };
    let guesses = Guesses::new(&values.iter().map(scaled).collect::<Vec<_>>())?;
    let (by_trend, by_level) = guesses.below(scaled(&target.limit), guesses.last + runs_ahead.max(0.0));
    let below = f64::midpoint(by_trend, by_level);
    let chance = match target.better {
        Better::Lower => below,
        Better::Higher => 1.0 - below,
    };
    let chance = chance.clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE);
    let meets = |value: &f64| match target.better {
        Better::Lower => *value <= target.limit,
        Better::Higher => *value >= target.limit,
    };
    let outlook = match chance {
        chance if chance >= ON_TRACK_FROM && values[values.len() - HOLDS_RUNS..].iter().all(meets) => Outlook::Holds,
        chance if chance >= ON_TRACK_FROM => Outlook::OnTrack,
        chance if chance >= UNCERTAIN_FROM => Outlook::Uncertain,
        _ => Outlook::Unlikely,
    };
    Some(Forecast { chance, outlook, guesses, is_log })
}

impl Forecast {
    /// Where the value is expected so many runs ahead, in eight cases of ten.
    pub fn band(&self, runs_ahead: f64) -> (f64, f64) {
        let end = |share: f64| {
            let x = self.guesses.quantile(share, self.guesses.last + runs_ahead.max(0.0));
            if self.is_log { x.exp() } else { x }
        };
        (end(0.1), end(0.9))
    }
}

/// Both guesses about a value yet to come.
#[derive(Clone, Debug, PartialEq)]
struct Guesses {
    /// Place of the newest run; the oldest is at 0.
    last: f64,
    n: f64,
    slope: f64,
    intercept: f64,
    sigma: f64,
    inflation: f64,
    level: f64,
    level_error: f64,
    level_degrees: f64,
}

impl Guesses {
    fn new(y: &[f64]) -> Option<Self> {
        let n = y.len() as f64;
        let t: Vec<f64> = (0..y.len()).map(|at| at as f64).collect();
        let line = TheilSen::new(&t, y)?;
        let residuals = line.residuals(&t, y);
        let recent = &y[y.len().saturating_sub(LEVEL_RUNS)..];
        let recent_n = recent.len() as f64;
        Some(Self {
            last: n - 1.0,
            n,
            slope: line.slope,
            intercept: line.intercept,
            sigma: spread(&residuals) * (n / (n - 2.0)).sqrt(),
            inflation: inflation(&residuals),
            level: median(recent),
            level_error: spread(recent) * (1.0 + LEVEL_VARIANCE / recent_n).sqrt(),
            level_degrees: recent_n - 1.0,
        })
    }

    /// Centre and error of the line at a place.
    fn line_at(&self, at: f64) -> (f64, f64) {
        let middle = self.last / 2.0;
        // Σ(t − t̄)² of 0, 1 … n − 1.
        let squares = self.n * (self.n * self.n - 1.0) / 12.0;
        let variance = 1.0
            + LINE_VARIANCE * self.inflation / self.n
            + LINE_VARIANCE * self.inflation * (at - middle).powi(2) / squares;
        (self.intercept + self.slope * at, self.sigma * variance.sqrt())
    }

    /// The chance of a value at most `x` at a place, by trend and by level.
    fn below(&self, x: f64, at: f64) -> (f64, f64) {
        let (centre, error) = self.line_at(at);
        (share_below(x, centre, error, self.n - 2.0), share_below(x, self.level, self.level_error, self.level_degrees))
    }

    /// The value below which both guesses together see so large a share.
    fn quantile(&self, share: f64, at: f64) -> f64 {
        let (centre, error) = self.line_at(at);
        let by_trend = centre + t_quantile(share, self.n - 2.0) * error;
        let by_level = self.level + t_quantile(share, self.level_degrees) * self.level_error;
        // Their mean reaches the share somewhere between both.
        let (mut low, mut high) = (by_trend.min(by_level), by_trend.max(by_level));
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let (trend, level) = self.below(middle, at);
            if f64::midpoint(trend, level) < share { low = middle } else { high = middle }
        }
        high
    }
}

/// Without any scatter a value lies where it lies.
fn share_below(x: f64, centre: f64, error: f64, degrees: f64) -> f64 {
    if error > 0.0 { t_below((x - centre) / error, degrees) } else { f64::from(u8::from(centre <= x)) }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use rstest::rstest;

    use super::*;
    use crate::vectors;

    fn lower(limit: f64) -> Target {
        Target { limit, better: Better::Lower }
    }

    #[test]
    fn both_guesses_of_the_vector() {
        let vector = vectors::named("forecast");
        let guesses = Guesses::new(&vectors::numbers(&vector["y"])).expect("runs");
        vectors::assert_near(guesses.slope, &vector["slope"]);
        vectors::assert_near(guesses.intercept, &vector["intercept"]);
        vectors::assert_near(guesses.sigma, &vector["sigma"]);
        vectors::assert_near(guesses.inflation, &vector["vif"]);
        let (trend, level) = guesses.below(vectors::number(&vector["target"]), vectors::number(&vector["at"]));
        vectors::assert_near(trend, &vector["p_trend"]);
        vectors::assert_near(level, &vector["p_level"]);
        vectors::assert_near(f64::midpoint(trend, level), &vector["p"]);
    }

    #[rstest]
    #[case::met_for_long(200.0, Outlook::Holds)]
    #[case::far_off(50.0, Outlook::Unlikely)]
    #[case::in_the_middle(100.0, Outlook::Uncertain)]
    fn a_level_history_has_an_outlook(#[case] limit: f64, #[case] outlook: Outlook) {
        let runs = Series::new((0..20).map(|i| 100.0 + f64::from(i * 7 % 20 - 10) / 10.0).collect()).expect("finite");
        assert_eq!(forecast(&runs, lower(limit), 10.0).expect("runs").outlook, outlook);
    }

    #[test]
    fn seven_runs_are_not_enough() {
        let runs = |n: i32| Series::new((0..n).map(|i| 100.0 + f64::from(i % 3)).collect()).expect("finite");
        assert!(forecast(&runs(7), lower(90.0), 5.0).is_none());
        assert!(forecast(&runs(8), lower(90.0), 5.0).is_some());
    }

    proptest! {
        #[test]
        fn a_wider_limit_is_never_less_likely_and_higher_mirrors_lower(
            values in vec(1.0_f64..1e3, 8..40), limit in 1.0_f64..1e3, more in 0.0_f64..500.0, ahead in 0.0_f64..60.0
        ) {
            let runs = Series::new(values).expect("finite");
            let chance = |limit: f64, better| forecast(&runs, Target { limit, better }, ahead).expect("runs").chance;
            prop_assert!(chance(limit + more, Better::Lower) >= chance(limit, Better::Lower) - 1e-12);
            prop_assert!((chance(limit, Better::Lower) + chance(limit, Better::Higher) - 1.0).abs() < 1e-9);
        }

        #[test]
        fn the_band_holds_eight_of_ten(values in vec(1.0_f64..1e3, 8..40), ahead in 0.0_f64..60.0) {
            let runs = Series::new(values).expect("finite");
            let told = forecast(&runs, lower(1.0), ahead).expect("runs");
            let (low, high) = told.band(ahead);
            prop_assert!(low <= high);
            let at = told.guesses.last + ahead;
            let share = |x: f64| { let (t, l) = told.guesses.below(x.ln(), at); f64::midpoint(t, l) };
            if low < high {
                prop_assert!((share(low) - 0.1).abs() < 1e-3 && (share(high) - 0.9).abs() < 1e-3);
            }
        }
    }
}
