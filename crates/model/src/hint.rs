//! The next step beside an error: what the person who met it can do.

/// An error that knows a way out.
pub trait Hint {
    /// One sentence in the imperative, or nothing where only the log can help.
    fn hint(&self) -> Option<String>;
}

/// The known word that was probably meant, if one is near enough: for `did you mean …?`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Swapped neighbours count once. Short words must differ less, or every one would resemble another.
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
