//! Which level comes next: up in steps of 1, 2, 5, 10 … to the first that breaks, then halving between the highest that
//! holds and the lowest that breaks.
//!
//! A level whose run is not usable is run once more, and then ends the search: a limit of the generator is none of the
//! target. A level on the way up that too few requests leave undecided is passed over, for the next one has more; the top,
//! and a level between one that holds and one that breaks, are run once more.

use perflab_model::capacity::{CapacityUnit, Conclusion, ConclusionKind, LevelOutcome};

/// What is searched, and how finely.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// What a level counts: users are whole.
    pub unit: CapacityUnit,
    /// The lowest level.
    pub from: f64,
    /// The highest level.
    pub to: f64,
    /// How near the bracket must close, as a share of its lower end; for users never below one.
    pub resolution: f64,
    /// Levels that are wanted on the way up in any case: those that rules name.
    pub also: Vec<f64>,
}

/// A level that was run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The level.
    pub level: f64,
    /// What its run said.
    pub outcome: LevelOutcome,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Run this level.
    Run(f64),
    /// There is an answer.
    Done(Conclusion),
}

/// Halvings after which any bracket is closed; only a broken rule of this file could need more.
const MOST_HALVINGS: usize = 64;

impl Search {
    /// The levels on the way up: round numbers from the lowest to the highest, and what rules name between.
    pub fn steps(&self) -> Vec<f64> {
        let mut steps = vec![self.from, self.to];
        let mut decade = 10_f64.powi(self.from.log10().floor() as i32);
        while decade <= self.to {
            steps.extend([1.0, 2.0, 5.0].map(|digit| rounded(digit * decade)));
            decade *= 10.0;
        }
        steps.extend(&self.also);
        if self.unit == CapacityUnit::Users {
            steps.iter_mut().for_each(|step| *step = step.round());
        }
        steps.retain(|step| (self.from..=self.to).contains(step));
        steps.sort_by(f64::total_cmp);
        steps.dedup();
        steps
    }

    /// What to do after these levels were run, in this order.
    pub fn next(&self, tried: &[Tried]) -> Next {
        let Some(last) = tried.last() else { return Next::Run(self.from) };
        let times = tried.iter().filter(|one| one.level == last.level).count();
        let newest = newest(tried);
        let low = highest(&newest, LevelOutcome::Holds);
        let high = lowest(&newest, LevelOutcome::Breaks);
        // A level that broke once below is no capacity, whatever held above it.
        let low = low_below(&newest, high).or(if high.is_none() { low } else { None });
        let answer =
            |kind, reason: Option<String>| Next::Done(Conclusion { kind, capacity: low, breaks_at: high, reason });
        if last.outcome == LevelOutcome::Unusable {
            return if times < 2 {
                Next::Run(last.level)
            } else {
                let level = self.unit.shown(last.level);
                answer(ConclusionKind::Unusable, Some(format!("{level} could not be measured, twice")))
            };
        }
        match (low, high) {
            (_, None) => self.up(last, times, &newest).map_or_else(|kind| answer(kind, self.doubt(kind)), Next::Run),
            (None, Some(_)) => {
                let undecided = newest.iter().any(|one| one.outcome == LevelOutcome::Undecided);
                answer(ConclusionKind::Below, undecided.then(|| "lower levels are undecided".to_owned()))
            }
            (Some(low), Some(high)) => {
                let doubtful = last.outcome == LevelOutcome::Undecided && last.level > low && last.level < high;
                match self.between(low, high) {
                    None => answer(ConclusionKind::Found, None),
                    Some(_) if doubtful && times < 2 => Next::Run(last.level),
                    Some(_) if doubtful => {
                        let level = self.unit.shown(last.level);
                        answer(ConclusionKind::Found, Some(format!("{level} stayed undecided, twice")))
                    }
                    Some(middle) => Next::Run(middle),
                }
            }
        }
    }

