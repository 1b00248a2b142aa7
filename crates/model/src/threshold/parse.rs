//! Text to [`Threshold`].

use super::Threshold;

/// Why a text is not a threshold.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message} (column {column})")]
pub struct ThresholdError {
    /// What is wrong.
    pub message: String,
    /// Where, from 1.
    pub column: usize,
    /// What to do.
    pub hint: Option<String>,
}

impl TryFrom<String> for Threshold {
    type Error = ThresholdError;
    fn try_from(text: String) -> Result<Self, ThresholdError> {
        Err(ThresholdError { message: format!("`{text}` cannot be read"), column: 1, hint: None })
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.text
    }
}
