//! Numbers in time order that may be reckoned with: all of them finite.
//!
//! In:  whatever was measured or read from a file.
//! Out: a [`Series`], or the place of the first value that is no number. What takes a `Series` need not ask again.

/// Finite numbers in time order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(Vec<f64>);

/// A value is infinite or no number at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("value {} is not a finite number", .at + 1)]
pub struct NotFinite {
    /// Which, from 0.
    pub at: usize,
}

impl Series {
    /// Takes the numbers.
    ///
    /// # Errors
    /// When one of them is not finite.
    pub fn new(values: Vec<f64>) -> Result<Self, NotFinite> {
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(NotFinite { at }),
            None => Ok(Self(values)),
        }
    }

    /// The numbers.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// Natural logarithms, on which "10 % slower" means the same at 1 ms and at 1 s. Nothing when a value is not
    /// positive.
    pub(crate) fn logs(&self) -> Option<Vec<f64>> {
        self.0.iter().map(|value| (*value > 0.0).then(|| value.ln())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_is_no_number_is_named() {
        let error = Series::new(vec![1.0, f64::NAN, f64::INFINITY]).expect_err("refused");
        assert_eq!((error.at, error.to_string().as_str()), (1, "value 2 is not a finite number"));
    }
}