    /// The next level on the way up, or the kind of answer when the top is reached.
    fn up(&self, last: &Tried, times: usize, newest: &[Tried]) -> Result<f64, ConclusionKind> {
        let reached = newest.iter().map(|one| one.level).fold(0.0, f64::max);
        if let Some(next) = self.steps().into_iter().find(|step| *step > reached) {
            return Ok(next);
        }
        match last.outcome {
            LevelOutcome::Holds => Err(ConclusionKind::AtLeast),
            _ if times < 2 => Ok(last.level),
            _ => Err(ConclusionKind::Undecided),
        }
    }

    fn doubt(&self, kind: ConclusionKind) -> Option<String> {
        (kind == ConclusionKind::Undecided)
            .then(|| format!("{}, the top of the search, stayed undecided, twice", self.unit.shown(self.to)))
    }

    /// The level halfway, unless the two are near enough.
    fn between(&self, low: f64, high: f64) -> Option<f64> {
        let near = match self.unit {
            CapacityUnit::Users => (low * self.resolution).max(1.0),
            CapacityUnit::Rate => low * self.resolution,
        };
        if high - low <= near * (1.0 + 1e-9) {
            return None;
        }
        let middle = match self.unit {
            CapacityUnit::Users => ((low + high) / 2.0).floor(),
            CapacityUnit::Rate => rounded((low + high) / 2.0),
        };
        (middle > low && middle < high).then_some(middle)
    }

    /// The levels of the ways through the search that can be longest: all the way up, or up to a level that breaks and
    /// then down or up to its neighbour. None counts a level that is run again.
    pub fn longest_ways(&self) -> Vec<Vec<f64>> {
        let steps = self.steps();
        let below = steps.iter().skip(1).zip(&steps).map(|(_, low)| *low);
        // Just above a level that holds, and just below one that breaks.
        let limits = below.chain(steps.iter().skip(1).map(|step| step * (1.0 - 1e-9))).chain([f64::INFINITY]);
        limits.map(|limit| self.way(limit)).collect()
    }

    /// The levels that are run when exactly those up to a limit hold.
    fn way(&self, limit: f64) -> Vec<f64> {
        let mut tried: Vec<Tried> = Vec::new();
        while tried.len() < self.steps().len() + MOST_HALVINGS
            && let Next::Run(level) = self.next(&tried)
        {
            let outcome = if level <= limit { LevelOutcome::Holds } else { LevelOutcome::Breaks };
            tried.push(Tried { level, outcome });
        }
        tried.into_iter().map(|one| one.level).collect()
    }
}

/// What each level said last, in the order of levels.
fn newest(tried: &[Tried]) -> Vec<Tried> {
    let mut newest: Vec<Tried> = Vec::new();
    for one in tried.iter().rev() {
        if newest.iter().all(|known| known.level != one.level) {
            newest.push(*one);
        }
    }
    newest.sort_by(|a, b| a.level.total_cmp(&b.level));
    newest
}

fn highest(newest: &[Tried], outcome: LevelOutcome) -> Option<f64> {
    newest.iter().rev().find(|one| one.outcome == outcome).map(|one| one.level)
}

fn lowest(newest: &[Tried], outcome: LevelOutcome) -> Option<f64> {
    newest.iter().find(|one| one.outcome == outcome).map(|one| one.level)
}

fn low_below(newest: &[Tried], high: Option<f64>) -> Option<f64> {
    let high = high?;
    let holds = newest.iter().rev().find(|one| one.outcome == LevelOutcome::Holds && one.level < high);
    holds.map(|one| one.level)
}

