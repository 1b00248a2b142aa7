//! The universal scalability law (Gunther, Guerrilla Capacity Planning, 2007), fitted to throughput at numbers of users.
//!
//! `X(N) = γN / (1 + α(N − 1) + βN(N − 1))`, so `N/X` is linear in 1, N − 1 and N(N − 1). Each row is weighted by X/N, which
//! makes the residuals relative; α and β are not negative.

use perflab_model::capacity::Law;

/// Levels that a curve of three numbers needs before it says anything.
const MIN_LEVELS: usize = 6;
/// Share of the spread below which the curve is not shown.
const MIN_R_SQUARED: f64 = 0.9;
/// A peak further than this many times the highest level was never near what was measured.
const FURTHEST: f64 = 2.0;

/// The law of these levels: users and throughput, one of each level. Nothing under six levels, or where it fits badly.
pub fn fit(levels: &[(f64, f64)]) -> Option<Law> {
    let good = |(users, rate): &&(f64, f64)| users.is_finite() && rate.is_finite() && *users > 0.0 && *rate > 0.0;
    let levels: Vec<(f64, f64)> = levels.iter().filter(good).copied().collect();
    if levels.len() < MIN_LEVELS {
        return None;
    }
    // With and without each of the two terms: the best of those in which neither is negative.
    let tries = [[true, true], [true, false], [false, true], [false, false]];
    let best = tries
        .into_iter()
        .filter_map(|terms| solve(&levels, terms))
        .filter(|(found, _)| found[0] > 0.0 && found[1] >= 0.0 && found[2] >= 0.0)
        .min_by(|a, b| a.1.total_cmp(&b.1))?
        .0;
    let [intercept, alpha, beta] = best;
    let mut law =
        Law { gamma: 1.0 / intercept, alpha: alpha / intercept, beta: beta / intercept, r_squared: 0.0, peak: None };
    let mean = levels.iter().map(|(_, rate)| rate).sum::<f64>() / levels.len() as f64;
    let spread: f64 = levels.iter().map(|(_, rate)| (rate - mean).powi(2)).sum();
    let left: f64 = levels.iter().map(|(users, rate)| (rate - law.at(*users)).powi(2)).sum();
    law.r_squared = if spread > 0.0 { 1.0 - left / spread } else { return None };
    let highest = levels.iter().map(|(users, _)| *users).fold(0.0, f64::max);
    law.peak = (law.beta > 0.0 && law.alpha < 1.0)
        .then(|| ((1.0 - law.alpha) / law.beta).sqrt())
        .filter(|peak| *peak >= 1.0 && *peak <= FURTHEST * highest);
    (law.r_squared > MIN_R_SQUARED).then_some(law)
}

/// Weighted least squares of N/X on 1 and the chosen terms: the three numbers and the sum of squares that is left.
fn solve(levels: &[(f64, f64)], terms: [bool; 2]) -> Option<([f64; 3], f64)> {
    let row = |(users, rate): &(f64, f64)| {
        let weight = rate / users;
        let term = |on: bool, value: f64| if on { value * weight } else { 0.0 };
        [weight, term(terms[0], users - 1.0), term(terms[1], users * (users - 1.0))]
    };
    let mut matrix = [[0.0; 4]; 3];
    for row in levels.iter().map(row) {
        for (i, line) in matrix.iter_mut().enumerate() {
            for (j, cell) in line.iter_mut().take(3).enumerate() {
                *cell += row[i] * row[j];
            }
            // N/X times its weight X/N is 1.
            line[3] += row[i];
        }
    }
    for (index, on) in [(1, terms[0]), (2, terms[1])] {
        if !on {
            matrix[index] = [0.0; 4];
            matrix[index][index] = 1.0;
        }
    }
    let found = eliminate(matrix)?;
    let left =
        levels.iter().map(row).map(|row| (1.0 - row.iter().zip(found).map(|(a, b)| a * b).sum::<f64>()).powi(2)).sum();
    Some((found, left))
}

/// Solves three equations, with the largest pivot first: the columns differ by the square of the number of users.
fn eliminate(mut matrix: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    // The size of each column is taken out, or a pivot that is small only by its unit would count as none.
    let scale: [f64; 3] = std::array::from_fn(|i| matrix[i][i].sqrt().max(f64::MIN_POSITIVE));
    for i in 0..3 {
        for j in 0..3 {
            matrix[i][j] /= scale[i] * scale[j];
        }
        matrix[i][3] /= scale[i];
    }
    for column in 0..3 {
        let pivot = (column..3).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        matrix.swap(column, pivot);
        if matrix[column][column].abs() < 1e-12 {
            return None;
        }
        for other in (0..3).filter(|other| *other != column) {
            let factor = matrix[other][column] / matrix[column][column];
            let row = matrix[column];
            for (cell, of_pivot) in matrix[other].iter_mut().zip(row) {
                *cell -= factor * of_pivot;
            }
        }
    }
    Some(std::array::from_fn(|i| matrix[i][3] / matrix[i][i] / scale[i]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USERS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

    #[test]
    fn the_law_of_a_measured_curve_is_that_of_a_second_implementation() {
        let rates = [100.0, 196.0, 377.0, 700.0, 1210.0, 1830.0, 2200.0, 2060.0];
        let levels: Vec<_> = USERS.into_iter().zip(rates).collect();
        let law = fit(&levels).expect("it fits");
        assert!((law.gamma - 99.936_166_227_005_73).abs() < 1e-6, "{law:?}");
        assert!((law.alpha - 0.018_796_975_780_929_29).abs() < 1e-9, "{law:?}");
        assert!((law.beta - 0.000_174_532_496_012_147_18).abs() < 1e-10, "{law:?}");
        assert!(law.peak.is_some_and(|peak| (peak - 74.979_284_058_372_66).abs() < 1e-4), "{law:?}");
        assert!(law.r_squared > 0.99, "{law:?}");
    }

    #[test]
    fn five_levels_are_no_curve() {
        let levels: Vec<_> = USERS.into_iter().take(5).map(|users| (users, users * 10.0)).collect();
        assert_eq!(fit(&levels), None);
    }

    #[test]
    fn a_target_that_scales_without_end_has_no_peak() {
        let levels: Vec<_> = USERS.into_iter().map(|users| (users, users * 10.0)).collect();
        let law = fit(&levels).expect("a straight line");
        assert!((law.gamma - 10.0).abs() < 1e-9 && law.alpha < 1e-9 && law.beta < 1e-9, "{law:?}");
        assert_eq!(law.peak, None);
    }

    #[test]
    fn a_curve_that_explains_nothing_is_not_shown() {
        let rates = [50.0, 900.0, 20.0, 700.0, 10.0, 800.0, 30.0, 600.0];
        let levels: Vec<_> = USERS.into_iter().zip(rates).collect();
        assert_eq!(fit(&levels), None);
    }

    proptest! {
        #[test]
        fn a_known_law_is_found_again(gamma in 1.0_f64..500.0, alpha in 0.0_f64..0.2, beta in 0.000_01_f64..0.002) {
            let known = Law { gamma, alpha, beta, r_squared: 1.0, peak: None };
            let levels: Vec<_> = USERS.into_iter().map(|users| (users, known.at(users))).collect();
            let law = fit(&levels).expect("an exact curve fits");
            prop_assert!((law.gamma / gamma - 1.0).abs() < 1e-6);
            prop_assert!((law.alpha - alpha).abs() < 1e-6 && (law.beta - beta).abs() < 1e-8);
            let peak = ((1.0 - alpha) / beta).sqrt();
            prop_assert_eq!(law.peak.is_some(), peak <= 256.0);
        }
    }
}
