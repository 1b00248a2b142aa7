//! The next step beside an error: what the person who met it can do.

/// An error that knows a way out.
pub trait Hint {
    /// One sentence in the imperative, or nothing where only the log can help.
    fn hint(&self) -> Option<String>;
}