/// Three significant digits: rates are read by people.
fn rounded(value: f64) -> f64 {
    let scale = 10_f64.powi(2 - value.abs().log10().floor() as i32);
    if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use LevelOutcome::{Breaks, Holds, Undecided, Unusable};

    fn users(from: u32, to: u32) -> Search {
        Search {
            unit: CapacityUnit::Users,
            from: f64::from(from),
            to: f64::from(to),
            resolution: 0.05,
            also: Vec::new(),
        }
    }

    fn rate(from: f64, to: f64) -> Search {
        Search { unit: CapacityUnit::Rate, ..Search { from, to, ..users(1, 1) } }
    }

    /// Runs a search against a target that says of each try what it is.
    fn run(search: &Search, say: impl Fn(f64, usize) -> LevelOutcome) -> (Vec<f64>, Conclusion) {
        let mut tried: Vec<Tried> = Vec::new();
        loop {
            match search.next(&tried) {
                Next::Done(conclusion) => return (tried.iter().map(|one| one.level).collect(), conclusion),
                Next::Run(level) => {
                    let before = tried.iter().filter(|one| one.level == level).count();
                    tried.push(Tried { level, outcome: say(level, before) });
                    assert!(tried.len() < 200, "the search never ends: {tried:?}");
                }
            }
        }
    }

    fn limit(at: f64) -> impl Fn(f64, usize) -> LevelOutcome {
        move |level, _| if level <= at { Holds } else { Breaks }
    }

    #[rstest]
    #[case::decades(users(1, 1000), &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0])]
    #[case::odd_ends(users(15, 70), &[15.0, 20.0, 50.0, 70.0])]
    #[case::one_level(users(7, 7), &[7.0])]
    #[case::fractions(rate(0.5, 3.0), &[0.5, 1.0, 2.0, 3.0])]
    #[case::a_level_of_a_rule(Search { also: vec![300.0, 5000.0], ..users(100, 1000) }, &[100.0, 200.0, 300.0, 500.0, 1000.0])]
    fn the_way_up_has_round_steps(#[case] search: Search, #[case] steps: &[f64]) {
        assert_eq!(search.steps(), steps);
    }

    #[test]
    fn a_limit_between_two_steps_is_halved_down_to_the_resolution() {
        let (levels, found) = run(&users(10, 1000), limit(137.0));
        assert_eq!(levels, [10.0, 20.0, 50.0, 100.0, 200.0, 150.0, 125.0, 137.0, 143.0]);
        assert_eq!(found.kind, ConclusionKind::Found);
        assert_eq!((found.capacity, found.breaks_at), (Some(137.0), Some(143.0)));
    }

    #[test]
    fn few_users_are_told_apart_to_the_last_one() {
        let (_, found) = run(&users(1, 50), limit(13.0));
        assert_eq!((found.capacity, found.breaks_at), (Some(13.0), Some(14.0)));
    }

    #[test]
    fn a_target_that_bears_the_top_has_at_least_that() {
        let (levels, found) = run(&rate(10.0, 50.0), limit(1e9));
        assert_eq!(levels, [10.0, 20.0, 50.0]);
        assert_eq!((found.kind, found.capacity, found.breaks_at), (ConclusionKind::AtLeast, Some(50.0), None));
    }

    #[test]
    fn a_target_that_breaks_at_once_has_less_than_the_lowest_level() {
        let (levels, found) = run(&rate(10.0, 50.0), limit(3.0));
        assert_eq!(levels, [10.0]);
        assert_eq!((found.kind, found.capacity, found.breaks_at), (ConclusionKind::Below, None, Some(10.0)));
    }

    #[test]
    fn too_few_requests_at_low_levels_do_not_end_the_search() {
        let (levels, found) = run(&users(1, 50), |level, _| match level {
            level if level < 5.0 => Undecided,
            level if level <= 20.0 => Holds,
            _ => Breaks,
        });
        assert_eq!(levels[..5], [1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!((found.kind, found.capacity, found.breaks_at), (ConclusionKind::Found, Some(20.0), Some(21.0)));
    }

    #[test]
    fn a_level_on_its_limit_is_run_once_more_and_then_named() {
        let (levels, found) = run(&users(100, 200), |level, _| match level {
            100.0 => Holds,
            200.0 => Breaks,
            _ => Undecided,
        });
        assert_eq!(levels, [100.0, 200.0, 150.0, 150.0]);
        assert_eq!((found.kind, found.capacity, found.breaks_at), (ConclusionKind::Found, Some(100.0), Some(200.0)));
        assert_eq!(found.reason.as_deref(), Some("150 users stayed undecided, twice"));
    }

    #[test]
    fn a_repeat_that_decides_goes_on_as_if_it_had_been_the_first() {
        let (levels, found) = run(&users(100, 200), |level, before| match (level, before) {
            (150.0, 0) => Unusable,
            (level, _) if level <= 190.0 => Holds,
            _ => Breaks,
        });
        assert_eq!(levels[..4], [100.0, 200.0, 150.0, 150.0]);
        assert_eq!(found.kind, ConclusionKind::Found);
        assert!(found.capacity.is_some_and(|capacity| capacity >= 180.0), "{found:?}");
    }

    #[test]
    fn a_limit_of_the_generator_is_none_of_the_target() {
        let (levels, found) = run(&rate(100.0, 10_000.0), |level, _| if level < 5000.0 { Holds } else { Unusable });
        assert_eq!(levels[levels.len() - 2..], [5000.0, 5000.0]);
        assert_eq!((found.kind, found.capacity, found.breaks_at), (ConclusionKind::Unusable, Some(2000.0), None));
        assert_eq!(found.reason.as_deref(), Some("5,000/s could not be measured, twice"));
    }

    #[test]
    fn a_top_that_stays_undecided_is_no_answer() {
        let (levels, found) = run(&users(10, 20), |_, _| Undecided);
        assert_eq!(levels, [10.0, 20.0, 20.0]);
        assert_eq!((found.kind, found.capacity), (ConclusionKind::Undecided, None));
    }

    #[test]
    fn the_longest_way_is_known_beforehand() {
        let search = users(10, 1000);
        let most = search.longest_ways().iter().map(Vec::len).max();
        for at in [9.0, 10.0, 49.0, 137.0, 499.0, 500.0, 501.0, 999.0, 1000.0] {
            assert!(Some(run(&search, limit(at)).0.len()) <= most, "{at}");
        }
    }

    proptest! {
        #[test]
        fn a_known_limit_is_bracketed_to_the_resolution(
            from in 1_u32..200, span in 1_u32..2000, at in 1_u32..2500, resolution in 0.01_f64..0.3
        ) {
            let search = Search { resolution, ..users(from, from + span) };
            let at = f64::from(at);
            let (levels, found) = run(&search, limit(at));
            prop_assert!(levels.iter().all(|level| level.fract() == 0.0 && (search.from..=search.to).contains(level)));
            match found.kind {
                ConclusionKind::Found => {
                    let (low, high) = (found.capacity.unwrap_or(0.0), found.breaks_at.unwrap_or(0.0));
                    prop_assert!(low <= at && at < high);
                    prop_assert!(high - low <= (low * resolution).max(1.0) + 1e-6);
                }
                ConclusionKind::AtLeast => prop_assert!(search.to <= at),
                ConclusionKind::Below => prop_assert!(at < search.from),
                other => prop_assert!(false, "{:?}", other),
            }
            let mut seen = levels.clone();
            seen.sort_by(f64::total_cmp);
            seen.dedup();
            prop_assert_eq!(seen.len(), levels.len(), "no level is run twice where each is decided");
        }

        #[test]
        fn rates_are_bracketed_as_well(from in 0.1_f64..50.0, factor in 1.0_f64..500.0, share in 0.0_f64..1.2) {
            let search = rate(from, from * factor);
            let at = from + (search.to - from) * share;
            let (_, found) = run(&search, limit(at));
            if found.kind == ConclusionKind::Found {
                let (low, high) = (found.capacity.unwrap_or(0.0), found.breaks_at.unwrap_or(0.0));
                prop_assert!(low <= at && at < high && high - low <= low * 0.05 * 1.001 + low * 0.01);
            }
        }

        #[test]
        fn any_target_is_answered_in_the_end(outcomes in proptest::collection::vec(0_u8..4, 400)) {
            let search = users(1, 500);
            let (_, found) = run(&search, |level, before| {
                [Holds, Breaks, Undecided, Unusable][usize::from(outcomes[(level as usize * 7 + before * 131) % 400])]
            });
            // The capacity always held, and nothing at or below it broke last.
            if let (Some(low), Some(high)) = (found.capacity, found.breaks_at) {
                prop_assert!(low < high);
            }
        }
    }
}
