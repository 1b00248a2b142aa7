//! Candidates against the noise: whatever does not show itself is merged with its neighbour, the weakest first.

use super::{
    evidence::Test,
    noise::{self, Noise},
    preset::Rules,
    scale::Scaled,
};

/// How often noise and merging are repeated: each merge changes the noise a little.
const MOST_ROUNDS: usize = 3;

/// The cuts that are left, and the noise about their levels. A young part tests by the noise that it was lent.
pub(super) fn merge(
    scaled: &Scaled,
    candidates: Vec<usize>,
    inflation: f64,
    lent: Option<f64>,
    rules: Rules,
) -> (Vec<usize>, Noise) {
    let noise = |cuts: &[usize]| Noise {
        sigma: lent.map_or_else(|| noise::sigma(scaled, cuts), |sigma| sigma.max(scaled.resolution)),
        inflation,
    };
    let mut cuts = candidates;
    for _ in 0..MOST_ROUNDS {
        let before = cuts.len();
        let about_levels = noise(&cuts);
        cuts = merge_once(scaled, cuts, about_levels, rules);
        if cuts.len() == before {
            break;
        }
    }
    let noise = noise(&cuts);
    (cuts, noise)
}

/// What a test of a candidate said: the p of one that fails.
type Failed = Option<f64>;

fn merge_once(scaled: &Scaled, mut cuts: Vec<usize>, noise: Noise, rules: Rules) -> Vec<usize> {
    let test = |cuts: &[usize], at: usize| -> Failed {
        let from = at.checked_sub(1).map_or(0, |before| cuts[before]);
        let to = cuts.get(at + 1).copied().unwrap_or(scaled.x.len());
        let test = Test::new(scaled, from, cuts[at], to, noise);
        (!test.passes(scaled, &rules)).then_some(test.p)
    };
    let mut failed: Vec<Failed> = (0..cuts.len()).map(|at| test(&cuts, at)).collect();
    // Of equal ones the earliest goes first.
    while let Some((worst, _)) = failed
        .iter()
        .enumerate()
        .filter_map(|(at, failed)| failed.map(|p| (at, p)))
        .reduce(|worst, other| if other.1 > worst.1 { other } else { worst })
    {
        cuts.remove(worst);
        failed.remove(worst);
        // Only its neighbours see other runs than before.
        for at in [worst.checked_sub(1), Some(worst)].into_iter().flatten().filter(|at| *at < cuts.len()) {
            failed[at] = test(&cuts, at);
        }
    }
    cuts
}
