//! Doors to the distributions of `statrs` that never panic: every argument has an answer.
//!
//! In:  standard scores, probabilities, degrees of freedom. Infinite degrees are the normal distribution.
//! Out: probabilities and quantiles.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Degrees from which a quantile of t comes from the normal one: inverting the incomplete beta function loses digits
/// there, and the expansion is exact to ten.
const EXPANDED_FROM: f64 = 1_000.0;
/// Degrees from which a tail of t comes from the normal one: the incomplete beta function no longer tells `t²/ν` from 0.
const NORMAL_FROM: f64 = 1e5;

/// `P(Z > z)`.
pub(crate) fn normal_above(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// The `p`-quantile of the standard normal distribution; `p` is held inside its open range.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(inside(p))
}

/// `P(T > t)`.
pub(crate) fn t_above(t: f64, degrees: f64) -> f64 {
    match student(degrees) {
        Some(student) if t.is_finite() && degrees < NORMAL_FROM => student.sf(t),
        // Handbook of Mathematical Functions, 26.7.8.
        Some(_) if t.is_finite() => {
            normal_above(t * (1.0 - 1.0 / (4.0 * degrees)) / (1.0 + t * t / (2.0 * degrees)).sqrt())
        }
        _ => normal_above(t),
    }
}

/// `P(T ≤ t)`.
pub(crate) fn t_below(t: f64, degrees: f64) -> f64 {
    t_above(-t, degrees)
}

/// `P(|T| > |t|)`.
pub(crate) fn t_beyond(t: f64, degrees: f64) -> f64 {
    (2.0 * t_above(t.abs(), degrees)).min(1.0)
}

/// The `p`-quantile of Student's t.
pub(crate) fn t_quantile(p: f64, degrees: f64) -> f64 {
    match student(degrees) {
        Some(student) if degrees < EXPANDED_FROM => student.inverse_cdf(inside(p)),
        Some(_) => expanded(normal_quantile(p), degrees),
        None => normal_quantile(p),
    }
}

/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
fn expanded(z: f64, degrees: f64) -> f64 {
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / degrees + second / degrees.powi(2) + third / degrees.powi(3)
}

/// Nothing for infinite degrees: that is the normal distribution.
fn student(degrees: f64) -> Option<StudentsT> {
    // Less than one degree has no use here, but a quantile that grows beyond all numbers.
    if degrees.is_finite() { StudentsT::new(0.0, 1.0, degrees.max(0.5)).ok() } else { None }
}

fn inside(p: f64) -> f64 {
    if p.is_nan() { 0.5 } else { p.clamp(1e-15, 1.0 - 1e-15) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    // Values of tables of Student's t, to the digits they have.
    #[rstest]
    #[case(0.975, 1.0, 12.706_204_736)]
    #[case(0.975, 4.0, 2.776_445_105)]
    #[case(0.975, 19.0, 2.093_024_054)]
    #[case(0.999, 9.0, 4.296_805_663)]
    #[case(0.975, f64::INFINITY, 1.959_963_985)]
    fn quantiles_of_t_are_those_of_the_tables(#[case] p: f64, #[case] degrees: f64, #[case] expected: f64) {
        assert!((t_quantile(p, degrees) - expected).abs() < 1e-6, "{}", t_quantile(p, degrees));
    }

    proptest! {
        #[test]
        fn every_argument_has_an_answer(t in any::<f64>(), degrees in any::<f64>(), p in any::<f64>()) {
            let tail = t_beyond(t, degrees);
            prop_assert!((0.0..=1.0).contains(&tail) || t.is_nan());
            prop_assert!(!t_quantile(p, degrees).is_nan());
        }

        #[test]
        fn quantile_and_tail_undo_each_other(p in 0.001_f64..0.999, degrees in prop_oneof![1.0_f64..2e3, 2e3..2e7]) {
            prop_assert!((t_below(t_quantile(p, degrees), degrees) - p).abs() < 1e-7);
        }
    }
}
